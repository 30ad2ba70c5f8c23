"""States of an action: completed, embedded, dropped and reopened."""

from typing import Any

import pytest

from projections.engine.follower import refold
from projections.views import actions, plan
from tests.ledger.desk import Desk

ACTION = {"action": "A1", "objective": "O1", "title": "Train the team", "owner": "alice", "due": "2022-09-30"}
DONE = {"action": "A1", "completedOn": "2022-07-05", "result": "The team was trained."}
EMBEDDED = {"action": "A1", "embeddedOn": "2022-07-05", "assurance": "Three audits in a row show it."}
DROPPED = {"action": "A1", "reason": "Another action covers it.", "approver": "bob"}
REOPENED = {"action": "A1", "reason": "The audit found no change."}


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.record("ActionAdded", ACTION)
    return desk


def row(desk: Desk) -> Any:
    (version,) = refold(actions.VIEW, desk.history).versions()[actions.ACTIONS.name].values()
    return version.row


def test_a_completed_action_is_embedded_later(desk: Desk) -> None:
    assert desk.refused("ActionEmbedded", EMBEDDED) == [("TOO_EARLY", "data.action")]
    desk.record("ActionCompleted", DONE)
    late = EMBEDDED | {"embeddedOn": "2022-07-06"}
    assert desk.refused("ActionEmbedded", late) == [("OUT_OF_RANGE", "data.embeddedOn")]
    position = desk.record("ActionEmbedded", EMBEDDED)
    assert (row(desk).standing, row(desk).embedded_position) == ("EMBEDDED", position)
    assert row(desk).completed_on is not None


def test_a_dropped_action_takes_an_approver_who_does_not_own_it(desk: Desk) -> None:
    own = DROPPED | {"approver": "alice"}
    assert desk.refused("ActionDropped", own) == [("SAME_PERSON", "data.approver")]
    position = desk.record("ActionDropped", DROPPED)
    assert (row(desk).standing, row(desk).dropped_position) == ("DROPPED", position)
    assert desk.refused("ActionCompleted", DONE) == [("ALREADY_ENDED", "data.action")]
    assert desk.refused("ActionEmbedded", EMBEDDED) == [("TOO_EARLY", "data.action")]


@pytest.mark.parametrize("end", [("ActionCompleted", DONE), ("ActionDropped", DROPPED)], ids=lambda end: end[0])
def test_an_action_that_ended_is_reopened_and_ends_again(desk: Desk, end: tuple[str, dict[str, Any]]) -> None:
    assert desk.refused("ActionReopened", REOPENED) == [("NOT_ENDED", "data.action")]
    desk.record(*end)
    desk.record("ActionReopened", REOPENED)
    assert (row(desk).standing, row(desk).reopened) == ("OPEN", 1)
    assert (row(desk).completed_on, row(desk).result, row(desk).dropped_position) == (None, None, None)
    assert desk.refused("ActionEmbedded", EMBEDDED) == [("TOO_EARLY", "data.action")]
    desk.record("ActionCompleted", DONE)
    desk.record("ActionEmbedded", EMBEDDED)
    assert row(desk).standing == "EMBEDDED"


def test_without_a_scale_of_its_own_a_plan_rates_red_amber_and_green() -> None:
    desk = Desk()
    progress = {"objective": "O1", "narrative": "n", "activityRating": "BLUE", "impactRating": "AMBER"}
    assert desk.refused("ProgressRecorded", progress) == [("NOT_ON_SCALE", "data.activityRating")]
    desk.record("ProgressRecorded", progress | {"activityRating": "GREEN"})
    assert scales(desk) == {"ACTIVITY": ["RED", "AMBER", "GREEN"], "IMPACT": ["RED", "AMBER", "GREEN"]}


def test_an_adopted_scale_replaces_the_default_one() -> None:
    desk = Desk()
    levels = [{"code": code, "label": code, "meaning": "m", "order": order} for order, code in enumerate("BA")]
    desk.record("RatingScaleAdopted", {"dimension": "ACTIVITY", "levels": levels})
    assert scales(desk) == {"ACTIVITY": ["B", "A"], "IMPACT": ["RED", "AMBER", "GREEN"]}


def scales(desk: Desk) -> dict[str, list[str]]:
    """Return the codes of each scale in the view of the plan, from the worst."""
    rows = [version.row for version in refold(plan.VIEW, desk.history).versions()[plan.RATINGS.name].values()]
    ratings: dict[str, list[str]] = {}
    for each in sorted(rows, key=lambda each: (each.dimension, each.order)):
        ratings.setdefault(each.dimension, []).append(each.code)
    return ratings


def test_every_owner_of_an_action_is_barred_from_approving_for_it() -> None:
    desk = Desk()
    desk.register("carl")
    assert desk.refused("ActionAdded", ACTION | {"coOwners": ["alice"]}) == [("TWICE", "data.coOwners[1]")]
    desk.record("ActionAdded", ACTION | {"coOwners": ["bob"]})
    assert row(desk).co_owners == ["bob"]
    assert desk.refused("ActionDropped", DROPPED) == [("SAME_PERSON", "data.approver")]
    moved = {"action": "A1", "from": "2022-09-30", "to": "2022-10-31", "reason": "Ill.", "approver": "bob"}
    assert desk.refused("ActionRebaselined", moved) == [("SAME_PERSON", "data.approver")]
    desk.record("ActionRevised", {"action": "A1", "reason": "Bob left.", "coOwners": ["carl"]})
    assert row(desk).co_owners == ["carl"]
    desk.record("ActionRebaselined", moved | {"precision": "MONTH"})
    assert row(desk).precision == "MONTH"


@pytest.mark.parametrize(
    ("precision", "due", "last"),
    [
        ("MONTH", "2022-09-29", "2022-09-30"),
        ("MONTH", "2024-02-28", "2024-02-29"),
        ("MONTH", "2022-12-01", "2022-12-31"),
        ("QUARTER", "2022-07-31", "2022-09-30"),
        ("QUARTER", "2022-12-30", "2022-12-31"),
        ("QUARTER", "2023-01-01", "2023-03-31"),
    ],
)
def test_a_date_of_a_month_or_quarter_is_its_last_day(precision: str, due: str, last: str) -> None:
    desk = Desk()
    added = ACTION | {"precision": precision}
    refusal = desk.refusal("ActionAdded", added | {"due": due})
    assert [(each.code, each.path) for each in refusal.refusals] == [("OUT_OF_RANGE", "data.due")]
    assert f"enter {last}" in str(refusal)
    desk.record("ActionAdded", added | {"due": last})
    assert (row(desk).precision, str(row(desk).due)) == (precision, last)


def test_an_action_is_a_part_of_an_open_action_of_its_objective(desk: Desk) -> None:
    objective = {"objective": "O2", "title": "x", "areas": ["1a"], "owner": "alice", "due": "2022-09-30"}
    desk.record("ObjectiveAdded", objective)
    part = ACTION | {"action": "A1.1", "partOf": "A1"}
    for changed, code in (
        ({"objective": "O2"}, "INVALID_FIELD"),
        ({"partOf": "A9"}, "NOT_FOUND"),
        ({"partOf": "A1.1"}, "NOT_FOUND"),
    ):
        assert desk.refused("ActionAdded", part | changed) == [(code, "data.partOf")]
    desk.record("ActionAdded", part)
    desk.record("ActionCompleted", DONE)
    assert desk.refused("ActionAdded", part | {"action": "A1.2"}) == [("ALREADY_ENDED", "data.partOf")]
