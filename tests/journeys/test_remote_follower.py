"""A stranger's system follows a notice over HTTP, while both sides are killed and started again."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.api.process import serving
from tests.api.service import NOTICE, Notice, begin, progress, record
from tests.journeys.tcp_server import free_port
from tests.ledger.eventsourcing.follower import DONE

pytestmark = [pytest.mark.database, pytest.mark.long]
PART = 40
"""Facts recorded between two kills."""


class Stranger:
    """The system as a command, with a database of its own."""

    def __init__(self, address: str, notice: Notice, database: Path, size: int) -> None:
        words = [address, notice.name, notice.tokens["officer"], str(database), str(size)]
        self._command = [sys.executable, "-m", "tests.ledger.eventsourcing.follower", *words]

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[str]"]:
        """Run the system, and kill it at the end."""
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
            try:
                yield process
            finally:
                process.kill()


def read_until(process: "subprocess.Popen[str]", position: int) -> None:
    """Read the output until the system begins to store a position."""
    assert process.stdout is not None
    for line in process.stdout:
        if line == f"{position}\n":
            return
    raise AssertionError(f"the system ended before {position}")


def size_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        [(size,)] = connection.execute("SELECT size FROM ledger.heads WHERE notice = %s", (NOTICE,)).fetchall()
    return int(size)


async def record_part(url: str) -> None:
    """Record facts, also while no server runs."""
    await record(url, NOTICE, [progress(source="operator") for _ in range(PART)])


def test_each_entry_is_processed_once_through_kills_of_both_sides(database: str, tmp_path: Path) -> None:
    notice = asyncio.run(begin(database))
    start, address = size_of(database), f"127.0.0.1:{free_port()}"
    size = start + 4 * PART
    stranger = Stranger(f"http://{address}", notice, tmp_path / "system.db", size)
    asyncio.run(record_part(database))
    with serving(database, LEDGER_BIND=address) as server:
        with stranger.running() as system:
            read_until(system, start + PART // 2)  # killed within a section that it has already received
        with stranger.running() as system:
            read_until(system, start + PART)
            asyncio.run(record_part(database))
            read_until(system, start + PART + 5)
            server.kill()
            asyncio.run(record_part(database))
            with serving(database, LEDGER_BIND=address):
                read_until(system, start + 2 * PART + 5)
    with stranger.running() as system:  # started while the server is away
        asyncio.run(record_part(database))
        with serving(database, LEDGER_BIND=address):
            assert system.stdout is not None
            *_, last = system.stdout
    stored = json.loads(last.removeprefix(DONE))
    assert stored["all"] == stored["echo"] == list(range(1, size + 1))
    assert stored["progress"] == list(range(start + 1, size + 1))
