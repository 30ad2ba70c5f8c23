"""Test the supervisor of the workers: it restarts each, for ever, with growing pauses; and a real outage."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
import pytest
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.http.server import START_SECONDS
from api.http.supervisor import LONGEST_PAUSE_SECONDS, Supervisor
from api.http.worker import CannotStart, Worker
from ledger.store.database import migrate
from tests.api.process import serving
from tests.api.service import begin, progress, run
from tests.journeys.tcp_server import tcp_server
from tests.ledger.embedded.tools import alive


class FakeWorker:
    """A worker that ends at once with the exit code of a failed start, or serves."""

    serves = False
    exitcode = STARTUP_FAILURE
    pid = 1

    def is_alive(self, timeout: float) -> bool:  # noqa: ARG002 - uvicorn's signature
        return self.serves

    def is_ready(self) -> bool:
        return self.serves

    def start(self) -> None:
        """Do nothing."""

    def join(self, timeout: float) -> None:
        """Do nothing."""

    kill = start


@pytest.mark.parametrize("refuses", [True, False], ids=["nothing is forked", "it ends at once"])
def test_a_worker_that_cannot_start_is_started_again_for_ever_with_growing_pauses(*, refuses: bool) -> None:
    now, starts = 0.0, list[float]()

    def start(_config: uvicorn.Config, _sockets: list[Any]) -> Worker:
        starts.append(now)
        if refuses and not worker.serves:
            raise CannotStart("Resource temporarily unavailable")
        return cast("Worker", worker)

    worker = FakeWorker()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor = Supervisor(uvicorn.Config("app", workers=1), [], start, lambda: now)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    supervisor.init_processes()
    while now < 1_000:
        supervisor.keep_subprocess_alive()
        now += 0.5
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert not supervisor.should_exit.is_set()
    assert pauses[0] <= 2
    assert sorted(pauses) == pauses
    assert LONGEST_PAUSE_SECONDS <= pauses[-1] <= LONGEST_PAUSE_SECONDS + 2
    worker.serves = True
    while supervisor._due or supervisor._pauses:
        supervisor.keep_subprocess_alive()
        now += 0.5
    worker.serves = False
    before = now
    while len(starts) == len(pauses) + 2:
        supervisor.keep_subprocess_alive()
        now += 0.5
    assert now - before <= 2


def test_a_ping_of_a_worker_that_dies_without_an_answer_fails_at_once() -> None:
    worker = Worker(uvicorn.Config("app"), [])
    worker.process = multiprocessing.get_context("spawn").Process(target=os._exit, args=(1,))
    worker.start()
    began = time.monotonic()
    assert not worker.ping(START_SECONDS)
    assert time.monotonic() - began < START_SECONDS
    worker.join()


def workers_of(parent: int) -> list[int]:
    """Return the processes of a server's workers: those that its process with the application has forked."""
    return [
        worker
        for child in children_of(parent)
        if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()
        for worker in children_of(child)
    ]


def children_of(parent: int) -> list[int]:
    """Return the child processes; none if the process has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.long
@pytest.mark.database
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_comes_back_after_an_outage_in_which_its_workers_died(workers: str) -> None:
    with tcp_server() as server:
        url = f"{server.url('postgres', 'postgres')}/ledger"
        with psycopg.connect(url.replace("/ledger", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE ledger")
        run(migrate(url))
        notice = run(begin(url))
        with serving(url, LEDGER_WORKERS=workers) as process, httpx.Client(base_url=process.url) as client:

            def status(path: str) -> int:
                with suppress(httpx.HTTPError):
                    return client.get(path, timeout=5).status_code
                return 0

            until(lambda: status("/readyz") == 200)
            server.stop()
            if workers != "1":
                for worker in workers_of(process.popen.pid):
                    os.kill(worker, signal.SIGKILL)
            until(lambda: status("/healthz") == 200)
            until(lambda: status("/readyz") == 503)
            assert process.popen.poll() is None
            server.start()
            until(lambda: status("/readyz") == 200)
            sent = client.post(
                f"/ledgers/{notice.name}/entries",
                json=progress(),
                headers={
                    "Authorization": f"Bearer {notice.tokens['officer']}",
                    "Content-Type": "application/cloudevents+json",
                },
            )
            assert sent.status_code == 201, sent.text


@pytest.mark.long
@pytest.mark.database
@pytest.mark.parametrize("ending", ["its supervisor is killed", "Ctrl-C", "SIGHUP first"])
def test_workers_end_with_their_supervisor_and_a_killed_one_does_not_hold_it_up(
    database: str, ending: str
) -> None:
    started = "Application startup complete."
    with serving(database, LEDGER_WORKERS="3") as server:
        until(lambda: server.count(started) == 3)
        if ending == "SIGHUP first":
            first = workers_of(server.popen.pid)
            server.popen.send_signal(signal.SIGTTIN)
            server.popen.send_signal(signal.SIGHUP)
            until(lambda: server.count(started) == 6)
            until(lambda: not any(alive(worker) for worker in first))
        os.kill(workers_of(server.popen.pid)[0], signal.SIGKILL)
        before = 6 if ending == "SIGHUP first" else 3
        until(lambda: server.count(started) == before + 1, START_SECONDS / 2)
        workers = workers_of(server.popen.pid)
        assert len(workers) == 3
        if ending == "Ctrl-C":
            os.killpg(server.popen.pid, signal.SIGINT)
        else:
            server.popen.kill()
        until(lambda: not any(alive(worker) for worker in workers))
        log = server.rest()  # a traceback would not be JSON
        assert [line["message"] for line in log if line["level"] == "error"] == []
        assert [line["message"].rpartition("; ")[2] for line in log if "ended (exit" in line["message"]] == [
            "it starts again in 0 s"
        ]
