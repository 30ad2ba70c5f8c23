"""The annotations of a row's field state its description and its type."""

from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.plan import ObjectiveOutcome
from projections.engine.meaning import ACTOR_ID, COUNT, ID, Meaning, meaning_of, words
from projections.query.relation import Computed, Relation


def test_a_field_without_a_description_is_internal() -> None:
    assert meaning_of(int | None) == Meaning(None, None)


def test_a_field_states_its_description_and_a_narrower_type() -> None:
    described = Meta(description="Owner.")
    assert meaning_of(Annotated[str, described]) == Meaning("Owner.", None)
    assert meaning_of(Annotated[list[str] | None, ID, described]) == Meaning("Owner.", "id")
    assert meaning_of(Annotated[str, ID, ACTOR_ID, described]) == Meaning("Owner.", "id", is_actor=True)
    assert meaning_of(Annotated[int, COUNT, described]) == Meaning("Owner.", "count")
    assert meaning_of(Annotated[str, words(ObjectiveOutcome), described]) == Meaning("Owner.", ObjectiveOutcome)


class Row(Struct, frozen=True):
    position: int
    value: Annotated[int, Meta(description="Value of the row.")]


def test_a_computed_field_keeps_the_description_of_the_field_that_it_replaces() -> None:
    computed = {
        "value": Computed(int | None, "NULL"),
        "late": Computed(Annotated[bool, Meta(description="Late.")], "TRUE"),
    }
    relation = Relation("marks", Row, "views.marks", computed=computed)
    assert relation.meanings == {
        "position": Meaning(),
        "value": Meaning("Value of the row."),
        "late": Meaning("Late."),
    }
