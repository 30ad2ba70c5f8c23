"""A lock on one notice's head: the other notices go on, and the notice itself once the lock is free."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from ledger.append import writer as writers
from ledger.append.outcome import AppendRequest
from ledger.append.receipt import Receipt
from ledger.append.recorder import Recorder, Result
from ledger.append.writer import Writer
from ledger.domain.errors import Busy, Unavailable
from ledger.store import entries
from ledger.store.database import connect
from ledger.store.entries import Connection, Head
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress

OTHER = "other-2023"


@asynccontextmanager
async def locked(database: str, *notices: str) -> AsyncIterator[None]:
    """Hold the locks on the heads of notices."""
    async with await connect(database) as connection, connection.transaction():
        names = list(notices or [NOTICE])
        await connection.execute("SELECT FROM ledger.heads WHERE notice = ANY(%s) FOR UPDATE", (names,))
        yield


async def test_a_locked_notice_does_not_hold_back_the_others(database: str) -> None:
    async with Writer(database) as writer:
        for notice in (NOTICE, OTHER):
            await begin(writer, notice)
        async with locked(database):
            waiting = [asyncio.create_task(writer.append(NOTICE, progress(), ALICE)) for _ in range(5)]
            others = await asyncio.gather(*(writer.append(OTHER, progress(), ALICE) for _ in range(50)))
            assert [receipt.position for receipt in others] == list(range(SETTING_SIZE + 1, SETTING_SIZE + 51))
            for _ in range(3):  # while tries for the lock go on
                assert isinstance(await asyncio.wait_for(writer.append(OTHER, progress(), ALICE), 20), Receipt)
            assert not any(task.done() for task in waiting)
        receipts = await asyncio.wait_for(asyncio.gather(*waiting), 20)
        assert sorted(receipt.position for receipt in receipts) == list(range(SETTING_SIZE + 1, SETTING_SIZE + 6))
        assert (await writer.append(NOTICE, progress(), ALICE)).position == SETTING_SIZE + 6


async def test_only_the_first_try_waits_for_a_lock(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[bool] = []
    thrice = asyncio.Event()
    record = Recorder.record

    async def noted(self: Recorder, requests: Sequence[AppendRequest], *, wait: bool = True) -> list[Result]:
        tries.append(wait)
        if len(tries) == 3:
            thrice.set()
        return await record(self, requests, wait=wait)

    async with Writer(database) as writer:
        await begin(writer)
        monkeypatch.setattr(Recorder, "record", noted)
        async with locked(database):
            waiting = asyncio.create_task(writer.append(NOTICE, progress(), ALICE))
            await asyncio.wait_for(thrice.wait(), 20)
        await asyncio.wait_for(waiting, 20)
    assert (tries[0], set(tries[1:])) == (True, {False})


@pytest.mark.parametrize("careful", [False, True])
async def test_only_the_first_of_many_locked_heads_is_waited_for(
    database: str, monkeypatch: pytest.MonkeyPatch, *, careful: bool
) -> None:
    waits: list[bool] = []
    lock_head = entries.lock_head

    async def noted(connection: Connection, notice: str, *, wait: bool = True) -> tuple[Head | None, datetime]:
        waits.append(wait)
        return await lock_head(connection, notice, wait=wait)

    many = [f"many-{number}" for number in range(5)]
    async with Writer(database) as writer:
        for notice in (*many, OTHER):
            await begin(writer, notice)
        monkeypatch.setattr(entries, "lock_head", noted)
        async with locked(database, *many):
            writer._recorder._careful = careful
            waiting = [asyncio.create_task(writer.append(notice, progress(), ALICE)) for notice in many]
            assert isinstance(await asyncio.wait_for(writer.append(OTHER, progress(), ALICE), 20), Receipt)
            first = waits[: len(many)]
        receipts = await asyncio.wait_for(asyncio.gather(*waiting), 20)
    assert first == [careful, False, False, False, False]
    assert {receipt.position for receipt in receipts} == {SETTING_SIZE + 1}


async def test_tries_for_a_lock_leave_turns_to_the_queue(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "LOCK_PAUSE", 0.0)  # a try is always due, as with many locked notices
    async with Writer(database) as writer:
        for notice in (NOTICE, OTHER):
            await begin(writer, notice)
        async with locked(database):
            waiting = asyncio.create_task(writer.append(NOTICE, progress(), ALICE))
            for _ in range(3):
                assert isinstance(await asyncio.wait_for(writer.append(OTHER, progress(), ALICE), 20), Receipt)
        assert isinstance(await asyncio.wait_for(waiting, 20), Receipt)


async def test_a_lock_that_is_never_freed_is_reported(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "LOCK_SECONDS", 0.3)
    async with Writer(database) as writer:
        await begin(writer)
        async with locked(database):
            with pytest.raises(Unavailable, match="another process holds the lock"):
                await asyncio.wait_for(writer.append(NOTICE, progress(), ALICE), 20)
        assert isinstance(await writer.append(NOTICE, progress(), ALICE), Receipt)


async def test_only_so_many_facts_wait_for_a_lock(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "LOCKED_ENTRIES", 2)
    async with Writer(database) as writer:
        await begin(writer)
        async with locked(database):
            waiting = [asyncio.create_task(writer.append(NOTICE, progress(), ALICE)) for _ in range(4)]
            done, _ = await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            assert all(isinstance(task.exception(), Busy) for task in done)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 2


async def test_closing_waits_for_the_lock(database: str) -> None:
    writer = await Writer(database).open()
    await begin(writer)
    async with locked(database):
        waiting = asyncio.create_task(writer.append(NOTICE, progress(), ALICE))
        await asyncio.wait([waiting], timeout=1)
        closing = asyncio.create_task(writer.close())
    await asyncio.wait_for(closing, 20)
    assert isinstance(await waiting, Receipt)
