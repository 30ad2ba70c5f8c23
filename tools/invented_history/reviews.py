"""Reviews and diagnostics, and access for them: requested, granted, refused, used and expired."""

from tools.invented_history.history_writer import Data, HistoryWriter, instant
from tools.invented_history.tables import tables_of

TABLES = tables_of("reviews")

REVIEWS = TABLES["reviews"]
PLAIN = "What we would show a visitor, and what we would rather not."


def write(writer: HistoryWriter) -> None:
    """Record the reviews, diagnostics and access."""
    data: Data
    writer.record_all(TABLES["events"])
    for number, (name, by, scheduled, begins, started, completed, topics, findings) in enumerate(REVIEWS, 1):
        kind = "six-month review" if by == "DfE" else "inspection"
        data = {"review": name, "kind": kind, "by": by, "from": begins, "topics": topics}
        data |= {"otherTopics": ["Care leavers."]} if "OTHER" in topics else {}
        writer.record(
            f"review-{number}", "ReviewScheduled", "department-official", f"{scheduled} 10:00", data, clauses="6 7"
        )
        who = "reviewer" if by == "DfE" else "inspector"
        writer.record(
            f"review-{number}-began", "ReviewStarted", who, f"{started} 09:00", {"review": name}, clauses="6"
        )
        data = {"review": name, "findings": findings}
        if by == "Ofsted":
            data["perArea"] = [{"area": "1b", "judgement": "CONCERN", "text": findings[0]}]
        if number == 1:
            data["evidence"] = [
                writer.submit_evidence(
                    "What the first review found", "2022-10-19 14:00", classification="RESTRICTED", clauses="6"
                )
            ]
        if name == "R4":
            data["grades"] = [
                {"judgement": "help and protection", "grade": "inadequate"},
                {"judgement": "leadership", "grade": "requires improvement"},
            ]
        writer.record(f"review-{number}-done", "ReviewCompleted", who, f"{completed} 16:00", data, clauses="6")
    for number, (review, at) in enumerate(
        (("R1", "2022-09-27 12:00"), ("R2", "2023-04-06 12:00"), ("R3", "2023-09-29 12:00")), 1
    ):
        data = {
            "review": review,
            "objectives": [{"objective": "O1", "text": PLAIN}, {"objective": "O3", "text": PLAIN}],
        }
        writer.record(
            f"self-view-{number}", "PreReviewAssessmentSubmitted", "council-officer", at, data, clauses="10 10a"
        )
    _diagnostics(writer)
    _access(writer)


def _diagnostics(writer: HistoryWriter) -> None:
    data: Data
    for number, (area, scope, required, due, agreed, reported, finding) in enumerate(TABLES["diagnostics"], 1):
        data = {"diagnostic": f"DG{number}", "area": area, "scope": scope, "due": due}
        writer.record(f"diagnostic-{number}", "DiagnosticRequired", "adviser", required, data, clauses="8")
        data = {
            "diagnostic": f"DG{number}",
            "provider": "diagnostic-provider",
            "outside": True,
            "departmentConsent": True,
        }
        if number == 1:
            early = data | {"departmentConsent": False}
            writer.record(
                "diagnostic-1-unagreed",
                "DiagnosticProviderAgreed",
                "adviser",
                "2022-10-18 11:00",
                early,
                clauses="8",
                refused="CONSENT_MISSING",
            )
        writer.record(
            f"diagnostic-{number}-provider", "DiagnosticProviderAgreed", "adviser", agreed, data, clauses="8"
        )
        if reported:
            data = {"diagnostic": f"DG{number}", "findings": [finding]}
            writer.record(
                f"diagnostic-{number}-done",
                "DiagnosticReported",
                "diagnostic-provider",
                reported,
                data,
                clauses="8",
            )


def _access(writer: HistoryWriter) -> None:
    data: Data
    requests = TABLES["requests"]
    for number, (name, requester, grantee, purpose, kind, scope, day, begins, ends, granted, until) in enumerate(
        requests, 1
    ):
        clauses = {"STAFF": "9a", "LEADERSHIP": "9a", "DATA": "9b", "MINUTES": "9d", "FACILITIES": "9c"}.get(
            kind, "9d"
        )
        data = {
            "request": name,
            "grantee": grantee,
            **purpose,
            "kind": kind,
            "scope": scope,
            "purpose": "To see what children meet.",
        }
        data |= {"from": _morning(begins), "until": _evening(ends)}
        writer.record(
            f"request-{number}",
            "AccessRequested",
            requester,
            f"{day} 13:{number}0" if number < 6 else f"{day} 14:0{number}",
            data,
            clauses=clauses,
        )
        if not granted:
            data = {
                "request": name,
                "reason": "Ten years are more than the review needs; ask for those of this year.",
            }
            writer.record(
                f"refusal-{number}", "AccessRefused", "council-officer", "2022-10-05 09:00", data, clauses=clauses
            )
            continue
        data = {"request": name, "from": _morning(begins), "until": _evening(until)}
        writer.record(
            f"grant-{number}", "AccessGranted", "council-officer", f"{granted} 09:0{number}", data, clauses=clauses
        )
        if number not in (3, 7):
            data = {"request": name, "kind": kind, "what": "What was granted, opened and shown.", "on": begins}
            writer.record(
                f"provided-{number}",
                "AccessProvided",
                "council-officer",
                f"{begins} 08:4{number}",
                data,
                clauses=clauses,
            )
    writer.record(
        "grant-by-the-grantee",
        "AccessGranted",
        "council-officer-2",
        "2022-09-14 09:10",
        {"request": "X0", "from": _morning("2022-10-03"), "until": _evening("2022-10-21")},
        clauses="9d",
        refused="NOT_FOUND",
    )
    _uses(writer)


def _uses(writer: HistoryWriter) -> None:
    data: Data
    uses = TABLES["uses"]
    for number, (request, document, action, at) in enumerate(uses, 1):
        data = {"request": request, "document": document, "action": action}
        writer.record(f"use-{number}", "AccessUsed", "service", at, data, clauses="9")
    writer.record(
        "extension-1",
        "AccessExtended",
        "council-officer",
        "2023-01-18 10:00",
        {"request": "X5", "until": _evening("2023-02-10"), "reason": "The figures of December came late."},
        clauses="9b",
    )
    writer.record_all(TABLES["uses_events"])
    for number, (request, document, why, at) in enumerate(
        (("X1", "files-b", "REVOKED", "2022-10-17 09:05"), ("X5", "caseloads", "EXPIRED", "2023-02-16 11:20")), 1
    ):
        data = {"request": request, "document": document, "why": why}
        writer.record(f"use-refused-{number}", "AccessUseRefused", "service", at, data, clauses="9")


def _morning(day: str) -> str:
    return instant(f"{day} 08:00").isoformat()


def _evening(day: str) -> str:
    return instant(f"{day} 18:00").isoformat()
