"""Compliance as it is kept and read: for each clause the status, over the time during which it holds.

A row holds over a range of positions, like every view's, and over a time: between two entries a status changes at
finitely many instants, and the fold writes them all. So reading is a lookup, now and as of any past moment, on any
instant past or to come. Rules are judged here and nowhere else.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from ledger.domain.areas.notice import ClauseRegistered, NoticeIssued
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Relation
from projections.views.compliance.rules import KINDS
from projections.views.compliance.timeline import COMMON, ClauseTimeline, Span, concerned
from projections.views.compliance.verdict import ClauseQuestion, Occurrence, Rule


class Obligation(Struct, frozen=True):
    """What a clause asks, of whom, and by which kind of rule it is judged."""

    number: str
    position: int
    """The entry that registered the clause."""
    obligor: str
    modality: str
    rule: str


class StatusPeriod(Struct, frozen=True):
    """A clause's status from an instant on, until the clause's next one."""

    number: str
    begins: datetime
    status: str
    since: datetime
    """When the status became what it is; the reason may have changed since."""
    since_position: int | None
    """The entry that brought the status about; None: a deadline passed."""
    reason: str
    """A sentence of ids, days and counts, without narratives."""
    entries: list[int]
    """The entries that it rests on."""


class Compliance(Struct, frozen=True):
    """An obligation and its status at an instant."""

    number: str
    position: int
    """The entry that registered the clause."""
    obligor: str
    modality: str
    rule: str
    begins: datetime
    """Since when the reason has been the same."""
    status: str
    since: datetime
    """When the status became what it is."""
    since_position: int | None
    """The entry that brought the status about; None: a deadline passed."""
    reason: str
    entries: list[int]


OBLIGATIONS = Table("obligations", Obligation, ("number",), in_memory=False)
STANDINGS = Table("standings", StatusPeriod, ("number", "begins"), lookups=(("begins",),), by_position=False)
"""The statuses up to what happened last of what a clause is told: they hardly change any more."""
PROSPECTS = Table("prospects", StatusPeriod, ("number", "begins"))
"""Those to come if nothing more is recorded: few at a time, and each entry may bring others."""
_HEAD: frozenset[type[Fact]] = frozenset({NoticeIssued, ClauseRegistered})
FACTS = _HEAD.union(COMMON, *(rule.facts for rule in KINDS.values()))
"""Every fact that bears on a clause."""


class ClauseMemory(Struct):
    """A clause and its course."""

    number: str
    course: ClauseTimeline
    settled: int = 0
    """How many of its spans are standings; the others are prospects."""


class ComplianceMemory(Struct):
    """What the fold remembers of a notice beside its rows."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    happenings: dict[type[Fact], list[Occurrence]] = field(default_factory=dict)
    clauses: dict[type[Fact], list[ClauseMemory]] = field(default_factory=dict)
    """Fact → the clauses that are told of it."""


def fold(rows: Rows, entry: Entry, fact: Fact) -> None:
    """Folds one entry into the courses of the clauses that it concerns."""
    memory = rows.memory(ComplianceMemory)
    match fact:
        case NoticeIssued():
            memory.zone = ZoneInfo(fact.zone)
            return
        case ClauseRegistered():
            _begin(rows, memory, entry, fact)
            return
    happening = Occurrence(entry.occurred_at, entry.position, fact)
    memory.happenings.setdefault(type(fact), []).append(happening)
    for clause in memory.clauses.get(type(fact), ()):
        if concerned(clause.number, fact):
            ended, kept = clause.course.tell(happening)
            for span in ended:
                rows.drop(STANDINGS, clause.number, span.begins)
                rows.drop(PROSPECTS, clause.number, span.begins)
            _put(rows, clause, kept)


def _begin(rows: Rows, memory: ComplianceMemory, entry: Entry, fact: ClauseRegistered) -> None:
    """Begins the course of a clause, which is told of everything that is known already."""
    asked = ClauseQuestion(
        number=fact.number,
        modality=fact.modality,
        parameters=dict(fact.parameters),
        position=entry.position,
        since=entry.occurred_at,
        zone=memory.zone,
    )
    rule = KINDS.get(fact.rule, Rule)()
    told = type(rule).facts | COMMON
    known = [
        each for kind in told for each in memory.happenings.get(kind, ()) if concerned(fact.number, each.fact)
    ]
    obliges = (fact.obligor.value, fact.modality.value, fact.rule)
    rows.add(OBLIGATIONS, Obligation(fact.number, entry.position, *obliges))
    clause = ClauseMemory(fact.number, ClauseTimeline(asked, rule, known))
    for kind in told:
        memory.clauses.setdefault(kind, []).append(clause)
    _put(rows, clause, 0)


def _put(rows: Rows, clause: ClauseMemory, kept: int) -> None:
    """Makes rows of the clause's spans after those kept, and of those that what happened has reached."""
    spans, before = clause.course.spans, clause.settled
    if kept == before == len(spans):
        return
    clause.settled = clause.course.reached()
    first = kept if clause.settled == before else min(kept, before, clause.settled)
    for index in range(first, len(spans)):
        row = _standing(clause.number, spans[index])
        if index >= clause.settled:
            rows.put(PROSPECTS, row)
        else:
            rows.drop(PROSPECTS, clause.number, row.begins)
            rows.put(STANDINGS, row)


def _standing(number: str, span: Span) -> StatusPeriod:
    found = span.verdict
    status, entries = found.status.value, list(found.entries)
    return StatusPeriod(number, span.begins, status, span.since, span.since_position, found.reason, entries)


VIEW = View("compliance", 1, (OBLIGATIONS, STANDINGS, PROSPECTS), remembers=True)
for _fact in FACTS:
    VIEW.on(_fact)(fold)


# Of each clause one row, found backwards from the instant along the indexes of its number and time. Standings are
# what held by the last entry that changed the clause's course; prospects follow them.
_LATEST = (
    "(SELECT s.begins, s.status, s.since, s.since_position, s.reason, s.entries FROM views.{} s "
    "WHERE s.notice = o.notice AND s.number = o.number AND s.begins <= :on "
    "ORDER BY s.number DESC, s.begins DESC LIMIT 1)"
)
COMPLIANCE = Relation(
    "compliance",
    Compliance,
    "(SELECT o.*, s.* FROM views.obligations o CROSS JOIN LATERAL (SELECT * FROM ("
    f"{_LATEST.format('prospects')} UNION ALL {_LATEST.format('standings')}) u ORDER BY begins DESC LIMIT 1) s)",
    conditions={"clauses": "t.number = ANY (:value)", "since_from": "t.since >= :value"},
)
_STANDING = "SELECT notice, number, begins, status, since, since_position, reason, entries FROM views."
_BOTH = f"({_STANDING}standings UNION ALL {_STANDING}prospects)"
COURSE = Relation("compliance", StatusPeriod, _BOTH, order=("begins", "number"))
FALLING_DUE = Relation(
    "compliance",
    StatusPeriod,
    f"(SELECT * FROM {_BOTH} b WHERE b.begins > :on)",
    conditions={"until": "t.begins <= :value"},
    order=("begins", "number"),
)
