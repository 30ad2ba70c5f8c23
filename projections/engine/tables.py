"""Storage of rows: create a view's tables, load open rows, write the changes of many entries at once.

New fields of a view need a new version, for which a rebuild fills shadow tables and swaps them in.
New rows go in by binary COPY; one UPDATE per table closes old rows. The database role is the projector, which
row-level security does not restrict.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import call
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier

from ledger.store import arrays
from projections.engine.columns import pack_text, packers_of, row_of
from projections.engine.rows import Changes, Key, Rows, Table, Version

Connection = AsyncConnection[Any]
SHADOW = "_shadow"
"""Suffix of the name of a table that a rebuild fills while the live table serves."""
# Binary COPY as PostgreSQL documents it. A range as range_send in src/backend/utils/adt/rangetypes.c writes it:
# flags (1 LB_INC 0x02, UB_INF 0x10), then the bounds.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_count = struct.Struct("!h").pack
_open_range = struct.Struct("!iBiq").pack
_closed_range = struct.Struct("!iBiqiq").pack
_LATEST = 2**62
"""Position that only the ranges of rows without an end contain."""


def position_range(since: int, until: int | None) -> bytes:
    """Return the int8range [since, until) as a field of binary COPY; without `until`, the range has no end."""
    if until is None:
        return _open_range(13, 0x12, 8, since)
    return _closed_range(25, 0x02, 8, since, 8, until)


async def create_missing(connection: Connection, tables: Iterable[Table[Any]]) -> None:
    """Create those of the tables that are missing, with their indexes."""
    by_name = {table.name: table for table in tables}
    cursor = await connection.execute(
        "SELECT name FROM unnest(%s::text[]) name WHERE to_regclass('views.' || name) IS NULL", ([*by_name],)
    )
    for (name,) in await cursor.fetchall():
        await _make(connection, by_name[name], name)
        await create_indexes(connection, by_name[name])


async def create_shadow(connection: Connection, table: Table[Any]) -> None:
    """Create a table's shadow, which replaces an old shadow and has no indexes yet."""
    await connection.execute("SELECT views.drop_shadow(%s)", (table.name,))
    await _make(connection, table, table.name + SHADOW)


async def _make(connection: Connection, table: Table[Any], name: str) -> None:
    columns = table.columns
    await connection.execute(
        "SELECT views.make_table(%s, %s::text[], %s::text[], %s::text[])",
        (name, list(table.key), [c.name for c in columns], [c.type for c in columns]),
    )


async def create_indexes(connection: Connection, table: Table[Any], *, shadow: bool = False) -> None:
    """Create a table's indexes and gather its statistics."""
    name = table.name + (SHADOW if shadow else "")
    await connection.execute("SELECT views.index_key(%s, %s::text[])", (name, list(table.key)))
    for lookup in table.lookups:
        await connection.execute("SELECT views.index_lookup(%s, %s::text[])", (name, list(lookup)))
    if table.in_memory and table.by_position:
        await connection.execute("SELECT views.index_held(%s)", (name,))
    else:
        await connection.execute("SELECT views.analyze_table(%s)", (name,))


class Store:
    """Reader and writer of the rows of some tables, live or shadow."""

    def __init__(self, tables: Sequence[Table[Any]], *, shadow: bool = False) -> None:
        self._tables = tables
        self._columns = {table.name: table.columns for table in tables}
        self._names = {table.name: table.name + (SHADOW if shadow else "") for table in tables}

    async def load(self, connection: Connection, notice: str, rows: Rows, *, whole: bool = False) -> None:
        """Load a notice's current rows into `rows`; `whole` includes tables whose rows do not stay in memory."""
        for table in self._tables:
            if table.in_memory or whole:
                rows.restore(table, await self._open_rows(connection, notice, table))

    async def _open_rows(self, connection: Connection, notice: str, table: Table[Any]) -> list[Version]:
        cursor = await connection.execute(
            SQL("SELECT lower(held), {} FROM {} WHERE notice = %s AND held @> %s::bigint").format(
                _names(column.name for column in self._columns[table.name]),
                Identifier("views", self._names[table.name]),
            ),
            (notice, _LATEST),
            binary=True,
        )
        return [Version(since, row_of(table.row, values)) for since, *values in await cursor.fetchall()]

    async def write(self, connection: Connection, notice: str, changes_by_table: Mapping[str, Changes]) -> None:
        """Store the changes of a notice's rows; close old rows before adding new ones."""
        for table in self._tables:
            changes = changes_by_table.get(table.name)
            if changes is None:
                continue
            if changes.closed:
                await self._close(connection, notice, table, changes.closed)
            if changes.added:
                await self._add(connection, notice, table, changes)

    async def _close(
        self, connection: Connection, notice: str, table: Table[Any], closed: Sequence[tuple[Key, int, int]]
    ) -> None:
        query = _closing(self._names[table.name], table)
        keys = [_packed([row_key[index] for row_key, _, _ in closed]) for index in range(len(table.key))]
        since, until = [since for _, since, _ in closed], [until for _, _, until in closed]
        await connection.execute(query, (since, until, *keys, notice))

    async def _add(self, connection: Connection, notice: str, table: Table[Any], changes: Changes) -> None:
        columns = self._columns[table.name]
        query = _copying(self._names[table.name], table)
        row_type: type[Struct] = table.row
        packers = packers_of(row_type)
        begin = _count(2 + len(columns)) + pack_text(notice)
        packed = [_HEADER]
        for (_, since), (row, until) in changes.added.items():
            packed += (begin, position_range(since, until))
            packed += map(call, packers, astuple(row))
        packed.append(_TRAILER)
        async with connection.cursor() as cursor, cursor.copy(query) as copy:
            await copy.write(b"".join(packed))


@cache
def _closing(name: str, table: Table[Any]) -> bytes:
    """Return the statement that closes rows of a table, live or shadow."""
    types = {column.name: column.type for column in table.columns}
    key = [(part, SQL(types[part] + "[]")) for part in table.key]
    query = SQL(
        "UPDATE {table} t SET held = int8range(c.since, c.until) "
        "FROM unnest(%s::bigint[], %s::bigint[], {column_types}) c(since, until, {names}) "
        "WHERE t.notice = %s AND lower(t.held) = c.since AND {same}"
    ).format(
        table=Identifier("views", name),
        column_types=SQL(", ").join(SQL("%s::") + kind for _, kind in key),
        names=_names(table.key),
        same=SQL(" AND ").join(SQL("t.{0} = c.{0}").format(Identifier(part)) for part, _ in key),
    )
    return query.as_bytes(None)


@cache
def _copying(name: str, table: Table[Any]) -> bytes:
    """Return the statement that copies rows into a table, live or shadow."""
    query = SQL("COPY {} (notice, held, {}) FROM STDIN (FORMAT binary)").format(
        Identifier("views", name), _names(column.name for column in table.columns)
    )
    return query.as_bytes(None)


def _names(names: Iterable[str]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in names)


def _packed(items: list[Any]) -> object:
    return arrays.texts(items) if isinstance(items[0], str) else items
