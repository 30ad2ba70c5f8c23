"""Every rule in a notice where the awaited thing never happens: the status after a day, a year, five years."""

from datetime import date
from typing import Any

import pytest

from ledger.domain.areas.duties import InstructionAnswered, InstructionGiven
from ledger.domain.areas.reviews import DiagnosticRequired
from ledger.domain.rules import RULES
from tests.ledger.domain.rules.test_rules import sound
from tests.projections.views.compliance.cases import DUE, NONE, NOT, RISK, UNUSED
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact, statuses, timeline
from tests.projections.views.compliance.facts import (
    BOARD,
    SA1,
    action,
    asked_for,
    defined,
    granted,
    met,
    objective,
    scheduled,
    started,
)

DAYS = ("2022-07-06", "2023-07-05", "2027-07-05")
"""A day, a year and five years after the notice."""
Statuses = tuple[str, str, str]
NOTHING: dict[str, tuple[dict[str, Any], Statuses]] = {
    "context": ({}, ("NOT_APPLICABLE",) * 3),
    "partner-actions-owned": ({}, (NONE,) * 3),
    "adviser-in-post": ({}, (NONE,) * 3),
    "board-and-chair": ({"chair_reports": True}, (NONE,) * 3),
    "board-report-complete": ({}, (DUE, NONE, NONE)),
    "views-considered": ({}, (NONE,) * 3),
    "review-interval": ({"at_most_months": 6}, (DUE, NOT, NOT)),
    "review-topics": ({}, (NONE,) * 3),
    "grade-reached": ({"by": "2023-06-30"}, (DUE, NONE, NONE)),
    # These wait for a request of others; without one nothing is owed.
    "diagnostic-agreed": ({}, (DUE,) * 3),
    "access-provided": ({}, (DUE,) * 3),
    "access-of-kinds": ({}, (DUE,) * 3),
    "assessment-before-review": ({}, (DUE,) * 3),
    "assessment-content": ({}, (DUE,) * 3),
    "instructions-followed": ({}, (DUE,) * 3),
    "adviser-reports": ({"every_months": 3}, (DUE, NOT, NOT)),
    "escalation": ({}, (UNUSED,) * 3),
    "published": ({"every_months": 3}, (NONE, NOT, NOT)),
    "plan-cites-self-assessment": ({}, (NONE,) * 3),
    "plan-coverage": ({}, (NONE,) * 3),
    "plan-kept-current": ({}, (NONE,) * 3),
    "plan-approved": ({"by": "2023-06-30"}, (DUE, NOT, NOT)),
    "delivered-by": ({"target_date": "2023-06-30"}, (NONE,) * 3),
    "slow-objectives-highlighted": ({}, (NONE,) * 3),
    "measures-improve": ({}, (NONE,) * 3),
    "target-met": ({"steps": [{"by": "2023-01-31", "target": 60}]}, (NONE,) * 3),
    "judged": ({"every_months": 3}, (NONE,) * 3),
    "done-by": ({"by": "2023-06-30"}, (DUE, NOT, NOT)),
    "not-done": ({}, (NONE,) * 3),
    "in-post": ({"by": "2023-06-30"}, (DUE, NOT, NOT)),
    "co-operated-with": ({}, (NONE,) * 3),
}
"""Status by rule while nothing at all is recorded."""
PLANNED: DatedFact = ("2022-07-05", scheduled("R1", "2022-10-01"))
BEGUN: list[DatedFact] = [PLANNED, ("2022-10-01", started("R1"))]
REQUESTED: DatedFact = ("2022-07-05", asked_for("X1", "2022-07-10", "2022-08-10"))
GIVEN: DatedFact = ("2022-07-05", InstructionGiven(instruction="I1", text=WORDS))
ANSWERED: DatedFact = (
    "2022-07-05",
    InstructionAnswered(instruction="I1", answered_on=date(2022, 7, 5), answer=WORDS),
)
STARTED: dict[str, tuple[str, dict[str, Any], list[DatedFact], Statuses]] = {
    "a review is planned and never begins": ("review-interval", {"at_most_months": 6}, [PLANNED], (DUE, NOT, NOT)),
    "no review looks at the topic": ("review-topics", {"topics": ["EARLY_HELP"]}, BEGUN, (NONE,) * 3),
    "a review is planned, without an assessment": ("assessment-before-review", {}, [PLANNED], (DUE, RISK, RISK)),
    "a review begins without an assessment": ("assessment-before-review", {}, BEGUN, (DUE, NOT, NOT)),
    "a review begins without a content": ("assessment-content", {"part": "SUPERVISION"}, BEGUN, (DUE, NONE, NONE)),
    "a diagnostic without a day never reports": (
        "diagnostic-agreed", {}, [("2022-07-05", DiagnosticRequired(diagnostic="D1", scope=WORDS))], (NONE,) * 3,
    ),
    "access is never decided on": ("access-provided", {}, [REQUESTED], (DUE, NOT, NOT)),
    "access is never opened": (
        "access-provided", {}, [REQUESTED, ("2022-07-05", granted("X1", "2022-07-10", "2022-08-10"))], (DUE, NOT, NOT),
    ),
    "an instruction without a day is never answered": (
        "instructions-followed", {"given_by": ["ADVISER"]}, [GIVEN], (NONE,) * 3,
    ),
    "an answer is never confirmed": (
        "instructions-followed", {"given_by": ["ADVISER"]}, [GIVEN, ANSWERED], (RISK,) * 3,
    ),
    "a board meets and has no report": (
        "board-report-complete", {"parts": ["DATA"]}, [("2022-07-05", BOARD), ("2022-07-06", met())], (NONE,) * 3,
    ),
    "an objective is never updated": (
        "plan-kept-current", {"stale_after_days": 31}, [("2022-07-05", objective("O1", "2023-06-30", "1a"))],
        (NONE, NOT, NOT),
    ),
    "no plan follows a self-assessment": ("plan-cites-self-assessment", {}, [("2022-07-05", SA1)], (NONE,) * 3),
    "an action is never completed": (
        "delivered-by", {"target_date": "2023-06-30"}, [("2022-07-05", action("A1", "2023-06-30"))], (DUE, NOT, NOT),
    ),
    "a measure has no reading": (
        "target-met", {"measure": "M1", "steps": [{"by": "2023-01-31", "target": 60}]},
        [("2022-07-05", defined("M1"))], (DUE, NONE, NONE),
    ),
}  # fmt: skip
"""Status by rule where something begins and nothing follows."""


def test_every_rule_has_a_row() -> None:
    assert set(NOTHING) == set(RULES)


@pytest.mark.parametrize("rule", NOTHING)
def test_a_rule_while_nothing_is_recorded(rule: str) -> None:
    parameters, expected = NOTHING[rule]
    assert tuple(statuses(timeline(rule, **{**sound(rule), **parameters}), *DAYS)) == expected


@pytest.mark.parametrize("name", STARTED)
def test_a_rule_where_nothing_follows(name: str) -> None:
    rule, parameters, dated, expected = STARTED[name]
    assert tuple(statuses(timeline(rule, *dated, **parameters), *DAYS)) == expected
