"""The entry: one immutable record of one fact, at a position of one notice's ledger. Pure."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Struct

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
        """Instant of the fact: as stated, else as recorded."""
        return self.time or self.recorded_at


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC, the form in which entries hold instants."""
    return instant.astimezone(UTC)
