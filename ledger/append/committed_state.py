"""The folded state of each notice as it is committed, for those who only judge by it: who may read what, now.

Apart from the writer's own, which runs ahead of the commit. One look at the head tells whether to fold more, and
answers everybody who had asked before it began.
"""

import asyncio

import psycopg
from cachetools import LRUCache

from ledger.append import fold
from ledger.append.fold import FoldedState
from ledger.append.snapshots import SealedSnapshots
from ledger.domain.errors import Unavailable
from ledger.domain.state import State
from ledger.store import entries
from ledger.store.database import connect
from ledger.store.entries import Connection

NOTICES_IN_MEMORY = 256


class CommittedStates:
    """Folded states, caught up whenever they are asked for."""

    def __init__(self, url: str, sealed: SealedSnapshots) -> None:
        self._url = url
        self._sealed = sealed
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._folded: LRUCache[str, FoldedState] = LRUCache(NOTICES_IN_MEMORY)
        self._next: dict[str, asyncio.Task[State]] = {}
        """The looks that have not begun yet: whoever asks until then is answered by one."""

    async def current(self, notice: str) -> State:
        """The state at the notice's head; an empty one when there is no such notice. Raises Unavailable."""
        look = self._next.get(notice)
        if look is None:
            look = self._next[notice] = asyncio.create_task(self._look(notice))
            look.add_done_callback(lambda done: done.cancelled() or done.exception())  # none may wait any more
        return await asyncio.shield(look)

    async def _look(self, notice: str) -> State:
        async with self._lock:
            del self._next[notice]
            try:
                return await self._current(notice)
            except psycopg.OperationalError as error:
                self._folded.pop(notice, None)
                await self.close()
                raise Unavailable("the database cannot be reached; try again in a moment") from error

    async def _current(self, notice: str) -> State:
        if self._connection is None or self._connection.closed:
            self._folded.clear()  # another server may have taken over, without the last commits
            self._connection = await connect(self._url, "ledger_writer")
        head = await entries.read_head(self._connection, notice)
        if head is None:
            return State()
        folded = self._folded.pop(notice, None)
        if folded is None or folded.state.position > head.size:
            folded = await fold.load(self._connection, notice, head, self._sealed)
        elif folded.state.position < head.size:
            await fold.catch_up(self._connection, notice, folded, head)
        self._folded[notice] = folded
        return folded.state

    async def close(self) -> None:
        """Closes the connection; the next question opens another."""
        if self._connection is not None:
            await self._connection.close()
