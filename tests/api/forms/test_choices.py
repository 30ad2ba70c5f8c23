"""Options of forms: the schema has every kind of thing that facts refer to; new ids follow the last."""

from zoneinfo import ZoneInfo

import pytest
from graphql import parse, validate

import schema
from api.forms.choices import available_subjects, choices, next_id, referenced_kinds, selection, with_clauses
from api.forms.fields import ENVELOPE, Choice, fields_of
from ledger.domain.areas.notice import ClauseState, Modality, NoticeState, Obligor
from ledger.domain.areas.people import RoleGranted
from ledger.domain.areas.reviews import ReviewCompleted, ReviewStarted
from ledger.domain.lifecycle import Lifecycle
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role
from ledger.domain.state import State

NAMED = referenced_kinds((*ENVELOPE, *(field for kind in KINDS.values() for field in fields_of(kind.struct))))


def test_what_is_asked_for_choices_is_in_the_schema() -> None:
    document = f"query Q($notice: ID!) {{ notice(id: $notice) {{ {selection(NAMED, [Role.OPERATOR])} }} }}"
    assert [error.message for error in validate(schema.build()._schema, parse(document))] == []
    unasked = {kind for kind in NAMED if f"of_{kind.replace('-', '_').replace(' ', '_')}:" not in document}
    assert unasked == {"fact type", "rule"}, "forms name a kind of thing that they cannot offer"


def test_a_role_is_offered_what_it_may_read() -> None:
    assert "of_objective:" in selection({"objective", "evidence"}, [Role.PARTNER])
    assert "of_evidence:" not in selection({"objective", "evidence"}, [Role.PARTNER])


def test_choices_are_told_by_id_and_words() -> None:
    nodes = [
        {"value": "O1", "a": "See  children\nsooner"},
        {"value": "O2", "a": None},
        {"value": "O1", "a": "twice"},
    ]
    options = choices({"of_objective": {"items": {"nodes": nodes}}}, {"objective", "review"})
    assert options == {"objective": (Choice("O1", "O1: See children sooner"), Choice("O2", "O2"))}


def test_clauses_are_offered_in_their_own_order() -> None:
    clauses = [{"value": "5a", "a": "Keep it."}, {"value": "13", "a": "Power."}, {"value": "5f", "a": "Publish."}]
    options = choices({"of_clause": {"items": clauses}}, {"clause"})
    assert [each.value for each in options["clause"]] == ["5a", "5f", "13"]


def test_a_choice_names_its_day_in_words() -> None:
    nodes = [{"value": "R1", "a": "six-month review", "b": "2022-10-03"}]
    options = choices({"of_review": {"items": {"nodes": nodes}}}, {"review"})
    assert options == {"review": (Choice("R1", "R1: six-month review, 3 October 2022"),)}


def test_a_choice_names_its_instant_in_words_and_in_the_zone_of_the_notice() -> None:
    answer = {"of_meeting": {"items": {"items": {"nodes": [{"value": "B9", "a": "2023-03-29T23:30:00Z"}]}}}}
    assert choices(answer, {"meeting"})["meeting"] == (Choice("B9", "B9: 30 March 2023, 00:30"),)
    assert choices(answer, {"meeting"}, zone=ZoneInfo("UTC"))["meeting"][0].label == "B9: 29 March 2023, 23:30"


def test_a_choice_says_what_its_number_is() -> None:
    nodes = [{"value": "SA1", "a": "2"}, {"value": "SA2", "a": None}]
    options = choices({"of_self_assessment": {"items": nodes}}, {"self-assessment"})
    assert options == {"self-assessment": (Choice("SA1", "SA1: edition 2"), Choice("SA2", "SA2"))}


def test_posts_of_the_clauses_come_first_and_each_once() -> None:
    clause = ClauseState(Obligor.COUNCIL, Modality.MUST, "in-post", {"post": "commissioner"}, 3)
    state = State(notice=NoticeState(clauses={"4": clause}))
    options = {"post": (Choice("commissioner", "commissioner"), Choice("adviser", "adviser"))}
    merged = with_clauses(options, {"post", "objective"}, state)
    assert merged == {"post": (Choice("commissioner", "commissioner: clause 4"), Choice("adviser", "adviser"))}


def test_a_request_is_chosen_by_its_entry() -> None:
    nodes = [{"value": 12, "a": "olga", "b": "CHAIR"}]
    (request,) = (field for field in fields_of(RoleGranted) if field.key == "request")
    assert (request.references, request.closed) == (("role request",), True)
    options = choices({"of_role_request": {"items": {"nodes": nodes}}}, {"role request"})
    assert options["role request"] == (Choice("12", "12: olga, chair"),)
    named = choices({"of_role_request": {"items": {"nodes": nodes}}}, {"role request"}, {"olga": "Olga Ash"})
    assert named["role request"] == (Choice("12", "12: Olga Ash (olga), chair"),)


def test_ratings_are_those_of_their_own_scale() -> None:
    scale = [{"value": "RED", "a": "Red", "only": "IMPACT"}, {"value": "BLUE", "a": "Blue", "only": "ACTIVITY"}]
    options = choices({"of_impact_rating": {"items": scale}}, {"impact rating"})
    assert options["impact rating"] == (Choice("RED", "Red"),)


def test_a_fact_is_offered_only_for_what_may_still_take_it() -> None:
    reviews = {
        "V1": Lifecycle(1),
        "V2": Lifecycle(2, steps={"ReviewStarted": 3}),
        "V3": Lifecycle(4, ended=6, outcome="completed", steps={"ReviewStarted": 5, "ReviewCompleted": 6}),
    }
    state = State(lifecycles={"review": reviews})
    candidates = tuple(Choice(review, review) for review in reviews)
    for struct, expected in ((ReviewStarted, "V1"), (ReviewCompleted, "V2")):
        subjects = available_subjects(struct, "review", candidates, state, "jo")
        assert [subject.value for subject in subjects] == [expected]


@pytest.mark.parametrize(
    ("ids", "following"),
    [
        ([], ""),
        (["D1", "D2", "D10"], "D11"),
        (["E001", "E009"], "E010"),
        (["first", "R1", "x"], "R2"),
        (["O1", "O1.3"], "O1.4"),
        (["tameside"], ""),
    ],
)
def test_a_new_id_follows_the_last(ids: list[str], following: str) -> None:
    assert next_id(ids) == following


def test_options_are_in_the_order_of_their_numbers() -> None:
    answer = {"of_evidence": {"nodes": [{"value": value, "a": "Title"} for value in ("E1", "E24", "E2")]}}
    assert [choice.value for choice in choices(answer, {"evidence"})["evidence"]] == ["E1", "E2", "E24"]
    ratings = {
        "of_activity_rating": {"items": [{"value": v, "a": v, "only": "ACTIVITY"} for v in ("RED", "AMBER")]}
    }
    assert [each.value for each in choices(ratings, {"activity rating"})["activity rating"]] == ["RED", "AMBER"]
