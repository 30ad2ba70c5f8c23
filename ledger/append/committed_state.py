"""The committed state of each notice, for judging access: who may read what, now.

The writer has states of its own, which run ahead of the commit. Here one read of the head serves all callers that
were waiting before it started.
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
    """Folded states, caught up with the head at each read."""

    def __init__(self, url: str, sealed: SealedSnapshots) -> None:
        self._url = url
        self._sealed = sealed
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._folded: LRUCache[str, FoldedState] = LRUCache(NOTICES_IN_MEMORY)
        self._next: dict[str, asyncio.Task[State]] = {}
        """Reads that have not started; every caller until then shares one."""

    async def current(self, notice: str) -> State:
        """Return the state at the notice's head, empty for an unknown notice.

        Raises:
            Unavailable: The database cannot be reached.
        """
        read = self._next.get(notice)
        if read is None:
            read = self._next[notice] = asyncio.create_task(self._read(notice))
            # Retrieve the exception, in case every caller was cancelled.
            read.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(read)

    async def _read(self, notice: str) -> State:
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
        """Close the connection; the next read opens another."""
        if self._connection is not None:
            await self._connection.close()
