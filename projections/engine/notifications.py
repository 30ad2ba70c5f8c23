"""Notifications of commits in other processes, by LISTEN.

Waiters also poll, so a lost connection only delays them.
"""

import asyncio
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.domain.errors import Unavailable
from ledger.store.database import DatabaseRole, connect
from projections.engine.tasks import end

RETRY_SECONDS = 1.0


class Notifications:
    """A notification channel of the database, whose next notification callers can wait for."""

    def __init__(self, url: str, role: DatabaseRole, channel: LiteralString) -> None:
        self._url, self._role = url, role
        self._listen = SQL("LISTEN {}").format(Identifier(channel))
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start listening for notifications."""
        self._task = asyncio.create_task(self._run(), name="notifications")

    async def close(self) -> None:
        """Stop listening for notifications."""
        if self._task is not None:
            await end(self._task)

    def notify(self) -> None:
        """Wake all callers in this process that wait for the next notification."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    def next(self) -> asyncio.Event:
        """Return the event that the next notification sets.

        Take the event before checking for changes, so that no notification is missed.
        """
        return self._event

    async def _run(self) -> None:
        while True:
            with suppress(psycopg.Error, Unavailable):
                async with await connect(self._url, self._role) as connection:
                    await connection.execute(self._listen)
                    self.notify()
                    async for _ in connection.notifies():
                        self.notify()
            await asyncio.sleep(RETRY_SECONDS)
