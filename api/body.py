"""Request bodies, read piece by piece: their encoding undone, their size bounded, their lines told apart.

No body is ever held whole before its size is known to be within the limit; what is refused is not read on.
Imports starlette.
"""

import zlib
from collections.abc import AsyncIterator, Iterator

from msgspec import Struct
from starlette.requests import Request

from ledger.errors import Refused

MAXIMUM_EVENT = 2_500_000
"""The largest single event, and the longest line of NDJSON, in bytes after decompression."""
MAXIMUM_BATCH = 16_000_000
"""The largest batch, in bytes after decompression."""
MAXIMUM_EVENTS = 1_000
"""The most events in one batch; NDJSON has no such limit."""
_PIECE = 65_536


class TooLong(Struct, frozen=True):
    """Stands for a line that was longer than the limit; it was skipped."""


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives, decompressed; raises Refused when its encoding is unknown or broken."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        async for piece in request.stream():
            yield piece
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", "the body's encoding is not known here; send it plain or as gzip"
        )
    gzip = _Gunzip()
    async for piece in request.stream():
        for part in gzip.feed(piece):
            yield part
    gzip.finish()


class _Gunzip:
    """Decompresses gzip members one after the other, never more than a piece at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._begun = True
            try:
                part = self._member.decompress(data, _PIECE)
            except zlib.error:
                raise _broken() from None
            if part:
                yield part
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def finish(self) -> None:
        if self._begun and not self._member.eof:
            raise _broken()


def _broken() -> Refused:
    return Refused.because(
        "INVALID_ENCODING", "the body is not whole gzip, though Content-Encoding says so; send it again"
    )


async def whole(request: Request, limit: int, what: str) -> bytes:
    """The whole body; raises Refused as soon as it is longer than `limit` bytes, which the message names."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise too_long(limit, what)
    found = bytearray()
    async for piece in pieces(request):
        found += piece
        if len(found) > limit:
            raise too_long(limit, what)
    return bytes(found)


def too_long(limit: int, what: str) -> Refused:
    """The refusal of a body, or of a line, that is over its limit."""
    return Refused.because("TOO_LARGE", f"{what} has more than {limit:,} bytes; send long documents as evidence")


async def lines(request: Request, limit: int = MAXIMUM_EVENT) -> AsyncIterator[list[bytes | TooLong]]:
    """The body's lines as they arrive, those of each piece together; blank ones are left out.

    A line of more than `limit` bytes is skipped and stands as TooLong; never more than it and a piece are held.
    """
    held = bytearray()
    skipping = False
    async for piece in pieces(request):
        *ended, rest = piece.split(b"\n")
        found: list[bytes | TooLong] = []
        for end in ended:
            held += end
            _add(found, held, skipping or len(held) > limit)
            held.clear()
            skipping = False
        held += rest
        if len(held) > limit:
            held.clear()
            skipping = True
        if found:
            yield found
    last: list[bytes | TooLong] = []
    _add(last, held, skipping)
    if last:
        yield last


def _add(found: list[bytes | TooLong], line: bytearray, over: bool) -> None:
    if over:
        found.append(TooLong())
    elif line.strip():
        found.append(bytes(line))
