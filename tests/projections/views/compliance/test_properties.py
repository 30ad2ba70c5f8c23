"""Properties of verdicts over random histories, made of the sample history and the edge cases of the rules."""

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from ledger.domain.areas.notice import ClauseRegistered, Modality, NoticeIssued, Obligor
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.rules import RULES, reads_of
from projections.engine.follower import refold
from projections.engine.rows import Key
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, ClauseTimeline, concerns, judge_of
from projections.views.compliance.verdict import JudgedClause, Occurrence, Status
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.domain.rules.test_rules import sound
from tests.ledger.packs.test_history import played
from tests.projections.views.compliance.edge import entry_of
from tests.projections.views.compliance.edges import EDGES
from tests.projections.views.compliance.telling import LONDON, WORDS, instant

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
PICKS = st.lists(st.integers(0, 10_000), max_size=60, unique=True)
EDGES_FROM = 10_001
"""Position of the first entry of the edge cases, after those of the sample history."""


@cache
def pool() -> list[Entry]:
    """Return the entries of which histories are made, in order of position: facts without corrections."""
    told = [each for edges in EDGES.values() for edge in edges.values() for each in edge.told]
    facts = [each for each in told if not isinstance(each[1], EntryCorrected)]
    sample = [entry for entry in played()[0].history if not isinstance(entry.fact, EntryCorrected)]
    return [*sample, *(entry_of(EDGES_FROM + index, *each) for index, each in enumerate(facts))]


@cache
def read_by(kind: str) -> list[Entry]:
    """Return the entries of the pool that a rule reads, or that concern every clause."""
    reads = reads_of(kind) | COMMON
    return [entry for entry in pool() if type(entry.fact) in reads]


def occurrences(picks: list[int], entries: list[Entry]) -> list[Occurrence]:
    """Return the entries at these places, in order of position."""
    return [occurrence_of(entry) for entry in picked(picks, entries)]


def picked(picks: list[int], entries: list[Entry]) -> list[Entry]:
    """Return the entries at these places, in order of position."""
    return [entries[index] for index in sorted({pick % len(entries) for pick in picks})]


def occurrence_of(entry: Entry) -> Occurrence:
    """Return an entry as the view folds it."""
    return Occurrence(entry.occurred_at, entry.position, entry.fact, entry.actor_role)


def begun(kind: str, told: list[Occurrence], modality: Modality = Modality.MUST) -> ClauseTimeline:
    """Return the timeline of a clause with that rule, over the facts that it reads."""
    clause = JudgedClause("c", modality, kind, {**sound(kind), **PARAMETERS.get(kind, {})}, 1, SINCE, LONDON)
    reads = reads_of(kind) | COMMON
    read = [each for each in told if type(each.fact) in reads and concerns("c", each.fact)]
    return ClauseTimeline(clause, judge_of(clause, JUDGES), read)


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=25, deadline=None)
@given(PICKS)
def test_no_obligation_is_met_without_entries_that_show_it(kind: str, picks: list[int]) -> None:
    told = occurrences(picks, read_by(kind))
    known = {occurrence.position for occurrence in told if type(occurrence.fact) in reads_of(kind) | COMMON}
    for span in begun(kind, told).spans:
        verdict = span.verdict
        if verdict.status in (Status.MET, Status.MET_LATE):
            assert set(verdict.entries) & known, verdict
        assert set(verdict.entries) <= known | {1}
        assert span.begins >= SINCE


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=10, deadline=None)
@given(PICKS)
def test_a_may_is_a_power_and_nothing_else(kind: str, picks: list[int]) -> None:
    for span in begun(kind, occurrences(picks, read_by(kind)), Modality.MAY).spans:
        expected = {Status.NOT_APPLICABLE} if kind == "context" else {Status.POWER_UNUSED, Status.POWER_USED}
        assert span.verdict.status in {*expected, Status.NOT_DUE}
        if span.verdict.status is Status.NOT_DUE:
            assert "carried over" in span.verdict.reason


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=25, deadline=None)
@given(PICKS)
def test_the_reason_fits_the_status(kind: str, picks: list[int]) -> None:
    for span in begun(kind, occurrences(picks, read_by(kind))).spans:
        pattern = MISFITS.get(span.verdict.status)
        assert span.verdict.reason.endswith(".")
        assert pattern is None or not re.search(pattern, span.verdict.reason), span.verdict


HEAD = played()[0].history[0]
"""Entry that issues the notice of the sample history."""


def clauses() -> list[Entry]:
    """Return the notice and a clause of every rule, named by the rule, as entries."""
    entries = [HEAD]
    for index, kind in enumerate(RULES):
        clause = ClauseRegistered(
            number=kind,
            obligor=Obligor.COUNCIL,
            modality=Modality.MUST,
            rule=kind,
            parameters={**sound(kind), **PARAMETERS.get(kind, {})},
            text=WORDS,
        )
        entries.append(structs.replace(HEAD, position=HEAD.position + 1 + index, fact=clause))
    return entries


def others(picks: list[int]) -> list[Entry]:
    """Return entries of the pool that come after the clauses."""
    facts = [entry for entry in pool() if not isinstance(entry.fact, ClauseRegistered | NoticeIssued)]
    return picked(picks, [entry for entry in facts if entry.position > HEAD.position + len(RULES)])


def periods(entries: list[Entry]) -> dict[tuple[str, Key], StatusPeriod]:
    """Return the stored periods after a history, by table and key."""
    versions = refold(VIEW, entries).versions()
    return {(name, key): each.row for name in TABLES for key, each in versions[name].items()}


@settings(max_examples=25, deadline=None)
@given(PICKS, st.integers(0, 10_000))
def test_a_fact_that_a_rule_does_not_read_changes_no_verdict(picks: list[int], more: int) -> None:
    history, (extra,) = others(picks), others([more])
    if extra not in history:
        before, after = periods([*clauses(), *history]), periods([*clauses(), *history, extra])
        reading = {kind for kind in RULES if type(extra.fact) in reads_of(kind) | COMMON}
        for periods_ in (before, after):
            for at in [at for at, row in periods_.items() if row.number in reading]:
                del periods_[at]
        assert before == after


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=20, max_size=60, unique=True))
def test_a_verdict_as_of_an_entry_never_changes(picks: list[int]) -> None:
    history = [*clauses(), *others(picks)]
    changes = refold(VIEW, history).take_changes()
    for more in (20, 10, 1):
        known = history[:-more]
        as_of = known[-1].position
        read = {
            (name, key): row
            for name in TABLES
            for (key, since), (row, until) in (changes[name].added if name in changes else {}).items()
            if since <= as_of and (until is None or until > as_of)
        }
        assert read == periods(known)
