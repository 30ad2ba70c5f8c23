"""Kill -9 of writers, the server and its backends at any moment: no entry with a receipt is lost."""

import asyncio
import os
import random
import subprocess
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.embedded import EmbeddedPostgres
from ledger.store.database import migrate
from ledger.verify.database import verify
from tests.journeys.kill_writer import LANES, NOTICES, keys
from tests.ledger.embedded.tools import FAST, kill, make_place
from tests.ledger.history import begin

pytestmark = pytest.mark.database

CHECKOUT = Path(__file__).parents[2]
WRITERS = 3
PATIENCE = 60.0
"""Seconds within which every writer gets receipts again after a kill."""


class Siege:
    """Writers at work on a server of their own, and the means to kill any of it."""

    def __init__(self, server: EmbeddedPostgres, place: Path, chance: random.Random) -> None:
        self.server = server
        self.url = server.start()
        self.chance = chance
        self.files = [place / f"receipts-{number}" for number in range(WRITERS)]
        self.writers: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        """Create the notices and start the writers."""
        asyncio.run(self._settle())
        for file in self.files:
            file.touch()
        self.writers = [self._start(number) for number in range(WRITERS)]

    async def _settle(self) -> None:
        await migrate(self.url)
        async with Writer(self.url) as writer:
            for notice in NOTICES:
                await begin(writer, notice)

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.journeys.kill_writer", self.url, f"w{number}"]
        return subprocess.Popen([*command, str(self.files[number])], cwd=CHECKOUT)

    def await_receipts(self) -> None:
        """Wait until every writer has written new receipts."""
        before = [file.stat().st_size for file in self.files]
        deadline = time.monotonic() + PATIENCE
        while any(file.stat().st_size == size for file, size in zip(self.files, before, strict=True)):
            assert all(writer.poll() is None for writer in self.writers), "a writer ended by itself"
            assert time.monotonic() < deadline, f"a writer got no receipt within {PATIENCE:.0f} s"
            time.sleep(0.005)

    def kill_writer(self) -> None:
        """Kill a writer and start it again."""
        number = self.chance.randrange(WRITERS)
        self.writers[number].kill()
        assert self.writers[number].wait() == -9
        self.writers[number] = self._start(number)

    def kill_server(self) -> None:
        """Kill the server's first process and start the server again."""
        kill(self.server.pid)
        assert self.server.ensure_running() == self.url

    def kill_backend(self) -> None:
        """Kill one of the processes that serve the writers; the server then recovers by itself."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
            ).fetchall()
        with suppress(ProcessLookupError):  # its writer may have left it in this moment
            kill(self.chance.choice(rows)[0])

    def end(self) -> None:
        """Kill every writer, and start the server again if it is down."""
        for writer in self.writers:
            writer.kill()
            writer.wait()
        self.server.ensure_running()

    def receipts(self) -> list[tuple[str, str, int, str, str]]:
        """Return every receipt of a writer: notice, id, position, leaf hash and root."""
        lines = [line.split() for file in self.files for line in file.read_text().splitlines()]
        return [(notice, key, int(position), leaf, root) for notice, key, position, leaf, root in lines]


@pytest.fixture
def siege() -> Iterator[Siege]:
    seed = int(os.environ.get("LEDGER_TEST_SEED", random.randrange(2**32)))
    sys.stderr.write(f"LEDGER_TEST_SEED={seed}\n")  # shown when the test fails: the same kills come again
    with make_place() as place, EmbeddedPostgres(place, FAST) as server:
        siege = Siege(server, place, random.Random(seed))
        try:
            siege.begin()
            yield siege
        finally:
            for writer in siege.writers:
                writer.kill()
                writer.wait()


def endure(siege: Siege, kills: int) -> None:
    """Kill that often, at random moments after every writer works again; then check the record."""
    ways: list[Callable[[], None]] = [siege.kill_writer, siege.kill_backend, siege.kill_server]
    done: Counter[str] = Counter()
    for number in range(kills):
        siege.await_receipts()
        time.sleep(siege.chance.uniform(0, 0.05))
        # Each way at least once, however few the kills.
        way = ways[number] if number < len(ways) else siege.chance.choice(ways)
        way()
        done[way.__name__] += 1
    siege.await_receipts()
    siege.end()
    check(siege)
    sys.stderr.write(f"{dict(done)}, {len(siege.receipts()):,} receipts\n")


def check(siege: Siege) -> None:
    """Check that no entry with a receipt is lost, partly written or stored twice."""
    report = asyncio.run(verify(siege.url))
    assert report.sound, report.first
    receipts = siege.receipts()
    with psycopg.connect(siege.url) as connection:
        rows = connection.execute(
            "SELECT notice, id, position, leaf_hash, root_hash FROM ledger.entries WHERE source = 'alice'"
        ).fetchall()
    stored = {(n, key, position, encoded(leaf), encoded(root)) for n, key, position, leaf, root in rows}
    assert set(receipts) <= stored, f"lost: {set(receipts) - stored}"
    ids = [row[1] for row in rows]
    for times in (Counter(ids), Counter(receipt[1] for receipt in receipts)):
        assert set(times.values()) == {1}, times.most_common(3)
    # What is stored beyond the receipts was on its way when its writer was killed: one turn of each lane.
    unanswered = set(ids) - {receipt[1] for receipt in receipts}
    turns = {tuple(key.split(".")[:3]) for key in unanswered}
    assert len({turn[:2] for turn in turns}) == len(turns) <= WRITERS * len(LANES)
    recorded_ids = set(ids)
    for key in ids:
        name, lane, turn, _ = key.split(".")
        if LANES[int(lane)].strict:
            assert recorded_ids.issuperset(keys(name, int(lane), int(turn))), f"half of the strict batch of {key}"


def encoded(digest: bytes) -> str:
    return b64encode(digest).decode()


def test_a_few_kills(siege: Siege) -> None:
    endure(siege, 5)


@pytest.mark.long(seconds=120)
@pytest.mark.timeout(600)
def test_a_hundred_kills(siege: Siege) -> None:
    endure(siege, 100)
