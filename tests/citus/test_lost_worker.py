"""Test a worker that is killed under load, and one that does not come back."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.cli import main
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Unavailable
from ledger.store.database import connect
from ledger.store.distribution import lost_worker
from ledger.verify import catalogue
from ledger.verify.database import verify
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.api import service
from tests.api.process import faults, serving
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


def address(url: str) -> str:
    """Return host and port of a node."""
    parts = conninfo_to_dict(url)
    return f"{parts['host']}:{parts['port']}"


@pytest.mark.timeout(300)
async def test_no_receipt_is_lost_with_a_worker(distributed: Cluster) -> None:
    lost, other = distributed.on_each_worker("kill")
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
            with pytest.raises(psycopg.OperationalError) as away:
                await verify(distributed.coordinator)
            assert lost_worker(away.value) == address(distributed.workers[0])
            assert (await verify(distributed.coordinator, other)).sound
            report = await catalogue.check(distributed.coordinator)
            assert report.findings == []
            assert address(distributed.workers[0]) in report.unchecked
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


@pytest.mark.timeout(300)
async def test_a_service_answers_for_the_notices_of_other_workers(
    distributed: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ask the service while a worker is away, as one that is lost for good."""
    lost, other = distributed.on_each_worker("served")
    tokens = {
        notice: (await service.begin(distributed.coordinator, notice)).tokens["officer"]
        for notice in (lost, other)
    }
    with serving(distributed.coordinator, LEDGER_DATA=str(tmp_path)) as process:

        async def is_ready() -> bool:
            async with httpx.AsyncClient(timeout=60, verify=service.NO_TLS) as client:
                return (await client.get(f"{process.url}/readyz")).status_code == 200

        await until(is_ready, 120)
        with killed(Server(distributed.workers[0])):
            async with httpx.AsyncClient(timeout=60, verify=service.NO_TLS) as client:

                async def call(notice: str) -> tuple[int, int]:
                    """Record a fact and ask for the title; return both statuses."""
                    headers = {"Authorization": f"Bearer {tokens[notice]}"}
                    typed = {**headers, "Content-Type": service.STRUCTURED}
                    url = f"{process.url}/ledgers/{notice}/entries"
                    answer = await client.post(url, content=json.dumps(service.progress()), headers=typed)
                    question = {"query": f'{{ notice(id: "{notice}") {{ title }} }}'}
                    asked = await client.post(f"{process.url}/graphql", json=question, headers=headers)
                    return answer.status_code, asked.status_code

                statuses = dict(zip(tokens, await asyncio.gather(*map(call, tokens)), strict=True))
                ready = await client.get(f"{process.url}/readyz")
                assert (ready.status_code, ready.json()["cluster"]["complete"]) == (200, False), ready.text
            assert statuses == {lost: (503, 503), other: (201, 200)}
            monkeypatch.setenv("LEDGER_DATABASE_URL", distributed.coordinator)
            assert await asyncio.to_thread(main, ["verify"]) == 1
            assert (
                f"the worker {address(distributed.workers[0])} of the cluster cannot be reached"
                in capsys.readouterr().err
            )
        assert {fault["logger"] for fault in faults(process.stop())} == {"projections.engine.runner"}
