"""A timeline that receives occurrences in any order ends like one in order of time."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.access import AccessAction, AccessUsed
from ledger.domain.areas.notice import Modality, NoticeClosed, Outcome
from ledger.domain.areas.partners import ContributionReceived, PartnerRegistered
from ledger.domain.areas.plan import ObjectiveRevised
from ledger.domain.fact import Fact
from ledger.domain.rules import RULES
from ledger.domain.rules.rule import Rule
from projections.engine.follower import refold
from projections.views.compliance import timeline as courses
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import ClauseTimeline, Span, judge_of
from projections.views.compliance.verdict import Judge, JudgedClause, Occurrence, Status, Verdict
from projections.views.compliance.view import VIEW, ComplianceMemory
from tests.ledger.packs.test_history import played
from tests.projections.views.compliance.dated_facts import LONDON, WORDS, instant
from tests.projections.views.compliance.facts import (
    action,
    asked_for,
    closed,
    committed,
    completed,
    dropped,
    granted,
    met,
    objective,
    progress,
    reopened,
    started,
)

SINCE = instant("2022-07-05T00:00")
KINDS_TOLD = (
    "access-provided",
    "plan-kept-current",
    "slow-objectives-highlighted",
    "delivered-by",
    "plan-coverage",
    "partner-actions-owned",
)
PARAMETERS = {"stale_after_days": 20, "target_date": "2022-10-01", "covers": ["AREAS"]}
FACTS_TOLD: list[Fact] = [
    objective("O1", "2022-08-20"),
    objective("O2", "2022-09-20"),
    progress("O1"),
    progress("O2"),
    action("A1", "2022-08-30"),
    completed("A1", "2022-09-05"),
    met(),
    closed("O1", "DROPPED"),
    asked_for("X", "2022-07-20T00:00", "2022-08-20T00:00"),
    granted("X", "2022-07-20T00:00", "2022-08-18T00:00"),
    AccessUsed(request="X", document="files", action=AccessAction.VIEWED),
    started("R1"),
    NoticeClosed(closed_on=instant("2022-09-01").date(), outcome=Outcome.FULFILLED, reason=WORDS),
    action("A2", "2022-08-20"),
    completed("A2", "2022-07-25"),
    PartnerRegistered(partner="P1", organisation=WORDS, section11=True, lead="lead"),
    committed("C1", "2022-07-20"),
    committed("C2", "2022-08-20"),
    ContributionReceived(contribution="C1", received_on=instant("2022-07-10").date()),
    reopened("A1"),
]
TOLD = st.lists(st.tuples(st.integers(-5, 60), st.sampled_from(FACTS_TOLD)), max_size=14)


def begun(rule: str, dated: list[Occurrence], **more: Any) -> ClauseTimeline:
    parameters: dict[str, Any] = {name: value for name, value in PARAMETERS.items() if name in fields_of(rule)}
    clause = JudgedClause("c", Modality.MUST, rule, parameters | more, 1, SINCE, LONDON)
    return ClauseTimeline(clause, judge_of(clause, JUDGES), dated)


def fields_of(rule: str) -> tuple[str, ...]:
    return RULES[rule].__struct_fields__


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS_TOLD), TOLD, st.integers(1, 4))
@example("plan-kept-current", [(3, FACTS_TOLD[0]), (3, FACTS_TOLD[2]), (-2, FACTS_TOLD[1]), (3, FACTS_TOLD[3])], 1)
@example("delivered-by", [(0, FACTS_TOLD[4]), (57, FACTS_TOLD[0])], 1)  # at the very instant of a deadline
@example("delivered-by", [(0, FACTS_TOLD[4]), (1, FACTS_TOLD[5]), (0, FACTS_TOLD[4])], 1)  # added twice
def test_told_one_by_one_it_is_the_same_as_told_at_once(
    rule: str, dated: list[tuple[int, Fact]], every: int
) -> None:
    occurrences = [
        Occurrence(SINCE + timedelta(days=days), position, fact) for position, (days, fact) in enumerate(dated, 2)
    ]
    marked = courses.MARK_EVERY
    courses.MARK_EVERY = every
    try:
        grown = begun(rule, [])
        for count, occurrence in enumerate(occurrences, 1):
            before = list(grown.spans)
            removed, kept = grown.add(occurrence)
            assert before == [*before[:kept], *removed]
            assert grown.spans == begun(rule, occurrences[:count]).spans
    finally:
        courses.MARK_EVERY = marked


@pytest.mark.parametrize("age", [1, 10, 40, 100, 300])
def test_a_late_occurrence_is_judged_from_a_mark_not_much_older(age: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "MARK_EVERY", 1)
    monkeypatch.setattr(courses, "MARK_SHARE", 1_000)
    facts = [FACTS_TOLD[0], FACTS_TOLD[1], *(FACTS_TOLD[2 + number % 5] for number in range(400))]
    occurrences = [Occurrence(SINCE + timedelta(days=1 + n), n + 2, fact) for n, fact in enumerate(facts)]
    late = Occurrence(occurrences[-age].at - timedelta(hours=1), 1_000, FACTS_TOLD[6])
    grown = begun("slow-objectives-highlighted", [])
    for occurrence in occurrences:
        grown.add(occurrence)
    marks, index = [mark.count for mark in grown._marks], len(facts) - age
    assert marks[0] == 0
    assert len(marks) <= courses._MARKS_KEPT
    assert index - max(count for count in marks if count <= index) <= 2.5 * age
    grown.add(late)
    assert grown.spans == begun("slow-objectives-highlighted", [*occurrences, late]).spans


ACTIONS = [(0, action(f"A{number}", f"2022-08-{10 + number}")) for number in range(9)]
"""Actions due one day after the other, the last on 18 August."""
REOPENED = [(1, completed("A0", "2022-07-06")), (30, reopened("A0"))]
PROMISES: list[tuple[int, Fact]] = [
    (0, PartnerRegistered(partner="P1", organisation=WORDS, section11=True, lead="lead")),
    (0, committed("C1", "2022-07-20")),
    (0, committed("C2", "2022-08-20")),
]
RECEIVED = ContributionReceived(contribution="C1", received_on=instant("2022-07-10").date())
PLANNED: list[tuple[int, Fact]] = [(0, objective("O1", "2022-08-20")), (0, action("A1", "2022-08-20"))]
LATE: dict[str, tuple[str, list[tuple[int, Fact]], bool]] = {
    "not the first": (
        "delivered-by",
        [*ACTIONS, (20, action("A9", "2022-09-01")), (10, completed("A4", "2022-07-15"))],
        True,
    ),
    "the first": (
        "delivered-by",
        [*ACTIONS, (20, action("A9", "2022-09-01")), (10, completed("A0", "2022-07-15"))],
        False,
    ),
    "the first then, before one was reopened": (
        "delivered-by",
        [*ACTIONS[:2], *REOPENED, (31, action("A9", "2022-09-01")), (10, completed("A1", "2022-07-15"))],
        False,
    ),
    "overdue since": (
        "delivered-by",
        [*ACTIONS, (40, action("A9", "2022-09-01")), (38, completed("A2", "2022-08-12"))],
        False,
    ),
    "after the target": (
        "delivered-by",
        [
            *ACTIONS,
            (0, action("B", "2022-11-01")),
            (20, action("A9", "2022-09-01")),
            (10, completed("B", "2022-07-15")),
        ],
        False,
    ),
    "not named after the last day": (
        "delivered-by",
        [*ACTIONS, (99, action("A9", "2022-09-01")), (95, completed("A7", "2022-10-08"))],
        True,
    ),
    "one of the others after the last day": (
        "delivered-by",
        [*ACTIONS[:7], (99, action("A9", "2022-09-01")), (95, completed("A6", "2022-10-08"))],
        False,
    ),
    "across the last day": (
        "delivered-by",
        [*ACTIONS, (99, action("A9", "2022-09-01")), (85, completed("A7", "2022-09-28"))],
        False,
    ),
    "before its addition": (
        "delivered-by",
        [
            *ACTIONS,
            (20, action("B", "2022-09-10")),
            (25, action("A9", "2022-09-01")),
            (10, completed("B", "2022-07-15")),
        ],
        False,
    ),
    "before its promise": (
        "partner-actions-owned",
        [
            *PROMISES,
            (6, committed("C4", "2022-08-20")),
            (10, committed("C3", "2022-09-20")),
            (5, ContributionReceived(contribution="C4", received_on=instant("2022-07-10").date())),
        ],
        True,
    ),
    "not due yet": (
        "partner-actions-owned",
        [*PROMISES, (10, committed("C3", "2022-09-20")), (5, RECEIVED)],
        True,
    ),
    "finishes an objective that is not due yet": (
        "slow-objectives-highlighted",
        [*PLANNED, (20, met()), (10, completed("A1", "2022-07-15"))],
        True,
    ),
    "finishes an objective after another action did": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (1, action("A2", "2022-08-20")),
            (16, completed("A2", "2022-07-20")),
            (20, met()),
            (10, completed("A1", "2022-07-15")),
        ],
        True,
    ),
    "finishes an objective that was due since, after another action": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (1, action("A2", "2022-08-20")),
            (16, completed("A2", "2022-07-20")),
            (50, met()),
            (10, completed("A1", "2022-07-15")),
        ],
        False,
    ),
    "finishes an objective that was due since": (
        "slow-objectives-highlighted",
        [*PLANNED, (55, met()), (50, completed("A1", "2022-08-24"))],
        False,
    ),
    "finishes an objective with another date since": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (40, ObjectiveRevised(objective="O1", reason=WORDS, due=instant("2022-12-01").date())),
            (55, met()),
            (38, completed("A1", "2022-08-12")),
        ],
        False,
    ),
    "before its action was reopened": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (1, completed("A1", "2022-07-06")),
            (30, reopened("A1")),
            (31, met()),
            (10, completed("A1", "2022-07-15")),
        ],
        False,
    ),
    "before its action was added": (
        "slow-objectives-highlighted",
        [*PLANNED, (12, action("A2", "2022-08-20")), (20, met()), (11, completed("A2", "2022-07-16"))],
        True,
    ),
    "before its action was added, and finishes an objective that was due since": (
        "slow-objectives-highlighted",
        [
            (0, objective("O1", "2022-07-20")),
            (12, action("A2", "2022-07-20")),
            (20, met()),
            (11, completed("A2", "2022-07-16")),
        ],
        False,
    ),
    "before its action was added, while another was dropped since": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (12, action("A2", "2022-08-20")),
            (13, dropped("A1")),
            (20, met()),
            (11, completed("A2", "2022-07-16")),
        ],
        False,
    ),
    "before its action was added and reopened": (
        "slow-objectives-highlighted",
        [
            *PLANNED,
            (12, action("A2", "2022-08-20")),
            (13, completed("A2", "2022-07-18")),
            (14, reopened("A2")),
            (20, met()),
            (11, completed("A2", "2022-07-16")),
        ],
        False,
    ),
    "due since": ("partner-actions-owned", [*PROMISES, (20, committed("C3", "2022-09-20")), (5, RECEIVED)], False),
}
"""Case → rule, facts with the days after the beginning, and whether the last is taken without judging again."""


@pytest.mark.parametrize("name", LATE)
def test_a_late_occurrence_is_taken_without_judging_again_only_if_no_verdict_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, dated, is_taken = LATE[name]
    assert is_taken_late(rule, dated, monkeypatch) is is_taken


def test_which_actions_count_for_an_area_may_have_changed_since(monkeypatch: pytest.MonkeyPatch) -> None:
    rule, dated, is_taken = LATE["not the first"]
    assert is_taken
    served = [(0, objective("O1", "2022-09-20")), *dated]
    assert not is_taken_late(rule, served, monkeypatch, area="1a")


UNJUDGED: dict[str, tuple[str, list[tuple[int, Fact]]]] = {
    "an action of no partner": (
        "partner-actions-owned",
        [*PROMISES, PLANNED[1], (20, committed("C3", "2022-09-20")), (5, completed("A1", "2022-07-10"))],
    ),
    "one of two open actions": (
        "slow-objectives-highlighted",
        [*PLANNED, (1, action("A2", "2022-08-20")), (20, met()), (5, completed("A2", "2022-07-10"))],
    ),
}
"""Case → rule, and facts with the days after the beginning; the last changes no verdict."""


@pytest.mark.parametrize("name", UNJUDGED)
def test_a_late_occurrence_that_changes_no_verdict_is_not_judged(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, dated = UNJUDGED[name]
    *known, late = [
        Occurrence(SINCE + timedelta(days=days), position, fact) for position, (days, fact) in enumerate(dated, 2)
    ]
    at_once, grown = begun(rule, [*known, late]), begun(rule, known)

    monkeypatch.setattr(courses, "judged", None)
    assert grown.add(late) == ([], len(at_once.spans))
    assert grown.spans == at_once.spans


def is_taken_late(
    rule: str, dated: list[tuple[int, Fact]], monkeypatch: pytest.MonkeyPatch, **parameters: str
) -> bool:
    """Return True if the last fact is taken without judging again; the spans are right either way."""
    *known, late = [
        Occurrence(SINCE + timedelta(days=days), position, fact) for position, (days, fact) in enumerate(dated, 2)
    ]
    at_once, grown = begun(rule, [*known, late], **parameters), begun(rule, known, **parameters)
    runs: list[int] = []
    run = ClauseTimeline._run

    def counted(timeline: ClauseTimeline, index: int) -> tuple[list[Span], int]:
        runs.append(index)
        return run(timeline, index)

    monkeypatch.setattr(ClauseTimeline, "_run", counted)
    grown.add(late)
    assert grown.spans == at_once.spans
    return not runs


def test_spans_follow_one_another_and_each_says_something_else() -> None:
    memory = refold(VIEW, played()[0].history).memory(ComplianceMemory)
    clauses = {clause.number: clause for dated in memory.clauses.values() for clause in dated}
    assert len(clauses) == 28
    for clause in clauses.values():
        spans = clause.timeline.spans
        for earlier, later in pairwise(spans):
            assert earlier.begins < later.begins
            assert earlier.verdict != later.verdict
            assert (later.since == later.begins) == (earlier.verdict.status is not later.verdict.status)


class Endless(Judge[Rule]):
    """A faulty judge, which always names another moment."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        return Verdict(Status.MET, f"{at}.")

    def moments(self, clause: JudgedClause, at: datetime) -> list[datetime]:
        return [at + timedelta(hours=1)]


def test_a_judge_that_names_endless_moments_is_found_out() -> None:
    with pytest.raises(RuntimeError, match="clause c"):
        ClauseTimeline(JudgedClause("c", Modality.MUST, "context", {}, 1, SINCE, LONDON), Endless(Rule()))


def test_before_it_was_registered_a_clause_has_no_status() -> None:
    assert begun("context", []).on(SINCE - timedelta(microseconds=1)) is None
    assert isinstance(begun("context", []).on(SINCE), Span)
