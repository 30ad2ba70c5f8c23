"""Statements that store entries, and that read what recording needs: heads, keys, salts, documents, snapshots.

Only `write` stores entries, by one call of a database function for entries, head and narratives. `write` stores
nothing unless the head and the clock are as the guard says. docs/decisions/0023 has the measurements.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import astuple
from psycopg import AsyncConnection

from ledger.domain.entry import Entry
from ledger.intake.envelope import decode
from ledger.store import arrays
from ledger.store.writer_connections import RecordingConnection

if TYPE_CHECKING:
    # Who only reads entries, such as a process that folds views, starts without the scan for personal data.
    from ledger.intake.parse import SubmittedFile, SubmittedNarrative

Connection = AsyncConnection[Any]


class Head(Struct, frozen=True):
    """The end of a notice's ledger: size, root, frontier, and the last entry's time of recording."""

    size: int
    root_hash: bytes
    frontier: bytes
    recorded_at: datetime


class Guard(Struct, frozen=True):
    """Conditions under which a batch is stored."""

    size: int
    """Size that the head must have."""
    root_hash: bytes
    """Root that the head must have."""
    clock: datetime | None = None
    """Time by the process's clock, which is compared with the database's; None for a simulated clock."""


class EntryRow(Struct, frozen=True):
    """A row of the table of entries."""

    position: int
    source: str
    id: str
    type: str
    recorded_at: datetime
    leaf_hash: bytes
    root_hash: bytes
    body: bytes


_RECORD_ENTRY = f"SELECT ledger.record_entry({', '.join(['%s'] * 16)})"
_RECORD_ENTRIES = f"SELECT ledger.record_entries({', '.join(['%s'] * 17)})"
CLOCK_BOUND_SECONDS = 5
"""Seconds by which the process's clock may differ from the database's; `ledger.move_head` has the same bound."""


async def write(
    connection: RecordingConnection,
    notice: str,
    guard: Guard,
    head: Head,
    rows: Sequence[EntryRow],
    narratives: Sequence[tuple[int, "SubmittedNarrative"]],
) -> bool:
    """Store rows and their narratives, and move the head.

    Args:
        connection: The recorder's connection.
        notice: The notice of the rows.
        guard: Conditions under which the batch is stored.
        head: The new head.
        rows: The rows, in order.
        narratives: The narratives, with the positions of their entries.

    Returns:
        True if the rows were stored; False if a condition does not hold, so that nothing was stored.
    """
    clock = guard.clock or head.recorded_at
    parameters: list[Any] = [notice, guard.size, guard.root_hash, head.frontier, clock, guard.clock is not None]
    if len(rows) == 1:
        parameters += astuple(rows[0])[1:]
    else:
        _, sources, ids, types, instants, leaves, roots, bodies = zip(*map(astuple, rows), strict=True)
        parameters += (
            arrays.texts(sources),
            arrays.texts(ids),
            arrays.texts(types),
            arrays.instants(instants),
            arrays.byteas(leaves),
            arrays.byteas(roots),
            arrays.byteas(bodies),
            arrays.integers(position for position, _ in narratives),
        )
    parameters += (
        arrays.texts(narrative.path for _, narrative in narratives),
        arrays.byteas(narrative.salt for _, narrative in narratives),
        arrays.texts(narrative.body for _, narrative in narratives),
    )
    statement = _RECORD_ENTRY if len(rows) == 1 else _RECORD_ENTRIES
    cursor = await connection.cursor_of(statement).execute(statement, parameters, prepare=True)
    return await cursor.fetchone() == (True,)


_HEAD = "SELECT size, root_hash, frontier, recorded_at FROM ledger.heads WHERE notice = %s"
_LOCK_HEAD = f"{_HEAD.replace('SELECT', 'SELECT clock_timestamp(),')} FOR UPDATE"
_LOCK_HEAD_NOWAIT = f"{_LOCK_HEAD} NOWAIT"


async def read_head(connection: Connection, notice: str) -> Head | None:
    """Return the head of a notice, or None for an unknown notice."""
    cursor = await connection.execute(_HEAD, (notice,), binary=True)
    row = await cursor.fetchone()
    return Head(*row) if row else None


async def lock_head(connection: Connection, notice: str, *, wait: bool = True) -> tuple[Head | None, datetime]:
    """Lock the head of a notice until the transaction ends.

    Returns:
        The head, or None for an unknown notice, and the time by the database's clock.

    Raises:
        psycopg.errors.LockNotAvailable: Another transaction holds the lock, and `wait` is False or the
            connection's `lock_timeout` has passed.
    """
    cursor = await connection.execute(_LOCK_HEAD if wait else _LOCK_HEAD_NOWAIT, (notice,), binary=True)
    row = await cursor.fetchone()
    if row is not None:
        return Head(*row[1:]), row[0]
    cursor = await connection.execute("SELECT clock_timestamp()", binary=True)
    rows = await cursor.fetchall()
    return None, rows[0][0]


PAGE = 2_000


async def read_bodies(
    connection: Connection, notice: str, after: int, to: int, page: int = PAGE
) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the position and the stored bytes of each entry after the position `after`, up to `to`."""
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
    """Return the entries of a notice after the position `after`, up to `to`.

    Raise Damaged if an entry cannot be read.
    """
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
    """Return the entries with these (source, id) keys, by key."""
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
    """Return the salts of these entries' narratives by position and path; None for an erased narrative."""
    cursor = await connection.execute(
        "SELECT position, path, salt FROM ledger.narratives WHERE notice = %s AND position = ANY(%s)",
        (notice, list(positions)),
        binary=True,
    )
    salts: dict[int, dict[str, bytes | None]] = {}
    for position, path, salt in await cursor.fetchall():
        salts.setdefault(position, {})[path] = salt
    return salts


async def erase_narratives(connection: Connection, notice: str, erasing: int) -> None:
    """Erase the narratives that the entry at `erasing` names; the database checks that entry."""
    await connection.execute("SELECT ledger.erase_narratives(%s, %s)", (notice, erasing))


async def add_file(connection: Connection, notice: str, position: int, file: "SubmittedFile") -> None:
    """Record the stored document of the entry at `position`, in the transaction that stores the entry."""
    await connection.execute(
        "INSERT INTO ledger.files (notice, position, content, upload, salt, size, media_type) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (notice, position, file.content, file.upload, file.salt, file.size, file.media_type),
    )


async def read_contents(connection: Connection, notice: str, positions: Sequence[int]) -> dict[int, str | None]:
    """Return the SHA-256 of the entries' documents, by position; None for an erased document."""
    cursor = await connection.execute(
        "SELECT position, CASE WHEN erased_by IS NULL THEN content END FROM ledger.files "
        "WHERE notice = %s AND position = ANY(%s)",
        (notice, list(positions)),
        binary=True,
    )
    return dict(await cursor.fetchall())


async def erase_file(connection: Connection, notice: str, erasing: int) -> None:
    """Erase the salt of the document that the entry at `erasing` names; the database checks that entry."""
    await connection.execute("SELECT ledger.erase_file(%s, %s)", (notice, erasing))


async def read_snapshot(connection: Connection, notice: str, version: str) -> tuple[int, bytes] | None:
    """Return the position and the bytes of the snapshot by a version of the rules; None without a snapshot."""
    cursor = await connection.execute(
        "SELECT position, state FROM ledger.snapshots WHERE notice = %s AND version = %s",
        (notice, version),
        binary=True,
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else None


async def write_snapshot(connection: Connection, notice: str, version: str, position: int, state: bytes) -> None:
    """Store a snapshot, unless one of the same version and of the same or a later position is stored."""
    await connection.execute(
        "INSERT INTO ledger.snapshots AS stored (notice, version, position, state) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (notice, version) DO UPDATE SET position = excluded.position, state = excluded.state "
        "WHERE stored.position < excluded.position",
        (notice, version, position, state),
    )
