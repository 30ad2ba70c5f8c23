"""Run the server as a process, on a test's database."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from queue import SimpleQueue
from typing import Any

import psycopg

SERVE = "from api.http.server import serve; from api.settings import Settings; serve(Settings.from_environment())"


class Process:
    """A server process, and its address."""

    def __init__(self, database: str, **settings: str) -> None:
        environment = {"LEDGER_DATABASE_URL": uri(database), "LEDGER_BIND": "127.0.0.1:0"}
        environment |= {"LEDGER_DATA": data_of(database), **settings}
        self.popen = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that its workers can be killed with it
        )
        self.lines: list[dict[str, Any]] = []
        self._said: SimpleQueue[str | None] = SimpleQueue()
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()
        try:
            self.url = self.read_until("listening on ").removeprefix("listening on ")
        except BaseException:
            self.kill()
            raise

    def read_until(self, *beginnings: str) -> str:
        """Read the log up to a message with this beginning, and return it."""
        for line in iter(self._said.get, None):
            self.lines.append(json.loads(line))
            message = str(self.lines[-1]["message"])
            if message.startswith(beginnings):
                return message
        raise AssertionError(self.lines)

    def count(self, message: str) -> int:
        """Return how often the log has a message so far; a line that a kill cut off has none."""
        while not self._said.empty():
            line = self._said.get()
            if line is None:
                self._said.put(None)  # for those who read up to the end
                break
            with suppress(ValueError):
                self.lines.append(json.loads(line))
        return sum(line["message"] == message for line in self.lines)

    def stop(self) -> list[dict[str, Any]]:
        """Tell the server to stop, wait, and return its log."""
        self.popen.send_signal(signal.SIGTERM)
        return self.rest()

    def rest(self) -> list[dict[str, Any]]:
        """Wait for the end of the process and return its log."""
        self.popen.wait(timeout=120)
        self._listening.join()
        return self.lines + [json.loads(line) for line in iter(self._said.get, None)]

    def kill(self) -> None:
        """Kill the server and its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self._listening.join()

    def _listen(self) -> None:
        """Read the log continuously: a server with a full pipe would block."""
        assert self.popen.stderr is not None
        with self.popen.stderr as log:
            for line in log:
                self._said.put(line)
        self._said.put(None)


@cache
def data_of(database: str) -> str:
    """Return the folder of files of a database's servers; high-water marks of other databases are elsewhere."""
    name = psycopg.conninfo.conninfo_to_dict(database).get("dbname")
    folder = tempfile.mkdtemp(prefix=f"ledger-{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def faults(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the warnings and errors of a log, without those about the tests' login, a superuser."""
    serious = [line for line in log if line["level"] in ("warning", "error")]
    return [line for line in serious if not line["message"].startswith("the login ")]


def uri(conninfo: str) -> str:
    """Return a connection string as a URL."""
    if conninfo.startswith("postgresql://"):
        return conninfo
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    host = str(parts["host"]).replace("/", "%2F")
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={host}&port={parts.get('port', 5432)}"


@contextmanager
def serving(database: str, **settings: str) -> Iterator[Process]:
    process = Process(database, **settings)
    try:
        yield process
    finally:
        process.kill()
