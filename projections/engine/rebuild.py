"""Rebuild of views from the entries, into shadow tables that one transaction then swaps in.

Readers and the runner go on meanwhile; a runner notices the swap by the progress row that it locks. An interrupted
rebuild leaves the live rows as they were and drops its shadow tables. `sweep` drops those of a killed rebuild.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from msgspec import Struct
from psycopg.sql import SQL, Composed, Identifier

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine import tables
from projections.engine.parallel_fold import fold_in_parallel, processes, run_all
from projections.engine.rows import Table
from projections.engine.shadow_tables import EntryRange, FoldedPage, fold
from projections.engine.tables import SHADOW, Connection
from projections.engine.view import View
from projections.errors import UnknownNotice

ProgressCallback = Callable[[str, int, int], None]
"""Function called with the notice, the position folded so far, and the notice's size."""


class Divergence(Struct, frozen=True):
    """Difference between live rows and rebuilt rows of a table, up to the position that the live rows reached."""

    notice: str
    table: str
    missing: int
    """Number of row versions that only the rebuilt table has."""
    surplus: int
    """Number of row versions that only the live table had."""
    position: int
    """Lowest first position of a row version that only one of the tables has; 0 for forged rows without one."""


class ViewRebuild(Struct):
    """Outcome of one view's rebuild."""

    view: str
    divergences: list[Divergence] = []
    failure: str | None = None
    """Reason for the failure, after which the live rows stay in use; None after a success."""
    failed_at: int | None = None
    """Position of the entry at which the view's fold stopped; None after a success."""


class Rebuild(Struct):
    """Outcome of a rebuild."""

    views: list[ViewRebuild]
    entries: int = 0
    seconds: float = 0.0


async def rebuild(
    url: str,
    views: Sequence[View],
    *,
    notice: str | None = None,
    progress: ProgressCallback | None = None,
    compare: bool = False,
) -> Rebuild:
    """Fold every notice again, or only `notice`, and swap the new rows in.

    With `compare`, the result lists differences from live rows of the same version. A view whose fold fails keeps
    its live rows and reports the failure; the other views are swapped in.

    Raises:
        UnknownNotice: No such notice is recorded.
        LedgerError: One notice cannot be rebuilt alone, because a view's version changed.
        Unavailable: The database cannot be reached, or a child process failed.
    """
    started = time.monotonic()
    async with (
        await connect(url, "ledger_projector") as connection,
        await connect(url, "ledger_projector") as swapping,
    ):
        for view in sorted(views, key=lambda view: view.name):
            await _lock(connection, view, "pg_advisory_lock")
        report = progress or _ignore_progress
        work = _Work(url, connection, swapping, views, notice=notice, progress=report, compare=compare)
        try:
            await work.run()
        finally:
            await _drop_shadows(url, [view for view in views if view.name not in work.swapped])
        work.result.seconds = time.monotonic() - started
        return work.result


def _ignore_progress(_notice: str, _position: int, _size: int) -> None:
    pass


async def sweep(connection: Connection, views: Sequence[View]) -> None:
    """Drop shadow tables left by a killed rebuild; keep tables that a running rebuild is filling."""
    cursor = await connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relkind = 'r'"
    )
    existing = {name for (name,) in await cursor.fetchall()}
    for view in views:
        names = [table.name for table in view.tables if table.name + SHADOW in existing]
        if names and await _lock(connection, view, "pg_try_advisory_lock"):
            for name in names:
                await connection.execute("SELECT views.drop_shadow(%s)", (name,))
            await _lock(connection, view, "pg_advisory_unlock")


async def _lock(connection: Connection, view: View, function: LiteralString) -> bool:
    """Call a PostgreSQL function on the lock for rebuilding a view; return False if the lock was not free."""
    query = SQL("SELECT {}(hashtextextended('views.' || %s, 0))").format(SQL(function))
    row = await (await connection.execute(query, (view.name,))).fetchone()
    return row is not None and row[0] is not False


async def _create_indexes(connection: Connection, waiting: Iterator[Table[Any]]) -> None:
    """Create the indexes of each waiting shadow table. Two connections may share the iterator."""
    async with connection.transaction():
        for table in waiting:
            await tables.create_indexes(connection, table, shadow=True)


async def _drop_shadows(url: str, views: Sequence[View]) -> None:
    """Drop shadow tables on a new connection, as the rebuild's connection may still be running a command."""
    with suppress(psycopg.Error, Unavailable, LedgerError):
        async with await connect(url, "ledger_projector") as connection:
            await connection.execute("SET lock_timeout = '2s'")
            for table in (table for view in views for table in view.tables):
                await connection.execute("SELECT views.drop_shadow(%s)", (table.name,))


class _Work:
    """A rebuild in progress."""

    def __init__(
        self,
        url: str,
        connection: Connection,
        swapping: Connection,
        views: Sequence[View],
        *,
        notice: str | None,
        progress: ProgressCallback,
        compare: bool,
    ) -> None:
        self._url = url
        self._connection = connection
        self._swapping = swapping
        """Connection that swaps the tables. It reads no view's table: a reader's lock would block the DROP."""
        self._views = list(views)
        self._notice = notice
        self._progress = progress
        self._compare = compare
        self._reached: dict[str, int] = {}
        """Notice → position folded so far."""
        self.result = Rebuild([ViewRebuild(view.name) for view in views])
        self.swapped: set[str] = set()

    async def run(self) -> None:
        """Build the shadow tables, compare them with the live tables if requested, and swap them in.

        Raises:
            UnknownNotice: The notice to rebuild is not recorded.
            LedgerError: Other notices' live rows have another version.
        """
        connection = self._connection
        if self._notice is not None:
            await self._check_versions()
        async with connection.transaction():
            if self._notice is not None:
                await tables.create_missing(connection, self._tables())
            for table in self._tables():
                await tables.create_shadow(connection, table)
        await self._fold_all()
        if self._notice is None:
            waiting = iter(self._tables())
            await run_all(_create_indexes(each, waiting) for each in (connection, self._swapping))
        async with self._swapping.transaction():
            # Followers of known and new notices wait for this lock, so the shadow can reach the very end.
            await self._swapping.execute("LOCK TABLE views.progress IN EXCLUSIVE MODE")
            await self._fold_all()
            for view in self._views:
                await self._swap(view)
            await self._record_progress()
        self.swapped = {view.name for view in self._views}

    async def _check_versions(self) -> None:
        """Raise LedgerError if live rows have another version, since other notices' rows would be copied."""
        for view in self._views:
            cursor = await self._connection.execute(
                "SELECT FROM views.progress WHERE view = %s AND version <> %s LIMIT 1", (view.name, view.version)
            )
            if await cursor.fetchone() is not None:
                raise LedgerError(f"{view.name} was built by another version; rebuild it for all notices")

    def _tables(self) -> list[Table[Any]]:
        return [table for view in self._views for table in view.tables]

    async def _fold_all(self) -> None:
        """Fold the entries recorded since the last call; the first call folds many entries in child processes.

        Raises:
            UnknownNotice: The notice to rebuild is not recorded.
            Unavailable: A child process failed.
        """
        cursor = await self._connection.execute(
            "SELECT notice, size FROM ledger.heads WHERE %s::text IS NULL OR notice = %s ORDER BY notice",
            (self._notice, self._notice),
        )
        heads = await cursor.fetchall()
        if self._notice is not None and not heads:
            raise UnknownNotice(f"no notice {self._notice[:80]!r} is recorded; check its name")
        ranges = [EntryRange(notice, self._reached.get(notice, 0), size) for notice, size in heads]
        ranges = [entry_range for entry_range in ranges if entry_range.after < entry_range.to]
        if processes(ranges) and not self._reached:
            await fold_in_parallel(self._url, self._views, ranges, self._note_page)
        else:
            await fold(self._connection, self._views, ranges, self._note_page)

    def _note_page(self, page: FoldedPage) -> None:
        """Note a folded page, and drop the views that failed in it from this rebuild."""
        notice = page.entry_range.notice
        self._reached[notice] = page.position
        self.result.entries += page.entries
        for view in [view for view in self._views if view.name in page.failures]:
            (result,) = (result for result in self.result.views if result.view == view.name)
            result.failed_at, reason = page.failures[view.name]
            result.failure = f"{view.name} of {notice} cannot be folded past entry {result.failed_at}: {reason}"
            self._views.remove(view)
        self._progress(notice, page.position, page.entry_range.to)

    async def _swap(self, view: View) -> None:
        (result,) = (result for result in self.result.views if result.view == view.name)
        compares = self._compare and await self._is_built(view)
        for table in view.tables:
            if self._notice is not None:
                await self._copy_other_notices(table)
            if compares:
                result.divergences += await _differences(self._connection, view, table)
            await self._swapping.execute("SELECT views.swap_table(%s)", (table.name,))

    async def _is_built(self, view: View) -> bool:
        """Return True if live rows of the same version exist; another version may have other columns."""
        cursor = await self._connection.execute(
            "SELECT FROM views.progress WHERE view = %s AND version = %s LIMIT 1", (view.name, view.version)
        )
        return await cursor.fetchone() is not None

    async def _copy_other_notices(self, table: Table[Any]) -> None:
        """Copy the other notices' live rows into the shadow table, and create its indexes."""
        query = SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} WHERE notice <> %s")
        names = SQL(", ").join(map(Identifier, ["notice", "held", *(column.name for column in table.columns)]))
        shadow, live = Identifier("views", table.name + SHADOW), Identifier("views", table.name)
        await self._connection.execute(query.format(shadow, live, names=names), (self._notice,))
        await tables.create_indexes(self._connection, table, shadow=True)

    async def _record_progress(self) -> None:
        rows = [(notice, view, position) for notice, position in self._reached.items() for view in self._views]
        await self._swapping.execute(
            "SELECT views.record_rebuild(%s::text[], %s::text[], %s::integer[], %s::integer[])",
            (
                [notice for notice, _, _ in rows],
                [view.name for _, view, _ in rows],
                [view.version for _, view, _ in rows],
                [position for *_, position in rows],
            ),
        )
        await self._swapping.execute("SELECT pg_notify('ledger_views', '')")


_PROGRESS = "JOIN views.progress p ON p.notice = r.notice AND p.view = {view} AND p.version = {version}"
_LIVE = SQL("SELECT r.notice, r.held, {columns} FROM {table} r " + _PROGRESS)
_SHADOW = SQL(
    "SELECT r.notice, CASE WHEN upper(r.held) > p.position THEN int8range(lower(r.held), NULL) "
    "ELSE r.held END AS held, {columns} FROM {table} r " + _PROGRESS + " WHERE lower(r.held) <= p.position"
)
"""Rows of the shadow table as they were at the position of the live rows."""
_DIFFERENCES = SQL(
    "SELECT notice, count(*) FILTER (WHERE rebuilt), count(*) FILTER (WHERE NOT rebuilt), "
    "coalesce(min(lower(held)), 0) FROM ("
    "SELECT notice, held, true AS rebuilt FROM (({shadow}) EXCEPT ALL ({live})) a UNION ALL "
    "SELECT notice, held, false FROM (({live}) EXCEPT ALL ({shadow})) b) d GROUP BY notice ORDER BY notice"
)


async def _differences(connection: Connection, view: View, table: Table[Any]) -> list[Divergence]:
    """Return the differences between a table's live rows and shadow rows, up to the position of the live rows."""

    def rows(query: SQL, name: str) -> Composed:
        columns = SQL(", ").join(SQL("r.") + Identifier(column.name) for column in table.columns)
        return query.format(columns=columns, table=Identifier("views", name), view=view.name, version=view.version)

    shadow, live = rows(_SHADOW, table.name + SHADOW), rows(_LIVE, table.name)
    cursor = await connection.execute(_DIFFERENCES.format(shadow=shadow, live=live), binary=True)
    return [
        Divergence(notice, table.name, missing, surplus, position)
        for notice, missing, surplus, position in await cursor.fetchall()
    ]
