"""Labels, hints and first references of forms."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from api.forms.fields import Control, Field, fields_of
from api.forms.labels import hint_of, of_people
from api.pages.form_defaults import _ids_like
from ledger.domain.areas.actions import ActionAdded, Precision
from ledger.domain.areas.meetings import BoardActionAgreed
from ledger.domain.areas.notice import NoticeIssued
from ledger.domain.areas.plan import PlanVersionApproved, ProgressRecorded
from ledger.domain.fact import CODE_PATTERN
from ledger.domain.registry import KINDS


def every(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from every(field.fields)


def test_no_form_shows_a_name_of_the_code() -> None:
    fields = [field for kind in KINDS.values() for field in every(fields_of(kind.struct))]
    texts = {text for field in fields for text in (field.label, field.hint)}
    named = re.compile(r"\b[A-Z][a-z]+\.[A-Z]|\babsent\b|\b[A-Z][a-z]+[A-Z][a-z]|\b(True|None)\b")
    codes = {str(word.value) for field in fields for word in field.options} - {"DFE"}
    assert not [text for text in texts if (named.search(text) and "GraphQL" not in text)]
    assert not [text for text in texts if codes & set(re.findall(r"\b[A-Z_]{4,}\b", text))]


@pytest.mark.parametrize(
    ("description", "default", "hint"),
    [
        ("The board; absent: the improvement board.", None, "The board. If left blank: the improvement board."),
        ("The change; absent if nothing changed.", None, "The change. Leave blank if nothing changed."),
        ("The precision.", Precision.DAY, "The precision. If left blank: Day."),
        ("A number.", 0, "A number. If left blank: 0."),
        ("True if the council co-operated.", None, "Select yes if the council co-operated."),
    ],
)
def test_a_hint_says_what_a_blank_field_means(description: str, default: object, hint: str) -> None:
    assert hint_of(description, default) == hint


def test_a_hint_never_repeats_its_label() -> None:
    assert hint_of("The first day.", None, "First day") == ""
    assert hint_of("The clause.", None, "Clause number") == ""
    assert hint_of("The first day.", date(2022, 7, 5), "First day") == "If left blank: 2022-07-05."
    assert hint_of("The new adviser's first day.", None, "First day") == "The new adviser's first day."
    assert hint_of("The board; absent: the first.", None, "Board") == "If left blank: the first."
    assert hint_of("Impact, from 1 to 5.", None, "Impact") == "From 1 to 5."


def test_a_list_of_existing_things_needs_no_hint() -> None:
    hints = {field.key: field.hint for field in fields_of(ProgressRecorded)}
    assert hints["objective"] == ""
    assert hints["action"] == "The action under the objective that the progress concerns."


def test_forms_speak_of_people() -> None:
    fields = [field for kind in KINDS.values() for field in every(fields_of(kind.struct))]
    texts = [text for field in fields for text in (field.label, field.hint)]
    texts += [of_people(kind.struct.__doc__ or "") for kind in KINDS.values()]
    assert not [text for text in texts if re.search("actor|grantee", text, re.IGNORECASE)]
    assert of_people("An actor asked the actors.") == "A person asked the people."


def test_an_example_in_a_hint_is_accepted() -> None:
    codes = [
        example
        for kind in KINDS.values()
        for field in every(fields_of(kind.struct))
        if field.control is Control.LINE
        for examples in re.findall(r"such as (?:an? )?([^.,]+)\.", field.hint)
        for example in examples.split(" or ")
    ]
    assert "police" in codes
    assert [code for code in codes if not re.fullmatch(CODE_PATTERN, code)] == []


def test_a_reference_to_a_thing_that_may_come_later_has_an_example() -> None:
    hints = {field.key: field.hint for field in fields_of(BoardActionAgreed)}
    assert hints["meeting"] == "The meeting that agreed the action. For example, B1."


def test_a_body_is_labelled_by_its_part_in_the_fact() -> None:
    labels = {
        struct: {field.key: field.label for field in fields_of(struct)}
        for struct in (NoticeIssued, PlanVersionApproved)
    }
    assert labels[NoticeIssued]["body"] == "Other public body"
    assert labels[PlanVersionApproved]["body"] == "Approving body"


def test_an_action_is_part_of_an_action() -> None:
    labels = {field.key: field.label for field in fields_of(ActionAdded)}
    assert (labels["partOf"], labels["coOwners"]) == ("Action that this is part of", "Co-owners")


def proposed(fact: str, key: str, ids: dict[str, list[str]]) -> list[str]:
    kind: Any = next(kind for kind in KINDS.values() if kind.name == fact)
    (field,) = (each for each in fields_of(kind.struct) if each.key == key)
    state = SimpleNamespace(lifecycles={name: dict.fromkeys(of_kind) for name, of_kind in ids.items()})
    return list(_ids_like(SimpleNamespace(kind=kind, state=state), field))  # type: ignore[arg-type]  # what is read


def test_each_kind_of_report_is_numbered_by_itself() -> None:
    ids = {"report": ["CR1", "BRP1", "BRP2", "AR1"], "objective": ["O1", "X2"]}
    assert proposed("BoardReportSubmitted", "report", ids) == ["BRP1", "BRP2"]
    assert proposed("ObjectiveAdded", "objective", ids) == ["O1", "X2"]
