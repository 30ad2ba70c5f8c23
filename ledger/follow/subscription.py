"""Subscribe to a published ledger: the source's notices arrive here, and stay read-only.

A change that the copy refuses, such as a rewritten narrative, is tried again and again. Nothing after it arrives.
So the copy stays sound, and the errors raise an alarm. PostgreSQL itself retries the change, and reconnects to a
source that was lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from ledger.domain.errors import LedgerError
from ledger.follow.checks import check_history, check_source, has_slot
from ledger.follow.registry import SUBSCRIPTION, Source
from ledger.follow.repair import repair
from ledger.follow.source import RECORD, STATE, check_name
from ledger.proof.checkpoint import CheckpointError, VerifierKey
from ledger.store.database import connect
from ledger.store.distribution import refuse_distributed
from ledger.store.entries import Connection

POLL_SECONDS = 0.2
"""Seconds between checks of a copy's progress."""
ERRORS = 3
"""Number of errors after which the wait for a copy ends."""
_SUBSCRIPTION = """SELECT s.subenabled, (SELECT count(*) FROM pg_subscription_rel r
    WHERE r.srsubid = s.oid AND r.srsubstate <> 'r'), e.apply_error_count + e.sync_error_count
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    JOIN pg_stat_subscription_stats e ON e.subid = s.oid
    WHERE d.datname = current_database() AND s.subname = %s"""
_SLOT_NAME = """SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    WHERE d.datname = current_database() AND s.subname = %s AND s.subslotname IS NOT NULL"""
_HAS_PASSED = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"


async def subscribe(url: str, source_url: str, source: Source, progress: Callable[[str], None]) -> None:
    """Follow a published ledger, and wait until its record has been copied. Repeating a failed call is safe.

    Heads, narratives and files follow once all entries are there, as they refer to entries. A failover at the
    source may lose changes for this ledger. The missing rows are then added.

    Args:
        url: The database of the copy, with the administrator's login.
        source_url: The source's database, with the follower's login.
        source: Name, site and key of the source.
        progress: Called with a line of text when a part of the copying starts.

    Raises:
        LedgerError: The source cannot be followed; the message says why.
        psycopg.OperationalError: A connection is lost.
    """
    check_name(source.name)
    try:
        VerifierKey.parse(source.key)
    except CheckpointError as error:
        raise LedgerError(f"the source's key is wrong: {error}; print it there with ledger key show") from None
    async with await connect(url) as connection:
        await refuse_distributed(connection)
        async with await connect(source_url) as other:
            slot = await check_source(other, connection)
            exists = await _exists(connection, source.name)
            if exists:
                await check_history(other, connection, source.name)
            await _check_key(connection, source)
            if not exists:
                await _require_empty(connection, source.name)
                await _create(connection, source.name, source_url, slot)
            elif await has_slot(other, slot) and await _has_slot_name(connection, source.name):
                await _enable(connection, source.name, source_url)
            else:
                progress(f"the source has not kept its changes in the slot {slot}; adding what is missing")
                await repair(connection, source_url, source.name, slot)
            await _add(connection, source)
            await _complete_tables(connection, source.name, progress)
            if not await _has_all(connection, other, source.name, slot):
                progress(f"the slot {slot} has skipped changes; adding what is missing")
                await repair(connection, source_url, source.name, slot)


async def _complete_tables(connection: Connection, name: str, progress: Callable[[str], None]) -> None:
    """Wait until a source's entries have been copied, then copy the tables that refer to entries.

    Raise the errors of `_watched`.
    """
    progress("copying the entries")
    await _copied(connection, name)
    await connection.execute(
        SQL("ALTER SUBSCRIPTION {} SET PUBLICATION {}, {}").format(
            Identifier(SUBSCRIPTION + name), Identifier(RECORD), Identifier(STATE)
        )
    )
    progress("copying the narratives")
    await _copied(connection, name)


async def _has_all(connection: Connection, source: Connection, name: str, slot: str) -> bool:
    """Return whether the copy has all present entries of the source, after waiting for their arrival.

    Raise the errors of `_watched`.
    """
    heads = await (await source.execute("SELECT notice, size FROM ledger.heads")).fetchall()
    ((end,),) = await (await source.execute("SELECT pg_current_wal_flush_lsn()::text")).fetchall()
    query = "SELECT count(*) FROM ledger.entries WHERE notice = %s AND position <= %s"
    async for _ in _watched(connection, name):
        cursor = await source.execute(_HAS_PASSED, (end, slot))
        has_passed = await cursor.fetchone() != (False,)  # without a slot, nothing more arrives
        sizes = [await (await connection.execute(query, head)).fetchone() for head in heads]
        if sizes == [(size,) for _, size in heads]:
            return True
        if has_passed:
            return False
    raise AssertionError


async def _enable(connection: Connection, name: str, source_url: str) -> None:
    subscription = Identifier(SUBSCRIPTION + name)
    await connection.execute(SQL("ALTER SUBSCRIPTION {} CONNECTION {}").format(subscription, Literal(source_url)))
    await connection.execute(SQL("ALTER SUBSCRIPTION {} ENABLE").format(subscription))


async def _exists(connection: Connection, name: str) -> bool:
    cursor = await connection.execute(_SUBSCRIPTION, (SUBSCRIPTION + name,))
    return bool(cursor.rowcount)


async def _has_slot_name(connection: Connection, name: str) -> bool:
    """Return whether a subscription has a slot; it has none if its repair was not finished."""
    cursor = await connection.execute(_SLOT_NAME, (SUBSCRIPTION + name,))
    return bool(cursor.rowcount)


async def _require_empty(connection: Connection, name: str) -> None:
    """Raise LedgerError if notices of a source are here already: its entries would arrive a second time."""
    cursor = await connection.execute("SELECT FROM ledger.followed WHERE source = %s LIMIT 1", (name,))
    if cursor.rowcount:
        raise LedgerError(f"notices of {name} are here from an earlier copy; follow it in an empty database")


async def _create(connection: Connection, name: str, source_url: str, slot: str) -> None:
    subscription = Identifier(SUBSCRIPTION + name)
    statement = SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH (slot_name = {})")
    try:
        await connection.execute(
            statement.format(subscription, Literal(source_url), Identifier(RECORD), Literal(slot))
        )
    except psycopg.Error as error:
        raise LedgerError(f"the source cannot be followed: {str(error).strip().splitlines()[0]}") from None


async def _copied(connection: Connection, name: str) -> None:
    """Wait until the tables of a subscription have been copied. Raise the errors of `_watched`."""
    async for pending in _watched(connection, name):
        if pending == 0:
            return


async def _watched(connection: Connection, name: str) -> AsyncIterator[int]:
    """Yield at intervals the number of a subscription's tables that are not copied yet.

    Raises:
        LedgerError: The copy has repeated errors, or was stopped.
    """
    first: int | None = None
    while True:
        cursor = await connection.execute(_SUBSCRIPTION, (SUBSCRIPTION + name,))
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise LedgerError(f"the copy of {name} was stopped; repeat the command to continue")
        _, pending, errors = row
        yield pending
        first = errors if first is None else first
        if errors - first >= ERRORS:
            raise LedgerError(f"the copy of {name} fails; the database's log says why. Repeat the command then")
        await asyncio.sleep(POLL_SECONDS)


async def unsubscribe(url: str, name: str) -> str | None:
    """Stop following a source, and drop the slot at the source. The source's notices stay here, read-only.

    Returns:
        The reason why the slot could not be dropped at the source; None if it was dropped.

    Raises:
        LedgerError: The source is not followed.
    """
    subscription = Identifier(SUBSCRIPTION + check_name(name))
    async with await connect(url) as connection:
        cursor = await connection.execute(
            "UPDATE ledger.sources SET left_at = now() WHERE source = %s AND left_at IS NULL", (name,)
        )
        if not cursor.rowcount:
            raise LedgerError(f"no source {name!r} is followed; see ledger follow status")
        try:
            await connection.execute(SQL("DROP SUBSCRIPTION {}").format(subscription))
        except psycopg.Error as error:
            await connection.execute(SQL("ALTER SUBSCRIPTION {} DISABLE").format(subscription))
            await connection.execute(SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(subscription))
            await connection.execute(SQL("DROP SUBSCRIPTION {}").format(subscription))
            return str(error).strip().splitlines()[0]
    return None


async def _check_key(connection: Connection, source: Source) -> None:
    """Raise LedgerError if the source was followed with another key."""
    cursor = await connection.execute("SELECT key FROM ledger.sources WHERE source = %s", (source.name,))
    row = await cursor.fetchone()
    if row is not None and row[0] != source.key:
        raise LedgerError(f"{source.name} was followed with the key {row[0]}; give that key, or another name")


async def _add(connection: Connection, source: Source) -> None:
    await connection.execute(
        "INSERT INTO ledger.sources (source, site, key) VALUES (%s, %s, %s) "
        "ON CONFLICT (source) DO UPDATE SET site = excluded.site, left_at = NULL",
        (source.name, source.site, source.key),
    )
