"""Groups of lists, derived from the fields of their rows: keys, sizes and figures of each group.

A list can be grouped by each field except narratives and JSON. Figures summarise numbers, days, and the time
between two days. All are computed from the values that the reader sees. Imports strawberry.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from functools import cache
from types import GenericAlias, new_class
from typing import Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from projections.query.groups import (
    Day,
    Duration,
    GroupKey,
    Number,
    Quantity,
    Unit,
    is_day,
    is_group_key,
    is_number,
)
from projections.query.relation import Relation
from schema.derive.columns import columns, relation_of
from schema.derive.connection import Connection
from schema.derive.declaration import TYPES
from schema.derive.members import unresolved
from schema.errors import BAD_USER_INPUT, LIMIT_EXCEEDED, problem
from schema.types.entries import Entry

MOST_KEYS = 4
"""Maximum number of keys of a group."""


@strawberry.enum(description="Length of the periods by which rows are grouped.")
class GroupPeriod(Enum):
    """Length of the periods that group rows."""

    DAY = strawberry.enum_value("DAY", description="Days, such as 2023-04-30.")
    MONTH = strawberry.enum_value("MONTH", description="Months, such as 2023-04.")
    QUARTER = strawberry.enum_value("QUARTER", description="Quarters of a year, such as 2023-Q2.")
    YEAR = strawberry.enum_value("YEAR", description="Calendar years, such as 2023.")


@strawberry.type(description="Figures of the numbers in a group's rows.")
class GroupNumbers:
    """Figures of the numbers in a group's rows."""

    count: int = strawberry.field(description="Rows with a value that the reader sees.")
    min: float | None = strawberry.field(description="Lowest value; null without a value.")
    max: float | None = strawberry.field(description="Highest value; null without a value.")
    sum: float | None = strawberry.field(description="Sum of the values; null without a value.")
    mean: float | None = strawberry.field(description="Mean of the values; null without a value.")


@strawberry.type(description="Figures of the days in a group's rows.")
class GroupDays:
    """Figures of the days in a group's rows."""

    count: int = strawberry.field(description="Rows with a day.")
    first: date | None = strawberry.field(description="First day; null without a day.")
    last: date | None = strawberry.field(description="Last day; null without a day.")


@cache
def _fields(name: str, test: Callable[[Relation[Any], str], bool]) -> dict[str, tuple[str, str]]:
    """Return the fields of a type that pass a test.

    Returns:
        Name of the row's field, and description, by the field's word in the enum.
    """
    return {
        field.upper(): (column, f"Field `{to_camel_case(field)}`: {description}")
        for field, (column, description) in columns(name).items()
        if test(relation_of(name), column)
    }


def _enum(name: str, fields: Mapping[str, tuple[str, str]], description: str) -> Any:  # noqa: ANN401 - an enum
    words: Any = Enum(name, {word: word for word in fields})  # type: ignore[misc]
    declared: Any = strawberry.enum(words, description=description)
    for value in declared.__strawberry_definition__.values:
        value.description = fields[value.name][1]
    return words


@cache
def _group_of(name: str) -> tuple[type, type]:
    """Return the type of a group of a type's rows, and the input type of its keys."""
    annotations: dict[str, Any] = {"keys": list[str | None], "count": int}
    members: dict[str, Any] = {
        "keys": strawberry.field(description="Values of the keys, in the order of `by`, as texts."),
        "count": strawberry.field(description="Number of rows."),
    }
    numbers, days = _fields(name, is_number), _fields(name, is_day)
    if numbers:
        word = _enum(f"{name}NumberField", numbers, "Field with a number; true counts as 1.")
        annotations["numbers"] = GroupNumbers
        members["numbers"] = unresolved("Figures of a number.", {"of": _required(word, "Field.")})
    if days:
        word = _enum(f"{name}DayField", days, "Field with a day, or with an instant of a day.")
        annotations["days"] = GroupDays
        members["days"] = unresolved("First and last of the days.", {"of": _required(word, "Field.")})
        between = {"start": _required(word, "Day 0."), "end": _required(word, "Last day.")}
        annotations |= {"duration": GroupNumbers, "working_duration": GroupNumbers}
        negative = "negative if the end is earlier."
        members["duration"] = unresolved(f"Days from one day to another; {negative}", between)
        members["working_duration"] = unresolved(f"Working days from one day to another; {negative}", between)
    group = type(f"{name}Group", (), {"__annotations__": annotations, "__module__": __name__, **members})
    word = _enum(f"{name}GroupField", _fields(name, is_group_key), "Field by which a list is grouped.")
    inputs = {
        "field": strawberry.field(description="Field; a row with several values belongs to several groups."),
        "period": strawberry.field(default=None, description="Length of periods; a day if omitted."),
    }
    hints = {"field": word, "period": GroupPeriod | None}
    key = type(f"{name}GroupKey", (), {"__annotations__": hints, "__module__": __name__, **inputs})
    return (
        strawberry.type(group, description="Rows with the same keys, and their figures."),
        strawberry.input(key, description="A key of groups."),
    )


def _required(kind: Any, description: str) -> tuple[Any, Any]:  # noqa: ANN401 - a type
    return Annotated[kind, strawberry.argument(description=description)], strawberry.UNSET


@cache
def connection_of(name: str) -> Any:  # noqa: ANN401 - a type
    """Return the type of a page of a type's rows, with the groups of the rows of all pages."""
    group, key = _group_of(name)
    cls: Any = Entry if name == "Entry" else TYPES[name].cls
    described = strawberry.argument(description=f"Keys, at most {MOST_KEYS}; all rows are one group without keys.")
    by: dict[str, tuple[Any, Any]] = {"by": (Annotated[GenericAlias(list, (key,)) | None, described], None)}
    body = {
        "__annotations__": {"groups": GenericAlias(list, (group,))},
        "__module__": __name__,
        "groups": unresolved("Groups of the rows of all pages, in order of their keys; null comes last.", by),
    }
    page = new_class(f"{name}Connection", (Connection[cls],), {}, lambda space: space.update(body))
    return strawberry.type(page, description="A page of a list.")


def keys_of(name: str, keys: Iterable[tuple[str, Unit | None]]) -> tuple[GroupKey, ...]:
    """Return the keys of a group, from pairs of a field and a period.

    Raises:
        GraphQLError: LIMIT_EXCEEDED for too many keys. BAD_USER_INPUT for a repeated key, or for a period of a
            field without a day or instant.
    """
    relation, fields = relation_of(name), _fields(name, is_group_key)
    group_keys = []
    for word, period in keys:
        column = fields[word][0]
        if period is not None and not is_day(relation, column):
            raise problem(BAD_USER_INPUT, f"{word} is not a day or an instant; leave out its period")
        group_keys.append(GroupKey(column, (period or "DAY") if is_day(relation, column) else None))
    if len(group_keys) > MOST_KEYS:
        raise problem(LIMIT_EXCEEDED, f"by names {len(group_keys)} keys, of at most {MOST_KEYS}; name fewer")
    if len(set(group_keys)) < len(group_keys):
        raise problem(BAD_USER_INPUT, "by names a key twice; name it once")
    return tuple(group_keys)


def quantity_of(name: str, member: str, words: Mapping[str, str]) -> Quantity:
    """Return the quantity that a member of a group and the words in its arguments name."""
    if member == "numbers":
        return Number(_fields(name, is_number)[words["of"]][0])
    columns_of = {argument: _fields(name, is_day)[word][0] for argument, word in words.items()}
    if member == "days":
        return Day(columns_of["of"])
    return Duration(columns_of["start"], columns_of["end"], working=member == "working_duration")
