"""Publish a ledger to followers: publications, logins with few rights, and the slots that followers keep.

A slot holds back the write-ahead log until its follower has read it. A follower that never returns would fill the
disk, so each slot's backlog is reported.
"""

import re

import psycopg
from msgspec import Struct
from psycopg.sql import SQL, Identifier, Literal

from ledger.domain.errors import LedgerError
from ledger.store.database import connect
from ledger.store.distribution import refuse_distributed
from ledger.store.entries import Connection

RECORD = "ledger_record"
"""Publication of the tables whose rows never change."""
STATE = "ledger_state"
"""Publication of the tables whose rows change: heads grow, narratives and files are erased."""
PUBLICATIONS = {
    RECORD: (("entries", "tiles", "checkpoints"), "insert"),
    STATE: (("heads", "narratives", "files"), "insert, update"),
}
"""Publication → its tables, and the kinds of changes that are published."""
BACKLOG_BYTES = 1_000_000_000
"""Bytes of the write-ahead log that a slot may hold back before it is reported."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SLOTS = """SELECT slot_name, active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint,
    coalesce(wal_status, 'lost') FROM pg_replication_slots
    WHERE slot_type = 'logical' AND database = current_database() AND plugin = 'pgoutput' ORDER BY slot_name"""


class Slot(Struct, frozen=True):
    """Replication slot of a follower."""

    name: str
    active: bool
    """True while the follower is connected."""
    backlog: int
    """Bytes of the write-ahead log that the slot holds back."""
    status: str
    """Status in PostgreSQL: `unreserved` if changes may soon be lost, `lost` if the follower cannot continue."""

    @property
    def fault(self) -> str | None:
        """Fault of the slot with its remedy; None if the slot needs no attention."""
        remedy = f"start the follower, or run: ledger follow unpublish {self.name}"
        if self.status == "lost":
            return f"the slot {self.name} has lost what its follower has not read; follow again, or {remedy}"
        if self.status == "unreserved":
            return f"the slot {self.name} will soon lose what its follower has not read; {remedy}"
        if self.backlog > BACKLOG_BYTES:
            return f"the slot {self.name} holds back {self.backlog:,} bytes of the write-ahead log; {remedy}"
        return None


def check_name(name: str) -> str:
    """Check the name of a follower or a source, and return it.

    Raises:
        LedgerError: The name is not one of a to z, followed by at most 39 of a to z, 0 to 9 and _.
    """
    if not _NAME.fullmatch(name):
        raise LedgerError(f"{name!r} is not a valid name: use a to z, 0 to 9 and _, at most 40 characters")
    return name


async def publish(url: str, follower: str, password: str) -> None:
    """Let a follower copy the ledger. Repeating the call is safe and sets the password again.

    Args:
        url: The database, with the administrator's login.
        follower: Name of the follower's login and slot.
        password: Password of the login.

    Raises:
        LedgerError: The name is not valid, a role of that name is not a follower's, or the server cannot publish.
    """
    check_name(follower)
    async with await connect(url) as connection:
        await refuse_distributed(connection)
        await _require_logical(connection)
        async with connection.transaction():
            for name, (tables, changes) in PUBLICATIONS.items():
                await _publish(connection, name, tables, changes)
            await _make_login(connection, follower, password)


async def _require_logical(connection: Connection) -> None:
    cursor = await connection.execute("SELECT current_setting('wal_level'), pg_is_in_recovery()")
    row = await cursor.fetchone()
    if row == ("logical", False):
        return
    if row is not None and isinstance(row, tuple) and row[1]:
        raise LedgerError("this server is a standby; publish on its primary")
    raise LedgerError("the server does not replicate logically; set wal_level = logical and restart it")


async def _publish(connection: Connection, name: str, tables: tuple[str, ...], changes: str) -> None:
    cursor = await connection.execute("SELECT FROM pg_publication WHERE pubname = %s", (name,))
    if cursor.rowcount:
        return
    listed = SQL(", ").join(Identifier("ledger", table) for table in tables)
    await connection.execute(
        SQL("CREATE PUBLICATION {} FOR TABLE {} WITH (publish = {})").format(
            Identifier(name), listed, Literal(changes)
        )
    )


async def _make_login(connection: Connection, follower: str, password: str) -> None:
    cursor = await connection.execute(
        "SELECT pg_has_role(rolname, 'ledger_follower', 'MEMBER') AND NOT rolsuper FROM pg_roles "
        "WHERE rolname = %s",
        (follower,),
    )
    row = await cursor.fetchone()
    if row is not None and row != (True,):
        raise LedgerError(f"the role {follower} exists and is not a follower's; choose another name")
    options = SQL("LOGIN REPLICATION INHERIT PASSWORD {}").format(Literal(password))
    action = SQL("ALTER ROLE {} {}") if row else SQL("CREATE ROLE {} {} IN ROLE ledger_follower")
    await connection.execute(action.format(Identifier(follower), options))


async def unpublish(url: str, follower: str) -> bool:
    """Remove a follower: its login and its slot. Return whether there was anything to remove.

    Raises:
        LedgerError: The name is not valid.
        Unavailable: The database cannot be reached.
    """
    check_name(follower)
    async with await connect(url) as connection:
        login = await connection.execute(
            "SELECT FROM pg_roles WHERE rolname = %s AND pg_has_role(rolname, 'ledger_follower', 'MEMBER') "
            "AND NOT rolsuper",
            (follower,),
        )
        if login.rowcount:
            await connection.execute(SQL("ALTER ROLE {} NOLOGIN").format(Identifier(follower)))
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", (follower,)
        )
        slots = await connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE plugin = 'pgoutput' "
            "AND database = current_database() AND slot_name = %s",
            (follower,),
        )
        if login.rowcount:
            await connection.execute(SQL("DROP ROLE {}").format(Identifier(follower)))
    return bool(login.rowcount or slots.rowcount)


async def slots(connection: Connection) -> list[Slot]:
    """Return the slots of this ledger's followers; empty on a standby."""
    try:
        cursor = await connection.execute(_SLOTS.encode())
    except psycopg.errors.ObjectNotInPrerequisiteState:  # a standby has no position of its own
        return []
    return [Slot(*row) for row in await cursor.fetchall()]
