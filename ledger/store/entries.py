"""The statements by which entries are stored and read. One way in: `write`, guarded by the head's size.

`write` is a single statement, so that one round trip stores entries, head and narratives, or nothing: its
guard is that the head still has the size the batch was computed on. docs/decisions/0002 has the measurement.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from ledger.domain.entry import Entry
from ledger.intake.envelope import decode
from ledger.intake.parse import SubmittedFile, SubmittedNarrative
from ledger.store import arrays

Connection = AsyncConnection[Any]


class Head(Struct, frozen=True):
    """The end of a notice's ledger."""

    size: int
    root_hash: bytes
    frontier: bytes
    recorded_at: datetime


class EntryRow(Struct, frozen=True):
    """An entry as it is stored."""

    position: int
    source: str
    id: str
    type: str
    recorded_at: datetime
    leaf_hash: bytes
    root_hash: bytes
    body: bytes


_FIRST = """WITH head AS (
    INSERT INTO ledger.heads (size, root_hash, frontier, recorded_at, notice) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (notice) DO NOTHING RETURNING notice)"""
_NEXT = """WITH head AS (
    UPDATE ledger.heads SET size = %s, root_hash = %s, frontier = %s, recorded_at = %s
    WHERE notice = %s AND size = %s RETURNING notice)"""
_ENTRIES = """, written AS (
    INSERT INTO ledger.entries (notice, position, source, id, type, recorded_at, leaf_hash, root_hash, body)
    SELECT head.notice, e.* FROM head, {rows} e)"""
_NARRATIVES = """, told AS (
    INSERT INTO ledger.narratives (notice, position, path, salt, body)
    SELECT head.notice, n.* FROM head, {rows} n)"""
_END = " SELECT FROM head"
_ENTRY_TYPES = ("integer", "text", "text", "text", "timestamptz", "bytea", "bytea", "bytea")
_TEXT_TYPES = ("integer", "text", "bytea", "text")
FEW = 4
"""As many narratives of a single entry go as plain values: stored so it takes 0.36 ms, and 0.50 by unnest."""


def _values(types: Sequence[str], rows: int) -> str:
    row = ", ".join(f"%s::{name}" for name in types)
    return f"(VALUES {', '.join([f'({row})'] * rows)})"


def _arrays(types: Sequence[str]) -> str:
    return f"unnest({', '.join(f'%s::{name}[]' for name in types)})"


@cache
def _statement(first: bool, single: bool, texts: int) -> str:
    """The write of a first batch or of a later one; `texts`: how many narratives go as values, -1 for arrays."""
    parts = [_FIRST if first else _NEXT]
    parts.append(_ENTRIES.format(rows=_values(_ENTRY_TYPES, 1) if single else _arrays(_ENTRY_TYPES)))
    if texts:
        parts.append(_NARRATIVES.format(rows=_values(_TEXT_TYPES, texts) if texts > 0 else _arrays(_TEXT_TYPES)))
    return "".join(parts) + _END


async def write(
    connection: Connection,
    notice: str,
    size: int,
    head: Head,
    rows: Sequence[EntryRow],
    texts: Sequence[tuple[int, SubmittedNarrative]],
) -> bool:
    """Stores the rows after the first `size` entries and moves the head.

    False when somebody else wrote meanwhile: then nothing was stored.
    """
    parameters: list[Any] = [head.size, head.root_hash, head.frontier, head.recorded_at, notice]
    if size:
        parameters.append(size)
    single = len(rows) == 1
    few = single and len(texts) <= FEW
    if single:
        parameters += msgspec.structs.astuple(rows[0])
    else:
        parameters += (
            arrays.integers(row.position for row in rows),
            arrays.texts(row.source for row in rows),
            arrays.texts(row.id for row in rows),
            arrays.texts(row.type for row in rows),
            arrays.instants(row.recorded_at for row in rows),
            arrays.byteas(row.leaf_hash for row in rows),
            arrays.byteas(row.root_hash for row in rows),
            arrays.byteas(row.body for row in rows),
        )
    if few:
        for position, text in texts:
            parameters += (position, text.path, text.salt, text.body)
    elif texts:
        parameters += (
            arrays.integers(position for position, _ in texts),
            arrays.texts(text.path for _, text in texts),
            arrays.byteas(text.salt for _, text in texts),
            arrays.texts(text.body for _, text in texts),
        )
    statement = _statement(size == 0, single, len(texts) if few else -bool(texts))
    cursor = await connection.execute(statement, parameters, prepare=True, binary=True)
    return bool(cursor.rowcount)


_HEAD = "SELECT size, root_hash, frontier, recorded_at FROM ledger.heads WHERE notice = %s"
_HEAD_LOCKED = f"{_HEAD} FOR UPDATE"


async def read_head(connection: Connection, notice: str, *, lock: bool = False) -> Head | None:
    """The head of a notice, locked until the transaction ends if asked; None when there is no such notice."""
    cursor = await connection.execute(_HEAD_LOCKED if lock else _HEAD, (notice,), binary=True)
    row = await cursor.fetchone()
    return Head(*row) if row else None


PAGE = 2_000


async def read_bodies(
    connection: Connection, notice: str, after: int, to: int, page: int = PAGE
) -> AsyncIterator[tuple[int, bytes]]:
    """The stored bytes of the entries after `after`, up to `to`, with their positions, page by page."""
    while after < to:
        cursor = await connection.execute(
            "SELECT position, body FROM ledger.entries WHERE notice = %s AND position > %s AND position <= %s "
            "ORDER BY position LIMIT %s",
            (notice, after, to, page),
            prepare=True,
            binary=True,
        )
        rows = await cursor.fetchall()
        for row in rows:
            yield row
        if len(rows) < page:
            return
        after = rows[-1][0]


async def read_entries(connection: Connection, notice: str, to: int, after: int = 0) -> list[Entry]:
    """Return the entries of a notice after the position `after`, up to `to`."""
    return [decode(body) async for _, body in read_bodies(connection, notice, after, to)]


async def read_root(connection: Connection, notice: str, position: int) -> bytes | None:
    """Return the root that was stored with the entry at a position; None without such an entry."""
    cursor = await connection.execute(
        "SELECT root_hash FROM ledger.entries WHERE notice = %s AND position = %s", (notice, position), binary=True
    )
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def find_keys(
    connection: Connection, notice: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], EntryRow]:
    """The entries that hold these (source, id) keys."""
    cursor = await connection.execute(
        "SELECT position, source, id, type, recorded_at, leaf_hash, root_hash, body FROM ledger.entries "
        "JOIN unnest(%s::text[], %s::text[]) k(of_source, of_id) ON source = of_source AND id = of_id "
        "WHERE notice = %s",
        (arrays.texts(source for source, _ in keys), arrays.texts(key for _, key in keys), notice),
        binary=True,
    )
    return {(row[1], row[2]): EntryRow(*row) for row in await cursor.fetchall()}


async def read_salts(
    connection: Connection, notice: str, positions: Sequence[int]
) -> dict[int, dict[str, bytes | None]]:
    """The salts of these entries' narratives by position and path; None where one was erased."""
    cursor = await connection.execute(
        "SELECT position, path, salt FROM ledger.narratives WHERE notice = %s AND position = ANY(%s)",
        (notice, list(positions)),
        binary=True,
    )
    found: dict[int, dict[str, bytes | None]] = {}
    for position, path, salt in await cursor.fetchall():
        found.setdefault(position, {})[path] = salt
    return found


async def erase_narratives(connection: Connection, notice: str, erasing: int) -> None:
    """Destroys the texts and salts that the entry at `erasing` says; the database checks that it says so."""
    await connection.execute("SELECT ledger.erase_narratives(%s, %s)", (notice, erasing))


async def keep_file(connection: Connection, notice: str, position: int, file: SubmittedFile) -> None:
    """Says where the document of the entry at `position` lies; in the transaction that stores the entry."""
    await connection.execute(
        "INSERT INTO ledger.files (notice, position, content, upload, salt, size, media_type) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (notice, position, file.content, file.upload, file.salt, file.size, file.media_type),
    )


async def read_contents(connection: Connection, notice: str, positions: Sequence[int]) -> dict[int, str | None]:
    """The SHA-256 of these entries' documents, of those that came with one; None where it was erased."""
    cursor = await connection.execute(
        "SELECT position, CASE WHEN erased_by IS NULL THEN content END FROM ledger.files "
        "WHERE notice = %s AND position = ANY(%s)",
        (notice, list(positions)),
        binary=True,
    )
    return dict(await cursor.fetchall())


async def erase_file(connection: Connection, notice: str, erasing: int) -> None:
    """Destroys the salt of the document that the entry at `erasing` says; the database checks that it says so."""
    await connection.execute("SELECT ledger.erase_file(%s, %s)", (notice, erasing))


async def read_snapshot(connection: Connection, notice: str, version: str) -> tuple[int, bytes] | None:
    """The folded state that this version of the rules kept, with its position."""
    cursor = await connection.execute(
        "SELECT position, state FROM ledger.snapshots WHERE notice = %s AND version = %s",
        (notice, version),
        binary=True,
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def write_snapshot(connection: Connection, notice: str, version: str, position: int, state: bytes) -> None:
    """Keeps the folded state, unless a later one is kept already."""
    await connection.execute(
        "INSERT INTO ledger.snapshots AS kept (notice, version, position, state) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (notice, version) DO UPDATE SET position = excluded.position, state = excluded.state "
        "WHERE kept.position < excluded.position",
        (notice, version, position, state),
    )
