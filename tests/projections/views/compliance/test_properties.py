"""Properties of verdicts over random histories, made of parts of the sample history."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.areas.notice import Modality
from ledger.domain.entry import Entry
from ledger.domain.rules import RULES, reads_of
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, ClauseTimeline, concerns, judge_of
from projections.views.compliance.verdict import JudgedClause, Occurrence, Status
from tests.ledger.domain.rules.test_rules import sound
from tests.ledger.packs.test_history import played
from tests.projections.views.compliance.telling import LONDON, instant

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


def occurrences(picks: list[int]) -> list[Occurrence]:
    """Return the entries of the sample history at these places, in order of position."""
    history = played()[0].history
    chosen = sorted({pick % len(history) for pick in picks})
    return [occurrence_of(history[index]) for index in chosen]


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
    told = occurrences(picks)
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
    for span in begun(kind, occurrences(picks), Modality.MAY).spans:
        expected = {Status.NOT_APPLICABLE} if kind == "context" else {Status.POWER_UNUSED, Status.POWER_USED}
        assert span.verdict.status in {*expected, Status.NOT_DUE}
        if span.verdict.status is Status.NOT_DUE:
            assert "carried over" in span.verdict.reason


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=25, deadline=None)
@given(PICKS)
def test_the_reason_fits_the_status(kind: str, picks: list[int]) -> None:
    for span in begun(kind, occurrences(picks)).spans:
        pattern = MISFITS.get(span.verdict.status)
        assert span.verdict.reason.endswith(".")
        assert pattern is None or not re.search(pattern, span.verdict.reason), span.verdict


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=10, deadline=None)
@given(PICKS, st.integers(0, 10_000))
def test_a_fact_that_a_rule_does_not_read_changes_no_verdict(kind: str, picks: list[int], more: int) -> None:
    (extra,) = occurrences([more])
    timeline = begun(kind, occurrences(picks))
    before = list(timeline.spans)
    if type(extra.fact) not in reads_of(kind) | COMMON:
        assert timeline.add(extra) == ([], len(before))
        assert timeline.spans == before
