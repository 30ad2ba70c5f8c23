"""Areas, findings and recommendations with an objective: by hand, and in the invented history."""

from typing import Any

from projections.engine.follower import refold
from projections.query.reader import AsOf, Reader
from projections.views import coverage
from projections.views.registry import ALL
from tests.ledger.desk import Desk
from tests.ledger.history import NOTICE, OPERATOR
from tests.projections.rows import rows_of


def matrix(desk: Desk) -> dict[str, tuple[list[str], bool]]:
    rows = refold(coverage.VIEW, desk.history).versions()[coverage.COVERAGE.name].values()
    return {
        version.row.subject: (version.row.objectives, not version.row.required or bool(version.row.objectives))
        for version in rows
    }


def objective(name: str, *areas: str) -> dict[str, Any]:
    return {"objective": name, "title": "t", "areas": list(areas), "owner": "bob", "due": "2023-01-01"}


def test_the_matrix_follows_objectives_mappings_and_decisions() -> None:
    desk = Desk()  # it has area 1a and objective O1, which serves it
    desk.record("AreaRegistered", {"area": "1b", "title": "t"}, OPERATOR)
    desk.record("FindingRegistered", {"finding": "F1", "origin": "o", "text": "t"})
    desk.record("RecommendationMade", {"recommendation": "R1", "by": "bob", "text": "t"}, "bob")
    assert matrix(desk) == {"1a": (["O1"], True), "1b": ([], False), "F1": ([], False), "R1": ([], False)}
    desk.record("ObjectiveAdded", objective("O2", "1b"))
    desk.record("CoverageMapped", {"objective": "O2", "findings": ["F1"], "areas": ["1a"]})
    assert matrix(desk) == {
        "1a": (["O1", "O2"], True),
        "1b": (["O2"], True),
        "F1": (["O2"], True),
        "R1": ([], False),
    }
    desk.record("CoverageMapped", {"objective": "O2", "recommendations": ["R1"]})
    assert matrix(desk) == {"1a": (["O1"], True), "1b": (["O2"], True), "F1": ([], False), "R1": (["O2"], True)}
    desk.record("ObjectiveRevised", {"objective": "O2", "areas": ["1a"], "reason": "r"})
    assert (matrix(desk)["1a"], matrix(desk)["1b"]) == ((["O1", "O2"], True), ([], False))
    desk.record("ObjectiveClosed", {"objective": "O2", "outcome": "DROPPED", "reason": "r"})
    assert (matrix(desk)["1a"], matrix(desk)["R1"]) == ((["O1"], True), ([], False))
    desk.record("RecommendationRejected", {"recommendation": "R1", "reason": "no"})
    assert matrix(desk)["R1"] == ([], True)


async def test_it_is_read_of_the_invented_history(history_database: str) -> None:
    async with Reader(history_database, ALL) as reader:
        async with reader.at(NOTICE, views=["coverage"]) as reading:
            whole = await rows_of(reading, coverage.COVERED)
            uncovered = await rows_of(reading, coverage.COVERED, uncovered=True)
            findings = await rows_of(reading, coverage.FINDING)
            recommendations = await rows_of(reading, coverage.RECOMMENDATION)
        async with reader.at(NOTICE, as_of=AsOf(280), views=["coverage"]) as reading:
            before = await rows_of(reading, coverage.COVERED, uncovered=True)
            undecided = await rows_of(reading, coverage.RECOMMENDATION, undecided=True)
    assert [(row.kind, row.subject) for row in whole[:2]] == [("AREA", "1a"), ("AREA", "1b")]
    assert [row.required for row in whole[:2]] == [False, False]
    assert [row.subject for row in uncovered] == ["RC3", "RC4"]
    assert [row.subject for row in before] == ["RC2"]
    assert [row.recommendation for row in undecided] == ["RC2"]
    assert [(row.recommendation, row.decided, row.decided_position) for row in recommendations] == [
        ("RC1", "ACCEPTED", 223),
        ("RC2", "REJECTED", 282),
        ("RC3", "ACCEPTED", 445),
        ("RC4", "ACCEPTED", 564),
    ]
    assert all(row.response is not None and row.response.body for row in recommendations)
    assert [row.finding for row in findings] == ["F1", "F2", "F3", "F4"]
    assert whole[0].text is not None
    assert whole[0].text.body
