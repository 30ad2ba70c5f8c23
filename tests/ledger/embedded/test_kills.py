"""The embedded database under long ill-treatment: kills and arrivals at any moment, slow recovery."""

import contextlib
import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from ledger.embedded import EmbeddedPostgres, launcher
from ledger.embedded.cluster import cluster_tag
from tests.ledger.embedded.tools import FAST, User, kill, make_place, wait_for

pytestmark = [pytest.mark.database, pytest.mark.long(seconds=20)]

ROUNDS = 60
RECOVERY_SECONDS = 12


@pytest.fixture
def place() -> Iterator[Path]:
    with make_place() as place:
        yield place


def processes_of(place: Path) -> list[int]:
    """Return the processes of the server in this place, by the mark in their command lines."""
    mark = cluster_tag(place / "postgres").encode()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if mark in command_of(pid)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextlib.contextmanager
def querying(server: EmbeddedPostgres, query: str, *parameters: int) -> Iterator[psycopg.Cursor[tuple[int]]]:
    """Query as a user of the database does; try again while the server is stopped or killed."""
    with ExitStack() as stack:
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                connection = stack.enter_context(psycopg.connect(server.ensure_running(), autocommit=True))
                answer = connection.execute(query.encode(), parameters)
                break
        yield answer


def test_what_was_committed_survives_kills_of_server_and_supervisor(place: Path) -> None:
    dice = random.Random(20220705)
    with EmbeddedPostgres(place) as server, ThreadPoolExecutor() as pool:
        server.start()
        with querying(server, "CREATE TABLE IF NOT EXISTS committed (round integer PRIMARY KEY)"):
            pass
        for number in range(ROUNDS):
            with querying(server, "INSERT INTO committed VALUES (%s) ON CONFLICT DO NOTHING", number):
                kill(dice.choice([server.pid, server.supervisor_pid]))
            if dice.random() < 0.3:
                coming_up = pool.submit(server.ensure_running)
                wait_for(lambda: server.pid is not None)
                with contextlib.suppress(ProcessLookupError, AssertionError):
                    kill(server.pid)
                coming_up.result(60)
        with querying(server, "SELECT round FROM committed ORDER BY round") as answer:
            rows = answer.fetchall()
        assert [row[0] for row in rows] == list(range(ROUNDS))
    assert server.wait_until_stopped(30)
    assert not processes_of(place)


def test_users_that_come_and_go_meet_exactly_one_server_or_none(place: Path) -> None:
    dice = random.Random(20220705)
    for _ in range(12):
        with ExitStack() as stack:
            users = [stack.enter_context(User(place)) for _ in range(4)]
            for user in users:
                user.tell("start")
            started = [user.hear()["answer"] for user in users]
            assert len({answer["pid"] for answer in started}) == 1
            dice.shuffle(users)
            for user in users[:3]:
                user.kill()
            assert users[3].ask("connect " + started[0]["url"]) == ["postgres"]
            if dice.random() < 0.5:
                users[3].tell("close")
    wait_for(lambda: not processes_of(place))


def test_a_recovery_longer_than_any_patience_is_waited_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "REPORT_SECONDS", 1.0)
    options = {**FAST, "max_wal_size": "4GB", "checkpoint_timeout": "1h"}
    with EmbeddedPostgres(place, options) as server, ThreadPoolExecutor() as pool:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE much AS SELECT n, repeat('x', 200) FROM generate_series(1, 1000000) n"
            )
            kill(server.pid)
        lines: list[str] = []
        coming_up = pool.submit(server.ensure_running, lines.append)
        recovering: list[int] = []

        def caught() -> bool:
            recovering.extend(pid for pid in processes_of(place) if b"startup" in command_of(pid))
            return bool(recovering)

        wait_for(caught)
        os.kill(recovering[0], signal.SIGSTOP)
        wait_for(lambda: len(lines) > RECOVERY_SECONDS, 4 * RECOVERY_SECONDS)
        os.kill(recovering[0], signal.SIGCONT)
        with psycopg.connect(coming_up.result(120)) as connection:
            assert connection.execute("SELECT count(*) FROM much").fetchone() == (1_000_000,)
        assert all("PostgreSQL is starting (" in line for line in lines[1:])
