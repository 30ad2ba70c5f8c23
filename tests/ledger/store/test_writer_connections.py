"""Test the connections of writers: bounded round trips, and a registration with the event loop that ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
import uvloop

from ledger.store import writer_connections
from ledger.store.database import connect_as
from ledger.store.writer_connections import BoundedConnection, RecordingConnection
from tests.journeys.tcp_server import TcpServer, tcp_server

KINDS = [BoundedConnection, RecordingConnection]


class Clock(asyncio.SelectorEventLoop):
    """Event loop that only tells a time and remembers the timers that were set."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now
        self.timers: list[float] = []
        self.close()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, *_args: object, **_kwargs: object) -> asyncio.TimerHandle:
        self.timers.append(when)
        return asyncio.TimerHandle(when, print, (), self)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_late_answer_loses_the_connection(database: str, kind: type[BoundedConnection]) -> None:
    async with await connect_as(kind, database, "ledger_writer") as connection:
        timer = connection._timer
        assert timer is not None
        connection._check(Clock(timer.when()))  # between statements
        await connection.execute("SELECT")

        late = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        while connection._deadline is None:  # noqa: ASYNC110 (nothing tells when a statement was sent)
            await asyncio.sleep(0)
        deadline = connection._deadline
        early = Clock(deadline - 1)
        connection._check(early)
        assert early.timers == [deadline]
        connection._check(Clock(deadline))
        async with asyncio.timeout(20):
            with pytest.raises(psycopg.OperationalError):
                await late
        assert connection.closed


@pytest.mark.parametrize("kind", KINDS)
async def test_a_round_trip_has_a_timer_until_its_deadline(
    database: str, kind: type[BoundedConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_connections, "ANSWER_SECONDS", 3_600.0)
    async with await connect_as(kind, database, "ledger_writer") as connection:
        await connection.execute("SELECT")
        timer = connection._timer
        assert timer is not None
        assert timer.when() <= asyncio.get_running_loop().time() + 3_600
        assert not timer.cancelled()
    assert timer.cancelled()


def registered(connection: RecordingConnection) -> bool:
    return connection._socket is not None


async def test_a_large_statement_and_its_answer_pass_in_parts(database: str) -> None:
    async with await connect_as(RecordingConnection, database, "ledger_writer") as connection:
        cursor = await connection.execute("SELECT %s::text || 'x'", ("y" * 1_500_000,))
        [(answer,)] = await cursor.fetchall()
        assert answer == "y" * 1_500_000 + "x"


async def test_a_repeated_statement_keeps_its_cursor_and_takes_parameters_of_other_types(database: str) -> None:
    statement = "SELECT %s::text, %s::integer"
    async with await connect_as(RecordingConnection, database, "ledger_writer") as connection:
        answers = []
        for parameters in (("a", 1), (None, 2**31 - 1), ("c", None)):
            cursor = await connection.cursor_of(statement).execute(statement, parameters, prepare=True)
            answers.append(await cursor.fetchone())
        assert answers == [("a", 1), (None, 2**31 - 1), ("c", None)]
        assert connection.cursor_of(statement) is connection.cursor_of(statement)


async def test_the_registration_of_a_socket_ends_with_the_server(database: str) -> None:
    """Unread news, such as the end of the connection, must not keep the event loop busy."""
    connection = await connect_as(RecordingConnection, database, "ledger_writer")
    try:
        await connection.execute("SELECT")
        assert registered(connection)
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        async with asyncio.timeout(20):
            while registered(connection):  # noqa: ASYNC110 (nothing tells when it was closed)
                await asyncio.sleep(0)
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT")
    finally:
        await connection.close()


async def registrations(url: str) -> list[object]:
    """Return the registered socket after each of several statements."""
    async with await connect_as(RecordingConnection, url, "ledger_writer") as connection:
        sockets: list[object] = []
        for number in range(5):
            cursor = await connection.execute("SELECT %s::integer, pg_sleep(0.01)", (number,), prepare=True)
            assert await cursor.fetchone() == (number, "")
            sockets.append(connection._socket)
            await asyncio.sleep(0)
        return sockets


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_statements_share_one_registration(
    database: str, run: Callable[[Coroutine[Any, Any, list[object]]], list[object]]
) -> None:
    first, *others = run(registrations(database))
    assert first is not None
    assert all(other is first for other in others)


async def test_an_interrupted_statement_loses_the_connection(database: str) -> None:
    async with await connect_as(RecordingConnection, database, "ledger_writer") as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.execute("SELECT pg_sleep(60)")
        assert connection.closed
        assert not registered(connection)


async def broken_by_an_outage(server: TcpServer) -> None:
    """Use a connection before and after its server's stop, and a new one then."""
    url = server.url("postgres", "postgres")
    async with await connect_as(RecordingConnection, url, None) as connection:
        await connection.execute("SELECT")
        await asyncio.to_thread(server.stop)
        with pytest.raises(psycopg.OperationalError):
            async with asyncio.timeout(writer_connections.ANSWER_SECONDS / 2):
                await connection.execute("SELECT")
        assert connection.closed
    await asyncio.to_thread(server.start)
    async with await connect_as(RecordingConnection, url, None) as connection:
        await connection.execute("SELECT")


@pytest.mark.long
@pytest.mark.database
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_an_outage_ends_a_statement_on_each_event_loop(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    with tcp_server() as server:
        run(broken_by_an_outage(server))
