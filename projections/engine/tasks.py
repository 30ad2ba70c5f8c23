"""End tasks, and wait for events, so that no cancellation is lost."""

import asyncio
from contextlib import suppress
from typing import Any

CANCEL_SECONDS = 1.0
"""Seconds between cancellations of a task that has not ended."""


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
