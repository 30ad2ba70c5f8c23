"""Filters that combine conditions by and, or and not. Imports strawberry."""

from types import GenericAlias
from typing import TypeVar

import strawberry

C = TypeVar("C", bound=type)
COMBINED = {"and_": "and", "or_": "or", "not_": "not"}
"""GraphQL names of the members that combine filters, by Python name."""
_MEANINGS = {
    "and_": "Filters that must all hold.",
    "or_": "Filters of which one must hold; no row meets an empty list.",
    "not_": "A filter that must not hold; a row without a value meets it.",
}


def combined(cls: C, description: str) -> C:
    """Return a filter's class as a GraphQL input type, with the members `and`, `or` and `not` added."""
    several = GenericAlias(list, (cls,)) | None
    cls.__annotations__ |= {"and_": several, "or_": several, "not_": cls | None}
    for name, meaning in _MEANINGS.items():
        setattr(cls, name, strawberry.field(default=None, name=COMBINED[name], description=meaning))
    return strawberry.input(cls, description=description)
