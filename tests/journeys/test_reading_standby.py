"""Run the server with a primary and a standby to read from, as a client sees it over HTTP."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import httpx
import psycopg
import pytest

from ledger.store.database import migrate
from tests.api.process import Process, faults, serving
from tests.api.service import NO_TLS, NOTICE, STRUCTURED, begin, progress
from tests.journeys.tcp_server import free_port, tcp_server
from tests.projections.folding import until

pytestmark = [pytest.mark.database, pytest.mark.long]
WAIT_SECONDS = 5.0
"""Seconds for which the service waits for `atLeast`."""


class Client:
    """An officer's client of the service, and the standby that the service reads from."""

    def __init__(self, process: Process, token: str, standby: str) -> None:
        self.process, self._standby = process, standby
        self._headers = {"Authorization": f"Bearer {token}"}

    async def record(self) -> int:
        """Record progress and return its position."""
        content = json.dumps(progress())
        answer = await self._send("POST", f"/ledgers/{NOTICE}/entries", content, STRUCTURED)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["position"])

    async def ask(self, at_least: int | None = None) -> dict[str, Any]:
        """Return the answer to a query that must have seen a position."""
        query = f'query ($atLeast: Int) {{ notice(id: "{NOTICE}", atLeast: $atLeast) {{ title }} }}'
        content = json.dumps({"query": query, "variables": {"atLeast": at_least}})
        answer: dict[str, Any] = (await self._send("POST", "/graphql", content)).json()
        return answer

    async def position(self, at_least: int | None = None) -> int:
        """Return the position of an answer."""
        answer = await self.ask(at_least)
        assert "errors" not in answer, answer
        return int(answer["extensions"]["ledger"][0]["position"])

    async def is_standby_read(self) -> bool:
        """Return whether the service says that it reads from the standby."""
        (standby,) = (await self._send("GET", "/readyz")).json()["standbys"]
        return bool(standby["read"])

    async def _send(
        self, method: str, path: str, content: str = "", kind: str = "application/json"
    ) -> httpx.Response:
        headers = {**self._headers, "Content-Type": kind}
        async with httpx.AsyncClient(timeout=30, verify=NO_TLS) as client:
            return await client.request(method, self.process.url + path, content=content, headers=headers)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the standby's replay for a while."""
        self._on_standby("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self._on_standby("SELECT pg_wal_replay_resume()")

    def _on_standby(self, statement: LiteralString) -> None:
        with psycopg.connect(self._standby, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with tcp_server() as primary:
        url = f"{primary.url('postgres', 'postgres')}/postgres"
        asyncio.run(migrate(url))
        notice = asyncio.run(begin(url))
        standby = primary.copy(free_port())
        standby.start()
        standby_url = f"{standby.url('postgres', 'postgres')}/postgres"
        try:
            with serving(url, LEDGER_READ_URL=standby_url, LEDGER_READ_LAG="60") as process:
                yield Client(process, notice.tokens["officer"], standby_url)
                assert [line for line in faults(process.stop()) if "standby" not in line["message"]] == []
        finally:
            standby.stop()


async def test_an_answer_from_the_standby_waits_for_its_position_within_its_bound(client: Client) -> None:
    await until(client.is_standby_read)
    first = await client.record()
    assert await client.position(at_least=first) == first
    with client.paused():
        second = await client.record()
        assert await client.position() == first  # the answer says how fresh it is
        started = asyncio.get_running_loop().time()
        refused = await client.ask(at_least=second)
        assert refused["errors"][0]["extensions"]["code"] == "NOT_CAUGHT_UP"
        assert WAIT_SECONDS - 0.5 < asyncio.get_running_loop().time() - started < WAIT_SECONDS + 3
        waiting = asyncio.create_task(client.position(at_least=second))
        assert await client.is_standby_read()
    assert await waiting == second
    assert await client.position() == second
