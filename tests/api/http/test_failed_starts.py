"""Test that workers serve on while no other can start, for any reason, and that the others come back."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api import process as processes
from tests.api.http.test_supervisor import children_of, until
from tests.api.http.test_watchdog import SLACK_SECONDS, seconds_to_end, stopped
from tests.api.process import Process, serving
from tests.ledger.embedded.tools import alive

SERVE = """
from api.http import server, watchdog
from api.settings import Settings
server.START_SECONDS = 20
server.GRACE_SECONDS = watchdog.CLOSE_SECONDS = server.CLOSE_SECONDS = server.WORKERS_SECONDS = 1
server.serve(Settings.from_environment())
"""
STARTED = "Application startup complete."
FORBIDDEN = """
import os, resource, sys, time
import uvicorn
from api.http import watchdog, worker
dog = watchdog.Watchdog(0, list)
dog.start()
if os.geteuid() == 0:
    os.setuid(65534)  # limits do not bind the administrator
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
"""
"""Beginning of a script that may start no further process or thread."""


def forbidden(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script that may start no process or thread."""
    command = [sys.executable, "-c", FORBIDDEN + script]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_a_start_at_the_limit_of_processes_fails_with_the_reason() -> None:
    script = "try: worker.start(uvicorn.Config('app'), [])\nexcept worker.CannotStart as fault: print(fault)"
    assert forbidden(script).stdout == "can't start new thread\n"


def test_a_process_at_the_limit_of_processes_ends_in_bounded_time() -> None:
    assert forbidden("dog.notify(); time.sleep(30)").returncode == 1


def started(server: Process) -> list[int]:
    """Return the workers that have started and run."""
    server.count(STARTED)
    messages = (re.fullmatch(r"Started server process \[(\d+)\]", line["message"]) for line in server.lines)
    return [int(match[1]) for match in messages if match and alive(int(match[1]))]


def fork_server(server: Process) -> int:
    """Return the process that forks the workers."""
    children = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children_of(server.popen.pid)}
    return max(child for child, command in children.items() if b"forkserver" in command)


def folder(server: Process) -> Path:
    """Return the folder of a server's temporary files."""
    environment = Path(f"/proc/{server.popen.pid}/environ").read_bytes().split(b"\0")
    return Path(dict(line.partition(b"=")[::2] for line in environment)[b"TMPDIR"].decode())


@contextmanager
def without_files(pid: int) -> Iterator[None]:
    """Let a process open no further file for a while."""
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
    try:
        yield
    finally:
        if alive(pid):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


@contextmanager
def with_end(pid: int) -> Iterator[None]:
    """Kill a process."""
    os.kill(pid, signal.SIGKILL)
    yield


@contextmanager
def emptied(files: Path) -> Iterator[None]:
    """Remove all files of a folder."""
    for file in files.iterdir():
        shutil.rmtree(file)
    yield


FORKING_ENDED = "the process that forks the workers has ended"
FAULTS: dict[str, tuple[Callable[[Process], AbstractContextManager[None]], str]] = {
    "no files": (lambda server: without_files(server.popen.pid), "Too many open files"),
    "no files to fork": (lambda server: without_files(fork_server(server)), FORKING_ENDED),
    "fork server killed": (lambda server: with_end(fork_server(server)), ""),
    "fork server hangs": (lambda server: stopped([fork_server(server)]), FORKING_ENDED),
    "no temporary files": (lambda server: emptied(folder(server)), FORKING_ENDED),
}
"""Functions that hinder the start of a worker for a while, and the logged reason; "" if none is logged."""


@pytest.mark.long
@pytest.mark.database
def test_workers_serve_on_while_no_other_can_start_and_the_others_come_back(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SERVE", SERVE)
    with (
        tempfile.TemporaryDirectory() as files,
        serving(database, LEDGER_WORKERS="2", TMPDIR=files) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        until(lambda: server.count(STARTED) == 2)
        for name, (fault, reason) in FAULTS.items():
            first, second = started(server)
            before, seen = server.count(STARTED), len(server.lines)
            with fault(server):
                os.kill(first, signal.SIGKILL)
                until(lambda: server.count(STARTED) > before or bool(reasons(server, seen)), 60)  # noqa: B023
                assert [text for text in reasons(server, seen) if reason in text] or not reason, name
                assert client.get("/healthz").status_code == 200, name
            until(lambda: server.count(STARTED) > before)  # noqa: B023
            assert second in started(server), name
        assert client.get("/metrics").status_code == 200
        with without_files(server.popen.pid):
            for worker in started(server):
                os.kill(worker, signal.SIGKILL)
            until(lambda: any("no worker runs" in text for text in reasons(server, 0)))
            assert seconds_to_end(server) < SLACK_SECONDS


def reasons(server: Process, first: int) -> list[str]:
    """Return the reasons that the log names for failed starts, from a line on."""
    server.count(STARTED)
    return [line["message"] for line in server.lines[first:] if line["message"].startswith("a worker cannot")]
