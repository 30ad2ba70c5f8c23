"""Keep the worker processes running: a worker that ends is started again, for ever, with growing pauses.

uvicorn's own supervisor stops the whole service when a worker fails to start. Its workers take seconds to import
the application; the workers here are forked from a process that has imported it. Imports uvicorn.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from socket import socket

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from api.http.watchdog import Server, Watchdog

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
_PRELOADED = ("api.http.server", "api.http.preload")
"""Modules that are imported once, before the workers are forked."""
_SERVER = multiprocessing.get_context("forkserver")
logger = logging.getLogger(__name__)


class Worker(Process):
    """A worker that is forked with the application imported, and ends with its supervisor."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        _SERVER.set_forkserver_preload(list(_PRELOADED))
        # uvicorn types it as a process of its own start method, spawn
        self.process = _SERVER.Process(target=self.target, args=(sockets,))  # type: ignore[assignment]

    def start(self) -> None:
        """Start the process, and close this process's copy of the worker's end of the pipe.

        A ping then fails at once when the worker has died. With the copy open, it would wait for its timeout.
        """
        super().start()
        self.child_conn.close()

    def target(self, sockets: list[socket] | None = None) -> None:
        """Serve until a signal, or the end of the supervisor."""
        threading.Thread(target=_end_with_supervisor, daemon=True).start()
        self._server = Server(self.config)
        with suppress(KeyboardInterrupt):  # Ctrl-C, after the server has stopped
            super().target(sockets)


def _end_with_supervisor() -> None:
    """Stop this worker once its supervisor has ended.

    Otherwise nobody would stop the worker, and it would keep the port.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        wait([supervisor.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(Multiprocess):
    """Supervisor of the worker processes.

    `clock` returns monotonic seconds. The workers are killed `seconds` after a signal to stop.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        start: Callable[[uvicorn.Config, list[socket]], Process] = Worker,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = 60.0,
    ) -> None:
        super().__init__(config, sockets)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._watchdog.notify())
        self._watchdog = Watchdog(seconds, self._waits_for, self._stop, self._kill)
        self._new, self._clock = start, clock
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}

    def run(self) -> None:
        """Supervise the workers until a signal to stop, and then until they have ended."""
        self._watchdog.start()
        super().run()

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes = [self._start() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Start each worker that has ended, once its pause is over; reset the pause of a worker that serves."""
        for number, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if number not in self._due and not process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                if self.should_exit.is_set():
                    return
                self._note_end(number, process)
            if number in self._due:
                self._start_when_due(number)
            elif number in self._pauses and process.is_ready():
                del self._pauses[number]

    def restart_all(self) -> None:
        """Replace the workers one after another (SIGHUP); each new worker serves before the old worker stops."""
        for number, old in enumerate(self.processes):
            new = self._start()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                new.kill()
                new.join()
                logger.error("the new worker %s was not ready in time; the old ones serve on", new.pid)
                return
            old.terminate()
            old.join()
            self.processes[number] = new
            self._due.pop(number, None)

    def handle_ttin(self) -> None:
        """Start no further worker (SIGTTIN), because LEDGER_WORKERS is the number of workers."""
        logger.info("LEDGER_WORKERS is the number of workers; set it and restart the service")

    handle_ttou = handle_ttin

    def _stop(self) -> None:
        """Tell the workers to stop at once: the supervisor itself may wait for a worker that hangs."""
        self.should_exit.set()
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for worker, process in enumerate(self.processes):
            if worker not in self._due and process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)

    def _waits_for(self) -> list[str]:
        return [f"worker {process.pid}" for process in self.processes]

    def _note_end(self, number: int, process: Process) -> None:
        process.kill()  # it may hang
        process.join()
        pause = self._pauses.get(number, 0.0)
        self._pauses[number] = min(max(FIRST_PAUSE_SECONDS, pause * 2), LONGEST_PAUSE_SECONDS)
        self._due[number] = self._clock() + pause
        logger.warning(
            "worker %s ended (exit code %s); it starts again in %d s", process.pid, process.exitcode, pause
        )

    def _start_when_due(self, number: int) -> None:
        if self._clock() >= self._due[number]:
            del self._due[number]
            self.processes[number] = self._start()

    def _start(self) -> Process:
        process = self._new(self.config, self.sockets)
        process.start()
        return process
