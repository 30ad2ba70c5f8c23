"""Building views again from the entries, in shadow tables beside the live ones, then swapping in one transaction.

Readers and the runner go on meanwhile; a runner notices the swap by the progress row that it locks. What is
interrupted leaves the live rows as they are, and its shadows are dropped.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from msgspec import Struct, field
from psycopg.sql import SQL, Composed, Identifier

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine import tables
from projections.engine.parallel_fold import fold_apart, processes
from projections.engine.rows import Table
from projections.engine.shadow_tables import EntryRange, FoldedNotice, fold
from projections.engine.tables import SHADOW, Connection
from projections.engine.view import View
from projections.query.errors import UnknownNotice

ProgressCallback = Callable[[str, int, int], None]
"""Hears of the notice, how far it is folded, and its size."""


class Divergence(Struct, frozen=True):
    """Rows in which the live table differed from the rebuilt one, as far as it had been folded."""

    notice: str
    table: str
    missing: int
    """Versions of rows that only the rebuilt table has."""
    surplus: int
    """Versions of rows that only the live table had."""
    position: int
    """The first position at which they differ."""


class Rebuilt(Struct):
    """How a view was rebuilt."""

    view: str
    rows: int = 0
    """Versions of rows, when it was swapped in."""
    divergences: list[Divergence] = field(default_factory=list)
    failure: str | None = None
    """Why it was not: the live rows stay in use."""
    failed_at: int | None = None
    """The entry at which its fold stopped."""


class Rebuild(Struct):
    """What a rebuild did."""

    views: list[Rebuilt]
    entries: int = 0
    seconds: float = 0.0


async def rebuild(
    url: str,
    views: Sequence[View],
    *,
    notice: str | None = None,
    told: ProgressCallback | None = None,
    compare: bool = False,
) -> Rebuild:
    """Folds every notice anew, or the one named, and takes the rows into use; with `compare`, says what differs.

    A view whose fold raises keeps its live rows, and says so; the others are swapped. Raises UnknownNotice,
    LedgerError when one notice alone cannot be rebuilt, and Unavailable when the database cannot be reached.
    """
    begun = time.monotonic()
    async with await connect(url, "ledger_projector") as connection:
        for view in sorted(views, key=lambda view: view.name):
            await _lock(connection, view, "pg_advisory_lock")
        work = _Work(url, connection, views, notice, told or (lambda _notice, _position, _size: None), compare)
        try:
            await work.run()
        finally:
            await _drop_shadows(url, [view for view in views if view.name not in work.swapped])
        work.result.seconds = time.monotonic() - begun
        return work.result


async def sweep(connection: Connection, views: Sequence[View]) -> None:
    """Drops the shadows that a rebuild left behind when it was killed; those that one is filling stay."""
    cursor = await connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relkind = 'r'"
    )
    there = {name for (name,) in await cursor.fetchall()}
    for view in views:
        left = [table.name for table in view.tables if table.name + SHADOW in there]
        if left and await _lock(connection, view, "pg_try_advisory_lock"):
            for name in left:
                await connection.execute("SELECT views.drop_shadow(%s)", (name,))
            await _lock(connection, view, "pg_advisory_unlock")


async def _lock(connection: Connection, view: View, how: LiteralString) -> bool:
    """Takes the lock of whoever rebuilds the view, tries to, or gives it back; whether that was done."""
    query = SQL("SELECT {}(hashtextextended('views.' || %s, 0))").format(SQL(how))
    row = await (await connection.execute(query, (view.name,))).fetchone()
    return row is not None and row[0] is not False


async def _drop_shadows(url: str, views: Sequence[View]) -> None:
    """Tidies up after what was interrupted, by another connection: the first may be in the midst of a command."""
    with suppress(psycopg.Error, Unavailable, LedgerError):
        async with await connect(url, "ledger_projector") as connection:
            await connection.execute("SET lock_timeout = '2s'")
            for table in (table for view in views for table in view.tables):
                await connection.execute("SELECT views.drop_shadow(%s)", (table.name,))


class _Work:
    """One rebuild under way."""

    def __init__(
        self,
        url: str,
        connection: Connection,
        views: Sequence[View],
        notice: str | None,
        told: ProgressCallback,
        compare: bool,
    ) -> None:
        self._url = url
        self._connection = connection
        self._views = list(views)
        self._notice = notice
        self._told = told
        self._compare = compare
        self._reached: dict[str, int] = {}
        """Notice → how far it is folded."""
        self.result = Rebuild([Rebuilt(view.name) for view in views])
        self.swapped: set[str] = set()

    async def run(self) -> None:
        """Builds, compares and swaps."""
        connection = self._connection
        if self._notice is not None:
            await self._check_versions()
        for table in self._tables():
            if self._notice is not None:
                await tables.make(connection, table)
            await tables.make(connection, table, shadow=True)
        await self._fold_all()
        if self._notice is None:
            for table in self._tables():
                await tables.index(connection, table, shadow=True)
        async with connection.transaction():
            # Whoever follows or begins a notice waits here, so that the shadow can reach the very end.
            await connection.execute("LOCK TABLE views.progress IN EXCLUSIVE MODE")
            await self._fold_all()
            for view in self._views:
                await self._swap(view)
            await self._note()
        self.swapped = {view.name for view in self._views}

    async def _check_versions(self) -> None:
        """The rows of the other notices are taken over: they have to be of the same version."""
        for view in self._views:
            cursor = await self._connection.execute(
                "SELECT FROM views.progress WHERE view = %s AND version <> %s LIMIT 1", (view.name, view.version)
            )
            if await cursor.fetchone() is not None:
                raise LedgerError(f"{view.name} was built by another version; rebuild it for all notices")

    def _tables(self) -> list[Table[Any]]:
        return [table for view in self._views for table in view.tables]

    async def _fold_all(self) -> None:
        """Folds what is recorded and not folded yet: in this process, or in some of their own if there is much."""
        cursor = await self._connection.execute(
            "SELECT notice, size FROM ledger.heads WHERE %s::text IS NULL OR notice = %s ORDER BY notice",
            (self._notice, self._notice),
        )
        found = await cursor.fetchall()
        if self._notice is not None and not found:
            raise UnknownNotice(f"no notice {self._notice[:80]!r} is recorded; check its name")
        stretches = [EntryRange(notice, self._reached.get(notice, 0), size) for notice, size in found]
        stretches = [stretch for stretch in stretches if stretch.after < stretch.to]
        if processes(stretches) and not self._reached:
            await fold_apart(self._url, self._views, stretches, self._take)
        else:
            await fold(self._connection, self._views, stretches, self._take)

    def _take(self, folded: FoldedNotice) -> None:
        """Notes a page that was folded; a view that cannot be folded any further keeps its live rows."""
        notice = folded.stretch.notice
        self._reached[notice] = folded.position
        self.result.entries += folded.entries
        for view in [view for view in self._views if view.name in folded.failures]:
            (result,) = (each for each in self.result.views if each.view == view.name)
            result.failed_at, reason = folded.failures[view.name]
            result.failure = f"{view.name} of {notice} cannot be folded past entry {result.failed_at}: {reason}"
            self._views.remove(view)
        self._told(notice, folded.position, folded.stretch.to)

    async def _swap(self, view: View) -> None:
        (result,) = (each for each in self.result.views if each.view == view.name)
        is_compared = self._compare and await self._is_built(view)
        for table in view.tables:
            if self._notice is not None:
                await self._keep_others(table)
            if is_compared:
                result.divergences += await _differences(self._connection, view, table)
            cursor = await self._connection.execute(
                SQL("SELECT count(*) FROM {}").format(Identifier("views", table.name + SHADOW))
            )
            result.rows += (await cursor.fetchone() or (0,))[0]
            await self._connection.execute("SELECT views.swap_table(%s)", (table.name,))

    async def _is_built(self, view: View) -> bool:
        """Whether live rows of the same version are there: those of another may have other columns."""
        cursor = await self._connection.execute(
            "SELECT FROM views.progress WHERE view = %s AND version = %s LIMIT 1", (view.name, view.version)
        )
        return await cursor.fetchone() is not None

    async def _keep_others(self, table: Table[Any]) -> None:
        """Takes the other notices' rows over as they are."""
        query = SQL("INSERT INTO {} ({names}) SELECT {names} FROM {} WHERE notice <> %s")
        names = SQL(", ").join(map(Identifier, ["notice", "held", *(column.name for column in table.columns)]))
        shadow, live = Identifier("views", table.name + SHADOW), Identifier("views", table.name)
        await self._connection.execute(query.format(shadow, live, names=names), (self._notice,))
        await tables.index(self._connection, table, shadow=True)

    async def _note(self) -> None:
        reached = [
            (notice, view.name, view.version, position)
            for notice, position in self._reached.items()
            for view in self._views
        ]
        async with self._connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO views.progress (notice, view, version, position) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (notice, view) DO UPDATE SET version = excluded.version, "
                "position = excluded.position, built_at = clock_timestamp(), failed_at = NULL, failure = NULL",
                reached,
            )
        await self._connection.execute("SELECT pg_notify('ledger_views', '')")


_ROWS = SQL(
    "SELECT r.notice, CASE WHEN upper(r.held) > p.position THEN int8range(lower(r.held), NULL) "
    "ELSE r.held END AS held, {columns} FROM {table} r JOIN views.progress p "
    "ON p.notice = r.notice AND p.view = {view} AND p.version = {version} WHERE lower(r.held) <= p.position"
)
_DIFFERENCES = SQL(
    "SELECT notice, count(*) FILTER (WHERE rebuilt), count(*) FILTER (WHERE NOT rebuilt), min(lower(held)) FROM ("
    "SELECT notice, held, true AS rebuilt FROM (({shadow}) EXCEPT ALL ({live})) a UNION ALL "
    "SELECT notice, held, false FROM (({live}) EXCEPT ALL ({shadow})) b) d GROUP BY notice ORDER BY notice"
)


async def _differences(connection: Connection, view: View, table: Table[Any]) -> list[Divergence]:
    """How the live rows differ from the shadow's, up to the position that they had reached."""

    def rows(name: str) -> Composed:
        columns = SQL(", ").join(SQL("r.") + Identifier(column.name) for column in table.columns)
        return _ROWS.format(columns=columns, table=Identifier("views", name), view=view.name, version=view.version)

    cursor = await connection.execute(
        _DIFFERENCES.format(shadow=rows(table.name + SHADOW), live=rows(table.name)), binary=True
    )
    return [
        Divergence(notice, table.name, missing, surplus, position)
        for notice, missing, surplus, position in await cursor.fetchall()
    ]
