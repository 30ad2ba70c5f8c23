"""Request bodies, read piece by piece: their encoding undone, their size bounded, their lines told apart.

No body is ever held whole before its size is known to be within the limit; what is refused is not read on.
Imports starlette.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from msgspec import Struct
from starlette.requests import Request

from ledger.domain.errors import Refused

MAXIMUM_EVENT = 2_500_000
"""The largest single event, and the longest line of NDJSON, in bytes after decompression."""
MAXIMUM_BATCH = 16_000_000
"""The largest batch, in bytes after decompression."""
MAXIMUM_EVENTS = 1_000
"""The most events in one batch; NDJSON has no such limit."""
IDLE_SECONDS = 30.0
"""How long a body may pause; and what it may take in all, beside the time that its bytes need at LEAST_RATE."""
LEAST_RATE = 10_000
"""Bytes a second, as they are sent."""
_PIECE = 65_536


class Patience:
    """How long a body is still waited for: it must neither pause long nor trickle."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self.renew()

    def renew(self) -> None:
        """Begins anew: something whole has arrived."""
        self._began = self._clock()
        self._received = 0

    async def next(self, arriving: AsyncIterator[bytes]) -> bytes | None:
        """The next piece, None at the end; raises Refused when it does not come in time."""
        due = self._began + IDLE_SECONDS + self._received / LEAST_RATE
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_SECONDS, due - self._clock()))):
                piece = await anext(arriving, None)
        except TimeoutError:
            raise Refused.because(
                "TOO_SLOW", "the body does not arrive in time; send it again, faster or in smaller parts"
            ) from None
        self._received += len(piece or b"")
        return piece


class BodyLine(Struct, frozen=True):
    """A line of NDJSON."""

    number: int
    """Counted from 1, blank lines included."""
    text: bytes | None
    """None: it was longer than the limit, and skipped."""


async def pieces(request: Request, patience: Patience | None = None) -> AsyncIterator[bytes]:
    """The body as it arrives, decompressed; raises Refused: too slow, or in an unknown or broken encoding."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", "the body's encoding is not known here; send it plain or as gzip"
        )
    gzip = None if encoding == "identity" else _Gunzip()
    patience = patience or Patience()
    arriving = request.stream()
    while (piece := await patience.next(arriving)) is not None:
        if gzip is None:
            yield piece
            continue
        for part in gzip.feed(piece):
            yield part
    if gzip is not None:
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


async def lines(request: Request, limit: int = MAXIMUM_EVENT) -> AsyncIterator[list[BodyLine]]:
    """The body's lines as they arrive, those of each piece together; blank ones are left out.

    Of a line of more than `limit` bytes no more than that and a piece are ever held. Lines may come as slowly as
    they like, each by itself may not.
    """
    patience = Patience()
    held = bytearray()
    skipping = False
    number = 1
    async for piece in pieces(request, patience):
        *ended, rest = piece.split(b"\n")
        found: list[BodyLine] = []
        for end in ended:
            held += end
            _add(found, number, held, skipping or len(held) > limit)
            held.clear()
            skipping = False
            number += 1
        held += rest
        if len(held) > limit:
            held.clear()
            skipping = True
        if ended:
            patience.renew()
        if found:
            yield found
    last: list[BodyLine] = []
    _add(last, number, held, skipping)
    if last:
        yield last


def _add(found: list[BodyLine], number: int, line: bytearray, over: bool) -> None:
    if over:
        found.append(BodyLine(number, None))
    elif line.strip():
        found.append(BodyLine(number, bytes(line)))
