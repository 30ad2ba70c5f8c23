"""Appending to a ledger on a Citus cluster, against one PostgreSQL: the coordinator's own server.

Both are durable and share the machine's cores.
So a ratio shows the cluster's overhead, not what more machines gain.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from statistics import median

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.append.writer import Writer
from ledger.intake.parse import accept
from ledger.store import database
from ledger.store.distribution import distribute
from tests.benchmarks.append import NOTICE, OFFICER, OPERATOR, progress, setting
from tests.citus.cluster import cluster

CALLERS = 8
CALLS = 800
"""Single appends of each round on each side."""
BATCHES = 10
BATCH = 1_000
Say = Callable[[str], None]


async def measure(rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of a cluster."""
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        made = await asyncio.to_thread(stack.enter_context, cluster())
        made.add_workers()
        await distribute(made.coordinator)
        parts = conninfo_to_dict(made.coordinator)
        plain = make_conninfo(made.coordinator, dbname=f"{parts['dbname']}_plain")
        with psycopg.connect(make_conninfo(plain, dbname="postgres"), autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{parts["dbname"]}_plain"'.encode())
            try:
                await database.migrate(plain)
                await _rounds({"plain": plain, "citus": made.coordinator}, rounds, rates)
            finally:
                server.execute(f'DROP DATABASE "{parts["dbname"]}_plain" WITH (FORCE)'.encode())
    figures = {f"{name}_per_s": median(values) for name, values in rates.items()}
    for kind in ("single", "batch"):
        ratios = [c / p for c, p in zip(rates[f"citus_{kind}"], rates[f"plain_{kind}"], strict=True)]
        figures[f"{kind}_vs_plain"] = median(ratios)
    say(", ".join(f"{name} {value:,.2f}" for name, value in figures.items()))
    return {f"citus.{name.removeprefix('citus_')}": value for name, value in figures.items()}


async def _rounds(urls: dict[str, str], rounds: int, rates: dict[str, list[float]]) -> None:
    for url in urls.values():
        async with Writer(url) as writer:
            await writer.append_all(NOTICE, list(setting()), OPERATOR)
    for _ in range(rounds):
        for kind, run in (("single", _single), ("batch", _batches)):
            for side, url in urls.items():
                async with Writer(url) as writer:
                    await writer.append(NOTICE, accept(progress()), OFFICER)  # connects and folds
                    rates.setdefault(f"{side}_{kind}", []).append(await _rate(run, writer))


async def _rate(run: Callable[[Writer], Awaitable[int]], writer: Writer) -> float:
    started = time.perf_counter()
    entries = await run(writer)
    return entries / (time.perf_counter() - started)


async def _single(writer: Writer) -> int:
    async def caller() -> None:
        for _ in range(CALLS // CALLERS):
            await writer.append(NOTICE, accept(progress()), OFFICER)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return CALLS


async def _batches(writer: Writer) -> int:
    for _ in range(BATCHES):
        await writer.append_all(NOTICE, [accept(progress()) for _ in range(BATCH)], OFFICER)
    return BATCHES * BATCH
