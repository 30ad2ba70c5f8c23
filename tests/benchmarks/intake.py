"""The intake: a batch of a thousand events over HTTP, against the same batch in process.

In process means all that the HTTP intake does but the transport. Events as decoded JSON are accepted: scanned for
personal data, and their narratives separated. Then a writer appends them. Each side has a notice of its own. Two
processes that write to one notice would have to catch up with one another.
"""

import json
import time
from collections.abc import Callable
from statistics import median

import httpx
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.intake.parse import accept
from ledger.store import database
from tests.api.process import serving
from tests.api.service import BATCH, NO_TLS, begin, progress

BATCH_SIZE = 1_000
BATCHES = 5
"""Batches that a side sends in its turn."""


async def measure(server: str, rounds: int, say: Callable[[str], None]) -> dict[str, float]:
    """Return the figures, each the median over interleaved rounds."""
    async with await AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute("CREATE DATABASE bench_intake")
    url = make_conninfo(server, dbname="bench_intake")
    await database.migrate(url)
    remote = await begin(url, "over-http")
    await begin(url, "in-process")
    http: list[float] = []
    process: list[float] = []
    headers = {"Authorization": f"Bearer {remote.tokens['officer']}", "Content-Type": BATCH}
    with serving(url) as running:
        async with (
            Writer(url) as writer,
            httpx.AsyncClient(base_url=running.url, headers=headers, timeout=60, verify=NO_TLS) as client,
        ):

            async def over_http() -> float:
                bodies = [json.dumps([progress() for _ in range(BATCH_SIZE)]) for _ in range(BATCHES)]
                began = time.perf_counter()
                for body in bodies:
                    answer = await client.post("/ledgers/over-http/entries", content=body)
                    assert all("position" in receipt for receipt in answer.json())
                return BATCHES * BATCH_SIZE / (time.perf_counter() - began)

            async def in_process() -> float:
                batches = [[progress() for _ in range(BATCH_SIZE)] for _ in range(BATCHES)]
                began = time.perf_counter()
                for batch in batches:
                    items = [accept(event) for event in batch]
                    answers = await writer.append_all("in-process", items, Credential("officer"))
                    assert not any(isinstance(answer, Refused) for answer in answers)
                return BATCHES * BATCH_SIZE / (time.perf_counter() - began)

            for number in range(rounds + 1):
                first, second = await over_http(), await in_process()
                if number:  # the first warms both up
                    http.append(first)
                    process.append(second)
                    say(f"  round {number}: {first:,.0f} entries/s over HTTP, {second:,.0f} in process")
        running.stop()
    return {
        "intake.http_batch.vs_append": round(median(a / b for a, b in zip(http, process, strict=True)), 3),
        "intake.http_batch.http_per_s": round(median(http)),
        "intake.http_batch.append_per_s": round(median(process)),
    }
