"""The eventsourcing library's interfaces over the ledger, against the library's own PostgreSQL parts.

Select: 10,000 notifications through our recorder, against `PostgresApplicationRecorder` over the same bytes on the
same server. Guest: one projection over the same notice, in our batches and in the stock `ProjectionRunner`.
Repository: `repository.get` of a whole notice, against a fold of its entries.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.projection import ProjectionRunner

from ledger.domain.corrections import effective, fold
from ledger.eventsourcing import NoticeLedger
from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.eventsourcing.guests import GuestRunner
from ledger.store import database
from ledger.store.entries import read_entries
from tests.api.process import data_of
from tests.benchmarks.synthetic import put
from tests.ledger.eventsourcing.guest import CountProgress, ProgressCounts

NOTICE = "bench-0"
ENTRIES = 10_000
STOCK_SECONDS = 8.0
"""Seconds for which the stock runner is measured: enough for its rate."""
Say = Callable[[str], None]


async def measure(url: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures named `eventsourcing.*`."""
    await database.migrate(url)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await put(connection, NOTICE, ENTRIES)
        await connection.execute("ANALYZE")
    figures = await asyncio.to_thread(_select, url, rounds, say)
    figures |= await asyncio.to_thread(_guest, url, rounds, say)
    figures |= await _repository(url, rounds, say)
    return {f"eventsourcing.{name}": round(value, 3) for name, value in figures.items()}


def _ledger(url: str) -> NoticeLedger:
    return NoticeLedger({"LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": NOTICE, "LEDGER_DATA": data_of(url)})


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _select(url: str, rounds: int, say: Say) -> dict[str, float]:
    stock_store = LedgerDatastore(url, "ledger_guest")
    with _ledger(url) as ledger:
        stock = PostgresApplicationRecorder(stock_store, events_table_name="stock_events")
        stock.create_table()
        events = _copies(ledger.recorder.select_events(NOTICE))
        for first in range(0, len(events), 100):  # a larger parameter in a pipeline hangs on a Unix socket
            stock.insert_events(events[first : first + 100])
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_seconds(lambda: ledger.recorder.select_notifications(1, ENTRIES)))
            theirs.append(_seconds(lambda: stock.select_notifications(1, ENTRIES)))
    stock_store.close()
    say(f"select: {ENTRIES / median(ours):,.0f}/s, stock {ENTRIES / median(theirs):,.0f}/s")
    return {
        "select.vs_stock": median(b / a for a, b in zip(ours, theirs, strict=True)),
        "select.ledger_per_s": ENTRIES / median(ours),
        "select.stock_per_s": ENTRIES / median(theirs),
    }


def _copies(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [StoredEvent(e.originator_id, e.originator_version, e.topic, e.state) for e in events]


def _guest(url: str, rounds: int, say: Say) -> dict[str, float]:
    ours, theirs = [], []
    for _ in range(rounds):
        _forget(url)
        runner = GuestRunner(url, NOTICE, CountProgress)
        ours.append(ENTRIES / _seconds(runner.catch_up))
        runner.close()
        _forget(url)
        theirs.append(_stock_rate(url))
    say(f"guest: {median(ours):,.0f}/s, stock runner {median(theirs):,.0f}/s")
    return {
        "guest.vs_runner": median(a / b for a, b in zip(ours, theirs, strict=True)),
        "guest.ledger_per_s": median(ours),
        "guest.stock_per_s": median(theirs),
    }


def _forget(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS guests.countprogress_tracking, guests.progress_counts")


def _stock_rate(url: str) -> float:
    env = {"PERSISTENCE_MODULE": "ledger.eventsourcing", "LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": NOTICE}
    with ProjectionRunner(
        application_class=NoticeLedger, projection_class=CountProgress, view_class=ProgressCounts, env=env
    ) as runner:
        begun, first = time.perf_counter(), runner.view.max_tracking_id(NOTICE) or 0
        last = first
        while last == first and not runner.is_interrupted.wait(STOCK_SECONDS):
            last = runner.view.max_tracking_id(NOTICE) or 0
        return (last - first) / (time.perf_counter() - begun)


async def _repository(url: str, rounds: int, say: Say) -> dict[str, float]:
    ours, theirs = [], []
    with _ledger(url) as ledger:
        async with await database.connect(url, "ledger_writer") as connection:
            for _ in range(rounds):
                ours.append(await asyncio.to_thread(_seconds, lambda: ledger.repository.get(NOTICE)))
                begun = time.perf_counter()
                fold(effective(await read_entries(connection, NOTICE, ENTRIES)))
                theirs.append(time.perf_counter() - begun)
    say(f"repository: {median(ours) * 1000:,.0f} ms, fold {median(theirs) * 1000:,.0f} ms")
    return {
        "repository.vs_fold": median(b / a for a, b in zip(ours, theirs, strict=True)),
        "repository.ledger_ms": median(ours) * 1000,
        "repository.fold_ms": median(theirs) * 1000,
    }
