"""Decode the CloudEvents 1.0 HTTP binding: structured, batch and binary requests, and NDJSON.

This module only decodes; it records nothing. Imports starlette and `ledger`.
"""

from enum import Enum
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Struct
from starlette.requests import Request

from api.http import body
from api.http.accept import other_charset
from ledger.domain.errors import Refusal, Refused
from ledger.intake.parse import RefusedEvent, SubmittedFact, accept_json, accept_read, read_json


class ContentMode(Enum):
    """Content modes of a request; each value is the media type of the mode."""

    STRUCTURED = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    NDJSON = "application/x-ndjson"
    BINARY = "application/json"


Item = SubmittedFact | RefusedEvent
"""An event to submit, or the reason for its refusal."""
_ACCEPTED = "send " + ", ".join(form.value for form in ContentMode if form is not ContentMode.BINARY)
_ABSENT = msgspec.Raw()
_Batch = msgspec.defstruct(
    "_Batch",
    [(f"event_{number}", msgspec.Raw, _ABSENT) for number in range(body.MAXIMUM_EVENTS)],
    array_like=True,  # unlike a list, it is refused at the first event too many, before all are in memory
    forbid_unknown_fields=True,
)
_BATCH = msgspec.json.Decoder(_Batch)


def form_of(request: Request) -> ContentMode:
    """Return the content mode of a request.

    Raises:
        Refused: The Content-Type is not one of the modes, or its charset is neither UTF-8 nor ASCII. JSON without
            the header `ce-specversion` is not one of the modes.
    """
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
    charset = other_charset(parameters)
    if charset is not None:
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", f"the charset {charset[:40]} is not UTF-8; send UTF-8", "content-type"
        )
    return form


def line(line_of_body: body.BodyLine) -> Item:
    """Return the event in a line of NDJSON, or its refusal."""
    if line_of_body.text is None:
        return RefusedEvent(body.too_long(body.MAXIMUM_EVENT, "the line"))
    return accept_json(line_of_body.text)


def batch(content: bytes) -> list[memoryview]:
    """Return the JSON of each event of a batch, undecoded, so that one faulty event leaves the others valid.

    Raises:
        Refused: The batch is not a JSON array, or has too many events.
    """
    try:
        events = msgspec.structs.astuple(_BATCH.decode(content))
    except RecursionError:
        raise Refused.because("INVALID_JSON", "the JSON is nested too deeply; send fewer levels") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        if isinstance(error, msgspec.ValidationError) and content.lstrip().startswith(b"["):
            raise Refused.because(
                "TOO_LARGE", f"the batch has more than {body.MAXIMUM_EVENTS:,} events; send fewer, or NDJSON"
            ) from None
        raise Refused.because("INVALID_JSON", f"a batch is a JSON array of events: {error}") from None
    return [memoryview(event) for event in events if event is not _ABSENT]


def batched(event: memoryview) -> Item:
    """Return an event of a batch, or its refusal if it is malformed or longer than the limit."""
    if len(event) > body.MAXIMUM_EVENT:
        return RefusedEvent(body.too_long(body.MAXIMUM_EVENT, "the event"))
    return accept_json(event)


def binary(headers: list[tuple[bytes, bytes]], content_type: str, content: bytes) -> Item:
    """Return the event with its attributes from `ce-` headers and its data from the body, or its refusal."""
    return accept_read(
        lambda: {"datacontenttype": content_type or None, **attributes(headers), "data": read_json(content)},
    )


def attributes(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the event attributes from the `ce-` headers.

    Raises:
        Refused: Headers are repeated, reserved or not UTF-8; all are listed.
    """
    read = prefixed(headers, "ce-")
    if read.refusals:
        raise Refused(read.refusals)
    return read.values


class PrefixedHeaders(Struct, frozen=True):
    """Headers of a request whose names begin with a prefix."""

    values: dict[str, str]
    """Values by the header's name after the prefix, without refused headers."""
    refusals: list[Refusal]
    """Refusals of headers that are repeated, reserved or not UTF-8; each path is a header's name."""


def prefixed(headers: list[tuple[bytes, bytes]], prefix: str) -> PrefixedHeaders:
    """Return the values of the headers with a prefix, and the refusals of headers that cannot be read."""
    values: dict[str, str] = {}
    refusals: dict[str, Refusal] = {}
    for raw, value in headers:
        name = raw.decode("latin-1")
        if not name.startswith(prefix):
            continue
        rest = name.removeprefix(prefix)
        if name in refusals or rest in values:
            refusals[name] = Refusal("DUPLICATE_KEY", "the header is repeated; send it once", name)
            values.pop(rest, None)
            continue
        if prefix == "ce-" and rest in ("data", "datacontenttype"):
            message = "the body is the data, and Content-Type its type; omit this header"
            refusals[name] = Refusal("UNKNOWN_FIELD", message, name)
            continue
        try:
            values[rest] = _header(name, value)
        except Refused as refused:
            refusals[name] = refused.refusals[0]
    return PrefixedHeaders(values, list(refusals.values()))


def _header(name: str, value: bytes) -> str:
    """Return a header's value as section 3.1.3.2 of the binding decodes it: unquoted, then percent-decoded.

    Raises:
        Refused: The value is not UTF-8.
    """
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        value = value[1:-1].replace(b"\\\\", b"\0").replace(b"\\", b"").replace(b"\0", b"\\")
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused.because(
            "NOT_UTF8", "the header is not UTF-8; percent-encode the bytes of its UTF-8", name
        ) from None
