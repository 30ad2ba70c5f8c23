"""Values that graphql-core completes: each field that reads a notice takes its whole selection from one statement.

The statement's JSON is the value of the field. A field below takes its own value from it by its response key.
Imports strawberry and graphql-core.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, get_named_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from msgspec import Struct
from strawberry.types import Info

from projections.query.reader import AsOf
from projections.query.sql import compose
from projections.query.tree import Listing
from schema.compiled.arguments import ArgumentValue, values_of
from schema.compiled.leaves import place
from schema.compiled.selection import Operation, Selection, python_name
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, Standpoint, suppressed
from schema.derive.declaration import SECTIONS, TYPES
from schema.derive.node import GlobalId, Node
from schema.limits import ROWS
from schema.types.notice import Notice

T = TypeVar("T")


class Source(Struct, frozen=True):
    """A decoded answer, and the position read."""

    value: Any
    """The object by response key; None if no row meets the conditions."""
    position: int


class TypedObject(dict[str, Any]):
    """An object of an interface, with the name of its type."""

    type_name: str


Build = Callable[[TreeBuilder, list[FieldDetails]], Listing]
"""Builder of the tree of a field, from the nodes that select it."""


async def read(info: Info[Context, Any], standpoint: Standpoint, build: Build) -> Source:
    """Read the selection of a field from one snapshot of a notice.

    Args:
        info: The field.
        standpoint: The notice, and the point at which it is read.
        build: Builder of the field's tree.

    Raises:
        GraphQLError: The viewer may not read it, or it takes too many rows or too much time.
        ReadingError: The snapshot cannot be read.
    """
    context, field = info.context, info._raw_info  # noqa: SLF001 - strawberry has no public name for it
    roles = await context.roles(standpoint.notice)
    context.budget.in_time()
    if standpoint.snapshot in context.failures:
        raise context.failures[standpoint.snapshot]
    async with (
        context.turn,
        context.reader.at(
            standpoint.notice,
            as_of=standpoint.as_of,
            on=standpoint.on,
            at_least=standpoint.at_least,
            wait=context.wait,
            composed=True,
        ) as snapshot,
    ):
        variables = variables_of(field)
        selection = Selection(Operation.of_field(field), variables, standpoint.notice, roles, snapshot.stopped)
        builder = TreeBuilder(selection, is_as_of=standpoint.is_as_of, is_on=standpoint.on is not None)
        tree = build(builder, [FieldDetails(node, None) for node in field.field_nodes])
        statement = compose(tree, suppressed(roles), exact=False, most_rows=ROWS)
        values = values_of(statement.parameters, variables.coerced, standpoint.notice)
        (answer,) = await snapshot.answer(
            [(statement, values, None)], is_last=not builder.leaves, seconds=context.budget.seconds
        )
        json, rows = answer or (b"null", 0)
        value = msgspec.json.decode(json)
        await place(builder.leaves, value, context, snapshot)
    context.budget.spend(rows)
    context.read.add((snapshot.notice, snapshot.position, snapshot.root_hash))
    if not standpoint.is_as_of:
        context.latest.add(snapshot.notice)
    return Source(value, snapshot.position)


async def read_notice(info: Info[Context, Any], standpoint: Standpoint) -> Notice:
    """Return a notice, as `read` does."""
    source = await read(info, standpoint, lambda builder, details: builder.object("Notice", details))
    return cast(Notice, source.value)


async def read_node(info: Info[Context, Any], of: GlobalId) -> Node | None:
    """Return the object that a global id names, as `read` does; None if no object has it."""
    as_of = AsOf() if of.position is None else AsOf(position=of.position)
    name = f"{of.kind[:1].upper()}{of.kind[1:]}" or "Notice"
    conditions: dict[str, object] = {}
    if name == "Entry":
        if not re.fullmatch("[1-9][0-9]{0,9}", of.key):
            return None
        conditions = {"position": ArgumentValue(None, constant=int(of.key))}
    elif of.kind and not of.key:
        if name not in SECTIONS:
            return None
    elif of.kind:
        declaration = TYPES.get(name)
        if declaration is None or declaration.node is None:
            return None
        conditions = {declaration.node: ArgumentValue(None, constant=of.key)}
    standpoint = Standpoint(of.notice, as_of, on=of.on)
    source = await read(info, standpoint, lambda builder, details: builder.object(name, details, conditions))
    if source.value is None:
        return None
    node = TypedObject(source.value)
    node.type_name = name
    return cast(Node, node)


def selected(info: Info[Context, Any], of: type[T], values: Mapping[str, Any]) -> T:
    """Return an object of a type as a source: the selected values by response key.

    Args:
        info: The field that returns the object.
        of: The type.
        values: Values by Python name.
    """
    field = info._raw_info  # noqa: SLF001 - strawberry has no public name for it
    selection = Selection(Operation.of_field(field), variables_of(field), "", (), {})
    kind, details = selection.type(of.__name__), [FieldDetails(node, None) for node in field.field_nodes]
    source = {
        key: values[python_name(kind.fields[each[0].node.name.value])]
        for key, each in selection.below(kind, details).items()
        if each[0].node.name.value in kind.fields
    }
    return cast(T, source)


def variables_of(field: GraphQLResolveInfo[Any]) -> VariableValues:
    """Return the variables as graphql-core has them; strawberry passes on their coerced values only."""
    coerced: Any = field.variable_values
    return VariableValues({}, coerced)


def take_values(schema: GraphQLSchema) -> None:
    """Make every type of a notice take the values of its fields from the object that was read."""
    waiting, types = [schema.type_map[name] for name in ("Notice", "NoticeConnection", "Node")], set[str]()
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = lambda value, *_: value.type_name
            waiting += schema.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType) and kind.name not in types:
            types.add(kind.name)
            kind.is_type_of = None
            for field in kind.fields.values():
                field.resolve = _value
                waiting.append(get_named_type(field.type))


def _value(source: dict[str, Any], info: GraphQLResolveInfo[Any], **_arguments: object) -> Any:  # noqa: ANN401 - JSON
    return source[str(info.path.key)]
