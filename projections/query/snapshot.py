"""Snapshot of a notice: all its queries see the views at one position.

`projections.query.reader` opens snapshots. A snapshot's transaction shows only the rows of its notice that held at
its position. So queries need no filter by notice or position.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString, TypeAlias

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.sql import Composed
from psycopg.types.numeric import Int8

from ledger.domain.calendar import bank_holidays
from ledger.domain.errors import Unavailable
from projections.errors import Inexact, InvalidText, TooMany, TooSlow
from projections.query.tree import Statement

_SET_POSITION = b"SET LOCAL ledger.position = '%d'"
LONGEST_PREPARED = 100_000
"""Bytes of the longest statement that a connection keeps prepared; the plan of a longer one may take 100 MB."""
StatementRequest: TypeAlias = tuple[Statement, Mapping[object, object], datetime | None]
"""A statement, the values of its own parameters, and the instant to judge rules at (None: the snapshot's)."""
_END = b"COMMIT"
"""Statement that ends a composed answer. A ROLLBACK would discard psycopg's prepared statements."""


class AsOf(Struct, frozen=True):
    """A position, or an instant by which entries had been recorded; the latest position, if neither is set."""

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
        self._has_position = False
        self.notice = notice
        self.position, self.recorded_at, self.root_hash = entry
        self.on = on
        """Instant at which rules are judged."""
        self.stopped = stopped
        """View that stopped before this position, and so cannot be read here → the position that it reached."""

    async def fetch(
        self, query: LiteralString | Composed | bytes, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises:
            TooSlow: The query took too long.
            Unavailable: The connection was lost.
            InvalidText: A parameter contains NUL or a lone surrogate.
        """
        try:
            await self._set_position()
            cursor = await self._connection.execute(query, parameters, binary=True)
        except psycopg.errors.QueryCanceled:
            raise _too_slow() from None
        except psycopg.OperationalError as error:
            raise _lost() from error
        except (psycopg.DataError, UnicodeEncodeError) as error:
            if not _is_invalid_text(error):
                raise
            raise _invalid_text() from None
        return await cursor.fetchall()

    async def answer(
        self,
        requests: Sequence[StatementRequest],
        *,
        is_last: bool = True,
        seconds: float | None = None,
    ) -> list[tuple[bytes, int] | None]:
        """Run composed statements in one go.

        Args:
            requests: The statements.
            is_last: True to end the snapshot.
            seconds: Seconds that all statements together may take; None for no limit.

        Returns:
            For each statement, the JSON bytes and the number of rows in them; None if the statement found no row.

        Raises:
            TooSlow: A statement, or all statements together, took too long.
            TooMany: A statement read too many rows.
            InvalidText: A parameter contains NUL or a lone surrogate.
            Unavailable: The connection was lost.
            Inexact: The database cannot write an answer exactly.
        """
        values = {
            "notice": self.notice,
            "position": self.position,
            "on": self.on,
            "recorded_at": self.recorded_at,
            "root_hash": b64encode(self.root_hash).decode(),
        }
        statements = [prepared(request, values) for request in requests]
        return await run_statements(
            self._connection, statements, first=self._setting(), is_last=is_last, seconds=seconds
        )

    async def _set_position(self) -> None:
        """Set the transaction's position, unless it is set."""
        setting = self._setting()
        if setting is not None:
            await self._connection.execute(setting)

    def _setting(self) -> bytes | None:
        """Return the `SET LOCAL` of the transaction's position; None after the first call."""
        has_position, self._has_position = self._has_position, True
        return None if has_position else _SET_POSITION % self.position


def prepared(request: StatementRequest, values: Mapping[Any, object]) -> tuple[bytes, list[object]]:
    """Return the SQL and the parameters of a statement, with these values of the snapshot."""
    statement, own, on = request
    by_name = {**own, **values, "on": on or values["on"], "bank_holidays": bank_holidays()}
    return statement.sql, [_sized(by_name[name]) for name in statement.parameters]


async def run_statements(
    connection: AsyncConnection[Any],
    statements: Sequence[tuple[bytes, Sequence[object]]],
    *,
    first: bytes | None = None,
    is_last: bool = False,
    seconds: float | None,
) -> list[Any]:
    """Run statements in one go, and return the first row of each statement, or None for a statement without rows.

    Args:
        connection: The connection.
        statements: SQL and parameters of each statement.
        first: Setting to run before the statements, if any.
        is_last: True to end the transaction.
        seconds: Seconds that all statements together may take; None for no limit.

    Raises:
        LedgerError: The errors of `Snapshot.answer`.
    """
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            cursors = [AsyncRawCursor(connection) for _ in statements]
            async with connection.pipeline():
                if first is not None:
                    await connection.execute(first)
                for cursor, (sql, parameters) in zip(cursors, statements, strict=True):
                    is_prepared = len(sql) <= LONGEST_PREPARED
                    await cursor.execute(sql, parameters, prepare=is_prepared, binary=True)
                if is_last:
                    await connection.execute(_END)
            return [await cursor.fetchone() for cursor in cursors]
    except Exception as error:
        if timer.expired():
            await connection.close()  # psycopg does not know which statements it prepared
            raise _too_slow() from None
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception) -> Exception | None:
    """Return the error of `Snapshot.answer` for an error of a statement; None for an unexpected error."""
    match error:
        case psycopg.errors.QueryCanceled():
            return _too_slow()
        case psycopg.errors.ProgramLimitExceeded():
            return TooMany("the answer's lists would hold too many rows; ask for fewer with `first`")
        case psycopg.OperationalError():
            return _lost()
        case psycopg.DataError() | psycopg.ProgrammingError() | UnicodeEncodeError():
            if _is_invalid_text(error):
                return _invalid_text()
            return Inexact(f"the statement of an answer failed: {error}")
    return None


def _sized(value: object) -> object:
    """Return a parameter whose SQL type does not depend on its value, so that statements are prepared once."""
    return Int8(value) if type(value) is int else value


def _is_invalid_text(error: Exception) -> bool:
    """Return True if an error is about a parameter that cannot be sent; the database's errors have an SQLSTATE."""
    return not (isinstance(error, psycopg.Error) and error.sqlstate is not None)


def _invalid_text() -> InvalidText:
    return InvalidText("an argument contains the character NUL or a lone surrogate; remove it")


def _lost() -> Unavailable:
    return Unavailable("the connection to the database was lost; try again in a moment")


def _too_slow() -> TooSlow:
    return TooSlow("the database takes too long to answer this; ask for less at a time")
