"""GraphQL object types, connections and filters, made from the declarations. Imports strawberry."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from inspect import Parameter, Signature
from threading import Lock
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin

import strawberry
from strawberry.dataloader import DataLoader

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import ComputedRow, RowQuery
from schema.context import Standpoint
from schema.derive.connection import (
    LARGEST,
    USUAL,
    After,
    Connection,
    First,
    PageRequest,
    check_first,
    connection,
    decode_cursor,
)
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Facet, Many, ObjectDeclaration, RowObject, Value
from schema.derive.order import order_name, order_of, sorts_of
from schema.derive.resolvers import count_rows, list_rows, object_of
from schema.errors import BAD_USER_INPUT, LIMIT_EXCEEDED, problem
from schema.types.entries import Entry, Narrative, entries_at
from schema.types.enums import enum_of
from schema.types.scalars import Json

_making = Lock()


def finish() -> None:
    """Make GraphQL types of all declarations, once in a process, after every module is imported."""
    with _making:
        _finish()


@cache
def _finish() -> None:
    for each in TYPES.values():
        _make(each)
    for name, (cls, _, lists) in SECTIONS.items():
        for field, spec in lists.items():
            setattr(cls, field, strawberry.field(_lister(name, field, spec), description=spec.description))
        cls.__annotations__ = {"at": strawberry.Private[Standpoint]}
        strawberry.type(cls, description=_description(cls))


def _make(declaration: ObjectDeclaration) -> None:
    cls = declaration.cls
    annotations: dict[str, Any] = {
        "at": strawberry.Private[Standpoint],
        "row": strawberry.Private[ComputedRow[Any]],
    }
    for name, spec in declaration.fields.items():
        match spec:
            case Value():
                _add_value(declaration, name, spec, annotations)
            case Many():
                setattr(
                    cls, name, strawberry.field(_lister(cls.__name__, name, spec), description=spec.description)
                )
            case EntryAt():
                setattr(cls, name, strawberry.field(_entry(spec), description=spec.description))
            case Facet():
                setattr(cls, name, strawberry.field(_same(spec), description=spec.description))
    cls.__annotations__ = annotations
    strawberry.type(cls, description=_description(cls))


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
        described = f"Position of the entry that erased the {name.replace('_', ' ')}."
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
    """Return the filter type of a declared type; None if it has no filters."""
    filters = TYPES[name].filters
    if not filters:
        return None
    members = {key: strawberry.field(default=None, description=each.description) for key, each in filters.items()}
    annotations = {key: _input_type(each.type) | None for key, each in filters.items()}
    object_of = type(f"{name}Filter", (), {"__annotations__": annotations, "__module__": __name__, **members})
    return strawberry.input(object_of, description="Conditions on the rows; all of them must hold.")


def _input_type(kind: Any) -> Any:  # noqa: ANN401 - types of any kind
    """Return the type of a filter's value; closed lists of words become enums."""
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return GenericAlias(list, (_input_type(item),))
    return enum_of(kind) if isinstance(kind, type) and issubclass(kind, WordList) else kind


def _plain(item: object) -> Any:  # noqa: ANN401 - as it comes
    if isinstance(item, WordList):
        return item.value
    return [_plain(each) for each in item] if isinstance(item, list) else item


def _same(spec: Facet) -> Callable[[RowObject], Any]:
    def other_side(self: RowObject) -> Any:  # noqa: ANN401 - annotated below
        return None if self.row.value(spec.unless) is None else object_of(spec.of, self.at, self.row)

    other_side.__annotations__["return"] = TYPES[spec.of].cls | None
    return other_side


def _lister(owner: str, name: str, spec: Many) -> Callable[..., Awaitable[Any]]:
    place = (owner, name)
    of = TYPES[spec.of].cls

    def key_of(self: Any) -> object:  # noqa: ANN401 - a row, or a section, which has no key
        return self.row.value(spec.key) if spec.key is not None else None

    async def short(self: RowObject, **conditions: Any) -> Any:  # noqa: ANN401 - as _signed says
        query = RowQuery(_conditions(spec, conditions), spec.by, first=1 if spec.one else LARGEST + 1)
        rows = await list_rows(self.at, place, spec, key_of(self), query)
        if len(rows) > LARGEST:
            raise problem(LIMIT_EXCEEDED, f"{name} has more than {LARGEST} items; narrow its filter")
        self.at.context.budget.spend(len(rows))
        objects = [object_of(spec.of, self.at, each) for each in rows]
        return objects if not spec.one else objects[0] if objects else None

    async def page(self: RowObject, first: int | None = USUAL, after: str | None = None, **conditions: Any) -> Any:  # noqa: ANN401
        """Resolve a page."""
        relation, key = TYPES[spec.of].relation, key_of(self)
        orders = conditions.pop("order_by", None) or ()
        sorts = sorts_of(spec.of, ((each.field.value, each.direction.value) for each in orders))
        list_of = f"{owner}.{name}{order_name(sorts)}/{self.at.notice}" + ("" if key is None else f"/{key}")
        limit = check_first(first)
        start = decode_cursor(list_of, after, *relation.place_hints(sorts))
        query = RowQuery(_conditions(spec, conditions), spec.by, (), limit + 1, start, sorts)
        rows = await list_rows(self.at, place, spec, key, query)
        self.at.context.budget.spend(len(rows[:limit]))
        return connection(
            list_of,
            PageRequest(limit, after),
            rows,
            lambda row: row.place((*(sort.name for sort in sorts), *relation.order)),
            lambda row: object_of(spec.of, self.at, row),
            lambda: count_rows(self.at, spec, key, query),
        )

    if spec.one:
        return _with_signature(short, of | None)
    conditions = _arguments(spec.of)
    if not spec.paged:
        return _with_signature(short, GenericAlias(list, (of,)), **conditions)
    order = order_of(spec.of)
    if order is not None:
        described = strawberry.argument(description="Fields of the order, at most 5; ties keep the list's order.")
        conditions["order_by"] = (Annotated[list[order] | None, described], None)  # type: ignore[valid-type]
    paging = {"first": (First, USUAL), "after": (After, None)}
    return _with_signature(page, Connection[of], **conditions, **paging)  # type: ignore[valid-type]


def _arguments(of: str) -> dict[str, tuple[Any, Any]]:
    """Return the arguments of a list of these rows: name → type and default."""
    filters, direct = filter_of(of), TYPES[of].arguments
    arguments = {
        name: (Annotated[each.type | None, strawberry.argument(description=each.description)], None)
        for name, each in direct.items()
    }
    if filters is not None:
        described = strawberry.argument(description="Conditions on the rows; all rows if omitted.")
        arguments["filter"] = (Annotated[filters | None, described], None)
    return arguments


def _with_signature(
    resolver: Callable[..., Awaitable[Any]],
    answer: Any,  # noqa: ANN401 - a type of any kind
    **arguments: tuple[Any, Any],
) -> Callable[..., Awaitable[Any]]:
    """Give a resolver these arguments (name → type and default) and this return type."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        Parameter(name, kind, annotation=hint, default=default) for name, (hint, default) in arguments.items()
    ]
    resolver.__annotations__ = {name: hint for name, (hint, _) in arguments.items()} | {"return": answer}
    resolver.__signature__ = Signature([Parameter("self", kind), *parameters], return_annotation=answer)  # type: ignore[attr-defined]
    return resolver


def _conditions(spec: Many, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions on a list's rows.

    Raises:
        GraphQLError: BAD_USER_INPUT, if a filter contradicts a fixed condition.
    """
    declaration = TYPES[spec.of]
    filters = arguments.get("filter")
    conditions = (
        {name: _plain(getattr(filters, name)) for name in declaration.filters} if filters is not None else {}
    )
    conditions |= {name: arguments.get(name) for name in declaration.arguments}
    for name, fixed in spec.where.items():
        if conditions.get(name) not in (None, fixed):
            raise problem(
                BAD_USER_INPUT, f"every row of this list has {name} = {fixed}; leave it out of the filter"
            )
    return conditions | dict(spec.where)


def _entry(spec: EntryAt) -> Callable[..., Awaitable[Any]]:
    async def at_position(self: RowObject) -> Entry | None:
        position = self.row.value(spec.position)
        if position is None:
            return None
        if "entries" not in self.at.loaders:
            at = self.at

            async def load(positions: list[int]) -> list[Entry]:
                return await entries_at(at, positions)

            self.at.loaders["entries"] = DataLoader(load)
        entry: Entry = await self.at.loaders["entries"].load(position)
        return entry

    return at_position
