"""Test a commit that no synchronous standby confirms: no receipt, a bounded wait, and an answer by keys later."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg import sql

from ledger.append import recorder, writer
from ledger.append.writer import Writer
from ledger.domain.errors import Unavailable
from ledger.store import writer_connections
from ledger.store.database import migrate
from ledger.verify.database import verify
from tests.journeys.tcp_server import tcp_server
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress

pytestmark = [pytest.mark.database, pytest.mark.long]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with tcp_server() as running:
        url = f"{running.url('postgres', 'postgres')}/postgres"
        asyncio.run(migrate(url))
        yield url


@pytest.fixture
async def without_standby(server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Demand a standby that does not exist, after the setting is recorded; shorten the bounds."""
    async with Writer(server) as first:
        await begin(first)
    monkeypatch.setattr(writer_connections, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(writer, "LOCK_SECONDS", 1.0)
    monkeypatch.setattr(recorder, "RECONNECT_SECONDS", 1.0)
    set_standbys(server, "missing")
    try:
        yield server
    finally:
        set_standbys(server, "")


def set_standbys(url: str, names: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(sql.Literal(names)))
        connection.execute("SELECT pg_reload_conf()")


async def test_a_commit_without_its_standby_is_bounded_and_resolved_by_its_key(without_standby: str) -> None:
    url = without_standby
    async with Writer(url) as appending:
        try:
            with pytest.raises(Unavailable):
                async with asyncio.timeout(20):
                    await appending.append(NOTICE, progress("unconfirmed"), ALICE)
            with psycopg.connect(url) as connection:  # its rows stay invisible: nobody sees what may yet be lost
                assert connection.execute("SELECT FROM ledger.entries WHERE id = 'unconfirmed'").rowcount == 0
        finally:
            set_standbys(url, "")
        receipt = await appending.append(NOTICE, progress("unconfirmed"), ALICE)
        assert receipt.position == SETTING_SIZE + 1
        assert receipt.duplicate
    assert (await verify(url)).sound
