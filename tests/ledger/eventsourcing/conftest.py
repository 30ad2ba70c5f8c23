"""A recorded notice, and the library's application on it."""

import asyncio
from collections.abc import Iterator

import pytest

from ledger.append.writer import Writer
from ledger.eventsourcing import NoticeLedger
from tests.api.process import data_of
from tests.ledger.history import ALICE, NOTICE, begin, progress, received


async def record_notice(url: str, entries: int) -> None:
    """Record the facts that begin the notice, and progress."""
    async with Writer(url) as writer:
        await begin(writer)
        received(await writer.append_all(NOTICE, [progress() for _ in range(entries)], ALICE))


@pytest.fixture
def recorded(database: str) -> str:
    """Return the URL of a database with a notice of ten entries."""
    asyncio.run(record_notice(database, 3))
    return database


@pytest.fixture
def ledger(recorded: str) -> Iterator[NoticeLedger]:
    """Yield the notice as an application of the library."""
    env = {"LEDGER_DATABASE_URL": recorded, "LEDGER_NOTICE": NOTICE, "LEDGER_DATA": data_of(recorded)}
    with NoticeLedger(env) as app:
        yield app
