"""The judge of slow objectives looks again only at what changed, with the result of looking at everything."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.notice import Modality
from ledger.domain.areas.plan import ProgressRecorded, SlowProgressHighlighted
from ledger.domain.fact import Fact
from ledger.domain.rules import plan
from ledger.domain.rules.rule import SlowSign
from projections.views.compliance.rules.slow import SlowObjectivesHighlighted
from projections.views.compliance.rules.slow_signs import TrackedSigns
from projections.views.compliance.timeline import ClauseTimeline
from projections.views.compliance.verdict import JudgedClause, LateEffect, Occurrence
from tests.projections.views.compliance.dated_facts import LONDON, WORDS, instant, statuses, timeline
from tests.projections.views.compliance.facts import (
    action,
    closed,
    completed,
    dropped,
    met,
    objective,
    progress,
    reopened,
)

SINCE = instant("2022-07-05T00:00")
FACTS: list[Fact] = [
    objective("O1", "2022-07-20"),
    objective("O2", "2022-08-05"),
    objective("O3", "2022-08-05"),
    *(
        ProgressRecorded(objective=name, narrative=WORDS, activity_rating=rating, impact_rating="GREEN")
        for name in ("O1", "O2")
        for rating in ("RED", "AMBER", "GREEN")
    ),
    progress("O3"),
    *(SlowProgressHighlighted(objective=name, cause=WORDS, remedy=WORDS) for name in ("O1", "O2", "O3")),
    action("A1", "2022-07-15"),
    action("A2", "2022-08-01", "O2"),
    action("A3", "2022-08-01"),
    completed("A1", "2022-07-12"),
    completed("A2", "2022-08-10"),
    dropped("A1"),
    reopened("A2"),
    met(),
    closed("O1", "ACHIEVED"),
]
TOLD = st.lists(st.tuples(st.integers(-3, 50), st.sampled_from(FACTS)), max_size=25)


class Thorough(SlowObjectivesHighlighted):
    """Judge that looks at every objective again, on the day after every date, and from each late occurrence on."""

    def _look(self, clause: JudgedClause, today: date) -> None:
        self.day, self.tracked, self.latest = None, TrackedSigns(), None
        super()._look(clause, today)

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Return ANY: the clause is judged again."""
        return LateEffect.ANY

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the day after each date to come."""
        today = clause.day(at)
        return [clause.after(due) for due, _ in self.dates if due >= today]


O1 = objective("O1", "2022-07-20")
RED, GREEN = (
    ProgressRecorded(objective="O1", narrative=WORDS, activity_rating=rating, impact_rating="GREEN")
    for rating in ("RED", "GREEN")
)


@settings(max_examples=300, deadline=None)
@example(
    [(0, O1), (0, action("A1", "2022-07-15")), (20, met()), (10, completed("A1", "2022-07-15"))], set(SlowSign)
)  # the last action was completed, dated after the meeting
@example(
    [(0, O1), (1, RED), (3, met()), (4, GREEN), (6, RED), (8, met())], set(SlowSign)
)  # the second RED is missed as well
@example(
    [(0, O1), (1, RED), (3, met()), (4, GREEN), (17, objective("O2", "2022-08-05")), (18, met())], set(SlowSign)
)  # the date passed, which the second meeting missed
@example(
    [
        (0, FACTS[0]),
        (0, FACTS[1]),
        (0, FACTS[6]),
        (0, action("A1", "2022-07-15")),
        (8, completed("A1", "2022-07-12")),
    ],
    set(SlowSign),
)  # O1 waits to be closed from 21 July on
@given(TOLD, st.sets(st.sampled_from(SlowSign), min_size=1))
def test_what_did_not_change_is_not_judged_otherwise(dated: list[tuple[int, Fact]], signs: set[SlowSign]) -> None:
    timelines = []
    for judge in (SlowObjectivesHighlighted, Thorough):
        clause = JudgedClause("c", Modality.MUST, "slow-objectives-highlighted", {}, 1, SINCE, LONDON)
        timelines.append(ClauseTimeline(clause, judge(plan.SlowObjectivesHighlighted(signs=list(signs)))))
    ours, thorough = timelines
    for position, (days, fact) in enumerate(dated, 2):
        for each in timelines:
            each.add(Occurrence(SINCE + timedelta(days=days, hours=9), position, fact))
        assert ours.spans == thorough.spans


def test_progress_without_a_rating_of_impact_leaves_the_sign_of_the_latest_one() -> None:
    unrated = ProgressRecorded(objective="O1", narrative=WORDS, activity_rating="GREEN")
    dated = [
        ("2022-07-06", objective("O1", "2023-06-30")),
        ("2022-07-10", progress("O1")),
        ("2022-07-12", unrated),
    ]
    assert statuses(timeline("slow-objectives-highlighted", *dated, ("2022-08-01", met())), "2022-08-02") == [
        "NOT_MET"
    ]
