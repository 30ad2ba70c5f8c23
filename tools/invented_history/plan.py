"""The plan: self-assessments, findings, objectives, and the recommendations that it answers."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("plan")

OBJECTIVES = TABLES["objectives"]


def write(writer: HistoryWriter) -> None:
    """Record each part of the plan; the dates determine the order of recording."""
    _assessments(writer)
    _objectives(writer)
    _answers(writer)


def _assessments(writer: HistoryWriter) -> None:
    data: Data
    paper = writer.submit_evidence(
        "What inspectors said, and what it means for us", "2022-07-11 10:00", clauses="1a"
    )
    writer.record(
        "briefing-1",
        "LeadersBriefed",
        "council-officer",
        "2022-07-12 12:30",
        {
            "briefing": "BR1",
            "leaders": ["leader", "lead-member", "chief-executive", "director"],
            "topic": "What the notice asks, and by when.",
            "evidence": [paper],
        },
        time="2022-07-12 09:00",
        clauses="1a",
    )
    texts = TABLES["texts"]
    for number, (day, edition, strength, weakness) in enumerate(texts, 1):
        document = writer.submit_evidence(f"Self-assessment, version {edition}", f"{day} 09:30", clauses="1a")
        writer.record(
            f"assessment-{number}",
            "SelfAssessmentPublished",
            "council-officer",
            f"{day} 10:30",
            {
                "assessment": f"SA{number}",
                "edition": edition,
                "strengths": [strength],
                "weaknesses": [weakness],
                "areas": ["1a", "1b"],
                "evidence": [document],
            },
            clauses="1a",
        )
    for number, (day, body, assessment) in enumerate(TABLES["approvals"], 1):
        data = {"planVersion": f"plan-{number}", "body": body} | ({"assessment": assessment} if assessment else {})
        writer.record(
            f"plan-{number}", "PlanVersionApproved", "council-officer", f"{day} 16:40", data, clauses="1a 4"
        )
    writer.record_all(TABLES["assessments_events"])


def _objectives(writer: HistoryWriter) -> None:
    data: Data
    for number, (name, title, areas, owner, due, measures) in enumerate(OBJECTIVES):
        data = {"objective": name, "title": title + ".", "areas": areas, "owner": owner, "due": due}
        if measures:
            data["measures"] = measures
        if name == "O2":
            data["due"] = "2022-11-30"
        at = f"2022-07-14 {10 + number // 4}:{5 + 12 * (number % 4):02}"
        writer.record(
            f"objective-{number + 1}", "ObjectiveAdded", "council-officer", at, data, clauses=f"4 {areas[0]}"
        )
    right = {
        "objective": "O2",
        "title": OBJECTIVES[1][1] + ".",
        "areas": ["1a"],
        "owner": "director",
        "due": "2022-12-31",
    }
    writer.record(
        "correction-1",
        "EntryCorrected",
        "council-officer",
        "2022-07-19 10:10",
        {
            "reason": "The due date was copied from an older draft; the plan says the end of December.",
            "replacement": {"type": "improvement-ledger.plan.ObjectiveAdded.v1", "data": right},
        },
        clauses="4",
        refers={"position": "objective-2"},
    )
    writer.record_all(TABLES["objectives_events"])
    proof = writer.submit_evidence(
        "How the self-assessment is used: minutes of six meetings", "2023-05-22 09:00", clauses="1a"
    )
    writer.record(
        "objective-2-closed",
        "ObjectiveClosed",
        "council-officer",
        "2023-05-24 11:00",
        {
            "objective": "O2",
            "outcome": "ACHIEVED",
            "reason": "Leaders test the plan against it, and the board has seen how.",
            "evidence": [proof],
        },
        clauses="4 1a",
    )
    for key, name, at, cause, remedy in TABLES["highlights"]:
        data = {"objective": name, "cause": cause, "remedy": remedy}
        writer.record(
            key, "SlowProgressHighlighted", "chair" if at < "2023-04" else "chair-2", at, data, clauses="5d"
        )


def _answers(writer: HistoryWriter) -> None:
    data: Data
    findings = TABLES["findings"]
    for number, (name, origin, text, areas) in enumerate(findings, 1):
        data = {"finding": name, "origin": origin, "text": text, "areas": areas}
        writer.record(
            f"finding-{number}",
            "FindingRegistered",
            "council-officer",
            f"2022-07-13 11:{number}0",
            data,
            clauses="4",
        )
    recommendations: tuple[tuple[str, str, str, str, list[str], str, str], ...] = TABLES["recommendations"]
    for number, (name, by, day, text, of, what, answer) in enumerate(recommendations, 1):
        data = {"recommendation": name, "by": by, "text": text, "findings": of}
        writer.record(f"recommendation-{number}", "RecommendationMade", by, f"{day} 10:00", data, clauses="4")
        at = f"{working_day_from(date.fromisoformat(day) + timedelta(days=16))} 12:00"
        fact, field = (
            ("RecommendationAccepted", "response") if what == "accept" else ("RecommendationRejected", "reason")
        )
        data = {"recommendation": name, field: answer}
        writer.record(f"recommendation-{number}-answer", fact, "council-officer", at, data, clauses="4")
    for number, (name, finding_ids, recommended) in enumerate(TABLES["mapped"], 1):
        data = {"objective": name, "findings": finding_ids, "recommendations": recommended}
        at = f"2022-07-22 09:{number}0" if number < 5 else "2022-10-10 09:00"
        writer.record(f"coverage-{number}", "CoverageMapped", "council-officer", at, data, clauses="4")
