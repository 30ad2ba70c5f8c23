"""Watch the copies of followed ledgers: verify what arrives, and name each source that needs attention.

Every entry is hashed again, and every checkpoint is compared with the tree of the copy. The source's key is known
from the start, and its rotations from the entries. So a source cannot present another history without an alarm.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg
from msgspec import Struct

from ledger.domain.errors import Damaged, RolledBack, Stopped, Unavailable
from ledger.domain.registry import STORED_TYPES
from ledger.follow.registry import SUBSCRIPTION, Source, sources
from ledger.follow.source import Slot, slots
from ledger.proof import keys
from ledger.proof.checkpoint import CheckpointError, VerifierKey, parse
from ledger.proof.high_water import HighWaterMarks
from ledger.proof.merkle import Frontier, leaf_hash
from ledger.store.copies import read_only_copy
from ledger.store.database import connect
from ledger.store.entries import Connection, read_head

SILENT_SECONDS = 60.0
"""Seconds without a message after which a source is silent. A source sends a message every 30 s or sooner."""
LOOK_SECONDS = 5.0
PAGE = 1_000
AlarmKind = Literal["SILENT", "STOPPED", "GAP", "REWRITTEN", "FORK", "ROLLED_BACK", "OLDER"]
_SUBSCRIPTIONS = """SELECT s.subname, s.subenabled, max(w.last_msg_receipt_time), max(e.apply_error_count)
    FROM pg_subscription s JOIN pg_stat_subscription_stats e ON e.subid = s.oid
    JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
    LEFT JOIN pg_stat_subscription w ON w.subid = s.oid AND w.relid IS NULL AND w.pid IS NOT NULL
    GROUP BY s.subname, s.subenabled"""
_ENTRIES = """SELECT position, type, body, leaf_hash, root_hash FROM ledger.entries
    WHERE notice = %s AND position > %s ORDER BY position LIMIT %s"""
# Those from before the numbers come first, in order of size.
_CHECKPOINTS = """SELECT coalesce(c.number, 0), c.size, c.note, e.root_hash FROM ledger.checkpoints c
    LEFT JOIN ledger.entries e ON e.notice = c.notice AND e.position = c.size
    WHERE c.notice = %s AND (coalesce(c.number, 0), c.size) > (%s, %s) AND (c.number IS NOT NULL OR %s = 0)
    ORDER BY 1, 2 LIMIT %s"""
logger = logging.getLogger(__name__)


class Alarm(Struct, frozen=True):
    """Reason why a source, or one of its notices, needs attention."""

    source: str
    notice: str | None
    kind: AlarmKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.notice or self.source}: {self.detail}"


class _Copy:
    """Copy of a source's notice, verified up to a position."""

    def __init__(self, source: Source, notice: str) -> None:
        self.source, self.notice = source, notice
        self.tree = Frontier()
        self.compared = (0, 0)
        """Number and size of the last checkpoint that was compared."""
        self.rotations: list[keys.Rotation] = []
        self.alarm: Alarm | None = None
        self.outdated: Alarm | None = None
        """Alarm about an entry's type that this version does not know, or None. The entry is verified anyway."""

    def add(self, position: int, kind: str, body: bytes, leaf: bytes, root: bytes) -> bool:
        """Verify the next entry. If the entry is damaged or not the next one, set the alarm and return False."""
        if position != self.tree.size + 1:
            return self.fail("GAP", f"entry {self.tree.size + 1} is missing")
        if leaf_hash(body) != leaf:
            return self.fail("REWRITTEN", f"entry {position} does not have its hash")
        self.tree.append(leaf)
        if self.tree.root() != root:
            return self.fail("REWRITTEN", f"the tree of the first {position} entries has another root than stored")
        if kind not in STORED_TYPES and self.outdated is None:
            detail = f"this version does not know the type {kind} of entry {position}; upgrade this ledger"
            self.outdated = Alarm(self.source.name, self.notice, "OLDER", detail)
        try:
            rotation = keys.find_rotation(position, body)
        except Damaged as error:
            return self.fail("REWRITTEN", str(error))
        if rotation is not None:
            self.rotations.append(rotation)
        return True

    def compare(self, size: int, note: str, root: bytes) -> bool:
        """Compare a checkpoint of the source with the copy's root at the checkpoint's size.

        If the checkpoint is wrong, set the alarm and return False.
        """
        key = keys.signing_key(self.rotations, size) or VerifierKey.parse(self.source.key)
        try:
            checkpoint = parse(note, [key])
        except CheckpointError as error:
            return self.fail("FORK", f"the checkpoint at {size} is not signed by {key.name}: {error}")
        if not checkpoint.origin.endswith(f"/ledgers/{self.notice}") or checkpoint.size != size:
            return self.fail("FORK", f"the checkpoint at {size} belongs to another log")
        if checkpoint.root_hash != root:
            return self.fail("FORK", f"the source signed another root at {size} than its entries have here")
        return True

    def fail(self, kind: AlarmKind, detail: str) -> bool:
        """Set the copy's alarm, and return False. The copy stays unchanged, as evidence."""
        self.alarm = Alarm(self.source.name, self.notice, kind, detail)
        return False


class _Refusals:
    """Errors of one subscription. A lost connection counts once, a refused change once at each retry."""

    def __init__(self) -> None:
        self.count: int | None = None
        """Number of errors at the last check; None before the first check."""
        self._times: list[datetime] = []

    def add(self, at: datetime, count: int) -> None:
        """Note the number of all errors so far, at a check."""
        if self.count is not None and count > self.count:
            self._times = [*self._times[-1:], at]
        self.count = count

    def are_repeated(self, at: datetime) -> bool:
        """Return whether two checks within the last minute had new errors."""
        return len([time for time in self._times if (at - time).total_seconds() < SILENT_SECONDS]) > 1


class FollowMonitor:
    """Monitor of all followed ledgers in one process.

    The monitor verifies each entry once, and all entries again after a restart.

    Args:
        marks: High-water marks, which reveal that the copy itself was rolled back.
    """

    def __init__(self, marks: HighWaterMarks) -> None:
        self._marks = marks
        self._copies: dict[str, _Copy] = {}
        self._heard: dict[str, datetime] = {}
        self._refusals: dict[str, _Refusals] = {}
        self._is_news = False
        self.alarms: tuple[Alarm, ...] = ()
        """Alarms of the last check: first for sources, then for notices, in order of source and notice."""
        self.slots: tuple[Slot, ...] = ()
        """Slots of this ledger's followers, at the last check."""

    @property
    def has_errors(self) -> bool:
        """True if a subscription has had errors at any time."""
        return any(refusals.count for refusals in self._refusals.values())

    def refuse_copy(self, notice: str) -> None:
        """Refuse to record in a notice that was a copy at the last check.

        Raises:
            Refused: READ_ONLY_COPY: The notice is recorded at its source.
        """
        if (copy := self._copies.get(notice)) is not None:
            raise read_only_copy(notice, copy.source.name, copy.source.site)

    async def run(self, url: str) -> None:
        """Check all copies and slots at intervals until cancelled. Return when the database is lost.

        Raise LedgerError if the connection lacks a setting.
        """
        with suppress(Unavailable, psycopg.OperationalError):
            async with await connect(url, "ledger_writer") as connection:
                while True:
                    await self.look(connection)
                    await self._look_at_slots(connection)
                    await asyncio.sleep(LOOK_SECONDS)

    async def _look_at_slots(self, connection: Connection) -> None:
        """Read the followers' slots; log each new fault."""
        faults = {slot.name for slot in self.slots if slot.fault is not None}
        self.slots = tuple(await slots(connection))
        for slot in self.slots:
            if slot.fault is not None and slot.name not in faults:
                logger.error("a follower needs attention: %s", slot.fault)

    async def look(self, connection: Connection, at: datetime | None = None) -> tuple[Alarm, ...]:
        """Verify new entries and checkpoints of all copies, and return all alarms. Log each new alarm."""
        known = {source.name: source for source in await sources(connection)}
        alarms = await self._subscription_alarms(connection, known, at or datetime.now(UTC)) if known else []
        cursor = await connection.execute("SELECT notice, source FROM ledger.followed ORDER BY source, notice")
        for notice, name in await cursor.fetchall():
            if name in known:
                copy = self._copies.setdefault(notice, _Copy(known[name], notice))
                await self._verify(connection, copy)
                alarms += [alarm for alarm in (copy.alarm, copy.outdated) if alarm is not None]
        if self._is_news:
            self._is_news = False
            await asyncio.to_thread(self._marks.save)
        for alarm in alarms:
            if alarm not in self.alarms:
                logger.error("a followed ledger needs attention: %s", alarm)
        self.alarms = tuple(alarms)
        return self.alarms

    async def _subscription_alarms(
        self, connection: Connection, known: Mapping[str, Source], at: datetime
    ) -> list[Alarm]:
        """Return an alarm for each source that is silent or whose changes are no longer applied."""
        cursor = await connection.execute(_SUBSCRIPTIONS)
        states = {name.removeprefix(SUBSCRIPTION): rest for name, *rest in await cursor.fetchall()}
        alarms = []
        for name in (source.name for source in known.values() if not source.left):
            enabled, message_at, errors = states.get(name, (False, None, 0))
            refusals = self._refusals.setdefault(name, _Refusals())
            refusals.add(at, errors)
            heard = self._heard[name] = max(message_at or self._heard.get(name, at), self._heard.get(name, at))
            if not enabled:
                alarms.append(Alarm(name, None, "STOPPED", "its subscription was stopped or dropped by hand"))
            elif refusals.are_repeated(at):
                detail = "the copy refuses a change again and again; the log of its database says which"
                alarms.append(Alarm(name, None, "STOPPED", detail))
            elif (at - heard).total_seconds() > SILENT_SECONDS:
                alarms.append(Alarm(name, None, "SILENT", f"no message since {heard:%Y-%m-%dT%H:%M}Z"))
        return alarms

    async def _verify(self, connection: Connection, copy: _Copy) -> None:
        """Verify a notice's new entries and checkpoints, and raise its high-water mark."""
        if copy.alarm is not None and copy.alarm.kind not in ("ROLLED_BACK", "GAP"):  # these can be repaired
            return
        copy.alarm = None
        head = await read_head(connection, copy.notice)
        try:
            await self._marks.check(connection, copy.notice, head)
        except RolledBack as error:
            copy.fail("ROLLED_BACK", str(error))
            return
        except Stopped:  # the file of marks cannot be read, as the log and /readyz say
            return
        page = await self._entries(connection, copy)
        while all(copy.add(*row) for row in page):
            if not page:
                break
            self._is_news = True
            page = await self._entries(connection, copy)
        else:
            return
        if head is not None and head.size > copy.tree.size:
            copy.fail("GAP", f"entry {copy.tree.size + 1} is missing; the head has {head.size}")
            return
        await self._compare(connection, copy)

    async def _entries(self, connection: Connection, copy: _Copy) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(_ENTRIES, (copy.notice, copy.tree.size, PAGE), binary=True)
        return await cursor.fetchall()

    async def _compare(self, connection: Connection, copy: _Copy) -> None:
        """Compare a copy's new checkpoints with its entries, in the order of signing, up to its last entry."""
        while True:
            number, size = copy.compared
            cursor = await connection.execute(_CHECKPOINTS, (copy.notice, number, size, number, PAGE), binary=True)
            page = await cursor.fetchall()
            for number, size, note, root in page:
                if size > copy.tree.size or not copy.compare(size, note, root):
                    return
                copy.compared = (number, size)
            if not page:
                return
