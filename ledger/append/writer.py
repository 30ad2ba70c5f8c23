"""The one way in: concurrent appends are gathered and stored together, each answered for itself.

The usual path computes a batch on the state in memory and stores it in one guarded statement. Whenever that
cannot be known to be right (another process wrote, a key was there already, an answer was lost, the database
refused), the state is forgotten and the batch is done again carefully: heads locked, state caught up, keys
looked up first. So every odd case has one treatment. It
stays careful for as long as it finds duplicates, or entries of other processes.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Self

import psycopg
from cachetools import LRUCache

from ledger.append import fold
from ledger.append.attempt import Attempt, goes_alone, lookup
from ledger.append.committed_state import CommittedStates
from ledger.append.fold import FoldedState
from ledger.append.placement import AppendRequest, Clock, Placement, now
from ledger.append.receipt import Receipt
from ledger.domain.areas.people import Credential
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.errors import Busy, Damaged, Refusal, Refused, Unavailable
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact
from ledger.proof.merkle import Frontier
from ledger.store import entries as store
from ledger.store.database import connect
from ledger.store.entries import Connection, EntryRow

BATCH_ENTRIES = 1_000
BATCH_BYTES = 1_500_000
"""What is stored together at most; a single larger unit goes alone."""
QUEUE_ENTRIES = 20_000
QUEUE_BYTES = 64_000_000
"""What may wait at most; more is refused as Busy."""
NOTICES_IN_MEMORY = 256
RECONNECT_SECONDS = 30.0
Answer = Receipt | Refused
OnCommit = Callable[[str, Sequence[Entry], Sequence[EntryRow]], None]


class Writer:
    """Appends for one process; several processes may append to one database.

    `on_commit` is called after each commit with the notice, its new entries and their rows.
    """

    def __init__(self, url: str, clock: Clock = now, on_commit: OnCommit | None = None) -> None:
        self._url = url
        self._clock = clock
        self._on_commit = on_commit or (lambda _notice, _entries, _rows: None)
        self._queue: deque[tuple[AppendRequest, int, asyncio.Future[None]]] = deque()
        self._entries = self._bytes = 0
        self._wake = asyncio.Event()
        self._folded: LRUCache[str, FoldedState] = LRUCache(NOTICES_IN_MEMORY)
        self._careful = False
        self._closing = False
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._states = CommittedStates(url)

    async def open(self) -> Self:
        """Connects and starts; raises Unavailable when the database cannot be reached."""
        self._connection = await connect(self._url, "ledger_writer")
        self._task = asyncio.create_task(self._run(), name="ledger-writer")
        return self

    async def close(self) -> None:
        """Stores what waits, answers it, and stops."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()
        await self._states.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def append(
        self, notice: str, item: SubmittedFact, credential: Credential, expected: int | None = None
    ) -> Receipt:
        """Records one fact; raises Refused, Busy or Unavailable. Safe to repeat with the same (source, id)."""
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
        """Records facts in order, an answer for each; with `strict` all of them or none, in one transaction."""
        if strict:
            return await self.submit(AppendRequest(notice, credential, list(items), expected, strict=True))
        answers: list[Answer] = []
        for part in _parts(items):
            answers += await self.submit(AppendRequest(notice, credential, part, expected))
            expected = None
        return answers

    @property
    def waiting(self) -> int:
        """How many facts wait to be recorded."""
        return self._entries

    async def state(self, notice: str) -> State:
        """The notice's state as it is committed now, by whichever process; for judging, never to be changed."""
        return await self._states.current(notice)

    async def judge(self, notice: str, item: SubmittedFact, credential: Credential) -> Sequence[Refusal]:
        """Every reason for which the fact would be refused as things stand; nothing is recorded."""
        found = Placement(notice, FoldedState(await self.state(notice), Frontier()), self._clock)
        judged = found.judge(item, credential)
        return judged.refusals if isinstance(judged, Refused) else ()

    async def submit(self, unit: AppendRequest) -> list[Answer]:
        """Records what one caller submits together, an answer for each; every way of appending ends here."""
        size = sum(len(item.data) + 400 + sum(len(text.body) for text in item.texts) for item in unit.items)
        if self._closing:
            raise Unavailable("the ledger is shutting down; send it again in a moment")
        if self._queue and (self._entries + len(unit.items) > QUEUE_ENTRIES or self._bytes + size > QUEUE_BYTES):
            raise Busy("too many facts are waiting to be recorded; nothing of this was kept: send it again")
        done = asyncio.get_running_loop().create_future()
        self._queue.append((unit, size, done))
        self._entries += len(unit.items)
        self._bytes += size
        self._wake.set()
        await done
        return [answer for answer in unit.answers if answer is not None]

    # --- the loop

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                taken = self._take()
                units = [unit for unit, _ in taken]
                failure: Exception | None = None
                try:
                    await self._record(units)
                except Exception as error:  # noqa: BLE001 (whatever happens, every caller is answered)
                    self._folded.clear()
                    failure = error
                for unit, done in taken:
                    if done.done():
                        continue
                    if failure is not None and None in unit.answers:
                        done.set_exception(failure)
                    else:
                        done.set_result(None)
            if self._closing:
                return

    def _take(self) -> list[tuple[AppendRequest, asyncio.Future[None]]]:
        taken: list[tuple[AppendRequest, asyncio.Future[None]]] = []
        entries = size = 0
        while self._queue:
            unit, weight, done = self._queue[0]
            if taken and (entries + len(unit.items) > BATCH_ENTRIES or size + weight > BATCH_BYTES):
                break
            self._queue.popleft()
            entries, size = entries + len(unit.items), size + weight
            taken.append((unit, done))
        self._entries -= entries
        self._bytes -= size
        return taken

    async def _record(self, units: list[AppendRequest]) -> None:
        for unit in units:
            unit.answers = [None] * len(unit.items)
        if not self._careful and await self._quickly(units):
            return
        await self._carefully(units)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._folded.clear()  # another server may have taken over, without the last commits
            self._connection = await connect(self._url, "ledger_writer")
        return self._connection

    # --- the usual path

    async def _quickly(self, units: list[AppendRequest]) -> bool:
        """Stores the units on the state in memory; False when they have to be done carefully."""
        if any(unit.strict or goes_alone(unit) for unit in units):
            return False
        notices = _by_notice(units)
        try:
            connection = await self._connected()
            attempts = []
            for notice, theirs in notices:
                attempt = Attempt(notice, await self._load(connection, notice), self._clock)
                for unit in theirs:
                    attempt.take_quickly(unit)
                attempts.append(attempt)
            if await self._outdated(connection, attempts) or not await self._store(connection, attempts):
                self._forget(notices)
                return False
            for attempt in attempts:
                await attempt.settle(connection)
        except (psycopg.Error, Damaged):
            self._forget(notices)
            return False
        self._answered(attempts)
        await self._snapshots(connection, attempts)
        return True

    async def _outdated(self, connection: Connection, attempts: list[Attempt]) -> bool:
        """Whether something was refused on a state that is not the last, with nothing placed that would tell."""
        for attempt in attempts:
            if attempt.refused and not attempt.placement.share.entries:
                head = await store.read_head(connection, attempt.notice)
                if (head.size if head else 0) != attempt.placement.state.position:
                    return True
        return False

    async def _load(self, connection: Connection, notice: str) -> FoldedState:
        folded = self._folded.get(notice)
        if folded is None:
            folded = await fold.load(connection, notice, await store.read_head(connection, notice))
            self._folded[notice] = folded
        return folded

    def _forget(self, notices: Sequence[tuple[str, list[AppendRequest]]]) -> None:
        for notice, units in notices:
            self._folded.pop(notice, None)
            for unit in units:
                unit.answers = [None] * len(unit.items)

    async def _store(self, connection: Connection, attempts: list["Attempt"]) -> bool:
        """Stores the rows of all attempts; False when one of the notices had moved on."""
        writing = [attempt for attempt in attempts if attempt.placement.share.entries]
        if not writing:
            return True
        if len(writing) == 1:
            return await writing[0].store(connection)
        async with connection.transaction():
            stored = [await attempt.store(connection) for attempt in writing]
            if not all(stored):
                raise psycopg.Rollback
        return all(stored)

    def _answered(self, attempts: list["Attempt"]) -> None:
        for attempt in attempts:
            attempt.answer()
            if attempt.placement.share.rows:
                with suppress(Exception):  # a follower's fault is not the caller's, whose entry is stored
                    self._on_commit(attempt.notice, attempt.placement.share.entries, attempt.placement.share.rows)

    async def _snapshots(self, connection: Connection, attempts: list["Attempt"]) -> None:
        with suppress(psycopg.Error):
            for attempt in attempts:
                await fold.keep_snapshot(connection, attempt.notice, attempt.placement.folded)

    # --- the careful path

    async def _carefully(self, units: list[AppendRequest]) -> None:
        """Stores the units under the heads' locks, each notice in a transaction; on an error by bisection."""
        self._careful = False
        damaged: Damaged | None = None
        for notice, theirs in _by_notice(units):
            try:
                for alone, group in groupby(theirs, key=lambda unit: unit.strict or goes_alone(unit)):
                    for part in [[unit] for unit in group] if alone else [list(group)]:
                        await self._bisect(notice, part)
            except Damaged as error:  # the other notices are sound
                damaged = error
        if damaged is not None:
            raise damaged

    async def _bisect(self, notice: str, units: list[AppendRequest]) -> None:
        try:
            await self._until_answered(notice, units)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
            self._forget([(notice, units)])
            if len(units) > 1:
                middle = len(units) // 2
                await self._bisect(notice, units[:middle])
                await self._bisect(notice, units[middle:])
            elif len(units[0].items) > 1 and not units[0].strict:
                unit = units[0]
                for index, item in enumerate(unit.items):
                    single = AppendRequest(notice, unit.credential, [item], unit.expected if index == 0 else None)
                    single.answers = [None]
                    await self._bisect(notice, [single])
                    unit.answers[index] = single.answers[0]
            else:
                refused = Refused.because("DATABASE_REFUSED", f"the database refused it: {error.sqlstate}")
                units[0].answers = [refused] * len(units[0].items)

    async def _until_answered(self, notice: str, units: list[AppendRequest]) -> None:
        """Tries again while the connection is lost: what was committed is found by its keys."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECONNECT_SECONDS
        pause = 0.05
        while True:
            try:
                return await self._locked(notice, units)
            except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, Unavailable) as error:
                self._forget([(notice, units)])
                if self._connection is not None and not isinstance(error, psycopg.errors.DeadlockDetected):
                    with suppress(psycopg.Error):
                        await self._connection.close()
                if loop.time() + pause > deadline:
                    raise Unavailable(
                        "the database cannot be reached; nothing is known to be lost: try again"
                    ) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _locked(self, notice: str, units: list[AppendRequest]) -> None:
        connection = await self._connected()
        folded = self._folded.pop(notice, None)
        async with connection.transaction():
            head = await store.read_head(connection, notice, lock=True)
            contended = folded is None or head is None or folded.state.position != head.size
            if folded is None or head is None or folded.state.position > head.size:
                folded = await fold.load(connection, notice, head)
            elif folded.state.position < head.size:
                await fold.catch_up(connection, notice, folded, head)
            known, beside = await lookup(connection, notice, [item for unit in units for item in unit.items])
            self._careful = contended or bool(known)
            attempt = Attempt(notice, folded, self._clock)
            for unit in units:
                if goes_alone(unit):
                    await attempt.take_alone(connection, unit, known, beside)
                else:
                    attempt.take(unit, known, beside)
            if attempt.placement.share.entries and not await attempt.store(connection):
                raise psycopg.errors.SerializationFailure("the notice was begun meanwhile")
        self._folded[notice] = folded
        self._answered([attempt])
        await self._snapshots(connection, [attempt])


def _by_notice(units: list[AppendRequest]) -> list[tuple[str, list[AppendRequest]]]:
    found: dict[str, list[AppendRequest]] = {}
    for unit in units:
        found.setdefault(unit.notice, []).append(unit)
    return sorted(found.items())


def _parts(items: Sequence[SubmittedFact]) -> list[list[SubmittedFact]]:
    """Items in order, in parts that may be stored together; a correction is a part of its own."""
    parts: list[list[SubmittedFact]] = []
    size = 0
    for item in items:
        weight = len(item.data) + sum(len(text.body) for text in item.texts)
        alone = isinstance(item.fact, EntryCorrected)
        if (
            not parts
            or alone
            or len(parts[-1]) >= BATCH_ENTRIES
            or size + weight > BATCH_BYTES
            or (isinstance(parts[-1][-1].fact, EntryCorrected))
        ):
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += weight
    return parts
