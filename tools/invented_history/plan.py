"""The plan in the sample history: self-assessments and objectives."""

from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("plan")

OBJECTIVES = TABLES["objectives"]


def write(writer: HistoryWriter) -> None:
    """Record the self-assessments and the objectives."""
    _assessments(writer)
    _objectives(writer)


def _assessments(writer: HistoryWriter) -> None:
    writer.submit_evidence("What inspectors said, and what it means for us", "2022-07-11 10:00", clauses="1a")
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
    writer.submit_evidence(
        "How the self-assessment is used: minutes of six meetings", "2023-05-22 09:00", clauses="1a"
    )
