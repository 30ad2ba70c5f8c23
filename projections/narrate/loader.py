"""The entries of a notice with their free texts, straight from the ledger in one snapshot; no view is needed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.sql import SQL, Literal

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.intake.envelope import decode
from ledger.store.database import connect
from ledger.store.entries import read_bodies
from projections.engine.narrative import NarrativeRef
from projections.errors import NotRecordedYet, UnknownNotice
from projections.narrate.history import History, Sentence
from projections.narrate.sentence import NOBODY

PAGE = 500
_CORRECTIONS = """SELECT body FROM ledger.entries
    WHERE notice = %s AND position <= %s AND type LIKE 'improvement-ledger.records.EntryCorrected.v%%'"""
_TEXTS = """SELECT position, path, body, erased_by FROM ledger.narratives
    WHERE notice = %s AND position > %s AND position <= %s ORDER BY position, path"""


class LoadedHistory:
    """One notice's entries as one snapshot shows them."""

    def __init__(self, connection: AsyncConnection[Any], notice: str, size: int) -> None:
        self._connection = connection
        self.notice = notice
        self.size = size
        """The position of its last entry."""

    async def position_at(self, instant: datetime) -> int:
        """The last position that had been recorded by then; raises NotRecordedYet when there was none."""
        cursor = await self._connection.execute(
            "SELECT max(position) FROM ledger.entries WHERE notice = %s AND recorded_at <= %s",
            (self.notice, instant),
        )
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            raise NotRecordedYet(
                f"nothing had been recorded of {self.notice} by {instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            )
        return int(row[0])

    async def corrections(self, to: int) -> dict[int, int]:
        """Corrected position → the entry that corrected it, among the first `to`."""
        cursor = await self._connection.execute(_CORRECTIONS, (self.notice, to))
        found = [decode(body) for (body,) in await cursor.fetchall()]
        return {entry.fact.position: entry.position for entry in found if isinstance(entry.fact, EntryCorrected)}

    async def entries(self, to: int) -> AsyncIterator[tuple[Entry, dict[str, NarrativeRef]]]:
        """The first `to` entries in order, each with its texts by their paths."""
        for after in range(0, to, PAGE):
            cursor = await self._connection.execute(_TEXTS, (self.notice, after, min(after + PAGE, to)))
            texts: dict[int, dict[str, NarrativeRef]] = {}
            for position, path, body, erased_by in await cursor.fetchall():
                texts.setdefault(position, {})[path] = NarrativeRef(body, erased_by, position, path)
            async for position, body in read_bodies(self._connection, self.notice, after, min(after + PAGE, to)):
                yield decode(body), texts.get(position, {})


async def tellings(
    history: LoadedHistory, to: int, names: Mapping[str, str] = NOBODY
) -> AsyncIterator[tuple[Sentence, History]]:
    """The first `to` entries, told in order, each with the story so far; `names`: actor → name."""
    story = History(corrected=await history.corrections(to), names=names)
    async for entry, texts in history.entries(to):
        yield story.tell(entry, texts), story


@asynccontextmanager
async def opened(url: str, notice: str) -> AsyncIterator[LoadedHistory]:
    """The history of a notice; raises UnknownNotice, and Unavailable when the database cannot be reached."""
    async with await connect(url, "ledger_reader") as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        async with connection.transaction():
            await connection.execute(SQL("SET LOCAL ledger.notices = {}").format(Literal(notice)))
            cursor = await connection.execute("SELECT size FROM ledger.heads WHERE notice = %s", (notice,))
            row = await cursor.fetchone()
            if row is None:
                raise UnknownNotice(
                    f"no notice {notice[:80]!r} is recorded; check its name, or add it with ledger notice add"
                )
            yield LoadedHistory(connection, notice, row[0])
