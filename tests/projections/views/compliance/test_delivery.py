"""The judge of delivery judges again only for actions that a verdict may name, with the same result."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.notice import Modality
from ledger.domain.fact import Fact
from ledger.domain.roles import Role
from ledger.domain.rules import plan
from projections.views.compliance import timeline as timelines
from projections.views.compliance.rules.delivery import DeliveredBy
from projections.views.compliance.timeline import ClauseTimeline
from projections.views.compliance.verdict import JudgedClause, LateEffect, Occurrence
from tests.projections.views.compliance.dated_facts import LONDON, instant
from tests.projections.views.compliance.facts import action, completed, dropped, objective, reopened

SINCE = instant("2022-07-05T00:00")
TARGET = date(2022, 8, 5)
ACTIONS = [action(f"A{number}", f"2022-07-{10 + number}") for number in range(9)]
FACTS: list[Fact] = [
    *ACTIONS,
    action("A1", "2022-08-20"),
    action("B1", "2022-08-05"),
    action("B2", "2022-08-06"),
    *(completed(f"A{number}", "2022-07-15") for number in range(9)),
    completed("B1", "2022-08-01"),
    completed("B2", "2022-08-10"),
    *(dropped(name) for name in ("A0", "A7", "B1")),
    *(reopened(name) for name in ("A0", "A8", "B1")),
    objective("O1", "2022-09-01", "1b"),
    objective("O2", "2022-09-01", "1a"),
    action("C1", "2022-08-05", "O2"),
]
DATED = st.lists(st.tuples(st.integers(-3, 50), st.sampled_from(FACTS)), max_size=12)


class Thorough(DeliveredBy):
    """Judge that judges again for every fact, and from each late occurrence on."""

    def take(self, occurrence: Occurrence) -> None:
        """Take an occurrence, which may change the verdict."""
        super().take(occurrence)

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Return ANY: the clause is judged again."""
        return LateEffect.ANY


def begun(judge: type[DeliveredBy], area: str | None = None, approvers: tuple[Role, ...] = ()) -> ClauseTimeline:
    rule = plan.DeliveredBy(target_date=TARGET, later_date_by=list(approvers), area=area)
    clause = JudgedClause("c", Modality.MUST, "delivered-by", {}, 1, SINCE, LONDON)
    return ClauseTimeline(clause, judge(rule))


def at(days: int) -> datetime:
    return SINCE + timedelta(days=days, hours=9)


@settings(max_examples=300, deadline=None)
@example([(20, FACTS[10])], None, ())  # due on the last day, after nine others
@example([(40, FACTS[10])], None, ())  # added when the last day has passed
@example([(3, FACTS[-3]), (4, FACTS[-2]), (20, FACTS[-1])], "1a", ())  # it alone is of the area
@example([(20, dropped("A0")), (20, dropped("A1")), (20, FACTS[10])], None, ())
@example([(20, dropped("A0")), (20, FACTS[10])], None, (Role.CHAIR,))
@example([(20, FACTS[19]), (2, FACTS[19])], None, ())
@given(DATED, st.sampled_from([None, "1a", "1b"]), st.sampled_from([(), (Role.CHAIR,)]))
def test_what_no_verdict_names_changes_none(
    dated: list[tuple[int, Fact]], area: str | None, approvers: tuple[Role, ...]
) -> None:
    ours, thorough = begun(DeliveredBy, area, approvers), begun(Thorough, area, approvers)
    for position, (days, fact) in enumerate([*((0, each) for each in ACTIONS), *dated], 2):
        for each in (ours, thorough):
            each.add(Occurrence(at(days), position, fact))
        assert ours.spans == thorough.spans


@pytest.mark.parametrize("fact", [action("B1", "2022-08-05"), completed("A8", "2022-07-15")])
def test_an_action_after_more_than_a_verdict_names_is_not_judged(
    fact: Fact, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = begun(DeliveredBy)
    for position, each in enumerate(ACTIONS, 2):
        ours.add(Occurrence(at(0), position, each))
    monkeypatch.setattr(timelines, "judged", None)
    assert ours.add(Occurrence(at(1), 20, fact)) == ([], len(ours.spans))
