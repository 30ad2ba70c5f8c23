"""Meanings of the fields of views' rows: their descriptions, and types that columns do not show. Pure.

A field's annotation states its meaning, such as
`owner: Annotated[str, ID, Meta(description="Actor id of its owner.")]`. A field without a description is internal.
"""

from typing import Any, Literal

from msgspec import Meta, Struct

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap

ID = Meta(extra={"type": "id"})
"""Annotation of a field, or of a list's items, with ids of things."""
ACTOR_ID = Meta(extra={"is_actor": True})
"""Annotation of a field, or of a list's items, with ids of people or systems."""
COUNT = Meta(extra={"type": "count"})
"""Annotation of a whole number that may exceed 32 bits."""


def words(kind: type[WordList]) -> Meta:
    """Return the annotation of a field, or of a list's items, with words of a closed list."""
    return Meta(extra={"type": kind})


NarrowType = Literal["id", "count"] | type[WordList]


class Meaning(Struct, frozen=True):
    """The meaning of a field."""

    description: str | None = None
    """Description of the field; None for an internal field."""
    type: NarrowType | None = None
    """Type of the value, or of a list's items, if narrower than the column's type; else None."""
    is_actor: bool = False
    """True if the value, or each of a list's items, is the id of a person or system."""


def meaning_of(hint: object) -> Meaning:
    """Return the meaning that a field's annotations state."""
    description, extra = None, dict[str, Any]()
    for meta in unwrap(hint).metas:
        description = meta.description or description
        extra |= meta.extra or {}
    return Meaning(description, **extra)
