"""A form with a document, however its body is divided."""

import asyncio
from itertools import pairwise, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from api.forms.upload import MAXIMUM_BYTES, MAXIMUM_INPUTS, Upload
from ledger.domain.errors import Refused

KIND = "multipart/form-data; boundary=frontier"


def part(name: str, value: bytes, *, file: str | None = None, kind: str = "") -> bytes:
    file_name = f'; filename="{file}"' if file is not None else ""
    declared = f"Content-Type: {kind}\r\n" if kind else ""
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n{declared}\r\n'
    return head.encode() + value + b"\r\n"


END = b"--frontier--\r\n"
DOCUMENT = b"%PDF-1.7\r\n--front\r\n\r\n--frontie" * 40
BODY = (
    part("id", b"form-1")
    + part("data.supports", b"O1")
    + part("data.title", "Vérité\r\n2".encode())
    + part("data.supports", b"O2")
    + part("file", DOCUMENT, file="plan “a”.pdf", kind="application/pdf")
    + part("late", b"too late")
    + END
)


def request(pieces: list[bytes], kind: str = KIND, *, endless: bytes = b"") -> Request:
    waiting: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1 or bool(endless)}
        for index, piece in enumerate(pieces)
    ]
    more = repeat({"type": "http.request", "body": endless, "more_body": True}, 2_000)

    async def receive() -> Message:
        return waiting.pop(0) if waiting else next(more)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return Request(scope, receive)


async def read(pieces: list[bytes], kind: str = KIND) -> tuple[Upload, bytes]:
    upload = await Upload(request(pieces, kind)).open()
    return upload, b"".join([piece async for piece in upload.file()])


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, len(BODY) - 1), max_size=12))
def test_it_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(BODY)]
    pieces = [BODY[start:end] for start, end in pairwise(edges)]
    upload, document = asyncio.run(read(pieces))
    assert document == DOCUMENT
    assert (upload.file_name, upload.media_type) == ("plan “a”.pdf", "application/pdf")
    assert upload.inputs["id"] == ["form-1"]
    assert upload.inputs["data.title"] == ["Vérité\r\n2"]
    assert upload.inputs["data.supports"] == ["O1", "O2"]


async def test_without_a_file_chosen_there_is_none() -> None:
    upload, document = await read(
        [part("id", b"1") + part("file", b"", file="", kind="application/octet-stream") + END]
    )
    assert (upload.has_file, document, upload.inputs) == (False, b"", {"id": ["1"]})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY, "text/plain"),
        (BODY, "multipart/form-data"),
        (b"id=1", KIND),
        (BODY[: -len(END)], KIND),
        (part("a", b"") * (MAXIMUM_INPUTS + 1) + END, KIND),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(Refused, match="the form is malformed"):
        await read([body], kind)


async def test_what_is_left_is_read_up_to_a_bound() -> None:
    pieces = [BODY[: BODY.index(DOCUMENT) + 10], *[b"x" * 1_000] * 9, END]
    sent = request(pieces)
    upload = await Upload(sent).open()
    await upload.drain(2_500)
    assert sum([len(piece) async for piece in sent.stream()]) == 6 * 1_000 + len(END)


LINE = b"b" * 20_000


@pytest.mark.parametrize(
    "beginning", [part("a", b"")[:-2], part("file", b"", file="", kind="application/pdf")[:-2], b"--frontier\r\n"]
)
async def test_inputs_without_an_end_are_refused(beginning: bytes) -> None:
    """Send an input, an unnamed file or header lines, more than twice as long as a form may be."""
    assert 2_000 * len(LINE) > 2 * MAXIMUM_BYTES
    with pytest.raises(Refused, match="the form"):
        await Upload(request([beginning], endless=LINE)).open()


@pytest.mark.parametrize("body", [BODY, part("id", b"1") + END])
async def test_what_follows_the_form_is_not_awaited(body: bytes) -> None:
    sent = request([body], endless=b"x" * 1_000)
    upload = await Upload(sent).open()
    assert b"".join([piece async for piece in upload.file()]) == (DOCUMENT if upload.has_file else b"")
    await upload.drain(MAXIMUM_BYTES)
    assert upload.inputs["id"] in (["form-1"], ["1"])
