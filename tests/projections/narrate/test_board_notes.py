"""Notes to the board's meetings and decisions in the history."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ledger.domain.entry import Entry
from ledger.domain.registry import find_kind
from projections.narrate.board_notes import board_notes

ZONE = ZoneInfo("Europe/London")
TEXT = {"sha256": "A" * 43 + "="}
MEETING = {"meeting": "B1", "attendance": ["cole", "ann", "pat"], "apologies": ["bea"], "quorate": True}
DECISION = {"decision": "D1", "meeting": "B1", "title": TEXT, "outcome": TEXT, "rationale": TEXT}


def entry(position: int, name: str, data: dict[str, Any], at: str, recorded: str = "") -> Entry:
    """Return an entry whose fact happened on one day and was recorded on another."""
    kind = find_kind(name)
    assert kind is not None, name
    time, recorded_at = (datetime.fromisoformat(f"{day}T10:00:00+00:00") for day in (at, recorded or at))
    fact = msgspec.convert(data, kind.struct)
    by = (recorded_at, "ann", "CHAIR")
    return Entry("n", position, f"e{position}", "s", kind.type, None, time, (), (), *by, fact)


HISTORY = [
    entry(1, "BoardEstablished", {"termsOfReference": TEXT, "quorum": 3}, "2023-01-01"),
    entry(2, "ChairAppointed", {"chair": "cole", "first": "2023-01-01"}, "2023-01-01"),
    entry(3, "InterestDeclared", {"actor": "pat", "interest": TEXT}, "2023-02-01"),
    entry(4, "MeetingHeld", MEETING, "2023-03-01"),
    entry(5, "ChairEnded", {"chair": "cole", "last": "2023-03-31", "reason": TEXT}, "2023-03-31"),
    entry(
        6, "MeetingHeld", MEETING | {"meeting": "B2", "attendance": ["ann", "bea"], "apologies": []}, "2023-04-05"
    ),
]


@pytest.mark.parametrize(
    ("noted", "expected"),
    [
        (
            HISTORY[3],
            (
                "3 attended; the quorum is 3.",
                "In the chair: cole.",
                "Warning: pat was present with an interest, declared in entry 3.",
            ),
        ),
        (HISTORY[5], ("2 attended; the quorum is 3.", "Warning: no chair was in post on 5 April 2023.")),
        (
            entry(7, "BoardDecisionRecorded", DECISION, "2023-03-01", "2023-04-11"),
            (
                "Present at B1 (entry 4, quorate): cole, ann and pat.",
                "In the chair: cole.",
                "Warning: pat was present with an interest, declared in entry 3.",
                "Warning: recorded 41 days later.",
            ),
        ),
        (
            entry(7, "BoardDecisionRecorded", DECISION | {"meeting": "B9"}, "2023-03-01"),
            ("No entry records meeting B9.",),
        ),
        (HISTORY[0], ()),
    ],
)
def test_a_meeting_and_a_decision_carry_their_notes(noted: Entry, expected: tuple[str, ...]) -> None:
    assert board_notes(HISTORY).of(noted, ZONE) == expected


def test_the_chairs_last_day_counts_and_an_absent_chair_is_named() -> None:
    meeting = MEETING | {"attendance": ["ann", "bea", "pat"], "apologies": ["cole"]}
    last = entry(8, "MeetingHeld", meeting, "2023-03-31")
    assert "Warning: the chair, Cole Hill (cole), was not present." in board_notes(HISTORY).of(
        last, ZONE, {"cole": "Cole Hill"}
    )


def test_an_interest_declared_later_is_no_warning() -> None:
    early = entry(8, "MeetingHeld", MEETING, "2023-01-31")
    assert not [note for note in board_notes(HISTORY).of(early, ZONE) if "interest" in note]


def test_a_day_is_the_notices_own() -> None:
    late = HISTORY[3]
    night = msgspec.structs.replace(late, time=datetime(2023, 3, 31, 23, 30, tzinfo=UTC))
    assert "Warning: no chair was in post on 1 April 2023." in board_notes(HISTORY).of(night, ZONE)


def test_each_board_has_its_own_quorum_and_chair() -> None:
    of_send = {"board": "SEND-BOARD"}
    other = [
        entry(8, "BoardEstablished", {"termsOfReference": TEXT, "quorum": 2, **of_send}, "2023-01-01"),
        entry(9, "ChairAppointed", {"chair": "bea", "first": "2023-01-01", **of_send}, "2023-01-01"),
    ]
    meeting = entry(
        10,
        "MeetingHeld",
        {**MEETING, "meeting": "S1", "attendance": ["ann", "bea"], "apologies": [], **of_send},
        "2023-04-05",
    )
    notes = board_notes([*HISTORY, *other, meeting])
    assert notes.of(meeting, ZONE) == ("2 attended; the quorum is 2.", "In the chair: bea.")
    assert notes.of(HISTORY[3], ZONE) == (
        "3 attended; the quorum is 3.",
        "In the chair: cole.",
        "Warning: pat was present with an interest, declared in entry 3.",
    )


def test_a_chair_of_two_boards_ends_in_one() -> None:
    of_send = {"board": "SEND-BOARD"}
    meeting = MEETING | {"attendance": ["ann", "cole"], "apologies": []}
    seated = entry(9, "ChairAppointed", {"chair": "cole", "first": "2023-01-01", **of_send}, "2023-01-01")
    ended = entry(
        10, "ChairEnded", {"chair": "cole", "last": "2023-04-30", "reason": TEXT, **of_send}, "2023-04-30"
    )
    april = entry(11, "MeetingHeld", meeting | {"meeting": "S1", **of_send}, "2023-04-05")
    may = entry(12, "MeetingHeld", meeting | {"meeting": "S2", **of_send}, "2023-05-05")
    vacant = "Warning: no chair was in post on 5 {} 2023.".format
    before = board_notes([HISTORY[1], seated, HISTORY[4]])
    assert before.of(april, ZONE) == before.of(may, ZONE) == ("In the chair: cole.",)
    assert before.of(HISTORY[5], ZONE) == (vacant("April"),)
    after = board_notes([HISTORY[1], seated, HISTORY[4], ended])
    assert (after.of(april, ZONE), after.of(may, ZONE)) == (("In the chair: cole.",), (vacant("May"),))
    assert after.of(HISTORY[5], ZONE) == (vacant("April"),)


def test_a_chair_who_left_before_the_stated_last_day_is_in_post_no_more() -> None:
    appointed = entry(
        2, "ChairAppointed", {"chair": "cole", "first": "2023-01-01", "last": "2024-12-31"}, "2023-01-01"
    )
    changed = [*HISTORY[:1], appointed, *HISTORY[2:]]
    assert "Warning: no chair was in post on 5 April 2023." in board_notes(changed).of(HISTORY[5], ZONE)
