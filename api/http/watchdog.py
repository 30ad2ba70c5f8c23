"""End the process some seconds after a signal to stop, even if a part of it hangs. Imports uvicorn.

A thread counts the seconds, because the event loop may hang as well. Entries that have receipts are committed by
then. A commit without a receipt has happened or not, as after a kill.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from socket import socket
from types import FrameType

import uvicorn

CLOSE_SECONDS = 15
"""Seconds that everything else may take to close after the last request, before the process exits regardless."""
LOG_SECONDS = 2.0
"""Seconds that the last line of the log may take; its reader may hang too."""
_NAMED = 50
logger = logging.getLogger(__name__)


class Watchdog(threading.Thread):
    """Thread that ends the process some seconds after a signal to stop.

    Args:
        seconds: Seconds between the signal and the end.
        waits_for: Function that returns the names of all that the process still waits for.
        on_signal: Function that the thread calls right after the signal; a signal's handler must not take locks.
        before_end: Function that the thread calls just before the end.
    """

    def __init__(
        self,
        seconds: float,
        waits_for: Callable[[], list[str]],
        on_signal: Callable[[], None] = lambda: None,
        before_end: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._seconds, self._waits_for = seconds, waits_for
        self._on_signal, self._before_end = on_signal, before_end
        self._signals: SimpleQueue[None] = SimpleQueue()  # its put may interrupt itself

    def notify(self) -> None:
        """Note a signal to stop; a signal's handler may call this."""
        self._signals.put(None)

    def run(self) -> None:
        """Wait for the first signal, and end the process unless it ends by itself in time."""
        self._signals.get()
        self._on_signal()
        time.sleep(self._seconds)
        try:
            last_line = threading.Thread(target=self._log, daemon=True)
            last_line.start()
            last_line.join(LOG_SECONDS)
        finally:  # no thread can be started at the limit of processes
            self._before_end()
            os._exit(1)

    def _log(self) -> None:
        fields = {"waitsFor": self._waits_for()[:_NAMED]}
        logger.error("the process did not end in %d s; it leaves now", self._seconds, extra={"fields": fields})


class Server(uvicorn.Server):
    """Server that ends within a bounded time of a signal, also while a part of it hangs."""

    _watchdog: Watchdog

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve until a signal."""
        seconds = (self.config.timeout_graceful_shutdown or 0) + CLOSE_SECONDS
        self._watchdog = Watchdog(seconds, partial(_waits, asyncio.get_running_loop()))
        self._watchdog.start()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop (a signal's handler)."""
        self._watchdog.notify()
        super().handle_exit(sig, frame)


def _waits(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Return the place of the main thread, and the chain of functions in which each task of a loop waits."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 - Python's only way
    return [f"main thread: {_place(frame)}", *sorted(_chain(task) for task in asyncio.all_tasks(loop))]


def _place(frame: FrameType | None) -> str:
    return f"{frame.f_code.co_qualname} {frame.f_lineno}" if frame is not None else "ended"


def _chain(task: asyncio.Task[object]) -> str:
    functions: list[str] = []
    waiting: object = task.get_coro()
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        functions.append(_place(frame))
        waiting = getattr(waiting, "cr_await", None)
    return f"{task.get_name()}: {' > '.join(functions)}"
