"""The CloudEvents 1.0 HTTP binding: which form a request has, and what each of its events is.

Structured, batch and binary forms, and NDJSON of structured events. Decoding only: nothing here records.
Imports starlette and `ledger`.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.requests import Request

from api.http import body
from ledger.domain.errors import Refused
from ledger.domain.fact import ID_PATTERN
from ledger.intake.parse import SubmittedFact, accept, read_json


class ContentMode(Enum):
    """The forms in which events arrive; the value is what the sender calls it."""

    STRUCTURED = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    NDJSON = "application/x-ndjson"
    BINARY = "application/json"


class RefusedEvent(Refused):
    """A refusal, with the event's id and source where they can be read."""

    def __init__(self, refused: Refused, event: object = None) -> None:
        super().__init__(refused.refusals)
        self.id = _named(event, "id")
        self.source = _named(event, "source")


def _named(event: object, attribute: str) -> str | None:
    value = event.get(attribute) if isinstance(event, dict) else None
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


Item = SubmittedFact | RefusedEvent
"""An event that may be submitted, or why it may not."""
_ID = re.compile(ID_PATTERN)
_ACCEPTED = "send " + ", ".join(form.value for form in ContentMode if form is not ContentMode.BINARY)
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def form_of(request: Request) -> ContentMode:
    """The form of a request's body; raises Refused when it is none of them."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    name = media_type.strip().lower()
    if not name and "ce-specversion" in request.headers:
        return ContentMode.BINARY  # without a type, data is JSON by the CloudEvents specification
    form = next((form for form in ContentMode if form.value == name), None)
    if form is None:
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", f"{_ACCEPTED}, or application/json with ce- headers", "content-type"
        )
    if form is ContentMode.BINARY and "ce-specversion" not in request.headers:
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE",
            f"application/json is an event only with ce- headers (ce-specversion, ce-id, …); or {_ACCEPTED}",
            "ce-specversion",
        )
    charset = parameters.partition("charset=")[2].partition(";")[0].strip().strip('"').lower()
    if charset not in ("", "utf-8", "us-ascii"):
        raise Refused.because("UNSUPPORTED_MEDIA_TYPE", f"the charset {charset[:40]} is not UTF-8", "content-type")
    return form


def attempt(read: Callable[[], Any]) -> Item:
    """What `read` decodes, accepted for submission, or the refusal."""
    event: object = None
    try:
        event = read()
        return accept(event)
    except Refused as refused:
        return RefusedEvent(refused, event)


def structured(raw: bytes | memoryview) -> Item:
    """The event of its JSON."""
    return attempt(lambda: read_json(bytes(raw)))


def line(given: body.BodyLine) -> Item:
    """The event of a line of NDJSON."""
    if given.text is None:
        return RefusedEvent(body.too_long(body.MAXIMUM_EVENT, "the line"))
    return structured(given.text)


def batch(whole: bytes) -> list[msgspec.Raw]:
    """The JSON of each event of a batch, so that what is wrong with one leaves its neighbours alone."""
    try:
        found = _RAW_LIST.decode(whole)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused.because("INVALID_JSON", f"a batch is a JSON array of events: {error}") from None
    except RecursionError:
        raise Refused.because("INVALID_JSON", "the JSON is nested too deeply") from None
    if len(found) > body.MAXIMUM_EVENTS:
        raise Refused.because(
            "TOO_LARGE",
            f"the batch has {len(found):,} events, of at most {body.MAXIMUM_EVENTS:,}; split it, or send NDJSON",
        )
    return found


def binary(headers: list[tuple[bytes, bytes]], content_type: str, whole: bytes) -> Item:
    """The event whose attributes are in `ce-` headers and whose data is the body."""
    return attempt(
        lambda: {"datacontenttype": content_type, **attributes(headers), "data": read_json(whole)},
    )


def attributes(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The attributes of the event that are in `ce-` headers; raises Refused."""
    found = prefixed(headers, "ce-")
    for name in ("data", "datacontenttype"):
        if name in found:
            message = "the body is the data, and Content-Type its type; leave this header out"
            raise Refused.because("UNKNOWN_FIELD", message, f"ce-{name}")
    return found


def prefixed(headers: list[tuple[bytes, bytes]], prefix: str) -> dict[str, str]:
    """The values of the headers whose names begin so, by the rest of the name; raises Refused."""
    found: dict[str, str] = {}
    for raw, value in headers:
        name = raw.decode("latin-1")
        if not name.startswith(prefix):
            continue
        if name.removeprefix(prefix) in found:
            raise Refused.because("DUPLICATE_KEY", "the header stands twice; send it once", name)
        found[name.removeprefix(prefix)] = _header(name, value)
    return found


def _header(name: str, value: bytes) -> str:
    """A header's value as the binding's 3.1.3.2 has it: unquoted, then percent-decoded as UTF-8."""
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        value = value[1:-1].replace(b"\\\\", b"\0").replace(b"\\", b"").replace(b"\0", b"\\")
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused.because("NOT_UTF8", "the header does not decode to UTF-8", name) from None
