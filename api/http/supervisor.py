"""Keep the worker processes running: one that ends is started again, for ever, with growing pauses.

uvicorn's own supervisor stops the whole service when a worker fails to start. Imports uvicorn.
"""

import logging
import time
from collections.abc import Callable
from socket import socket

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
logger = logging.getLogger(__name__)


class Supervisor(Multiprocess):
    """Supervisor of the workers; `clock` returns monotonic seconds."""

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket],
        start: Callable[[uvicorn.Config, list[socket]], Process] = Process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(config, sockets)
        self._new, self._clock = start, clock
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}

    def keep_subprocess_alive(self) -> None:
        """Start each worker that has ended, once its pause is over; a worker that serves has no pause left."""
        for number, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if number in self._due:
                self._start_when_due(number)
            elif not process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                self._note_end(number, process)
            elif number in self._pauses and process.is_ready():
                del self._pauses[number]

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
            self.processes[number] = self._new(self.config, self.sockets)
            self.processes[number].start()
