"""Object types declared from relations: each field once, with its meaning, and every list with its filters.

A class decorated with `shown` names what it shows of a relation's rows. `schema.derive.object_types` makes its
GraphQL type, and `schema.derive.resolvers` reads it. Imports strawberry, and the relations of `projections`.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import strawberry
from msgspec import Struct

from projections.query.relation import ComputedRow, Relation
from schema.context import Standpoint

ID = strawberry.ID
C = TypeVar("C", bound=type)


class RowObject:
    """What every object made from a row has."""

    at: Standpoint
    found: ComputedRow[Any]


class Recorded(RowObject):
    """A row that shows the entry that recorded it."""


class Section:
    """A part of a notice: lists of what one view holds."""

    at: Standpoint


class Value(Struct, frozen=True):
    """A field that shows a value of the row."""

    description: str
    type: Any = None
    """Its type, where the row's own says too little: ID, a list of words, Count."""
    name: str | None = None
    """The field of the row, where it is called otherwise there."""


class Many(Struct, frozen=True):
    """A field that shows rows of another type."""

    of: str
    """That type's name."""
    description: str
    by: str | None = None
    """The condition of the other relation that ties its rows to this one."""
    key: str | None = None
    """The field of this row that the condition is asked with."""
    paged: bool = True
    """False: a short list, shown whole."""
    one: bool = False
    """Whether there is one at most."""
    where: Mapping[str, Any] = {}
    """The conditions that its rows fulfil always."""


class Same(Struct, frozen=True):
    """A field that shows another side of the same row, as an object of a type of its own."""

    of: str
    """That type's name."""
    description: str
    unless: str
    """Null while this field of the row is."""


class EntryAt(Struct, frozen=True):
    """A field that shows the entry at a position of the row."""

    position: str
    description: str


POSITION: Any = Value("The position of the entry that recorded it.")
NAMED_EVIDENCE: Any = Value("The ids of the evidence named with it.", ID)
_RECORDED: Mapping[str, Value | EntryAt] = {
    "position": POSITION,
    "entry": EntryAt("position", "The entry that recorded it."),
}


class Filter(Struct, frozen=True):
    """A condition by which rows can be asked for."""

    type: Any
    description: str


PERIOD = {
    "period_from": Filter(date, "It covers this day, or a later one."),
    "period_to": Filter(date, "It covers this day, or an earlier one."),
}
"""Filters of what covers a period."""
Spec = Value | Many | EntryAt | Same


def value(description: str, type: Any = None, *, name: str | None = None) -> Any:  # noqa: A002, ANN401 - of any type
    """Shows a value; `name` is that of the row's field, where it is called otherwise."""
    return Value(description, type, name)


def many(
    of: str,
    description: str,
    *,
    by: str | None = None,
    key: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401 - of any type
    """Shows pages of rows of another type."""
    return Many(of, description, by, key, where=where or {})


def whole(of: str, description: str, *, by: str | None = None, key: str | None = None) -> Any:  # noqa: ANN401
    """Shows a short list of rows of another type."""
    return Many(of, description, by, key, paged=False)


def one(of: str, description: str, *, where: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - of any type
    """Shows one row of another type, or null."""
    return Many(of, description, paged=False, one=True, where=where or {})


def same(of: str, description: str, *, unless: str) -> Any:  # noqa: ANN401 - of any type
    """Shows another side of the same row, or null while its field `unless` is null."""
    return Same(of, description, unless)


def entry(position: str, description: str) -> Any:  # noqa: ANN401
    """Shows the entry at a position."""
    return EntryAt(position, description)


class ObjectDeclaration(Struct, frozen=True, eq=False):
    """A type and what it shows."""

    cls: type[Any]
    relation: Relation[Any]
    fields: Mapping[str, Spec]
    filters: Mapping[str, Filter]
    arguments: Mapping[str, Filter]
    """Conditions that are arguments of their own wherever its rows are listed."""
    node: str | None
    """The field by whose value `node(id)` finds it; None: it has no id, or it is the notice."""


TYPES: dict[str, ObjectDeclaration] = {}
"""Every type declared so, by name."""
SECTIONS: dict[str, tuple[type[Any], str, Mapping[str, Many]]] = {}
"""Every section, by name: its type, the view that it shows, and its lists."""


def shown(
    relation: Relation[Any],
    *,
    node: str | None = None,
    filters: Mapping[str, Filter] | None = None,
    arguments: Mapping[str, Filter] | None = None,
) -> Callable[[C], C]:
    """Declares the decorated class to show rows of a relation; its docstring is the type's description."""

    def declare(cls: C) -> C:
        fields = {name: each for name, each in vars(cls).items() if isinstance(each, Spec)}
        for name in fields:
            delattr(cls, name)
        if issubclass(cls, Recorded):
            fields |= _RECORDED
        TYPES[cls.__name__] = ObjectDeclaration(cls, relation, fields, filters or {}, arguments or {}, node)
        return cls

    return declare


def section(view: str) -> Callable[[C], C]:
    """Declares the decorated class to show lists of a view; its docstring is the type's description."""

    def declare(cls: C) -> C:
        lists = {name: each for name, each in vars(cls).items() if isinstance(each, Many)}
        for name in lists:
            delattr(cls, name)
        SECTIONS[cls.__name__] = (cls, view, lists)
        return cls

    return declare
