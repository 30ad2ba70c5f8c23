"""Object types declared from relations: each field once, with its description, and each list with its filters.

A class decorated with `object_type` declares fields of a relation's rows. `schema.derive.object_types` makes
the class's GraphQL type, and `schema.compiled` reads the rows. Imports strawberry, `projections` and `ledger`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import GenericAlias
from typing import Any, TypeVar

import strawberry
from msgspec import Struct
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fields import unwrap
from projections.query.relation import EMPTY, Relation, derived_name
from schema.derive.node import Node
from schema.types.scalars import Count

ID = strawberry.ID
C = TypeVar("C", bound=type)


class RowObject:
    """Base of every object that is made from a row."""


class Recorded(RowObject):
    """A row with the entry that recorded it."""


class Section(Node):
    """A part of a notice, named after a view, with lists."""


class Value(Struct, frozen=True):
    """A field with a value of the row."""

    description: str | None = None
    """Description; None for the description of the row's field."""
    type: Any = None
    """GraphQL type, such as ID, where the row's own type is too wide; None for the row's own type."""
    name: str | None = None
    """Name of the row's field; None if it is this field's name."""


class Many(Struct, frozen=True):
    """A field with rows of another type."""

    of: str
    """Name of the rows' type."""
    description: str
    by: str | None = None
    """Condition that selects the rows of the other type that belong to this row; None for all rows."""
    key: str | None = None
    """Field of this row whose value the condition takes; None without such a condition."""
    paged: bool = True
    """True for a list in pages; False for a short list, returned as a whole."""
    one: bool = False
    """True for the first row or null, instead of a list."""
    where: Mapping[str, Any] = {}
    """Fixed conditions on the rows."""


class Facet(Struct, frozen=True):
    """A field with other columns of the same row, as an object of another type."""

    of: str
    """Name of the object's type."""
    description: str
    unless: str
    """Field of the row; the object is null while this field is null."""


class EntryAt(Struct, frozen=True):
    """A field with the entry at a position that the row names."""

    position: str
    description: str


class OtherField(Struct, frozen=True):
    """A field of a notice that is neither a value nor a list of its rows."""

    type: Any
    """GraphQL type."""
    description: str
    arguments: Mapping[str, tuple[Any, Any]] = {}
    """Type and default of each argument, by name."""


class Sections(Struct, frozen=True):
    """A field for each section."""


POSITION: Any = Value("Position of the entry that recorded it.")
_RECORDED: Mapping[str, Value | EntryAt] = {
    "position": POSITION,
    "entry": EntryAt("position", "Entry that recorded it."),
}


class Filter(Struct, frozen=True):
    """A condition on the rows of a list."""

    type: Any
    description: str
    condition: str | None = None
    """Name of the relation's condition; None if it is the filter's name."""


NO_FILTERS: Mapping[str, Filter] = {}
TITLE_WORDS = Filter(str, "Words in its title, in any order; put a phrase in quotes.")
NARRATIVE_WORDS = Filter(str, "Words in its narrative, in any order; put a phrase in quotes.")
_OF_ROW = Filter(None, "")


def of_row(*names: str) -> dict[str, Filter]:
    """Return filters by equality with fields of the row, each with the field's type and description."""
    return dict.fromkeys(names, _OF_ROW)


PERIOD = {
    "period_from": Filter(date, "Its period includes this day, or ends later."),
    "period_to": Filter(date, "Its period includes this day, or begins earlier."),
}
"""Filters of rows that cover a period."""
Spec = Value | Many | EntryAt | Facet | OtherField | Sections


def value(description: str | None = None, type: Any = None, *, name: str | None = None) -> Any:  # noqa: A002, ANN401 - of any type
    """Declare a field whose description, type or name differs from the row's; `name` is the row's field."""
    return Value(description, type, name)


def many(
    of: str,
    description: str,
    *,
    by: str | None = None,
    key: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401 - of any type
    """Declare a list of rows of another type, in pages.

    Args:
        of: Type of the rows.
        description: Description of the field.
        by: Condition of those rows that takes a value of this row.
        key: Field of this row with that value; `by`, if None.
        where: Fixed conditions on the rows.
    """
    return Many(of, description, by, key or by, where=where or {})


def short_list(
    of: str,
    description: str,
    *,
    by: str | None = None,
    key: str | None = None,
    where: Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401 - of any type
    """Declare a short list of rows of another type; the arguments are those of `many`."""
    return Many(of, description, by, key or by, paged=False, where=where or {})


def one(of: str, description: str, *, where: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - of any type
    """Declare a field with one row of another type, or null."""
    return Many(of, description, paged=False, one=True, where=where or {})


def node(of: str, by: str, key: str | None = None) -> Any:  # noqa: ANN401 - of any type
    """Declare a field with the object that an id of the row names.

    Args:
        of: Type of the object.
        by: Field of the object with its id.
        key: Field of the row with the id; `by`, if None.
    """
    words = " ".join(re.findall("[A-Z][a-z]*", of)).capitalize()
    description = f"{words} with that id; null if there is no id, or nothing recorded with it."
    return Many(of, description, by, key or by, paged=False, one=True)


def facet(of: str, description: str, *, unless: str) -> Any:  # noqa: ANN401 - of any type
    """Declare a field with other columns of the same row; null while the row's field `unless` is null."""
    return Facet(of, description, unless)


def entry(position: str, description: str) -> Any:  # noqa: ANN401
    """Declare a field with the entry at a position."""
    return EntryAt(position, description)


def member(type: Any, description: str, **arguments: tuple[Any, Any]) -> Any:  # noqa: A002, ANN401 - of any type
    """Declare a field of a notice that is neither a value nor a list of its rows.

    Each of `arguments` is a type and a default.
    """
    return OtherField(type, description, arguments)


def sections() -> Any:  # noqa: ANN401
    """Declare a field for each section, in the order of the views in the role matrix."""
    return Sections()


class ObjectDeclaration(Struct, frozen=True, eq=False):
    """A declared object type."""

    cls: type[Any]
    relation: Relation[Any]
    fields: Mapping[str, Spec]
    filters: Mapping[str, Filter]
    """Conditions by the names of their members in `filter`."""
    arguments: Mapping[str, Filter]
    """Conditions that are arguments of each list of these rows, apart from `filter`."""
    node: str | None
    """Field whose value identifies the object in `node(id)`; None for a notice, and for types without an id."""

    @property
    def conditions(self) -> Mapping[str, str]:
        """Names of conditions of the relation, by member of `filter`."""
        return {name: each.condition or name for name, each in self.filters.items()}


class SectionDeclaration(Struct, frozen=True, eq=False):
    """A declared section, for which a notice has a field with the view's name."""

    cls: type[Any]
    view: str
    description: str
    """Description of the notice's field."""
    lists: Mapping[str, Many]


TYPES: dict[str, ObjectDeclaration] = {}
"""Declared object types by name."""
SECTIONS: dict[str, SectionDeclaration] = {}
"""Declared sections by the name of their type."""


_SCALARS: Mapping[Any, Any] = {"id": ID, "count": Count}


def _row_fields(relation: Relation[Any], declared: Mapping[str, Spec]) -> dict[str, Spec]:
    """Return the fields that the row describes, apart from those that the class declares under another name."""
    renamed = {each.name for each in declared.values() if isinstance(each, Value)}
    return {
        name: Value(meaning.description, _SCALARS.get(meaning.type, meaning.type))
        for name, meaning in relation.meanings.items()
        if meaning.description is not None and name not in renamed
    }


def _described(relation: Relation[Any], declared: Mapping[str, Spec]) -> dict[str, Spec]:
    """Return the declared fields, with the row's descriptions and types where the class states none."""
    fields: dict[str, Spec] = {}
    for name, each in declared.items():
        fields[name] = each
        if isinstance(each, Value):
            meaning = relation.meanings[each.name or name]
            fields[name] = Value(
                each.description or meaning.description,
                each.type or _SCALARS.get(meaning.type, meaning.type),
                each.name,
            )
    return fields


_RANGE = {
    ">=": "Start of the period of `{}`, inclusive.",
    "<": "End of the period of `{}`, exclusive.",
    "=": "Values of `{}`; one of them must hold.",
    "&&": "Values of `{}`; the row must have one of them.",
    EMPTY: "True for rows without a value in `{}`, false for all others.",
}


def _of_row(relation: Relation[Any], fields: Mapping[str, Spec], name: str) -> Filter:
    """Return the filter by equality with a field of the row.

    Raises:
        TypeError: The type has no such field with a value.
    """
    spec = fields[name]
    if not isinstance(spec, Value):
        raise TypeError(
            f"{name} is not a value of {relation.row.__name__}; declare the filter's type and description"
        )
    return Filter(_kind(relation, name, spec), spec.description or "")


def _kind(relation: Relation[Any], column: str, spec: Value) -> Any:  # noqa: ANN401 - types of any kind
    """Return the type of a field's value."""
    return spec.type or unwrap(relation.hints[column]).column_type


def _derived(relation: Relation[Any], fields: Mapping[str, Spec]) -> dict[str, Filter]:
    """Return the filters that follow from the types of the fields."""
    values = {each.name or name: (name, each) for name, each in fields.items() if isinstance(each, Value)}
    filters = {}
    for condition, (column, operator) in relation.derived.items():
        if column not in values:
            continue  # the field is internal
        name, spec = values[column]
        kind = bool if operator == EMPTY else _kind(relation, column, spec)
        if operator == "=" or (operator == "&&" and spec.type is not None):
            kind = GenericAlias(list, (kind,))
        described = _RANGE[operator].format(to_camel_case(name))
        filters[derived_name(name, operator, fields)] = Filter(kind, described, condition)
    return filters


def object_type(
    relation: Relation[Any],
    *,
    node: str | None = None,
    filters: Mapping[str, Filter] = NO_FILTERS,
    arguments: Mapping[str, Filter] = NO_FILTERS,
    part: bool = False,
) -> Callable[[C], C]:
    """Declare that the decorated class exposes rows of a relation; its docstring is the type's description.

    The type has a field for each described field of the row, or no such field if `part` is true.
    The class declares further fields.

    Raises:
        TypeError: Another class of the same name is declared, or a filter of `of_row` names no value of the row.
    """

    def declare(cls: C) -> C:
        if cls.__name__ in TYPES:
            raise TypeError(f"a type {cls.__name__} is declared already; choose another name")
        declared = {name: each for name, each in vars(cls).items() if isinstance(each, Spec)}
        for name in declared:
            delattr(cls, name)
        fields = {**({} if part else _row_fields(relation, declared)), **_described(relation, declared)}
        if issubclass(cls, Recorded):
            fields |= _RECORDED
        own = {name: _of_row(relation, fields, name) for name, each in filters.items() if each is _OF_ROW}
        all_filters = {**filters, **own, **_derived(relation, fields)}
        TYPES[cls.__name__] = ObjectDeclaration(cls, relation, fields, all_filters, arguments, node)
        return cls

    return declare


def row_type(
    relation: Relation[Any],
    *equal: str,
    filters: Mapping[str, Filter] = NO_FILTERS,
    node: str | None = None,
    **further: Spec,
) -> None:
    """Declare a type with the name, the description and the fields of a relation's row.

    If the row's position has no description, the type also has fields with the recording entry and its position.

    Args:
        relation: Relation of the rows.
        equal: Fields of the row to filter by.
        filters: Further filters.
        node: Field whose value identifies the object in `node(id)`.
        further: Further fields.
    """
    row: type[Any] = relation.row
    position = relation.meanings.get("position")
    base = RowObject if position is None or position.description is not None else Recorded
    declare = object_type(relation, node=node, filters={**of_row(*equal), **filters})
    declare(type(row.__name__, (base,) if node is None else (base, Node), {"__doc__": row.__doc__, **further}))


def section(view: str, description: str) -> Callable[[C], C]:
    """Declare that the decorated class exposes lists of a view.

    The docstring of the class is the type's description. `description` describes the notice's field.
    """

    def declare(cls: C) -> C:
        lists = {name: each for name, each in vars(cls).items() if isinstance(each, Many)}
        for name in lists:
            delattr(cls, name)
        SECTIONS[cls.__name__] = SectionDeclaration(cls, view, description, lists)
        return cls

    return declare
