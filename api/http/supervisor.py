"""Keep the worker processes running: a worker that ends is started again, for ever, with growing pauses.

uvicorn's own supervisor stops the whole service when a worker fails to start. Imports uvicorn.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from socket import socket

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.http import metrics, worker
from api.http.watchdog import Watchdog
from api.http.worker import CannotStart, Worker

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
KILLED_SECONDS = 5.0
"""Seconds to wait for a killed worker; the kernel may not be able to end it yet."""
_LIMITS = "check the limits of processes, threads, open files, memory and disk"
logger = logging.getLogger(__name__)


class Supervisor(Multiprocess):
    """Supervisor of the worker processes.

    `clock` returns monotonic seconds. The workers are killed `seconds` after a signal to stop.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        start: Callable[[uvicorn.Config, list[socket]], Worker] = worker.start,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = 60.0,
    ) -> None:
        super().__init__(config, sockets)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._watchdog.notify())
        self._seconds = seconds
        self._watchdog = Watchdog(seconds, self._waits_for, self._stop, self._kill)
        self._start, self._clock = start, clock
        self._workers: dict[int, Worker] = {}
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}

    def run(self) -> None:
        """Supervise the workers until a signal to stop, and then until they have ended."""
        self._watchdog.start()
        super().run()

    def init_processes(self) -> None:
        """Start the workers."""
        for number in range(self.processes_num):
            self._due[number] = self._clock()
            self._start_when_due(number)

    def keep_subprocess_alive(self) -> None:
        """Start each worker that has ended, once its pause is over; reset the pause of a worker that serves."""
        for number in range(self.processes_num):
            if self.should_exit.is_set():
                return
            if number not in self._due and not self._workers[number].is_alive(
                timeout=self.config.timeout_worker_healthcheck
            ):
                if self.should_exit.is_set():
                    return
                self._note_end(number)
            if number in self._due:
                self._start_when_due(number)
            elif number in self._pauses and self._workers[number].is_ready():
                del self._pauses[number]

    def restart_all(self) -> None:
        """Replace the workers one after another (SIGHUP); each new worker serves before the old worker stops."""
        for number in range(self.processes_num):
            if self.should_exit.is_set():
                return
            try:
                new = self._start(self.config, self.sockets)
            except CannotStart as fault:
                logger.warning("no new worker can start: %s; %s; the old ones serve on", fault, _LIMITS)
                return
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                _end(new)
                logger.error("the new worker %s was not ready in time; the old ones serve on", new.pid)
                return
            old = self._workers.get(number)
            self._workers[number] = new
            self._due.pop(number, None)
            if old is not None:
                old.terminate()
                old.join(self._seconds)
                _end(old)

    def terminate_all(self) -> None:
        """Tell the workers to stop."""
        for process in self._workers.values():
            process.terminate()

    def join_all(self) -> None:
        """Wait until the workers have ended."""
        for process in self._workers.values():
            process.join()

    def handle_ttin(self) -> None:
        """Log that SIGTTIN and SIGTTOU change nothing, because LEDGER_WORKERS is the number of workers."""
        logger.info("LEDGER_WORKERS is the number of workers; set it and restart the service")

    handle_ttou = handle_ttin

    def _stop(self) -> None:
        """Tell the workers to stop at once: the supervisor itself may wait for a worker that hangs."""
        self.should_exit.set()
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for process in list(self._workers.values()):
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)

    def _waits_for(self) -> list[str]:
        return [f"worker {process.pid}" for process in list(self._workers.values())]

    def _note_end(self, number: int) -> None:
        process = self._workers.pop(number)
        _end(process)  # it may hang
        pause = self._pauses.get(number, 0.0)
        self._postpone(number, pause)
        logger.warning(
            "worker %s ended (exit code %s); it starts again in %d s", process.pid, process.exitcode, pause
        )

    def _start_when_due(self, number: int) -> None:
        if self._clock() < self._due[number]:
            return
        try:
            self._workers[number] = self._start(self.config, self.sockets)
        except CannotStart as fault:
            pause = self._pauses.get(number, FIRST_PAUSE_SECONDS)
            self._postpone(number, pause)
            level = logging.WARNING if self._workers else logging.ERROR
            others = "the others serve on" if self._workers else "no worker runs"
            logger.log(level, "a worker cannot start: %s; %s; %s; next try in %d s", fault, _LIMITS, others, pause)
        else:
            del self._due[number]

    def _postpone(self, number: int, pause: float) -> None:
        """Note the instant at which a worker is due to start, and a longer pause for the next time."""
        self._due[number] = self._clock() + pause
        self._pauses[number] = min(max(FIRST_PAUSE_SECONDS, pause * 2), LONGEST_PAUSE_SECONDS)


def _end(process: Worker) -> None:
    """Kill a worker, wait a short time for its end, and remove its gauges."""
    process.kill()
    process.join(KILLED_SECONDS)
    if process.pid is not None:
        metrics.forget(process.pid)
