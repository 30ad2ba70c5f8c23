"""Folding and reading views: rebuild against a raw cursor and the stock runner, live, as of the past, grown.

Rebuild: all views over 300,000 synthetic entries of 20 notices, against (1) reading the same rows by a binary
cursor and (2) the `ProjectionRunner` of `eventsourcing` over a smaller log of as large events, with one view that
stores how far it got. Reads: an adviser's questions, now and as of the middle, of notices of 10 thousand, 100
thousand and a million entries.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import sql

from ledger.append.writer import Writer
from ledger.intake.pack import events, read
from ledger.intake.parse import SubmittedFact, accept
from ledger.packs import shipped
from ledger.store import database
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.query.reader import AsOf, Reader
from projections.query.snapshot import Snapshot
from projections.views import access, actions, board, measures, notice, plan
from projections.views.compliance import view as compliance
from projections.views.registry import ALL
from tests.benchmarks.append import OPERATOR
from tests.benchmarks.append import event as cloud_event
from tests.benchmarks.synthetic import put
from tests.projections.rows import RowQuery, find, rows_of

NOTICES = 20
ENTRIES = 300_000
SIZES = (10_000, 100_000, 1_000_000)
STOCK = 6_000
"""Events that the stock runner follows: enough for its rate."""
LIVE_PER_S = 500
LIVE_SECONDS = 10
Say = Callable[[str], None]
Question = Callable[[Snapshot], Awaitable[Any]]
QUESTIONS: dict[str, Question] = {
    "compliance": lambda reading: rows_of(reading, compliance.COMPLIANCE),
    "objectives": lambda reading: find(reading, plan.OBJECTIVE, RowQuery({"area": "1a"}, first=50)),
    "actions": lambda reading: find(
        reading, actions.ACTION, RowQuery(by="objective", keys=["O3", "O5", "O7"], first=5)
    ),
    "readings": lambda reading: find(reading, measures.READING, RowQuery(by="measure", keys=["M1", "M3"])),
    "decisions": lambda reading: find(reading, board.DECISION, RowQuery({"relates_to": "O5"}, first=5)),
    "access": lambda reading: rows_of(reading, access.GRANT, live=True),
}
"""Queries of an adviser, and one more; their answers have about the same length in every history."""
QUESTIONED = [notice.VIEW, plan.VIEW, actions.VIEW, board.VIEW, measures.VIEW, access.VIEW, compliance.VIEW]
"""Views that answer these queries."""


async def measure(url: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of this group."""
    await database.migrate(url)
    figures = await _rebuilt(url, say)
    figures |= await _lag(url, say)
    figures |= await _asked(url, rounds, say)
    return {f"views.{name}": round(value, 3) for name, value in figures.items()}


# --- rebuilding


async def _rebuilt(url: str, say: Say) -> dict[str, float]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for number in range(NOTICES):
            await put(connection, f"bench-{number}", ENTRIES // NOTICES)
    await Runner(url, ALL).open()
    say(f"{ENTRIES:,} entries of {NOTICES} notices are there")
    last = await asyncio.to_thread(_stock_log, url)
    ours, cursor, stock = [], [], []
    peak = 0.0
    for number in range(3):
        cursor.append(await _by_cursor(url))
        rate, peak = await asyncio.to_thread(_in_a_process_of_its_own, url)
        ours.append(rate)
        stock.append(await asyncio.to_thread(_stock, url, last, number))
        say(f"round {number + 1}: rebuilt {ours[-1]:,.0f}/s, cursor {cursor[-1]:,.0f}/s, stock {stock[-1]:,.0f}/s")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        total = 0
        for table in (table for view in ALL for table in view.tables):
            rows = await connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("views", table.name))
            )
            total += (await rows.fetchone() or (0,))[0]
    return {
        "rebuild.vs_cursor": median(a / b for a, b in zip(ours, cursor, strict=True)),
        "rebuild.vs_eventsourcing": median(a / b for a, b in zip(ours, stock, strict=True)),
        "rebuild.ledger_per_s": median(ours),
        "rebuild.cursor_per_s": median(cursor),
        "rebuild.eventsourcing_per_s": median(stock),
        "rebuild.views": len(ALL),
        "rebuild.rows_an_entry": total / ENTRIES,
        "rebuild_peak_mb": peak,
    }


async def _by_cursor(url: str) -> float:
    """Return entries a second, read in pages and not decoded."""
    begun, count = time.perf_counter(), 0
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for number in range(NOTICES):
            after = 0
            while True:
                cursor = await connection.execute(
                    "SELECT position, type, body FROM ledger.entries WHERE notice = %s AND position > %s "
                    "ORDER BY position LIMIT 2000",
                    (f"bench-{number}", after),
                    prepare=True,
                    binary=True,
                )
                rows = await cursor.fetchall()
                if not rows:
                    break
                after, count = rows[-1][0], count + len(rows)
    return count / (time.perf_counter() - begun)


def _in_a_process_of_its_own(url: str) -> tuple[float, float]:
    """Return entries a second of a rebuild of all views, and its peak memory in megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.views", url], check=True, capture_output=True, text=True
    )
    rate, peak = done.stdout.split()
    return float(rate), float(peak)


async def _once(url: str) -> None:
    done = await rebuild(url, ALL)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    held = own + len(os.sched_getaffinity(0)) * largest  # as if each of its processes were the largest
    sys.stdout.write(f"{done.entries / done.seconds} {held / 1024}\n")


class _Plan(Aggregate):
    """Event of the stock log, about as large as an entry."""

    @event("Began")
    def __init__(self) -> None:
        self.count = 0

    @event("Progressed")
    def progress(self, text: str) -> None:  # noqa: ARG002 - it is the event's size
        """Record one event."""
        self.count += 1


class _Counted(PostgresTrackingRecorder):
    """A trivial view that stores only its position."""

    def follow(self, tracking: Tracking) -> None:
        """Store the position reached."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)


class _Count(Projection[_Counted]):
    name = "counted"

    def process_event(self, _event: object, tracking: Tracking) -> None:
        """Count an event."""
        self.view.follow(tracking)


def _environment(url: str) -> dict[str, str]:
    parts = psycopg.conninfo.conninfo_to_dict(url)
    named = {name: str(parts.get(key, usual)) for name, key, usual in (
        ("DBNAME", "dbname", ""), ("HOST", "host", ""), ("PORT", "port", "5432"), ("USER", "user", ""),
        ("PASSWORD", "password", ""),
    )}  # fmt: skip
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres"} | {
        f"POSTGRES_{name}": value for name, value in named.items()
    }


def _stock_log(url: str) -> int:
    """Fill the stock log; return the id of its last notification."""
    with Application[UUID](_environment(url)) as application:
        for _ in range(STOCK // 100):
            known = _Plan()
            for _ in range(99):
                known.progress("x" * 300)
            application.save(known)
        return application.recorder.max_notification_id() or 0


def _stock(url: str, last: int, number: int) -> float:
    """Return events a second of the stock runner, from the log's beginning."""
    view = type(f"Counted{number}", (_Counted,), {})
    projection = type(f"Count{number}", (_Count,), {"name": f"counted{number}"})
    begun = time.perf_counter()
    with ProjectionRunner(
        application_class=Application[UUID], projection_class=projection, view_class=view, env=_environment(url)
    ) as runner:
        runner.wait(last, timeout=300)
        return last / (time.perf_counter() - begun)


# --- live


async def _lag(url: str, say: Say) -> dict[str, float]:
    """Return the seconds from the answer to a write until a reader sees it, at a steady pace."""
    live = "bench-live"
    progress = {
        "objective": "O1",
        "narrative": "Two more teams.",
        "activityRating": "GREEN",
        "impactRating": "AMBER",
    }
    objective = {"objective": "O1", "title": "In time", "areas": ["1a"], "owner": "officer", "due": "2023-01-01"}
    lags: list[float] = []
    runner = await Runner(url, ALL).open()
    following = asyncio.create_task(runner.run())
    async with Writer(url, on_commit=runner.wake) as writer, Reader(url, ALL) as reader:
        await writer.append_all(live, [accept(each) for each in events(read(shipped("tameside-2022")))], OPERATOR)
        await writer.append(live, accept(cloud_event("plan.ObjectiveAdded", objective, "operator")), OPERATOR)

        def submitted() -> SubmittedFact:
            happened = {"time": datetime.now(UTC).isoformat()}
            return accept(cloud_event("plan.ProgressRecorded", progress, "operator") | happened)

        async def one() -> None:
            receipt: Any = await writer.append(live, submitted(), OPERATOR)
            begun = time.perf_counter()
            async with reader.at(live, at_least=receipt.position, wait=30):
                lags.append(time.perf_counter() - begun)

        begun = time.perf_counter()
        waiting: list[asyncio.Task[Any]] = []
        for number in range(LIVE_PER_S * LIVE_SECONDS):
            delay = begun + number / LIVE_PER_S - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            waiting.append(
                asyncio.create_task(one() if number % 25 == 0 else writer.append(live, submitted(), OPERATOR))
            )
        await asyncio.gather(*waiting)
    await runner.close()
    await asyncio.wait([following])
    lags.sort()
    at = lags[int(len(lags) * 0.99)]
    say(f"visible after {1e3 * median(lags):.1f} ms, 99 of 100 after {1e3 * at:.1f} ms")
    return {"lag_p99_ms": 1e3 * at, "lag_median_ms": 1e3 * median(lags)}


# --- queries


async def _asked(url: str, rounds: int, say: Say) -> dict[str, float]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for size in SIZES:
            await put(connection, f"size-{size}", size)
            say(f"a notice of {size:,} entries is there")

    def report(name: str, position: int, size: int) -> None:
        if position % 100_000 == 0 or position == size:
            say(f"{name} is folded to {position:,} of {size:,}")

    await rebuild(url, QUESTIONED, progress=report)
    taken: dict[tuple[int, str, str], list[float]] = {}
    async with Reader(url, ALL) as reader:
        for _ in range(rounds * 6):
            for size in SIZES:
                for when, position in (("now", size), ("as_of", size // 2)):
                    for name, question in QUESTIONS.items():
                        on = datetime(2024, 1, 1, tzinfo=UTC)
                        as_of, views = AsOf(position), [view.name for view in QUESTIONED]
                        async with reader.at(f"size-{size}", as_of=as_of, on=on, views=views) as reading:
                            begun = time.perf_counter()
                            await question(reading)
                            taken.setdefault((size, when, name), []).append(time.perf_counter() - begun)
    found = {key: 1e3 * median(times[len(times) // 3 :]) for key, times in taken.items()}
    largest, least = SIZES[-1], SIZES[0]
    middle = {name: found[SIZES[1], "as_of", name] / found[SIZES[1], "now", name] for name in QUESTIONS}
    growth = {name: found[largest, "now", name] / found[least, "now", name] for name in QUESTIONS}
    for name in QUESTIONS:
        times = " ".join(
            f"{size:,}: {found[size, 'now', name]:.2f}/{found[size, 'as_of', name]:.2f}" for size in SIZES
        )
        say(f"{name}: ms now/as of the middle {times}")
    figures = {f"ask.{name}.{when}_{size}_ms": ms for (size, when, name), ms in found.items()}
    return figures | {"as_of_vs_now": max(middle.values()), "growth_1m_vs_10k": max(growth.values())}


if __name__ == "__main__":
    asyncio.run(_once(sys.argv[1]))
