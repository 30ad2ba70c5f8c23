"""Columns behind the fields of a type: those of its declaration, or of the entries. Imports strawberry."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from strawberry.types import get_object_definition

from projections.query.relation import Relation
from projections.views.entries import ENTRY
from schema.derive.declaration import TYPES, Value
from schema.types.entries import Entry

_RENAMED = {"event_id": "id"}
"""Names in the relation, by field of an entry, where the two names differ."""


def relation_of(name: str) -> Relation[Any]:
    """Return the relation of a type's rows."""
    return ENTRY if name == "Entry" else TYPES[name].relation


@cache
def columns(name: str) -> Mapping[str, tuple[str, str]]:
    """Return the fields of a type whose values its rows contain.

    Returns:
        Name of the row's field, and description, by field of the type.
    """
    if name != "Entry":
        fields = {field: spec for field, spec in TYPES[name].fields.items() if isinstance(spec, Value)}
        return {field: (spec.name or field, spec.description or "") for field, spec in fields.items()}
    definition = get_object_definition(Entry, strict=True)
    described = {each.python_name: each.description or "" for each in definition.fields}
    names = {field: _RENAMED.get(field, field) for field in described if field != "id"}
    return {field: (column, described[field]) for field, column in names.items() if column in ENTRY.hints}
