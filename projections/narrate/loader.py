"""Loader of a notice's entries with their narratives, in one snapshot of the ledger; it needs no view."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.sql import SQL, Literal

from ledger.domain.areas.notice import (
    ClauseRegistered,
    ClauseState,
    InterpretationAdopted,
    NoticeRevised,
    evolve_clauses,
)
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import effective
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, type_names
from ledger.domain.rules.links import LINKING, linked_values_after
from ledger.intake.envelope import decode
from ledger.store.database import connect
from ledger.store.entries import read_bodies
from projections.engine.narrative import NarrativeRef
from projections.errors import NotRecordedYet, UnknownNotice
from projections.narrate.board_notes import FACTS as BOARD_FACTS
from projections.narrate.board_notes import BoardNotes, board_notes
from projections.narrate.history import History, NarratedEntry
from projections.narrate.sentence import NO_NAMES

PAGE = 500
_OF_TYPES = """SELECT body FROM ledger.entries
    WHERE notice = %s AND position <= %s AND type = ANY (%s) ORDER BY position"""
_ON_CLAUSES = (ClauseRegistered, InterpretationAdopted, NoticeRevised)
_NARRATIVES = """SELECT position, path, body, erased_by FROM ledger.narratives
    WHERE notice = %s AND position > %s AND position <= %s ORDER BY position, path"""


class LoadedHistory:
    """Entries of a notice in one snapshot."""

    def __init__(self, connection: AsyncConnection[Any], notice: str, size: int) -> None:
        self._connection = connection
        self.notice = notice
        self.size = size
        """Position of the notice's last entry."""

    async def position_at(self, instant: datetime) -> int:
        """Return the last position that had been recorded by an instant.

        Raises:
            NotRecordedYet: Nothing had been recorded by that instant.
        """
        cursor = await self._connection.execute(
            "SELECT max(position) FROM ledger.entries WHERE notice = %s AND recorded_at <= %s",
            (self.notice, instant),
        )
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            by = instant.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
            raise NotRecordedYet(f"nothing was recorded for {self.notice} by {by}Z")
        return int(row[0])

    async def corrections(self, to: int) -> dict[int, int]:
        """Return the corrections among the first `to` entries: corrected position → position of the correction.

        Raise Damaged if an entry cannot be read.
        """
        corrections = await self._recorded([EntryCorrected], to)
        return {
            entry.fact.position: entry.position for entry in corrections if isinstance(entry.fact, EntryCorrected)
        }

    async def clauses(self, to: int) -> dict[str, ClauseState]:
        """Return the clauses of the notice after the first `to` entries.

        Raise Damaged if an entry cannot be read.
        """
        clauses: dict[str, ClauseState] = {}
        for entry in await self._effective(_ON_CLAUSES, to):
            evolve_clauses(clauses, entry.fact, entry.position)
        return clauses

    async def links(self, to: int) -> dict[tuple[str, str], list[str]]:
        """Return the values that facts omit because their subjects state them, after the first `to` entries.

        Raise Damaged if an entry cannot be read.
        """
        return linked_values_after(entry.fact for entry in await self._effective(LINKING, to))

    async def board(self, to: int) -> BoardNotes:
        """Return the data for notes on the boards' meetings and decisions, after the first `to` entries.

        Raise Damaged if an entry cannot be read.
        """
        return board_notes(await self._effective(BOARD_FACTS, to))

    async def _effective(self, facts: Iterable[type[Fact]], to: int) -> list[Entry]:
        """Return the entries with these types of fact among the first `to` entries, with corrections applied."""
        recorded = await self._recorded([*facts, EntryCorrected], to)
        return [item.entry for item in effective(recorded) if not item.removed]

    async def _recorded(self, facts: Iterable[type[Fact]], to: int) -> list[Entry]:
        """Return the entries with these types of fact among the first `to` entries, as recorded.

        Raise Damaged if an entry cannot be read.
        """
        types = [name for fact in facts for name in type_names(KIND_OF[fact])]
        cursor = await self._connection.execute(_OF_TYPES, (self.notice, to, types))
        return [decode(body) for (body,) in await cursor.fetchall()]

    async def entries(self, to: int) -> AsyncIterator[tuple[Entry, dict[str, NarrativeRef]]]:
        """Yield the first `to` entries in order, each with its narratives by path.

        Raise Damaged if an entry cannot be read.
        """
        for after in range(0, to, PAGE):
            cursor = await self._connection.execute(_NARRATIVES, (self.notice, after, min(after + PAGE, to)))
            narratives: dict[int, dict[str, NarrativeRef]] = {}
            for position, path, body, erased_by in await cursor.fetchall():
                narratives.setdefault(position, {})[path] = NarrativeRef(body, erased_by, position, path)
            async for position, body in read_bodies(self._connection, self.notice, after, min(after + PAGE, to)):
                yield decode(body), narratives.get(position, {})


async def narrate(
    loaded: LoadedHistory, to: int, names: Mapping[str, str] = NO_NAMES
) -> AsyncIterator[tuple[NarratedEntry, History]]:
    """Yield the first `to` entries in plain words, each with the state of the history after it.

    Args:
        loaded: The entries.
        to: Position of the last entry.
        names: Actor → name.
    """
    history = History(
        corrected=await loaded.corrections(to),
        names=names,
        clauses=await loaded.clauses(to),
        links=await loaded.links(to),
        board=await loaded.board(to),
    )
    async for entry, narratives in loaded.entries(to):
        yield history.narrate(entry, narratives), history


@asynccontextmanager
async def open_history(url: str, notice: str) -> AsyncIterator[LoadedHistory]:
    """Open the history of a notice, in one snapshot of the ledger.

    Raises:
        UnknownNotice: No such notice is recorded.
        Unavailable: The database cannot be reached.
    """
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
