"""Two PostgreSQL servers: one with ledgers that are followed, one with their copies."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.append.writer import Writer
from ledger.follow import source, subscription
from ledger.follow.monitor import FollowMonitor
from ledger.follow.registry import Source
from ledger.proof.checkpoint import Signer
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.high_water import HighWaterMarks
from ledger.store.database import connect, migrate
from tests.journeys.tcp_server import TcpServer, tcp_server
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, begin, progress, submit
from tests.projections.folding import until

SITE = "https://ledger.tameside.example"
PASSWORD = "a password of a follower"
LOGICAL = {"wal_level": "logical", "max_logical_replication_workers": "20", "max_worker_processes": "30"}
COPYING = {"max_logical_replication_workers": "20", "wal_retrieve_retry_interval": "300ms"}
DROP_SLOT = (
    "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE active",
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
)
_numbers = count(1)


class Pair:
    """A source and its copy, in databases of their own."""

    def __init__(self, servers: tuple[TcpServer, TcpServer], number: int) -> None:
        self.follower = f"dfe_{number}"
        self.databases = tuple(f"ledger_{number}" for _ in servers)
        self.source, self.copy = (
            f"{server.url('postgres', 'postgres')}/{name}"
            for server, name in zip(servers, self.databases, strict=True)
        )
        self.source_login = f"{servers[0].url(self.follower, PASSWORD)}/{self.databases[0]}".replace(" ", "%20")
        self.signer = Signer.generate("tameside/1")
        self.described = Source("tameside", SITE, str(self.signer.public), left=False)
        self.monitor = FollowMonitor(HighWaterMarks())

    async def follow(self) -> None:
        """Record the setting at the source, publish it, and follow it."""
        async with Writer(self.source) as writer:
            await begin(writer)
        await self.sign()
        await source.publish(self.source, self.follower, PASSWORD)
        await self.subscribe()

    async def subscribe(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Follow the published source, and wait for its notice."""
        await subscription.subscribe(self.copy, self.source_login, self.described, progress)
        await self.arrived()

    async def sign(self) -> None:
        """Sign the heads of the source."""
        async with CheckpointSigner(self.source, "tameside.example", self.signer) as signer:
            await signer.sign_heads()
            assert signer.refused == {}

    async def arrived(self, notice: str = NOTICE) -> None:
        """Wait until the head of the copy is the source's, and so are its checkpoints."""
        queries = (
            "SELECT size, root_hash FROM ledger.heads",
            "SELECT count(*)::int, null FROM ledger.checkpoints",
        )

        async def same() -> bool:
            rows = []
            for url in (self.source, self.copy):
                async with await connect(url) as connection:
                    for query in queries:
                        cursor = await connection.execute(f"{query} WHERE notice = %s".encode(), (notice,))
                        rows.append(await cursor.fetchone())
            return rows[: len(queries)] == rows[len(queries) :]

        await until(same)

    async def alarms(self) -> list[str]:
        """Return the kinds of all alarms at the copy."""
        async with await connect(self.copy, "ledger_writer") as connection:
            return [alarm.kind for alarm in await self.monitor.look(connection)]

    async def alarmed(self, kind: str) -> None:
        """Wait for an alarm of a kind."""

        async def rings() -> bool:
            return kind in await self.alarms()

        await until(rings)

    def close(self) -> None:
        """Drop the subscription and the follower, if they are still there."""
        asyncio.run(self._close())

    async def _close(self) -> None:
        async with await connect(self.copy) as connection:
            for statement in ("DISABLE", "SET (slot_name = NONE)"):
                if await _subscribed(connection):
                    await connection.execute(f"ALTER SUBSCRIPTION ledger_tameside {statement}".encode())
            await connection.execute("DROP SUBSCRIPTION IF EXISTS ledger_tameside")
        await source.unpublish(self.source, self.follower)


async def _subscribed(connection: psycopg.AsyncConnection[object]) -> bool:
    cursor = await connection.execute(
        "SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = current_database()"
    )
    return bool(cursor.rowcount)


@contextmanager
def servers() -> Iterator[tuple[TcpServer, TcpServer]]:
    """Run both servers, each with a migrated database as the template of the others."""
    with tcp_server(**LOGICAL) as first, tcp_server(**COPYING) as second:
        for server in (first, second):
            url = server.url("postgres", "postgres")
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE template_ledger")
            asyncio.run(migrate(f"{url}/template_ledger"))
        yield first, second


@contextmanager
def pair(running: tuple[TcpServer, TcpServer]) -> Iterator[Pair]:
    """Make a source and a copy, neither with an entry."""
    both = Pair(running, next(_numbers))
    for server, name in zip(running, both.databases, strict=True):
        with psycopg.connect(f"{server.url('postgres', 'postgres')}/postgres", autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE template_ledger").format(Identifier(name)))
    try:
        yield both
    finally:
        both.close()


async def record_and_erase(url: str) -> None:
    """Record two narratives, and erase the first."""
    async with Writer(url) as writer:
        first = await writer.append(NOTICE, progress(), ALICE)
        await writer.append(NOTICE, progress(), ALICE)
    await erase(url, first.position)


async def erase(url: str, position: int) -> None:
    """Erase the narratives of an entry."""
    async with Writer(url) as writer:
        wish = {"position": position, "reason": "A name", "authority": "UK GDPR 17"}
        request = await writer.append(NOTICE, submit("ErasureRequested", wish, "rosa"), ROSA)
        erased = {"position": position, "request": request.position}
        await writer.append(NOTICE, submit("NarrativeErased", erased, "dan"), DAN)


async def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    async with await connect(url) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def drop_slot(both: Pair) -> None:
    """Drop the follower's slot at the source, as a restored dump has none."""
    async with await connect(both.source) as connection:
        await connection.execute(f"ALTER ROLE {both.follower} NOLOGIN".encode())
        for statement in DROP_SLOT:
            await connection.execute(statement.encode())
        await connection.execute(f"ALTER ROLE {both.follower} LOGIN".encode())
