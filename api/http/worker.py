"""Worker processes, each forked from a process that has imported the application. Imports uvicorn.

uvicorn's workers take seconds to import the application. The workers here outlive the process that forked them,
the fork server. Only the pipe to a worker shows whether the worker runs.
"""

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from multiprocessing import forkserver, util
from multiprocessing.connection import wait
from pathlib import Path
from socket import socket

import uvicorn
from uvicorn.supervisors.multiprocess import Process

from api.http import metrics
from api.http.watchdog import Server

CODE_SECONDS = 5.0
"""Seconds to wait for the exit code of a worker that has ended."""
_PRELOADED = ("api.http.server", "api.http.preload")
"""Modules that are imported once, before the workers are forked."""
_FORK_SERVER = multiprocessing.get_context("forkserver")


class CannotStart(Exception):
    """Error because a worker cannot be started now; the message gives the reason."""


class Worker(Process):
    """A worker that is forked with the application imported, and ends with its supervisor."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        _FORK_SERVER.set_forkserver_preload(list(_PRELOADED))
        # uvicorn types it as a process of its own start method, spawn
        self.process = _FORK_SERVER.Process(target=self.target, args=(sockets,))  # type: ignore[assignment]

    def start(self) -> None:
        """Start the process, and close this process's copy of the worker's end of the pipe.

        A ping then fails at once when the worker has died. With the copy open, it would wait for its timeout.
        A fork server that hangs is killed, and the start then fails.
        """
        hung = threading.Timer(self.config.timeout_worker_healthcheck, end_fork_server)
        hung.daemon = True
        hung.start()
        try:
            super().start()
        finally:
            hung.cancel()
        self.child_conn.close()

    def target(self, sockets: list[socket] | None = None) -> None:
        """Serve until a signal, or the end of the supervisor."""
        threading.Thread(target=_end_with_supervisor, daemon=True).start()
        metrics.open_files()
        self._server = Server(self.config)
        with suppress(KeyboardInterrupt):  # Ctrl-C, after the server has stopped
            super().target(sockets)

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether the worker answers in time.

        For multiprocessing, the process has ended as soon as the fork server has.
        """
        return self.ping(timeout)

    def terminate(self) -> None:
        """Tell the worker to stop."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the worker."""
        self._signal(signal.SIGKILL)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the worker has ended, or for a number of seconds."""
        if self._has_ended(timeout):
            self.process.join(CODE_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None and not self._has_ended(0):  # another process may have its number
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _has_ended(self, timeout: float | None) -> bool:
        """Return whether the worker's end of the pipe is closed, or closes within a number of seconds."""
        try:
            while self.parent_conn.poll(timeout):
                self.parent_conn.recv()  # an answer that came too late
        except (OSError, EOFError):
            return True
        return False


def start(config: uvicorn.Config, sockets: list[socket]) -> Worker:
    """Start a worker.

    Raises:
        CannotStart: The operating system refuses it, or the fork server has ended. A later start may succeed.
    """
    try:
        for directory in (util.get_temp_dir(), os.environ.get(metrics.DIRECTORY)):
            if directory is not None:  # somebody may have emptied the folder of temporary files
                Path(directory).mkdir(mode=0o700, exist_ok=True)
        worker = Worker(config, sockets)
        worker.start()
    except (EOFError, ConnectionError, FileNotFoundError) as error:
        end_fork_server()  # it may run without its socket; the next start makes another
        raise CannotStart("the process that forks the workers has ended") from error
    except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError: no thread can be started
        raise CannotStart(getattr(error, "strerror", None) or str(error) or "no memory") from error
    return worker


def end_fork_server() -> None:
    """Kill the fork server, if it runs. Its workers go on, and the next start makes another fork server."""
    pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # noqa: SLF001 - Python's only way
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end_with_supervisor() -> None:
    """Stop this worker once its supervisor has ended.

    Otherwise nobody would stop the worker, and it would keep the port.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        wait([supervisor.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
