"""The one way to record facts: concurrent requests are queued and stored together.

One writer per process stores waiting facts in batches. Each fact has its own outcome: a refused fact fails alone,
except in a strict request. Callers are answered after the commit.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from msgspec import Struct, field
from psycopg.errors import LockNotAvailable

from ledger.append.clock import Clock, now
from ledger.append.committed_state import CommittedStates
from ledger.append.fold import FoldedState
from ledger.append.outcome import Answer, AppendRequest
from ledger.append.placement import Placement
from ledger.append.recalled_states import RecalledStates
from ledger.append.receipt import Receipt
from ledger.append.recorder import OnCommit, Recorder, Result
from ledger.append.snapshots import SealedSnapshots
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.authorisation import Credential
from ledger.domain.entry import Entry
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact
from ledger.proof.high_water import HighWaterMarks
from ledger.proof.merkle import Frontier
from ledger.store.entries import EntryRow

BATCH_ENTRIES = 1_000
BATCH_BYTES = 1_500_000
"""Maximum bytes stored together; a single larger request is stored alone."""
LOCK_PAUSE = 0.1
"""Seconds between retries for a notice whose head another process has locked."""
LOCK_SECONDS = 30.0
"""Seconds to wait for another process's lock on a head; then callers get Unavailable."""
LOCKED_ENTRIES = 1_000
"""Maximum number of facts that wait for the lock on a notice's head; more requests get Busy."""
QUEUE_ENTRIES = 20_000
QUEUE_BYTES = 64_000_000
"""Maximum bytes in the queue; further requests get Busy, unless their sender has none in the queue."""
_OVERHEAD = 400
"""Estimated bytes of an entry beyond its data and its narratives."""


_Sender = tuple[str, str]
"""A notice, and the id of one of its actors."""
Observer = Callable[[int, float | None, Sequence[Answer]], None]
"""Function called twice for each queued request, with the number of facts in the queue.

The first call, at queueing, gets None and no answers. The second call, at the end, gets the seconds that
the request took and its answers. A failed request has no answers.
"""


class _Waiting(Struct):
    """A request that waits in the queue, or for a lock."""

    request: AppendRequest
    size: int
    """Estimated bytes of the request's entries and narratives."""
    answers: asyncio.Future[list[Answer]]


class _LockedNotice(Struct):
    """Requests of a notice whose head another process has locked."""

    deadline: float
    """Seconds on the event loop's clock at which these requests are given up."""
    retry_at: float
    requests: deque[_Waiting] = field(default_factory=deque)


class Writer:
    """Writer of all facts that one process records. Several processes may record in one database.

    Args:
        url: The database.
        clock: The source of recording instants.
        on_commit: Called after each commit with the notice, its new entries and their rows.
        marks: High-water marks that the process shares with its signer; None for marks of the writer in memory.
        observer: Function that measures each request.
        snapshot_key: Key of the sealed snapshots; without it, a cold start folds the whole history.
    """

    def __init__(
        self,
        url: str,
        clock: Clock = now,
        on_commit: OnCommit | None = None,
        snapshot_key: bytes | None = None,
        marks: HighWaterMarks | None = None,
        observer: Observer = lambda _waiting, _seconds, _answers: None,
    ) -> None:
        self._clock = clock
        self._observer = observer
        sealed = SealedSnapshots(snapshot_key)
        self._on_commit = on_commit
        self._states = CommittedStates(url, sealed)
        self._recorder = Recorder(url, clock, self._committed, sealed, marks or HighWaterMarks())
        self._queues: dict[_Sender, deque[_Waiting]] = {}
        """Requests of each sender, never empty; the sender whose turn is next comes first."""
        self._locked: dict[str, _LockedNotice] = {}
        self._entries = self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> Self:
        """Connect to the database, and start to record.

        Raises:
            Unavailable: The database cannot be reached.
        """
        await self._recorder.open()
        self._task = asyncio.create_task(self._run(), name="ledger-writer")
        return self

    async def close(self) -> None:
        """Store and answer the waiting requests, then stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._recorder.close()
        await self._states.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def append(
        self, notice: str, item: SubmittedFact, credential: Credential, expected: int | None = None
    ) -> Receipt:
        """Record one fact. Repeating the call with the same (source, id) is safe.

        Raises:
            Refused: The fact may not be recorded.
            Busy: Too many facts wait; nothing was kept. Retry later.
            Unavailable: Nothing can be recorded now, for example without the database. Retrying is safe.
        """
        (answer,) = await self.submit(AppendRequest(notice, credential, [item], expected))
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def append_all(
        self,
        notice: str,
        items: Sequence[SubmittedFact],
        credential: Credential,
        *,
        expected: int | None = None,
        strict: bool = False,
    ) -> list[Answer]:
        """Record facts in order.

        Args:
            notice: The notice of all facts.
            items: The facts.
            credential: The recorder's credential.
            expected: Position of the notice's last entry just before the first fact; None allows any.
            strict: Record all facts in one transaction, or none.

        Returns:
            One answer per fact, in the same order.

        Raises:
            Busy: Too many facts wait; earlier facts may be recorded. Retry all facts later.
            Unavailable: Nothing can be recorded now, for example without the database. Retrying is safe.
        """
        if strict:
            return await self.submit(AppendRequest(notice, credential, items, expected, strict=True))
        answers: list[Answer] = []
        for part in _parts(items):
            answers += await self.submit(AppendRequest(notice, credential, part, expected))
            expected = None
        return answers

    @property
    def waiting(self) -> int:
        """Number of facts in the queue, without those that wait for another process's lock."""
        return self._entries

    async def state(self, notice: str) -> State:
        """Return the notice's state as committed now by any process; the caller must not change it.

        Raise the errors of `CommittedStates.current`.
        """
        return await self._states.current(notice)

    def recalled(self) -> RecalledStates:
        """Return the states in memory, by which one request is judged."""
        return RecalledStates(self._states)

    async def judge(self, notice: str, item: SubmittedFact, credential: Credential) -> Sequence[Refusal]:
        """Return the refusals that role, time and rules give the fact now, without recording the fact.

        Keys, sizes and the history that a correction changes are not checked. Raise the errors of `state`.
        """
        placement = Placement(notice, FoldedState(await self.state(notice), Frontier()), self._clock)
        judged = placement.judge(item, credential)
        return judged.refusals if isinstance(judged, Refused) else ()

    async def submit(self, request: AppendRequest) -> list[Answer]:
        """Queue a request, wait until it is processed, and return one answer per fact. Every append uses this.

        Raises:
            Busy: The queue is full, and the sender has a share of it; nothing was kept. Retry later.
            Busy: Too many facts wait for another process's lock on the notice.
            Unavailable: The database is unreachable, the notice stays locked, or the ledger is shutting down.
                Retrying is safe.
        """
        size = sum(map(_size, request.items))
        if self._closing:
            raise Unavailable("the ledger is shutting down; send it again in a moment")
        sender = (request.notice, request.credential.actor)
        full = self._entries + len(request.items) > QUEUE_ENTRIES or self._bytes + size > QUEUE_BYTES
        if full and sender in self._queues:
            raise Busy("too many facts are waiting to be recorded; nothing of this was kept: send it again")
        loop = asyncio.get_running_loop()
        started = loop.time()
        waiting = _Waiting(request, size, loop.create_future())
        queue = self._queues.get(sender)
        if queue is None:
            queue = self._queues[sender] = deque()
        queue.append(waiting)
        self._entries += len(request.items)
        self._bytes += size
        self._wake.set()
        self._observer(self._entries, None, ())
        answers: Sequence[Answer] = ()
        try:
            answers = answered = await waiting.answers
        finally:
            self._observer(self._entries, loop.time() - started, answers)
        return answered

    def _committed(self, notice: str, entries: Sequence[Entry], rows: Sequence[EntryRow]) -> None:
        self._states.add(notice, entries, rows)
        if self._on_commit is not None:
            self._on_commit(notice, entries, rows)

    async def _run(self) -> None:
        while True:
            await self._wait()
            while (due := self._due()) is not None or self._queues:
                if due is not None:
                    await self._record(self._retry(due), wait=False)
                    if due in self._locked and not self._locked[due].requests:
                        del self._locked[due]
                if self._queues:  # many locked notices must not hold it back
                    await self._record(self._batch(), wait=True)
            if self._closing and not self._locked:
                return

    async def _record(self, batch: Sequence[_Waiting], *, wait: bool) -> None:
        results = await self._recorder.record([waiting.request for waiting in batch], wait=wait)
        for waiting, result in zip(batch, results, strict=True):
            self._finish(waiting, result)

    async def _wait(self) -> None:
        """Wait for a request, or for the next retry of a locked notice."""
        if self._locked:
            next_retry = min(locked.retry_at for locked in self._locked.values())
            with suppress(TimeoutError):
                pause = max(0.0, next_retry - asyncio.get_running_loop().time())
                async with asyncio.timeout(pause):
                    await self._wake.wait()
        else:
            await self._wake.wait()
        self._wake.clear()

    def _finish(self, waiting: _Waiting, result: Result) -> None:
        """Answer a request, or set it aside while its notice is locked."""
        if isinstance(result, LockNotAvailable):
            self._set_aside(waiting)
        elif waiting.answers.done():  # the caller has gone
            pass
        elif isinstance(result, Exception):
            waiting.answers.set_exception(result)
        else:
            waiting.answers.set_result(result)

    def _batch(self) -> list[_Waiting]:
        """Take the requests to store together, one of each sender in turn; set aside those of locked notices."""
        batch: list[_Waiting] = []
        entries = size = 0
        while self._queues:
            sender, queue = next(iter(self._queues.items()))
            waiting = queue[0]
            count = len(waiting.request.items)
            if batch and (entries + count > BATCH_ENTRIES or size + waiting.size > BATCH_BYTES):
                break
            queue.popleft()
            if not queue:
                del self._queues[sender]
            elif len(self._queues) > 1:
                self._queues[sender] = self._queues.pop(sender)  # after the other senders
            self._entries -= count
            self._bytes -= waiting.size
            if waiting.request.notice in self._locked:
                self._set_aside(waiting)
                continue
            batch.append(waiting)
            entries, size = entries + count, size + waiting.size
        return batch

    # --- locked notices

    def _set_aside(self, waiting: _Waiting) -> None:
        """Keep a request until the lock on its notice's head is free; refuse it as Busy when too many wait."""
        now = asyncio.get_running_loop().time()
        notice = waiting.request.notice
        locked = self._locked.setdefault(notice, _LockedNotice(now + LOCK_SECONDS, 0.0))
        locked.retry_at = now + LOCK_PAUSE
        if sum(len(other.request.items) for other in locked.requests) < LOCKED_ENTRIES:
            locked.requests.append(waiting)
        elif not waiting.answers.done():
            waiting.answers.set_exception(Busy(f"too many facts wait for the lock on {notice}; send it again"))

    def _due(self) -> str | None:
        """Return a locked notice whose next retry is due, or None if no retry is due."""
        if not self._locked:
            return None
        now = asyncio.get_running_loop().time()
        return next((notice for notice, locked in self._locked.items() if locked.retry_at <= now), None)

    def _retry(self, notice: str) -> list[_Waiting]:
        """Return a locked notice's requests for another try.

        After the deadline, fail the requests and return an empty list.
        """
        locked = self._locked.pop(notice)
        if asyncio.get_running_loop().time() < locked.deadline:
            self._locked[notice] = _LockedNotice(locked.deadline, float("inf"))
            return list(locked.requests)
        for waiting in locked.requests:
            if not waiting.answers.done():
                waiting.answers.set_exception(
                    Unavailable(f"another process holds the lock on {notice}; try again, and find that process")
                )
        return []


def _size(item: SubmittedFact) -> int:
    """Return the estimated bytes of a fact's entry and narratives."""
    return _OVERHEAD + len(item.data) + sum([len(text.body) for text in item.narratives])


def _parts(items: Sequence[SubmittedFact]) -> list[list[SubmittedFact]]:
    """Return facts in order, in parts that may be stored together; a correction is a part of its own."""
    parts: list[list[SubmittedFact]] = []
    size = 0
    for item in items:
        weight = _size(item)
        if (
            not parts
            or len(parts[-1]) >= BATCH_ENTRIES
            or size + weight > BATCH_BYTES
            or isinstance(item.fact, EntryCorrected)
            or isinstance(parts[-1][-1].fact, EntryCorrected)
        ):
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += weight
    return parts
