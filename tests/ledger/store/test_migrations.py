"""Test the lock of migrations: one process migrates at a time, and none waits for ever."""

import asyncio

import pytest

from ledger.domain.errors import LedgerError
from ledger.store import migrations
from ledger.store.database import connect, migrate
from tests.projections.folding import until


async def test_a_migration_ends_when_another_process_has_the_lock(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 1)
    async with await connect(database) as other:
        await migrations.lock(other)
        pid = other.info.backend_pid
        with pytest.raises(
            LedgerError, match=rf"process migrates this database \(server process {pid}\); wait until it ends"
        ):
            await migrate(database)


async def test_a_migration_starts_once_the_other_process_ends(database: str) -> None:
    async with await connect(database) as other:
        await migrations.lock(other)
        waiting = asyncio.create_task(migrate(database))

        async def waits() -> bool:
            query = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return bool((await other.execute(query)).rowcount)

        await until(waits)
        assert not waiting.done()
    assert await waiting == []
