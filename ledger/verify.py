"""Verifies the stored record: brings every byte of it from the database before `ledger.examine`.

Runs in one read-only transaction on one snapshot, so that concurrent appends change nothing of what it sees;
needs SELECT on entries, heads and narratives of every notice, which the writer's role has. The bytes are
parsed anew, by nothing that writes or reads entries elsewhere; only a snapshot is compared with the fold itself.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.sql import SQL, Composed

from ledger import folding, store
from ledger.database import connect
from ledger.errors import LedgerError
from ledger.examine import EntryRow, Examination, HeadRow, TextRow
from ledger.findings import Damage, NoticeReport, Report

PAGE = 500
"""Entries fetched together: at most 65,535 bytes each."""
TEXTS_PAGE = 64
"""Narratives fetched together: at most 1 MB each."""
Progress = Callable[[str, int, int], None]
"""Told of the notice, how many of its entries were checked, and how many its head says there are."""

_INSTANT = SQL("CASE WHEN isfinite(recorded_at) THEN (extract(epoch FROM recorded_at) * 1000000)::bigint END")
# One step along the index for each notice, instead of reading every row to find the few notices there are.
_NOTICES = """
WITH RECURSIVE found(notice) AS (
    SELECT min(notice) FROM (SELECT min(notice) AS notice FROM ledger.entries UNION ALL
        SELECT min(notice) FROM ledger.heads UNION ALL SELECT min(notice) FROM ledger.narratives) first
    UNION ALL
    SELECT (SELECT min(notice) FROM (
        SELECT min(notice) AS notice FROM ledger.entries WHERE notice > found.notice UNION ALL
        SELECT min(notice) FROM ledger.heads WHERE notice > found.notice UNION ALL
        SELECT min(notice) FROM ledger.narratives WHERE notice > found.notice) next)
    FROM found WHERE found.notice IS NOT NULL
) SELECT notice FROM found WHERE notice IS NOT NULL"""
_HEAD = SQL("SELECT size, root_hash, frontier, {} FROM ledger.heads WHERE notice = %s").format(_INSTANT)
_ENTRIES = SQL("""SELECT position, source, id, type, {}, leaf_hash, root_hash, body
    FROM ledger.entries WHERE notice = %s ORDER BY position""").format(_INSTANT)
_TEXTS = SQL("""SELECT position, path, salt, body, erased_by
    FROM ledger.narratives WHERE notice = %s ORDER BY position, path""").format()
_REPEATED_KEYS = """SELECT max(position), min(position), source, id
    FROM ledger.entries WHERE notice = %s GROUP BY source, id HAVING count(*) > 1"""
_UNTOUCHED = """SELECT position, path FROM ledger.narratives
    WHERE notice = %s AND position = ANY(%s) AND (erased_by IS NULL OR salt IS NOT NULL OR body IS NOT NULL)"""


async def verify(url: str, notice: str | None = None, progress: Progress | None = None) -> Report:
    """Recomputes one notice's record, or every notice's, and says what differs.

    Raises LedgerError when there is no such notice, and Unavailable when the database cannot be reached.
    """
    begun = time.monotonic()
    async with _snapshot(url) as connection:
        found = [row[0] for row in await (await connection.execute(_NOTICES)).fetchall()]
        if notice is not None and notice not in found:
            raise LedgerError(f"nothing is recorded of a notice {notice}; see which there are: ledger verify")
        wanted = found if notice is None else [notice]
        reports = [await _examine(connection, name, progress or _silent) for name in wanted]
    return Report(reports, time.monotonic() - begun)


def _silent(_notice: str, _checked: int, _size: int) -> None:
    pass


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[AsyncConnection[Any]]:
    """A read-only transaction that fails, rather than show less, if row security would hide anything."""
    async with await connect(url, "ledger_writer") as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        async with connection.transaction():
            await connection.execute("SET LOCAL row_security = off")
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # output may be paused
            yield connection


async def _examine(connection: AsyncConnection[Any], notice: str, progress: Progress) -> NoticeReport:
    begun = time.monotonic()
    examination = Examination(notice)
    row = await (await connection.execute(_HEAD, (notice,), binary=True)).fetchone()
    head = HeadRow(*row) if row else None
    size = head.size if head else 0
    texts = _stream(connection, "texts", _TEXTS, notice, TEXTS_PAGE)
    text = await anext(texts, None)
    async for values in _stream(connection, "entries", _ENTRIES, notice, PAGE):
        entry = EntryRow(*values)
        while text is not None and text[0] < entry.position:
            examination.text(TextRow(*text))
            text = await anext(texts, None)
        examination.entry(entry)
        while text is not None and text[0] == entry.position:
            examination.text(TextRow(*text))
            text = await anext(texts, None)
        if examination.report.entries % PAGE == 0:
            progress(notice, examination.report.entries, size)
    while text is not None:
        examination.text(TextRow(*text))
        text = await anext(texts, None)
    examination.head(head)
    if not examination.report.damages:
        await _examine_snapshot(connection, notice, examination)
    for repeated in await (await connection.execute(_REPEATED_KEYS, (notice,))).fetchall():
        examination.repeated_key(*repeated)
    targets = list(examination.erasures)
    for untouched in await (await connection.execute(_UNTOUCHED, (notice, targets))).fetchall():
        examination.untouched(*untouched)
    examination.report.seconds = time.monotonic() - begun
    progress(notice, examination.report.entries, size)
    return examination.report


async def _examine_snapshot(connection: AsyncConnection[Any], notice: str, examination: Examination) -> None:
    """The state that rights are judged by, from a start on, against the same folded anew."""
    kept = await store.read_snapshot(connection, notice, folding.VERSION)
    if kept is None:
        return
    position, state = kept
    whole = await folding.history(connection, notice, position)
    if len(whole) != position or not folding.is_state(state, folding.fold(whole, folding.corrections_of(whole))):
        examination.found(position, Damage.SNAPSHOT, "rights would be judged by it; delete it, it is made again")


async def _stream(
    connection: AsyncConnection[Any], name: str, query: Composed, notice: str, page: int
) -> AsyncIterator[tuple[Any, ...]]:
    """The rows of a query, a page of them in memory at a time."""
    async with connection.cursor(name, scrollable=False) as cursor:
        await cursor.execute(query, (notice,), binary=True)
        while rows := await cursor.fetchmany(page):
            for row in rows:
                yield row
