"""One reading of one notice: every query of it sees the views as of one position.

`projections.reading` opens them; the queries in the views' modules take them. In its transaction the database
shows only the rows of its notice that held at its position, so that no query has to say either.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, LiteralString, TypeVar

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composable, Composed, Identifier

from projections.columns import fields_of
from projections.rows import Table

PAGE = 1_001
"""Rows that a query returns at most for each list: a page of 1,000, and one that says whether more follow."""
R = TypeVar("R", bound=Struct)


class AsOf(Struct, frozen=True):
    """What had been recorded at a position, or by an instant; neither: all that was."""

    position: int | None = None
    known_at: datetime | None = None


class Reading:
    """A notice at a position, in a transaction of the reader's role."""

    def __init__(
        self, connection: AsyncConnection[Any], notice: str, entry: tuple[int, datetime, bytes], on: datetime
    ) -> None:
        self._connection = connection
        self.notice = notice
        self.position, self.recorded_at, self.root_hash = entry
        self.on = on
        """The instant at which rules are judged."""

    async def fetch(
        self, query: LiteralString | Composed, parameters: Sequence[object] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        cursor = await self._connection.execute(query, parameters, binary=True)
        return await cursor.fetchall()

    async def rows(
        self,
        table: Table[R],
        where: LiteralString = "TRUE",
        parameters: Sequence[object] = (),
        *,
        order: LiteralString = "t.position",
        first: int | None = None,
    ) -> list[R]:
        """The rows of a table that hold, with the words of their narratives.

        `where` and `order` name the columns of `t`, the table; `first`: how many at most.
        """
        query = _selection(table) + SQL(" AND ({}) ORDER BY {} LIMIT %s").format(SQL(where), SQL(order))
        return [_read(table, values) for values in await self.fetch(query, (self.notice, *parameters, first))]


_JOINED = SQL(
    " LEFT JOIN ledger.narratives {0} ON {0}.notice = t.notice AND {0}.position = t.{1} AND {0}.path = t.{2}"
)
_LISTED = SQL(
    "ARRAY(SELECT n.{2} FROM unnest(t.{1}) WITH ORDINALITY p(path, nth) LEFT JOIN ledger.narratives n "
    "ON n.notice = t.notice AND n.position = t.{0} AND n.path = p.path ORDER BY p.nth)"
)


@cache
def _selection(table: Table[Any]) -> Composed:
    """All columns of a table's rows, and after each narrative's its words and who erased them."""
    selected: list[Composable] = []
    joined = Composed([])
    row: type[Struct] = table.row
    for field in fields_of(row):
        names = [Identifier(column.name) for column in field.columns]
        selected += [SQL("t.") + name for name in names]
        if field.join is None:
            continue
        if field.columns[1].type == "text":
            alias = Identifier(f"text of {field.name}")
            joined += _JOINED.format(alias, *names)
            selected += [alias + SQL(".body"), alias + SQL(".erased_by")]
        else:
            selected += [_LISTED.format(*names, Identifier(name)) for name in ("body", "erased_by")]
    listed, name = SQL(", ").join(selected), Identifier("views", table.name)
    return SQL("SELECT {} FROM {} t").format(listed, name) + joined + SQL(" WHERE t.notice = %s")


def _read(table: Table[R], values: Sequence[Any]) -> R:
    taken: list[Any] = []
    at = 0
    for field in fields_of(table.row):
        end = at + (1 if field.join is None else 4)
        taken.append(values[at] if field.join is None else field.join(*values[at:end]))
        at = end
    return table.row(*taken)
