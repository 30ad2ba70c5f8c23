"""The numbered SQL files of the schema, and the lock under which they run."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection

from ledger.domain.errors import LedgerError

SCHEMA_FOLDERS: Mapping[str, str] = MappingProxyType(
    {"ledger": "ledger.store", "projections": "projections.engine"}
)
"""Prefix of a migration's stored name → the package with its `sql` folder, in order of execution."""
LOCK_SECONDS = 60
"""Seconds to wait while another process migrates."""
_LOCK = 0x1ED6E2
_HOLDERS = """SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objid = %s AND l.granted"""


class Migration(Struct, frozen=True):
    """One numbered SQL file."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folders: Mapping[str, str] = SCHEMA_FOLDERS) -> list[Migration]:
    """Return all migrations in the order in which they run."""
    known = []
    for prefix, package in folders.items():
        sql = files(package).joinpath("sql")
        if sql.is_dir():
            paths = sorted((p for p in sql.iterdir() if p.name.endswith(".sql")), key=lambda p: p.name)
            known += [Migration(f"{prefix}/{p.name}", p.read_text("utf-8")) for p in paths]
    return known


async def lock(connection: AsyncConnection[Any]) -> None:
    """Lock the schema against other migrations until the connection closes.

    Raises:
        LedgerError: Another process has the lock for more than `LOCK_SECONDS`.
    """
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'".encode())
            await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))  # of the session: it outlasts this
    except psycopg.errors.LockNotAvailable:
        holders = await (await connection.execute(_HOLDERS, (_LOCK,))).fetchall()
        pids = ", ".join(str(pid) for (pid,) in holders)
        raise LedgerError(
            f"another process migrates this database{f' (server process {pids})' if pids else ''}; wait until it "
            "ends, and try again. If none runs, end that process with SELECT pg_terminate_backend(…)"
        ) from None
