"""Notes on the boards' meetings and decisions: attendance, quorum, chair, interests, late records. Pure.

A decision is often recorded before its meeting. The notes therefore use all entries up to the position read.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from ledger.domain.areas.board import (
    BoardDecisionRecorded,
    BoardEstablished,
    ChairAppointed,
    ChairEnded,
    DecisionRescinded,
    InterestDeclared,
)
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.terms import lies_in_term
from projections.narrate.sentence import NO_NAMES, day, join_items, with_name

FACTS: tuple[type[Fact], ...] = (BoardEstablished, ChairAppointed, ChairEnded, InterestDeclared, MeetingHeld)
"""Facts that `board_notes` reads."""
LATE = timedelta(days=7)
"""Time between a meeting or decision and its recording above which a note warns of late recording."""


class _Term(Struct):
    """A chair's term in post, which includes its first and last days."""

    chair: str
    first: date
    last: date | None
    board: str | None
    ended: bool = False


class _Interest(Struct, frozen=True):
    """A declared interest of a person."""

    actor: str
    declared_at: datetime
    position: int


class _Meeting(Struct, frozen=True):
    """A meeting that was held."""

    fact: MeetingHeld
    position: int


class BoardNotes(Struct):
    """The boards' quorums, chairs, interests and meetings, from which notes are written."""

    quorums: dict[str | None, int | None] = {}
    """Board → its quorum, or None without a quorum; the key None is the improvement board."""
    terms: list[_Term] = []
    interests: list[_Interest] = []
    meetings: dict[str, _Meeting] = {}

    def of(self, entry: Entry, zone: ZoneInfo, names: Mapping[str, str] = NO_NAMES) -> tuple[str, ...]:
        """Return the notes on a meeting, a board's decision or its rescission; empty for any other entry."""
        match entry.fact:
            case MeetingHeld() as fact:
                meeting, notes = _Meeting(fact, entry.position), [*self._quorum(fact)]
            case BoardDecisionRecorded() | DecisionRescinded():
                known = self.meetings.get(entry.fact.meeting)
                if known is None:
                    return (f"No entry records meeting {entry.fact.meeting}.", *_lateness(entry))
                meeting, notes = known, [_attendance(known, names)]
            case _:
                return ()
        notes += self._chair(entry.occurred_at.astimezone(zone).date(), meeting.fact, names)
        notes += self._interested(entry.occurred_at, meeting.fact, names)
        return (*notes, *_lateness(entry))

    def _quorum(self, meeting: MeetingHeld) -> Iterator[str]:
        quorum = self.quorums.get(meeting.board)
        if quorum is not None:
            yield f"{len(meeting.attendance)} attended; the quorum is {quorum}."

    def _chair(self, on: date, meeting: MeetingHeld, names: Mapping[str, str]) -> Iterator[str]:
        chairs = [
            term.chair
            for term in self.terms
            if term.board == meeting.board and lies_in_term(on, term.first, term.last)
        ]
        if not chairs:
            yield f"Warning: no chair was in post on {day(on)}."
        for chair in chairs:
            is_present = chair in meeting.attendance
            name = with_name(chair, names)
            yield f"In the chair: {name}." if is_present else f"Warning: the chair, {name}, was not present."

    def _interested(self, at: datetime, meeting: MeetingHeld, names: Mapping[str, str]) -> Iterator[str]:
        for interest in self.interests:
            if interest.actor in meeting.attendance and interest.declared_at <= at:
                name = with_name(interest.actor, names)
                yield f"Warning: {name} was present with an interest, declared in entry {interest.position}."


def board_notes(entries: Iterable[Entry]) -> BoardNotes:
    """Return the data for notes after these entries, to which corrections are already applied."""
    notes = BoardNotes()
    for entry in entries:
        match entry.fact:
            case BoardEstablished() as fact:
                notes.quorums[fact.board] = fact.quorum
            case ChairAppointed() as fact:
                notes.terms.append(_Term(fact.chair, fact.first, fact.last, fact.board))
            case ChairEnded() as fact:
                for term in notes.terms:
                    is_theirs = (term.chair, term.board, term.ended) == (fact.chair, fact.board, False)
                    if is_theirs and lies_in_term(fact.last, term.first, term.last):
                        term.last, term.ended = fact.last, True
            case InterestDeclared() as fact:
                notes.interests.append(_Interest(fact.actor, entry.occurred_at, entry.position))
            case MeetingHeld() as fact:
                notes.meetings[fact.meeting] = _Meeting(fact, entry.position)
    return notes


def _attendance(meeting: _Meeting, names: Mapping[str, str]) -> str:
    present = join_items(str(with_name(actor, names)) for actor in meeting.fact.attendance)
    quorate = "quorate" if meeting.fact.quorate else "not quorate"
    return f"Present at {meeting.fact.meeting} (entry {meeting.position}, {quorate}): {present}."


def _lateness(entry: Entry) -> Iterator[str]:
    delay = entry.recorded_at - entry.occurred_at
    if delay > LATE:
        yield f"Warning: recorded {delay.days} days later."
