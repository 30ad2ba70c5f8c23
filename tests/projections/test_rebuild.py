"""Rebuilding while others read, follow and record; what it mends."""

import asyncio
from typing import Any

import psycopg
import pytest

from ledger.writer import Writer
from projections import plan
from projections import rebuild as rebuilding
from projections.following import Follower
from projections.reading import Reader
from projections.rebuild import rebuild
from projections.tables import Connection
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all, owning, reached, running, stored, until


async def test_rebuilding_goes_unnoticed_by_readers_and_by_the_runner(database: str) -> None:
    heard: list[int] = []
    async with running(database) as runner, Writer(database, on_commit=runner.wake) as writer:
        await owning(runner)
        await begin(writer)
        await reached(runner, SETTING_SIZE)
        async with Reader(database) as reader:
            for _ in range(3):
                receipts = asyncio.gather(*[writer.append(NOTICE, progress(), ALICE) for _ in range(20)])
                await rebuild(database, plan.VIEW, lambda _notice, position: heard.append(position))
                last = max(receipt.position for receipt in await receipts)
                async with reader.at(NOTICE, at_least=last) as reading:
                    (objective,) = await plan.objectives(reading)
                    assert objective.progress_count == last - SETTING_SIZE
    assert heard == sorted(heard)
    versions = stored(database, NOTICE, [plan.VIEW])["objectives"]
    assert [version[0] for version in versions] == list(range(SETTING_SIZE, SETTING_SIZE + 61))


async def owner_of(reader: Reader, at_least: int) -> str:
    async with reader.at(NOTICE, at_least=at_least) as reading:
        (objective,) = await plan.objectives(reading)
        return objective.owner


async def test_a_runner_goes_on_from_what_was_rebuilt_not_from_its_memory(database: str) -> None:
    async with Writer(database) as writer, Reader(database) as reader:
        await begin(writer)
        await fold_all(database, NOTICE)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE views.objectives SET owner = 'mallory'")
        async with running(database) as runner:
            await owning(runner)
            for owner in ("mallory", "alice"):
                receipt = await writer.append(NOTICE, progress(), ALICE)
                runner.wake()
                assert await owner_of(reader, receipt.position) == owner
                await rebuild(database, plan.VIEW)


async def test_a_notice_begun_while_the_rows_are_swapped_is_not_lost(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    following: list[asyncio.Task[None]] = []

    async def waits_or_has_done() -> bool:
        with psycopg.connect(database) as connection:
            waiting = connection.execute(
                "SELECT FROM pg_locks WHERE NOT granted AND relation = 'views.progress'::regclass"
            )
            return waiting.rowcount > 0 or following[0].done()

    class Interrupted(Follower):
        async def write(self, connection: Connection, **how: Any) -> None:
            if not how and not following:
                async with Writer(database) as writer:
                    await begin(writer, "late")
                following.append(asyncio.create_task(fold_all(database, "late", [plan.VIEW])))
                await until(waits_or_has_done)
            await super().write(connection, **how)

    async with Writer(database) as writer:
        await begin(writer)
    await fold_all(database, NOTICE)
    monkeypatch.setattr(rebuilding, "Follower", Interrupted)
    await rebuild(database, plan.VIEW)
    await following[0]
    assert [row[2] for row in stored(database, "late", [plan.VIEW])["objectives"]] == ["O1"]
