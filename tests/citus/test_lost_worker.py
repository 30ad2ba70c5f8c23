"""Test a worker that is killed under load, and one that does not come back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Unavailable
from ledger.store.database import connect
from ledger.verify.database import verify
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.citus.cluster import Cluster, Server
from tests.ledger.history import ALICE, begin, progress
from tests.projections.folding import until

CALLERS = 4
RECEIPTS = 40
"""Receipts of each notice before the kill, and after the restart."""


@contextmanager
def killed(server: Server) -> Iterator[None]:
    """Kill a server, and start it again at the end."""
    server.kill()
    try:
        yield
    finally:
        server.start()


def on_each_worker(cluster: Cluster) -> list[str]:
    """Return a notice of each of two workers."""
    names = {cluster.worker_of(name): name for name in (f"notice-{number}" for number in range(50))}
    return [names[0], names[1]]


@pytest.mark.timeout(300)
async def test_no_receipt_is_lost_with_a_worker(distributed: Cluster) -> None:
    lost, other = on_each_worker(distributed)
    receipts: dict[str, list[Receipt]] = {lost: [], other: []}
    stopping = asyncio.Event()
    async with Writer(distributed.coordinator) as writer, Writer(distributed.coordinator) as second:
        writers = {lost: writer, other: second}

        async def call(notice: str) -> None:
            while not stopping.is_set():
                with suppress(Unavailable):
                    receipts[notice].append(await writers[notice].append(notice, progress(), ALICE))

        async def reach(notice: str) -> None:
            size = len(receipts[notice]) + RECEIPTS

            async def is_there() -> bool:
                return len(receipts[notice]) >= size

            await until(is_there, 60)

        for notice in receipts:
            await begin(writers[notice], notice)
        callers = [asyncio.create_task(call(notice)) for notice in receipts for _ in range(CALLERS)]
        await reach(lost)
        with killed(Server(distributed.workers[0])):
            await reach(other)
            async with Reader(distributed.coordinator, ALL) as reader:
                assert [head.notice for head in await reader.notices([other])] == [other]
                with pytest.raises(Unavailable, match="the notice's server"):
                    await reader.notices([lost])
            with pytest.raises(psycopg.OperationalError):
                await verify(distributed.coordinator)
        await reach(lost)
        stopping.set()
        await asyncio.gather(*callers)
    assert (await verify(distributed.coordinator)).sound
    for notice, own in receipts.items():
        async with await connect(distributed.coordinator, "ledger_writer") as connection:
            cursor = await connection.execute(
                "SELECT position, encode(leaf_hash, 'base64') FROM ledger.entries WHERE notice = %s", (notice,)
            )
            stored = dict(await cursor.fetchall())
        assert {(r.position, r.leaf_hash) for r in own} <= set(stored.items())
        assert len(own) == len({receipt.position for receipt in own})
