"""More than one server: answers of a hot standby against the primary's, and the lag of a followed ledger.

With a cluster in `LEDGER_TEST_CITUS`, also appending to it against one server.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median

import psycopg

from ledger.append.writer import Writer
from ledger.intake.parse import accept
from ledger.store import database
from projections.engine.rebuild import rebuild
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.benchmarks import citus
from tests.benchmarks.append import OPERATOR, progress, setting
from tests.benchmarks.synthetic import put
from tests.benchmarks.views import QUESTIONS
from tests.citus.cluster import URL
from tests.journeys.tcp_server import free_port, tcp_server
from tests.ledger.follow.pairs import Pair, pair, servers
from tests.projections.folding import until

ENTRIES = 10_000
CALLERS = 8
SECONDS = 4.0
"""Seconds of each round on each server."""
PER_S = 500
"""Entries a second that are followed."""
FOLLOW_SECONDS = 10
NOTICE = "bench"
Say = Callable[[str], None]


async def measure(_url: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of this group, on servers of their own."""
    figures = await _answers(rounds, say) | await _lag(say)
    if URL:
        figures |= await citus.measure(rounds, say)
    return {f"scale.{name}": round(value, 3) for name, value in figures.items()}


async def _answers(rounds: int, say: Say) -> dict[str, float]:
    """Return the answers a second of the primary, and of its standby."""
    with tcp_server() as primary:
        url = f"{primary.url('postgres', 'postgres')}/postgres"
        await database.migrate(url)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await put(connection, NOTICE, ENTRIES)
        await rebuild(url, ALL)
        standby = primary.copy(free_port())
        standby.start()
        try:
            standby_url = f"{standby.url('postgres', 'postgres')}/postgres"
            async with Reader(url, ALL) as one, Reader(url, ALL, standbys_url=standby_url) as other:

                async def is_read() -> bool:
                    return other.standbys[0].fault is None

                await until(is_read)
                rates: dict[str, list[float]] = {"primary": [], "standby": []}
                for _ in range(rounds):
                    rates["primary"].append(await _asked(one))
                    rates["standby"].append(await _asked(other))
        finally:
            standby.stop()
    found = {name: median(values) for name, values in rates.items()}
    say(f"answers a second: primary {found['primary']:.0f}, standby {found['standby']:.0f}")
    return {
        "primary_per_s": found["primary"],
        "standby_per_s": found["standby"],
        "standby_vs_primary": median(s / p for s, p in zip(rates["standby"], rates["primary"], strict=True)),
    }


async def _asked(reader: Reader) -> float:
    """Return the answers a second to an adviser's questions, of callers at once."""
    end = time.perf_counter() + SECONDS
    answered = 0

    async def caller() -> None:
        nonlocal answered
        while time.perf_counter() < end:
            for question in QUESTIONS.values():
                async with reader.at(NOTICE, on=datetime(2024, 1, 1, tzinfo=UTC)) as snapshot:
                    await question(snapshot)
                answered += 1

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return answered / SECONDS


async def _lag(say: Say) -> dict[str, float]:
    """Return the milliseconds from a receipt until the copy has its entry, at a steady pace."""
    stack = ExitStack()
    try:  # both make their databases in a loop of their own
        running = await asyncio.to_thread(stack.enter_context, servers())
        both = await asyncio.to_thread(stack.enter_context, pair(running))
        await both.follow()
        lags = sorted(await _followed(both))
    finally:
        await asyncio.to_thread(stack.close)
    middle, at = 1e3 * median(lags), 1e3 * lags[int(len(lags) * 0.99)]
    say(f"a followed entry is there after {middle:.0f} ms, 99 of 100 after {at:.0f} ms")
    return {"follow_lag_median_ms": middle, "follow_lag_p99_ms": at}


async def _followed(both: Pair) -> list[float]:
    """Return the seconds until each entry is in the copy."""
    waiting: deque[tuple[int, float]] = deque()
    lags: list[float] = []
    total = PER_S * FOLLOW_SECONDS

    async def watch() -> None:
        async with await database.connect(both.copy) as connection:
            while len(lags) < total:
                cursor = await connection.execute("SELECT size FROM ledger.heads WHERE notice = %s", (NOTICE,))
                row = await cursor.fetchone()
                now = time.perf_counter()
                while row is not None and waiting and waiting[0][0] <= row[0]:
                    lags.append(now - waiting.popleft()[1])
                await asyncio.sleep(0.005)

    async with Writer(both.source) as writer:
        await writer.append_all(NOTICE, list(setting()), OPERATOR)

        async def one() -> None:
            receipt = await writer.append(NOTICE, accept(progress()), OPERATOR)
            waiting.append((receipt.position, time.perf_counter()))

        watching = asyncio.create_task(watch())
        begun = time.perf_counter()
        appends = []
        for number in range(total):
            delay = begun + number / PER_S - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            appends.append(asyncio.create_task(one()))
        await asyncio.gather(*appends)
        await watching
    return lags
