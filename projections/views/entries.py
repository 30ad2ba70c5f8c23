"""Entries in pages: their stored bytes, their narratives and their corrections.

The bytes come from the ledger. The view adds the corrections, and the rules and links of the clauses, as of a
position. The rules determine the clauses of an entry if neither its recorder nor its fact names any.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct, structs

from ledger.domain.areas.notice import ClauseRegistered, InterpretationAdopted, NoticeRevised
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import STORED_TYPES
from ledger.domain.rules.links import LINKING, Link, changed_links
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import PAGE, Computed, Relation, matches, named
from projections.query.snapshot import Snapshot
from projections.views.clause_sql import CLAUSES, INCLUDES, NO_CLAUSES, encoded_fields


class Correction(Struct, frozen=True):
    """Positions of a corrected entry and of the entry that corrects it."""

    position: int
    corrected_by: int


CORRECTIONS = Table("corrections", Correction, ("position",))


class ClauseRule(Struct, frozen=True):
    """The rule of a clause, with its current parameters."""

    number: str
    position: int
    """Position of the entry that registered the clause."""
    rule: str
    parameters: dict[str, Any]


CLAUSE_RULES = Table("clause_rules", ClauseRule, ("number",))
CLAUSE_LINKS = Table("clause_links", Link, ("link", "id", "owner"), by_position=False)
VIEW = View("entries", 3, (CORRECTIONS, CLAUSE_RULES, CLAUSE_LINKS))


@VIEW.on(EntryCorrected)
def _entry_corrected(rows: Rows, entry: Entry, fact: EntryCorrected) -> None:
    rows.put(CORRECTIONS, Correction(fact.position, entry.position))


@VIEW.on(ClauseRegistered)
def _clause_registered(rows: Rows, entry: Entry, fact: ClauseRegistered) -> None:
    rows.put(CLAUSE_RULES, ClauseRule(fact.number, entry.position, fact.rule, dict(fact.parameters)))


@VIEW.on(InterpretationAdopted)
def _interpretation_adopted(rows: Rows, entry: Entry, fact: InterpretationAdopted) -> None:
    _set_parameters(rows, fact.number, fact.parameters)


@VIEW.on(NoticeRevised)
def _notice_revised(rows: Rows, entry: Entry, fact: NoticeRevised) -> None:
    for revision in fact.clauses:
        _set_parameters(rows, revision.number, revision.parameters)


def _link_changed(rows: Rows, entry: Entry, fact: Fact) -> None:
    added, ended = changed_links(fact, lambda *key: rows.get(CLAUSE_LINKS, *key), lambda: rows.all(CLAUSE_LINKS))
    for link in added:
        rows.put(CLAUSE_LINKS, link)
    for key in ended:
        rows.drop(CLAUSE_LINKS, *key)


for _fact in LINKING:
    VIEW.on(_fact)(_link_changed)


def _set_parameters(rows: Rows, number: str, parameters: Mapping[str, Any]) -> None:
    clause = rows.require(CLAUSE_RULES, number)
    rows.change(CLAUSE_RULES, number, parameters={**clause.parameters, **parameters})


class EntryFilter(Struct, frozen=True, kw_only=True):
    """Filter of entries. Fields without a value do not filter."""

    positions: tuple[int, ...] | None = None
    types: tuple[str, ...] | None = None
    """Type names, such as improvement-ledger.plan.ObjectiveAdded.v1."""
    source: str | None = None
    subject: str | None = None
    clause: str | None = None
    actor: str | None = None
    occurred_from: datetime | None = None
    """First instant at which an entry may have happened."""
    occurred_until: datetime | None = None
    """Instant before which an entry must have happened."""
    recorded_from: datetime | None = None
    """First instant at which an entry may have been recorded."""
    recorded_until: datetime | None = None
    """Instant before which an entry must have been recorded."""
    text: str | None = None
    """Words that an entry's narratives contain, in any case of letters."""


class EntryRow(Struct, frozen=True):
    """An entry as read from the ledger."""

    position: int
    id: str
    source: str
    type: str
    recorded_at: datetime
    leaf_hash: bytes
    """RFC 6962 leaf hash, 32 bytes."""
    body: bytes
    """Stored bytes; `ledger.intake.envelope.decode` reads them."""
    corrected_by: int | None
    """Position of the entry's correction; None without a correction by the snapshot's position."""
    clauses: list[str]
    """Clauses that the entry concerns; empty if not requested."""
    narratives: dict[str, NarrativeRef]
    """Narratives by their paths in the fact, such as `title` or `options[0]`; empty if not requested."""


_ANY = EntryFilter()


class StoredEntry(Struct, frozen=True):
    """Columns of an entry, without its bytes."""

    position: int
    id: str
    source: str
    type: str
    recorded_at: datetime


class NarrativePlace(Struct, frozen=True):
    """Place of a narrative: the entry's position and the path in its fact."""

    position: int
    path: str


_EVENT = (
    "json_to_record(convert_from(t.body, 'UTF8')::json) "
    "j(subject text, time timestamptz, clauses text, actor text, actorrole text, data json)"
)
_ATTRIBUTE = "(convert_from(t.body, 'UTF8')::json ->> '{}')"


def _occurred_sql(reported: str, data: str) -> str:
    """Return SQL for the instant at which an entry happened, as `ledger.domain.entry.occurred` returns it.

    Args:
        reported: SQL of the reported time.
        data: SQL of the fact's data.
    """
    cases: dict[str, str] = {}
    for name, stored in STORED_TYPES.items():
        stated = stored.kind.struct.stated_day
        if stated is None:
            continue
        key = encoded_fields(stored.kind.struct)
        day = f"({data} ->> '{key[stated.field]}')::date"
        start = f"({day}::timestamp AT TIME ZONE 'Europe/London')"
        end = f"((({day} + 1)::timestamp AT TIME ZONE 'Europe/London') - interval '1 microsecond')"
        instant = start if stated.from_start else end
        if stated.at_latest:
            instant = f"least({instant}, {reported})"
        if not stated.from_start:
            is_same_day = f"({reported} AT TIME ZONE 'Europe/London')::date = {day}"
            instant = f"CASE WHEN {is_same_day} THEN {reported} ELSE {instant} END"
        cases[name] = f"WHEN '{name}' THEN {instant}"
    by_type = f"CASE t.type {' '.join(cases.values())} END"
    # most entries state no day: one look in a hash table spares them a comparison with every type
    return f"coalesce(CASE WHEN t.type = ANY ('{{{','.join(cases)}}}'::text[]) THEN {by_type} END, {reported})"


_OCCURRED = _occurred_sql(
    f"coalesce({_ATTRIBUTE.format('time')}::timestamptz, t.recorded_at)",
    "(convert_from(t.body, 'UTF8')::json -> 'data')",
)


ENTRY = Relation(
    "entries",
    StoredEntry,
    "(SELECT * FROM ledger.entries e WHERE e.notice = :notice AND e.position <= views.position())",
    computed={
        "leaf_hash": Computed(str, "encode(t.leaf_hash, 'base64')"),
        "occurred_at": Computed(datetime, _occurred_sql("coalesce(j.time, t.recorded_at)", "j.data"), _EVENT),
        "actor": Computed(str, "j.actor", _EVENT),
        "actor_role": Computed(str, "j.actorrole", _EVENT),
        "clauses": Computed(list[str], CLAUSES),
        "subject": Computed(str | None, "j.subject", _EVENT),
        "data": Computed(dict[str, Any], "j.data", _EVENT),
        "corrected_by": Computed(
            int | None,
            "SELECT c.corrected_by FROM views.corrections c WHERE c.notice = :notice AND c.position = t.position",
        ),
    },
    conditions={
        "positions": "t.position = ANY (:value::integer[])",
        "types": "t.type = ANY (:value)",
        "subject": f"{_ATTRIBUTE.format('subject')} = :value",
        "clause": f"EXISTS (SELECT FROM unnest({CLAUSES}) c(number) WHERE {INCLUDES})",
        "subject_in": f"{_ATTRIBUTE.format('subject')} = ANY (:value)",
        "actor": f"{_ATTRIBUTE.format('actor')} = :value",
        "actor_in": f"{_ATTRIBUTE.format('actor')} = ANY (:value)",
        "actor_role_in": f"{_ATTRIBUTE.format('actorrole')} = ANY (:value)",
        "occurred_from": f"{_OCCURRED} >= :value",
        "occurred_until": f"{_OCCURRED} < :value",
        "recorded_from": "t.recorded_at >= :value",
        "recorded_until": "t.recorded_at < :value",
        "since_position": "t.position > :value",
        "text": matches(
            "SELECT string_agg(n.body, ' ' ORDER BY n.path) FROM ledger.narratives n "
            "WHERE n.notice = :notice AND n.position = t.position"
        ),
    },
)
"""Entries up to the snapshot's position. Conditions on the stored bytes test each entry, without an index."""
NARRATIVE = Relation(
    "entries",
    NarrativePlace,
    "ledger.narratives",
    computed={"text": Computed(str | None, "t.body"), "erased_by": Computed(int | None, "t.erased_by")},
    order=("path",),
)


async def page(
    snapshot: Snapshot,
    *,
    filter: EntryFilter = _ANY,  # noqa: A002 - GraphQL's name for it
    first: int = PAGE,
    after: int = 0,
    before: int | None = None,
    newest_first: bool = False,
    content: bool = True,
) -> list[EntryRow]:
    """Return the entries between two positions that match a filter, in order of position.

    Args:
        snapshot: Snapshot to read.
        filter: Conditions that the entries meet.
        first: Maximum number of entries, at most `PAGE`.
        after: Position before the first entry.
        before: Position after the last entry; None for the end of the snapshot.
        newest_first: True to begin with the highest position.
        content: True to add the clauses that each entry concerns, and its narratives.

    Raises:
        LedgerError: The errors of `Snapshot.fetch`.
    """
    conditions = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in structs.asdict(filter).items()
        if value is not None
    }
    parameters = {
        "notice": snapshot.notice,
        "position": snapshot.position,
        "after": after,
        "before": snapshot.position + 1 if before is None else before,
        "first": min(first, PAGE),
    }
    rows = await snapshot.fetch(
        _query(tuple(conditions), newest_first=newest_first, clauses=content),
        parameters | {f"is_{name}": value for name, value in conditions.items()},
    )
    narratives_of = await _narratives(snapshot, [row[0] for row in rows]) if content and rows else {}
    return [EntryRow(*[*row, narratives_of.get(row[0], {})]) for row in rows]


@cache
def _query(conditions: tuple[str, ...], *, newest_first: bool, clauses: bool) -> bytes:
    where = [ENTRY.condition(name).replace(":value", f":is_{name}") for name in conditions]
    return named(
        "SELECT t.position, t.id, t.source, t.type, t.recorded_at, t.leaf_hash, t.body, "
        f"{ENTRY.expression('corrected_by')}, {CLAUSES if clauses else NO_CLAUSES} FROM {ENTRY.source} t "
        f"WHERE {' AND '.join(['t.notice = :notice', 't.position > :after', 't.position < :before', *where])} "
        f"ORDER BY t.position {'DESC' if newest_first else 'ASC'} LIMIT :first"
    ).encode()


async def _narratives(snapshot: Snapshot, positions: Sequence[int]) -> dict[int, dict[str, NarrativeRef]]:
    rows = await snapshot.fetch(
        "SELECT position, path, body, erased_by FROM ledger.narratives "
        "WHERE notice = %s AND position = ANY (%s::integer[]) ORDER BY position, path",
        (snapshot.notice, list(positions)),
    )
    by_position: dict[int, dict[str, NarrativeRef]] = {}
    for position, path, body, erased_by in rows:
        by_position.setdefault(position, {})[path] = NarrativeRef(body, erased_by, position, path)
    return by_position
