"""Map stored bytes to entries, and new facts to the bytes that the intake takes."""

import json
from base64 import b64encode
from typing import Any

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, ProgrammingError, StoredEvent

from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged
from ledger.domain.state import State
from ledger.eventsourcing.events import NewFact, WithheldEntry, event_class
from ledger.intake.envelope import decode_data, decode_envelope, from_envelope

SNAPSHOT_TOPIC = "improvement-ledger.snapshot"
WITHHELD_TOPIC = "improvement-ledger.withheld"
_PREFIX = "improvement-ledger."
"""Prefix of the topic of every entry."""


class StateSnapshot(msgspec.Struct, frozen=True):
    """A snapshot of a notice's folded state."""

    originator_id: str
    originator_version: int
    state: State


class EntryMapper(Mapper[str]):
    """Mapper of stored bytes to entries, with upcasts, and of new facts to events for the intake.

    Stored bytes are never compressed or encrypted: what is hashed is what is served.
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:  # noqa: ANN401 - the library's protocol
        """Return an event in the form that the recorder stores.

        Raises:
            ProgrammingError: The event is neither a NewFact nor a snapshot.
        """
        if isinstance(domain_event, NewFact):
            state = json.dumps(domain_event.event(), ensure_ascii=False).encode()
            return StoredEvent(
                domain_event.originator_id, domain_event.originator_version, domain_event.topic, state
            )
        if isinstance(domain_event, StateSnapshot):
            state = msgspec.json.encode(domain_event.state)
            return StoredEvent(domain_event.originator_id, domain_event.originator_version, SNAPSHOT_TOPIC, state)
        name = type(domain_event).__name__
        raise ProgrammingError(f"{name} cannot be recorded; pass a ledger.eventsourcing.NewFact")

    def to_domain_event(self, stored_event: StoredEvent) -> Any:  # noqa: ANN401 - the library's protocol
        """Return the entry or the snapshot that a stored event contains.

        Raises:
            MapperDeserialisationError: An entry's type is unknown to this code, or its bytes are damaged.
        """
        if stored_event.topic == SNAPSHOT_TOPIC:
            state = msgspec.json.decode(stored_event.state, type=State)
            return StateSnapshot(str(stored_event.originator_id), stored_event.originator_version, state)
        return _decode(stored_event)


class FollowerMapper(Mapper[Any]):
    """Mapper of a followed notice's entries, and of the follower's own events as in the library."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:  # noqa: ANN401 - the library's protocol
        """Return the entry or the follower's own event that a stored event contains.

        Raises:
            MapperDeserialisationError: The type is unknown to this code, or the bytes are damaged.
        """
        if stored_event.topic.startswith(_PREFIX):
            return _decode(stored_event)
        return super().to_domain_event(stored_event)


def _decode(stored_event: StoredEvent) -> Entry | WithheldEntry:
    if stored_event.topic == WITHHELD_TOPIC:
        withheld = msgspec.json.decode(stored_event.state, type=WithheldEntry)
        return msgspec.structs.replace(withheld, originator_id=str(stored_event.originator_id))
    try:
        envelope = decode_envelope(stored_event.state)
        fact = decode_data(envelope)
    except Damaged as error:
        raise MapperDeserialisationError(
            f"{error}; a type that this version does not know needs a newer improvement-ledger"
        ) from error
    return from_envelope(envelope, fact, event_class(type(fact)))


def withheld_state(position: int, leaf_hash: bytes) -> bytes:
    """Return the JSON that replaces an entry for a follower who may not read it."""
    fields = {"position": position, "leafHash": b64encode(leaf_hash).decode(), "withheld": True}
    return msgspec.json.encode(fields)
