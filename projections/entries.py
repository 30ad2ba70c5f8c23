"""The entries themselves, read page by page: their stored bytes, their narratives, and what corrected them.

The bytes come from the ledger; the view adds only which entry was corrected by which, as of a position.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.records import EntryCorrected
from projections.position import PAGE, Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View


class Correction(Struct, frozen=True):
    """That an entry was corrected, as it stands in the view."""

    position: int
    corrected_by: int


CORRECTIONS = Table("corrections", Correction, ("position",))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the corrections."""
    fact = entry.fact
    match fact:
        case EntryCorrected():
            rows.put(CORRECTIONS, Correction(fact.position, entry.position))


VIEW = View("entries", 1, (CORRECTIONS,), frozenset({EntryCorrected}), fold)


class EntryFilter(Struct, frozen=True, kw_only=True):
    """Which entries are asked for; what is None or empty asks nothing."""

    positions: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    """Type names, such as improvement-ledger.plan.ObjectiveAdded.v1."""
    source: str | None = None
    subject: str | None = None
    clause: str | None = None
    actor: str | None = None
    occurred_from: datetime | None = None
    """The first instant at which it may have happened."""
    occurred_to: datetime | None = None
    """The instant before which it happened."""


class EntryRow(Struct, frozen=True):
    """An entry as it is read; `position` is its cursor."""

    position: int
    id: str
    source: str
    type: str
    recorded_at: datetime
    leaf_hash: bytes
    """RFC 6962, 32 bytes."""
    body: bytes
    """The stored bytes: `ledger.entry.decode` reads them."""
    corrected_by: int | None
    """The position of the correction, when it had been recorded by the reading's position."""
    narratives: dict[str, Text]
    """Its free texts by their paths in the fact, such as `title` or `options[0]`; empty when not asked for."""


_ANY = EntryFilter()


async def page(
    reading: Reading,
    *,
    filter: EntryFilter = _ANY,  # noqa: A002 - GraphQL's name for it
    first: int = PAGE,
    after: int = 0,
    narratives: bool = True,
) -> list[EntryRow]:
    """The entries after position `after` that match, in order, with their free texts if asked for.

    By subject, clause, actor and time the entries are searched one by one, from `after` on.
    """
    rows = await reading.fetch(
        "SELECT e.position, e.id, e.source, e.type, e.recorded_at, e.leaf_hash, e.body, c.corrected_by "
        "FROM ledger.entries e CROSS JOIN LATERAL (SELECT CASE WHEN %s THEN convert_from(e.body, 'UTF8')::jsonb "
        "END) j(event) LEFT JOIN views.corrections c ON c.notice = e.notice AND c.position = e.position "
        "WHERE e.notice = %s AND e.position > %s AND e.position <= %s "
        "AND (%s::integer[] IS NULL OR e.position = ANY (%s::integer[])) "
        "AND (%s::text[] IS NULL OR e.type = ANY (%s::text[])) "
        "AND (%s::text IS NULL OR e.source = %s) AND (%s::text IS NULL OR event ->> 'subject' = %s) "
        "AND (%s::text IS NULL OR %s = ANY (string_to_array(event ->> 'clauses', ' '))) "
        "AND (%s::text IS NULL OR event ->> 'actor' = %s) "
        "AND (%s::timestamptz IS NULL OR coalesce((event ->> 'time')::timestamptz, e.recorded_at) >= %s) "
        "AND (%s::timestamptz IS NULL OR coalesce((event ->> 'time')::timestamptz, e.recorded_at) < %s) "
        "ORDER BY e.position LIMIT %s",
        (*_parameters(reading, filter, after), min(first, PAGE)),
    )
    told = await _narratives(reading, [row[0] for row in rows]) if narratives and rows else {}
    return [EntryRow(*[*row, told.get(row[0], {})]) for row in rows]


def _parameters(reading: Reading, asked: EntryFilter, after: int) -> list[object]:
    read_from = (asked.subject, asked.clause, asked.actor, asked.occurred_from, asked.occurred_to)
    parses = any(value is not None for value in read_from)
    parameters: list[object] = [parses, reading.notice, after, reading.position]
    for value in (
        list(asked.positions) or None,
        list(asked.types) or None,
        asked.source,
        asked.subject,
        asked.clause,
        asked.actor,
        asked.occurred_from,
        asked.occurred_to,
    ):
        parameters += (value, value)
    return parameters


async def _narratives(reading: Reading, positions: Sequence[int]) -> dict[int, dict[str, Text]]:
    rows = await reading.fetch(
        "SELECT position, path, body, erased_by FROM ledger.narratives "
        "WHERE notice = %s AND position = ANY (%s::integer[]) ORDER BY position, path",
        (reading.notice, list(positions)),
    )
    found: dict[int, dict[str, Text]] = {}
    for position, path, body, erased_by in rows:
        found.setdefault(position, {})[path] = Text(body, erased_by, position, path)
    return found
