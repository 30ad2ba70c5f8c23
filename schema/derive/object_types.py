"""GraphQL object types, connections and filters, made from the declarations. Imports strawberry."""

from collections.abc import Mapping
from functools import cache
from threading import Lock
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin

import strawberry
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from ledger.domain.roles import matrix
from projections.engine.narrative import NarrativeRef
from schema.derive.connection import PAGE_ARGUMENTS
from schema.derive.declaration import (
    SECTIONS,
    TYPES,
    EntryAt,
    Facet,
    Many,
    ObjectDeclaration,
    OtherField,
    Sections,
    Spec,
    Value,
)
from schema.derive.filters import combined
from schema.derive.groups import connection_of
from schema.derive.members import unresolved
from schema.derive.order import order_argument
from schema.derive.plain_views import declare_rest
from schema.derive.references import add_references
from schema.types.entries import Entry, Narrative
from schema.types.enums import enum_of
from schema.types.scalars import Json

_making = Lock()


def finish() -> None:
    """Make GraphQL types of all declarations, once in a process, after `schema.types` is imported."""
    with _making:
        _finish()


@cache
def _finish() -> None:
    declare_rest()
    add_references()
    for each in TYPES.values():
        _make(each)
    for section in SECTIONS.values():
        _make_type(section.cls, section.lists, {})


def _make(declaration: ObjectDeclaration) -> None:
    annotations: dict[str, Any] = {}
    for name, spec in declaration.fields.items():
        if isinstance(spec, Value):
            _add_value(declaration, name, spec, annotations)
    others = {name: spec for name, spec in declaration.fields.items() if not isinstance(spec, Value)}
    _make_type(declaration.cls, others, annotations)


def _make_type(cls: type[Any], fields: Mapping[str, Spec], annotations: dict[str, Any]) -> None:
    """Make the GraphQL type of a class from its annotated fields, and from the further fields in `fields`."""
    for name, spec in fields.items():
        match spec:
            case Many():
                setattr(cls, name, unresolved(spec.description, _list_arguments(spec)))
                annotations[name] = _list_type(spec)
            case EntryAt():
                setattr(cls, name, unresolved(spec.description, {}))
                annotations[name] = Entry | None
            case Facet():
                setattr(cls, name, unresolved(spec.description, {}))
                annotations[name] = TYPES[spec.of].cls | None
            case OtherField():
                setattr(cls, name, unresolved(spec.description, spec.arguments))
                annotations[name] = spec.type
            case Sections():
                _add_sections(cls, annotations)
    cls.__annotations__ = annotations
    strawberry.type(cls, description=_description(cls))


def _add_sections(cls: type[Any], annotations: dict[str, Any]) -> None:
    """Add a field for each section."""
    views = list(matrix().reads)
    for section in sorted(SECTIONS.values(), key=lambda each: views.index(each.view)):
        setattr(cls, section.view, unresolved(section.description, {}))
        annotations[section.view] = section.cls | None


def _description(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def _add_value(declaration: ObjectDeclaration, name: str, spec: Value, annotations: dict[str, Any]) -> None:
    hint = declaration.relation.hints[spec.name or name]
    field = unwrap(hint)
    bare, optional = field.column_type, field.optional
    setattr(declaration.cls, name, strawberry.field(description=spec.description))
    if bare is NarrativeRef:
        annotations[name] = str | None
        annotations[f"{name}_erased_by"] = int | None
        described = f"Position of the entry that erased `{to_camel_case(name)}`; null if it was not erased."
        setattr(declaration.cls, f"{name}_erased_by", strawberry.field(description=described))
        return
    field_type = spec.type or {dict: Json}.get(bare, bare)
    if isinstance(field_type, type) and issubclass(field_type, WordList):
        field_type = enum_of(field_type)
    if bare == list[NarrativeRef]:
        field_type = list[Narrative]
    elif get_origin(bare) is list and spec.type is not None:
        field_type = GenericAlias(list, (field_type,))
    annotations[name] = field_type | None if optional else field_type


@cache
def filter_of(name: str) -> type | None:
    """Return the filter type of a declared type; None if the declared type has no filters."""
    filters = TYPES[name].filters
    if not filters:
        return None
    members = {key: strawberry.field(default=None, description=each.description) for key, each in filters.items()}
    annotations = {key: _input_type(each.type) | None for key, each in filters.items()}
    object_of = type(f"{name}Filter", (), {"__annotations__": annotations, "__module__": __name__, **members})
    return combined(object_of, "Conditions on the rows; all of them must hold.")


def _input_type(kind: Any) -> Any:  # noqa: ANN401 - types of any kind
    """Return the type of a filter's value; closed lists of words become enums."""
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return GenericAlias(list, (_input_type(item),))
    return enum_of(kind) if isinstance(kind, type) and issubclass(kind, WordList) else kind


def _list_arguments(spec: Many) -> dict[str, tuple[Any, Any]]:
    """Return the type and the default of each argument of a list, by name."""
    if spec.one:
        return {}
    filters, direct = filter_of(spec.of), TYPES[spec.of].arguments
    arguments: dict[str, tuple[Any, Any]] = {
        name: (Annotated[each.type | None, strawberry.argument(description=each.description)], None)
        for name, each in direct.items()
    }
    if filters is not None:
        described = strawberry.argument(description="Conditions on the rows; all rows if omitted.")
        arguments["filter"] = (Annotated[filters | None, described], None)
    if not spec.paged:
        return arguments
    order = order_argument(spec.of)
    if order is not None:
        arguments["order_by"] = (order, None)
    return arguments | dict(PAGE_ARGUMENTS)


def _list_type(spec: Many) -> Any:  # noqa: ANN401 - a type of any kind
    of = TYPES[spec.of].cls
    if spec.one:
        return of | None
    return connection_of(spec.of) if spec.paged else GenericAlias(list, (of,))
