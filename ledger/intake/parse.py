"""From what a client sent to a fact that may be submitted: decoded strictly, normalised, its texts set apart.

No database and no rules of the domain: those are judged by the writer, under the head's lock.
"""

import hashlib
import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain, islice
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from ledger.domain.areas.records import EntryCorrected, Replacement
from ledger.domain.corrections import REPLACEMENT
from ledger.domain.entry import utc
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import YEARS, Fact, Id, Instant, text_matching
from ledger.domain.fields import FieldPath, Json, field_paths, values_in
from ledger.domain.registry import KINDS, Kind, put_at, values_at
from ledger.intake import personal_data
from ledger.intake.envelope import encoder
from ledger.intake.validation_errors import called, faults, shown

MAXIMUM_TEXT = 1_048_576
"""The longest narrative, in bytes of UTF-8."""
MAXIMUM_TEXTS = 1_500
"""The most narratives in one place of a fact: no entry has room for the digests of more."""
MAXIMUM_REASONS = 50
"""The most reasons given for one refusal: the answer to a large event that is all wrong stays small."""
SERVER_ATTRIBUTES = ("ledger", "position", "recordedat", "actor", "actorrole", "nonce")
_S = TypeVar("_S", bound=Struct)
_WORDS = r"[A-Za-z0-9][A-Za-z0-9.()_-]{0,31}( [A-Za-z0-9][A-Za-z0-9.()_-]{0,31}){0,31}"
Clauses = Annotated[str, text_matching(_WORDS, "Clauses of the notice, separated by single spaces.")]
Confirmations = Annotated[
    str,
    text_matching(r"[A-Z_]{1,32}( [A-Z_]{1,32}){0,7}", "Kinds of warning confirmed, separated by spaces."),
]


class Event(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The CloudEvent that a client sends."""

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
    """A narrative on its way to the table beside the entries."""

    path: str
    salt: bytes
    body: str


class SubmittedFile(Struct, frozen=True):
    """A document that lies in the store already, on its way to the table beside the entries."""

    content: str
    """SHA-256 of the file, in hexadecimal."""
    upload: str
    """The name under which it was uploaded."""
    salt: bytes
    digest: str
    """SHA-256 over the salt and the file, in base64: what the entry holds."""
    size: int
    media_type: str


class SubmittedFact(Struct, frozen=True):
    """A fact ready for the writer: everything that the client determines."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    clauses: str | None
    confirm: str | None
    fact: Fact
    data: bytes
    """The fact as the entry will hold it."""
    texts: tuple[SubmittedNarrative, ...]
    file: SubmittedFile | None = None
    """The document of an EvidenceSubmitted that was uploaded with it."""


def digest(salt: bytes, body: str) -> str:
    """The salted SHA-256 that binds a narrative to its entry, in base64."""
    return b64encode(hashlib.sha256(salt + body.encode()).digest()).decode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise Refused.because("DUPLICATE_KEY", "a key stands twice in one object; send it once", shown(twice))
    return found


def _no_constant(name: str) -> Json:
    raise Refused.because("INVALID_JSON", f"{name} is not JSON; send a number or leave the field out")


def read_json(body: bytes) -> Json:
    """Strict JSON: UTF-8, no duplicated keys, no NaN; raises Refused."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused.because("NOT_UTF8", f"byte {error.start} is not UTF-8; send JSON in UTF-8") from None
    if text.startswith("\ufeff"):
        raise Refused.because("INVALID_JSON", "the JSON begins with a byte order mark; send it without")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused.because("INVALID_JSON", f"this is not JSON at {where}: {error.msg.lower()}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # the only other one: Python reads no whole number of more than 4,300 digits
        raise Refused.because("INVALID_JSON", "a number has too many digits; send a shorter one") from None


def _too_deep() -> Refused:
    return Refused.because("INVALID_JSON", "the JSON is nested too deeply")


def accept(event: Json) -> SubmittedFact:
    """The submission of one decoded event; raises Refused with every reason that can be told apart."""
    try:
        return _accept(event)
    except RecursionError:
        raise _too_deep() from None
    except UnicodeEncodeError:
        raise Refused.because(
            "INVALID_JSON", "a key or a text holds half of a surrogate pair; send whole characters"
        ) from None


def _accept(event: Json) -> SubmittedFact:
    if not isinstance(event, dict):
        raise Refused.because("INVALID_EVENT", "an event is a JSON object; send a CloudEvent")
    taken = [name for name in SERVER_ATTRIBUTES if name in event]
    if taken:
        raise Refused(
            Refusal("SERVER_ATTRIBUTE", f"the ledger itself sets {name}; leave it out", name) for name in taken
        )
    envelope = convert(event, Event, "")
    content_type = (envelope.datacontenttype or "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refused.because("INVALID_FIELD", "the data must be application/json", "datacontenttype")
    kind = _kind(envelope.type, "type")
    time = envelope.time
    if time is not None and not is_near(str(time)):
        raise Refused((out_of_time("time"),))
    fact, texts = accept_fact(kind, envelope.data, confirmed=(envelope.confirm or "").split())
    return SubmittedFact(
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.subject,
        utc(time) if time else None,
        envelope.clauses,
        envelope.confirm,
        fact,
        encoder.encode(fact),
        texts,
    )


def _kind(name: str, path: str) -> Kind:
    kind = KINDS.get(name)
    if kind is None:
        raise Refused.because("UNKNOWN_TYPE", f"no fact has the type {name[:160]!r}; see /facts", path)
    return kind


def accept_fact(
    kind: Kind, data: dict[str, Any], prefix: str = "data", confirmed: Sequence[str] = ()
) -> tuple[Fact, tuple[SubmittedNarrative, ...]]:
    """The fact of its decoded data, with its texts scanned and set apart; the data itself is left as it was.

    `confirmed`: the kinds of personal data that may be in its texts.
    """
    texts: list[SubmittedNarrative] = []
    refusals: list[Refusal] = []
    if kind.narratives:
        data = _copy(data)
        for path in kind.narratives:
            found = list(islice(values_at(data, path), MAXIMUM_TEXTS + 1))
            if len(found) > MAXIMUM_TEXTS:
                name = f"{prefix}.{path[0]}"
                raise Refused.because(
                    "TOO_LARGE", f"these are more than {MAXIMUM_TEXTS:,} texts; send fewer", name
                )
            for where, value in found:
                if value is None:
                    continue
                wrong = _text_refusal(value, f"{prefix}.{where}")
                if wrong is not None:
                    refusals.append(wrong)
                    put_at(data, where, {"sha256": digest(b"", "")})  # so that the other fields are judged too
                    continue
                refusals += personal_data.refusals(value, f"{prefix}.{where}", confirmed)
                text = SubmittedNarrative(where, os.urandom(32), value)
                texts.append(text)
                put_at(data, where, {"sha256": digest(text.salt, value)})
    if refusals:
        raise Refused(islice(chain(refusals, faults(data, kind.struct, prefix)), MAXIMUM_REASONS))
    fact: Fact = convert(data, kind.struct, prefix)
    late = [out_of_time(where) for where in _days(kind.struct, fact, prefix)]
    if late:
        raise Refused(islice(late, MAXIMUM_REASONS))
    if isinstance(fact, EntryCorrected) and fact.replacement is not None:
        fact, more = _accept_replacement(fact, fact.replacement, f"{prefix}.replacement", confirmed)
        texts += more
    return fact, tuple(texts)


@cache
def _timed(struct: type[Fact]) -> tuple[FieldPath, ...]:
    """The leaves of a fact that hold days or instants."""
    return tuple(leaf for leaf in field_paths(struct) if leaf.hint in (date, datetime))


def _days(struct: type[Fact], fact: Fact, prefix: str) -> Iterator[str]:
    """Where a fact names a day or an instant in no year that people plan in or look back to."""
    for leaf in _timed(struct):
        for value, where in values_in(fact, leaf, where=prefix):
            if not is_near(value):
                yield where


def is_near(day: str) -> bool:
    """Whether a day or an instant lies in a year that people plan in, or look back to."""
    return int(day[:4]) in YEARS


def out_of_time(path: str) -> Refusal:
    """The refusal of a day or an instant that does not."""
    return Refusal("OUT_OF_RANGE", f"the year has to lie between {YEARS[0]} and {YEARS[-1]}", path)


def _accept_replacement(
    correction: EntryCorrected, given: Replacement, prefix: str, confirmed: Sequence[str]
) -> tuple[EntryCorrected, list[SubmittedNarrative]]:
    """A correction whose replacement is normalised like any fact."""
    kind = _kind(given.type, f"{prefix}.type")
    if kind.struct is EntryCorrected:  # nor is it read: one within another would cost its square
        raise Refused.because("NOT_CORRECTABLE", "a correction is not itself corrected", f"{prefix}.type")
    fact, texts = accept_fact(kind, given.data, f"{prefix}.data", confirmed)
    data = msgspec.json.decode(encoder.encode(fact))
    replaced = msgspec.structs.replace(correction, replacement=Replacement(given.type, data))
    return replaced, [SubmittedNarrative(REPLACEMENT + text.path, text.salt, text.body) for text in texts]


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _text_refusal(value: Json, path: str) -> Refusal | None:
    if not isinstance(value, str):
        return Refusal("INVALID_FIELD", f"expected text, got {called(value)}", path)
    if not value.strip():
        return Refusal("BLANK", "the text is empty; write it, or leave the field out", path)
    if "\0" in value:
        return Refusal("INVALID_FIELD", "the text holds the character NUL, which cannot be kept", path)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return Refusal("INVALID_FIELD", "the text holds half of a surrogate pair; send whole characters", path)
    if size > MAXIMUM_TEXT:
        return Refusal(
            "TOO_LARGE",
            f"the text has {size:,} bytes, of at most {MAXIMUM_TEXT:,}; submit it as evidence",
            path,
        )
    return None


def convert(value: Json, to: type[_S], prefix: str) -> _S:
    """`value` as the struct `to`, strictly; raises Refused, naming every field that is missing or wrong."""
    try:
        return msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        found = tuple(islice(faults(value, to, prefix), MAXIMUM_REASONS))
        raise Refused(found or (Refusal("INVALID_FIELD", str(error), prefix),)) from None
