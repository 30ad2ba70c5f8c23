"""Later facts about evidence, and upkeep of the record: assessments, erasures, audits and publications."""

from tools.invented_history.history_writer import HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("evidence")


def write(writer: HistoryWriter) -> None:
    """Record them in order of time."""
    draft = writer.submit_evidence("Supervision sample of October, draft", "2022-11-07 09:00", clauses="5c")
    final = writer.submit_evidence("Supervision sample of October", "2022-11-14 09:00", clauses="5c")
    survey = writer.submit_evidence(
        "Answers of the staff survey, with free text",
        "2023-10-12 09:00",
        classification="RESTRICTED",
        clauses="5e",
    )
    count = writer.submit_evidence("Visits of October by team", "2022-11-09 09:00", clauses="1b")
    for key, fact, actor, at, data in (
        (
            "superseded-1",
            "EvidenceSuperseded",
            "council-officer",
            "2022-11-14 09:20",
            {"evidence": draft, "by": final, "reason": "Two teams were missing from the draft."},
        ),
        (
            "assessed-1",
            "EvidenceAssessed",
            "adviser",
            "2022-11-22 10:00",
            {
                "evidence": final,
                "judgement": "PARTIAL",
                "reason": "It shows that supervision took place, and not what it changed.",
            },
        ),
        (
            "withdrawn-1",
            "EvidenceWithdrawn",
            "council-officer",
            "2022-11-24 11:00",
            {"evidence": count, "reason": "One team counted telephone calls as visits."},
        ),
        ("opened-1", "EvidenceOpened", "service", "2023-10-13 10:00", {"evidence": survey, "reader": "auditor"}),
    ):
        writer.record(key, fact, actor, at, data, clauses="5c")
    writer.record_all(TABLES["events"])
    reason = {
        "reason": "The text tells of a family what no entry may hold.",
        "authority": "Article 17 of the UK GDPR, and the council's records policy.",
    }
    writer.record(
        "erasure-request",
        "ErasureRequested",
        "records-officer",
        "2022-09-06 09:40",
        dict(reason),
        refers={"position": "slip"},
    )
    both = {"position": "slip", "request": "erasure-request"}
    writer.record("erasure", "NarrativeErased", "data-protection-officer", "2022-09-07 10:25", {}, refers=both)
    request = {
        "reason": "Free text of staff can be told from its style.",
        "authority": "The data-protection officer's advice of October 2023.",
    }
    writer.record(
        "erasure-request-2",
        "ErasureRequested",
        "records-officer",
        "2023-10-16 09:40",
        request,
        refers={"position": "evidence-" + survey[1:]},
    )
    writer.record(
        "file-erased",
        "EvidenceErased",
        "data-protection-officer",
        "2023-10-17 10:00",
        {"evidence": survey},
        refers={"request": "erasure-request-2"},
    )
