"""From what a client sent to a fact that may be submitted: decoded strictly, normalised, its texts set apart.

No database and no rules of the domain: those are judged by the writer, under the head's lock.
"""

import hashlib
import json
import os
import re
from base64 import b64encode
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ledger.entry import encoder, utc
from ledger.errors import Refusal, Refused
from ledger.facts.fact import END as _END
from ledger.facts.fact import Fact, Id, Instant, text_matching
from ledger.facts.records import EntryCorrected, Replacement
from ledger.facts.registry import KINDS, Json, Kind, put_at, values_at

MAXIMUM_TEXT = 1_048_576
"""The longest narrative, in bytes of UTF-8."""
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


class Text(Struct, frozen=True):
    """A narrative on its way to the table beside the entries."""

    path: str
    salt: bytes
    body: str


class Submitted(Struct, frozen=True):
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
    texts: tuple[Text, ...]


def digest(salt: bytes, body: str) -> str:
    """The salted SHA-256 that binds a narrative to its entry, in base64."""
    return b64encode(hashlib.sha256(salt + body.encode()).digest()).decode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)[:80]
        raise Refused.because("DUPLICATE_KEY", "a key stands twice in one object; send it once", twice)
    return found


def _no_constant(name: str) -> Json:
    raise Refused.because("INVALID_JSON", f"{name} is not JSON; send a number or leave the field out")


def read_json(body: bytes) -> Json:
    """Strict JSON: UTF-8, no duplicated keys, no NaN; raises Refused."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused.because("NOT_UTF8", f"byte {error.start} is not UTF-8; send JSON in UTF-8") from None
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Refused.because("INVALID_JSON", f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise Refused.because("INVALID_JSON", "the JSON is nested too deeply") from None
    except ValueError as error:
        raise Refused.because("INVALID_JSON", str(error)) from None


def accept(event: Json) -> Submitted:
    """The submission of one decoded event; raises Refused with every reason that can be told apart."""
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
        raise Refused.because(
            "INVALID_FIELD", f"the data must be application/json, not {content_type}", "datacontenttype"
        )
    kind = KINDS.get(envelope.type)
    if kind is None:
        raise Refused.because("UNKNOWN_TYPE", f"no fact has the type {envelope.type[:160]!r}; see /facts", "type")
    fact, texts = accept_fact(kind, envelope.data)
    return Submitted(
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.subject,
        utc(envelope.time) if envelope.time else None,
        envelope.clauses,
        envelope.confirm,
        fact,
        encoder.encode(fact),
        texts,
    )


def accept_fact(kind: Kind, data: dict[str, Any], prefix: str = "data") -> tuple[Fact, tuple[Text, ...]]:
    """The fact of its decoded data, with its texts set apart; the data itself is left as it was."""
    texts: list[Text] = []
    refusals: list[Refusal] = []
    if kind.narratives:
        data = _copy(data)
        for path in kind.narratives:
            for where, value in list(values_at(data, path)):
                if value is None:
                    continue
                wrong = _text_refusal(value, f"{prefix}.{where}")
                if wrong is not None:
                    refusals.append(wrong)
                    continue
                text = Text(where, os.urandom(32), value)
                texts.append(text)
                put_at(data, where, {"sha256": digest(text.salt, value)})
    if refusals:
        raise Refused(refusals)
    fact: Fact = convert(data, kind.struct, prefix)
    if isinstance(fact, EntryCorrected) and fact.replacement is not None:
        fact, more = _accept_replacement(fact, fact.replacement, f"{prefix}.replacement")
        texts += more
    return fact, tuple(texts)


def _accept_replacement(
    correction: EntryCorrected, given: Replacement, prefix: str
) -> tuple[EntryCorrected, list[Text]]:
    """A correction whose replacement is normalised like any fact."""
    kind = KINDS.get(given.type)
    if kind is None:
        raise Refused.because("UNKNOWN_TYPE", f"no fact has the type {given.type}; see /facts", f"{prefix}.type")
    fact, texts = accept_fact(kind, given.data, f"{prefix}.data")
    data = msgspec.json.decode(encoder.encode(fact))
    replaced = msgspec.structs.replace(correction, replacement=Replacement(given.type, data))
    return replaced, [Text(f"replacement.data.{text.path}", text.salt, text.body) for text in texts]


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _text_refusal(value: Json, path: str) -> Refusal | None:
    if not isinstance(value, str):
        return Refusal("INVALID_FIELD", "this is free text; send a string", path)
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
        raise Refused(_field_refusals(value, to, prefix) or (_refusal(str(error), prefix),)) from None


def _field_refusals(value: Json, to: type[Struct], prefix: str) -> list[Refusal]:
    """Every wrong field: msgspec stops at the first error, so each field is tried alone."""
    if not isinstance(value, dict):
        return []
    found = []
    hints = _hints(to)
    for name in value:
        if name not in hints:
            known = ", ".join(sorted(hints))
            found.append(
                Refusal("UNKNOWN_FIELD", f"no such field; the fields are {known}", _join(prefix, str(name)[:80]))
            )
    for name, (hint, required) in hints.items():
        if name not in value:
            if required:
                found.append(Refusal("MISSING_FIELD", "this field is required", _join(prefix, name)))
            continue
        try:
            msgspec.convert(value[name], hint)
        except msgspec.ValidationError as error:
            found.append(_refusal(str(error), _join(prefix, name)))
    return found


@cache
def _hints(struct: type[Struct]) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(struct, include_extras=True)
    return {info.encode_name: (hints[info.name], info.required) for info in msgspec.structs.fields(struct)}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


_AT = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?")


def _refusal(message: str, prefix: str) -> Refusal:
    """A msgspec error in the ledger's own words."""
    match = _AT.fullmatch(message)
    words, where = (match[1], match[2] or "") if match else (message, "")
    path = prefix + where if where.startswith("[") else _join(prefix, where) if where else prefix
    code = next((code for start, code in _CODES if words.startswith(start)), "INVALID_FIELD")
    if code in ("MISSING_FIELD", "UNKNOWN_FIELD"):
        path = _join(path, words.rpartition(" `")[2].rstrip("`"))
        return Refusal(code, "this field is required" if code == "MISSING_FIELD" else "no such field", path)
    words = words.replace("`", "").replace(_END, "")
    return Refusal(code, words[:1].lower() + words[1:], path)


_CODES = (
    ("Object missing required field", "MISSING_FIELD"),
    ("Object contains unknown field", "UNKNOWN_FIELD"),
    ("Expected `int` <=", "OUT_OF_RANGE"),
    ("Expected `int` >=", "OUT_OF_RANGE"),
    ("Expected `array` of length", "OUT_OF_RANGE"),
    ("Expected `str` matching", "INVALID_FIELD"),
    ("Expected `datetime` with a timezone", "NO_TIME_ZONE"),
    ("Expected", "WRONG_TYPE"),
)
