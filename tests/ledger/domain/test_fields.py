"""Type hints without their annotations, as every reader of a fact's declaration sees them."""

from typing import Annotated

from msgspec import Meta

from ledger.domain.fields import unwrap

INNER, OUTER = Meta(min_length=1), Meta(description="A name.")


def test_annotations_and_none_come_off_in_any_order() -> None:
    hints = [
        Annotated[Annotated[str, INNER], OUTER] | None,
        Annotated[Annotated[str, INNER] | None, OUTER],
        Annotated[Annotated[str | None, INNER], OUTER],
    ]
    for hint in hints:
        field = unwrap(hint)
        assert (field.type, field.metas, field.optional) == (str, (INNER, OUTER), True)
    assert not unwrap(Annotated[str, INNER]).optional


def test_a_union_keeps_its_options_and_loses_none() -> None:
    field = unwrap(Annotated[int | Annotated[str, INNER] | None, OUTER])
    assert (field.options, field.metas, field.optional) == ((int, Annotated[str, INNER]), (OUTER,), True)


def test_a_container_is_known_by_its_origin() -> None:
    texts, figures = unwrap(Annotated[list[str], INNER] | None), unwrap(dict[str, int])
    assert (texts.origin, texts.arguments, texts.column_type) == (list, (str,), list[str])
    assert (figures.origin, figures.column_type) == (dict, dict)
