"""The CloudEvents 1.0 HTTP binding: which form a request has, and what each of its events is.

Structured, batch and binary forms, and NDJSON of structured events. Decoding only: nothing here records.
Imports starlette and `ledger`.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.requests import Request

from api import body
from ledger.errors import Refused
from ledger.intake import Submitted, accept, read_json


class Form(Enum):
    """The forms in which events arrive; the value is what the sender calls it."""

    STRUCTURED = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    NDJSON = "application/x-ndjson"
    BINARY = "application/json"


Item = Submitted | Refused
"""An event that may be submitted, or why it may not."""
_ACCEPTED = "send " + ", ".join(form.value for form in Form if form is not Form.BINARY)
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def form_of(request: Request) -> Form:
    """The form of a request's body; raises Refused when it is none of them."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    name = media_type.strip().lower()
    if not name and "ce-specversion" in request.headers:
        return Form.BINARY  # without a type, data is JSON by the CloudEvents specification
    form = next((form for form in Form if form.value == name), None)
    if form is None:
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", f"{_ACCEPTED}, or application/json with ce- headers", "content-type"
        )
    if form is Form.BINARY and "ce-specversion" not in request.headers:
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
    try:
        return accept(read())
    except Refused as refused:
        return refused


def structured(raw: bytes | memoryview) -> Item:
    """The event of its JSON."""
    return attempt(lambda: read_json(bytes(raw)))


def line(raw: bytes | body.TooLong) -> Item:
    """The event of a line of NDJSON."""
    if isinstance(raw, body.TooLong):
        return body.too_long(body.MAXIMUM_EVENT, "the line")
    return structured(raw)


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

    def read() -> dict[str, Any]:
        event: dict[str, Any] = {"datacontenttype": content_type}
        for name, value in headers:
            if not name.startswith(b"ce-"):
                continue
            attribute = name[3:].decode("latin-1")
            if attribute in ("data", "datacontenttype"):
                raise Refused.because(
                    "UNKNOWN_FIELD",
                    "the body is the data, and Content-Type its type; leave this header out",
                    f"ce-{attribute}",
                )
            if attribute in event:
                raise Refused.because("DUPLICATE_KEY", "the header stands twice; send it once", f"ce-{attribute}")
            event[attribute] = _header(attribute, value)
        return {**event, "data": read_json(whole)}

    return attempt(read)


def _header(attribute: str, value: bytes) -> str:
    """A header's value as the binding's 3.1.3.2 has it: unquoted, then percent-decoded as UTF-8."""
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        value = value[1:-1].replace(b"\\\\", b"\0").replace(b"\\", b"").replace(b"\0", b"\\")
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused.because("NOT_UTF8", "the header does not decode to UTF-8", f"ce-{attribute}") from None
