"""Repair a copy whose source has not kept all changes: add the missing rows, and continue to follow.

A slot is gone if somebody dropped it, or if a standby without it became the source's primary. A new slot keeps
later changes only. Its snapshot shows the source at exactly the instant when the slot begins. Each row of the
snapshot is compared with the copy's row. Missing rows are added, and the copy is verified. The same transaction
moves the subscription to the new slot, so that nothing is skipped or repeated.
"""

import asyncio
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier, Literal

from ledger.domain.errors import LedgerError
from ledger.follow.monitor import FollowMonitor
from ledger.follow.registry import SUBSCRIPTION
from ledger.follow.source import PUBLICATIONS
from ledger.proof.high_water import HighWaterMarks
from ledger.store.database import connect, connection_arguments, unreachable
from ledger.store.entries import Connection

ATTEMPTS = 5
"""Number of attempts to make a slot: Patroni may make a dropped slot again."""
POLL_SECONDS = 0.1
"""Seconds between checks of a subscription's processes."""
_KEYS = {
    "entries": ("notice", "position"),
    "tiles": ("notice", "level", "number"),
    "checkpoints": ("notice", "size"),
    "narratives": ("notice", "position", "path"),
    "files": ("notice", "position"),
    "heads": ("notice",),
}
_CHANGED = {
    "narratives": ("salt", "body", "erased_by"),
    "files": ("content", "upload", "salt", "erased_by"),
    "heads": ("size", "root_hash", "frontier", "recorded_at"),
}
"""Columns that may change at a source, by table. Triggers refuse changes that no ledger makes."""
_RUNS = """SELECT FROM pg_stat_subscription WHERE subname = %s AND pid IS NOT NULL
    AND subid IN (SELECT s.oid FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
        WHERE d.datname = current_database())"""
_FOREIGN = """SELECT i.notice FROM pg_temp.heads i JOIN ledger.heads h ON h.notice = i.notice
    LEFT JOIN ledger.followed f ON f.notice = i.notice AND f.source = %s WHERE f.notice IS NULL LIMIT 1"""
_DAMAGE = ("GAP", "REWRITTEN", "FORK")
_REMEDY = "keep this copy as evidence, and follow the source in an empty database"


async def repair(connection: Connection, source_url: str, name: str, slot: str) -> None:
    """Add the rows that a copy lacks, and follow its source through a new slot.

    Args:
        connection: The database of the copy, with the administrator's login.
        source_url: The source's database, with the follower's login.
        name: Name of the source.
        slot: Name of the slot; an existing slot of this name is replaced.

    Raises:
        LedgerError: The copy cannot be repaired, and its rows stay as they were; the message says why. The
            subscription stays stopped, because its slot is gone.
        Unavailable: The source cannot be reached; nothing was changed.
        psycopg.OperationalError: A connection is lost.
    """
    async with await _replication(source_url) as replication, await connect(source_url) as source:
        await _stop(connection, name)
        snapshot = await _make_slot(replication, source, slot)
        try:
            async with connection.transaction():
                await _fetch(source, connection, snapshot)
                await _add(connection, name)
                await _subscribe(connection, source_url, name, slot)
                await _verify(connection, name)
        except psycopg.errors.InsufficientPrivilege as error:
            await _drop_slot(source, slot)
            raise LedgerError(
                f"the source rewrote what is here ({error.diag.message_primary}); {_REMEDY}"
            ) from None
        except BaseException:
            with suppress(psycopg.Error):
                await _drop_slot(source, slot)
            raise


async def _replication(source_url: str) -> AsyncConnection[object]:
    """Return a connection to the source that can make a slot. Raise Unavailable if the source refuses it."""
    arguments = {**connection_arguments(source_url, {}), "replication": "database"}
    try:
        return await AsyncConnection.connect(source_url, **arguments)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


async def _stop(connection: Connection, name: str) -> None:
    """Stop a subscription and remove the name of its slot, which marks the repair as unfinished."""
    subscription = Identifier(SUBSCRIPTION + name)
    await connection.execute(SQL("ALTER SUBSCRIPTION {} DISABLE").format(subscription))
    while True:
        cursor = await connection.execute(_RUNS, (SUBSCRIPTION + name,))
        if not cursor.rowcount:
            break
        await asyncio.sleep(POLL_SECONDS)
    await connection.execute(SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(subscription))


async def _make_slot(replication: AsyncConnection[object], source: Connection, slot: str) -> str:
    """Make a slot, and return the name of its snapshot, which lasts while `replication` is idle.

    Raises:
        LedgerError: Another process makes the slot again whenever it is dropped.
    """
    statement = SQL("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT").format(Identifier(slot))
    for attempt in range(ATTEMPTS):
        await _drop_slot(source, slot)
        try:
            cursor = await replication.execute(statement)
        except psycopg.errors.DuplicateObject:
            if attempt == ATTEMPTS - 1:
                raise LedgerError(f"the slot {slot} is made again whenever it is dropped; repeat later") from None
        else:
            row = await cursor.fetchone()
            return str(row[2]) if isinstance(row, tuple) else ""
    raise AssertionError


async def _drop_slot(source: Connection, slot: str) -> None:
    await source.execute(
        "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots "
        "WHERE slot_name = %s AND database = current_database() AND active",
        (slot,),
    )
    await source.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
        "WHERE slot_name = %s AND database = current_database()",
        (slot,),
    )


async def _fetch(source: Connection, connection: Connection, snapshot: str) -> None:
    """Copy the source's tables, as the snapshot shows them, into temporary tables."""
    async with source.transaction():
        await source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await source.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(snapshot)))
        for table in _KEYS:
            incoming, stored = Identifier("pg_temp", table), Identifier("ledger", table)
            await connection.execute(SQL("CREATE TABLE {} (LIKE {}) ON COMMIT DROP").format(incoming, stored))
            query = SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT binary)").format(stored)
            target = SQL("COPY {} FROM STDIN (FORMAT binary)").format(incoming)
            async with source.cursor().copy(query) as rows, connection.cursor().copy(target) as into:
                async for data in rows:
                    await into.write(data)


async def _add(connection: Connection, name: str) -> None:
    """Add the fetched rows that the copy lacks, and change `_CHANGED` columns of its other rows.

    Raises:
        LedgerError: A notice is not a copy of this source, or rows differ that may not change.
    """
    cursor = await connection.execute(_FOREIGN, (name,))
    for (notice,) in await cursor.fetchall():
        raise LedgerError(f"the notice {notice} is here already, and not from {name}; rename one of them")
    for table, key in _KEYS.items():
        if table == "heads":  # no ordinary trigger lets the head of a copy move
            await connection.execute("SET LOCAL session_replication_role = replica")
        insert = SQL("INSERT INTO {} SELECT * FROM {} ON CONFLICT ({}) DO NOTHING")
        columns = SQL(", ").join(map(Identifier, key))
        await connection.execute(insert.format(Identifier("ledger", table), Identifier("pg_temp", table), columns))
        if table in _CHANGED:
            await connection.execute(_change(table))
        cursor = await connection.execute(_differing(table))
        for (notice,) in await cursor.fetchall():
            raise LedgerError(f"the source has other {table} of {notice} than are here; {_REMEDY}")
    await connection.execute("SET LOCAL session_replication_role = origin")
    await connection.execute(
        "INSERT INTO ledger.followed SELECT notice, %s FROM pg_temp.heads ON CONFLICT (notice) DO NOTHING", (name,)
    )
    await connection.execute("SELECT pg_notify('ledger_entries', '')")


def _joined(table: str) -> Composed:
    """Return the condition that a stored row `t` and a fetched row `i` have the same key."""
    return SQL(" AND ").join(SQL("t.{0} = i.{0}").format(Identifier(column)) for column in _KEYS[table])


def _change(table: str) -> Composed:
    """Return the statement that gives a table's differing rows the source's values. Heads only grow."""
    columns = _CHANGED[table]
    statement = SQL("UPDATE {} t SET ({}) = ({}) FROM {} i WHERE {} AND t IS DISTINCT FROM i{}")
    return statement.format(
        Identifier("ledger", table),
        SQL(", ").join(map(Identifier, columns)),
        SQL(", ").join(SQL("i.{}").format(Identifier(column)) for column in columns),
        Identifier("pg_temp", table),
        _joined(table),
        SQL(" AND t.size < i.size" if table == "heads" else ""),
    )


def _differing(table: str) -> Composed:
    """Return the query for a notice with a stored row that differs from the fetched row of the same key."""
    query = SQL("SELECT t.notice FROM {} t JOIN {} i ON {} WHERE ROW(t.*) IS DISTINCT FROM ROW(i.*) LIMIT 1")
    return query.format(Identifier("ledger", table), Identifier("pg_temp", table), _joined(table))


async def _subscribe(connection: Connection, source_url: str, name: str, slot: str) -> None:
    """Replace the subscription by a subscription that starts where the slot starts."""
    subscription = Identifier(SUBSCRIPTION + name)
    await connection.execute(SQL("DROP SUBSCRIPTION {}").format(subscription))
    create = SQL(
        "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} "
        "WITH (create_slot = false, copy_data = false, slot_name = {})"
    )
    publications = SQL(", ").join(map(Identifier, PUBLICATIONS))
    await connection.execute(create.format(subscription, Literal(source_url), publications, Literal(slot)))


async def _verify(connection: Connection, name: str) -> None:
    """Verify the copy, and compare it with all checkpoints of its source. Raise LedgerError for damage."""
    for alarm in await FollowMonitor(HighWaterMarks()).look(connection):
        if alarm.source == name and alarm.kind in _DAMAGE:
            raise LedgerError(f"the copy would not be sound: {alarm}; {_REMEDY}")
