"""Serve the live feed of a notice: one server-sent event for each entry, with its position as id.

Positions are dense, and an entry becomes visible only after all earlier ones. A client therefore resumes with its
last position, in any process. Only the pages being sent and a few shared pages are in memory. Imports starlette,
cachetools, `schema`, `projections` and `ledger`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from cachetools import LRUCache
from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth.identity import counted_as, may_read
from api.http.accept import quality
from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from projections.query.reader import Reader
from projections.views import entries
from projections.views.entries import EntryRow
from schema.context import Viewer

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0
"""Seconds between checks for new entries and of the reader's rights, when no notification arrives."""
AT_ONCE = 500
"""Maximum number of feeds open in one process."""
EACH = 20
"""Maximum number of feeds, of WebSockets and of downloads that one actor may have open in one process."""
SOCKETS_AT_ONCE = 2_000
"""Maximum number of WebSockets open in one process."""
_PAGE = 50
_READS = 16
"""Maximum number of pages in memory that feeds share. A page has at most 50 entries."""
_POSITION = re.compile(r"[0-9]{1,10}")
Encoder = Callable[[EntryRow], bytes]
"""Function that encodes an entry for a feed."""


class Feeds:
    """Feeds, or other long answers, that are open in this process; setting `closing` ends all feeds."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        name: str = "feeds",
        remedy: str = "close one, or read the entries in pages",
    ) -> None:
        self.closing = asyncio.Event()
        self._name, self._remedy = name, remedy
        self._at_once = at_once
        self._open: Counter[str] = Counter()

    @contextmanager
    def counted(self, actor: str) -> Iterator[None]:
        """Count a feed of the actor while it is open; raise Busy when there are too many."""
        self.check(actor)
        self._open[actor] += 1
        try:
            yield
        finally:
            self._open[actor] -= 1
            self._open += Counter()  # removes actors without an open feed

    def check(self, actor: str) -> None:
        """Raise Busy when there is no room for another feed of the actor."""
        if self._open.total() >= self._at_once or self._open[actor] >= EACH:
            raise Busy(f"too many {self._name} are open; {self._remedy}")


class SharedPages:
    """Pages of entries that feeds share, so that one read of the database serves all feeds at a position."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._reads: LRUCache[tuple[str, int], _Read] = LRUCache(_READS)

    async def after(self, notice: str, position: int) -> list[EntryRow]:
        """Return the next entries after a position, read now or just before for another feed.

        Raises:
            LedgerError: The entries cannot be read.
        """
        key, now = (notice, position), asyncio.get_running_loop().time()
        read = self._reads.get(key)
        if read is None or not read.is_fresh(now):
            rows = asyncio.ensure_future(self._read(notice, position))
            rows.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._reads[key] = read = _Read(self._reader.next_move(), now, rows)
        return await asyncio.shield(read.rows)

    async def _read(self, notice: str, position: int) -> list[EntryRow]:
        async with self._reader.at(notice, views=()) as reading:
            return await entries.page(reading, first=_PAGE, after=position, content=False)


class _Read(Struct, frozen=True):
    """Read of a page of entries, pending or finished."""

    moved: asyncio.Event
    """Event that the first notification after the beginning of the read sets."""
    at: float
    rows: "asyncio.Future[list[EntryRow]]"

    def is_fresh(self, now: float) -> bool:
        """Return True if another feed may take these entries.

        A page with entries remains valid after a notification, because newer entries belong to the next page.
        """
        if not self.rows.done():
            return not self.moved.is_set()
        if self.rows.cancelled() or self.rows.exception() is not None or now - self.at > LOOK_SECONDS / 2:
            return False
        return not self.moved.is_set() or bool(self.rows.result())


class FeedRequest(Struct, frozen=True):
    """Request of one client for a feed."""

    notice: str
    after: int
    viewer: Viewer
    withheld: Encoder
    """Encoder for an entry that the viewer may not read."""


def requested(request: Request) -> bool:
    """Return whether a request asks for a feed instead of a page."""
    return quality(request, MEDIA_TYPE, named=True) > 0


def last_seen(request: Request, after: int) -> int:
    """Return the position after which a feed begins: `Last-Event-ID`, otherwise `after`.

    Raises:
        Refused: The header is not a position.
    """
    values = request.headers.getlist("last-event-id")
    if values in ([], [""]):  # empty means that no event has come yet
        return after
    if len(values) > 1 or not _POSITION.fullmatch(values[0]) or int(values[0]) >= 2**31:
        raise Refused.because("INVALID_HEADER", "not a position; send the id of the last event", "last-event-id")
    return int(values[0])


class Feed(Response):
    """Response that sends entries as they are recorded, while the client stays connected and has access."""

    media_type = MEDIA_TYPE

    def __init__(self, reader: Reader, pages: SharedPages, feeds: Feeds, feed_request: FeedRequest) -> None:
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.init_headers({"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"})
        self._reader, self._pages, self._feeds, self._request = reader, pages, feeds, feed_request

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the feed (ASGI)."""
        disconnected = asyncio.create_task(_disconnected(receive))
        closing = asyncio.create_task(self._feeds.closing.wait())
        try:
            with self._feeds.counted(counted_as(self._request.viewer)):
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._send(send, b"retry: 1000\n\n")
                await self._follow(send, (disconnected, closing))
                await send({"type": "http.response.body", "body": b""})
        finally:
            for task in (disconnected, closing):
                task.cancel()
            await asyncio.wait([disconnected, closing])

    async def _follow(self, send: Send, ends: "tuple[asyncio.Task[None], asyncio.Task[bool]]") -> None:
        after = self._request.after
        loop = asyncio.get_running_loop()
        sent = loop.time()
        while not any(end.done() for end in ends):
            news = self._reader.next_move()
            try:
                page = await self._page(after)
            except Unavailable:
                return  # the client reconnects, perhaps to another process
            except Refused as refused:
                await self._send(send, _event("ended", msgspec.json.encode(refused.refusals[0])))
                return
            if page:
                await self._send(send, b"".join(event for _, event in page))
                after = page[-1][0]
            elif loop.time() - sent >= HEARTBEAT_SECONDS:
                await self._send(send, b":\n\n")
            else:
                await _first(news, ends)
                continue
            sent = loop.time()

    async def _page(self, after: int) -> list[tuple[int, bytes]]:
        """Return the position and the event of each entry on the next page.

        The viewer's rights are read after the entries, so the loss of a role takes effect at once.

        Raises:
            Refused: The viewer has no access any more.
            Unavailable: The entries cannot be read now.
        """
        feed_request = self._request
        try:
            page = await self._pages.after(feed_request.notice, after)
        except Unavailable:
            raise
        except LedgerError as error:
            raise Unavailable(str(error)) from error
        roles = await feed_request.viewer.roles(feed_request.notice)
        if not may_read(roles, "notice"):
            raise Refused.because("FORBIDDEN", "you no longer have access to this notice; check your token")
        full = may_read(roles, "entries")
        return [
            (row.position, _event("entry", row.body if full else feed_request.withheld(row), row.position))
            for row in page
        ]

    async def _send(self, send: Send, piece: bytes) -> None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _event(kind: str, data: bytes, position: int | None = None) -> bytes:
    """Return one server-sent event; its data is JSON on one line."""
    identifier = b"id: %d\n" % position if position is not None else b""
    return identifier + b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(news: asyncio.Event, ends: "tuple[asyncio.Task[None], asyncio.Task[bool]]") -> None:
    """Wait until new entries are announced, a task of `ends` finishes, or LOOK_SECONDS pass."""
    notified = asyncio.create_task(news.wait())
    try:
        await asyncio.wait([notified, *ends], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        notified.cancel()
