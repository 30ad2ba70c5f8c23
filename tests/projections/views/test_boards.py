"""Rows of several boards: a tenure or a membership ends on its own board only."""

from datetime import date
from typing import Any

from projections.engine.follower import refold
from projections.engine.rows import Table
from projections.views import board
from tests.ledger.desk import Desk
from tests.ledger.domain.areas.test_areas import BOARD, CHAIR, prepared
from tests.ledger.domain.areas.test_boards import SEND

OF_SEND = {"board": "SEND-BOARD"}
LAST, LATER = "2022-07-31", "2022-08-31"


def rows(desk: Desk, table: Table[Any]) -> dict[str | None, Any]:
    """Return the row of each board."""
    versions = refold(board.VIEW, desk.history).versions()[table.name].values()
    return {version.row.board: version.row for version in versions}


def test_the_tenure_of_a_chair_of_two_boards_ends_on_one() -> None:
    appointed = [("alice", "ChairAppointed", CHAIR | of) for of in ({}, OF_SEND)]
    desk = prepared((BOARD, SEND, *appointed))
    ended = {"chair": "cara", "last": LAST, "reason": "x"}
    first = desk.record("ChairEnded", ended | OF_SEND)
    chairs = rows(desk, board.CHAIRS)
    assert (chairs[None].last, chairs[None].ended_position, chairs[None].reason) == (None, None, None)
    second = desk.record("ChairEnded", ended | {"last": LATER})
    ends = {name: (row.last, row.ended_position) for name, row in rows(desk, board.CHAIRS).items()}
    assert ends == {"SEND-BOARD": (date(2022, 7, 31), first), None: (date(2022, 8, 31), second)}


def test_a_chair_leaves_before_the_last_day_that_the_appointment_states() -> None:
    desk = prepared((BOARD, ("alice", "ChairAppointed", CHAIR | {"last": "2023-07-24"})))
    position = desk.record("ChairEnded", {"chair": "cara", "last": LAST, "reason": "x"})
    chair = rows(desk, board.CHAIRS)[None]
    assert (chair.last, chair.ended_position) == (date(2022, 7, 31), position)


def test_the_membership_of_a_member_of_two_boards_ends_on_one() -> None:
    member = {"member": "ben", "post": "schools", "first": "2022-07-25"}
    joined = [("alice", "MemberJoined", member | of) for of in ({}, OF_SEND)]
    desk = prepared((BOARD, SEND, *joined))
    first = desk.record("MemberLeft", {"member": "ben", "last": LAST} | OF_SEND)
    members = rows(desk, board.MEMBERS)
    assert (members[None].last, members[None].left_position) == (None, None)
    second = desk.record("MemberLeft", {"member": "ben", "last": LATER})
    ends = {name: (row.last, row.left_position) for name, row in rows(desk, board.MEMBERS).items()}
    assert ends == {"SEND-BOARD": (date(2022, 7, 31), first), None: (date(2022, 8, 31), second)}
