"""The notice, its plan, its board and its evidence: things that must exist first, and things that exist once."""

from datetime import date
from typing import Any

import pytest

from tests.ledger.desk import Desk, Refusals, at
from tests.ledger.history import DIGEST, OBJECTIVE, OPERATOR

NOTICE = {
    "kind": "IMPROVEMENT_NOTICE",
    "council": "E08000008",
    "issuer": "DfE",
    "issuedOn": "2022-07-05",
    "title": "A notice",
    "trigger": "A visit",
    "packDigest": DIGEST,
}
CLAUSE = {
    "number": "5a",
    "obligor": "COUNCIL",
    "modality": "MUST",
    "rule": "board-and-chair",
    "text": "Keep it fresh.",
}
PROGRESS = {"objective": "O1", "narrative": "Done.", "activityRating": "AMBER", "impactRating": "RED"}
EVIDENCE = {
    "evidence": "E1",
    "digest": DIGEST,
    "mediaType": "application/pdf",
    "size": 9,
    "title": "A report",
    "classification": "OFFICIAL",
}
DECISION = {"decision": "D1", "meeting": "M1", "title": "Money", "outcome": "Yes", "rationale": "It works."}


def test_the_first_entry_is_the_notice() -> None:
    desk = Desk(with_setting=False)
    area = {"area": "1a", "title": "Leaders"}
    assert desk.refused("AreaRegistered", area, OPERATOR) == [("NO_NOTICE", "")]
    assert desk.record("NoticeIssued", NOTICE, OPERATOR) == 1
    assert (desk.state.notice.issued_on, desk.state.notice.zone) == (date(2022, 7, 5), "Europe/London")
    assert desk.refused("NoticeIssued", NOTICE, OPERATOR) == [("ALREADY_EXISTS", "")]
    assert desk.record("AreaRegistered", area, OPERATOR) == 2


def test_a_text_among_a_clauses_parameters_is_a_code() -> None:
    desk = Desk()
    bad = CLAUSE | {
        "parameters": {"independent_chair": True, "chaired_by": "calendar\n", "timetable_agreed_with": "-"}
    }
    expected = [
        ("INVALID_FIELD", "data.parameters.chaired_by"),
        ("INVALID_FIELD", "data.parameters.timetable_agreed_with"),
    ]
    assert desk.refused("ClauseRegistered", bad, OPERATOR) == expected
    desk.record("ClauseRegistered", CLAUSE | {"parameters": {"chaired_by": "CHAIR"}}, OPERATOR)


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("AreaRegistered", {"area": "2b", "title": "Timely"}, "data.area"),
        ("ClauseRegistered", CLAUSE, "data.number"),
        ("ObjectiveAdded", OBJECTIVE | {"objective": "O2"}, "data.objective"),
        ("EvidenceSubmitted", EVIDENCE, "data.evidence"),
        ("BoardDecisionRecorded", DECISION, "data.decision"),
    ],
)
def test_what_has_an_id_is_there_once(name: str, data: dict[str, Any], path: str) -> None:
    desk = Desk()
    position = desk.record(name, data, OPERATOR)
    refused = desk.refusal(name, data, OPERATOR)
    assert [(refusal.code, refusal.path) for refusal in refused.refusals] == [("ALREADY_EXISTS", path)]
    assert f"entry {position}" in str(refused)


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (["1b"], [("NOT_FOUND", "data.areas[0]")]),
        (["1a", "1b", "1a", "1c"], [("NOT_FOUND", "data.areas[1]"), ("NOT_FOUND", "data.areas[3]")]),
    ],
)
def test_an_objective_serves_areas_of_the_notice(areas: list[str], expected: Refusals) -> None:
    objective = OBJECTIVE | {"objective": "O2", "areas": areas}
    assert Desk().refused("ObjectiveAdded", objective) == expected


def test_progress_is_of_an_objective_of_the_plan() -> None:
    desk = Desk()
    assert desk.refused("ProgressRecorded", PROGRESS | {"objective": "O2"}) == [("NOT_FOUND", "data.objective")]
    desk.record("ProgressRecorded", PROGRESS)


def test_the_days_that_evidence_covers_are_in_order() -> None:
    desk = Desk()
    backwards = EVIDENCE | {"period": {"first": "2022-07-02", "last": "2022-07-01"}}
    assert desk.refused("EvidenceSubmitted", backwards) == [("OUT_OF_RANGE", "data.period.last")]
    desk.record("EvidenceSubmitted", EVIDENCE | {"period": {"first": "2022-07-01", "last": "2022-07-01"}})


def test_a_decision_rests_on_evidence_of_the_register() -> None:
    desk = Desk()
    decision = DECISION | {"evidence": ["E1", "E2"]}
    missing = [("NOT_FOUND", "data.evidence[0]"), ("NOT_FOUND", "data.evidence[1]")]
    assert desk.refused("BoardDecisionRecorded", decision, OPERATOR) == missing
    desk.record("EvidenceSubmitted", EVIDENCE)
    assert desk.refused("BoardDecisionRecorded", decision, OPERATOR) == missing[1:]
    desk.record("EvidenceSubmitted", EVIDENCE | {"evidence": "E2"})
    desk.record("BoardDecisionRecorded", decision, OPERATOR)


def test_a_fact_happened_at_most_a_minute_ahead_of_the_clock() -> None:
    desk = Desk()
    second = 1 / 86_400
    assert desk.refused("ProgressRecorded", PROGRESS, time=at(62 * second)) == [("TIME_AHEAD", "time")]
    desk.record("ProgressRecorded", PROGRESS, time=at(59 * second))
    desk.record("EvidenceSubmitted", EVIDENCE, time="1900-01-01T00:00:00Z")


def test_an_entry_has_a_largest_size() -> None:
    measures = ["m" * 120] * 600
    large = OBJECTIVE | {"objective": "O2", "measures": measures}
    desk = Desk()
    assert desk.refused("ObjectiveAdded", large) == [("TOO_LARGE", "data")]
    desk.record("ObjectiveAdded", large | {"measures": measures[:500]})
