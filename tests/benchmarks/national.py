"""A national year on one machine, as one server and as a cluster, with the rates of the invented history.

The figures are those of docs/sizing.md: recording, the list of all notices, storage, backup and rebuild.
"""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median

import psycopg

from ledger.append.writer import Writer
from ledger.embedded import binaries
from ledger.intake.parse import accept
from ledger.store import database
from ledger.store.distribution import distribute
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.query.reader import Reader
from projections.views import notice
from projections.views.compliance.view import COMPLIANCE
from projections.views.registry import ALL
from tests.benchmarks.append import OPERATOR, progress, setting
from tests.benchmarks.synthetic import put
from tests.citus.cluster import URL, cluster
from tests.journeys.tcp_server import programs_of_tests
from tests.projections.rows import rows_of

NOTICES = 200
"""Notices of 153 councils: some have several."""
ENTRIES = 350
"""Entries of a notice in a year: the invented history has about 700 in two years."""
PAGE = 20
"""Notices on a page of the national list."""
CLIENTS = 64
LIVE_NOTICES = 10
"""Notices in which the clients record at the same time."""
SECONDS = 10.0
"""Seconds of sustained recording."""
Say = Callable[[str], None]


async def measure(url: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of one server, and of the cluster that `LEDGER_TEST_CITUS` names."""
    await database.migrate(url)
    figures = await _figures([url], rounds, say)
    if URL:
        with ExitStack() as stack:
            made = await asyncio.to_thread(stack.enter_context, cluster())
            made.add_workers()
            await distribute(made.coordinator)
            on_cluster = await _figures(made.nodes, rounds, say)
        figures |= {f"citus_{name}": on_cluster[name] for name in on_cluster if name.endswith("bytes_per_entry")}
        for name in ("append_per_s", "page_ms", "rebuild_s"):
            figures[f"citus_{name.rpartition('_')[0].removesuffix('_per')}_vs_plain"] = (
                on_cluster[name] / figures[name]
            )
    return {f"national.{name}": round(value, 3) for name, value in figures.items()}


async def _figures(nodes: Sequence[str], rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of a server, or of a cluster whose coordinator is the first node."""
    url = nodes[0]
    names = [f"notice-{number:03}" for number in range(NOTICES)]
    entries = NOTICES * ENTRIES
    await Runner(url, ALL).open()
    empty = await _size(nodes)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for name in names:
            await put(connection, name, ENTRIES)
    record = await _size(nodes) - empty
    start = time.perf_counter()
    await rebuild(url, ALL)
    rebuild_seconds = time.perf_counter() - start
    views = await _size(nodes) - empty - record
    say(f"{entries:,} entries: {record / entries:,.0f} bytes each, views rebuilt in {rebuild_seconds:.1f} s")
    backup_seconds, backup = await asyncio.to_thread(_backup, url)
    page = await _page(url, names, rounds)
    rate = await _recording_rate(url)
    say(f"a page of {PAGE} notices: {page:.1f} ms; {rate:,.0f} single entries/s of {CLIENTS} clients")
    return {
        "entries": entries,
        "record_bytes_per_entry": record / entries,
        "views_bytes_per_entry": views / entries,
        "rebuild_s": rebuild_seconds,
        "backup_s": backup_seconds,
        "backup_bytes_per_entry": backup / entries,
        "page_ms": page,
        "append_per_s": rate,
    }


async def _size(nodes: Sequence[str]) -> int:
    """Return the bytes of the database, on all nodes together."""
    total = 0
    for node in nodes:
        async with await psycopg.AsyncConnection.connect(node) as connection:
            cursor = await connection.execute("SELECT pg_database_size(current_database())")
            [(size,)] = await cursor.fetchall()
        total += int(size)
    return total


def _backup(url: str) -> tuple[float, int]:
    """Return the seconds and the bytes of a backup as docs/operating.md describes it."""
    programs = programs_of_tests() or binaries._carrier() / binaries.BIN
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.dump"
        start = time.perf_counter()
        options = ["--format=custom", "--data-only", "--schema=ledger", f"--file={file}", url]
        subprocess.run([programs / "pg_dump", *options], check=True)
        return time.perf_counter() - start, file.stat().st_size


async def _page(url: str, names: list[str], rounds: int) -> float:
    """Return the milliseconds of a page of the national list: its notices, and the statuses of each."""
    times = []
    on = datetime(2024, 1, 1, tzinfo=UTC)
    async with Reader(url, ALL) as reader:
        for _ in range(rounds * 3):
            start = time.perf_counter()
            for head in (await reader.notices(names))[:PAGE]:
                async with reader.at(head.notice, on=on) as snapshot:
                    await rows_of(snapshot, notice.NOTICE)
                    await rows_of(snapshot, COMPLIANCE)
            times.append(1e3 * (time.perf_counter() - start))
    return median(times)


async def _recording_rate(url: str) -> float:
    """Return single entries a second of all clients."""
    names = [f"live-{number}" for number in range(LIVE_NOTICES)]
    recorded = 0
    async with Writer(url) as writer:
        for name in names:
            await writer.append_all(name, list(setting()), OPERATOR)
        end = time.perf_counter() + SECONDS

        async def client(number: int) -> None:
            nonlocal recorded
            first = number % len(names)
            for name in cycle(names[first:] + names[:first]):
                if time.perf_counter() >= end:
                    return
                await writer.append(name, accept(progress()), OPERATOR)
                recorded += 1

        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return recorded / SECONDS
