"""Ratings of an action belong to the action, and ratings of an objective to the objective."""

from typing import Any

from projections.engine.follower import refold
from projections.views import actions, plan
from tests.ledger.desk import Desk, at

ACTION = {"action": "A1", "objective": "O1", "title": "Train the team", "owner": "alice", "due": "2022-09-30"}


def record(desk: Desk, activity: str, impact: str, action: str | None = None, **more: Any) -> int:
    data = {"objective": "O1", "narrative": "n", "activityRating": activity, "impactRating": impact}
    return desk.record("ProgressRecorded", data if action is None else data | {"action": action}, **more)


def rows(desk: Desk) -> tuple[Any, Any]:
    objectives = refold(plan.VIEW, desk.history).versions()[plan.OBJECTIVES.name]
    (action,) = refold(actions.VIEW, desk.history).versions()[actions.ACTIONS.name].values()
    return objectives["O1",].row, action.row


def ratings(desk: Desk) -> list[tuple[str | None, str | None]]:
    return [(row.activity_rating, row.impact_rating) for row in rows(desk)]


def test_progress_on_an_action_rates_that_action_only() -> None:
    desk = Desk()
    desk.record("ActionAdded", ACTION)
    assert ratings(desk) == [(None, None), (None, None)]
    record(desk, "AMBER", "RED")
    latest = record(desk, "GREEN", "AMBER", "A1")
    assert ratings(desk) == [("AMBER", "RED"), ("GREEN", "AMBER")]
    objective, action = rows(desk)
    assert (objective.progress_count, objective.progress_position) == (2, latest), "it counts as progress"
    assert action.comment is not None
    assert (action.comment.position, action.comment.path) == (latest, "narrative")


def test_older_ratings_recorded_late_change_nothing() -> None:
    desk = Desk()
    desk.record("ActionAdded", ACTION)
    desk.clock.advance(days=9)
    record(desk, "GREEN", "AMBER", "A1", time=at(5))
    record(desk, "RED", "RED", "A1", time=at(3))
    assert ratings(desk) == [(None, None), ("GREEN", "AMBER")]


def test_a_late_rating_of_the_objective_is_not_hidden_by_a_newer_one_of_an_action() -> None:
    desk = Desk()
    desk.record("ActionAdded", ACTION)
    desk.clock.advance(days=9)
    record(desk, "GREEN", "AMBER", "A1", time=at(5))
    record(desk, "RED", "RED", time=at(3))
    assert ratings(desk) == [("RED", "RED"), ("GREEN", "AMBER")]


def test_an_impact_that_is_not_rated_stays_as_it_was() -> None:
    desk = Desk()
    desk.record("ActionAdded", ACTION)
    record(desk, "AMBER", "RED")
    record(desk, "AMBER", "AMBER", "A1")
    for action in ({}, {"action": "A1"}):
        desk.record("ProgressRecorded", {"objective": "O1", "narrative": "n", "activityRating": "GREEN", **action})
    assert ratings(desk) == [("GREEN", "RED"), ("GREEN", "AMBER")]
