"""End tasks and wait for events without losing a cancellation; let other tasks run during long computations."""

import asyncio
import time
from contextlib import suppress
from typing import Any

CANCEL_SECONDS = 1.0
"""Seconds between cancellations of a task that has not ended."""
PACE_SECONDS = 0.02
"""Seconds for which a long computation may run before it lets other tasks of the event loop run."""


class Pace:
    """Pace of a long computation, which pauses between its steps so that the process still answers."""

    def __init__(self) -> None:
        self._until = time.monotonic() + PACE_SECONDS

    async def pause(self) -> None:
        """Let other tasks run if the computation has run for PACE_SECONDS since its last pause."""
        if time.monotonic() >= self._until:
            await asyncio.sleep(0)
            self._until = time.monotonic() + PACE_SECONDS


async def within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most this many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0.0)):  # Python 3.11's wait_for may lose a cancellation
            await event.wait()


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it has ended: a library may lose a cancellation that comes with another event."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_SECONDS)
