"""The recording of batches: on the state in memory when possible, under the heads' locks otherwise.

The quick way computes a batch on the state in memory, and stores each notice's entries in one guarded statement.
Corrections and strict requests take the careful way. So does a batch that meets another process's entry, a stored
key, a lost connection or a refused row. The careful way locks each head, catches up and looks up the keys first.
Later batches take it until the state in memory is at the head and no key is repeated.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import groupby, islice

import psycopg
from cachetools import LRUCache
from psycopg.errors import LockNotAvailable

from ledger.append import fold
from ledger.append.clock import Clock, MachineClock, check_last
from ledger.append.correction import take_correction
from ledger.append.fold import FoldedState
from ledger.append.outcome import Answer, AppendRequest, Outcome, Repeated, answer
from ledger.append.placement import Placement
from ledger.append.repetition import settle, stored_keys
from ledger.append.snapshots import SealedSnapshots
from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged, Refused, Stopped, Unavailable, WorkerLost
from ledger.intake.parse import SubmittedFact
from ledger.proof.high_water import HighWaterMarks
from ledger.store import entries as store
from ledger.store.copies import refuse_followed
from ledger.store.database import connect_as
from ledger.store.distribution import lost_worker
from ledger.store.entries import Connection, EntryRow
from ledger.store.writer_connections import RecordingConnection

NOTICES_IN_MEMORY = 256
LOCK_MILLISECONDS = 250
"""Milliseconds to wait for another process's lock on a head; then the other notices go on."""
RECONNECT_SECONDS = 30.0
"""Seconds to keep trying after losing the database; then callers get Unavailable."""
OnCommit = Callable[[str, Sequence[Entry], Sequence[EntryRow]], None]
Result = list[Answer] | Exception
"""A request's answers, or the error that ended it. After some errors, the request may have been recorded."""


class Recorder:
    """Recorder that stores batches over one connection, with the states of recent notices in memory."""

    def __init__(
        self, url: str, clock: Clock, on_commit: OnCommit, sealed: SealedSnapshots, marks: HighWaterMarks
    ) -> None:
        self._url = url
        self._clock = clock
        self._on_commit = on_commit
        self._sealed = sealed
        self._marks = marks
        self._folded: LRUCache[str, FoldedState] = LRUCache(NOTICES_IN_MEMORY)
        self._careful = False
        self._connection: RecordingConnection | None = None

    async def open(self) -> None:
        """Connect to the database.

        Raises:
            Unavailable: The database cannot be reached.
        """
        self._connection = await self._connect()

    async def close(self) -> None:
        """Save the high-water marks, and disconnect."""
        await asyncio.to_thread(self._marks.save)
        if self._connection is not None:
            await self._connection.close()

    async def record(self, requests: Sequence[AppendRequest], *, wait: bool = True) -> list[Result]:
        """Record the requests of a batch.

        Args:
            requests: The requests, in order.
            wait: True to wait `LOCK_MILLISECONDS` for the first head that another process has locked; no call
                waits for a second one.

        Returns:
            One result per request, in the same order; LockNotAvailable if its notice's head is still locked.
        """
        try:
            if isinstance(self._clock, MachineClock):
                self._clock.check_elapsed()
            if not self._careful and wait:
                try:
                    results = await self._quickly(requests)
                except LockNotAvailable:
                    results, wait = None, False
                if results is not None:
                    return results
            return await self._carefully(requests, wait)
        except Exception as error:  # noqa: BLE001 (every caller gets a result)
            self._folded.clear()
            return [error] * len(requests)

    async def _connected(self) -> RecordingConnection:
        if self._connection is None or self._connection.closed:
            self._folded.clear()  # another server may have taken over, without the last commits
            self._connection = await self._connect()
        return self._connection

    async def _connect(self) -> RecordingConnection:
        settings = {"lock_timeout": f"{LOCK_MILLISECONDS}ms"}
        return await connect_as(RecordingConnection, self._url, "ledger_writer", settings)

    # --- the quick way

    async def _quickly(self, requests: Sequence[AppendRequest]) -> list[Result] | None:
        """Store a batch on the state in memory. Return the results, or None if the batch needs the careful way.

        Raises:
            LockNotAvailable: Another process has locked a head; nothing is stored.
        """
        if any(request.alone for request in requests):
            return None
        groups = _by_notice(requests)
        try:
            connection = await self._connected()
            placements: list[Placement] = []
            outcomes: list[list[Outcome]] = []
            for notice, group in groups:
                placement = Placement(notice, await self._load(connection, notice), self._clock)
                placements.append(placement)
                outcomes.append([o for number in group for o in placement.take(requests[number], None)])
            if await _outdated(connection, placements) or not await _store(connection, placements):
                self._forget(groups)
                return None
            for index, placement in enumerate(placements):
                items = _items(requests[number] for number in groups[index][1])
                outcomes[index] = await settle(connection, placement.notice, items, outcomes[index])
            if not any(placement.entries for placement in placements) and any(
                isinstance(outcome, Repeated) for decided in outcomes for outcome in decided
            ):  # nothing was committed; the lock's commit waits for the standbys, which may lack the entry
                self._forget(groups)
                return None
        except LockNotAvailable:
            self._forget(groups)
            raise
        except (psycopg.Error, Damaged, Refused, Stopped):
            self._forget(groups)
            return None
        results: dict[int, Result] = {}
        for (_, group), placement, decided in zip(groups, placements, outcomes, strict=True):
            await self._committed(connection, placement)
            results |= zip(group, _answers([requests[n] for n in group], decided, placement.rows), strict=True)
        return [results[number] for number in range(len(requests))]

    async def _load(self, connection: Connection, notice: str) -> FoldedState:
        folded = self._folded.get(notice)
        if folded is None:
            await refuse_followed(connection, notice)
            head = await store.read_head(connection, notice)
            await self._marks.check(connection, notice, head)
            folded = await fold.load(connection, notice, head, self._sealed)
            self._folded[notice] = folded
        return folded

    def _forget(self, groups: Iterable[tuple[str, list[int]]]) -> None:
        for notice, _ in groups:
            self._folded.pop(notice, None)

    async def _committed(self, connection: Connection, placement: Placement) -> None:
        """Call `on_commit` for stored entries, and keep a snapshot when one is due."""
        if placement.rows:
            last = placement.rows[-1]
            self._marks.advance(placement.notice, last.position, last.root_hash)
            with suppress(Exception):  # a follower's fault is not the caller's, whose entry is stored
                self._on_commit(placement.notice, placement.entries, placement.rows)
        with suppress(psycopg.Error):
            await fold.keep_snapshot(connection, placement.notice, placement.folded, self._sealed)

    # --- the careful way

    async def _carefully(self, requests: Sequence[AppendRequest], wait: bool) -> list[Result]:
        """Store the requests of each notice under the lock on its head, and return their results."""
        self._careful = False
        results: dict[int, Result] = {}
        for notice, group in _by_notice(requests):
            try:
                for alone, run in groupby(group, key=lambda number: requests[number].alone):
                    for part in [[number] for number in run] if alone else [list(run)]:
                        answers = await self._bisect(notice, [requests[number] for number in part], wait)
                        results |= zip(part, answers, strict=True)
            except Refused as refused:
                for number in group:
                    results.setdefault(number, [refused] * len(requests[number].items))
            except (Damaged, Stopped, WorkerLost, LockNotAvailable) as error:  # the other notices go on
                results |= {number: error for number in group if number not in results}
                wait = wait and not isinstance(error, LockNotAvailable)
            except Exception as error:  # noqa: BLE001 (what was answered stays answered)
                self._folded.clear()
                return [results.get(number, error) for number in range(len(requests))]
        return [results[number] for number in range(len(requests))]

    async def _bisect(self, notice: str, requests: Sequence[AppendRequest], wait: bool) -> list[list[Answer]]:
        """Store requests together, and return their answers.

        If the database refuses a row, find and refuse its fact by bisection. Raise the errors of `_reconnecting`.
        """
        try:
            return await self._reconnecting(notice, requests, wait)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
            self._folded.pop(notice, None)
            if len(requests) > 1:
                middle = len(requests) // 2
                first = await self._bisect(notice, requests[:middle], wait)
                return first + await self._bisect(notice, requests[middle:], wait)
            (request,) = requests
            if len(request.items) == 1 or request.strict:
                refused = Refused.because("DATABASE_REFUSED", f"the database refused it: {error.sqlstate}")
                return [[refused] * len(request.items)]
            singles = [
                AppendRequest(notice, request.credential, [item], None if index else request.expected)
                for index, item in enumerate(request.items)
            ]
            return [[single for part in singles for (single,) in await self._bisect(notice, [part], wait)]]

    async def _reconnecting(
        self, notice: str, requests: Sequence[AppendRequest], wait: bool
    ) -> list[list[Answer]]:
        """Store requests, and try again if the connection is lost. Keys show which facts were committed before.

        Raises:
            Unavailable: The database stays unreachable for `RECONNECT_SECONDS`.
            WorkerLost: The notice's server of the cluster cannot be reached.
            Stopped: An operator must act before the notice can be recorded, for example on a wrong clock.
            LockNotAvailable: Another process has locked the head.
            Refused: The notice is a copy of another ledger's.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECONNECT_SECONDS
        pause = 0.05
        while True:
            try:
                return await self._locked(notice, requests, wait)
            except (Stopped, LockNotAvailable):
                raise
            except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, Unavailable) as error:
                self._folded.pop(notice, None)
                if isinstance(error, psycopg.Error) and lost_worker(error) is not None:
                    raise WorkerLost("the notice's server of the cluster cannot be reached; try again") from error
                if self._connection is not None and not isinstance(error, psycopg.errors.DeadlockDetected):
                    with suppress(psycopg.Error):
                        await self._connection.close()
                if loop.time() + pause > deadline:
                    raise Unavailable(
                        "the database cannot be reached; nothing is known to be lost: try again"
                    ) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _locked(self, notice: str, requests: Sequence[AppendRequest], wait: bool) -> list[list[Answer]]:
        """Store requests in one transaction under the head's lock, and return their answers.

        Raises:
            SerializationFailure: Another process recorded the notice's first entry at the same time.
            LockNotAvailable: Another process holds the lock.
            LedgerError: The notice is a copy, or its head, its mark or the clock is at fault.
        """
        connection = await self._connected()
        folded = self._folded.pop(notice, None)
        if folded is None:
            await refuse_followed(connection, notice)
        async with connection.transaction():
            head, at = await store.lock_head(connection, notice, wait=wait)
            if isinstance(self._clock, MachineClock):
                self._clock.check_against(at)
                check_last(notice, head.recorded_at if head is not None else None, at)
            await self._marks.check(connection, notice, head)
            contended = folded is None or head is None or folded.state.position != head.size
            if folded is None or head is None or folded.state.position > head.size:
                folded = await fold.load(connection, notice, head, self._sealed)
            elif folded.state.position < head.size:
                await fold.catch_up(connection, notice, folded, head)
            stored = await stored_keys(connection, notice, _items(requests))
            self._careful = self._careful or contended or bool(stored.rows)
            placement = Placement(notice, folded, self._clock)
            outcomes: list[Outcome] = []
            for request in requests:
                if request.corrects:
                    outcomes += await take_correction(connection, placement, request, stored)
                else:
                    outcomes += placement.take(request, stored)
            if placement.entries and not await placement.store(connection):
                raise psycopg.errors.SerializationFailure("another process recorded the notice's first entry")
        self._folded[notice] = folded
        await self._committed(connection, placement)
        return _answers(requests, outcomes, placement.rows)


async def _outdated(connection: Connection, placements: Sequence[Placement]) -> bool:
    """Return whether any notice gets no new entry, and was judged on a state that is not at its head.

    Nothing is stored for such a notice, so only this comparison reveals the old state.
    """
    for placement in placements:
        if not placement.entries:
            head = await store.read_head(connection, placement.notice)
            if (head.size if head else 0) != placement.size:
                return True
    return False


async def _store(connection: RecordingConnection, placements: Sequence[Placement]) -> bool:
    """Store all placements together. Return False and store nothing if any placement cannot be stored."""
    writing = [placement for placement in placements if placement.entries]
    if not writing:
        return True
    if len(writing) == 1:
        return await writing[0].store(connection)
    async with connection.transaction():
        stored = [await placement.store(connection) for placement in writing]
        if not all(stored):
            raise psycopg.Rollback
    return all(stored)


def _answers(
    requests: Sequence[AppendRequest], outcomes: Sequence[Outcome], rows: Sequence[EntryRow]
) -> list[list[Answer]]:
    """Return the answers to each request, from the outcomes of all their facts in order."""
    answers = (answer(outcome, rows) for outcome in outcomes)
    return [list(islice(answers, len(request.items))) for request in requests]


def _items(requests: Iterable[AppendRequest]) -> list[SubmittedFact]:
    return [item for request in requests for item in request.items]


def _by_notice(requests: Sequence[AppendRequest]) -> list[tuple[str, list[int]]]:
    """Return each notice with the indexes of its requests, in the order in which notices are locked."""
    groups: dict[str, list[int]] = {}
    for number, request in enumerate(requests):
        groups.setdefault(request.notice, []).append(number)
    return sorted(groups.items())
