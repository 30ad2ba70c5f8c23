"""The live feed of a notice: server-sent events, an entry each, under their positions.

Positions are dense and an entry is seen only once all before it are there, so "after this position" is all that a
client has to say to go on, wherever it connects. Nothing is kept for a client but the page being sent.
Imports starlette, `projections` and its neighbours.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth.identity import may_read
from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from projections.query.reader import Reader
from projections.views import entries
from projections.views.entries import EntryRow
from schema.context import Viewer

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0
"""How often a feed looks for entries, and at its reader's rights, when it hears of none."""
AT_ONCE = 500
"""Feeds that a process serves."""
EACH = 20
"""Feeds that one actor has of a process."""
_PAGE = 50
_POSITION = re.compile(r"[0-9]{1,10}")
Shown = Callable[[EntryRow], bytes]


class Feeds:
    """The feeds that this process serves now; `closing` ends them all."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, actor: str) -> Iterator[None]:
        """Counts a feed of the actor; raises Busy when there are too many."""
        self.check(actor)
        self._open[actor] += 1
        try:
            yield
        finally:
            self._open[actor] -= 1
            self._open += Counter()  # leaves out whoever has none

    def check(self, actor: str) -> None:
        """Raises Busy when there is no room for another feed of the actor."""
        if self._open.total() >= AT_ONCE or self._open[actor] >= EACH:
            raise Busy("too many feeds are open; close one, or read pages of the log")


class FeedRequest(Struct, frozen=True):
    """What a client asked a feed of."""

    notice: str
    after: int
    viewer: Viewer
    withheld: Shown
    """How an entry stands that the viewer does not see."""


def wanted(request: Request) -> bool:
    """Whether a request asks for a feed rather than for pages."""
    accepted = ",".join(request.headers.getlist("accept")).split(",")
    return MEDIA_TYPE in {media_range.partition(";")[0].strip().lower() for media_range in accepted}


def last_seen(request: Request, after: int) -> int:
    """The position after which a feed begins: `Last-Event-ID`, otherwise `after`; raises Refused."""
    given = request.headers.getlist("last-event-id")
    if not given:
        return after
    if len(given) > 1 or not _POSITION.fullmatch(given[0]) or int(given[0]) >= 2**31:
        raise Refused.because(
            "INVALID_HEADER", "this is no position; send the id of the last event", "last-event-id"
        )
    return int(given[0])


class Feed(Response):
    """Sends entries as they are recorded, until the client goes, loses its rights, or the server stops."""

    media_type = MEDIA_TYPE

    def __init__(self, reader: Reader, feeds: Feeds, asked: FeedRequest) -> None:
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.init_headers({"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"})
        self._reader, self._feeds, self._asked = reader, feeds, asked

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        gone = asyncio.create_task(_gone(receive))
        closing = asyncio.create_task(self._feeds.closing.wait())
        try:
            with self._feeds.one_more(self._asked.viewer.credential.actor):
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._send(send, b"retry: 1000\n\n")
                await self._follow(send, (gone, closing))
                await send({"type": "http.response.body", "body": b""})
        finally:
            for task in (gone, closing):
                task.cancel()
            await asyncio.wait([gone, closing])

    async def _follow(self, send: Send, ends: "tuple[asyncio.Task[None], asyncio.Task[bool]]") -> None:
        after = self._asked.after
        loop = asyncio.get_running_loop()
        sent = loop.time()
        while not any(end.done() for end in ends):
            news = self._reader.news()
            try:
                page = await self._page(after)
            except Unavailable:
                return  # the client connects again, perhaps to another process
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
        """The next entries as events, under the rights that hold once all of them are recorded; raises Refused."""
        asked = self._asked
        try:
            async with self._reader.at(asked.notice, views=()) as reading:
                page = await entries.page(reading, first=_PAGE, after=after, narratives=False)
        except Unavailable:
            raise
        except LedgerError as error:
            raise Unavailable(str(error)) from error
        roles = await asked.viewer.roles(asked.notice)
        if not may_read(roles, "notice"):
            raise Refused.because("FORBIDDEN", "you have no part in this notice any more; check your token")
        full = may_read(roles, "entries")
        return [
            (row.position, _event("entry", row.body if full else asked.withheld(row), row.position))
            for row in page
        ]

    async def _send(self, send: Send, piece: bytes) -> None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


def _event(kind: str, data: bytes, position: int | None = None) -> bytes:
    """An event; its data is JSON on one line."""
    named = b"id: %d\n" % position if position is not None else b""
    return named + b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(news: asyncio.Event, ends: "tuple[asyncio.Task[None], asyncio.Task[bool]]") -> None:
    """Waits for news, for an end, or for a while."""
    heard = asyncio.create_task(news.wait())
    try:
        await asyncio.wait([heard, *ends], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        heard.cancel()
