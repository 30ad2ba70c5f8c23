"""Answers evaluated field by field in Python: the measure of compiled answers.

graphql-core executes a document over the committed SDL, with the fields of `tests.schema.compiled.fields`.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    graphql,
)
from graphql.pyutils import camel_to_snake
from msgspec import Struct

import schema
from ledger.domain.roles import Role
from projections.query.reader import AsOf, Reader
from schema.context import suppressed
from schema.derive.declaration import SECTIONS, TYPES, node
from schema.derive.node import kind_of, parse_id
from schema.derive.order import order_name, sorts_of
from schema.types.scalars import instant, instant_text
from tests.projections.rows import RowQuery, find
from tests.schema.compiled import groups_by_fields, pages
from tests.schema.compiled.fields import (
    Answer,
    At,
    Item,
    accepted_places,
    declared_field,
    entry_at,
    list_field,
    seen,
)
from tests.schema.compiled.pages import Ordered, Page, in_order

SDL = Path(schema.__file__).with_name("schema.graphql")


async def evaluate(
    reader: Reader, roles: Sequence[Role], notices: Sequence[str], document: str, variables: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """Return the answer without its extensions' envelope, and the number of rows in its lists."""
    answer = Answer(reader, roles, notices)
    try:
        result = await graphql(
            _schema(), document, variable_values=dict(variables), context_value=answer, root_value=answer
        )
    finally:
        await answer.settle()
        for manager in reversed(answer.open):
            await manager.__aexit__(None, None, None)
    read = [
        {"notice": notice, "position": position, "rootHash": root}
        for notice, position, root in sorted(answer.read)
    ]
    formatted = {"data": result.data, "extensions": {"ledger": read}}
    return formatted | ({"errors": [each.message for each in result.errors]} if result.errors else {}), answer.rows


_BUILT: list[GraphQLSchema] = []


def _schema() -> GraphQLSchema:
    if not _BUILT:
        built = build_schema(SDL.read_text("utf-8"))
        _BUILT.append(built)
        scalars: Any = built.type_map
        scalars["DateTime"].coerce_output_value = instant_text
        scalars["DateTime"].coerce_input_value = instant
        scalars["Date"].coerce_output_value = date.isoformat
        scalars["Date"].coerce_input_value = lambda text: msgspec.convert(text, date)
        for name, kind in built.type_map.items():
            if isinstance(kind, GraphQLInputObjectType):
                for field_name, field in kind.fields.items():
                    field.out_name = camel_to_snake(field_name)
            # All schemas share the types of introspection.
            if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
                for field_name, each in kind.fields.items():
                    for argument_name, argument in each.args.items():
                        argument.out_name = camel_to_snake(argument_name)
                    each.resolve = _whole(_resolver(name, camel_to_snake(field_name)))
        node: Any = built.type_map["Node"]
        node.resolve_type = lambda item, *_: item.name
    return _BUILT[0]


def _whole(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """Return the resolver with reads that end even if graphql-core cancels them after a neighbour's error.

    A cancelled statement aborts the transaction, and later fields would be read as errors.
    """

    def resolve(item: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = resolver(item, info, **arguments)
        answer: Answer = info.context
        return answer.shielded(value) if inspect.isawaitable(value) else value

    return resolve


def _resolver(kind: str, name: str) -> Callable[..., Any]:
    if kind == "Query":
        return _ROOTS[name]
    if kind in TYPES:
        return declared_field(kind, name)
    if kind in SECTIONS and name == "id":
        return lambda item, _info: f"{item.at.global_id}/{kind_of(kind)}"
    if kind in SECTIONS:
        return list_field(kind, name, SECTIONS[kind].lists[name])
    own = {"Connection": pages.FIELDS, "Group": groups_by_fields.MEMBERS, "Entry": {"actor_node": _recorder}}
    for ending, fields in own.items():
        if kind.endswith(ending) and name in fields:
            return fields[name]
    return lambda item, _info: item[name] if isinstance(item, Mapping) else getattr(item, name)


class _Recorder(Struct, frozen=True):
    """The actor of an entry, in place of a row."""

    actor: str

    def value(self, name: str) -> str:
        """Return the actor."""
        assert name == "actor"
        return self.actor


_actor_of = list_field("Entry", "actor_node", node("Actor", "actor"))


async def _recorder(item: Mapping[str, Any], info: Any) -> Item | None:
    """Return the actor who recorded an entry; nobody if the entry is withheld."""
    if item["withheld"]:
        return None
    actor: Item | None = await _actor_of(Item(item["at"], "Entry", _Recorder(item["actor"])), info)
    return actor


async def _found(at: At, name: str, conditions: Mapping[str, Any]) -> Item | None:
    declaration = TYPES[name]
    at.require(declaration.relation.view)
    redacted = declaration.relation.view in suppressed(at.roles)
    query = RowQuery({**conditions, **seen(at, name)}, first=1)
    (rows,) = await find(at.snapshot, declaration.relation, query, redacted=redacted)
    return Item(at, name, rows[0]) if rows else None


async def _notice(answer: Answer, _info: Any, **arguments: Any) -> Item | None:
    requested = arguments.get("as_of")
    as_of = AsOf(requested.get("position"), requested.get("known_at")) if requested else None
    at = await answer.at(arguments["id"], as_of, arguments.get("on"), arguments.get("at_least"))
    return await _found(at, "Notice", {})


async def _notices(answer: Answer, _info: Any, **arguments: Any) -> Page:
    sorts = sorts_of("Notice", ((each["field"], each["direction"]) for each in arguments.get("order_by") or ()))
    items: list[Item] = []
    for notice in sorted(answer.notices):
        at = await answer.at(notice, None, arguments.get("on"))
        item = await _found(at, "Notice", {})
        if item is not None and await accepted_places(at, "Notice", arguments.get("filter") or {}):
            items.append(item)
    items = in_order(items, sorts, lambda item, sort: item.row.value(sort.name))
    places = [[*(item.row.value(sort.name) for sort in sorts), item.at.snapshot.notice] for item in items]
    relation = TYPES["Notice"].relation
    hints = (*(relation.hints[sort.name] | None for sort in sorts), str)
    ordered = Ordered(f"Query.notices{order_name(sorts)}/", items, places, hints, sorts)
    page = ordered.page(arguments, lambda by: answer.groups("Notice", [item.row for item in items], by))
    answer.rows += len(page.nodes)
    return page


class Entry(dict[str, Any]):
    """An entry as a node."""

    name = "Entry"


async def _node(answer: Answer, _info: Any, **arguments: Any) -> Any:
    parsed = parse_id(arguments["id"])
    if parsed is None:
        raise GraphQLError("not found")
    as_of = None if parsed.position is None else AsOf(position=parsed.position)
    at = await answer.at(parsed.notice, as_of, parsed.on)
    name = f"{parsed.kind[:1].upper()}{parsed.kind[1:]}" or "Notice"
    declaration = TYPES.get(name)
    if name == "Entry" and re.fullmatch("[1-9][0-9]*", parsed.key) and int(parsed.key) <= at.snapshot.position:
        return Entry(await entry_at(at, int(parsed.key)) or {})
    if declaration is None or (parsed.kind and declaration.node is None):
        raise GraphQLError("not found")
    item = await _found(at, name, {declaration.node: parsed.key} if declaration.node else {})
    if item is None:
        raise GraphQLError("not found")
    return item


_ROOTS: Mapping[str, Callable[..., Any]] = {
    "notice": _notice,
    "notices": _notices,
    "node": _node,
    "me": lambda answer, _: {
        "actor": "somebody",
        "parts": [{"notice": notice, "roles": [role.value for role in answer.roles]} for notice in answer.notices],
    },
}
