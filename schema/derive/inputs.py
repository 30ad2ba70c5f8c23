"""GraphQL inputs of the facts, and their conversion for the intake.

The inputs are generated from the declarations in `ledger.domain.areas`: a new field of a fact needs nothing here.
Imports strawberry, msgspec and `ledger`.
"""

from datetime import date, datetime
from enum import Enum
from functools import cache
from math import inf
from types import GenericAlias
from typing import Any

import msgspec
import strawberry
from msgspec import NODEFAULT, Struct

from ledger.domain.fact import ID_PATTERN, Narrative, WordList
from ledger.domain.fields import FieldType, hints_of, unwrap
from schema.types.enums import enum_of, first_sentence
from schema.types.scalars import Count, Json

_FREE_TEXT = "Narrative of at most 1 MB of UTF-8; stored apart from the entry, so that it can be erased."
INT_LARGEST = 2**31 - 1
_structs_in: dict[type[Struct], dict[str, type[Struct]]] = {}
"""Structs of the fields that have fields of their own, by outer struct and JSON name of the field."""


@cache
def input_of(struct: type[Struct]) -> type:
    """Return the input type of a struct: `ObjectiveAddedInput` for ObjectiveAdded."""
    hints = hints_of(struct)
    members: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        annotation, description = _annotation(hints[field.name])
        options: dict[str, Any] = {"description": description, "name": field.encode_name}
        if field.default is None:
            options["default"] = strawberry.UNSET
        elif annotation is Json and not field.required:  # GraphQL cannot write an object as a default
            annotation, options["default"] = Json | None, strawberry.UNSET
        elif field.default is not NODEFAULT:
            options["default"] = field.default
        elif field.default_factory is not NODEFAULT:
            options["default_factory"] = field.default_factory
        annotations[field.name] = annotation
        members[field.name] = strawberry.field(**options)
    name = f"{struct.__name__}Input"
    input_type: type = type(name, (), {"__annotations__": annotations, "__module__": __name__, **members})
    input_type = strawberry.input(input_type, description=first_sentence(struct))
    inner = {field.encode_name: _struct_in(hints[field.name]) for field in msgspec.structs.fields(struct)}
    _structs_in[struct] = {name: each for name, each in inner.items() if each is not None}
    return input_type


def _struct_in(hint: object) -> type[Struct] | None:
    """Return the struct of a field or of its items; None if these have no fields of their own."""
    field = unwrap(hint)
    if field.origin is list:
        return _struct_in(field.arguments[0])
    has_fields = isinstance(field.type, type) and issubclass(field.type, Struct) and field.type is not Narrative
    return field.type if has_fields else None


def _annotation(hint: object) -> tuple[Any, str]:
    """Return the GraphQL type of a field, and its description."""
    field = unwrap(hint)
    input_type, meaning = _generic(field) if field.origin else _plain(field.type)
    description = meaning
    for meta in field.metas:
        description = meta.description or description
        if (meta.pattern or "").startswith(f"^{ID_PATTERN}"):
            input_type = strawberry.ID
    if input_type is int and max((meta.le for meta in field.metas if meta.le), default=inf) > INT_LARGEST:
        input_type = Count
    return (input_type | None if field.optional else input_type), description


def _generic(field: FieldType) -> tuple[Any, str]:
    if field.origin is dict:
        return Json, "A JSON object."
    if field.origin is list:
        item, meaning = _annotation(field.arguments[0])
        return GenericAlias(list, (item,)), meaning
    raise _unsupported(field.type)


def _plain(hint: object) -> tuple[Any, str]:
    if hint is Narrative:
        return str, _FREE_TEXT
    if isinstance(hint, type) and issubclass(hint, WordList):
        return enum_of(hint), first_sentence(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return input_of(hint), first_sentence(hint)
    if hint in (str, int, float, bool, date, datetime):
        return hint, ""
    raise _unsupported(hint)


def _unsupported(hint: object) -> TypeError:
    """Return the error for a type that GraphQL has no input for."""
    return TypeError(f"a fact contains {hint!r}, which has no GraphQL input; declare one in schema.derive.inputs")


def plain(value: Any, struct: type[Struct] | None) -> Any:  # noqa: ANN401 - a value of GraphQL
    """Return a coerced input as plain values for the intake, without null members.

    Args:
        value: The input, as graphql-core coerces it: dictionaries by JSON name.
        struct: Struct that the input has the fields of; None for a value without fields.
    """
    if isinstance(value, list):
        return [plain(item, struct) for item in value]
    if struct is None:
        return value.value if isinstance(value, Enum) else value
    inner = _structs_in[struct]
    return {name: plain(item, inner.get(name)) for name, item in value.items() if item is not None}
