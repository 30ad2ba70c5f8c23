"""Each kind of rule at its edges: the day before, the day, the day after. Leap years, summer time and bank holidays."""

from typing import Any

import pytest

from ledger.domain.areas.measures import MeasureReadingReported, MeasureRevised
from ledger.domain.areas.partners import ContributionReceived
from ledger.domain.areas.reviews import DiagnosticRequired
from ledger.domain.fact import Period
from ledger.domain.rules import RULES
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.verdict import Judge
from tests.projections.views.compliance.cases import CASES, LATE, MET, NEVER, NONE, NOT, RISK, UNUSED, USED
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact, instant, statuses, timeline
from tests.projections.views.compliance.duty_cases import DUTIES
from tests.projections.views.compliance.facts import (
    PARTNER,
    action,
    asked_for,
    assessed,
    committed,
    day,
    defined,
    granted,
    objective,
    progress,
    read,
    scheduled,
    started,
)
from tests.projections.views.compliance.trial_cases import MEASURED, TRIALS


def test_every_rule_that_a_pack_may_name_is_judged() -> None:
    assert set(JUDGES) == set(RULES.values())
    assert [judge for judge in JUDGES.values() if judge.judge is Judge.judge] == []


@pytest.mark.parametrize("name", CASES)
def test_a_rule_at_its_edges(name: str) -> None:
    rule, parameters, dated, expected = CASES[name]
    found = timeline(rule, *dated, **parameters)
    assert (
        list(zip([at for at, _ in expected], statuses(found, *[at for at, _ in expected]), strict=True))
        == expected
    )


@pytest.mark.parametrize("name", [*TRIALS, *DUTIES])
def test_a_case_of_the_trials(name: str) -> None:
    rule, parameters, dated, lines = {**TRIALS, **DUTIES}[name]
    result = timeline(rule, *dated, **parameters)
    for at, status, words in lines:
        span = result.on(instant(at))
        assert span is not None
        assert (at, span.verdict.status.value) == (at, status), span.verdict.reason
        assert words in span.verdict.reason
        if status in (MET, LATE):
            assert span.verdict.entries


def test_a_may_is_a_power_unused_or_used() -> None:
    dated: list[DatedFact] = [
        ("2022-08-01", DiagnosticRequired(diagnostic="D", scope=WORDS, due=day("2022-10-31")))
    ]
    used = timeline("diagnostic-agreed", *dated, modality="MAY")
    assert statuses(used, "2022-07-31", "2022-11-01") == [UNUSED, USED]
    content: list[DatedFact] = [("2022-08-01", scheduled("R1", "2022-10-03")), ("2022-09-01", assessed("R1"))]
    unused = timeline("assessment-content", *content, modality="MAY", part="STAFF_SURVEY")
    assert statuses(unused, "2022-08-31", "2022-09-02") == [UNUSED, UNUSED]
    assert statuses(timeline("context", modality="MAY"), "2022-09-02") == [NEVER]


# --- measures


def test_a_harder_target_holds_from_its_day_on() -> None:
    values = ((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((60, 72, 81), 1))
    revised = MeasureRevised(measure="M1", target=90, first=day("2022-10-01"), reason=WORDS)
    dated: list[DatedFact] = [*MEASURED, *values, ("2022-10-05", revised)]
    assert statuses(timeline("measures-improve", *dated, area="1b"), "2022-09-30", "2022-10-02") == [MET, RISK]


def months(*values: int, measure: str = "M1") -> list[DatedFact]:
    return [(f"2022-08-{number:02}", read(measure, number, value)) for number, value in enumerate(values, 1)]


IMPROVING = {"area": "1b"}
NAMED: list[DatedFact] = [("2022-07-06", objective("O1", "2023-06-30", "1b", measures=("M1",)))]
STEADY = (50, 52, 49, 51, 50, 52, 49, 51, 50, 52, 49, 51)


@pytest.mark.parametrize(
    ("dated", "status"),
    [
        ([], NONE),
        (NAMED, NONE),
        ([*NAMED, ("2022-07-07", defined("M1"))], NONE),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(50, 52)], NONE),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(50, 52, 51)], RISK),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(*STEADY)], RISK),
        ([*NAMED, ("2022-07-07", defined("M1", target=40)), *months(*STEADY)], MET),
        ([*NAMED, ("2022-07-07", defined("M1", target=90)), *months(*STEADY)], NOT),
        ([*NAMED, ("2022-07-07", defined("M1", "LOWER_IS_BETTER", 90)), *months(*STEADY)], MET),
        ([*NAMED, ("2022-07-07", defined("M1")), *months(*range(50, 64))], MET),
        ([*NAMED, ("2022-07-07", defined("M1", "LOWER_IS_BETTER")), *months(*range(50, 64))], NOT),
        ([*NAMED, ("2022-07-07", defined("M1", "NEITHER")), *months(*STEADY)], NONE),
    ],
)
def test_measures_improve_when_their_charts_say_so(dated: list[DatedFact], status: str) -> None:
    assert statuses(timeline("measures-improve", *dated, **IMPROVING), "2022-09-01") == [status]


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
    dated: list[DatedFact] = [
        ("2022-07-14", objective("O1", "2199-12-31")),
        ("2022-07-15", progress()),
        ("2022-07-16", action("A1", "1900-01-01")),
        ("2022-07-17", asked_for("X", "2022-07-18", "2199-12-31")),
        ("2022-07-17", granted("X", "2022-07-18", "2199-12-31")),
        ("2022-07-17", scheduled("R1", "1900-01-01")),
        ("2022-07-18", started("R1")),
    ]
    assert statuses(timeline(rule, *dated, **parameters), "2022-08-01") != [""]


def test_a_target_is_judged_on_a_figure_as_published() -> None:
    period = Period(day("2024-05-01"), day("2024-05-31"))
    figure = MeasureReadingReported(
        measure="M1", period=period, published=62.5, system="s", extracted_at=instant("2024-06-10")
    )
    dated = [("2024-01-02", defined("M1")), ("2024-06-10", figure)]
    for target, status in ((62.5, "MET"), (62.6, "NOT_MET")):
        steps = [{"by": "2024-05-31", "target": target}]
        assert statuses(timeline("target-met", *dated, measure="M1", steps=steps), "2024-07-01") == [status]


def test_late_contributions_are_named_in_the_order_of_their_deliveries() -> None:
    def received(name: str, on: str) -> DatedFact:
        return on, ContributionReceived(contribution=name, received_on=day(on))

    promises: list[DatedFact] = [
        ("2022-07-06", committed(name, f"2022-07-{20 + int(name[1])}")) for name in ("C1", "C2", "C3")
    ]
    dated = [("2022-07-06", PARTNER), *promises, received("C3", "2022-07-30"), received("C2", "2022-07-22")]
    result = timeline("partner-actions-owned", *dated, received("C1", "2022-08-01"))
    spans = {at: result.on(instant(at)) for at in ("2022-07-31", "2022-08-02")}
    reasons = [span.verdict.reason for span in spans.values() if span is not None]
    assert reasons == [
        "Contribution C1, due on 21 July 2022, has not been received.",
        "No action or contribution is overdue; C3 was received 7 days late and C1 was received 11 days late.",
    ]
