"""Reading a notice: all its views at one position, as it was recorded then, in one transaction.

The transaction runs in the reader's role and names its notice and its position; the database's policies show it
nothing else. It may import `ledger` and the views.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self, get_args

import psycopg
from msgspec import Meta, Struct
from psycopg.sql import SQL, Composable, Literal
from psycopg_pool import PoolTimeout

from ledger.domain.entry import NoticeId
from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import open_pool, pool
from projections.engine.notifications import Notifications, within
from projections.engine.tables import Connection
from projections.query.errors import NotCaughtUp, NotRecordedYet, UnknownNotice
from projections.query.snapshot import AsOf, Snapshot
from projections.views.registry import ALL

__all__ = ["AsOf", "NoticeHead", "Reader", "Snapshot"]
WAIT_SECONDS = 5.0
CONNECTIONS = 8
STATEMENT_SECONDS = 15
"""How long a statement of a reading may take."""
# Behind the policies a planner may not look at the statistics of positions, and takes nearly every row for hidden.
# So it is told what is known: the rows are in memory, and the index in the order asked for finds the first ones.
SETTINGS: Mapping[str, str] = {
    "random_page_cost": "1.1",
    "enable_bitmapscan": "off",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}
"""What PostgreSQL is told on each connection of a reader."""
_LOOK_AGAIN_SECONDS = 0.25
_LOOK_SECONDS = 1.0
"""How often it is looked without news."""
_VERSIONS = {view.name: view.version for view in ALL}
VIEWS = frozenset(_VERSIONS)
(_META,) = (meta for meta in get_args(NoticeId) if isinstance(meta, Meta))
_NOTICE_ID = re.compile(_META.pattern or "")
_NOW = AsOf()


class NoticeHead(Struct, frozen=True):
    """Where the ledger of a notice ends."""

    notice: str
    position: int
    recorded_at: datetime
    root_hash: bytes


class _Found(Struct, frozen=True):
    """What stood in the ledger when a reading was opened."""

    size: int
    reached: int
    """The least position of the views concerned, those left out that have stopped."""
    stopped: dict[str, int]
    """The views that have stopped → the position that each has reached."""
    known: int | None
    """The last position recorded by the instant asked for, if one was asked for; 0 when there is none."""
    recorded_at: datetime
    """When the entry at the position to be read was recorded."""
    root_hash: bytes
    """The root of the tree that ends with it."""


class _Looked(Struct, frozen=True):
    """A look at how far a notice's views are."""

    rung: asyncio.Event
    """The bell's next ring, after which it is old."""
    at: float
    reached: "asyncio.Future[int]"


class Reader:
    """Opens readings of one database; any number at once, on a few connections.

    `timeout`: seconds to wait for a connection.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._pool = pool(url, "ledger_reader", CONNECTIONS, checked=False, settings=SETTINGS)
        self._bell = Notifications(url, "ledger_reader", "ledger_views")
        self._looked: dict[str, _Looked] = {}

    async def open(self) -> Self:
        """Connects; raises Unavailable when the database cannot be reached."""
        await open_pool(self._pool, self._timeout)
        self._bell.open()
        return self

    async def close(self) -> None:
        """Disconnects."""
        await self._bell.close()
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def news(self) -> asyncio.Event:
        """What is set when the views move next: taken before looking, and not relied on alone."""
        return self._bell.next()

    async def beyond(self, notice: str, position: int, seconds: float) -> None:
        """Waits until the views of a notice have moved beyond a position, but no longer than that.

        However many wait for one notice, it is looked at once when something was committed, and once a second.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            rung = self._bell.next()
            if await self._reached(notice, rung) > position:
                return
            await within(rung, min(left, _LOOK_SECONDS))

    async def _reached(self, notice: str, rung: asyncio.Event) -> int:
        """The position that all views of a notice have reached, as it was found since the bell rang last."""
        now = asyncio.get_running_loop().time()
        known = self._looked.get(notice)
        if known is None or known.rung is not rung or now - known.at >= _LOOK_SECONDS:
            known = _Looked(rung, now, asyncio.ensure_future(self._look(notice)))
            self._looked[notice] = known
            known.reached.add_done_callback(lambda _: self._forget(notice, rung))
        return await asyncio.shield(known.reached)

    def _forget(self, notice: str, rung: asyncio.Event) -> None:
        """Only notices that somebody waits for are kept."""
        for other in [name for name, looked in self._looked.items() if name != notice and looked.rung is not rung]:
            if self._looked[other].reached.done():
                del self._looked[other]

    async def _look(self, notice: str) -> int:
        try:
            async with self._transaction(_finding(notice, _NOW, VIEWS)) as (_, rows):
                return _found(notice, rows).reached
        except LedgerError:
            return 0  # whoever waits looks by itself, and is told

    @asynccontextmanager
    async def at(
        self,
        notice: str,
        *,
        as_of: AsOf | None = None,
        on: datetime | None = None,
        at_least: int | None = None,
        wait: float = WAIT_SECONDS,
        views: Collection[str] = VIEWS,
        composed: bool = False,
    ) -> AsyncIterator[Snapshot]:
        """A reading at the latest position that all `views` have reached, or at the earlier one asked for.

        A view that has stopped holds back none of the others; the reading says which cannot be read there.
        Waits up to `wait` seconds until they have reached the position asked for and `at_least`; not for an entry
        that is not recorded. `on` is the instant at which rules are judged: now, if None. `composed`: it is for
        statements of answers, which are planned once, whatever their parameters. Raises UnknownNotice,
        NotRecordedYet, NotCaughtUp and
        Unavailable.
        """
        if not _NOTICE_ID.match(notice):
            raise UnknownNotice(f"there is no notice {notice[:80]!r}")
        asked = as_of or _NOW
        begin = _finding(notice, asked, frozenset(views), composed=composed)
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            rung = self._bell.next()
            async with self._transaction(begin) as (connection, rows):
                found = _found(notice, rows)
                wanted = _wanted(notice, asked, found)
                if found.reached >= max(wanted or 1, at_least or 1):
                    position = wanted or found.reached
                    entry = (position, found.recorded_at, found.root_hash)
                    stopped = {view: reached for view, reached in found.stopped.items() if reached < position}
                    yield Snapshot(connection, notice, entry, on or datetime.now(UTC), stopped)
                    return
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or (at_least or 0) > found.size:
                raise NotCaughtUp(
                    f"the views of {notice} have reached position {found.reached} of {found.size}, and "
                    f"{max(wanted or 1, at_least or 1)} was asked for; ask again in a moment"
                )
            await within(rung, min(left, _LOOK_AGAIN_SECONDS))

    async def notices(self, allowed: Sequence[str]) -> list[NoticeHead]:
        """Those of the allowed notices that exist, by id, each with the end of its own ledger."""
        named = sorted({notice for notice in allowed if _NOTICE_ID.match(notice)})
        if not named:
            return []
        async with self._transaction(_begin(named, _HEADS.format(Literal(named)))) as (_, rows):
            return [NoticeHead(*row) for row in rows]

    @asynccontextmanager
    async def _transaction(self, begin: bytes) -> AsyncIterator[tuple[Connection, list[tuple[Any, ...]]]]:
        """A transaction, and what the query answers with which it begins."""
        connection, rows = await self._begun(begin)
        try:
            yield connection, rows
        finally:
            if not connection.closed:
                await connection.commit()  # nothing was written; a rollback would forget what is prepared
            await self._pool.putconn(connection)

    async def _begun(self, begin: bytes) -> tuple[Connection, list[tuple[Any, ...]]]:
        """A connection on which a transaction has begun: another one, where the server has closed the first."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        while True:
            left = deadline - asyncio.get_running_loop().time()
            try:
                connection = await self._pool.getconn(max(left, 0.001))
            except (PoolTimeout, psycopg.OperationalError) as error:
                raise Unavailable(f"the database cannot be reached: {error}") from error
            try:
                cursor = await connection.execute(begin)
                while cursor.nextset():
                    pass
                return connection, await cursor.fetchall()
            except BaseException as error:
                is_lost = connection.closed
                await self._pool.putconn(connection)
                if not (is_lost and isinstance(error, psycopg.OperationalError)):
                    raise


_BEGIN = SQL("BEGIN READ ONLY; SET LOCAL ledger.notices = {}")
_HEADS = SQL(
    "SELECT notice, size, recorded_at, root_hash FROM ledger.heads WHERE notice = ANY ({}::text[]) ORDER BY notice"
)
_FINDING = SQL("SELECT * FROM views.found({}, {}::text[], {}::integer[], {}, {})")
_PLANNED_ONCE = SQL("SET LOCAL plan_cache_mode = force_generic_plan")


def _begin(notices: Sequence[str], *then: Composable) -> bytes:
    """Begins a transaction that sees these notices, and asks a first query, all in one go."""
    return SQL("; ").join((_BEGIN.format(Literal(",".join(notices))), *then)).as_bytes()


@lru_cache(1_024)
def _finding(notice: str, asked: AsOf, views: frozenset[str], *, composed: bool = False) -> bytes:
    """Begins by asking for head, views and instant; a view of another version has reached nothing."""
    names = sorted(views)
    versions = [_VERSIONS[view] for view in names]
    found = _FINDING.format(*map(Literal, (notice, names, versions, asked.position, asked.known_at)))
    return _begin([notice], *([_PLANNED_ONCE] if composed else []), found)


def _found(notice: str, rows: Sequence[tuple[Any, ...]]) -> _Found:
    """What was found; raises UnknownNotice."""
    (row,) = rows
    if row[0] is None:
        raise UnknownNotice(f"there is no notice {notice}")
    return _Found(*row)


def _wanted(notice: str, asked: AsOf, found: _Found) -> int | None:
    """The position asked for, if one is; raises NotRecordedYet."""
    if asked.position is not None:
        if not 1 <= asked.position <= found.size:
            raise NotRecordedYet(
                f"{notice} has no position {asked.position}: its entries are numbered from 1 to {found.size}"
            )
        return asked.position
    if asked.known_at is not None:
        if not found.known:
            raise NotRecordedYet(f"nothing of {notice} had been recorded by {asked.known_at.isoformat()}")
        return found.known
    return None
