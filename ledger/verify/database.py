"""Verify the stored record: read every byte of the record and check it with `ledger.verify.entries`.

The record is read in one read-only transaction on one snapshot, so concurrent appends change nothing. Reading
takes SELECT on the whole record of every notice, which the writer's role has. The bytes are parsed without the
code that writes or reads entries elsewhere. Only the replay of admission and the check of the stored state use
that code. Missing and unknown documents are looked up again outside the snapshot.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier

from ledger.domain.errors import LedgerError
from ledger.store.database import connect, consistent_read
from ledger.verify import documents
from ledger.verify.admission import AdmissionReplay
from ledger.verify.attachments import FileRow, NarrativeRow
from ledger.verify.checkpoints import CheckpointRow, TileRow
from ledger.verify.documents import Documents
from ledger.verify.entries import Columns, EarlierCopy, Examination, HeadRow, KnownCheckpoint
from ledger.verify.findings import Damage, NoticeReport, Report
from ledger.verify.lookahead import BEYOND, Lookahead

PAGE = 500
"""Number of entries fetched together, at most 65,535 bytes each."""
NARRATIVES_PAGE = 64
"""Number of narratives fetched together, at most 1 MB each."""

DatabaseRow = tuple[Any, ...]
ProgressCallback = Callable[[str, int, int], None]
"""Function that receives the notice, the number of entries checked, and the size of the notice's head."""

StateCheck = Callable[[AsyncConnection[Any], str], Awaitable[int | None]]
"""Function that returns the position of a notice's stored state if the entries contradict it, else None."""
_INSTANT = SQL("CASE WHEN isfinite(recorded_at) THEN (extract(epoch FROM recorded_at) * 1000000)::bigint END")
# One index step for each notice, instead of reading every row to list the notices.
_HOLDERS = ("entries", "heads", "narratives", "files", "tiles", "checkpoints")
"""Tables that name notices. After a partial deletion of a notice, at least one table still names it."""
_NEXT_NOTICE = SQL("SELECT min(notice) FROM ({}) next").format(
    SQL(" UNION ALL ").join(
        SQL("SELECT min(notice) AS notice FROM {} WHERE notice > %(after)s").format(Identifier("ledger", name))
        for name in _HOLDERS
    )
)
_HEAD = SQL("SELECT size, root_hash, frontier, {} FROM ledger.heads WHERE notice = %s").format(_INSTANT)
_ENTRIES = SQL("""SELECT position, body, source, id, type, {}, leaf_hash, root_hash
    FROM ledger.entries WHERE notice = %s ORDER BY position""").format(_INSTANT)
_NARRATIVES = SQL("""SELECT position, path, salt, body, erased_by
    FROM ledger.narratives WHERE notice = %s ORDER BY position, path""").format()
_FILES = SQL("""SELECT position, content, upload, salt, size, media_type, erased_by
    FROM ledger.files WHERE notice = %s ORDER BY position""").format()
# In the order of the last entry of each tile.
_TILES = SQL("""SELECT (number + 1)::bigint << (8 * (level + 1)), level, number, root_hash
    FROM ledger.tiles WHERE notice = %s ORDER BY 1, level""").format()
_CHECKPOINTS = SQL("""SELECT size, root_hash, key, note, number
    FROM ledger.checkpoints WHERE notice = %s ORDER BY size""").format()
_BODIES = SQL("SELECT position, body FROM ledger.entries WHERE notice = %s ORDER BY position").format()
_HISTORY = "SELECT body FROM ledger.entries WHERE notice = %s AND position <= %s ORDER BY position"
_AHEAD = """SELECT position, recorded_at FROM ledger.entries WHERE notice = %s AND isfinite(recorded_at)
    AND recorded_at > clock_timestamp() + interval '5 s' ORDER BY position LIMIT 1"""
_REPEATED_KEYS = """SELECT max(position), min(position), source, id
    FROM ledger.entries WHERE notice = %s GROUP BY source, id HAVING count(*) > 1"""
_KEPT_NARRATIVES = """SELECT position, path FROM ledger.narratives
    WHERE notice = %s AND position = ANY(%s) AND (erased_by IS NULL OR salt IS NOT NULL OR body IS NOT NULL)"""
_KEPT_DOCUMENTS = """SELECT position FROM ledger.files
    WHERE notice = %s AND position = ANY(%s) AND (erased_by IS NULL OR salt IS NOT NULL)"""


async def verify(  # noqa: PLR0913 (each source of comparison is a keyword)
    url: str,
    notice: str | None = None,
    progress: ProgressCallback | None = None,
    *,
    store_of: Documents | None = None,
    earlier: EarlierCopy | None = None,
    state_check: StateCheck | None = None,
    marks: Mapping[str, KnownCheckpoint] = MappingProxyType({}),
) -> Report:
    """Recompute one notice's record, or every notice's, and report what differs.

    Args:
        url: The database.
        notice: Id of the notice; without it, all notices are checked.
        progress: Called after each full page of entries, and at the end of each notice.
        store_of: Store of the documents; without it, only their rows are checked.
        earlier: Copy of a part of the ledger that somebody kept, for comparison.
        state_check: Check of the stored state that rights are judged by; without it, that state is not checked.
        marks: Notice → size and root that its tree had before, read before this call.

    Raises:
        LedgerError: There is no such notice.
        Unavailable: The database or the store cannot be reached.
    """
    started = time.monotonic()
    async with consistent_read(url) as connection:
        notices = sorted({*await _notices(connection), *marks}) if notice is None else [notice]
        if notice is not None and notice not in marks and not await _is_recorded(connection, notice):
            raise LedgerError(f"nothing is recorded under the notice {notice}; list the notices: ledger verify")
        reports = []
        for name in notices:
            copy = earlier if earlier is not None and earlier.notice == name else EarlierCopy(name)
            if name in marks:
                copy = copy._replace(signed=tuple(sorted([*copy.signed, marks[name]], key=attrgetter("size"))))
            verification = _NoticeVerification(connection, copy, progress or _silent, store_of, state_check)
            reports.append(await verification.run(url))
    return Report(reports, time.monotonic() - started)


async def _notices(connection: AsyncConnection[Any]) -> list[str]:
    """Return all notices in order.

    Each notice takes a statement, because a distributed database plans no recursive query.
    """
    notices: list[str] = []
    after: str | None = ""
    while after is not None:
        cursor = await connection.execute(_NEXT_NOTICE, {"after": after})
        ((after,),) = await cursor.fetchall()
        notices += [after] if after is not None else []
    return notices


async def _is_recorded(connection: AsyncConnection[Any], notice: str) -> bool:
    """Return whether a table names the notice. On a cluster, only the notice's own worker is queried."""
    for table in _HOLDERS:
        query = SQL("SELECT FROM {} WHERE notice = %s LIMIT 1").format(Identifier("ledger", table))
        if (await connection.execute(query, (notice,))).rowcount:
            return True
    return False


def _silent(_notice: str, _checked: int, _size: int) -> None:
    pass


class _Stream:
    """Rows of one kind, fetched page by page, and the method that checks each row."""

    def __init__(
        self,
        pages: AsyncIterator[list[DatabaseRow]],
        check: Callable[[DatabaseRow], Awaitable[None]],
    ) -> None:
        self._pages, self._check = pages, check
        self._rows = Lookahead[DatabaseRow]((), itemgetter(0))

    async def check_up_to(self, position: int) -> int:
        """Check all rows up to a position. Return the next row's position, or BEYOND after the last row."""
        while True:
            for row in self._rows.up_to(position):
                await self._check(row)
            if not self._rows.exhausted:
                return self._rows.position
            page = await anext(self._pages, None)
            if page is None:
                return BEYOND
            self._rows.refill(page)


class _NoticeVerification:
    """Verification of one notice. An instance runs once."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        earlier: EarlierCopy,
        progress: ProgressCallback,
        store_of: Documents | None,
        state_check: StateCheck | None,
    ) -> None:
        self._connection = connection
        self._notice = earlier.notice
        self._progress = progress
        self._store = store_of
        self._state_check = state_check
        self._examination = Examination(earlier.notice, earlier.signed, earlier.leaves, earlier.documents)
        self._missing: list[FileRow] = []
        self._contents: set[str] = set()

    async def run(self, url: str) -> NoticeReport:
        """Check the whole record of the notice, and return the report.

        Raises:
            Unavailable: The database or the store of documents cannot be reached.
        """
        started = time.monotonic()
        examination, report = self._examination, self._examination.report
        row = await (await self._connection.execute(_HEAD, (self._notice,), binary=True)).fetchone()
        head = HeadRow(*row) if row else None
        size = head.size if head else 0
        await self._check_rows(size)
        report.reading_seconds = time.monotonic() - started
        examination.check_head(head)
        if not report.damages:
            await self._stored_state()
        if examination.intact:
            await self._replay_admission()
        await self._times_keys_and_erasures()
        if self._store is not None:
            async with await connect(url, "ledger_writer") as now:
                await documents.settle(self._store, now, examination, self._missing, self._contents)
        report.seconds = time.monotonic() - started
        self._progress(self._notice, report.entries, size)
        return report

    async def _check_rows(self, size: int) -> None:
        """Check entries in order, each followed by the rows that belong to it."""
        streams = [
            _Stream(_pages(self._connection, name, query, self._notice, page), check)
            for name, query, page, check in (
                ("texts", _NARRATIVES, NARRATIVES_PAGE, self._narrative),
                ("files", _FILES, PAGE, self._document),
                ("tiles", _TILES, PAGE, self._tile),
                ("checkpoints", _CHECKPOINTS, PAGE, self._checkpoint),
            )
        ]
        upcoming = await _check_up_to(streams, 0)
        async for page in _pages(self._connection, "entries", _ENTRIES, self._notice, PAGE):
            for row in page:
                position = row[0]
                if upcoming < position:
                    upcoming = await _check_up_to(streams, position - 1)
                self._examination.add_entry(position, row[1], Columns._make(row[2:]))
                if upcoming <= position:
                    upcoming = await _check_up_to(streams, position)
            if len(page) == PAGE:
                self._progress(self._notice, self._examination.report.entries, size)
        await _check_up_to(streams, BEYOND)

    async def _replay_admission(self) -> None:
        """Judge again whether each entry could be recorded."""
        started = time.monotonic()
        replay = AdmissionReplay(self._examination.report, self._examination.flag)
        async for page in _pages(self._connection, "admission", _BODIES, self._notice, PAGE):
            for position, body in page:
                if replay.add_entry(position, body):
                    history = await self._rows(_HISTORY, self._notice, position)
                    replay.refold(earlier for (earlier,) in history)
        self._examination.report.admission_seconds = time.monotonic() - started

    async def _narrative(self, values: DatabaseRow) -> None:
        self._examination.add_narrative(NarrativeRow(*values))

    async def _tile(self, values: DatabaseRow) -> None:
        self._examination.add_tile(TileRow(*values[1:]))

    async def _checkpoint(self, values: DatabaseRow) -> None:
        self._examination.add_checkpoint(CheckpointRow(*values))

    async def _document(self, values: DatabaseRow) -> None:
        row = FileRow(*values)
        promise = self._examination.add_document(row)
        if row.content is not None:
            self._contents.add(row.content)
        if promise is None or self._store is None:
            return
        if not await documents.compare(self._store, self._examination, row, promise):
            self._missing.append(row)

    async def _times_keys_and_erasures(self) -> None:
        examination, notice = self._examination, self._notice
        for position, recorded_at in await self._rows(_AHEAD, notice):
            detail = (
                f"it is recorded at {recorded_at:%Y-%m-%dT%H:%M:%SZ}; nothing can be recorded after it before then"
            )
            examination.flag(position, Damage.AHEAD, detail)
        for repeated in await self._rows(_REPEATED_KEYS, notice):
            examination.report_repeated_key(*repeated)
        attachments = examination.attachments
        for position, path in await self._rows(_KEPT_NARRATIVES, notice, list(attachments.narratives_erased)):
            examination.report_unerased_narrative(position, path)
        for (position,) in await self._rows(_KEPT_DOCUMENTS, notice, list(attachments.documents_erased)):
            examination.report_unerased_document(position)

    async def _rows(self, query: str, *parameters: object) -> list[DatabaseRow]:
        return await (await self._connection.execute(query.encode(), parameters)).fetchall()

    async def _stored_state(self) -> None:
        """Compare the stored state, by which rights are judged after a start, with the entries."""
        position = await self._state_check(self._connection, self._notice) if self._state_check else None
        if position is not None:
            detail = "rights would be judged by it; delete it, and the next start makes a new one"
            self._examination.flag(position, Damage.SNAPSHOT, detail)


async def _pages(
    connection: AsyncConnection[Any], name: str, query: Composed, notice: str, page: int
) -> AsyncIterator[list[DatabaseRow]]:
    """Yield the pages of a query, fetching the next page while a page is checked.

    Two pages are in memory at a time.
    """
    async with connection.cursor(name, scrollable=False) as cursor:
        await cursor.execute(query, (notice,), binary=True)
        next_page = asyncio.create_task(cursor.fetchmany(page))
        try:
            while rows := await next_page:
                next_page = asyncio.create_task(cursor.fetchmany(page))
                await asyncio.sleep(0)  # lets the fetch start
                yield rows
        finally:
            next_page.cancel()
            await asyncio.wait([next_page])


async def _check_up_to(streams: Sequence[_Stream], position: int) -> int:
    """Check the rows of all streams up to a position. Return the smallest position among the next rows."""
    return min([await stream.check_up_to(position) for stream in streams])
