"""Folding of pages of a notice's entries into views. One transaction stores the rows and the position reached.

One process at a time should follow a notice. If two do, the lock on the progress rows keeps the views correct.
"""

import math
import time
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

import psycopg
from msgspec import Struct, field

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import effective
from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged, LedgerError
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, KINDS
from ledger.intake.envelope import decode
from ledger.store.entries import read_entries
from projections.engine.rows import Rows
from projections.engine.tables import Connection, Store
from projections.engine.tasks import Pace
from projections.engine.view import View

FOLD_SECONDS = 2.0
"""Seconds after which the rest of a notice's page waits for the pages of other notices."""
_PAGE = 2_000


class Page(Struct):
    """Consecutive entries of a notice."""

    after: int
    entries: list[Entry | LedgerError | None]
    """Entries in order: None for an entry that no view folds, an error for an entry that stops every fold."""
    _by_type: dict[type, list[int]] = field(default_factory=dict)
    """Type of fact, or `LedgerError` → indexes of its items in `entries`; filled on first use."""

    @property
    def last(self) -> int:
        """Position of the last entry."""
        return self.after + len(self.entries)

    def indexes(self, facts: AbstractSet[type[Fact]], begin: int) -> list[int]:
        """Return the indexes, from `begin` on, of errors, corrections and entries with these facts, in order."""
        if not self._by_type:
            for index, entry in enumerate(self.entries):
                if entry is not None:
                    kind = LedgerError if isinstance(entry, LedgerError) else type(entry.fact)
                    self._by_type.setdefault(kind, []).append(index)
        return sorted(
            index
            for kind, indexes in self._by_type.items()
            if kind in facts or kind in (EntryCorrected, LedgerError)
            for index in indexes
            if index >= begin
        )


async def read_page(connection: Connection, notice: str, after: int, views: Iterable[View], size: int) -> Page:
    """Return at most `size` entries of a notice after a position, decoded once for all these views."""
    folded = {KIND_OF[fact].type for view in views for fact in view.facts} | _CORRECTIONS
    cursor = await connection.execute(
        "SELECT position, type, body FROM ledger.entries WHERE notice = %s AND position > %s "
        "ORDER BY position LIMIT %s",
        (notice, after, size),
        prepare=True,
        binary=True,
    )
    page = Page(after, [])
    for position, kind, body in await cursor.fetchall():
        if position != page.last + 1:
            page.entries.append(Damaged(f"entry {page.last + 1} of {notice} is missing; run ledger verify"))
            break
        entry: Entry | LedgerError | None = None
        if kind in folded or kind not in KINDS:
            try:
                entry = decode(body)
            except Damaged as damage:
                entry = damage
        page.entries.append(entry)
    return page


_CORRECTIONS = {kind.type for kind in KINDS.values() if kind.struct is EntryCorrected}


class Follower:
    """One view of one notice: its rows in memory and the position that they have reached."""

    def __init__(self, view: View, notice: str, *, shadow: bool = False) -> None:
        self.view = view
        self.notice = notice
        self.position = 0
        self.built_at: datetime | None = None
        self.failure: tuple[int, str] | None = None
        """Position of the entry at which the fold stopped, and the reason; None if the fold has not stopped."""
        self._store = Store(view.tables, shadow=shadow)
        self._rows = Rows(view.tables)

    async def load(self, connection: Connection, position: int, built_at: datetime | None) -> None:
        """Load the view's stored rows, which were folded up to `position`."""
        self._rows = Rows(self.view.tables)
        self.position, self.built_at, self.failure = position, built_at, None
        if position:
            await self._store.load(connection, self.notice, self._rows)
            if self.view.remembers:
                entries = await entries_of(connection, self.notice, self.view, position)
                self._rows.adopt_memory(refold(self.view, entries))

    def forget(self) -> None:
        """Make the next `apply` load the stored rows again, in place of the rows in memory."""
        self.built_at = None

    async def fold(self, connection: Connection, page: Page, until: float = math.inf) -> None:
        """Fold the page's entries that are new to this view; stop before an entry that fails.

        Rows change in memory. Only a correction also stores the rows that changed before it.

        After `until`, an instant of the monotonic clock, at most one entry is folded; later pages have the others.

        Raises:
            ValueError: The page begins after the next entry of this view.
        """
        if page.after > self.position:
            raise ValueError(f"{self.view.name} is at {self.position}, but the page begins after {page.after}")
        pace = Pace()
        for number, index in enumerate(page.indexes(self.view.facts, self.position - page.after)):
            await pace.pause()
            self.position = page.after + index
            if number and time.monotonic() >= until:
                return
            entry = page.entries[index]
            if isinstance(entry, LedgerError):
                self.failure = (self.position + 1, str(entry))
            elif entry is not None:
                try:
                    if isinstance(entry.fact, EntryCorrected):
                        await self._correct(connection, entry)
                    else:
                        self._fold_entry(entry)
                except psycopg.Error:
                    raise
                except Exception as error:  # noqa: BLE001 - an error in a fold stops its own view only
                    self._rows.revert()
                    self.forget()
                    self.failure = (self.position + 1, f"{type(error).__name__}: {error}")
            if self.failure is not None:
                return
        self.position = max(self.position, page.last)

    def _fold_entry(self, entry: Entry) -> None:
        self._rows.begin(entry)
        self.view.fold(self._rows, entry)
        self._rows.commit(entry.position)

    async def _correct(self, connection: Connection, correction: Entry) -> None:
        """Fold the notice again with its corrections applied, and change the rows that differ."""
        entries = await read_entries(connection, self.notice, correction.position)
        refolded = refold(self.view, entries)
        await self.write(connection)
        await self._store.load(connection, self.notice, self._rows, whole=True)
        self._rows.replace_with(refolded)
        self._rows.commit(correction.position)

    async def write(self, connection: Connection, *, settled: bool = False) -> None:
        """Store the changes of rows; `settled` delays rows that may still be closed, to write them only once."""
        await self._store.write(connection, self.notice, self._rows.take_changes(settled=settled))


async def entries_of(connection: Connection, notice: str, view: View, to: int) -> list[Entry]:
    """Return the entries that the view folds, and all corrections, up to a position.

    Raises:
        LedgerError: An entry is missing or cannot be decoded.
    """
    entries: list[Entry] = []
    after = 0
    while after < to:
        page = await read_page(connection, notice, after, (view,), min(_PAGE, to - after))
        if not page.entries:
            raise Damaged(f"{view.name} of {notice} is recorded as folded to {to}, but the entries end at {after}")
        for entry in page.entries:
            if isinstance(entry, LedgerError):
                raise entry
            if entry is not None:
                entries.append(entry)
        after = page.last
    return entries


def refold(view: View, entries: Sequence[Entry]) -> Rows:
    """Return a view's rows after a history, with each correction applied to the entry that it corrects.

    The history may omit entries that the view does not fold.
    """
    rows = Rows(view.tables)
    for item in effective(entries):
        if not item.removed and type(item.entry.fact) in view.facts:
            rows.begin(item.entry, item.corrected_by)
            view.fold(rows, item.entry)
            rows.commit(item.entry.position)
    return rows


async def apply(connection: Connection, followers: Sequence[Follower], page: Page) -> None:
    """Fold a page into several views of one notice, and store their rows and positions.

    A page that was applied before changes no row. After FOLD_SECONDS the rest is left to the next page, so that
    other notices have their turn.
    """
    notice = followers[0].notice
    views = [follower.view.name for follower in followers]
    try:
        async with connection.transaction():
            progress = await _lock(connection, notice, followers)
            for follower in followers:
                position, built_at = progress[follower.view.name]
                if (position, built_at) != (follower.position, follower.built_at):
                    await follower.load(connection, position, built_at)
                follower.failure = None
            until = time.monotonic() + FOLD_SECONDS
            for follower in followers:
                await follower.fold(connection, page, until)
                await follower.write(connection)
            await connection.execute(
                "UPDATE views.progress p SET position = r.position, failed_at = r.failed_at, failure = r.failure "
                "FROM unnest(%s::text[], %s::integer[], %s::integer[], %s::text[]) "
                "r(view, position, failed_at, failure) WHERE p.notice = %s AND p.view = r.view",
                (
                    views,
                    [follower.position for follower in followers],
                    [follower.failure and follower.failure[0] for follower in followers],
                    [follower.failure and follower.failure[1] for follower in followers],
                    notice,
                ),
            )
            await connection.execute("SELECT pg_notify('ledger_views', %s)", (notice,))
    except BaseException:
        for follower in followers:
            follower.forget()
        raise


async def _lock(
    connection: Connection, notice: str, followers: Sequence[Follower]
) -> dict[str, tuple[int, datetime]]:
    """Lock the views' progress rows until the transaction ends; insert new views at position 0.

    Returns:
        View → its position, and the time at which its rows were built.
    """
    views = [follower.view.name for follower in followers]
    if any(follower.built_at is None for follower in followers):
        await connection.execute(
            "INSERT INTO views.progress (notice, view, version, position) "
            "SELECT %s, v.view, v.version, 0 FROM unnest(%s::text[], %s::integer[]) v(view, version) "
            "ON CONFLICT DO NOTHING",
            (notice, views, [follower.view.version for follower in followers]),
        )
    cursor = await connection.execute(
        "SELECT view, position, built_at FROM views.progress WHERE notice = %s AND view = ANY (%s) "
        "ORDER BY view FOR UPDATE",
        (notice, views),
    )
    return {view: (position, built_at) for view, position, built_at in await cursor.fetchall()}


def first_line(error: Exception) -> str:
    """Return the first line of a database error; the details after it may contain a row's values."""
    return (str(error).splitlines() or [type(error).__name__])[0]
