"""Edge cases of a rule: recorded facts, and the verdict on a day, with its reason and entries."""

from datetime import date
from typing import Any, NamedTuple

import msgspec

from ledger.domain.areas.notice import ClauseRegistered, Modality, NoticeIssued, NoticeKind, Obligor
from ledger.domain.areas.records import EntryCorrected, Replacement
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF
from projections.engine.follower import refold
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.projections.views.compliance.dated_facts import WORDS, instant

CLAUSE, FIRST = 2, 11
"""Position of the entry that registers the clause, and of the first fact of a case."""
DatedFact = tuple[str, Fact] | tuple[str, Fact, str | None] | tuple[str, Fact, str | None, str]
"""Instant of recording, the fact, the instant at which it happened if that was another, and the recorder's role."""


class Line(NamedTuple):
    """A verdict on a day."""

    on: str
    status: str
    words: str
    """Words of the reason."""
    entries: tuple[int, ...]
    """Exactly the entries on which it rests."""
    known: int | None
    """Number of the case's facts that are known; None: all."""


class Edge(NamedTuple):
    """A case: parameters of the rule, facts in the order of recording, and verdicts."""

    parameters: dict[str, Any]
    dated: list[DatedFact]
    lines: list[Line]


Edges = dict[str, Edge]
"""Name of the case, which begins with one of `NAMES` → the case."""
NOTHING, DAY, LATE_RECORD, CORRECTED = "nothing recorded", "the day", "recorded late", "corrected"
STEP, SUSTAINED = "a step's boundary", "sustained and broken"
NAMES = (NOTHING, DAY, LATE_RECORD, CORRECTED, STEP, SUSTAINED)


def on(day: str, status: str, words: str, *entries: int, known: int | None = None) -> Line:
    """Return a line of a case; entries count from 11, the clause is entry 2."""
    return Line(day, status, words, entries, known)


def fix(index: int, fact: Fact | None) -> Fact:
    """Return the correction of the case's fact at that index; without a fact, its removal."""
    new = None if fact is None else Replacement(KIND_OF[type(fact)].type, msgspec.to_builtins(fact))
    return EntryCorrected(position=FIRST + index, reason=WORDS, replacement=new)


def entry_of(
    position: int, recorded: str, fact: Fact, happened: str | None = None, role: str = "ADVISER"
) -> Entry:
    """Return an entry that a person in a role recorded."""
    return Entry(
        notice="n",
        position=position,
        id=f"e{position}",
        source="edge",
        type=KIND_OF[type(fact)].type,
        subject=None,
        time=instant(happened) if happened else None,
        clauses=(),
        confirmed=(),
        recorded_at=instant(recorded),
        actor="ann",
        actor_role=role,
        fact=fact,
    )


def history(rule: str, edge: Edge, known: int | None) -> list[Entry]:
    """Return the notice, its one clause, and the facts of a case that are known."""
    issued = NoticeIssued(
        kind=NoticeKind.IMPROVEMENT_NOTICE,
        council="E08000008",
        issuer="DfE",
        issued_on=date(2022, 7, 5),
        title=WORDS,
        trigger=WORDS,
        pack_digest=WORDS.sha256,
    )
    clause = ClauseRegistered(
        number="c",
        obligor=Obligor.COUNCIL,
        modality=Modality.MUST,
        rule=rule,
        parameters=edge.parameters,
        text=WORDS,
    )
    since = "2022-07-05T00:00"
    facts = [entry_of(FIRST + index, *dated) for index, dated in enumerate(edge.dated)]
    return [entry_of(1, since, issued), entry_of(CLAUSE, since, clause), *facts[:known]]


def verdict_on(day: str, entries: list[Entry]) -> StatusPeriod:
    """Return the verdict on a day, folded from entries."""
    versions = refold(VIEW, entries).versions()
    rows: list[StatusPeriod] = [
        version.row for table in (STANDINGS, PROSPECTS) for version in versions[table.name].values()
    ]
    return max((row for row in rows if row.begins <= instant(day)), key=lambda row: row.begins)
