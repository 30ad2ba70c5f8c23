"""The register of risks and the board's action log."""

from datetime import date
from typing import Any

import pytest

from projections.engine.follower import refold
from projections.engine.rows import Table
from projections.engine.view import View
from projections.views import board, risks
from tests.ledger.desk import Desk, at

RISK = {"risk": "RK1", "text": "Agency workers leave.", "owner": "alice", "relatesTo": ["O1"]}
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
