"""Limit the work by which one actor could occupy this process: batches of events, and reports.

Without a limit, forty of them made a fact of somebody else wait for half a minute. Imports the standard library only.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

EACH = 2
"""Number of batches and reports of one actor on which a process works at once; others of that actor wait."""


class Turns:
    """Turns of the actors at work that occupies the process."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, actor: str) -> AsyncIterator[None]:
        """Wait until the actor has a turn, which ends with the context."""
        turns = self._turns.setdefault(actor, asyncio.Semaphore(EACH))
        async with turns:
            yield
