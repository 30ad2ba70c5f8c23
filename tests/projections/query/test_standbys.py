"""Test reads from a real hot standby: fresh answers, a lagging standby, and URLs that name no standby."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any, LiteralString

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.store.database import connection_arguments, hosts, migrate
from projections.engine.runner import Runner
from projections.errors import NotCaughtUp
from projections.query.reader import AsOf, Reader
from projections.query.standbys import LogPositions
from projections.views.registry import ALL
from tests.journeys.tcp_server import TcpServer, free_port, tcp_server
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all, until


class Pair:
    """A primary with the setting's notice, and its hot standby."""

    def __init__(self, primary: TcpServer, standby: TcpServer) -> None:
        self.servers = (primary, standby)
        self.primary, self.standby = (f"{server.url('postgres', 'postgres')}/postgres" for server in self.servers)

    async def append(self) -> int:
        """Record an entry, fold it, and return its position."""
        async with Writer(self.primary) as writer:
            receipt = await writer.append(NOTICE, progress(), ALICE)
        await fold_all(self.primary, NOTICE)
        return receipt.position

    def on_standby(self, statement: LiteralString) -> None:
        with psycopg.connect(self.standby, autocommit=True) as connection:
            connection.execute(statement)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Stop the standby's replay for a while."""
        self.on_standby("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.on_standby("SELECT pg_wal_replay_resume()")


async def prepare(url: str) -> None:
    await migrate(url)
    await Runner(url, ALL).open()
    async with Writer(url) as writer:
        await begin(writer)
    await fold_all(url, NOTICE)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with tcp_server() as primary:
        asyncio.run(prepare(f"{primary.url('postgres', 'postgres')}/postgres"))
        standby = primary.copy(free_port())
        standby.start()
        try:
            yield Pair(primary, standby)
        finally:
            standby.stop()


@asynccontextmanager
async def reading(pair: Pair, lag: float = 60.0) -> AsyncIterator[Reader]:
    """Open a reader, and wait until it reads from the standby."""
    async with Reader(pair.primary, ALL, standbys_url=pair.standby, lag=lag) as reader:

        async def is_read() -> bool:
            return reader.standbys[0].fault is None

        await until(is_read)
        yield reader


async def served_by_standby(reader: Reader) -> bool:
    async with reader.at(NOTICE) as snapshot:
        [(recovering,)] = await snapshot.fetch("SELECT pg_is_in_recovery()")
    return bool(recovering)


@pytest.mark.database
async def test_reads_are_served_by_the_standby_and_wait_there_for_a_position(pair: Pair) -> None:
    async with reading(pair) as reader:
        assert await served_by_standby(reader)
        async with pair.paused():
            position = await pair.append()
            async with reader.at(NOTICE) as snapshot:
                assert snapshot.position == position - 1
            waiting = asyncio.create_task(position_of(reader, at_least=position, wait=20.0))
            with pytest.raises(NotCaughtUp):
                await position_of(reader, at_least=position, wait=0.1)
            assert not waiting.done()
        assert await waiting == position


async def position_of(reader: Reader, notice: str = NOTICE, **request: Any) -> int:
    async with reader.at(notice, **request) as snapshot:
        return snapshot.position


@pytest.mark.database
async def test_what_a_lagging_standby_cannot_know_is_read_from_the_primary(pair: Pair) -> None:
    """Read a position and an instant beyond its end, and a notice that it lacks."""
    async with reading(pair) as reader, pair.paused():
        position = await pair.append()
        assert await position_of(reader, as_of=AsOf(position)) == position
        async with reader.at(NOTICE, as_of=AsOf(position)) as snapshot:
            known_at = snapshot.recorded_at
        assert await position_of(reader, as_of=AsOf(known_at=known_at)) == position
        async with Writer(pair.primary) as writer:
            await begin(writer, f"new-{position}")
        await fold_all(pair.primary, f"new-{position}")
        assert await position_of(reader, f"new-{position}") == SETTING_SIZE
        started = asyncio.get_running_loop().time()
        with pytest.raises(NotCaughtUp):  # the primary lacks the position as well: no wait helps
            await position_of(reader, at_least=position + 1, wait=20.0)
        assert asyncio.get_running_loop().time() - started < 10


@pytest.mark.database
async def test_a_standby_that_falls_behind_is_left_out_and_comes_back(pair: Pair) -> None:
    async with reading(pair, lag=1.0) as reader:
        async with pair.paused():
            await pair.append()

            async def is_left_out() -> bool:
                return "more than 1 s behind" in (reader.standbys[0].fault or "")

            await until(is_left_out)
            assert not await served_by_standby(reader)

        async def is_read() -> bool:
            return await served_by_standby(reader)

        await until(is_read)


@pytest.mark.database
async def test_a_standby_behind_at_the_start_is_not_trusted(pair: Pair) -> None:
    """Read from the primary, as the lag may be an hour: its beginning is unknown."""
    async with pair.paused():
        position = await pair.append()
        async with Reader(pair.primary, ALL, standbys_url=pair.standby, lag=60.0) as reader:
            assert not await served_by_standby(reader)
            assert await position_of(reader) == position


@pytest.mark.database
async def test_a_primary_is_refused_as_a_standby(pair: Pair) -> None:
    with pytest.raises(LedgerError, match="LEDGER_READ_URL names a primary"):
        await Reader(pair.primary, ALL, standbys_url=pair.primary).open()


@pytest.mark.database
async def test_several_hosts_are_used_as_they_can_be(pair: Pair) -> None:
    """Read from the third host: the first is unreachable, and the second is the primary."""
    primary, standby = (server.port for server in pair.servers)
    url = (
        f"postgresql://postgres:postgres@127.0.0.1:{free_port()},127.0.0.1:{primary},127.0.0.1:{standby}/postgres"
    )
    async with Reader(pair.primary, ALL, standbys_url=url, lag=60.0) as reader:
        await until(lambda: served_by_standby(reader))
        assert [standby.fault is None for standby in reader.standbys] == [False, False, True]


@pytest.mark.database
async def test_the_reason_why_a_standby_cannot_be_read_is_named(pair: Pair) -> None:
    port = pair.servers[1].port
    reasons = {
        f"postgresql://postgres:wrong@127.0.0.1:{port}/postgres": "password authentication failed",
        f"postgresql://postgres:postgres@127.0.0.1:{port}/nowhere": 'database "nowhere" does not exist',
        f"postgresql://postgres:postgres@127.0.0.1:{free_port()}/postgres": "Connection refused",
    }
    for url, reason in reasons.items():
        async with Reader(pair.primary, ALL, standbys_url=url) as reader:
            assert reason in (reader.standbys[0].fault or "")
            assert "wrong" not in (reader.standbys[0].fault or "")


@pytest.mark.database
async def test_a_connection_takes_the_host_that_accepts_writes(pair: Pair) -> None:
    primary, standby = (server.port for server in pair.servers)
    url = f"postgresql://postgres:postgres@127.0.0.1:{standby},127.0.0.1:{primary}/postgres"
    async with Writer(url) as writer:
        receipt = await writer.append(NOTICE, progress(), ALICE)
    await fold_all(url, NOTICE)
    async with Reader(url, ALL) as reader:
        assert await position_of(reader) == receipt.position


@pytest.mark.database
def test_the_connections_of_the_library_take_the_host_that_accepts_writes(pair: Pair) -> None:
    primary, standby = (server.port for server in pair.servers)
    url = f"postgresql://postgres:postgres@127.0.0.1:{standby},127.0.0.1:{primary}/postgres"
    datastore = LedgerDatastore(url, "ledger_guest")
    with closing(datastore), closing(datastore.listening_connection()) as listening:
        listening.execute("LISTEN ledger_entries")
        with datastore.get_connection() as connection:
            assert connection.info.port == primary


@pytest.mark.long
@pytest.mark.database
async def test_another_clusters_standby_is_refused_and_a_promoted_one_left_out() -> None:
    with tcp_server() as first, tcp_server() as other:
        urls = [f"{server.url('postgres', 'postgres')}/postgres" for server in (first, other)]
        await prepare(urls[0])
        standby, strange = first.copy(free_port()), other.copy(free_port())
        for server in (standby, strange):
            server.start()
        try:
            with pytest.raises(LedgerError, match="belongs to another cluster"):
                await Reader(urls[0], ALL, standbys_url=f"{strange.url('postgres', 'postgres')}/postgres").open()
            async with reading(Pair(first, standby)) as reader:
                standby.promote()

                async def is_left_out() -> bool:
                    return "is a primary" in (reader.standbys[0].fault or "")

                await until(is_left_out)
                assert not await served_by_standby(reader)
        finally:
            for server in (standby, strange):
                server.stop()


def test_lag_is_unknown_before_the_first_sample() -> None:
    positions = LogPositions()
    positions.add(100.0, 10)
    assert positions.lag(10, 100.0) == 0
    assert positions.lag(9, 100.0) == float("inf")
    positions.add(101.0, 20)
    assert positions.lag(10, 103.0) == 2.0
    positions.add(104.0, 20)
    assert positions.lag(10, 104.0) == 3.0
    assert positions.lag(20, 104.0) == 0


def test_lag_is_exact_for_an_hour() -> None:
    positions = LogPositions()
    for second in range(2 * 3_600):
        positions.add(float(second), second)
    assert [positions.lag(second, 7_199.0) for second in (7_199, 7_198)] == [0, 0]
    assert positions.lag(5_000, 7_199.0) == 7_199 - 5_001
    assert 3_600 < positions.lag(10, 7_199.0) < 3_602


def test_a_new_primary_that_lacks_the_end_of_the_log_does_not_make_its_standbys_late() -> None:
    positions = LogPositions()
    for at, position in ((100.0, 10), (101.0, 20), (102.0, 30), (103.0, 25)):
        positions.add(at, position)
    assert positions.lag(25, 104.0) == 0
    assert positions.lag(20, 104.0) == 1.0


def test_each_host_of_a_url_is_a_url_of_its_own() -> None:
    url = "postgresql://me:secret@one:5433,two:5434/ledger?target_session_attrs=standby"
    assert [label for label, _ in hosts(url)] == ["one:5433", "two:5434"]
    for (_, single), host in zip(hosts(url), ("one", "two"), strict=True):
        parts = psycopg.conninfo.conninfo_to_dict(single)
        assert (parts["host"], parts["dbname"], parts["target_session_attrs"]) == (host, "ledger", "any")


def test_only_several_hosts_are_searched_for_the_primary() -> None:
    several = connection_arguments("postgresql://one,two/ledger", {})
    assert several["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in connection_arguments("postgresql://one/ledger", {})
    chosen = "postgresql://one,two/ledger?target_session_attrs=any&connect_timeout=7"
    assert {"target_session_attrs", "connect_timeout"}.isdisjoint(connection_arguments(chosen, {}))
