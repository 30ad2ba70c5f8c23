"""The entry: one immutable record of one fact, at a position of one notice's ledger. Pure."""

from datetime import UTC, date, datetime
from typing import Annotated

from msgspec import Struct

from ledger.domain.calendar import ENGLAND, end_of_day, start_of_day
from ledger.domain.fact import ClauseNumber, Fact, text_matching

NoticeId = Annotated[
    str,
    text_matching(
        r"[a-z0-9][a-z0-9-]{0,62}", "The id of a notice: lower-case letters, digits and hyphens, at most 63."
    ),
]


class Entry(Struct, frozen=True, gc=False):
    """One immutable record of one fact, at a position of one notice's ledger."""

    notice: str
    position: int
    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    """Instant of the fact as the client stated it; None means the instant of recording."""
    clauses: tuple[ClauseNumber, ...]
    confirmed: tuple[str, ...]
    """Kinds of warning about personal data that the recorder confirmed."""
    recorded_at: datetime
    actor: str
    actor_role: str
    fact: Fact

    @property
    def occurred_at(self) -> datetime:
        """Instant at which the fact happened, by the day that the fact states, or else as reported."""
        return occurred(self.fact, self.reported_at)

    @property
    def reported_at(self) -> datetime:
        """Time that the client stated; without a stated time, the instant of recording."""
        return self.time or self.recorded_at

    @property
    def originator_id(self) -> str:
        """The notice, by the name that the eventsourcing library gives it."""
        return self.notice

    @property
    def originator_version(self) -> int:
        """The position, by the name that the eventsourcing library gives it."""
        return self.position


def occurred(fact: Fact, reported_at: datetime) -> datetime:
    """Return the instant at which a fact happened.

    A day that the fact states takes precedence over the reported time; it is a day in England. A fact that holds
    from that day on happens at the day's first instant. Any other fact happens at the day's end, or at the
    reported time if that is on the day. A fact that may be announced earlier happens at an earlier reported time.

    Args:
        fact: The fact.
        reported_at: Time that the client stated; without a stated time, the instant of recording.
    """
    stated = fact.stated_day
    day: date | None = getattr(fact, stated.field) if stated is not None else None
    if stated is None or day is None:
        return reported_at
    if not stated.from_start and reported_at.astimezone(ENGLAND).date() == day:
        return reported_at
    instant = start_of_day(day) if stated.from_start else end_of_day(day)
    return min(instant, reported_at) if stated.at_latest else instant


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC, the form in which entries hold instants."""
    return instant.astimezone(UTC)
