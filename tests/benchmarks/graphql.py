"""GraphQL reads over HTTP, at 1 and 8 connections, against hand-written SQL and plain strawberry.

Reads: the plan (100 objectives of 8 fields, with 3 actions of 4 fields each), 1,000 entries, compliance, the
slow objectives, and the 300 actions ordered, filtered and grouped; and a mutation. The 1,000 entries come
compressed too. Each server is a process of its own; the sides take turns. Last comes the report of a whole notice.
"""

import asyncio
import gzip
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import zstandard
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ledger.intake.pack import events, read
from ledger.packs import shipped
from ledger.store import database
from tests.api.process import Process, serving
from tests.api.service import event, issue, record
from tests.benchmarks.synthetic import put

NOTICE = "tameside-2022"
OBJECTIVES, ACTIONS, PROGRESS = 100, 3, 700
SECONDS = 2.0
"""Seconds of load on one side, in its turn."""
CLIENTS = (1, 8)
PLAN = """query Plan($notice: ID!) { notice(id: $notice) { plan { objectives(first: 100) { nodes {
  objective title areas owner due slow activityRating impactRating
  actions { nodes { action title owner due } } } } } } }"""
READS = {
    "plan": PLAN,
    "entries1000": """query($notice: ID!) { notice(id: $notice) { entries(first: 1000) { nodes {
  position type actor subject occurredAt data leafHash } } } }""",
    "compliance": """query($notice: ID!) { notice(id: $notice) { compliance(first: 200) { nodes {
  clause obligor modality status since sincePosition reason entries } } } }""",
    "ordered": """query($notice: ID!) { notice(id: $notice) { plan {
  actions(first: 100, orderBy: [{field: DUE, direction: DESC}, {field: ACTION}]) {
    totalCount nodes { action title owner due } } } } }""",
    "filtered": """query($notice: ID!) { notice(id: $notice) { plan {
  actions(first: 100, filter: {or: [{owner: "officer"}, {dueFrom: "2024-01-01"}], not: {objective: "O1"}}) {
    nodes { action title owner due } } } } }""",
    "grouped": """query($notice: ID!) { notice(id: $notice) { plan {
  actions(first: 1) { groups(by: [{field: OBJECTIVE}, {field: DUE, period: MONTH}]) {
    keys count days(of: DUE) { first last } } } } } }""",
    "question": """query($notice: ID!) { notice(id: $notice) { plan {
  objectives(filter: {slow: true, highlighted: false}) { nodes {
    objective title areas owner due firstDue slippageDays activityRating impactRating progressAt
    actions(filter: {overdue: true}) { nodes { action title owner due } } } } } } }""",
}
WHOLE, WHOLE_ENTRIES = "whole", 10_000
"""Notice of the report, which has every kind of entry, and their number."""
REPORT = """query Report($notice: ID!) { notice(id: $notice) {
  title council status issuedOn targetDate
  compliance(first: 200) { nodes { clause obligor modality status since reason entries } }
  areas { area title reviews { review } }
  plan {
    objectives(first: 100) {
      totalCount
      nodes {
        objective title areas owner due firstDue slippageDays slow outcome activityRating impactRating
        progress(last: 3) { nodes { narrative impactRating recordedAt } }
        actions { nodes { action title owner due completedOn } }
      }
      groups(by: [{ field: SLOW }]) { keys count }
    }
    actions(first: 1) { groups(by: [{ field: DUE, period: MONTH }]) { keys count } }
  }
  board {
    decisions(last: 50) { nodes { decision title outcome decidedAt documents { evidence } } }
    meetings(last: 50) { nodes { meeting heldAt } }
  }
  measures { nodes { measure title target readings(last: 12) { nodes { first last value } } } }
  access(first: 1) {
    groups(by: [{ field: KIND }]) { keys count workingDuration(start: REQUESTED_AT, end: DECIDED_AT) { max mean } }
  }
  entries(last: 20) {
    nodes { position type recordedAt }
    groups(by: [{ field: RECORDED_AT, period: QUARTER }]) { keys count }
  }
} }"""
CODINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "zstd": (b"\x28\xb5\x2f\xfd", lambda body: zstandard.ZstdDecompressor().decompress(body)),
    "gzip": (b"\x1f\x8b", gzip.decompress),
}
"""Codings in which the 1,000 entries are compressed: the first bytes, and the decompression."""
RECORD = """mutation($input: RecordProgressInput!) { recordProgress(input: $input) {
  receipt { position } refusals { message } } }"""
Say = Callable[[str], None]
Ask = Callable[[int], bytes]
"""Number of the request → its bytes."""


async def measure(server: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures of this group, each the median over interleaved rounds."""
    async with await AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute("CREATE DATABASE bench_graphql")
    url = make_conninfo(server, dbname="bench_graphql")
    await database.migrate(url)
    tokens = await _recorded(url)
    async with await AsyncConnection.connect(url) as connection:
        await put(connection, WHOLE, WHOLE_ENTRIES)
    report = _post(
        {"query": REPORT, "variables": {"notice": WHOLE}},
        Authorization=f"Bearer {await issue(url, WHOLE, 'adviser', 'ADVISER')}",
    )
    with ExitStack() as stack:
        ours = stack.enter_context(serving(url))
        threading.Thread(target=_drain, args=(ours,), daemon=True).start()
        by_hand = stack.enter_context(_peer("sql", url))
        naive = stack.enter_context(_peer("naive", url))
        sides = _sides(ours.url, by_hand, naive, tokens)
        await _wait_until_alike(sides)
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("ANALYZE")  # autovacuum would do so within a minute
        rates: dict[tuple[str, str, int], list[float]] = {}
        for number in range(rounds + 1):
            for (what, side), (base, ask) in sides.items():
                for clients in CLIENTS:
                    rate = await _rate(base, ask, clients)
                    if number:  # the first round warms up all sides
                        rates.setdefault((what, side, clients), []).append(rate)
                        say(f"  round {number}: {what} {side} at {clients}: {rate:,.0f}/s")
        figures = _figures(rates)
        figures["graphql.report_ms"] = await _report_ms(ours.url, report, say)
    return figures


async def _report_ms(base: str, report: bytes, say: Say) -> float:
    """Return the milliseconds of the whole notice's report, over one connection."""
    async with asyncio.timeout(300):
        answer: dict[str, Any] = {}
        while not (answer.get("data") or {}).get("notice"):
            answer = await _answer_of((base, lambda _: report))
    assert "errors" not in answer, answer["errors"]
    rows = len(json.dumps(answer["data"]))
    assert rows > 20_000, answer
    await _rate(base, lambda _: report, 1)
    rate = await _rate(base, lambda _: report, 1)
    say(f"  the report of {WHOLE_ENTRIES:,} entries, {rows:,} characters: {1_000 / rate:,.0f} ms")
    return round(1_000 / rate, 1)


def _figures(rates: dict[tuple[str, str, int], list[float]]) -> dict[str, float]:
    figures = {
        f"graphql.{what}.c{clients}.{side}_per_s": round(median(found), 1)
        for (what, side, clients), found in rates.items()
    }
    for (what, side, clients), found in rates.items():
        if side != "ledger":
            ours = rates[what, "ledger", clients]
            ratio = round(median(a / b for a, b in zip(ours, found, strict=True)), 3)
            figures[f"graphql.{what}.{'' if clients == CLIENTS[-1] else 'c1.'}vs_{side}"] = ratio
    return figures


# --- requests


async def _recorded(url: str) -> dict[str, str]:
    """Record a notice with a plan of that size, and return its tokens."""
    await record(url, NOTICE, events(read(shipped(NOTICE))))
    people = {"adviser": "ADVISER", "officer": "COUNCIL_OFFICER"}
    facts = [event("people.RoleGranted", {"actor": a, "role": r}, "operator") for a, r in people.items()]
    for number in range(1, OBJECTIVES + 1):
        objective = {"objective": f"O{number}", "areas": ["1a"], "owner": "officer", "due": "2023-06-30"}
        facts.append(
            event("plan.ObjectiveAdded", objective | {"title": f"See children sooner, {number}"}, "operator")
        )
        for index in range(1, ACTIONS + 1):
            action = {"action": f"A{number}-{index}", "objective": f"O{number}", "owner": "officer"}
            more = {"title": f"Hire team {index} of {number}", "due": "2023-03-31"}
            facts.append(event("actions.ActionAdded", action | more, "operator"))
    facts += [event("plan.ProgressRecorded", _progress(number), "operator") for number in range(PROGRESS)]
    await record(url, NOTICE, facts)
    return {actor: await issue(url, NOTICE, actor, role) for actor, role in people.items()}


def _progress(number: int) -> dict[str, Any]:
    ratings = {"activityRating": "AMBER", "impactRating": "RED"}
    return {"objective": f"O{number % OBJECTIVES + 1}", "narrative": "Nine of ten visits were in time."} | ratings


def _sides(ours: str, by_hand: str, naive: str, tokens: dict[str, str]) -> dict[tuple[str, str], tuple[str, Ask]]:
    """Return the sides by (read, side): the server's address, and its requests."""

    def reading(document: str, **headers: str) -> Ask:
        request = {"query": document, "variables": {"notice": NOTICE}}
        sent = _post(request, Authorization=f"Bearer {tokens['adviser']}", **headers)
        return lambda _: sent

    def recording(number: int) -> bytes:
        record_input = {
            "notice": NOTICE,
            "id": f"m-{time.time_ns()}-{number}",
            "source": "officer",
            "data": _progress(number),
        }
        asked = {"query": RECORD, "variables": {"input": record_input}}
        return _post(asked, Authorization=f"Bearer {tokens['officer']}")

    sides: dict[tuple[str, str], tuple[str, Ask]] = {}
    for what, document in READS.items():
        sides[what, "ledger"] = (ours, reading(document))
        written = f"GET /{what}/{NOTICE} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        sides[what, "sql"] = (by_hand, lambda _, written=written: written)  # type: ignore[misc]
    for coding in CODINGS:
        sides["entries1000", coding] = (ours, reading(READS["entries1000"], **{"Accept-Encoding": coding}))
    taught = _post({"query": PLAN, "variables": {"notice": NOTICE}}, notice=NOTICE)
    sides["plan", "naive"] = (naive, lambda _: taught)
    sides["mutation", "ledger"] = (ours, recording)
    return sides


def _post(body: dict[str, Any], **headers: str) -> bytes:
    sent = json.dumps(body).encode()
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(
        [
            "POST /graphql HTTP/1.1",
            "Host: bench",
            "Content-Type: application/json",
            f"Content-Length: {len(sent)}",
            *lines,
        ]
    )
    return head.encode() + b"\r\n\r\n" + sent


async def _wait_until_alike(sides: dict[tuple[str, str], tuple[str, Ask]]) -> None:
    """Wait until the views are folded; fail unless all sides give the same answers."""
    async with asyncio.timeout(300):
        while len(_nodes(await _answer_of(sides["plan", "ledger"]))) < OBJECTIVES:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.2)
    for (what, side), asked in sides.items():
        answer = await _answer_of(asked)
        assert "errors" not in answer, (what, side, answer)
        if what in READS:
            ours = await _answer_of(sides[what, "ledger"])
            assert _same_instants(ours["data"]) == _same_instants(answer["data"]), (what, side)
            assert len(json.dumps(ours)) > 2_000, (what, ours)


async def _answer_of(asked: tuple[str, Ask]) -> dict[str, Any]:
    base, ask = asked
    reader, writer = await asyncio.open_connection(urlsplit(base).hostname, urlsplit(base).port)
    body = await _exchange(reader, writer, ask(0))
    writer.close()
    for magic, decompress in CODINGS.values():
        if body.startswith(magic):
            body = decompress(body)
    answer: dict[str, Any] = json.loads(body)
    return answer


def _nodes(answer: dict[str, Any]) -> list[Any]:
    notice = answer["data"]["notice"]
    return list(notice["plan"]["objectives"]["nodes"]) if notice else []


def _same_instants(data: object) -> str:
    """Return the JSON with its instants in the ledger's form, without trailing zeros."""
    return re.sub(r'(:\d\d)(?:(\.\d*?)0*)?(?:Z|\+00:00)"', r'\1\2Z"', json.dumps(data))


# --- load


@contextmanager
def _peer(which: str, url: str) -> Iterator[str]:
    """Run a peer's server and yield its address."""
    command = [sys.executable, "-m", "tests.benchmarks.peers", which, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _drain(process: Process) -> None:
    """Read a server's log, which would block the server when full."""
    with suppress(ValueError):  # the log is closed when the server ends
        for _ in process.popen.stderr or ():
            pass


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> bytes:
    """Send a request and return its answer's body, with as little work as possible."""
    writer.write(sent)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    return await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))


async def _rate(base: str, ask: Ask, clients: int) -> float:
    """Return the answers per second over that many connections, each with one request at a time."""
    ends = time.perf_counter() + SECONDS
    counts = [0] * clients

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(urlsplit(base).hostname, urlsplit(base).port)
        while time.perf_counter() < ends:
            await _exchange(reader, writer, ask(number))
            counts[number] += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return sum(counts) / (time.perf_counter() - began)
