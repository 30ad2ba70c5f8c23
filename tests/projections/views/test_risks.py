"""The registers of risks and of dependencies, and the board's action log."""

from datetime import date
from typing import Any

import pytest

from projections.engine.follower import refold
from projections.engine.rows import Table
from projections.engine.view import View
from projections.views import board, risks
from tests.ledger.desk import Desk, at

RISK = {"risk": "RK1", "text": "Agency workers leave.", "owner": "alice", "relatesTo": ["O1"]}
NEED = {"dependency": "DP1", "text": "The board agrees the data.", "owner": "alice"}
O2 = {"objective": "O2", "title": "x", "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
A1 = {"action": "A1", "objective": "O2", "title": "x", "owner": "alice", "due": "2023-06-30"}
TASK = {"boardAction": "BA1", "meeting": "B1", "text": "Circulate the budget.", "owner": "alice"}
DONE = {"boardAction": "BA1", "doneOn": "2022-07-05", "result": "It went to all partners."}


def rows(desk: Desk, view: View, table: Table[Any]) -> list[Any]:
    return [version.row for version in refold(view, desk.history).versions()[table.name].values()]


def test_a_risk_has_its_latest_rating_and_keeps_all_ratings() -> None:
    desk = Desk()
    desk.clock.advance(days=9)
    desk.record("RiskRaised", RISK, time=at(1))
    first = desk.record("RiskRated", {"risk": "RK1", "likelihood": 4, "impact": 5}, time=at(2))
    latest = desk.record("RiskRated", {"risk": "RK1", "likelihood": 2, "impact": 5, "controls": "c"}, time=at(8))
    late = desk.record("RiskRated", {"risk": "RK1", "likelihood": 5, "impact": 5}, time=at(4))
    (risk,) = rows(desk, risks.VIEW, risks.RISKS)
    assert (risk.likelihood, risk.impact, risk.rated_position) == (2, 5, latest)
    ratings = sorted(rows(desk, risks.VIEW, risks.RISK_RATINGS), key=lambda row: row.position)
    assert [(row.position, row.likelihood) for row in ratings] == [(first, 4), (latest, 2), (late, 5)]


def test_a_closed_risk_is_rated_no_longer() -> None:
    desk = Desk()
    desk.record("RiskRaised", RISK)
    closed = desk.record("RiskClosed", {"risk": "RK1", "reason": "The posts are filled."})
    (risk,) = rows(desk, risks.VIEW, risks.RISKS)
    assert risk.closed_position == closed
    rating = {"risk": "RK1", "likelihood": 2, "impact": 5}
    assert desk.refused("RiskRated", rating) == [("ALREADY_ENDED", "data.risk")]


@pytest.mark.parametrize("degree", [0, 6])
def test_likelihood_and_impact_are_from_1_to_5(degree: int) -> None:
    desk = Desk()
    desk.record("RiskRaised", RISK)
    with pytest.raises(Exception, match="likelihood") as refused:
        desk.record("RiskRated", {"risk": "RK1", "likelihood": degree, "impact": 5})
    assert "1" in str(refused.value) or "5" in str(refused.value)


def test_a_board_action_is_done_on_a_day_that_has_come() -> None:
    desk = Desk()
    desk.register("carla")
    desk.grant("carla", "BOARD_SECRETARY")
    desk.record("BoardActionAgreed", TASK | {"due": "2022-07-31"}, "carla")
    (row,) = rows(desk, board.VIEW, board.BOARD_ACTIONS)
    assert (row.due, row.done_on) == (date(2022, 7, 31), None)
    assert desk.refused("BoardActionDone", DONE | {"doneOn": "2022-07-06"}) == [("OUT_OF_RANGE", "data.doneOn")]
    done = desk.record("BoardActionDone", DONE)
    (row,) = rows(desk, board.VIEW, board.BOARD_ACTIONS)
    assert (row.done_on, row.done_position) == (date(2022, 7, 5), done)
    assert desk.refused("BoardActionDone", DONE) == [("ALREADY_ENDED", "data.boardAction")]


def test_a_board_secretary_minutes_a_meeting_and_decides_nothing() -> None:
    desk = Desk()
    desk.register("carla")
    desk.grant("carla", "BOARD_SECRETARY")
    desk.record("MeetingHeld", {"meeting": "B1", "attendance": ["alice"], "quorate": True}, "carla")
    decision = {"decision": "D1", "meeting": "B1", "title": "t", "outcome": "o", "rationale": "r"}
    assert [code for code, _ in desk.refused("BoardDecisionRecorded", decision, "carla")] == ["FORBIDDEN"]


def planned() -> Desk:
    """Return a desk with objectives O1 and O2, and action A1 of O2."""
    desk = Desk()
    desk.record("ObjectiveAdded", O2)
    desk.record("ActionAdded", A1)
    return desk


def test_a_dependency_is_met_or_dropped_once() -> None:
    desk = planned()
    desk.clock.advance(days=9)
    first = desk.record(
        "DependencyRegistered", NEED | {"objective": "O1", "onAction": "A1", "neededBy": "2022-07-08"}
    )
    body = NEED | {"dependency": "DP2", "action": "A1", "onBody": "integrated care board"}
    second = desk.record("DependencyRegistered", body)
    met = {"dependency": "DP1", "metOn": "2022-07-10", "result": "Agreed."}
    assert desk.refused("DependencyMet", met | {"metOn": "2022-07-20"}) == [("OUT_OF_RANGE", "data.metOn")]
    assert desk.refused("DependencyMet", met | {"dependency": "DP9"}) == [("NOT_FOUND", "data.dependency")]
    ended = desk.record("DependencyMet", met)
    assert desk.refused("DependencyMet", met) == [("ALREADY_ENDED", "data.dependency")]
    dropped = desk.record("DependencyDropped", {"dependency": "DP2", "reason": "Not needed."})
    one, two = rows(desk, risks.VIEW, risks.DEPENDENCIES)
    assert (one.position, one.objective, one.on_action, one.needed_by) == (first, "O1", "A1", date(2022, 7, 8))
    assert (one.ended, one.ended_position, one.met_on) == ("MET", ended, date(2022, 7, 10))
    assert (two.position, two.action, two.on_body) == (second, "A1", "integrated care board")
    assert (two.ended, two.ended_position, two.met_on) == ("DROPPED", dropped, None)


@pytest.mark.parametrize(
    ("ties", "refused"),
    [
        ({"onAction": "A1"}, [("ONE_OF", "data.objective")]),
        ({"objective": "O1", "action": "A1", "onBody": "police"}, [("ONE_OF", "data.objective")]),
        ({"objective": "O1"}, [("ONE_OF", "data.onObjective")]),
        ({"objective": "O1", "onObjective": "O2", "onBody": "police"}, [("ONE_OF", "data.onObjective")]),
        ({}, [("ONE_OF", "data.objective"), ("ONE_OF", "data.onObjective")]),
        ({"objective": "O1", "onObjective": "O1"}, [("SAME_THING", "data.onObjective")]),
        ({"action": "A1", "onAction": "A1"}, [("SAME_THING", "data.onAction")]),
        ({"objective": "O9", "onAction": "A9"}, [("NOT_FOUND", "data.objective"), ("NOT_FOUND", "data.onAction")]),
        ({"objective": "O1", "onBody": "police", "owner": "nobody"}, [("UNKNOWN_ACTOR", "data.owner")]),
    ],
)  # fmt: skip
def test_a_dependency_ties_one_part_of_the_plan_to_one_other_thing(
    ties: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    assert planned().refused("DependencyRegistered", NEED | ties) == refused


def test_dependencies_lead_in_no_circle() -> None:
    desk = planned()
    desk.record("DependencyRegistered", NEED | {"objective": "O1", "onObjective": "O2"})
    desk.record("DependencyRegistered", NEED | {"dependency": "DP2", "objective": "O2", "onAction": "A1"})
    circle = NEED | {"dependency": "DP3", "action": "A1", "onObjective": "O1"}
    refusal = desk.refusal("DependencyRegistered", circle).refusals[0]
    assert (refusal.code, refusal.path) == ("SAME_THING", "data.onObjective")
    assert "objective O1 already depends on action A1, by dependency DP2" in refusal.message
    desk.record("DependencyDropped", {"dependency": "DP1", "reason": "Not needed."})
    desk.record("DependencyRegistered", circle)
