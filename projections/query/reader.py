"""Reader of notices, which opens snapshots of a notice's views at one position.

A snapshot is one transaction in the reader's role. It names its notice and position, and the database's policies
hide everything else.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Self, get_args

import psycopg
from msgspec import Meta, Struct
from psycopg.sql import SQL, Composable, Literal

from ledger.domain.entry import NoticeId
from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import open_pool, pool
from ledger.store.distribution import is_on_citus
from projections.engine.notifications import Notifications
from projections.engine.tables import Connection
from projections.engine.tasks import within
from projections.engine.view import View
from projections.errors import NotCaughtUp, NotRecordedYet, UnknownNotice
from projections.query.at_once import OneTripReader
from projections.query.snapshot import AsOf, Snapshot
from projections.query.standbys import Pool, Standby, Standbys, begin_on
from projections.query.transaction import HEADS_OF, begin_lookup, begin_with

__all__ = ["AsOf", "NoticeHead", "Reader", "Snapshot"]
WAIT_SECONDS = 5.0
CONNECTIONS = 8
STATEMENT_SECONDS = 15
"""Seconds that one statement of a snapshot may take."""
# Under row-level security the planner ignores the statistics of positions, and assumes that most rows are hidden.
# These settings state the facts: rows are in memory, and the index in the wanted order finds the first ones.
SETTINGS: Mapping[str, str] = {
    "random_page_cost": "1.1",
    "enable_bitmapscan": "off",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
}
"""PostgreSQL settings of each connection of a reader."""
_RETRY_SECONDS = 0.25
LAG_SECONDS = 5.0
"""Seconds by which a standby may be behind the primary, unless a setting says otherwise."""
_STANDBY_RETRY_SECONDS = 0.02
_STANDBY_LOOK_SECONDS = 0.1
_STANDBY_SECONDS = 1.0
"""Seconds to wait for a connection to a standby; then the primary is read."""
_LOOK_SECONDS = 1.0
"""Seconds between checks of the positions of a notice's views while no notification arrives."""
(_META,) = (meta for meta in get_args(NoticeId) if isinstance(meta, Meta))
_NOTICE_ID = re.compile(_META.pattern or "")
_NOW = AsOf()


class NoticeHead(Struct, frozen=True):
    """Head of a notice: the position, the recording time and the root hash of its last entry."""

    notice: str
    position: int
    recorded_at: datetime
    root_hash: bytes


class _Positions(Struct, frozen=True):
    """Positions of a notice and its views when a snapshot was opened."""

    size: int
    reached: int
    """Lowest position that the requested views have reached; stopped views do not count."""
    stopped: dict[str, int]
    """Stopped view → the position it has reached."""
    known: int | None
    """Last position recorded by the requested instant; 0 before the first entry, None without an instant."""
    recorded_at: datetime
    """Instant at which the entry at the snapshot's position was recorded."""
    root_hash: bytes
    """Root hash of the tree of entries that ends at the snapshot's position."""


class _Look(Struct, frozen=True):
    """A pending or finished check of the positions of a notice's views."""

    event: asyncio.Event
    """Event of the next notification, which makes the check out of date."""
    at: float
    reached: "asyncio.Future[int]"


class Reader:
    """Reader that opens snapshots of notices in one database; each open snapshot uses one of a few connections.

    Args:
        url: URL of the database; of its primary, if it has standbys.
        views: The views that snapshots may read.
        timeout: Seconds to wait for a connection.
        standbys_url: URL of the hot standbys to read from; None to read from the primary.
        lag: Seconds by which a standby may be behind the primary.
    """

    def __init__(
        self,
        url: str,
        views: Sequence[View],
        *,
        timeout: float = 10.0,
        standbys_url: str | None = None,
        lag: float = LAG_SECONDS,
    ) -> None:
        self._versions = {view.name: view.version for view in views}
        self._timeout = timeout
        self._pool = _pool(url)
        self._standbys = Standbys(url, standbys_url, lag, _pool) if standbys_url is not None else None
        self.at_once: OneTripReader | None = None
        """Reader that answers in one round trip; None before `open`, with standbys, and on a cluster."""
        self._notifications = Notifications(url, "ledger_reader", "ledger_views")
        self._looks: dict[str, _Look] = {}
        self._is_distributed = False
        """True on a cluster, where a statement cannot be planned once for all values."""

    async def open(self) -> Self:
        """Connect to the database and its standbys, and return this reader.

        Raises:
            Unavailable: The database cannot be reached.
            LedgerError: A connection lacks a setting.
            LedgerError: A server of `standbys_url` belongs to another cluster, or all of them are primaries.
        """
        await open_pool(self._pool, self._timeout)
        async with self._pool.connection() as connection:
            self._is_distributed = await is_on_citus(connection)
        if self._standbys is None and not self._is_distributed:
            self.at_once = OneTripReader(self._pool, self._versions, self._timeout)
        if self._standbys is not None:
            try:
                await self._standbys.open()
            except BaseException:
                await self.close()
                raise
        self._notifications.open()
        return self

    async def close(self) -> None:
        """Close all connections."""
        await self._notifications.close()
        if self._standbys is not None:
            await self._standbys.close()
        await self._pool.close()

    @property
    def standbys(self) -> Sequence[Standby]:
        """The standbys, each with its lag and any reason why it is left out; empty without `standbys_url`."""
        return self._standbys.servers if self._standbys is not None else ()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def next_move(self) -> asyncio.Event:
        """Return the event that the views' next progress sets. Take the event before a read, and poll as well."""
        return self._notifications.next()

    async def wait_beyond(self, notice: str, position: int, seconds: float) -> bool:
        """Wait until the views of a notice pass a position; return True, or False after this many seconds.

        All waiters on one notice share a check after each notification, and at intervals without notifications.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            event = self._notifications.next()
            if await self._reached(notice, event) > position:
                return True
            await within(event, min(left, self._look_seconds))
        return False

    @property
    def _look_seconds(self) -> float:
        """Seconds between checks of positions; fewer with a standby, which replays commits after notifications."""
        return _LOOK_SECONDS if self._standby_pool() is None else _STANDBY_LOOK_SECONDS

    def _standby_pool(self) -> Pool | None:
        return self._standbys.pool() if self._standbys is not None else None

    async def _reached(self, notice: str, event: asyncio.Event) -> int:
        """Return the position that all views of a notice have reached, or 0 if the check fails.

        Stopped views do not count. A recent check is used again unless a notification has come since.
        """
        now = asyncio.get_running_loop().time()
        look = self._looks.get(notice)
        if look is None or look.event is not event or now - look.at >= self._look_seconds:
            look = _Look(event, now, asyncio.ensure_future(self._find_reached(notice)))
            self._looks[notice] = look
            look.reached.add_done_callback(lambda _: self._forget(notice, event))
        return await asyncio.shield(look.reached)

    def _forget(self, notice: str, event: asyncio.Event) -> None:
        """Forget finished checks of other notices that have another event; most are out of date."""
        for other in [name for name, look in self._looks.items() if name != notice and look.event is not event]:
            if self._looks[other].reached.done():
                del self._looks[other]

    def _lookup(
        self, notice: str, as_of: AsOf, views: Collection[str] | None = None, *, composed: bool = False
    ) -> Sequence[bytes]:
        names = sorted(self._versions if views is None else views)
        versions = tuple((name, self._versions[name]) for name in names)
        planned_once = composed and not self._is_distributed
        return begin_lookup(notice, as_of, versions, planned_once=planned_once, joined=not self._is_distributed)

    def _begin(self, notices: Sequence[str], statement: Composable) -> Sequence[bytes]:
        return begin_with(notices, statement, joined=not self._is_distributed)

    async def _find_reached(self, notice: str) -> int:
        try:
            async with self._transaction(self._lookup(notice, _NOW), self._standby_pool()) as (_, rows):
                return _positions(notice, rows).reached
        except LedgerError:
            return 0  # each waiter opens its own snapshot next, and gets this error there

    @asynccontextmanager
    async def at(
        self,
        notice: str,
        *,
        as_of: AsOf | None = None,
        on: datetime | None = None,
        at_least: int | None = None,
        wait: float = WAIT_SECONDS,
        views: Collection[str] | None = None,
        composed: bool = False,
    ) -> AsyncIterator[Snapshot]:
        """Open a snapshot at the latest position that all these views have reached, or at an earlier position.

        A stopped view does not hold back the other views; the snapshot lists the views that it cannot read.

        Args:
            notice: The notice.
            as_of: The position, or the instant known; the latest position, if None.
            on: The instant at which rules are judged; now, if None.
            at_least: A position that the views must have reached.
            wait: Seconds to wait for the views to reach the position.
            views: Names of the views to read; all, if None.
            composed: True for composed statements. PostgreSQL then plans each only once, except on a cluster.

        Raises:
            UnknownNotice: No such notice is recorded.
            NotRecordedYet: Nothing was recorded at that position or by that instant.
            NotCaughtUp: The views did not reach the position in time, or `at_least` is not recorded.
            Unavailable: The database cannot be reached, or a standby ended the read.
        """
        if not _NOTICE_ID.match(notice):
            raise UnknownNotice(f"no notice {notice[:80]!r} is recorded")
        as_of = as_of or _NOW
        begin = self._lookup(notice, as_of, views, composed=composed)
        deadline = asyncio.get_running_loop().time() + wait
        standby = self._standby_pool()
        while True:
            event = self._notifications.next()
            async with self._transaction(begin, standby) as (connection, rows):
                if standby is not None and not _is_certain(as_of, rows):
                    standby = None
                    continue
                positions = _positions(notice, rows)
                requested = _requested(notice, as_of, positions)
                if positions.reached >= max(requested or 1, at_least or 1):
                    position = requested or positions.reached
                    entry = (position, positions.recorded_at, positions.root_hash)
                    stopped = {view: reached for view, reached in positions.stopped.items() if reached < position}
                    yield Snapshot(connection, notice, entry, on or datetime.now(UTC), stopped)
                    return
            left = deadline - asyncio.get_running_loop().time()
            size = positions.size
            if standby is not None and left > 0 and (at_least or 0) > size:
                size = await self._size(notice)
            if left <= 0 or (at_least or 0) > size:
                raise NotCaughtUp(
                    f"the views of {notice} have reached position {positions.reached} of {positions.size}, not "
                    f"{max(requested or 1, at_least or 1)}; ask again in a moment"
                )
            if standby is None:
                await within(event, min(left, _RETRY_SECONDS))
            else:
                await asyncio.sleep(min(left, _STANDBY_RETRY_SECONDS))
                standby = self._standby_pool()

    async def _size(self, notice: str) -> int:
        """Return the number of entries of a notice at the primary. Raise Unavailable without the primary."""
        async with self._transaction(self._begin([notice], HEADS_OF.format(Literal([notice])))) as (_, rows):
            return int(rows[0][1]) if rows else 0

    async def notices(self, allowed: Sequence[str]) -> list[NoticeHead]:
        """Return the head of each allowed notice that exists, by id. Raise Unavailable without a database."""
        ids = sorted({notice for notice in allowed if _NOTICE_ID.match(notice)})
        if not ids:
            return []
        async with self._transaction(self._begin(ids, HEADS_OF.format(Literal(ids)))) as (_, rows):
            return [NoticeHead(*row) for row in rows]

    @asynccontextmanager
    async def without_notice(self) -> AsyncIterator[Snapshot]:
        """Open a snapshot that reads no notice, for statements over rows that are sent as a parameter.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._transaction(self._begin([], SQL("SELECT now()"))) as (connection, ((now,),)):
            yield Snapshot(connection, "", (0, now, b""), now, {})

    @asynccontextmanager
    async def _transaction(
        self, begin: Sequence[bytes], standby: Pool | None = None
    ) -> AsyncIterator[tuple[Connection, list[tuple[Any, ...]]]]:
        """Open a transaction on a standby or the primary; yield its connection and its first query's rows.

        Raises:
            Unavailable: A standby ended the transaction, or no server can be reached.
        """
        pool, (connection, rows) = await self._begin_anywhere(begin, standby)
        try:
            yield connection, rows
        except (psycopg.errors.SerializationFailure, psycopg.OperationalError) as error:
            if standby is None:
                raise
            raise Unavailable("a standby ended this read; ask again") from error
        finally:
            try:
                with suppress(psycopg.OperationalError):  # lost after the reads, which wrote nothing
                    await connection.commit()  # a rollback would discard prepared statements
            finally:
                await pool.putconn(connection)

    async def _begin_anywhere(
        self, begin: Sequence[bytes], standby: Pool | None
    ) -> tuple[Pool, tuple[Connection, list[tuple[Any, ...]]]]:
        """Begin a transaction on the standby, or on the primary if the standby is missing or fails.

        Returns:
            The pool that was used, and its connection with the rows of the first query.

        Raises:
            Unavailable: The primary cannot be reached.
        """
        if standby is not None and self._standbys is not None:
            try:
                return standby, await begin_on(standby, begin, _STANDBY_SECONDS)
            except (Unavailable, psycopg.OperationalError):
                await self._standbys.leave_out(standby)
        return self._pool, await begin_on(self._pool, begin, self._timeout)


def _pool(url: str) -> Pool:
    return pool(url, "ledger_reader", CONNECTIONS, checked=False, settings=SETTINGS)


def _is_certain(as_of: AsOf, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Return True if later entries, which a standby may lack, cannot change the requested position."""
    (row,) = rows
    if row[0] is None:
        return False
    positions = _Positions(*row)
    if as_of.known_at is not None:
        return positions.known is not None and positions.known < positions.size
    return as_of.position is None or as_of.position <= positions.size


def _positions(notice: str, rows: Sequence[tuple[Any, ...]]) -> _Positions:
    """Return the positions from the first query's row.

    Raises:
        UnknownNotice: The row is empty, as no such notice is recorded.
    """
    (row,) = rows
    if row[0] is None:
        raise UnknownNotice(f"no notice {notice} is recorded")
    return _Positions(*row)


def _requested(notice: str, as_of: AsOf, positions: _Positions) -> int | None:
    """Return the requested position, or None for the latest position.

    Raises:
        NotRecordedYet: Nothing was recorded at that position or by that instant.
    """
    if as_of.position is not None:
        if not 1 <= as_of.position <= positions.size:
            raise NotRecordedYet(
                f"position {as_of.position} is not in {notice}: its entries have positions 1 to {positions.size}"
            )
        return as_of.position
    if as_of.known_at is not None:
        if not positions.known:
            raise NotRecordedYet(f"nothing was recorded for {notice} by {as_of.known_at.isoformat()}")
        return positions.known
    return None
