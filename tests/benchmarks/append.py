"""Appending with all rules, authorisation, narratives and hashing, against PostgreSQL without them.

There are three peers. One is raw psycopg with async single-row INSERTs into a table like the entries' own. The
others are the stock recorder of `eventsourcing` in threads, and raw `INSERT … FROM unnest` of batches. All are
durable, on one server, and interleaved.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role
from ledger.intake.parse import SubmittedFact, accept
from ledger.store import database

NOTICE = "bench-2022"
OPERATOR = Credential("operator", role=Role.OPERATOR)
OFFICER = Credential("officer")
BODY = bytes(range(256)) * 2 + bytes(120)
"""Bytes of the same length as the stored entry that is measured."""
INSERT = "INSERT INTO raw_entries VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
UNNEST = (
    "INSERT INTO raw_entries SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::text[], "
    "%s::timestamptz[], %s::bytea[], %s::bytea[], %s::bytea[])"
)
SLICES = 5
"""Into how many turns a round of single appends is cut: the disk's pace changes within seconds."""
RATIOS = (
    *((f"c{clients}", "vs_raw", "ledger_per_s", "raw_per_s") for clients in (1, 8, 32)),
    ("c32", "vs_eventsourcing", "ledger_per_s", "eventsourcing_per_s"),
    ("c32", "p99_vs_raw", "ledger_p99_ms", "raw_p99_ms"),
    *((f"batch{size}", "vs_unnest", "ledger_per_s", "unnest_per_s") for size in (100, 1_000)),
)
"""Group, ratio, our side, the peer's: each the median of its rounds' ratios."""
_numbers = count(1)
Measured = tuple[float, float]
"""Entries a second, and the 99th percentile of a call in milliseconds."""


def event(name: str, data: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a CloudEvent as a client sends it."""
    return {
        "specversion": "1.0",
        "id": f"{name}-{next(_numbers)}",
        "source": source,
        "type": f"improvement-ledger.{name}.v1",
        "time": "2022-07-05T09:00:00Z",
        "data": data,
    }


def progress() -> dict[str, Any]:
    """Return about 400 bytes of progress against an objective."""
    return event(
        "plan.ProgressRecorded",
        {
            "objective": "O1",
            "narrative": "Strategy meetings were held within one working day in nine of ten cases. " * 2,
            "activityRating": "AMBER",
            "impactRating": "RED",
        },
        "council/plan",
    )


def setting() -> Iterator[SubmittedFact]:
    """Return the facts that must be recorded before progress."""
    digest = "A" * 43 + "="
    notice = {"kind": "IMPROVEMENT_NOTICE", "council": "E08000008", "issuer": "DfE", "issuedOn": "2022-07-05"}
    texts = {"title": "A notice", "trigger": "A visit"}
    yield accept(event("notice.NoticeIssued", notice | texts | {"packDigest": digest}, "operator"))
    yield accept(event("notice.AreaRegistered", {"area": "1a", "title": "Leaders"}, "operator"))
    yield accept(event("people.RoleGranted", {"actor": "officer", "role": "COUNCIL_OFFICER"}, "operator"))
    objective = {"objective": "O1", "title": "Timely", "areas": ["1a"], "owner": "officer", "due": "2023-06-30"}
    yield accept(event("plan.ObjectiveAdded", objective, "operator"))


async def _clients(clients: int, calls: int, call: Callable[[int], Awaitable[object]]) -> Measured:
    """Make `calls` calls by concurrent clients, each sending its next one when the last was answered."""
    waits: list[float] = []

    async def client(number: int) -> None:
        for _ in range(calls // clients):
            began = time.perf_counter()
            await call(number)
            waits.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return len(waits) / (time.perf_counter() - began), sorted(waits)[len(waits) * 99 // 100] * 1000


def _raw_row(position: int) -> tuple[Any, ...]:
    kind = "improvement-ledger.plan.ProgressRecorded.v1"
    moment = datetime.now(UTC)
    return (NOTICE, position, "council/plan", f"id-{position}", kind, moment, BODY[:32], BODY[:32], BODY)


async def _raw(url: str, clients: int, calls: int) -> Measured:
    connections = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(clients)]
    try:
        return await _clients(
            clients,
            calls,
            lambda number: connections[number].execute(
                INSERT, _raw_row(next(_numbers)), prepare=True, binary=True
            ),
        )
    finally:
        for connection in connections:
            await connection.close()


async def _unnest(url: str, batches: int, size: int) -> float:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        for _ in range(batches):
            columns = [
                list(column) for column in zip(*(_raw_row(next(_numbers)) for _ in range(size)), strict=True)
            ]
            await connection.execute(UNNEST, columns, prepare=True, binary=True)
        return batches * size / (time.perf_counter() - began)


async def _ledger_batches(writer: Writer, batches: int, size: int) -> float:
    began = time.perf_counter()
    for _ in range(batches):
        await writer.append_all(NOTICE, [accept(progress()) for _ in range(size)], OFFICER)
    return batches * size / (time.perf_counter() - began)


def _eventsourcing(recorder: PostgresApplicationRecorder, threads: int, calls: int) -> float:
    def client(_: int) -> None:
        for _ in range(calls // threads):
            recorder.insert_events([StoredEvent(uuid4(), 1, "tests:Progress", BODY)])

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(client, range(threads)))
    return calls / (time.perf_counter() - began)


async def measure(url: str, rounds: int, say: Callable[[str], None]) -> dict[str, float]:
    """Return the figures named `append.*`."""
    await database.migrate(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE raw_entries (LIKE ledger.entries INCLUDING ALL)")
    parts = psycopg.conninfo.conninfo_to_dict(url)
    stock = PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port", 5432)),
        user=str(parts["user"]),
        password=str(parts.get("password", "")),
        pool_size=32,
        max_overflow=0,
    )
    recorder = PostgresApplicationRecorder(stock, events_table_name="stock_events")
    await asyncio.to_thread(recorder.create_table)
    seen: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)

    async with Writer(url) as writer:
        await writer.append_all(NOTICE, list(setting()), OPERATOR)

        async def append(_: int) -> None:
            await writer.append(NOTICE, accept(progress()), OFFICER)

        for number in range(rounds):
            for clients, calls in ((1, 300), (8, 800), (32, 1_600)):
                sides: dict[str, list[Measured]] = {"raw": [], "ledger": []}
                for _ in range(SLICES):
                    sides["raw"].append(await _raw(url, clients, calls))
                    sides["ledger"].append(await _clients(clients, calls, append))
                for name, slices in sides.items():
                    note(f"c{clients}.{name}_per_s", median(rate for rate, _ in slices))
                    note(f"c{clients}.{name}_p99_ms", median(p99 for _, p99 in slices))
            note("c32.eventsourcing_per_s", await asyncio.to_thread(_eventsourcing, recorder, 32, 640))
            for size, batches in ((100, 30), (1_000, 8)):
                note(f"batch{size}.unnest_per_s", await _unnest(url, batches, size))
                note(f"batch{size}.ledger_per_s", await _ledger_batches(writer, batches, size))
            say(
                f"round {number + 1} of {rounds}: "
                + ", ".join(f"{k} {v[-1]:,.0f}" for k, v in seen.items() if "per_s" in k)
            )
    await asyncio.to_thread(stock.close)
    middle = {name: median(values) for name, values in seen.items()}
    ratios = {
        f"{group}.{ratio}": median(
            ours / theirs for ours, theirs in zip(seen[f"{group}.{ledger}"], seen[f"{group}.{peer}"], strict=True)
        )
        for group, ratio, ledger, peer in RATIOS
    }
    return {f"append.{name}": round(value, 3) for name, value in (ratios | middle).items()}
