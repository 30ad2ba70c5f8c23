"""Reviews and diagnostics, and access for them: requested, granted, refused, used and expired."""

from tools.invented_history.history_writer import Data, HistoryWriter, instant

REVIEWS = (
    # id, by, scheduled, from, started, completed, topics, finding
    (
        "R1",
        "DfE",
        "2022-08-16",
        "2022-10-03",
        "2022-10-03",
        "2022-10-19",
        ["PERFORMANCE", "LEADERSHIP_AND_GOVERNANCE"],
        ["Children are seen sooner; leaders know it from one list only.", "Partners are missing from meetings."],
    ),
    (
        "R2",
        "DfE",
        "2023-02-07",
        "2023-04-03",
        "2023-04-03",
        "2023-04-14",
        ["WORKFORCE_AND_OVERSIGHT", "CULTURE"],
        ["Supervision is better where managers were trained.", "Early help has no owner."],
    ),
    (
        "R3",
        "DfE",
        "2023-08-15",
        "2023-10-02",
        "2023-10-09",
        "2023-10-20",
        ["MULTI_AGENCY", "EARLY_HELP"],
        ["The hubs are good, and stand alone.", "Caseloads rise."],
    ),
    (
        "R4",
        "Ofsted",
        "2023-11-27",
        "2023-12-04",
        "2023-12-04",
        "2023-12-15",
        ["PERFORMANCE", "OTHER"],
        ["Too many children wait again since the autumn."],
    ),
)
PLAIN = "What we would show a visitor, and what we would rather not."


def write(writer: HistoryWriter) -> None:
    """Record the reviews, diagnostics and access."""
    data: Data
    writer.record(
        "role-reviewer",
        "RoleGranted",
        "records-officer",
        "2022-08-17 09:30",
        {"actor": "reviewer-2", "role": "REVIEWER", "until": "2023-06-30T00:00:00+01:00"},
    )
    writer.record(
        "role-reviewer-ends",
        "RoleRevoked",
        "records-officer",
        "2023-04-28 09:00",
        {"actor": "reviewer-2", "role": "REVIEWER", "reason": "The review is over."},
    )
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
    for number, (area, scope, required, due, agreed, reported, finding) in enumerate(
        (
            (
                "1a",
                "How managers oversee practice.",
                "2022-10-11 10:00",
                "2023-01-31",
                "2022-11-01 11:00",
                "2023-02-03 15:00",
                "Oversight is written down, and seldom changes a plan.",
            ),
            ("1b", "Why caseloads rise.", "2023-08-01 10:00", "2023-10-31", "2023-08-22 11:00", "", ""),
        ),
        1,
    ):
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
    requests = (
        # id, requester, grantee, review or diagnostic, kind, scope, day, from, until, granted (None: refused), granted until
        (
            "X1",
            "department-official",
            "reviewer",
            {"review": "R1"},
            "CASE_FILES",
            "Forty files, chosen at random, of contacts since July.",
            "2022-09-08",
            "2022-10-03",
            "2022-10-28",
            "2022-09-12",
            "2022-10-21",
        ),
        (
            "X2",
            "reviewer",
            "reviewer",
            {"review": "R1"},
            "STAFF",
            "Talks with two teams, by themselves.",
            "2022-09-13",
            "2022-10-03",
            "2022-10-21",
            "2022-09-15",
            "2022-10-21",
        ),
        (
            "X3",
            "adviser",
            "reviewer-2",
            {"review": "R1"},
            "SUPERVISION_RECORDS",
            "How often supervision took place, by team.",
            "2022-09-13",
            "2022-10-03",
            "2022-10-21",
            "2022-09-15",
            "2022-10-21",
        ),
        (
            "X4",
            "reviewer",
            "reviewer",
            {"review": "R1"},
            "CASE_FILES",
            "Every file of the last ten years.",
            "2022-10-04",
            "2022-10-06",
            "2022-10-21",
            None,
            "",
        ),
        (
            "X5",
            "adviser",
            "diagnostic-provider",
            {"diagnostic": "DG1"},
            "DATA",
            "Caseloads by team and month.",
            "2022-11-02",
            "2022-11-07",
            "2023-01-31",
            "2022-11-04",
            "2023-01-20",
        ),
        (
            "X6",
            "department-official",
            "reviewer",
            {"review": "R2"},
            "LEADERSHIP",
            "The leader, the lead member and the director.",
            "2023-03-14",
            "2023-04-03",
            "2023-04-21",
            "2023-03-16",
            "2023-04-21",
        ),
        (
            "X7",
            "department-official",
            "reviewer",
            {"review": "R2"},
            "MINUTES",
            "Minutes of the board and of the partnership.",
            "2023-03-14",
            "2023-04-03",
            "2023-04-21",
            "2023-03-16",
            "2023-04-21",
        ),
        (
            "X8",
            "department-official",
            "reviewer",
            {"review": "R3"},
            "FACILITIES",
            "The two family hubs.",
            "2023-09-12",
            "2023-10-09",
            "2023-10-20",
            "2023-09-14",
            "2023-10-20",
        ),
        (
            "X9",
            "inspector",
            "inspector",
            {"review": "R4"},
            "CASE_FILES",
            "Thirty files of the inspectors' choice.",
            "2023-11-28",
            "2023-12-04",
            "2023-12-15",
            "2023-11-29",
            "2023-12-15",
        ),
    )
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
        if granted is None:
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
    used = (
        ("X1", "files-a", "VIEWED", "2022-10-04 10:12"),
        ("X1", "files-b", "VIEWED", "2022-10-05 11:40"),
        ("X2", "talk-1", "DISCUSSED", "2022-10-06 10:00"),
        ("X5", "caseloads", "DOWNLOADED", "2022-11-08 14:20"),
        ("X5", "caseloads", "VIEWED", "2023-01-25 09:30"),
        ("X6", "talk-2", "DISCUSSED", "2023-04-04 10:00"),
        ("X8", "hub-1", "VIEWED", "2023-10-10 10:30"),
        ("X9", "files-c", "VIEWED", "2023-12-05 10:15"),
        ("X9", "files-d", "VIEWED", "2023-12-06 15:45"),
    )
    for number, (request, document, action, at) in enumerate(used, 1):
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
    writer.record(
        "revocation-1",
        "AccessRevoked",
        "council-officer",
        "2022-10-14 15:20",
        {"request": "X1", "reason": "The reviewers finished a week early."},
        clauses="9d",
    )
    for number, (request, document, why, at) in enumerate(
        (("X1", "files-b", "REVOKED", "2022-10-17 09:05"), ("X5", "caseloads", "EXPIRED", "2023-02-16 11:20")), 1
    ):
        data = {"request": request, "document": document, "why": why}
        writer.record(f"use-refused-{number}", "AccessUseRefused", "service", at, data, clauses="9")
    writer.record(
        "use-late",
        "AccessUsed",
        "service",
        "2023-02-16 11:25",
        {"request": "X5", "document": "caseloads", "action": "VIEWED"},
        clauses="9",
        refused="OUTSIDE_WINDOW",
    )


def _morning(day: str) -> str:
    return instant(f"{day} 08:00").isoformat()


def _evening(day: str) -> str:
    return instant(f"{day} 18:00").isoformat()
