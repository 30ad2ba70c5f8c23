"""Check a source before it is followed, and again before following continues after a fault."""

import psycopg

from ledger.domain.errors import LedgerError
from ledger.follow.source import PUBLICATIONS, check_name
from ledger.store.entries import Connection

_COPIED = """SELECT f.notice, h.size, h.root_hash FROM ledger.followed f JOIN ledger.heads h ON h.notice = f.notice
    WHERE f.source = %s ORDER BY f.notice"""
_MIGRATIONS = "SELECT name FROM public.ledger_migrations WHERE name LIKE 'ledger/%' ORDER BY name"


async def check_source(source: Connection, own: Connection) -> str:
    """Check that a source can be followed, and return the follower's login, which also names its slot.

    Raises:
        LedgerError: The source cannot be followed; the message says why.
    """
    login = source.info.user
    if await _system(source) == await _system(own):
        raise LedgerError("the source is this database; name the database of another ledger")
    try:
        published, applied = [await _migrations(each) for each in (source, own)]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        raise LedgerError(
            f"the login {login} does not follow a ledger there; run at the source: ledger follow publish {login}"
        ) from None
    if published != applied:
        newer, older = (
            ("the source", "this ledger") if published[-1:] > applied[-1:] else ("this ledger", "the source")
        )
        raise LedgerError(f"{newer} has another version than {older}; upgrade {older}, and run ledger migrate")
    cursor = await source.execute("SELECT pubname FROM pg_publication")
    missing = set(PUBLICATIONS) - {name for (name,) in await cursor.fetchall()}
    if missing:
        raise LedgerError(f"the source publishes nothing; run there: ledger follow publish {login}")
    return check_name(login)


async def check_history(source: Connection, own: Connection, name: str) -> None:
    """Raise LedgerError if the source no longer has the entries that were copied from it."""
    for notice, size, root in await (await own.execute(_COPIED, (name,))).fetchall():
        cursor = await source.execute(
            "SELECT root_hash FROM ledger.entries WHERE notice = %s AND position = %s", (notice, size)
        )
        if await cursor.fetchone() != (root,):
            raise LedgerError(
                f"the source does not have the {size} entries of {notice} that are here: it was restored from an "
                "older copy, or rewrote them. Keep this copy as evidence; follow the source in an empty database"
            )


async def has_slot(source: Connection, slot: str) -> bool:
    """Return whether the source has this slot, with all changes that its follower has not read."""
    cursor = await source.execute("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", (slot,))
    row = await cursor.fetchone()
    return row is not None and row[0] != "lost"


async def _system(connection: Connection) -> tuple[object, ...] | None:
    cursor = await connection.execute("SELECT system_identifier, current_database() FROM pg_control_system()")
    return await cursor.fetchone()


async def _migrations(connection: Connection) -> list[str]:
    return [name for (name,) in await (await connection.execute(_MIGRATIONS)).fetchall()]
