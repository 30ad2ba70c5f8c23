"""The plan: self-assessments, findings, objectives, and the recommendations that it answers."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter

OBJECTIVES: tuple[tuple[str, str, list[str], str, str, list[str]], ...] = (
    ("O1", "Children in need are seen in time", ["1b"], "council-officer", "2023-02-28", ["M1", "M5"]),
    (
        "O2",
        "Leaders own a self-assessment that says what is strong and what is not",
        ["1a"],
        "director",
        "2022-12-31",
        [],
    ),
    (
        "O3",
        "Strategy meetings decide with everybody there who has to be",
        ["1b"],
        "council-officer-2",
        "2023-01-31",
        ["M2"],
    ),
    ("O4", "Conferences meet within fifteen days", ["1b"], "council-officer-2", "2023-04-30", ["M4"]),
    (
        "O5",
        "Social workers have the time that their families need",
        ["1a", "1b"],
        "director",
        "2023-06-30",
        ["M6", "M7"],
    ),
    ("O6", "Supervision is regular and thinks about the child", ["1a"], "council-officer-2", "2023-03-31", []),
    (
        "O7",
        "Early help reaches families before they need a social worker",
        ["1b"],
        "council-officer",
        "2023-05-31",
        ["M3"],
    ),
    ("O8", "Care leavers live well and know their rights", ["1b"], "council-officer", "2023-06-30", ["M8"]),
    ("O9", "Audits tell the truth, and practice changes after them", ["1a"], "director", "2023-03-31", []),
    (
        "O10",
        "Children and staff are heard, and can see what came of it",
        ["1a"],
        "council-officer",
        "2023-06-30",
        [],
    ),
)


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
    texts = (
        (
            "2022-10-17",
            "1",
            "Staff stay because teams are kind.",
            "Children wait too long, and leaders learned it late.",
        ),
        ("2023-03-20", "2", "Visits are timely again.", "Early help is scattered; supervision is uneven."),
        (
            "2023-11-13",
            "3",
            "Conferences and meetings work.",
            "Too many children change their worker; caseloads stay high.",
        ),
    )
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
    for number, (day, body, assessment) in enumerate(
        (
            ("2022-07-27", "improvement board", None),
            ("2022-11-30", "cabinet", "SA1"),
            ("2023-04-26", "cabinet", "SA2"),
        ),
        1,
    ):
        data = {"planVersion": f"plan-{number}", "body": body} | ({"assessment": assessment} if assessment else {})
        writer.record(
            f"plan-{number}", "PlanVersionApproved", "council-officer", f"{day} 16:40", data, clauses="1a 4"
        )
    writer.record(
        "plan-outdated",
        "PlanVersionApproved",
        "council-officer",
        "2023-11-29 15:00",
        {"planVersion": "plan-4", "body": "cabinet", "assessment": "SA2"},
        clauses="1a 4",
        refused="OUTDATED",
    )


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
    writer.record(
        "objective-7-revised",
        "ObjectiveRevised",
        "council-officer",
        "2023-04-27 09:15",
        {
            "objective": "O7",
            "reason": "The board asked for one owner and a later date.",
            "due": "2023-09-30",
            "owner": "director",
        },
        clauses="4",
    )
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
    for key, name, at, cause, remedy in (
        (
            "slow-1",
            "O3",
            "2023-02-22 15:10",
            "Health has no deputy for its lead.",
            "A deputy by the end of March.",
        ),
        (
            "slow-2",
            "O5",
            "2023-07-26 15:20",
            "Permanent staff leave as fast as they come.",
            "An offer for the second year.",
        ),
        (
            "slow-3",
            "O7",
            "2023-11-29 15:40",
            "One front door has been a plan for a year.",
            "The chief executives decide by January.",
        ),
    ):
        data = {"objective": name, "cause": cause, "remedy": remedy}
        writer.record(
            key, "SlowProgressHighlighted", "chair" if at < "2023-04" else "chair-2", at, data, clauses="5d"
        )


def _answers(writer: HistoryWriter) -> None:
    data: Data
    findings = (
        ("F1", "inspection", "Children wait too long to be seen.", ["1b"]),
        ("F2", "inspection", "Leaders do not know their services well enough.", ["1a"]),
        ("F3", "inspection", "Supervision is irregular and does not challenge.", ["1a"]),
        ("F4", "inspection", "Partners are missing from the meetings that decide.", ["1b"]),
    )
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
    recommendations: tuple[tuple[str, str, str, str, list[str], str, str], ...] = (
        (
            "RC1",
            "adviser",
            "2022-09-20",
            "Let somebody outside check a third of all audits.",
            ["F2", "F3"],
            "accept",
            "From January a neighbour does.",
        ),
        (
            "RC2",
            "adviser",
            "2022-11-08",
            "Close the duty team and start again.",
            ["F1"],
            "reject",
            "It would lose the people who have just come; visits are better since October.",
        ),
        (
            "RC3",
            "reviewer",
            "2023-04-18",
            "Give early help one owner.",
            [],
            "accept",
            "The director owns it from May.",
        ),
        (
            "RC4",
            "adviser",
            "2023-09-12",
            "Show children what came of their views.",
            [],
            "accept",
            "A page of answers goes out each quarter.",
        ),
    )
    for number, (name, by, day, text, of, what, answer) in enumerate(recommendations, 1):
        data = {"recommendation": name, "by": by, "text": text, "findings": of}
        writer.record(f"recommendation-{number}", "RecommendationMade", by, f"{day} 10:00", data, clauses="4")
        at = f"{working_day_from(date.fromisoformat(day) + timedelta(days=16))} 12:00"
        fact, field = (
            ("RecommendationAccepted", "response") if what == "accept" else ("RecommendationRejected", "reason")
        )
        data = {"recommendation": name, field: answer}
        writer.record(f"recommendation-{number}-answer", fact, "council-officer", at, data, clauses="4")
    for number, (name, finding_ids, recommended) in enumerate(
        (("O1", ["F1"], []), ("O2", ["F2"], []), ("O6", ["F3"], []), ("O3", ["F4"], []), ("O9", ["F2"], ["RC1"])),
        1,
    ):
        data = {"objective": name, "findings": finding_ids, "recommendations": recommended}
        at = f"2022-07-22 09:{number}0" if number < 5 else "2022-10-10 09:00"
        writer.record(f"coverage-{number}", "CoverageMapped", "council-officer", at, data, clauses="4")
