"""Digest of a view at a position.

Live rows, rebuilt rows and a fold of the entries have equal digests if the view is sound.

The digest covers every version of every row up to that position, so it also proves earlier positions.

The digest is the SHA-256 of one JSON line per version, with the lines in the order of their bytes. A line holds
the table, the positions since and until which the row held, and the column values. The second position is null if
the row still held. Instants are in UTC and object keys are sorted.
"""

import hashlib
import math
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
from projections.engine.follower import entries_of, refold
from projections.engine.rows import Rows, Table
from projections.engine.view import View


class Digest(Struct, frozen=True, rename="camel"):
    """A view's digest, as stored and as folded from the entries."""

    notice: str
    view: str
    version: int
    position: int
    """Position up to which the digests cover the view's rows."""
    stored: str
    folded: str

    @property
    def sound(self) -> bool:
        """True if the stored rows, including past versions, equal the rows folded from the entries."""
        return self.stored == self.folded


RowVersion = tuple[Table[Any], int | None, int | None, Sequence[Any]]
"""A version of a row: its table, the positions since and until which it held, and its column values.

Rows that still hold have None as the second position. Only forged rows have None as the first.
"""
_encode = msgspec.json.Encoder(order="deterministic").encode


def digest_of(versions: Iterable[RowVersion]) -> str:
    """Return the digest of versions of rows, in base64."""
    lines = sorted(
        _encode([table.name, since, until, *map(_plain, values)]) for table, since, until, values in versions
    )
    return b64encode(hashlib.sha256(b"\n".join(lines)).digest()).decode()


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)  # JSON would have null, as for no value
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def fold_as_recorded(view: View, history: Sequence[Entry]) -> Rows:
    """Return a view's rows after a history, in which each correction takes effect at its own position.

    The history has the entries that the view folds, and all corrections.
    """
    rows = Rows(view.tables)
    for count, entry in enumerate(history, 1):
        if isinstance(entry.fact, EntryCorrected):
            rows.replace_with(refold(view, history[:count]))
        else:
            rows.begin(entry)
            view.fold(rows, entry)
        rows.commit(entry.position)
    return rows


def folded_digest(view: View, history: Sequence[Entry]) -> str:
    """Return the digest of a view's rows after a history, folded by `fold_as_recorded`."""
    tables = {table.name: table for table in view.tables}
    return digest_of(
        (tables[name], since, until, values_of(row))
        for name, changes in fold_as_recorded(view, history).take_changes().items()
        for (_, since), (row, until) in changes.added.items()
    )


_VERSIONS = SQL(
    "WITH progress AS (SELECT position FROM views.progress WHERE notice = {notice} AND view = {view} "
    "AND version = {version}) "
    "SELECT lower(held), "
    "CASE WHEN upper(held) <= {position} OR upper(held) > (TABLE progress) THEN upper(held) END, {columns} "
    "FROM {table} WHERE notice = {notice} "
    "AND (lower(held) <= {position} OR lower(held) > (TABLE progress) OR lower(held) IS NULL)"
)
"""Versions of rows up to a position, and forged rows: those beyond the view's position, or without a start."""


async def stored_digest(connection: AsyncConnection[Any], view: View, notice: str, position: int) -> str:
    """Return the digest of a view's stored rows at a position.

    The connection's role must bypass row-level security. Rows that no fold has stored differ at every position.
    """
    versions: list[RowVersion] = []
    for table in view.tables:
        query = _VERSIONS.format(
            notice=notice,
            view=view.name,
            version=view.version,
            position=position,
            columns=SQL(", ").join(Identifier(column.name) for column in table.columns),
            table=Identifier("views", table.name),
        )
        cursor = await connection.execute(query, binary=True)
        versions += [
            (table, since, until, values_of(row_of(table.row, values)))
            for since, until, *values in await cursor.fetchall()
        ]
    return digest_of(versions)


async def digests(url: str, views: Sequence[View], notice: str | None = None) -> list[Digest]:
    """Return the stored and the folded digest of each view of each notice, in one snapshot of the database.

    `notice` selects a single notice. Views that another version of the fold has stored are left out.

    Raises:
        Unavailable: The database cannot be reached.
    """
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
    stored = await stored_digest(connection, view, notice, position)
    return Digest(notice, view.name, version, position, stored, folded_digest(view, history))
