"""GraphQL object types, connections and filters, made from the declarations. Imports strawberry."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from inspect import Parameter, Signature
from threading import Lock
from types import GenericAlias
from typing import Annotated, Any, get_origin

import strawberry
from strawberry.dataloader import DataLoader

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import ComputedRow, RowQuery
from schema.context import Standpoint
from schema.derive.connection import LARGEST, USUAL, After, Connection, First, checked, connection, place_after
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Many, ObjectDeclaration, RowObject, Same, Value
from schema.derive.resolvers import listed, made
from schema.errors import BAD_USER_INPUT, LIMIT_EXCEEDED, problem
from schema.types.entries import Entry, Narrative, entries_at
from schema.types.enums import enum_of
from schema.types.scalars import Json

_making = Lock()


def finish() -> None:
    """Makes GraphQL types of all that was declared; once in a process, when every module is there."""
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
        strawberry.type(cls, description=_told(cls))


def _make(shown_as: ObjectDeclaration) -> None:
    cls = shown_as.cls
    annotations: dict[str, Any] = {
        "at": strawberry.Private[Standpoint],
        "found": strawberry.Private[ComputedRow[Any]],
    }
    for name, spec in shown_as.fields.items():
        match spec:
            case Value():
                _add_value(shown_as, name, spec, annotations)
            case Many():
                setattr(
                    cls, name, strawberry.field(_lister(cls.__name__, name, spec), description=spec.description)
                )
            case EntryAt():
                setattr(cls, name, strawberry.field(_entry(spec), description=spec.description))
            case Same():
                setattr(cls, name, strawberry.field(_same(spec), description=spec.description))
    cls.__annotations__ = annotations
    strawberry.type(cls, description=_told(cls))


def _told(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def _add_value(shown_as: ObjectDeclaration, name: str, spec: Value, annotations: dict[str, Any]) -> None:
    hint = shown_as.relation.hints[spec.name or name]
    field = unwrap(hint)
    bare, optional = field.column_type, field.optional
    setattr(shown_as.cls, name, strawberry.field(description=spec.description))
    if bare is NarrativeRef:
        annotations[name] = str | None
        annotations[f"{name}_erased_by"] = int | None
        told = f"The position of the entry that erased the {name.replace('_', ' ')}."
        setattr(shown_as.cls, f"{name}_erased_by", strawberry.field(description=told))
        return
    found = spec.type or {dict: Json}.get(bare, bare)
    if isinstance(found, type) and issubclass(found, WordList):
        found = enum_of(found)
    if bare == list[NarrativeRef]:
        found = list[Narrative]
    elif get_origin(bare) is list and spec.type is not None:
        found = GenericAlias(list, (found,))
    annotations[name] = found | None if optional else found


@cache
def filter_of(name: str) -> type | None:
    """The input type by which rows of a type are filtered; None where it has no filters."""
    filters = TYPES[name].filters
    if not filters:
        return None
    members = {key: strawberry.field(default=None, description=each.description) for key, each in filters.items()}
    annotations = {
        key: (enum_of(each.type) if isinstance(each.type, type) and issubclass(each.type, WordList) else each.type)
        | None
        for key, each in filters.items()
    }
    made = type(f"{name}Filter", (), {"__annotations__": annotations, "__module__": __name__, **members})
    return strawberry.input(made, description="Which are asked for; all that is named must hold.")


def _plain(item: object) -> Any:  # noqa: ANN401 - as it comes
    if isinstance(item, WordList):
        return item.value
    return [_plain(each) for each in item] if isinstance(item, list) else item


def _same(spec: Same) -> Callable[[RowObject], Any]:
    def other_side(self: RowObject) -> Any:  # noqa: ANN401 - annotated below
        return None if self.found.value(spec.unless) is None else made(spec.of, self.at, self.found)

    other_side.__annotations__["return"] = TYPES[spec.of].cls | None
    return other_side


def _lister(owner: str, name: str, spec: Many) -> Callable[..., Awaitable[Any]]:
    place = (owner, name)
    of = TYPES[spec.of].cls

    def key_of(self: Any) -> object:  # noqa: ANN401 - a row, or a section, which has no key
        return self.found.value(spec.key) if spec.key is not None else None

    async def short(self: RowObject, **asked: Any) -> Any:  # noqa: ANN401 - as _signed says
        wanted = RowQuery(_conditions(spec, asked), spec.by, first=1 if spec.one else LARGEST + 1)
        found = await listed(self.at, place, spec, key_of(self), wanted)
        if len(found) > LARGEST:
            raise problem(LIMIT_EXCEEDED, f"{name} has more than {LARGEST} items; ask for fewer by its filter")
        self.at.context.budget.spend(len(found))
        objects = [made(spec.of, self.at, each) for each in found]
        return objects if not spec.one else objects[0] if objects else None

    async def page(self: RowObject, first: int = USUAL, after: str | None = None, **asked: Any) -> Any:  # noqa: ANN401
        """A page."""
        relation, key = TYPES[spec.of].relation, key_of(self)
        list_of = f"{owner}.{name}/{self.at.notice}" + ("" if key is None else f"/{key}")
        limit = checked(first)
        start = place_after(list_of, after, *(relation.hints[each] for each in relation.order))
        wanted = RowQuery(_conditions(spec, asked), spec.by, (), limit + 1, start)
        found = await listed(self.at, place, spec, key, wanted)
        self.at.context.budget.spend(len(found[:limit]))
        return connection(
            list_of,
            found,
            limit,
            after,
            lambda row: row.place(relation.order),
            lambda row: made(spec.of, self.at, row),
        )

    if spec.one:
        return _signed(short, of | None)
    asked = _asked(spec.of)
    if not spec.paged:
        return _signed(short, GenericAlias(list, (of,)), **asked)
    paging = {"first": (First, USUAL), "after": (After, None)}
    return _signed(page, Connection[of], **asked, **paging)  # type: ignore[valid-type]


def _asked(of: str) -> dict[str, tuple[Any, Any]]:
    """The arguments by which rows of a type are asked for: name → type and default."""
    filters, direct = filter_of(of), TYPES[of].arguments
    found = {
        name: (Annotated[each.type | None, strawberry.argument(description=each.description)], None)
        for name, each in direct.items()
    }
    if filters is not None:
        described = strawberry.argument(description="Which of them; all, if left out.")
        found["filter"] = (Annotated[filters | None, described], None)
    return found


def _signed(
    resolver: Callable[..., Awaitable[Any]],
    answer: Any,  # noqa: ANN401 - a type of any kind
    **arguments: tuple[Any, Any],
) -> Callable[..., Awaitable[Any]]:
    """A resolver that takes these arguments, name → type and default, and answers with that type."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    given = [Parameter(name, kind, annotation=hint, default=usual) for name, (hint, usual) in arguments.items()]
    resolver.__annotations__ = {name: hint for name, (hint, _) in arguments.items()} | {"return": answer}
    resolver.__signature__ = Signature([Parameter("self", kind), *given], return_annotation=answer)  # type: ignore[attr-defined]
    return resolver


def _conditions(spec: Many, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a list's rows have to fulfil; raises GraphQLError (BAD_USER_INPUT) where that contradicts itself."""
    shown_as = TYPES[spec.of]
    given = asked.get("filter")
    found = {name: _plain(getattr(given, name)) for name in shown_as.filters} if given is not None else {}
    found |= {name: asked.get(name) for name in shown_as.arguments}
    for name, fixed in spec.where.items():
        if found.get(name) not in (None, fixed):
            raise problem(
                BAD_USER_INPUT, f"every row of this list has {name} = {fixed}; leave it out of the filter"
            )
    return found | dict(spec.where)


def _entry(spec: EntryAt) -> Callable[..., Awaitable[Any]]:
    async def at_position(self: RowObject) -> Entry | None:
        position = self.found.value(spec.position)
        if position is None:
            return None
        if "entries" not in self.at.loaders:
            at = self.at

            async def load(positions: list[int]) -> list[Entry]:
                return await entries_at(at, positions)

            self.at.loaders["entries"] = DataLoader(load)
        found: Entry = await self.at.loaders["entries"].load(position)
        return found

    return at_position
