"""Inputs of forms, and their errors: all at once, each at its own control."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.forms import dates
from api.forms.controls import Form, FormControl, flat
from api.forms.errors import ErrorLine, attach_refusals
from api.forms.fields import fields_of
from api.forms.parse import ParsedForm, read
from ledger.domain.areas.board import BoardDecisionRecorded, BoardEstablished
from ledger.domain.areas.duties import ClauseAssessed
from ledger.domain.areas.lineage import ParallelNoticeLinked
from ledger.domain.areas.measures import MeasureReadingReported
from ledger.domain.areas.plan import ObjectiveRevised
from ledger.domain.areas.records import NarrativeErased
from ledger.domain.areas.reports import BoardReportSubmitted
from ledger.domain.areas.reviews import ReviewScheduled
from ledger.domain.errors import Refused
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF
from ledger.intake.parse import accept_fact

LONDON = ZoneInfo("Europe/London")
Inputs = Mapping[str, str | Sequence[str]]


def typed(inputs: Inputs) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in inputs.items()}


def read_as(struct: type[Fact], inputs: Inputs) -> ParsedForm:
    return read(fields_of(struct), typed(inputs), LONDON)


def faults_of(struct: type[Fact], inputs: Inputs) -> tuple[list[ErrorLine], dict[str, FormControl]]:
    """Return the list of errors, and the controls by path."""
    parsed = read_as(struct, inputs)
    refusals = list(parsed.refusals)
    try:
        accept_fact(KIND_OF[struct], parsed.event["data"])
    except Refused as refused:
        places = {refusal.path for refusal in refusals}
        refusals += (refusal for refusal in refused.refusals if refusal.path not in places)
    controls = Form(parsed.inputs, {}).controls(fields_of(struct))
    return attach_refusals(controls, refusals), {control.path: control for control in flat(controls)}


def test_every_fault_is_said_at_once_beside_its_control() -> None:
    faults, controls = faults_of(
        MeasureReadingReported,
        {
            "data.measure": "M 1",
            "data.period.first.day": "31",
            "data.period.first.month": "2",
            "data.period.first.year": "2023",
            "data.numerator": "a dozen",
            "data.extractedAt.day": "1",
            "data.extractedAt.month": "3",
            "data.extractedAt.year": "2023",
            "data.extractedAt.time": "half past nine",
        },
    )
    assert [(fault.text.partition(":")[0], fault.href) for fault in faults] == [
        ("Measure must be text (an identifier", "#data-measure"),
        ("Period, first day must be a real date, for example 27 3 2023", "#data-period-first-day"),
        ("Period, last day", "#data-period-last-day"),
        ("Numerator must be a whole number, for example 12", "#data-numerator"),
        ("Enter a system", "#data-system"),
        ("Extraction time must include a time on the 24-hour clock, for example 14", "#data-extractedAt-day"),
    ]
    assert controls["data.numerator"].errors == ["Numerator must be a whole number, for example 12"]
    assert controls["data.numerator"].value == "a dozen"
    assert controls["data.period.first"].parts == {"day": "31", "month": "2", "year": "2023"}


@pytest.mark.parametrize(
    ("struct", "message"),
    [
        (BoardEstablished, "Enter terms of reference"),
        (ParallelNoticeLinked, "Enter another notice"),
        (ParallelNoticeLinked, "Enter matters in common"),
        (NarrativeErased, "Enter the entry number of the request"),
        (ClauseAssessed, "Select a status"),
        (ReviewScheduled, "Select at least one topic"),
    ],
)
def test_a_blank_field_is_named_in_good_english(struct: type[Fact], message: str) -> None:
    faults, _ = faults_of(struct, {})
    assert message in [fault.text for fault in faults]


def test_rows_left_blank_are_left_out_and_faults_still_find_theirs() -> None:
    inputs = {
        "data.report": "R1",
        "data.meeting": "B1",
        "data.impactEvidence[1].claim": "Fewer children wait.",
        "data.impactEvidence[4].claim": "They are seen sooner.",
        "data.impactEvidence[4].evidence": ["", "E2", " "],
        "data.recommendations[0].recommendation": "  ",
    }
    parsed = read_as(BoardReportSubmitted, inputs)
    assert parsed.event["data"] == {
        "report": "R1",
        "meeting": "B1",
        "impactEvidence": [
            {"claim": "Fewer children wait."},
            {"claim": "They are seen sooner.", "evidence": ["E2"]},
        ],
    }
    faults, controls = faults_of(BoardReportSubmitted, inputs)
    assert [fault.href for fault in faults] == ["#data-impactEvidence-0-evidence-0"]
    assert controls["data.impactEvidence[1].claim"].value == "They are seen sooner."


def test_a_list_that_may_stay_as_it_is_says_whether_it_changes() -> None:
    inputs = {"data.objective": "O1", "data.reason": "Too wide."}
    assert "measures" not in read_as(ObjectiveRevised, inputs).event["data"]
    assert read_as(ObjectiveRevised, {**inputs, "data.measures?": "yes"}).event["data"]["measures"] == []
    assert read_as(ObjectiveRevised, {**inputs, "data.measures": ["M1"]}).event["data"]["measures"] == ["M1"]


def test_texts_keep_their_lines_and_codes_lose_their_blanks() -> None:
    data = read_as(BoardDecisionRecorded, {"data.decision": " D1 ", "data.title": "One\r\n  two"}).event["data"]
    assert data == {"decision": "D1", "title": "One\n  two"}


def test_a_time_that_is_none_is_a_fault_and_the_rest_is_read() -> None:
    parsed = read_as(BoardDecisionRecorded, {"time.day": "1", "time.month": "2", "data.decision": "D1"})
    assert [refusal.path for refusal in parsed.refusals] == ["time"]
    assert parsed.event == {"data": {"decision": "D1"}}
    assert parsed.inputs["time.day"] == ["1"]


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ((5, 7, 2022), "9:30", datetime(2022, 7, 5, 8, 30, tzinfo=UTC)),
        ((5, "July", 2022), "09.30", datetime(2022, 7, 5, 8, 30, tzinfo=UTC)),
        ((5, 1, 2022), "09:30:15.5", datetime(2022, 1, 5, 9, 30, 15, 500_000, tzinfo=UTC)),
        ((30, 10, 2022), "01:30+0100", datetime(2022, 10, 30, 0, 30, tzinfo=UTC)),
        ((30, 10, 2022), "01:30 Z", datetime(2022, 10, 30, 1, 30, tzinfo=UTC)),
    ],
)
def test_instants_are_those_of_the_clocks_of_the_notice(day: Any, time: str, expected: datetime) -> None:
    instant = dates.instant(dates.day((str(day[0]), str(day[1]), str(day[2]))), time, LONDON)
    assert instant == expected
    *again, at = dates.instant_parts(instant, LONDON)
    assert dates.instant(dates.day((again[0], again[1], again[2])), at, LONDON) == expected


@pytest.mark.parametrize(
    ("time", "day", "message"),
    [
        ("01:30", 30, "showed this time twice"),
        ("24:00", 5, "24-hour clock"),
        ("2pm", 5, "24-hour clock"),
        ("", 5, "24-hour clock"),
    ],
)
def test_a_time_that_cannot_be_told_is_refused(time: str, day: int, message: str) -> None:
    with pytest.raises(dates.DateError, match=message):
        dates.instant(dates.day((str(day), "10", "2022")), time, LONDON)


def test_a_time_that_no_clock_showed_is_refused() -> None:
    with pytest.raises(dates.DateError, match="went forward"):
        dates.instant(dates.day(("27", "3", "2022")), "01:30", LONDON)


def test_a_form_has_as_many_rows_as_were_sent_and_no_more() -> None:
    inputs = typed(
        {"data.report": "R1", "data.impactEvidence[9999].claim": "Far", "data.recommendations[7].text": "x"}
    )
    controls = Form(inputs, {}, fresh="data.recommendations").controls(fields_of(BoardReportSubmitted))
    rows = {
        control.path: [row.path for row in control.children] for control in controls if control.widget == "list"
    }
    assert rows["data.impactEvidence"] == ["data.impactEvidence[9999]"]
    assert rows["data.recommendations"] == ["data.recommendations[7]", "data.recommendations[8]"]
