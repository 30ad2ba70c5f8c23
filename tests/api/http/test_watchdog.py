"""Test that a service ends in bounded time after SIGTERM, also while something hangs."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse

import psycopg
import pytest

from api.http.problem import MEDIA_TYPE
from tests.api import process as processes
from tests.api.http.test_server import ENTRIES
from tests.api.http.test_supervisor import children_of, until, workers_of
from tests.api.process import Process, serving
from tests.api.service import NOTICE, STRUCTURED, Notice, begin, progress, run
from tests.ledger.embedded.tools import alive

pytestmark = pytest.mark.database
SLACK_SECONDS = 15.0
"""Seconds that a busy machine may take beyond the bound, which is below a second here."""
IMPATIENT = """
from api.http import server, watchdog
from api.settings import Settings
server.GRACE_SECONDS = watchdog.CLOSE_SECONDS = server.CLOSE_SECONDS = server.WORKERS_SECONDS = 1
server.serve(Settings.from_environment())
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SERVE", IMPATIENT)


def connected(server: Process, head: str, notice: Notice, body: bytes = b"") -> socket.socket:
    """Return a connection that has sent a request's head and this much of its body."""
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=60)
    lines = (head, "Host: localhost", f"Authorization: Bearer {notice.tokens['officer']}")
    client.sendall("\r\n".join(lines).encode() + b"\r\n" + body)
    return client


def halves(server: Process, notice: Notice) -> Iterator[socket.socket]:
    """Yield connections whose bodies stop halfway, and one that does not read a feed."""
    of_event = f"Content-Type: {STRUCTURED}\r\nContent-Length: 1000\r\n\r\n{{".encode()
    yield connected(server, f"POST {ENTRIES} HTTP/1.1", notice, of_event)
    line = json.dumps(progress()).encode() + b"\n"
    lines = b"Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n" + line + b"{"
    yield connected(server, f"POST {ENTRIES} HTTP/1.1", notice, lines)
    query = b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    yield connected(server, "POST /graphql HTTP/1.1", notice, query)
    fields = "evidence-id: E1\r\nevidence-title: T\r\nevidence-classification: OFFICIAL\r\nce-id: e1"
    fields += "\r\nce-source: officer\r\nContent-Type: text/plain"
    document = f"{fields}\r\nContent-Length: 1000\r\n\r\nText".encode()
    yield connected(server, f"PUT /ledgers/{NOTICE}/evidence HTTP/1.1", notice, document)
    yield connected(server, f"GET {ENTRIES} HTTP/1.1", notice, b"Accept: text/event-stream\r\n\r\n")


def answer_of(client: socket.socket) -> tuple[int, str | None, str]:
    """Return the status, the pause before another attempt and the problem's code of an answer."""
    answer = HTTPResponse(client)
    answer.begin()
    is_problem = answer.headers["Content-Type"] == MEDIA_TYPE
    return answer.status, answer.headers["Retry-After"], json.loads(answer.read())["code"] if is_problem else ""


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Stop processes with SIGSTOP for a while."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            if alive(pid):
                os.kill(pid, signal.SIGCONT)


def seconds_to_end(server: Process) -> float:
    began = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    server.popen.wait(timeout=60)
    return time.monotonic() - began


def test_a_service_does_not_wait_for_clients_that_send_or_read_nothing(database: str) -> None:
    notice = run(begin(database))
    with serving(database) as server, ExitStack() as stack:
        clients = [stack.enter_context(client) for client in halves(server, notice)]
        with psycopg.connect(database, autocommit=True) as watching:
            until(lambda: watching.execute("SELECT 1 FROM ledger.entries WHERE source = 'officer'").rowcount == 1)
        assert seconds_to_end(server) < SLACK_SECONDS
        answers = [answer_of(client) for client in clients]
        log = server.rest()
    cut, started = (503, "5", "UNAVAILABLE"), (200, None, "")
    assert answers == [cut, started, cut, cut, started]
    assert [line for line in log if "error" in line] == []
    assert "watchdog" not in {line["logger"].rpartition(".")[2] for line in log}
    assert server.popen.returncode == -signal.SIGTERM


def test_a_service_leaves_a_database_that_hangs_and_logs_what_waits(database: str) -> None:
    notice = run(begin(database))
    with serving(database) as server, psycopg.connect(database, autocommit=True) as watching:
        server.read_until("Application startup complete.")
        backends = watching.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        with stopped([pid for (pid,) in backends]):
            event = json.dumps(progress()).encode()
            head = f"Content-Type: {STRUCTURED}\r\nContent-Length: {len(event)}\r\n\r\n".encode()
            with connected(server, f"POST {ENTRIES} HTTP/1.1", notice, head + event):
                assert seconds_to_end(server) < SLACK_SECONDS
        (line,) = [line for line in server.rest() if line["logger"] == "api.http.watchdog"]
    assert server.popen.returncode == 1
    assert [task for task in line["waitsFor"] if "Runner.run" in task], line


@pytest.mark.long
@pytest.mark.parametrize("stops", ["a worker", "the process that forks them"])
def test_a_supervisor_does_not_wait_for_a_stopped_process(database: str, stops: str) -> None:
    with serving(database, LEDGER_WORKERS="2") as server:
        until(lambda: server.count("Application startup complete.") == 2)
        workers = workers_of(server.popen.pid)
        forking = [child for child in children_of(server.popen.pid) if children_of(child)]
        with stopped(workers[:1] if stops == "a worker" else forking):
            assert seconds_to_end(server) < SLACK_SECONDS
            until(lambda: not alive(workers[1]), 20)
        until(lambda: not any(alive(worker) for worker in workers), 20)
