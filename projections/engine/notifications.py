"""Hears when something was committed elsewhere, by LISTEN; where that fails, its waiters look by themselves.

It may import `ledger.store.database`.
"""

import asyncio
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.domain.errors import Unavailable
from ledger.store.database import DatabaseRole, connect

RETRY_SECONDS = 1.0


class Notifications:
    """A channel of the database that can be waited for, and rung in this process too."""

    def __init__(self, url: str, role: DatabaseRole, channel: LiteralString) -> None:
        self._url, self._role = url, role
        self._listen = SQL("LISTEN {}").format(Identifier(channel))
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Starts listening."""
        self._task = asyncio.create_task(self._run(), name="bell")

    async def close(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def ring(self) -> None:
        """Wakes whoever waits."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    def next(self) -> asyncio.Event:
        """What the next ring sets; taken before looking, so that no ring is missed in between."""
        return self._rung

    async def _run(self) -> None:
        while True:
            with suppress(psycopg.Error, Unavailable):
                async with await connect(self._url, self._role) as connection:
                    await connection.execute(self._listen)
                    self.ring()
                    async for _ in connection.notifies():
                        self.ring()
            await asyncio.sleep(RETRY_SECONDS)


async def within(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, but no longer than that."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), max(seconds, 0.0))
