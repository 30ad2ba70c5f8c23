"""Orders of lists, derived from the fields of their rows: an enum of fields and an input for each type.

A list can be ordered by each field with one value, except narratives and JSON. The order compares the values
that the reader sees. A hidden count comes last, as null does. Imports strawberry.
"""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Annotated, Any, get_origin

import strawberry
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import Sort
from schema.derive.columns import columns, relation_of
from schema.errors import BAD_USER_INPUT, LIMIT_EXCEEDED, problem

MOST_SORTS = 5
"""Maximum number of fields of an order."""


@strawberry.enum(description="Direction of an order; null comes last in both.")
class OrderDirection(Enum):
    """Direction of an order."""

    ASC = strawberry.enum_value("ASC", description="From the lowest, the earliest or A.")
    DESC = strawberry.enum_value("DESC", description="From the highest, the latest or Z.")


@cache
def sortable(name: str) -> dict[str, tuple[str, str]]:
    """Return the fields that can order the rows of a type.

    Returns:
        Name of the row's field, and description, by the field's word in the enum.
    """
    hints = relation_of(name).hints
    fields = {}
    for field, (column, description) in columns(name).items():
        kind = unwrap(hints[column]).column_type
        if kind is not NarrativeRef and kind is not dict and get_origin(kind) is None:
            fields[field.upper()] = (column, f"Field `{to_camel_case(field)}`: {description}")
    return fields


@cache
def order_of(name: str) -> type | None:
    """Return the input type of an order of a type's rows; None if no field can order the rows."""
    fields = sortable(name)
    if not fields:
        return None
    words: Any = Enum(f"{name}OrderField", {word: word for word in fields})  # type: ignore[misc]
    declared: Any = strawberry.enum(words, description="Field that a list is ordered by.")
    for value in declared.__strawberry_definition__.values:
        value.description = fields[value.name][1]
    members = {
        "field": strawberry.field(description="Field."),
        "direction": strawberry.field(default=OrderDirection.ASC, description="Direction of the order."),
    }
    annotations = {"field": words, "direction": OrderDirection}
    order = type(f"{name}Order", (), {"__annotations__": annotations, "__module__": __name__, **members})
    return strawberry.input(order, description="A field of an order, with its direction.")


def order_argument(name: str) -> Any:  # noqa: ANN401 - a type
    """Return the type of the argument `orderBy` of a type's lists; None if no field can order the rows."""
    order = order_of(name)
    described = strawberry.argument(
        description=f"Fields of the order, at most {MOST_SORTS}; ties keep the list's order."
    )
    return None if order is None else Annotated[list[order] | None, described]  # type: ignore[valid-type]


def sorts_of(name: str, orders: Iterable[tuple[str, str]]) -> tuple[Sort, ...]:
    """Return the sorts for pairs of enum words: a field of the type, and a direction.

    Raises:
        GraphQLError: LIMIT_EXCEEDED for too many fields. BAD_USER_INPUT for a field named twice.
    """
    fields = sortable(name)
    sorts = tuple(Sort(fields[word][0], direction == "DESC") for word, direction in orders)
    if len(sorts) > MOST_SORTS:
        raise problem(LIMIT_EXCEEDED, f"orderBy names {len(sorts)} fields, of at most {MOST_SORTS}; name fewer")
    if len({sort.name for sort in sorts}) < len(sorts):
        raise problem(BAD_USER_INPUT, "orderBy names a field twice; name it once")
    return sorts


def order_name(sorts: Iterable[Sort]) -> str:
    """Return the part of a list's name in its cursors that names its order; empty for the usual order."""
    names = ", ".join(map(str, sorts))
    return f"({names})" if names else ""
