"""A client's event parsed to a fact that can be submitted: decoded strictly, normalised, its narratives separated.

The writer judges the fact by the rules of the domain. No database is needed here.
"""

import hashlib
import json
import os
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain, islice
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.records import EntryCorrected, Replacement
from ledger.domain.corrections import REPLACEMENT
from ledger.domain.entry import utc
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import ID_PATTERN, YEARS, Fact, Id, Instant, text_matching
from ledger.domain.fields import FieldPath, Json, field_paths, values_in
from ledger.domain.registry import STORED_TYPES, Kind, put_at, values_at
from ledger.intake import json_size, personal_data
from ledger.intake.entry_text import in_entry, in_refused
from ledger.intake.envelope import encoder
from ledger.intake.validation_errors import is_near, json_type, out_of_time, printable, validation_errors
from ledger.intake.visible import is_blank

MAXIMUM_NARRATIVE = 1_048_576
"""Maximum bytes of a narrative in UTF-8."""
MAXIMUM_NARRATIVES = 1_500
"""Maximum number of narratives in one list of a fact; an entry has no room for more digests."""
MAXIMUM_REASONS = 50
"""Maximum number of refusals of one event, so that the answer to a large invalid event stays small."""
SERVER_ATTRIBUTES = ("ledger", "position", "recordedat", "actor", "actorrole", "nonce")
TRACE_ATTRIBUTES = ("traceparent", "tracestate")
"""Attributes of the CloudEvents extension for tracing. They describe an event's transport and are dropped."""
_APART = {*SERVER_ATTRIBUTES, *TRACE_ATTRIBUTES}
_ID = re.compile(ID_PATTERN)
_S = TypeVar("_S", bound=Struct)
_WORDS = r"[A-Za-z0-9][A-Za-z0-9.()_-]{0,31}( [A-Za-z0-9][A-Za-z0-9.()_-]{0,31}){0,31}"
Clauses = Annotated[str, text_matching(_WORDS, "Clauses of the notice, separated by single spaces.")]
Confirmations = Annotated[
    str, text_matching(r"[A-Z_]{1,32}( [A-Z_]{1,32}){0,7}", "Kinds of warning confirmed, separated by spaces.")
]


class Event(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A CloudEvent from a client."""

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: str
    subject: Id | None = None
    time: Annotated[Instant | None, Meta(description="When it happened; absent: when it is recorded.")] = None
    clauses: Clauses | None = None
    confirm: Confirmations | None = None
    datacontenttype: str | None = None
    data: dict[str, Any]


class SubmittedNarrative(Struct, frozen=True):
    """A narrative to be stored with its entry."""

    path: str
    salt: bytes
    body: str


class SubmittedFile(Struct, frozen=True):
    """A document in the store, to be recorded with its entry."""

    content: str
    """SHA-256 of the file, in hexadecimal."""
    upload: str
    """Temporary name of the file in the store."""
    salt: bytes
    digest: str
    """SHA-256 over the salt and the file, in base64; the entry contains this digest."""
    size: int
    media_type: str


class SubmittedFact(Struct, frozen=True):
    """A fact ready for the writer, with everything that its client determines."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    clauses: str | None
    confirm: str | None
    fact: Fact
    data: bytes
    """The fact's JSON, as the entry will contain it."""
    narratives: tuple[SubmittedNarrative, ...]
    file: SubmittedFile | None = None
    """Document that was uploaded with an EvidenceSubmitted; None without an upload."""


class RefusedEvent(Refused):
    """The refusal of an event, with the event's id and source where they are valid."""

    def __init__(self, refused: Refused, event: Json = None) -> None:
        super().__init__(refused.refusals)
        self.id = _identifier(event, "id")
        self.source = _identifier(event, "source")


def _identifier(event: Json, attribute: str) -> str | None:
    value = event.get(attribute) if isinstance(event, dict) else None
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def digest(salt: bytes, body: str) -> str:
    """Return the salted SHA-256 that binds a narrative to its entry, in base64."""
    return b64encode(hashlib.sha256(salt + body.encode()).digest()).decode()


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object with these members (`object_pairs_hook`). Raise Refused if a key is repeated."""
    item = dict(pairs)
    if len(item) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise Refused.because("DUPLICATE_KEY", "an object has this key twice; send it once", printable(twice))
    return item


def _no_constant(name: str) -> Json:
    raise Refused.because("INVALID_JSON", f"{name} is not JSON; send a number or leave the field out")


def read_json(body: bytes) -> Json:
    """Return decoded JSON. Raise Refused if the bytes are not JSON in UTF-8, repeat a key or exceed a limit."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused.because("NOT_UTF8", f"byte {error.start} is not UTF-8; send JSON in UTF-8") from None
    if text.startswith("\ufeff"):
        raise Refused.because("INVALID_JSON", "the JSON begins with a byte order mark; remove it")
    if len(text) > json_size.MAXIMUM_ARRAYS:  # a shorter text cannot have as many
        json_size.check_arrays(text)
    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused.because("INVALID_JSON", f"invalid JSON at {where}: {error.msg.lower()}") from None
    except RecursionError:
        raise Refused.because("INVALID_JSON", "the JSON is nested too deeply; send fewer levels") from None
    except ValueError:  # the only other cause: a whole number of more than 4,300 digits
        raise Refused.because("INVALID_JSON", "a number has more than 4,300 digits; send a shorter one") from None


def accept_json(raw: bytes | memoryview) -> "SubmittedFact | RefusedEvent":
    """Return the fact of one event's JSON, ready to submit, or its refusal."""
    return accept_read(lambda: read_json(bytes(raw)))


def accept_read(read: Callable[[], Json]) -> "SubmittedFact | RefusedEvent":
    """Decode an event with `read`; return its fact, ready to submit, or its refusal."""
    event: Json = None
    try:
        event = read()
        return accept(event)
    except Refused as refused:
        return RefusedEvent(refused, event)


def accept(event: Json) -> SubmittedFact:
    """Return the fact of a decoded event, ready to submit. Raise Refused with the event's errors."""
    try:
        return _accept(event)
    except UnicodeEncodeError:
        raise Refused.because(
            "INVALID_JSON", "a key or a value contains half a surrogate pair; send whole characters"
        ) from None


def _accept(event: Json) -> SubmittedFact:
    if not isinstance(event, dict):
        raise Refused.because("INVALID_EVENT", "an event is a JSON object; send a CloudEvent")
    if None in event.values():  # null: unset
        event = {name: value for name, value in event.items() if value is not None or name == "data"}
    envelope, refusals = _accept_envelope(event)
    content = _accept_content(event, refusals)
    if envelope is None or content is None or refusals:
        raise Refused(islice(chain(refusals, in_refused(event)), MAXIMUM_REASONS))
    kind, fact, narratives = content
    refusals += in_entry(envelope.id, envelope.source, envelope.subject, envelope.clauses, fact, envelope.confirm)
    if refusals:
        raise Refused(islice(refusals, MAXIMUM_REASONS))
    if isinstance(fact, EvidenceSubmitted):
        fact = _state_file(fact, came=False)
    return SubmittedFact(
        envelope.id,
        envelope.source,
        kind.type,
        envelope.subject,
        utc(envelope.time) if envelope.time else None,
        envelope.clauses,
        envelope.confirm,
        fact,
        encoder.encode(fact),
        narratives,
    )


def _accept_envelope(event: dict[str, Json]) -> tuple[Event | None, list[Refusal]]:
    """Return an event's attributes, or None if the attributes do not decode, and the attributes' refusals."""
    refusals: list[Refusal] = []
    if not _APART.isdisjoint(event):
        reserved = filter(event.__contains__, SERVER_ATTRIBUTES)
        message = "the ledger sets {}; leave it out"
        refusals += [Refusal("SERVER_ATTRIBUTE", message.format(name), name) for name in reserved]
        event = {name: event[name] for name in event if name not in _APART}
    try:
        envelope = convert(event, Event, "")
    except Refused as refused:
        return None, [*refusals, *refused.refusals]
    content_type = envelope.datacontenttype
    if content_type is not None and content_type.partition(";")[0].strip().lower() != "application/json":
        refusals.append(Refusal("INVALID_FIELD", "the data must be application/json", "datacontenttype"))
    if envelope.time is not None and envelope.time.year not in YEARS:
        refusals.append(out_of_time("time"))
    return envelope, refusals


def _accept_content(
    event: dict[str, Json], refusals: list[Refusal]
) -> tuple[Kind, Fact, tuple[SubmittedNarrative, ...]] | None:
    """Return an event's kind, fact and narratives. If content is refused, extend `refusals` and return None."""
    name, data, confirmed = event.get("type"), event.get("data"), event.get("confirm")
    if not isinstance(name, str) or not isinstance(data, dict):
        return None
    try:
        kind, data = _present(name, data, "type", "data")
        return kind, *accept_fact(kind, data, confirmed=confirmed.split() if isinstance(confirmed, str) else ())
    except Refused as refused:
        refusals += refused.refusals
        return None


def with_file(item: SubmittedFact, file: SubmittedFile) -> SubmittedFact:
    """Return a document's submitted fact with the uploaded file added."""
    assert isinstance(item.fact, EvidenceSubmitted)  # noqa: S101 (no other fact has a file)
    fact = _state_file(item.fact, came=True)
    return msgspec.structs.replace(item, fact=fact, data=encoder.encode(fact), file=file)


def _state_file(fact: EvidenceSubmitted, *, came: bool) -> EvidenceSubmitted:
    """Return the fact as the ledger records it: `stored` says whether a file was uploaded."""
    return msgspec.structs.replace(fact, stored=came)


def _present(name: str, data: dict[str, Any], path: str, prefix: str) -> tuple[Kind, dict[str, Any]]:
    """Return a fact's kind by any of its type names, and its upgraded data. Raise Refused if either is wrong."""
    kind = _kind(name, path)
    try:
        for step in STORED_TYPES[name].steps:
            data = step(data)
    except (LookupError, TypeError, AttributeError):
        raise Refused.because("INVALID_FIELD", f"the data is not that of {name}; see /facts", prefix) from None
    return kind, data


def _kind(name: str, path: str) -> Kind:
    stored_type = STORED_TYPES.get(name)
    kind = stored_type.kind if stored_type is not None else None
    if kind is None:
        raise Refused.because("UNKNOWN_TYPE", f"no fact has the type {name[:160]!r}; see /facts", path)
    return kind


def accept_fact(
    kind: Kind, data: dict[str, Any], prefix: str = "data", confirmed: Sequence[str] = ()
) -> tuple[Fact, tuple[SubmittedNarrative, ...]]:
    """Separate the narratives of a fact's data, scan them for personal data, and decode the fact.

    Args:
        kind: The fact's declaration.
        data: The decoded JSON of the fact; it is not changed.
        prefix: Path of the data in the event.
        confirmed: Kinds of personal data that the narratives may hold.

    Returns:
        The fact and its narratives.

    Raises:
        Refused: The data has errors, of which at most `MAXIMUM_REASONS` are listed.
    """
    narratives: list[SubmittedNarrative] = []
    refusals: list[Refusal] = []
    if kind.narratives:
        data = _copy(data, max(map(len, kind.narratives)))
        for path in kind.narratives:
            values = list(islice(values_at(data, path), MAXIMUM_NARRATIVES + 1))
            if len(values) > MAXIMUM_NARRATIVES:
                raise Refused.because(
                    "TOO_LARGE",
                    f"the list has more than {MAXIMUM_NARRATIVES:,} narratives; send fewer",
                    f"{prefix}.{path[0]}",
                )
            for where, value in values:
                if value is None:
                    continue
                refusal = _narrative_refusal(value, f"{prefix}.{where}")
                if refusal is not None:
                    refusals.append(refusal)
                    put_at(data, where, {"sha256": digest(b"", "")})  # so that the other fields are checked too
                    continue
                refusals += personal_data.refusals(value, f"{prefix}.{where}", confirmed)
                narrative = SubmittedNarrative(where, os.urandom(32), value)
                narratives.append(narrative)
                put_at(data, where, {"sha256": digest(narrative.salt, value)})
    if refusals:
        raise Refused(islice(chain(refusals, validation_errors(data, kind.struct, prefix)), MAXIMUM_REASONS))
    fact: Fact = convert(data, kind.struct, prefix)
    distant = [out_of_time(where) for where in _distant_days(kind.struct, fact, prefix)]
    if distant:
        raise Refused(islice(distant, MAXIMUM_REASONS))
    if isinstance(fact, EntryCorrected) and fact.replacement is not None:
        fact, more = _accept_replacement(fact, fact.replacement, f"{prefix}.replacement", confirmed)
        narratives += more
    return fact, tuple(narratives)


@cache
def _timed(struct: type[Fact]) -> tuple[FieldPath, ...]:
    """Return the paths of a fact's fields that are days or instants."""
    return tuple(leaf for leaf in field_paths(struct) if leaf.hint in (date, datetime))


def _distant_days(struct: type[Fact], fact: Fact, prefix: str) -> Iterator[str]:
    """Yield the path of each day or instant of a fact outside the accepted years."""
    for leaf in _timed(struct):
        for value, where in values_in(fact, leaf, where=prefix):
            if not is_near(value):
                yield where


def _accept_replacement(
    correction: EntryCorrected, submitted: Replacement, prefix: str, confirmed: Sequence[str]
) -> tuple[EntryCorrected, list[SubmittedNarrative]]:
    """Return a correction with its normalised replacement, and the narratives. Raise Refused if it is invalid."""
    kind, submitted_data = _present(submitted.type, submitted.data, f"{prefix}.type", f"{prefix}.data")
    if kind.struct is EntryCorrected:  # refused before decoding: nested corrections would take quadratic time
        raise Refused.because("NOT_CORRECTABLE", "a correction cannot be corrected", f"{prefix}.type")
    fact, narratives = accept_fact(kind, submitted_data, f"{prefix}.data", confirmed)
    if isinstance(fact, EvidenceSubmitted):
        fact = msgspec.structs.replace(fact, stored=None)  # the corrected entry states it
    data = msgspec.json.decode(encoder.encode(fact))
    replaced = msgspec.structs.replace(correction, replacement=Replacement(kind.type, data))
    return replaced, [SubmittedNarrative(REPLACEMENT + n.path, n.salt, n.body) for n in narratives]


def _copy(value: Json, levels: int) -> Json:
    """Return decoded JSON with copies of its upper levels of objects and lists; the lower ones are shared."""
    if levels == 0:
        return value
    if isinstance(value, dict):
        return {key: _copy(item, levels - 1) for key, item in value.items()}
    return [_copy(item, levels - 1) for item in value] if isinstance(value, list) else value


def _narrative_refusal(value: Json, path: str) -> Refusal | None:
    if not isinstance(value, str):
        return Refusal("INVALID_FIELD", f"expected text, got {json_type(value)}", path)
    if is_blank(value):
        return Refusal("BLANK", "the narrative is empty; enter it, or leave the field out", path)
    if "\0" in value:
        return Refusal("INVALID_FIELD", "the narrative contains the character NUL; remove it", path)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        message = "the narrative contains half a surrogate pair; send whole characters"
        return Refusal("INVALID_FIELD", message, path)
    if size > MAXIMUM_NARRATIVE:
        return Refusal(
            "TOO_LARGE",
            f"the narrative has {size:,} bytes, of at most {MAXIMUM_NARRATIVE:,}; submit it as evidence",
            path,
        )
    return None


def convert(value: Json, to: type[_S], prefix: str) -> _S:
    """Return decoded JSON as a struct. Raise Refused if fields are missing or wrong."""
    try:
        return msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        errors = tuple(islice(validation_errors(value, to, prefix), MAXIMUM_REASONS))
        raise Refused(errors or (Refusal("INVALID_FIELD", str(error), prefix),)) from None
