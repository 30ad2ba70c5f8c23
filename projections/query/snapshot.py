"""One reading of one notice: every query of it sees the views as of one position.

`projections.query.reader` opens them; the queries in the views' modules take them. In its transaction the database
shows only the rows of its notice that held at its position, so that no query has to say either.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, TypeVar

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.sql import Composed
from psycopg.types.numeric import Int8

from projections.query.errors import Inexact, TooSlow, Unfit, ViewStopped
from projections.query.relation import PAGE, FoundRow, Relation, RowQuery, read, statement
from projections.query.tree import Statement

__all__ = ["PAGE", "AsOf", "Snapshot"]

R = TypeVar("R", bound=Struct)
_PLACE = b"SET LOCAL ledger.position = '%d'"
_END = b"COMMIT"
"""Nothing was written; after a ROLLBACK psycopg would forget its prepared statements."""


class AsOf(Struct, frozen=True):
    """What had been recorded at a position, or by an instant; neither: all that was."""

    position: int | None = None
    known_at: datetime | None = None


class Snapshot:
    """A notice at a position, in a transaction of the reader's role."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        notice: str,
        entry: tuple[int, datetime, bytes],
        on: datetime,
        stopped: Mapping[str, int],
    ) -> None:
        self._connection = connection
        self._is_placed = False
        self.notice = notice
        self.position, self.recorded_at, self.root_hash = entry
        self.on = on
        """The instant at which rules are judged."""
        self.stopped = stopped
        """Views that stopped before this position → the one that each has reached; they cannot be read here."""

    async def fetch(
        self, query: LiteralString | Composed | bytes, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of a query; raises TooSlow and Unfit."""
        try:
            await self._place()
            cursor = await self._connection.execute(query, parameters, binary=True)
        except psycopg.errors.QueryCanceled:
            raise _too_slow() from None
        except (psycopg.DataError, UnicodeEncodeError) as error:
            if isinstance(error, psycopg.DataError) and error.sqlstate is not None:
                raise  # the database's own
            raise Unfit("no text holds the character NUL or half of a surrogate pair; leave them out") from None
        return await cursor.fetchall()

    async def answer(
        self, asked: Sequence[tuple[Statement, Mapping[object, object], datetime | None]]
    ) -> list[tuple[bytes, int]]:
        """What the statements of answers answer: each the JSON text, and the number of its rows.

        With each go the values of its own parameters, and the instant at which rules are judged there: the
        reading's, if None. They are sent in one go, and end the reading. Raises TooSlow, and Inexact where a text
        would not say what is there.
        """
        cursors = [AsyncRawCursor(self._connection) for _ in asked]
        try:
            async with self._connection.pipeline():
                await self._place()
                for cursor, (statement, own, on) in zip(cursors, asked, strict=True):
                    given = {
                        **own,
                        "notice": self.notice,
                        "position": self.position,
                        "on": on or self.on,
                        "recorded_at": self.recorded_at,
                        "root_hash": b64encode(self.root_hash).decode(),
                    }
                    parameters = [_sized(given[each]) for each in statement.parameters]
                    await cursor.execute(statement.sql, parameters, prepare=True, binary=True)
                await self._connection.execute(_END)
            rows: list[Any] = [await cursor.fetchone() for cursor in cursors]
        except psycopg.errors.QueryCanceled:
            raise _too_slow() from None
        except (psycopg.DataError, psycopg.ProgrammingError, UnicodeEncodeError) as error:
            raise Inexact(f"the statement of an answer failed: {error}") from error
        if None in rows:
            raise Inexact(f"the view of {self.notice} has no row of it")
        return rows

    async def _place(self) -> None:
        """Shows the transaction the views at the position: `SET LOCAL`, as a statement of its own."""
        if not self._is_placed:
            await self._connection.execute(_PLACE % self.position)
            self._is_placed = True

    async def find(
        self, relation: Relation[R], wanted: RowQuery, *, redacted: bool = False
    ) -> list[list[FoundRow[R]]]:
        """The rows that are wanted of a relation: for each key those tied to it, or all in one list.

        Raises Stopped and TooSlow.
        """
        if relation.view in self.stopped:
            raise ViewStopped(self.notice, relation.view, self.stopped[relation.view])
        query, parameters = statement(relation, wanted)
        parameters |= {
            "notice": self.notice,
            "position": self.position,
            "on": self.on,
            "redacted": redacted,
        }
        found: list[list[FoundRow[R]]] = [[] for _ in (wanted.keys if wanted.by is not None else (1,))]
        for nth, *values in await self.fetch(query, parameters):
            found[nth - 1].append(read(relation, values))
        return found

    async def all(self, relation: Relation[R], **conditions: object) -> list[R]:
        """The rows of a relation that meet the conditions, at most a page of them."""
        (found,) = await self.find(relation, RowQuery(conditions))
        return [each.row for each in found]


def _sized(value: object) -> object:
    """A parameter whose type does not depend on its value, so that statements are prepared once."""
    return Int8(value) if type(value) is int else value


def _too_slow() -> TooSlow:
    return TooSlow("the database takes too long to answer this; ask for less at a time")
