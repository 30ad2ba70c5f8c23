"""The bytes of an entry: one CloudEvent (1.0, JSON), encoded once, hashed as stored, served as hashed.

docs/envelope.md describes the layout with a worked example. The layout never changes: later versions translate
data when they read it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.domain.entry import Entry, NoticeId
from ledger.domain.errors import Damaged
from ledger.domain.fact import Fact, FactType, Id, Instant, Position
from ledger.domain.registry import KINDS, STORED_TYPES, StoredType

MAXIMUM_BYTES = 65_535
"""Maximum bytes of an entry: C2SP's entry bundles give an entry's length in 16 bits."""


class Envelope(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The stored CloudEvent; the order of its fields is the order of the bytes."""

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: FactType
    subject: Id | None = None
    time: Instant | None = None
    clauses: str | None = None
    confirm: str | None = None
    ledger: NoticeId
    position: Position
    recordedat: Instant
    actor: Id
    actorrole: str
    nonce: Annotated[str, Meta(min_length=24, max_length=24)]
    datacontenttype: Literal["application/json"]
    data: msgspec.Raw


_envelope_decoder = msgspec.json.Decoder(Envelope)
_data_decoders: dict[type[Fact], msgspec.json.Decoder[Fact]] = {
    kind.struct: msgspec.json.Decoder(kind.struct) for kind in KINDS.values()
}
encoder = msgspec.json.Encoder()
"""Encoder of all entries: compact JSON in UTF-8, fields in the order of their declaration."""


def decode_envelope(body: bytes) -> Envelope:
    """Return the envelope in an entry's stored bytes. Raise Damaged if the bytes are not an entry."""
    try:
        return _envelope_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(f"the stored bytes are not an entry: {error}") from None


def decode_data(envelope: Envelope, types: Mapping[str, StoredType] = STORED_TYPES) -> Fact:
    """Return an envelope's fact in its current version. Raise Damaged for an unknown type or invalid data."""
    stored = types.get(envelope.type)
    if stored is None:
        raise Damaged(f"entry {envelope.position} has the unknown type {envelope.type}")
    try:
        if not stored.steps:
            return _data_decoders[stored.kind.struct].decode(envelope.data)
        return stored.fact(msgspec.json.decode(envelope.data))
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError) as error:
        raise Damaged(f"entry {envelope.position} has no valid {envelope.type}: {error}") from None


def decode(body: bytes) -> Entry:
    """Return the entry that stored bytes encode. Raise Damaged if the bytes are not an entry."""
    envelope = decode_envelope(body)
    return from_envelope(envelope, decode_data(envelope))


def from_envelope(envelope: Envelope, fact: Fact, entry_class: type[Entry] = Entry) -> Entry:
    """Return the entry of an envelope and its decoded fact, as an instance of `entry_class`."""
    return entry_class(
        envelope.ledger,
        envelope.position,
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.subject,
        envelope.time,
        tuple(envelope.clauses.split()) if envelope.clauses else (),
        tuple(envelope.confirm.split()) if envelope.confirm else (),
        envelope.recordedat,
        envelope.actor,
        envelope.actorrole,
        fact,
    )
