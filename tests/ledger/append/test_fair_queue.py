"""Test the queue: a sender of many facts neither holds back others nor takes all the room."""

import asyncio

import pytest

from ledger.append import writer as writers
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Busy
from tests.ledger.history import ALICE, NOTICE, begin, progress

OTHER = "other-2023"
MANY = 20


@pytest.mark.parametrize("room", [20_000, 5], ids=["room for all", "a full queue"])
async def test_each_sender_has_a_turn_and_room_in_the_queue(
    database: str, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    order: list[str] = []

    async def record(notice: str) -> Receipt:
        receipt = await writer.append(notice, progress(), ALICE)
        order.append(notice)
        return receipt

    async with Writer(database) as writer:
        for notice in (NOTICE, OTHER):
            await begin(writer, notice)
        monkeypatch.setattr(writers, "BATCH_ENTRIES", 2)
        monkeypatch.setattr(writers, "QUEUE_ENTRIES", room)
        answers = await asyncio.gather(
            *(record(NOTICE) for _ in range(MANY)), record(OTHER), return_exceptions=True
        )
    assert order.index(OTHER) < 2
    assert [type(answer) for answer in answers].count(Busy) == max(0, MANY - room)
