"""Compliance as stored and read: each clause's status over time.

A row holds over a range of positions, as in every view, and from an instant on. Between two entries a status
changes at finitely many instants, and the fold stores them all. So a read is a lookup, as of any position, on any
instant. Only this package judges clauses.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from ledger.domain.areas.notice import ClauseRegistered, NoticeIssued
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.rules import RULES, reads_of
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Relation
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, ClauseTimeline, Span, concerns, judge_of
from projections.views.compliance.verdict import JudgedClause, Occurrence


class Obligation(Struct, frozen=True):
    """A clause's obligation: its obligor, its modality and its rule."""

    number: str
    position: int
    """Position of the entry that registered the clause."""
    obligor: str
    modality: str
    rule: str


class StatusPeriod(Struct, frozen=True):
    """A clause's status and reason, from an instant until the status, the reason or the entries change."""

    number: str
    begins: datetime
    status: str
    since: datetime
    """Instant from which the status has held; the reason may have changed since."""
    since_position: int | None
    """Position of the entry that caused the status; None if a passed deadline caused it."""
    reason: str
    """Reason for the status, without narratives."""
    entries: list[int]
    """Positions of the entries that show the status."""


class Compliance(Struct, frozen=True):
    """An obligation and its status at an instant."""

    number: str
    position: int
    """Position of the entry that registered the clause."""
    obligor: str
    modality: str
    rule: str
    begins: datetime
    """Instant from which the status, the reason and the entries have been the same."""
    status: str
    since: datetime
    """Instant from which the status has held."""
    since_position: int | None
    """Position of the entry that caused the status; None if a passed deadline caused it."""
    reason: str
    entries: list[int]


OBLIGATIONS = Table("obligations", Obligation, ("number",), in_memory=False)
STANDINGS = Table("standings", StatusPeriod, ("number", "begins"), lookups=(("begins",),), by_position=False)
"""Statuses up to the clause's latest entry; rarely rewritten."""
PROSPECTS = Table("prospects", StatusPeriod, ("number", "begins"))
"""Statuses to come if nothing more is recorded; few at a time, and rewritten by most entries."""
_HEAD: frozenset[type[Fact]] = frozenset({NoticeIssued, ClauseRegistered})
FACTS = _HEAD.union(COMMON, *(rule.reads for rule in RULES.values()))
"""Facts that may concern a clause, register a clause or issue the notice."""


class ClauseMemory(Struct):
    """A clause's timeline, as the fold of the notice remembers it."""

    number: str
    timeline: ClauseTimeline
    of_any_board: bool
    """True if the clause's rule has a board as parameter. Else facts on other boards do not count."""
    settled: int = 0
    """Number of the clause's spans that are stored as standings. The later spans are stored as prospects."""


class ComplianceMemory(Struct):
    """The memory of the fold of one notice, in addition to its rows."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    occurrences: dict[type[Fact], list[Occurrence]] = field(default_factory=dict)
    clauses: dict[type[Fact], list[ClauseMemory]] = field(default_factory=dict)
    """Fact → the clauses whose verdicts may depend on it."""


def fold(rows: Rows, entry: Entry, fact: Fact) -> None:
    """Fold one entry: begin the timeline of a new clause, or add to the timelines of the clauses concerned."""
    memory = rows.memory(ComplianceMemory)
    match fact:
        case NoticeIssued():
            memory.zone = ZoneInfo(fact.zone)
            return
        case ClauseRegistered():
            _begin(rows, memory, entry, fact)
            return
    occurrence = Occurrence(entry.occurred_at, entry.position, fact, entry.actor_role)
    memory.occurrences.setdefault(type(fact), []).append(occurrence)
    is_of_board, is_common = getattr(fact, "board", None) is not None, type(fact) in COMMON
    for clause in memory.clauses.get(type(fact), ()):
        if (clause.of_any_board or not is_of_board) and (not is_common or concerns(clause.number, fact)):
            removed, first_new = clause.timeline.add(occurrence)
            for span in removed:
                rows.drop(STANDINGS, clause.number, span.begins)
                rows.drop(PROSPECTS, clause.number, span.begins)
            _put(rows, clause, first_new)


def _begin(rows: Rows, memory: ComplianceMemory, entry: Entry, fact: ClauseRegistered) -> None:
    """Begin the timeline of a clause with the occurrences so far."""
    clause = JudgedClause(
        number=fact.number,
        modality=fact.modality,
        kind=fact.rule,
        parameters=dict(fact.parameters),
        position=entry.position,
        since=entry.occurred_at,
        zone=memory.zone,
    )
    number, reads = fact.number, reads_of(fact.rule) | COMMON
    of_any_board = fact.rule in RULES and "board" in RULES[fact.rule].__struct_fields__
    known = [
        occurrence
        for kind in reads
        for occurrence in memory.occurrences.get(kind, ())
        if (of_any_board or getattr(occurrence.fact, "board", None) is None) and concerns(number, occurrence.fact)
    ]
    obliges = (fact.obligor.value, fact.modality.value, fact.rule)
    rows.add(OBLIGATIONS, Obligation(fact.number, entry.position, *obliges))
    begun = ClauseMemory(fact.number, ClauseTimeline(clause, judge_of(clause, JUDGES), known), of_any_board)
    for kind in reads:
        memory.clauses.setdefault(kind, []).append(begun)
    _put(rows, begun, 0)


def _put(rows: Rows, clause: ClauseMemory, first_new: int) -> None:
    """Store the spans from index `first_new` on; spans that an occurrence has reached become standings."""
    spans, before = clause.timeline.spans, clause.settled
    if first_new == before == len(spans):
        return
    clause.settled = clause.timeline.reached()
    first = first_new if clause.settled == before else min(first_new, before, clause.settled)
    for index in range(first, len(spans)):
        row = _period(clause.number, spans[index])
        if index >= clause.settled:
            rows.put(PROSPECTS, row)
        else:
            rows.drop(PROSPECTS, clause.number, row.begins)
            rows.put(STANDINGS, row)


def _period(number: str, span: Span) -> StatusPeriod:
    status, entries = span.verdict.status.value, list(span.verdict.entries)
    return StatusPeriod(number, span.begins, status, span.since, span.since_position, span.verdict.reason, entries)


VIEW = View("compliance", 10, (OBLIGATIONS, STANDINGS, PROSPECTS), remembers=True)
for _fact in FACTS:
    VIEW.on(_fact)(fold)


# One row a clause: the latest before the instant, along the indexes. Prospects follow standings.
_LATEST = (
    "(SELECT s.begins, s.status, s.since, s.since_position, s.reason, s.entries FROM views.{} s "
    "WHERE s.notice = :notice AND s.number = o.number AND s.begins <= :on "
    "ORDER BY s.number DESC, s.begins DESC LIMIT 1)"
)
COMPLIANCE = Relation(
    "compliance",
    Compliance,
    "(SELECT o.*, s.* FROM views.obligations o CROSS JOIN LATERAL (SELECT * FROM ("
    f"{_LATEST.format('prospects')} UNION ALL {_LATEST.format('standings')}) u ORDER BY begins DESC LIMIT 1) s "
    "WHERE o.notice = :notice)",
    conditions={
        "since_from": "t.since >= :value",
        "changed_from": "(t.since >= :value OR EXISTS (SELECT FROM ledger.entries e WHERE e.notice = :notice "
        "AND e.position = t.since_position AND e.recorded_at >= :value))",
    },
)
_PERIODS = (
    "SELECT notice, number, begins, status, since, since_position, reason, entries FROM views.{} "
    "WHERE notice = :notice"
)
_BOTH = f"({_PERIODS.format('standings')} UNION ALL {_PERIODS.format('prospects')})"
COURSE = Relation("compliance", StatusPeriod, _BOTH, order=("begins", "number"))
FALLING_DUE = Relation(
    "compliance",
    StatusPeriod,
    f"(SELECT * FROM {_BOTH} b WHERE b.begins > :on)",
    order=("begins", "number"),
)
