"""The committed state of each notice, for judging access: who may read what, now.

The writer has states of its own, which run ahead of the commit. Here one read of the head serves all callers that
were waiting before it started. Entries that this process committed are usually folded from memory. Other entries
are read from the database.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import psycopg
from cachetools import LRUCache

from ledger.append import fold
from ledger.append.fold import FoldedState
from ledger.append.snapshots import SealedSnapshots
from ledger.domain.entry import Entry
from ledger.domain.errors import Unavailable
from ledger.domain.state import State
from ledger.store import entries
from ledger.store.database import connect_as
from ledger.store.entries import EntryRow, Head
from ledger.store.writer_connections import RecordingConnection

NOTICES_IN_MEMORY = 256
COMMITTED_ENTRIES = 1_000
"""Maximum committed entries of a notice in memory. Further entries are read from the database."""


class CommittedStates:
    """Folded states of notices, each caught up with the notice's head when the state is read."""

    def __init__(self, url: str, sealed: SealedSnapshots) -> None:
        self._url = url
        self._sealed = sealed
        self._connection: RecordingConnection | None = None
        self._lock = asyncio.Lock()
        self._folded: LRUCache[str, FoldedState] = LRUCache(NOTICES_IN_MEMORY)
        self._committed: LRUCache[str, deque[tuple[Entry, bytes]]] = LRUCache(NOTICES_IN_MEMORY)
        """Entries that this process committed since the last read, each with the root after it, by notice."""
        self._next: dict[str, asyncio.Task[State]] = {}
        """Reads that have not started, by notice. All callers until the start share one read."""

    def add(self, notice: str, committed: Sequence[Entry], rows: Sequence[EntryRow]) -> None:
        """Keep entries that this process committed, for a notice that has been read."""
        if notice in self._committed:
            self._committed[notice] += zip(committed, [row.root_hash for row in rows], strict=True)

    def recall(self, notice: str) -> FoldedState | None:
        """Return the notice's state as last read; another process's later entries may be missing.

        Returns:
            None if no state is in memory, the connection is lost, or this process has committed entries since.
        """
        is_connected = self._connection is not None and not self._connection.closed
        return self._folded.get(notice) if is_connected and not self._committed.get(notice) else None

    async def current(self, notice: str) -> State:
        """Return the state at the notice's head, empty for an unknown notice.

        Raises:
            Unavailable: The database cannot be reached.
            Damaged: Entries below the head are missing.
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
            self._committed.clear()
            self._connection = await connect_as(RecordingConnection, self._url, "ledger_writer")
        head = await entries.read_head(self._connection, notice)
        if head is None:
            return State()
        committed = self._committed.setdefault(notice, deque(maxlen=COMMITTED_ENTRIES))
        folded = self._folded.pop(notice, None)
        if folded is None or not _may_lead_to(folded, head):
            folded = await fold.load(self._connection, notice, head, self._sealed)
        elif folded.state.position < head.size and not fold.add(folded, committed, head):
            await fold.catch_up(self._connection, notice, folded, head)
        while committed and committed[0][0].position <= head.size:
            committed.popleft()
        self._folded[notice] = folded
        return folded.state

    async def close(self) -> None:
        """Close the connection; the next read opens another connection."""
        if self._connection is not None:
            await self._connection.close()


def _may_lead_to(folded: FoldedState, head: Head) -> bool:
    """Return whether a state is the state at the head, or has an earlier position."""
    position = folded.state.position
    return position < head.size or (position == head.size and folded.root_hash == head.root_hash)
