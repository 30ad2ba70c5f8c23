"""Verifies the stored record: brings every byte of it from the database before `ledger.verify.entries`.

Runs in one read-only transaction on one snapshot, so that concurrent appends change nothing of what it sees;
needs SELECT on everything recorded of every notice, which the writer's role has. The bytes are
parsed anew, by nothing that writes or reads entries elsewhere.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Self

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier

from ledger.domain.errors import LedgerError
from ledger.store.database import connect, consistent_read
from ledger.verify import documents
from ledger.verify.attachments import FileRow, NarrativeRow
from ledger.verify.checkpoints import CheckpointRow, TileRow
from ledger.verify.documents import Documents
from ledger.verify.entries import Columns, EarlierCopy, Examination, HeadRow
from ledger.verify.findings import Damage, NoticeReport, Report

PAGE = 500
"""Entries fetched together: at most 65,535 bytes each."""
TEXTS_PAGE = 64
"""Narratives fetched together: at most 1 MB each."""
_BEYOND = 2**31
"""What no position reaches."""
DatabaseRow = tuple[Any, ...]
ProgressCallback = Callable[[str, int, int], None]
"""Told of the notice, how many of its entries were checked, and how many its head says there are."""

StateCheck = Callable[[AsyncConnection[Any], str], Awaitable[int | None]]
"""Return the position of a notice's stored state when its entries give another state."""
_INSTANT = SQL("CASE WHEN isfinite(recorded_at) THEN (extract(epoch FROM recorded_at) * 1000000)::bigint END")
# One step along the index for each notice, instead of reading every row to find the few notices there are.
_HOLDERS = ("entries", "heads", "narratives", "files", "tiles", "checkpoints")
"""The tables from which a notice is known: one that was wiped is known from what was left."""
_LEAST = SQL(" UNION ALL ").join(
    SQL("SELECT min(notice) AS notice FROM {} WHERE notice > found.notice").format(Identifier("ledger", name))
    for name in _HOLDERS
)
_NOTICES = SQL("""
WITH RECURSIVE found(notice) AS (
    SELECT ''
    UNION ALL
    SELECT (SELECT min(notice) FROM ({}) next) FROM found WHERE found.notice IS NOT NULL
) SELECT notice FROM found WHERE notice > ''""").format(_LEAST)
_HEAD = SQL("SELECT size, root_hash, frontier, {} FROM ledger.heads WHERE notice = %s").format(_INSTANT)
_ENTRIES = SQL("""SELECT position, body, source, id, type, {}, leaf_hash, root_hash
    FROM ledger.entries WHERE notice = %s ORDER BY position""").format(_INSTANT)
_TEXTS = SQL("""SELECT position, path, salt, body, erased_by
    FROM ledger.narratives WHERE notice = %s ORDER BY position, path""").format()
_FILES = SQL("""SELECT position, content, upload, salt, size, media_type, erased_by
    FROM ledger.files WHERE notice = %s ORDER BY position""").format()
# In the order of the last entries that they are over.
_TILES = SQL("""SELECT (number + 1)::bigint << (8 * (level + 1)), level, number, root_hash
    FROM ledger.tiles WHERE notice = %s ORDER BY 1, level""").format()
_CHECKPOINTS = SQL("""SELECT size, root_hash, key, note
    FROM ledger.checkpoints WHERE notice = %s ORDER BY size""").format()
_REPEATED_KEYS = """SELECT max(position), min(position), source, id
    FROM ledger.entries WHERE notice = %s GROUP BY source, id HAVING count(*) > 1"""
_UNTOUCHED = """SELECT position, path FROM ledger.narratives
    WHERE notice = %s AND position = ANY(%s) AND (erased_by IS NULL OR salt IS NOT NULL OR body IS NOT NULL)"""
_UNTOUCHED_FILES = """SELECT position FROM ledger.files
    WHERE notice = %s AND position = ANY(%s) AND (erased_by IS NULL OR salt IS NOT NULL)"""


async def verify(
    url: str,
    notice: str | None = None,
    progress: ProgressCallback | None = None,
    *,
    store_of: Documents | None = None,
    held: EarlierCopy | None = None,
    state_check: StateCheck | None = None,
) -> Report:
    """Recomputes one notice's record, or every notice's, and says what differs.

    `store_of`: where the documents are; without it their rows alone are examined. `held`: what somebody holds of
    the notice's ledger, and compares it with. `state_check`: the check of the stored state that rights are judged
    by; without it that state is not examined. Raises LedgerError when there is no such notice, and Unavailable
    when the database or the store cannot be reached.
    """
    begun = time.monotonic()
    async with consistent_read(url) as connection:
        found = [row[0] for row in await (await connection.execute(_NOTICES)).fetchall()]
        if notice is not None and notice not in found:
            raise LedgerError(f"nothing is recorded of a notice {notice}; see which there are: ledger verify")
        reports = []
        for name in found if notice is None else [notice]:
            with_held = held if held is not None and held.notice == name else EarlierCopy(name)
            one = _Notice(connection, with_held, progress or _silent, store_of, state_check)
            reports.append(await one.examine(url))
    return Report(reports, time.monotonic() - begun)


def _silent(_notice: str, _checked: int, _size: int) -> None:
    pass


class _Notice:
    """One notice, examined once."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        held: EarlierCopy,
        progress: ProgressCallback,
        store_of: Documents | None,
        state_check: StateCheck | None,
    ) -> None:
        self._connection = connection
        self._notice = held.notice
        self._progress = progress
        self._store = store_of
        self._state_check = state_check
        self._examination = Examination(held.notice, held.signed, held.leaves)
        self._missing: list[FileRow] = []
        self._contents: set[str] = set()

    async def examine(self, url: str) -> NoticeReport:
        begun = time.monotonic()
        examination, report = self._examination, self._examination.report
        row = await (await self._connection.execute(_HEAD, (self._notice,), binary=True)).fetchone()
        head = HeadRow(*row) if row else None
        size = head.size if head else 0
        around = [
            await _Ahead(_pages(self._connection, name, query, self._notice, page), take).step()
            for name, query, page, take in (
                ("texts", _TEXTS, TEXTS_PAGE, self._text),
                ("files", _FILES, PAGE, self._file),
                ("tiles", _TILES, PAGE, self._tile),
                ("checkpoints", _CHECKPOINTS, PAGE, self._checkpoint),
            )
        ]
        upcoming = min(ahead.position for ahead in around)
        async for page in _pages(self._connection, "entries", _ENTRIES, self._notice, PAGE):
            for row in page:
                position = row[0]
                if upcoming < position:
                    upcoming = await _take(around, position - 1)
                examination.entry(position, row[1], Columns._make(row[2:]))
                if upcoming <= position:
                    upcoming = await _take(around, position)
            if len(page) == PAGE:
                self._progress(self._notice, report.entries, size)
        await _take(around, _BEYOND)
        report.reading_seconds = time.monotonic() - begun
        examination.head(head)
        if not report.damages:
            await self._stored_state()
        await self._keys_and_erasures()
        if self._store is not None:
            async with await connect(url, "ledger_writer") as now:
                await documents.settle(self._store, now, examination, self._missing, self._contents)
        report.seconds = time.monotonic() - begun
        self._progress(self._notice, report.entries, size)
        return report

    async def _text(self, values: DatabaseRow) -> None:
        self._examination.text(NarrativeRow(*values))

    async def _tile(self, values: DatabaseRow) -> None:
        self._examination.tile(TileRow(*values[1:]))

    async def _checkpoint(self, values: DatabaseRow) -> None:
        self._examination.checkpoint(CheckpointRow(*values))

    async def _file(self, values: DatabaseRow) -> None:
        row = FileRow(*values)
        promise = self._examination.file(row)
        if row.content is not None:
            self._contents.add(row.content)
        if promise is None or self._store is None:
            return
        if not await documents.compare(self._store, self._examination, row, promise):
            self._missing.append(row)

    async def _keys_and_erasures(self) -> None:
        examination, notice = self._examination, self._notice
        for repeated in await self._rows(_REPEATED_KEYS, notice):
            examination.repeated_key(*repeated)
        for position, path in await self._rows(_UNTOUCHED, notice, list(examination.beside.texts_erased)):
            examination.untouched(position, path)
        for (position,) in await self._rows(_UNTOUCHED_FILES, notice, list(examination.beside.files_erased)):
            examination.file_untouched(position)

    async def _rows(self, query: str, *parameters: object) -> list[DatabaseRow]:
        return await (await self._connection.execute(query.encode(), parameters)).fetchall()

    async def _stored_state(self) -> None:
        """Compare the stored state, by which rights are judged after a start, with the entries."""
        position = await self._state_check(self._connection, self._notice) if self._state_check else None
        if position is not None:
            detail = "rights would be judged by it; delete it, it is made again"
            self._examination.found(position, Damage.SNAPSHOT, detail)


async def _pages(
    connection: AsyncConnection[Any], name: str, query: Composed, notice: str, page: int
) -> AsyncIterator[list[DatabaseRow]]:
    """The rows of a query, two pages of them in memory at a time: the next is read while one is examined."""
    async with connection.cursor(name, scrollable=False) as cursor:
        await cursor.execute(query, (notice,), binary=True)
        coming = asyncio.create_task(cursor.fetchmany(page))
        try:
            while rows := await coming:
                coming = asyncio.create_task(cursor.fetchmany(page))
                await asyncio.sleep(0)  # now it is asked for
                yield rows
        finally:
            coming.cancel()
            await asyncio.wait([coming])


class _Ahead:
    """Rows in the order of their positions, the first of the columns, taken as far as they are wanted."""

    position: int
    """That of the next row; beyond every other when there is none."""

    def __init__(
        self, pages: AsyncIterator[list[DatabaseRow]], take: Callable[[DatabaseRow], Awaitable[None]]
    ) -> None:
        self._pages, self.take = pages, take
        self._page: Iterator[DatabaseRow] = iter(())
        self.next: DatabaseRow = ()

    async def step(self) -> Self:
        """Reads the next row, at the beginning the first."""
        self.next = next(self._page, ())
        while not self.next and (page := await anext(self._pages, None)) is not None:
            self._page = iter(page)
            self.next = next(self._page, ())
        self.position = self.next[0] if self.next else _BEYOND
        return self


async def _take(around: Sequence[_Ahead], to: int) -> int:
    """Takes all rows up to a position that have not been taken; returns the position of the next one."""
    for ahead in around:
        while ahead.next and (ahead.position <= to or to == _BEYOND):
            await ahead.take(ahead.next)
            await ahead.step()
    return min(ahead.position for ahead in around)
