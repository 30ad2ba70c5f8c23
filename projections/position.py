"""One reading of one notice: every query of it sees the views as of one position.

`projections.reading` opens them; the queries in the views' modules take them. In its transaction the database
shows only the rows of its notice that held at its position, so that no query has to say either.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from msgspec import Struct
from psycopg import AsyncConnection


class AsOf(Struct, frozen=True):
    """What had been recorded at a position, or by an instant; neither: all that was."""

    position: int | None = None
    known_at: datetime | None = None


class Text(Struct, frozen=True):
    """A narrative as it can be read now."""

    body: str | None
    """None: it was erased."""
    erased_by: int | None
    """The position of the entry that erased it."""


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

    async def fetch(self, query: LiteralString, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        cursor = await self._connection.execute(query, parameters, binary=True)
        return await cursor.fetchall()
