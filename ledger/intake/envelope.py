"""An entry's bytes: one CloudEvent (1.0, JSON), encoded once, hashed as stored, served as hashed.

The layout is written down, with a worked example, in docs/envelope.md. It can never change: what a later
version reads differently, it translates on reading.
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
"""The largest entry: the length of an entry in a C2SP bundle is 16 bits."""


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
"""The one encoding of entries: compact JSON in UTF-8, fields in the order of their declaration."""


def decode_envelope(body: bytes) -> Envelope:
    """The envelope of an entry's stored bytes; raises Damaged when they are none."""
    try:
        return _envelope_decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(f"the stored bytes are not an entry: {error}") from None


def decode_data(envelope: Envelope, readings: Mapping[str, StoredType] = STORED_TYPES) -> Fact:
    """The fact of an envelope, as its version now has it; raises Damaged when its type or its data is unknown."""
    reading = readings.get(envelope.type)
    if reading is None:
        raise Damaged(f"entry {envelope.position} has the unknown type {envelope.type}")
    try:
        if not reading.steps:
            return _data_decoders[reading.kind.struct].decode(envelope.data)
        return reading.fact(msgspec.json.decode(envelope.data))
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError) as error:
        raise Damaged(f"entry {envelope.position} does not hold a {envelope.type}: {error}") from None


def decode(body: bytes) -> Entry:
    """The entry of its stored bytes."""
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
