"""The cost of proofs: hashing within an append, verifying against reading the same rows, a proof over HTTP.

Verifying: 300,000 entries of one notice, parsed and hashed, the tree grown and every root compared, against a raw
binary cursor over the same rows; narratives and the other checks are timed apart. Hashing: that of batches of a
thousand, repeated over the stored bytes at the same size of the tree, against the append of the batches.
"""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median, quantiles
from typing import Any

import httpx
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ledger.append.writer import Writer
from ledger.intake.parse import accept
from ledger.proof.merkle import Frontier, leaf_hash
from ledger.store import database
from ledger.verify.database import PAGE, verify
from ledger.verify.findings import Damage
from tests.api.process import serving
from tests.api.service import NO_TLS, event, issue, record
from tests.benchmarks.append import OFFICER, OPERATOR, progress, setting
from tests.benchmarks.synthetic import put

ENTRIES = 300_000
FEW = 30_000
"""Entries of the notice against which the memory of verifying is compared."""
BATCH = 1_000
BATCHES = 10
"""Batches that are appended in a round."""
PROOFS = 1_000
BARE, NARRATED, SHORT = "bare", "narrated", "short"
"""A notice whose entries promise no narratives, one with them, and a short one."""
Say = Callable[[str], None]


async def measure(server: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the figures named `proof.*`."""
    async with await AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute("CREATE DATABASE bench_proof")
    url = make_conninfo(server, dbname="bench_proof")
    await database.migrate(url)
    figures = await _appending(url, rounds, say)
    async with await AsyncConnection.connect(url) as owner:
        for notice, size in ((BARE, ENTRIES), (NARRATED, ENTRIES), (SHORT, FEW)):
            say(f"  putting {size:,} entries into {notice} …")
            await put(owner, notice, size, narrated=notice != BARE)
    figures |= await _verifying(url, rounds, say)
    figures |= {
        f"proof.verify_{name}_mb": _peak(url, notice) for name, notice in (("peak", NARRATED), ("few", SHORT))
    }
    return figures | await _over_http(url, say)


async def _appending(url: str, rounds: int, say: Say) -> dict[str, float]:
    """Return the share of an append that is hashing."""
    shares: list[float] = []
    async with Writer(url) as writer, await database.connect(url, "ledger_writer") as connection:
        notice = "appended"
        await writer.append_all(notice, list(setting()), OPERATOR)
        for number in range(rounds + 1):
            began = time.perf_counter()
            for _ in range(BATCHES):
                await writer.append_all(notice, [accept(progress()) for _ in range(BATCH)], OFFICER)
            appending = time.perf_counter() - began
            hashing = await _hashing(connection, notice)
            if number:  # the first warms up
                shares.append(hashing / appending)
                say(f"  round {number}: {shares[-1]:.1%} of an append is hashing")
    return {"proof.append_share": round(median(shares), 4)}


async def _hashing(connection: AsyncConnection[Any], notice: str) -> float:
    """Return the seconds for hashing the entries of the last round in batches, as the writer does."""
    cursor = await connection.execute(
        "SELECT leaf_hash, body FROM ledger.entries WHERE notice = %s ORDER BY position", (notice,), binary=True
    )
    rows = await cursor.fetchall()
    first = len(rows) - BATCH * BATCHES
    frontier = Frontier()
    for leaf, _ in rows[:first]:
        frontier.append(leaf)
    bodies = [body for _, body in rows[first:]]
    began = time.perf_counter()
    for start in range(0, len(bodies), BATCH):
        frontier.extend_with_roots([leaf_hash(body) for body in bodies[start : start + BATCH]])
    return time.perf_counter() - began


async def _verifying(url: str, rounds: int, say: Say) -> dict[str, float]:
    seen: dict[str, list[float]] = {}
    for number in range(rounds):
        raw = await _raw(url)
        [bare] = (await verify(url, BARE)).notices
        [narrated] = (await verify(url, NARRATED)).notices
        # The bare notice has no valid digests, so it promises no narrative. Only the replay notices that.
        assert [finding.damage for finding in bare.findings] == [Damage.UNREADABLE], bare
        assert narrated.damages == 0, narrated
        for name, seconds in (
            ("raw", raw),
            ("verify", bare.reading_seconds),
            ("texts", narrated.reading_seconds - bare.reading_seconds),
            ("admission", narrated.admission_seconds),
            ("other", bare.seconds - bare.reading_seconds - bare.admission_seconds),
        ):
            seen.setdefault(name, []).append(seconds)
        say(f"  round {number + 1}: " + ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seen.items()))
    middle = {name: median(values) for name, values in seen.items()}
    ratio = median(ours / raw for ours, raw in zip(seen["verify"], seen["raw"], strict=True))
    return {
        "proof.verify_vs_raw": round(ratio, 3),
        "proof.verify_per_s": round(ENTRIES / middle["verify"]),
        "proof.raw_per_s": round(ENTRIES / middle["raw"]),
        "proof.verify_texts_ms": round(middle["texts"] * 1_000),
        "proof.verify_admission_ms": round(middle["admission"] * 1_000),
        "proof.verify_other_ms": round(middle["other"] * 1_000),
    }


async def _raw(url: str) -> float:
    """Return the seconds for reading the rows that verification reads, by the same cursor."""
    async with await database.connect(url, "ledger_writer") as connection, connection.transaction():
        began = time.perf_counter()
        async with connection.cursor("raw", scrollable=False) as cursor:
            await cursor.execute(
                "SELECT position, body, source, id, type, recorded_at, leaf_hash, root_hash "
                "FROM ledger.entries WHERE notice = %s ORDER BY position",
                (BARE,),
                binary=True,
            )
            read = 0
            while rows := await cursor.fetchmany(PAGE):
                read += len(rows)
        assert read == ENTRIES
        return time.perf_counter() - began


def _peak(url: str, notice: str) -> float:
    """Return the peak memory of a process that verified a notice, in megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.proof", url, notice], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


async def _over_http(url: str, say: Say) -> dict[str, float]:
    """Return the milliseconds that a client waits for a proof of an entry of a long log."""
    granted = {"actor": "ann", "role": "AUDITOR"}
    await record(url, NARRATED, [event("people.ActorRegistered", {"actor": "ann", "kind": "PERSON"}, "operator")])
    await record(url, NARRATED, [event("people.RoleGranted", granted, "operator")])
    token = await issue(url, NARRATED, "ann", "AUDITOR")
    random, waits = Random(11), []
    with serving(url) as running:
        assert running.popen.stderr is not None
        logged = asyncio.create_task(asyncio.to_thread(running.popen.stderr.read))  # a full pipe would stop it
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=running.url, headers=headers, timeout=60, verify=NO_TLS) as client:
            newest = await client.get(f"/ledgers/{NARRATED}/checkpoint")
            size = int(newest.text.splitlines()[1])
            for number in range(PROOFS + 50):
                began = time.perf_counter()
                answer = await client.get(f"/ledgers/{NARRATED}/proof/{random.randint(1, size)}")
                assert answer.status_code == 200, answer.text
                if number >= 50:
                    waits.append((time.perf_counter() - began) * 1_000)
        running.popen.terminate()
        await logged
        running.rest()
    p99 = quantiles(waits, n=100)[98]
    say(f"  a proof over HTTP: {median(waits):.1f} ms, p99 {p99:.1f} ms")
    return {"proof.http_median_ms": round(median(waits), 2), "proof.http_p99_ms": round(p99, 2)}


if __name__ == "__main__":
    asyncio.run(verify(sys.argv[1], sys.argv[2]))
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}\n")
