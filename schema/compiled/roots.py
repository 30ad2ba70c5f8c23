"""Root fields of queries: a notice, an object by its global id, the list of notices, and the viewer.

A compiled operation keeps its roots for variables of the same shape. Imports graphql-core.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

import msgspec
from graphql import GraphQLField, GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from msgspec import Struct, structs

from projections.query.reader import AsOf
from projections.query.tree import Listing
from schema.compiled.arguments import Arguments, ArgumentValue, Variables, value_of
from schema.compiled.execution import Execution, NoticePart, Request
from schema.compiled.national import NoticeList
from schema.compiled.selection import Operation, Selection, object_of, python_name
from schema.compiled.tree_builder import TreeBuilder, notice_tree
from schema.context import Standpoint
from schema.derive.declaration import SECTIONS, TYPES
from schema.derive.node import GlobalId, parse_id
from schema.errors import BAD_USER_INPUT, no_notice, problem


class TypedObject(dict[str, Any]):
    """An object of an interface, with the name of its type."""

    type_name: str


class NoticeRoot(Struct, frozen=True, eq=False):
    """Root field with a notice."""

    part: NoticePart
    arguments: Mapping[str, ArgumentValue | None]

    @classmethod
    def of(cls, operation: Operation, details: list[FieldDetails], arguments: Arguments) -> "NoticeRoot":
        """Return the root field of a notice with its arguments."""
        read = {
            "notice": arguments.argument("id"),
            "on": arguments.argument("on"),
            "position": arguments.argument("asOf", "position", via=partial(_at_least_one, "asOf.position")),
            "known_at": arguments.argument("asOf", "knownAt"),
            "at_least": arguments.argument("atLeast", via=partial(_at_least_one, "atLeast")),
        }
        return cls(NoticePart(operation, details, notice_tree), read)

    def request(self, variables: Variables) -> Request:
        """Return the request for the notice at the standpoint that the variables name.

        Raises:
            GraphQLError: BAD_USER_INPUT, for a position below 1 or a text that PostgreSQL cannot represent.
        """
        values = {name: value_of(argument, variables) for name, argument in self.arguments.items()}
        as_of = AsOf(values["position"], values["known_at"])
        return Request(Standpoint(values["notice"], as_of, values["at_least"], values["on"]), self.part)

    def value(self, json: Any, _variables: Variables) -> Any:  # noqa: ANN401 - JSON
        """Return the notice that was read."""
        return json


class NodeRoot(Struct, frozen=True, eq=False):
    """Root field with an object by its global id."""

    operation: Operation
    details: list[FieldDetails]
    id: ArgumentValue
    """Argument with the global id, converted to its parts."""
    parts: dict[str, NoticePart] = msgspec.field(default_factory=dict)
    """Parts of the operation, by the type of the object that the part reads."""

    def request(self, variables: Variables) -> Request:
        """Return the request for the object at the standpoint that its id names.

        Raises:
            GraphQLError: NOT_FOUND, if no object can have this id. BAD_USER_INPUT, for a text that PostgreSQL
                cannot represent.
        """
        of: GlobalId = self.id.of(variables)
        name, field = of.type_name, _key_field(of)  # which refuses this id, whichever came before
        if name not in self.parts:
            self.parts[name] = NoticePart(self.operation, self.details, partial(self._tree, name, field))
        as_of = AsOf() if of.position is None else AsOf(position=of.position)
        return Request(Standpoint(of.notice, as_of, on=of.on), self.parts[name])

    def value(self, json: Any, variables: Variables) -> Any:  # noqa: ANN401 - JSON
        """Return the object that was read.

        Raises:
            GraphQLError: NOT_FOUND, if no object has the id.
        """
        if json is None or json == msgspec.Raw(b"null"):
            raise no_notice()
        if isinstance(json, msgspec.Raw):
            return json
        node = TypedObject(json)
        node.type_name = self.id.of(variables).type_name
        return node

    def _tree(self, name: str, field: str | None, builder: TreeBuilder, details: list[FieldDetails]) -> Listing:
        key = structs.replace(self.id, via=_position if name == "Entry" else _key)
        return builder.object(name, details, {} if field is None else {field: key})


class ViewerRoot(Struct, frozen=True, eq=False):
    """Root field with the viewer and their roles."""

    operation: Operation
    field: GraphQLField
    details: list[FieldDetails]

    async def read(self, execution: Execution) -> dict[str, Any]:
        """Return the selected values of the viewer and their roles, by response key."""
        context = execution.context
        parts = [{"notice": notice, "roles": list(roles)} for notice, roles in (await context.parts()).items()]
        selection = Selection(self.operation, execution.variables, "", (), {})
        values = {"actor": context.viewer.credential.actor, "parts": parts}
        return _selected(selection, object_of(self.field), self.details, values)


ObjectRoot: TypeAlias = NoticeRoot | NodeRoot
Root: TypeAlias = ObjectRoot | NoticeList | ViewerRoot


def root_of(
    operation: Operation, field: GraphQLField, details: list[FieldDetails], variables: VariableValues
) -> Root:
    """Return the root field that a query selects.

    Raises:
        GraphQLError: An argument is wrong, or a limit is exceeded.
    """
    arguments = Arguments(field, details[0], variables)
    match python_name(field):
        case "notice":
            return NoticeRoot.of(operation, details, arguments)
        case "node":
            return NodeRoot(operation, details, arguments.argument("id", via=_parsed) or ArgumentValue("id", None))
        case "notices":
            return NoticeList.of(operation, details, arguments, variables)
    return ViewerRoot(operation, field, details)


async def values(execution: Execution, roots: Mapping[str, Root]) -> dict[str, Any]:
    """Return the values of root fields by response key. Objects from the same snapshot share a transaction."""
    variables = execution.variables.coerced
    snapshots: dict[object, list[tuple[str, ObjectRoot, Request]]] = {}
    read: dict[str, Any] = {}
    for key, root in roots.items():
        if isinstance(root, NoticeList | ViewerRoot):
            read[key] = await root.read(execution)
        else:
            request = root.request(variables)
            snapshots.setdefault(request.standpoint.snapshot, []).append((key, root, request))
    for objects in snapshots.values():
        answers, _ = await execution.read([request for _, _, request in objects])
        read |= {key: root.value(json, variables) for (key, root, _), json in zip(objects, answers, strict=True)}
    return read


def _at_least_one(name: str, position: int) -> int:
    if position < 1:
        raise problem(BAD_USER_INPUT, f"{name} is {position}; entries are numbered from 1")
    return position


def _parsed(text: str) -> GlobalId:
    parsed = parse_id(text)
    if parsed is None:
        raise no_notice()
    return parsed


def _key(text: str) -> str:
    return _parsed(text).key


def _position(text: str) -> int:
    return int(_key(text))


def _key_field(of: GlobalId) -> str | None:
    """Return the field with the key of an object's global id; None for an id without a key.

    Raises:
        GraphQLError: NOT_FOUND, if no object has such an id.
    """
    if not of.kind or (not of.key and of.type_name in SECTIONS):
        return None
    if of.type_name == "Entry" and re.fullmatch("[1-9][0-9]{0,9}", of.key):
        return "position"
    declaration = TYPES.get(of.type_name)
    if not of.key or declaration is None or declaration.node is None:
        raise no_notice()
    return declaration.node


def _selected(
    selection: Selection, kind: GraphQLObjectType, details: list[FieldDetails], source: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the selected values of an object, and of the objects in its lists, by response key."""
    values: dict[str, Any] = {}
    for key, each in selection.below(kind, details).items():
        field = kind.fields.get(each[0].node.name.value)
        value: Any = kind.name if field is None else source[python_name(field)]
        if field is not None and isinstance(get_named_type(field.type), GraphQLObjectType):
            value = [_selected(selection, object_of(field), each, item) for item in value]
        values[key] = value
    return values
