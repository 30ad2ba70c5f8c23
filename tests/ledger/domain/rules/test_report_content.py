"""An adviser's report has what the notice asks of it, before it is issued."""

from typing import Any

import pytest

from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR

REPORT: dict[str, Any] = {
    "report": "AR1",
    "period": {"first": "2022-07-05", "last": "2022-07-05"},
    "perArea": [{"area": "1a", "judgement": "PROGRESS", "text": "Better."}],
    "position": 1,
}
COMMENT = [{"number": "12", "text": "Kept."}]


def desk_asking(modality: str = "WILL", *covers: str) -> Desk:
    """Return a desk whose clause 12 asks for these topics of the adviser's reports."""
    desk = Desk()
    clause = {
        "number": "12",
        "obligor": "ADVISER",
        "modality": modality,
        "rule": "adviser-reports",
        "parameters": {"covers": list(covers)},
        "text": "Report.",
    }
    desk.record("ClauseRegistered", clause, OPERATOR)
    return desk


def faults(desk: Desk, **changes: Any) -> list[tuple[str, str | None]]:
    """Return the path and the message of each refusal of a report."""
    refused = desk.refusal("AdviserReportIssued", REPORT | changes, "bob")
    return [(refusal.message, refusal.path) for refusal in refused.refusals]


def test_a_report_without_a_comment_on_any_clause_is_refused_by_name() -> None:
    desk = desk_asking("WILL", "AREAS", "REQUIREMENTS", "OTHER")
    assert faults(desk) == [
        ("clause 12 asks for the requirements; comment on at least one clause", "data.requirements"),
        ("clause 12 asks for other matters; enter them, or write None", "data.other"),
    ]
    desk.record("AdviserReportIssued", REPORT | {"requirements": COMMENT, "other": "None."}, "bob")


def test_a_report_covers_each_open_area() -> None:
    desk = desk_asking("WILL", "AREAS")
    desk.record("AreaRegistered", {"area": "1z", "title": "Visits"}, OPERATOR)
    assert faults(desk) == [("clause 12 asks for a judgement of area 1z; add it", "data.perArea")]
    desk.record("AreaClosed", {"area": "1z", "closedOn": "2022-07-05", "reason": "Done."}, OPERATOR)
    desk.record("AdviserReportIssued", REPORT, "bob")


@pytest.mark.parametrize(("modality", "covers"), [("MAY", ["REQUIREMENTS"]), ("WILL", ["AREAS"])])
def test_nothing_more_is_asked_than_the_clause_asks(modality: str, covers: list[str]) -> None:
    desk_asking(modality, *covers).record("AdviserReportIssued", REPORT, "bob")
