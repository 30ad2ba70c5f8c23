"""Each kind of rule at its edges: the day before, the day and the day after; leap years, summer time, bank holidays."""

from typing import Any

import pytest

from ledger.domain.areas.reviews import DiagnosticRequired
from ledger.domain.rules import RULES
from projections.views.compliance.rules import KINDS
from projections.views.compliance.verdict import Rule
from tests.projections.views.compliance.cases import CASES, DUE, MET, NONE, NOT, RISK
from tests.projections.views.compliance.facts import (
    action,
    asked_for,
    day,
    defined,
    granted,
    objective,
    progress,
    read,
    scheduled,
    started,
)
from tests.projections.views.compliance.telling import WORDS, Told, course, statuses


def test_every_rule_that_a_pack_may_name_is_judged() -> None:
    assert set(KINDS) == set(RULES)
    assert [name for name, kind in KINDS.items() if kind.judge is Rule.judge] == []


@pytest.mark.parametrize("name", CASES)
def test_a_rule_at_its_edges(name: str) -> None:
    rule, parameters, told, expected = CASES[name]
    found = course(rule, *told, **parameters)
    assert (
        list(zip([at for at, _ in expected], statuses(found, *[at for at, _ in expected]), strict=True))
        == expected
    )


def test_a_may_is_never_breached() -> None:
    told: list[Told] = [("2022-08-01", DiagnosticRequired(diagnostic="D", scope=WORDS, due=day("2022-10-31")))]
    assert statuses(course("diagnostic-agreed", *told, modality="MAY"), "2022-11-01") == [DUE]


# --- measures


def months(*values: int, measure: str = "M1") -> list[Told]:
    return [(f"2022-08-{number:02}", read(measure, number, value)) for number, value in enumerate(values, 1)]


IMPROVING = {"area": "1b"}
NAMED: list[Told] = [("2022-07-06", objective("O1", "2023-06-30", "1b", measures=("M1",)))]
STEADY = (50, 52, 49, 51, 50, 52, 49, 51, 50, 52, 49, 51)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([], NONE),
        (NAMED, NONE),
        ([*NAMED, ("2022-07-07", defined("M1"))], NONE),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(50, 52)], RISK),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(*STEADY)], RISK),
        ([*NAMED, ("2022-07-07", defined("M1", target=40)), *months(*STEADY)], MET),
        ([*NAMED, ("2022-07-07", defined("M1", target=90)), *months(*STEADY)], NOT),
        ([*NAMED, ("2022-07-07", defined("M1", "LOWER_IS_BETTER", 90)), *months(*STEADY)], MET),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(*range(50, 64))], MET),
        ([*NAMED, ("2022-07-07", defined("M1", "LOWER_IS_BETTER")), *months(*range(50, 64))], NOT),
        ([*NAMED, ("2022-07-07", defined("M1", "NEITHER")), *months(*STEADY)], NONE),
    ],
)
def test_measures_improve_when_their_charts_say_so(told: list[Told], status: str) -> None:
    assert statuses(course("measures-improve", *told, **IMPROVING), "2022-09-01") == [status]


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        ("delivered-by", {"target_date": "soon"}),
        ("delivered-by", {"target_date": "9999-12-31"}),
        ("delivered-by", {"target_date": 7}),
        ("plan-kept-current", {"stale_after_days": 2**53 - 1}),
        ("plan-kept-current", {"stale_after_days": True}),
        ("review-interval", {"at_most_months": 2**53 - 1}),
        ("access-provided", {"within_working_days": 2**53 - 1}),
        ("published", {"every_months": 2**53 - 1, "what": ["plan"]}),
        ("plan-coverage", {"covers": "AREAS"}),
        ("views-considered", {"groups": 3}),
        ("target-met", {"measure": False, "by": "2023-02-30"}),
    ],
)
def test_parameters_that_make_no_sense_stop_nothing(rule: str, parameters: dict[str, Any]) -> None:
    told: list[Told] = [
        ("2022-07-14", objective("O1", "2199-12-31")),
        ("2022-07-15", progress()),
        ("2022-07-16", action("A1", "1900-01-01")),
        ("2022-07-17", asked_for("X", "2022-07-18", "2199-12-31")),
        ("2022-07-17", granted("X", "2022-07-18", "2199-12-31")),
        ("2022-07-17", scheduled("R1", "1900-01-01")),
        ("2022-07-18", started("R1")),
    ]
    assert statuses(course(rule, *told, **parameters), "2022-08-01") != [""]
