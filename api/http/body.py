"""Read request bodies piece by piece.

Bodies are decompressed, limited in size and split into lines. A body is kept in memory only up to its limit; the
rest of a refused body is not read. Imports starlette.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request

from ledger.domain.errors import Refused

MAXIMUM_EVENT = 2_500_000
"""Bytes of the largest single event, and of the longest NDJSON line, after decompression."""
MAXIMUM_BATCH = 16_000_000
"""Bytes of the largest batch of events, or of the events of strict NDJSON, after decompression."""
MAXIMUM_EVENTS = 1_000
"""Number of events in the largest batch or strict NDJSON; other NDJSON has no such limit."""
IDLE_SECONDS = 30.0
"""Seconds that a body may pause. A body, or one NDJSON line, may take as long, plus its size by LEAST_RATE."""
LEAST_RATE = 10_000
"""Bytes a second of the slowest body that is accepted, before decompression."""
_PIECE = 65_536


class Patience:
    """Time limits for one request body, which may neither pause for long nor trickle."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self.renew()

    def renew(self) -> None:
        """Restart the time limits after a complete line."""
        self._since = self._clock()
        self._received = 0

    async def next(self, request: Request) -> tuple[bytes, bool]:
        """Return the next piece of the body, and whether more pieces may follow.

        Raises:
            Refused: The piece did not arrive in time.
            ClientDisconnect: The client ended the connection.
        """
        due = self._since + IDLE_SECONDS + self._received / LEAST_RATE
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_SECONDS, due - self._clock()))):
                message = await request.receive()
        except TimeoutError:
            raise Refused.because(
                "TOO_SLOW", "the body arrived too slowly; send it again, faster or in smaller parts"
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        self._received += len(piece)
        return piece, message.get("more_body", False)


class BodyLine(Struct, frozen=True):
    """Line of an NDJSON body."""

    number: int
    """Line number, from 1, blank lines included."""
    text: bytes | None
    """Content of the line; None if it was longer than the limit and skipped."""


async def pieces(request: Request, patience: Patience | None = None) -> AsyncIterator[bytes]:
    """Yield the decompressed body as it arrives.

    Raises:
        Refused: The body is too slow, or its encoding is unknown or broken.
        ClientDisconnect: The client ended the connection.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Refused.because(
            "UNSUPPORTED_MEDIA_TYPE", "the body's encoding is not supported; send it without one, or as gzip"
        )
    gzip = None if encoding == "identity" else _Gunzip()
    patience = patience or Patience()
    is_open = True
    while is_open:
        piece, is_open = await patience.next(request)
        if gzip is None:
            yield piece
            continue
        for part in gzip.feed(piece):
            yield part
            await asyncio.sleep(0)  # a few bytes can contain many parts, and other requests wait meanwhile
    if gzip is not None:
        gzip.finish()


class _Gunzip:
    """Decompressor of consecutive gzip members, which yields at most 64 KiB at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._started = True
            try:
                part = self._member.decompress(data, _PIECE)
            except zlib.error:
                raise _broken() from None
            if part:
                yield part
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def finish(self) -> None:
        if self._started and not self._member.eof:
            raise _broken()


def _broken() -> Refused:
    return Refused.because(
        "INVALID_ENCODING", "the body is not valid gzip, which Content-Encoding states; send it again"
    )


async def whole(request: Request, limit: int, subject: str) -> bytes:
    """Return the whole body.

    Args:
        request: The request to read.
        limit: Bytes allowed after decompression.
        subject: The name of the body in the message of the refusal.

    Raises:
        Refused: The body is longer than the limit, too slow or wrongly encoded.
        ClientDisconnect: The client ended the connection.
    """
    if declares_more(request, limit):
        raise too_long(limit, subject)
    content = bytearray()
    async for piece in pieces(request):
        content += piece
        if len(content) > limit:
            raise too_long(limit, subject)
    return bytes(content)


def declares_more(request: Request, limit: int) -> bool:
    """Return whether `Content-Length` states more bytes than the limit, in any number of digits."""
    declared = request.headers.get("content-length", "")
    digits = declared.lstrip("0") if declared.isascii() and declared.isdigit() else ""
    return len(digits) > len(str(limit)) or (digits != "" and int(digits) > limit)


def too_long(limit: int, subject: str) -> Refused:
    """Return the refusal of a body or line that is longer than its limit."""
    return Refused.because(
        "TOO_LARGE", f"{subject} has more than {limit:,} bytes; send long documents as evidence"
    )


async def lines(request: Request, limit: int = MAXIMUM_EVENT) -> AsyncIterator[list[BodyLine]]:
    """Yield the body's lines as they arrive, in one list for each piece that completes lines; skip blank lines.

    At most `limit` bytes and one piece of a line are in memory. The whole body may take any time. A pause and
    each line have the time limits of `Patience`. Raise the errors of `pieces`.
    """
    patience = Patience()
    buffer = bytearray()
    skipping = False
    number = 1
    async for piece in pieces(request, patience):
        *ended, rest = piece.split(b"\n")
        complete: list[BodyLine] = []
        for end in ended:
            buffer += end
            _add(complete, number, buffer, skipping or len(buffer) > limit)
            buffer.clear()
            skipping = False
            number += 1
        buffer += rest
        if len(buffer) > limit:
            buffer.clear()
            skipping = True
        if ended:
            patience.renew()
        if complete:
            yield complete
    last: list[BodyLine] = []
    _add(last, number, buffer, skipping)
    if last:
        yield last


def _add(complete: list[BodyLine], number: int, line: bytearray, too_long_line: bool) -> None:
    if too_long_line:
        complete.append(BodyLine(number, None))
    elif line.strip():
        complete.append(BodyLine(number, bytes(line)))
