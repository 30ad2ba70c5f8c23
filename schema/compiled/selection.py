"""An operation's selections, and the roles of their reader. Imports graphql-core."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from msgspec import Struct

from ledger.domain.roles import Role
from projections.query.tree import Constant
from schema.compiled.arguments import Arguments, CursorPart
from schema.compiled.fallback import NotCompiled
from schema.context import may
from schema.derive.connection import LARGEST, USUAL


class Operation(Struct, frozen=True, eq=False):
    """A valid query."""

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        definition: OperationDefinitionNode,
        fragments: Collection[FragmentDefinitionNode],
    ) -> "Operation":
        """Return the operation with the fragments of its document."""
        return cls(schema, definition, {each.name.value: FragmentDetails(each) for each in fragments})

    @property
    def root(self) -> GraphQLObjectType:
        """Root type of queries."""
        root = self.schema.query_type
        if root is None:
            raise TypeError("the schema has no query type")
        return root

    def fields(self, variables: VariableValues) -> GroupedFieldSet:
        """Return the fields at the root, by key."""
        collected = collect_fields(self.schema, self.fragments, variables, self.root, self.definition)
        return collected.grouped_field_set


class Selection(Struct, frozen=True, eq=False):
    """An operation with its variables, for readers in certain roles."""

    operation: Operation
    variables: VariableValues
    roles: Sequence[Role]

    def below(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> GroupedFieldSet:
        """Return the fields below these, by key."""
        operation = self.operation
        return collect_subfields(
            operation.schema, operation.fragments, self.variables, operation.definition, parent, details
        ).grouped_field_set

    def require(self, view: str) -> None:
        """Raise NotCompiled if the reader may not read the view."""
        if not may(self.roles, view):
            raise NotCompiled("refused")

    def arguments(self, field: GraphQLField, details: list[FieldDetails]) -> Arguments:
        """Return the arguments of a field."""
        return Arguments(field, details[0], self.variables)


def cursor_parts(arguments: Arguments, of_list: str, *hints: Any) -> tuple[CursorPart, ...]:  # noqa: ANN401 - types
    """Return one parameter for each part of the place after which a page begins; empty for the first page."""
    cursor = arguments.argument("after")
    if cursor is None:
        return ()
    return tuple(CursorPart(cursor, of_list, hints, part) for part in range(len(hints)))


def first_of(arguments: Arguments) -> int:
    """Return the most rows that a page may have."""
    first: int = USUAL if arguments.values["first"] is None else arguments.values["first"]
    if not 1 <= first <= LARGEST:
        raise NotCompiled("arguments")
    return first


def constant(value: object) -> Constant:
    """Return a constant of the answer."""
    return Constant(msgspec.json.encode(value).decode())


def object_of(field: GraphQLField) -> GraphQLObjectType:
    """Return the type of a field's object, or of each item of its list."""
    object_type = get_named_type(field.type)
    if not isinstance(object_type, GraphQLObjectType):
        raise NotCompiled("interface" if is_abstract_type(object_type) else "others")
    return object_type


def python_name(field: GraphQLField) -> str:
    """Return the Python name of a field."""
    name: str = field.extensions["strawberry-definition"].python_name
    return name
