"""The digest of a view at a position: equal for live rows, rebuilt rows, and a fold of the entries.

It is over every version of every row up to that position, so that it says what held there and at each one before.
SHA-256 over the versions, each as a line of JSON: the table, the position since which the row held, the one from
which it did not (null if it still held), then the values of its columns in their order, instants in UTC and the
keys of objects sorted; lines in the order of their bytes.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection, IsolationLevel
from psycopg.sql import SQL, Identifier

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.store.database import connect
from projections.engine.columns import row_of, values_of
from projections.engine.follower import entries_of, fold_anew
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.views.registry import ALL


class Digest(Struct, frozen=True, rename="camel"):
    """A view's rows, as it is stored and as the entries give it."""

    notice: str
    view: str
    version: int
    position: int
    """How far the view is folded."""
    stored: str
    folded: str

    @property
    def sound(self) -> bool:
        """Whether the stored rows, past ones too, are those that the entries give."""
        return self.stored == self.folded


Stretch = tuple[Table[Any], int, int | None, Sequence[Any]]
"""A version of a row: its table, the positions since and until which it held, the values of its columns."""
_encode = msgspec.json.Encoder(order="deterministic").encode


def of(versions: Iterable[Stretch]) -> str:
    """The digest, in base64, of versions of rows."""
    lines = sorted(
        _encode([table.name, since, until, *map(_plain, values)]) for table, since, until, values in versions
    )
    return b64encode(hashlib.sha256(b"\n".join(lines)).digest()).decode()


def _plain(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def folded(view: View, history: Sequence[Entry]) -> str:
    """The digest that a history gives, folded as it was recorded; corrections are among the entries."""
    rows = Rows(view.tables)
    for count, entry in enumerate(history, 1):
        if isinstance(entry.fact, EntryCorrected):
            rows.become(fold_anew(view, history[:count]))
        else:
            rows.begin(entry)
            view.fold(rows, entry)
        rows.commit(entry.position)
    tables = {table.name: table for table in view.tables}
    return of(
        (tables[name], since, until, values_of(row))
        for name, changes in rows.take().items()
        for (_, since), (row, until) in changes.added.items()
    )


async def stored(connection: AsyncConnection[Any], view: View, notice: str, position: int) -> str:
    """The digest of the stored rows as of a position; the role may pass by the reader's policies."""
    found: list[Stretch] = []
    for table in view.tables:
        columns = SQL(", ").join(Identifier(column.name) for column in table.columns)
        query = SQL("SELECT lower(held), upper(held), {} FROM {} WHERE notice = %s AND lower(held) <= %s")
        cursor = await connection.execute(
            query.format(columns, Identifier("views", table.name)), (notice, position), binary=True
        )
        found += [
            (table, since, until if until is not None and until <= position else None, values_of(row))
            for since, until, *values in await cursor.fetchall()
            for row in (row_of(table.row, values),)
        ]
    return of(found)


async def digests(url: str, notice: str | None = None, views: Sequence[View] = ALL) -> list[Digest]:
    """Of each notice and view: its state as stored and as its entries give it, on one snapshot."""
    async with await connect(url, "ledger_projector") as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        async with connection.transaction():
            cursor = await connection.execute(
                "SELECT notice, view, version, position FROM views.progress "
                "WHERE view = ANY (%s) AND (%s::text IS NULL OR notice = %s) ORDER BY notice, view",
                ([view.name for view in views], notice, notice),
            )
            known = {view.name: view for view in views}
            return [
                await _digest(connection, of_notice, known[name], version, position)
                for of_notice, name, version, position in await cursor.fetchall()
                if version == known[name].version
            ]


async def _digest(
    connection: AsyncConnection[Any], notice: str, view: View, version: int, position: int
) -> Digest:
    history = await entries_of(connection, notice, view, position)
    found = await stored(connection, view, notice, position)
    return Digest(notice, view.name, version, position, found, folded(view, history))
