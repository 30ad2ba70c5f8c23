"""Later facts about evidence, and upkeep of the record: assessments, erasures, audits and publications."""

from tools.invented_history.history_writer import HistoryWriter


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
    writer.record(
        "slip",
        "ProgressRecorded",
        "council-officer-2",
        "2022-09-05 11:30",
        {
            "objective": "O3",
            "narrative": "One meeting failed as its notes had gone to a wrong address.",
            "activityRating": "AMBER",
            "impactRating": "RED",
        },
        time="2022-09-02 16:00",
        clauses="5a",
    )
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
    writer.record(
        "erasure-by-one",
        "NarrativeErased",
        "records-officer",
        "2022-09-06 09:45",
        {},
        refers={"position": "slip", "request": "erasure-request"},
        refused="SAME_PERSON",
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
    writer.record(
        "audit-1",
        "AuditFindingRecorded",
        "auditor",
        "2023-05-10 10:00",
        {
            "finding": "AF1",
            "severity": "MINOR",
            "text": "Three meetings in the quarter without a chair are not recorded yet.",
            "positions": [],
        },
        refers={"positions": ["chair-1-ended"]},
    )
    writer.record(
        "audit-2",
        "AuditFindingRecorded",
        "auditor",
        "2023-12-12 10:00",
        {
            "finding": "AF2",
            "severity": "MAJOR",
            "text": "One front door was late for a year before anybody told the board.",
            "positions": [],
        },
        refers={"positions": ["action-15", "slow-3"]},
    )
    writer.record(
        "published-1",
        "Published",
        "council-officer",
        "2022-10-18 10:00",
        {"subject": "SA1", "where": "The council's pages on children's services."},
    )
    writer.record(
        "published-2",
        "Published",
        "department-official",
        "2024-03-20 12:00",
        {"subject": "tameside-2022", "where": "The Department's pages on directions."},
    )
