"""Properties of verdicts over random histories, made of the sample history and the edge cases of the rules."""

import re
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from ledger.domain.areas.notice import ClauseRegistered, Modality, NoticeIssued, Obligor
from ledger.domain.areas.records import EntryCorrected, Replacement
from ledger.domain.entry import Entry
from ledger.domain.registry import KIND_OF
from ledger.domain.rules import RULES, reads_of
from projections.engine.digest import fold_as_recorded
from projections.engine.follower import refold
from projections.engine.rows import Key
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, ClauseTimeline, concerns, judge_of
from projections.views.compliance.verdict import JudgedClause, Occurrence, Status
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.domain.rules.test_rules import sound
from tests.ledger.packs.test_history import played
from tests.projections.views.compliance.dated_facts import LONDON, WORDS, instant
from tests.projections.views.compliance.edge import entry_of
from tests.projections.views.compliance.edges import EDGES

TABLES = (STANDINGS.name, PROSPECTS.name)
SINCE = instant("2022-07-05T00:00")
PARAMETERS: dict[str, dict[str, Any]] = {
    "board-and-chair": {"independent_chair": True, "timetable_agreed_with": "DEPARTMENT", "chair_reports": True},
    "target-met": {"sustained_periods": 2, "average_of": 2, "steps": [{"by": "2023-01-31", "target": 60}]},
    "adviser-reports": {"every_months": 3},
    "published": {"what": "SA1", "every_months": 3},
    "access-provided": {"within_working_days": 3},
    "delivered-by": {"target_date": "2023-06-30", "later_date_by": ["CHAIR"]},
    "measures-improve": {"area": "1b"},
}
MISFITS = {
    Status.NOT_DUE: r"\b(was due|were due|had to|was missed|did not|not been|overdue)\b",
    Status.AT_RISK: r"\b(was not|did not|had to be|missed)\b",
    Status.NOT_MET: r"\b(is due by|has to be|is under way|no longer applies)\b",
    Status.MET: r"\b(has not|was not|did not|lacks|leaves out|days late|days after)\b",
}
"""Words that do not fit a status."""
CLOSURE = re.compile(r" (The notice|Area \S+) was closed on .*")
"""Sentence that a closure adds to a reason."""
DAYS_LATE = re.compile(r"[0-9]+ days? (late|after)")
PICKS = st.lists(st.integers(0, 10_000), max_size=60, unique=True)
EDGES_FROM = 10_001
"""Position of the first entry of the edge cases, after those of the sample history."""


class Change(StrEnum):
    """A change to an entry that was picked."""

    NONE = "as it is"
    OTHER_BOARD = "for another board"
    REMOVED = "removed by a correction later"
    REPLACED = "replaced by a correction later"


Pick = tuple[int, Change, int]
"""Place of an entry in the pool, its change, and the place of the fact that replaces its own."""
CHANGES = st.sampled_from([*[Change.NONE] * 5, *[Change.OTHER_BOARD] * 2, Change.REMOVED, Change.REPLACED])
STORIES: st.SearchStrategy[list[Pick]] = st.lists(
    st.tuples(st.integers(0, 10_000), CHANGES, st.integers(0, 10_000)), max_size=50
)
"""Entries in any order of recording, so that many are recorded late."""
CORRECTED_AFTER = 3
"""Entries between a picked entry and its correction."""


@cache
def pool() -> list[Entry]:
    """Return the entries of which histories are made, in order of position: facts without corrections."""
    dated = [each for edges in EDGES.values() for edge in edges.values() for each in edge.dated]
    edges = [entry_of(EDGES_FROM + index, *each) for index, each in enumerate(dated)]
    # A correction would name a position of the history that it was recorded in.
    return [each for each in (*played()[0].history, *edges) if not isinstance(each.fact, EntryCorrected)]


@cache
def read_by(kind: str) -> list[Entry]:
    """Return the entries of the pool that a rule reads, or that concern every clause."""
    reads = reads_of(kind) | COMMON
    return [entry for entry in pool() if type(entry.fact) in reads]


def story(picks: list[Pick], entries: list[Entry], first: int) -> list[Entry]:
    """Return a history of these entries in the order of the picks, each correction some entries after its own."""
    history: list[Entry] = []
    waiting: list[tuple[int, EntryCorrected]] = []
    for at, (index, change, other) in enumerate(picks):
        while waiting and (waiting[0][0] + CORRECTED_AFTER <= at):
            history.append(entry_of(first + len(history), "2024-12-31", waiting.pop(0)[1]))
        base, position = entries[index % len(entries)], first + len(history)
        fact = base.fact
        if change is Change.OTHER_BOARD and "board" in fact.__struct_fields__:
            fact = structs.replace(fact, board="SEND")
        if change in (Change.REMOVED, Change.REPLACED):
            same = [each.fact for each in entries if type(each.fact) is type(fact)]
            new = same[other % len(same)] if change is Change.REPLACED else None
            replacement = None if new is None else Replacement(KIND_OF[type(new)].type, msgspec.to_builtins(new))
            waiting.append((at, EntryCorrected(position=position, reason=WORDS, replacement=replacement)))
        history.append(structs.replace(base, position=position, id=f"e{position}", fact=fact))
    for _, correction in waiting:
        history.append(entry_of(first + len(history), "2024-12-31", correction))
    return history


def picked(picks: list[int], entries: list[Entry]) -> list[Entry]:
    """Return the entries at these places, in order of position."""
    return [entries[index] for index in sorted({pick % len(entries) for pick in picks})]


def occurrence_of(entry: Entry) -> Occurrence:
    """Return an entry as the view folds it."""
    return Occurrence(entry.occurred_at, entry.position, entry.fact, entry.actor_role)


def begun(kind: str, dated: list[Occurrence], modality: Modality = Modality.MUST) -> ClauseTimeline:
    """Return the timeline of a clause with that rule, over the facts that it reads."""
    clause = JudgedClause("c", modality, kind, {**sound(kind), **PARAMETERS.get(kind, {})}, 1, SINCE, LONDON)
    reads = reads_of(kind) | COMMON
    read = [each for each in dated if type(each.fact) in reads and concerns("c", each.fact)]
    return ClauseTimeline(clause, judge_of(clause, JUDGES), read)


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=60, deadline=None)
@given(STORIES, st.integers(0, 10_000), st.integers(0, 12))
def test_every_verdict_rests_on_entries_and_its_reason_fits_it(
    kind: str, picks: list[Pick], case: int, more: int
) -> None:
    """Mix the facts of an edge case with others, under the parameters of the case."""
    entries = [entry for entry in read_by(kind) if not isinstance(entry.fact, ClauseRegistered | NoticeIssued)]
    edge = list(EDGES[kind].values())[case % len(EDGES[kind])]
    history = story(picks[: more if edge.dated else len(picks)], entries, 3)
    facts = [each for each in edge.dated if not isinstance(each[1], EntryCorrected)]
    history += [entry_of(3 + len(history) + index, *each) for index, each in enumerate(facts)]
    removed = {
        each.fact.position
        for each in history
        if isinstance(each.fact, EntryCorrected) and not each.fact.replacement
    }
    types = {entry.position: type(entry.fact) for entry in history if entry.position not in removed}
    for row in periods([HEAD, clause_entry(kind, 2, edge.parameters), *history]).values():
        status, cited = Status(row.status), {types.get(entry) for entry in row.entries}
        reason = CLOSURE.sub("", row.reason)
        assert set(row.entries) <= {2, *types}, row
        assert status not in (Status.MET, Status.MET_LATE) or reads_of(kind) & cited, row
        assert status is not Status.MET_LATE or DAYS_LATE.search(reason), row
        pattern = MISFITS.get(status)
        assert row.reason.endswith(".")
        assert pattern is None or not re.search(pattern, reason), row


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=10, deadline=None)
@given(PICKS)
def test_a_may_is_a_power_and_nothing_else(kind: str, picks: list[int]) -> None:
    dated = [occurrence_of(entry) for entry in picked(picks, read_by(kind))]
    for span in begun(kind, dated, Modality.MAY).spans:
        expected = {Status.NOT_APPLICABLE} if kind == "context" else {Status.POWER_UNUSED, Status.POWER_USED}
        assert span.verdict.status in {*expected, Status.NOT_DUE}
        if span.verdict.status is Status.NOT_DUE:
            assert "carried over" in span.verdict.reason


HEAD = played()[0].history[0]
"""Entry that issues the notice of the sample history."""


def clause_entry(kind: str, position: int, parameters: dict[str, Any]) -> Entry:
    """Return the entry of a clause with that rule, numbered by the rule."""
    clause = ClauseRegistered(
        number=kind,
        obligor=Obligor.COUNCIL,
        modality=Modality.MUST,
        rule=kind,
        parameters=parameters,
        text=WORDS,
    )
    return structs.replace(HEAD, position=position, fact=clause)


def clauses() -> list[Entry]:
    """Return the notice and a clause of every rule, named by the rule, as entries."""
    parameters = {kind: {**sound(kind), **PARAMETERS.get(kind, {})} for kind in RULES}
    rules = enumerate(parameters.items(), HEAD.position + 1)
    return [HEAD, *(clause_entry(kind, position, values) for position, (kind, values) in rules)]


def others(picks: list[Pick]) -> list[Entry]:
    """Return a history that comes after the clauses."""
    facts = [entry for entry in pool() if not isinstance(entry.fact, ClauseRegistered | NoticeIssued)]
    return story(picks, facts, HEAD.position + len(RULES) + 1)


def periods(entries: list[Entry]) -> dict[tuple[str, Key], StatusPeriod]:
    """Return the stored periods after a history, by table and key."""
    versions = refold(VIEW, entries).versions()
    return {(name, key): each.row for name in TABLES for key, each in versions[name].items()}


@settings(max_examples=40, deadline=None)
@given(STORIES, STORIES.filter(bool))
def test_a_fact_that_a_rule_does_not_read_changes_no_verdict(picks: list[Pick], more: list[Pick]) -> None:
    history = others(picks)
    for extra in others(more[:3]):
        if isinstance(extra.fact, EntryCorrected):
            continue
        last = structs.replace(extra, position=history[-1].position + 1 if history else 10_000, id="extra")
        before, after = periods([*clauses(), *history]), periods([*clauses(), *history, last])
        reading = {kind for kind in RULES if type(extra.fact) in reads_of(kind) | COMMON}
        for periods_ in (before, after):
            for at in [at for at, row in periods_.items() if row.number in reading]:
                del periods_[at]
        assert before == after


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(st.tuples(st.integers(0, 10_000), CHANGES, st.integers(0, 10_000)), min_size=20, max_size=60))
def test_a_verdict_as_of_an_entry_never_changes(picks: list[Pick]) -> None:
    entries = [*clauses(), *others(picks)]
    history = [entry for entry in entries if type(entry.fact) in {*VIEW.facts, EntryCorrected}]
    changes = fold_as_recorded(VIEW, history).take_changes()
    for more in (20, 10, 5, 1):
        known = history[:-more]
        as_of = known[-1].position
        read = {
            (name, key): row
            for name in TABLES
            for (key, since), (row, until) in (changes[name].added if name in changes else {}).items()
            if since <= as_of and (until is None or until > as_of)
        }
        assert read == periods(known)
