"""Property: time alone changes a verdict only at a moment that the judge names, so no stored verdict is out of date."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.areas.notice import Modality
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.rules import RULES, reads_of
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, ClauseTimeline, concerns, judge_of, judged
from projections.views.compliance.verdict import JudgedClause
from tests.ledger.domain.rules.test_rules import sound
from tests.projections.views.compliance.dated_facts import LONDON
from tests.projections.views.compliance.edge import entry_of
from tests.projections.views.compliance.edges import EDGES
from tests.projections.views.compliance.test_properties import (
    EDGES_FROM,
    PARAMETERS,
    SINCE,
    occurrence_of,
    picked,
    read_by,
)

DAYS = 720
MINUTES = 1_439
"""Minutes of a day, less one."""


@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, 10_000), max_size=20, unique=True),
    st.integers(0, 12),
    st.integers(0, 10_000),
    st.integers(0, MINUTES),
)
def test_a_verdict_is_the_same_when_it_is_judged_on_a_later_day(
    kind: str, picks: list[int], case: int, last: int, minute: int
) -> None:
    edge = list(EDGES[kind].values())[case % len(EDGES[kind])]
    facts = [each for each in edge.dated if not isinstance(each[1], EntryCorrected)]
    entries = [*picked(picks, read_by(kind)), *(entry_of(EDGES_FROM + at, *each) for at, each in enumerate(facts))]
    reads = reads_of(kind) | COMMON
    read = [occurrence_of(each) for each in entries if type(each.fact) in reads and concerns("c", each.fact)]
    read = sorted(read, key=lambda each: each.at)[: last % (len(read) + 1)]
    parameters = {**sound(kind), **PARAMETERS.get(kind, {}), **edge.parameters}
    clause = JudgedClause("c", Modality.MUST, kind, parameters, 1, SINCE, LONDON)
    timeline = ClauseTimeline(clause, judge_of(clause, JUDGES), read)
    begin = max([SINCE, *(each.at for each in read)]) + timedelta(minutes=minute)
    for day in range(0, DAYS, 4):
        at = begin + timedelta(days=day)
        span = timeline.on(at)
        assert span is not None
        assert span.verdict == judged(timeline._clause, timeline._judge, at), at
