"""Labels, hints, options and errors of forms, as a person at a screen reads them."""

import pytest

from api.forms.controls import Form, FormControl
from api.forms.errors import attach_refusals
from api.forms.fields import EXPLAINED, Choice, Control, Field, fields_of
from ledger.domain.areas.access import AccessGranted
from ledger.domain.areas.actions import ActionEmbedded
from ledger.domain.areas.board import BoardDecisionRecorded, TimetableAgreed
from ledger.domain.areas.duties import ClauseAssessed
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.measures import MeasureDefined, MeasureReadingReported
from ledger.domain.areas.meetings import BoardPackCirculated, MeetingHeld
from ledger.domain.areas.notice import ClauseRegistered
from ledger.domain.areas.people import TokenIssued
from ledger.domain.areas.plan import ObjectiveAdded, RatingScaleAdopted
from ledger.domain.areas.reports import ChairReportDelivered
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS
from tests.api.forms.test_controls import rendered
from tests.api.forms.test_facts import every

EVERY = [field for kind in KINDS.values() for field in every(fields_of(kind.struct, derived=True))]


def field_of(struct: type[Fact], key: str) -> Field:
    return next(field for field in fields_of(struct) if field.key == key)


def control_of(field: Field, *options: Choice) -> FormControl:
    (control,) = Form({}, dict.fromkeys(field.references, options)).controls([field])
    return control


@pytest.mark.parametrize(
    ("struct", "key", "error"),
    [
        (TimetableAgreed, "dates", "Enter at least one meeting date"),
        (RatingScaleAdopted, "levels", "Enter at least one level"),
        (ChairReportDelivered, "objectives", "Enter at least one objective"),
        (MeasureDefined, "unit", "Select a unit"),
        (ActionEmbedded, "embeddedOn", "Enter the date embedded"),
        (MeasureReadingReported, "extractedAt", "Enter the extraction time"),
        (AccessGranted, "until", "Enter the end"),
        (MeetingHeld, "quorate", "Select yes if enough members attended to decide"),
    ],
)
def test_a_missing_answer_is_named_in_plain_english(struct: type[Fact], key: str, error: str) -> None:
    controls = Form({}, {}).controls([field_of(struct, key)])
    lines = attach_refusals(controls, [Refusal("MISSING_FIELD", "", f"data.{key}")])
    assert [line.text for line in lines] == controls[0].errors == [error]


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (
            "OUT_OF_RANGE",
            "expected a whole number from 1 to 5",
            "Votes against must be a whole number from 1 to 5",
        ),
        (
            "OUT_OF_RANGE",
            "expected a whole number from 0 to 9,007,199,254,740,991",
            "Votes against must be a whole number of 0 or more",
        ),
        ("OUT_OF_RANGE", "2021-07-01 is too early", "Votes against: 1 July 2021 is too early"),
        ("AHEAD", "it is 2026-11-30T18:53:33.5Z now", "Votes against: it is 30 November 2026, 18:53 UTC now"),
        ("OTHER", "“2021-07-01” or 2021-02-31", "Votes against: “2021-07-01” or 2021-02-31"),
        ("NOT_FOUND", "no actor x; correct the id", "Votes against: no person or system x; correct the reference"),
    ],
)
def test_a_refusal_is_in_words_of_the_form(code: str, message: str, error: str) -> None:
    controls = Form({}, {}).controls([field_of(BoardDecisionRecorded, "votes")])
    (line,) = attach_refusals(controls, [Refusal(code, message, "data.votes.against")])
    assert line.text == error


def test_an_error_within_a_group_names_the_group_once() -> None:
    controls = Form({}, {}).controls([field_of(ChairReportDelivered, "period")])
    (line,) = attach_refusals(controls, [Refusal("", "first day must be a real date", "data.period.first")])
    assert line.text == "Period, first day must be a real date"


def test_a_form_recorded_before_says_so_without_ids() -> None:
    message = "entry 759 has this source and id with other content; use a new id for a new fact"
    (line,) = attach_refusals([], [Refusal("KEY_REUSED", message, "")])
    assert line.text == (
        "Entry 759 was recorded from this form with other answers; continue only if this is a new entry"
    )


def test_a_person_who_is_not_registered_yet_is_typed() -> None:
    assert control_of(field_of(ObjectiveAdded, "owner")).widget == "line"


def test_every_date_and_time_has_an_example() -> None:
    dates = [field for field in EVERY if field.control in (Control.DAY, Control.INSTANT)]
    assert dates
    assert [field.label for field in dates if "For example, 27 3 2023" not in field.hint] == []
    assert [field.label for field in dates if field.control is Control.INSTANT and "14:30" not in field.hint] == []


def test_nothing_is_typed_where_only_existing_things_are_accepted() -> None:
    request, evidence = field_of(AccessGranted, "request"), field_of(BoardPackCirculated, "evidence")
    assert (control_of(request).widget, control_of(evidence).widget) == ("select", "boxes")
    assert control_of(request).hint == "None is available at present."
    assert control_of(evidence).hint == "The documents of the pack. None is available at present."
    many = [Choice(f"E{number}", f"E{number}") for number in range(150)]
    assert control_of(evidence, *many).widget == "boxes"


@pytest.mark.parametrize(
    ("struct", "key", "widget"),
    [(ClauseAssessed, "number", "select"), (ClauseRegistered, "rule", "select"), (TokenIssued, "facts", "boxes")],
)
def test_clauses_rules_and_facts_are_selected(struct: type[Fact], key: str, widget: str) -> None:
    field = field_of(struct, key)
    assert control_of(field, Choice("one", "One"), Choice("two", "Two")).widget == widget


def test_the_number_of_a_new_clause_is_typed() -> None:
    assert control_of(field_of(ClauseRegistered, "number"), Choice("5b", "5b")).options == ()


def test_options_whose_labels_say_too_little_are_explained() -> None:
    classification = field_of(EvidenceSubmitted, "classification")
    html = rendered(Form({}, {}), (classification,))
    assert "Few roles may open the document; others need a live grant." in html
    explained = [choice for field in EVERY for choice in field.options if choice.hint]
    assert len({choice.hint for choice in explained}) == sum(len(words) for words in EXPLAINED)
    assert [choice.hint for choice in explained if "`" in choice.hint or " * " in choice.hint] == []


def test_a_short_reference_has_a_short_input() -> None:
    html = rendered(Form({}, {}), (field_of(ObjectiveAdded, "objective"),))
    assert "govuk-input--width-10" in html


def test_the_line_for_a_thing_that_the_list_lacks_has_the_example() -> None:
    measures = control_of(field_of(ObjectiveAdded, "measures"), Choice("M1", "M1: Visits"))
    (another,) = measures.children
    assert (measures.hint, another.label) == ("The measures of the objective's impact.", "Another measure")
    assert another.hint == "For example, M1."
    assert not another.required


def test_no_label_or_hint_speaks_of_an_id() -> None:
    texts = [text for field in EVERY for text in (field.label, field.hint)]
    assert [text for text in texts if " id " in f" {text} " and "not a name" not in text] == []
