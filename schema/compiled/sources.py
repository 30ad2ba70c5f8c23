"""Values that graphql-core completes: each field that reads a notice takes its whole selection from one statement.

The statement's JSON is the value of the field. A field below takes its own value from that JSON, by its
response key. Imports strawberry and graphql-core.
"""

from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, get_named_type
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from strawberry.types import Info

from schema.compiled.execution import Build, Execution, NoticePart, Request
from schema.compiled.roots import root_of, values
from schema.compiled.selection import Operation, query_type
from schema.context import Context, Standpoint


async def read(info: Info[Context, Any], standpoint: Standpoint, build: Build) -> tuple[Any, int]:
    """Return the value of a field that reads a notice, and the position read.

    Args:
        info: The field.
        standpoint: The notice, and the position and instant at which it is read.
        build: Builder of the field's tree.

    Raises:
        GraphQLError: The viewer may not read the notice, or the read takes too many rows or too much time.
        LedgerError: The notice cannot be read.
    """
    field = info._raw_info  # noqa: SLF001 - strawberry has no public name for it
    part = NoticePart(Operation.of_field(field), _details(field), build)
    (value,), position = await _execution(field).read([Request(standpoint, part)])
    return value, position


def take_values(schema: GraphQLSchema) -> None:
    """Make the fields of the query types resolve from the values that their root field has read."""
    query = query_type(schema)
    waiting, types = [get_named_type(field.type) for field in query.fields.values()], set[str]()
    for field in query.fields.values():
        field.resolve = _root
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


async def _root(_source: object, info: GraphQLResolveInfo[Any], **_arguments: object) -> Any:  # noqa: ANN401 - JSON
    field, key = info.parent_type.fields[info.field_name], str(info.path.key)
    root = root_of(Operation.of_field(info), field, _details(info), _variables(info))
    return (await values(_execution(info), {key: root}))[key]


def _value(source: dict[str, Any], info: GraphQLResolveInfo[Any], **_arguments: object) -> Any:  # noqa: ANN401 - JSON
    return source[str(info.path.key)]


def _execution(field: GraphQLResolveInfo[Any]) -> Execution:
    return Execution(field.context, _variables(field), exact=False)


def _details(field: GraphQLResolveInfo[Any]) -> list[FieldDetails]:
    return [FieldDetails(node, None) for node in field.field_nodes]


def _variables(field: GraphQLResolveInfo[Any]) -> VariableValues:
    """Return the coerced variables in graphql-core's own form, which strawberry does not pass on."""
    coerced: Any = field.variable_values
    return VariableValues({}, coerced)
