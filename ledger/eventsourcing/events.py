"""Domain events of the eventsourcing library: entries, one class per fact, and facts still to be recorded."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, STORED_TYPES


@cache
def event_class(fact: type[Fact]) -> type[Entry]:
    """Return the class of the entries of a kind of fact. A projection registers a handler for the class.

    Example:
        `@process_event.register(event_class(ActionCompleted))`
    """
    entry_class: Any = msgspec.defstruct(
        f"{fact.__name__}Entry", [], bases=(Entry,), module=__name__, frozen=True, gc=False
    )
    return cast("type[Entry]", entry_class)


def topics_of(*facts: type[Fact]) -> tuple[str, ...]:
    """Return the topics of these facts: the type names of all their versions."""
    return tuple(name for name, stored in STORED_TYPES.items() if stored.kind.struct in facts)


class NewFact(Struct, frozen=True, kw_only=True):
    """A fact to record. It satisfies the library's event protocol, so `Application.save` takes it."""

    originator_id: str
    """Id of the notice."""
    originator_version: int
    """The position that the entry must get."""
    fact: type[Fact]
    data: Mapping[str, Any]
    """Fields of the fact as JSON values, with each narrative as text."""
    id: str
    source: str
    subject: str | None = None
    time: datetime | None = None
    """Instant at which the fact happened; None means the instant of recording."""
    clauses: str | None = None
    confirm: str | None = None

    @property
    def topic(self) -> str:
        """The fact's type name."""
        return KIND_OF[self.fact].type

    def event(self) -> dict[str, Any]:
        """Return the CloudEvent that a client would send."""
        attributes = {
            "subject": self.subject,
            "time": None if self.time is None else self.time.isoformat(),
            "clauses": self.clauses,
            "confirm": self.confirm,
        }
        sent = {name: value for name, value in attributes.items() if value is not None}
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.topic,
            **sent,
            "data": dict(self.data),
        }


class WithheldEntry(Struct, frozen=True, rename="camel"):
    """An entry whose content a follower may not read: its position and leaf hash only."""

    position: int
    leaf_hash: str
    withheld: bool
    originator_id: str = ""

    @property
    def originator_version(self) -> int:
        """Position of the entry."""
        return self.position


def wire_id(notice: str) -> UUID:
    """Return the UUID that identifies a notice in the library's JSON log, which requires UUIDs."""
    return uuid5(NAMESPACE_URL, f"improvement-ledger:{notice}")
