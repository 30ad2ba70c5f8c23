"""Reading a notice: all its views at one position, as it was recorded then, in one transaction.

The transaction runs in the reader's role and names its notice and its position; the database's policies show it
nothing else. It may import `ledger` and the views.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self, get_args

import psycopg
from msgspec import Meta, Struct
from psycopg.sql import SQL, Literal
from psycopg_pool import PoolTimeout

from ledger.database import pool
from ledger.entry import NoticeId
from ledger.errors import Unavailable
from projections.bell import Bell, within
from projections.errors import NotCaughtUp, NotRecordedYet, UnknownNotice
from projections.position import AsOf, Reading
from projections.registry import ALL
from projections.tables import Connection

__all__ = ["AsOf", "NoticeHead", "Reader", "Reading"]
WAIT_SECONDS = 5.0
CONNECTIONS = 8
_LOOK_AGAIN_SECONDS = 0.25
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
    """The least position of the views concerned."""
    known: int
    """The last position recorded by the instant asked for; 0 when there is none."""


class Reader:
    """Opens readings of one database; any number at once, on a few connections.

    `timeout`: seconds to wait for a connection.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._pool = pool(url, "ledger_reader", CONNECTIONS)
        self._bell = Bell(url, "ledger_reader", "ledger_views")

    async def open(self) -> Self:
        """Connects; raises Unavailable when the database cannot be reached."""
        try:
            await self._pool.open(wait=True, timeout=self._timeout)
        except PoolTimeout as error:
            await self._pool.close()
            raise Unavailable(f"the database cannot be reached: {error}") from error
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
    ) -> AsyncIterator[Reading]:
        """A reading at the latest position that all `views` have reached, or at the earlier one asked for.

        Waits up to `wait` seconds until they have reached the position asked for and `at_least`. `on` is the
        instant at which rules are judged: now, if None. Raises UnknownNotice, NotRecordedYet, NotCaughtUp and
        Unavailable.
        """
        if not _NOTICE_ID.match(notice):
            raise UnknownNotice(f"there is no notice {notice[:80]!r}")
        asked = as_of or _NOW
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            rung = self._bell.next()
            async with self._transaction([notice]) as connection:
                found = await _find(connection, notice, asked, views)
                wanted = _wanted(notice, asked, found)
                if found.reached >= max(wanted or 1, at_least or 1):
                    yield await _begin(connection, notice, wanted or found.reached, on or datetime.now(UTC))
                    return
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
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
        async with self._transaction(named) as connection:
            cursor = await connection.execute(
                "SELECT notice, size, recorded_at, root_hash FROM ledger.heads "
                "WHERE notice = ANY (%s) ORDER BY notice",
                (named,),
                binary=True,
            )
            return [NoticeHead(*row) for row in await cursor.fetchall()]

    @asynccontextmanager
    async def _transaction(self, notices: Sequence[str]) -> AsyncIterator[Connection]:
        try:
            connection = await self._pool.getconn(self._timeout)
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable(f"the database cannot be reached: {error}") from error
        try:
            await connection.execute(_BEGIN.format(Literal(",".join(notices))))
            yield connection
        finally:
            if not connection.closed:
                await connection.rollback()
            await self._pool.putconn(connection)


# Behind the policies a planner may not look at the statistics of positions, and takes nearly every row for hidden.
# So it is told what is known: the rows are in memory, and the index in the order asked for finds the first ones.
_BEGIN = SQL(
    "BEGIN READ ONLY; SET LOCAL random_page_cost = 1.1; SET LOCAL enable_bitmapscan = off; "
    "SET LOCAL ledger.notices = {}"
)


async def _find(connection: Connection, notice: str, asked: AsOf, views: Collection[str]) -> _Found:
    """Head, views and instant; raises UnknownNotice. A view of another version has reached nothing."""
    cursor = await connection.execute(
        "SELECT h.size, coalesce((SELECT min(coalesce(p.position, 0)) FROM unnest(%s::text[], %s::integer[]) "
        "v(view, version) LEFT JOIN views.progress p "
        "ON p.notice = %s AND p.view = v.view AND p.version = v.version), h.size), "
        "coalesce((SELECT e.position FROM ledger.entries e WHERE e.notice = %s AND e.recorded_at <= %s "
        "ORDER BY e.recorded_at DESC LIMIT 1), 0) FROM ledger.heads h WHERE h.notice = %s",
        (list(views), [_VERSIONS[view] for view in views], notice, notice, asked.known_at, notice),
        binary=True,
    )
    row: Any = await cursor.fetchone()
    if row is None:
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


async def _begin(connection: Connection, notice: str, position: int, on: datetime) -> Reading:
    await connection.execute(SQL("SET LOCAL ledger.position = {}").format(Literal(str(position))))
    cursor = await connection.execute(
        "SELECT position, recorded_at, root_hash FROM ledger.entries WHERE notice = %s AND position = %s",
        (notice, position),
        binary=True,
    )
    entry: Any = await cursor.fetchone()
    return Reading(connection, notice, entry, on)
