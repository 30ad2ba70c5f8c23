"""Limit the work by which one actor could occupy this process: batches of events, and reports.

Without a limit, forty requests of one actor made another actor's fact wait for half a minute. Imports the standard
library only.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

EACH = 2
"""Maximum number of batches and reports of one actor on which a process works at once; the actor's others wait."""


class Turns:
    """Turns of each actor at batches and reports, of which an actor has at most `EACH` at once."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, actor: str) -> AsyncIterator[None]:
        """Wait until the actor has a turn, and hold the turn until the context ends."""
        turns = self._turns.setdefault(actor, asyncio.Semaphore(EACH))
        async with turns:
            yield
