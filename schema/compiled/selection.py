"""A selection of an operation: its fields, and who reads. Imports graphql-core."""

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
from schema.compiled.arguments import After, Arguments
from schema.compiled.fallback import NotCompiled
from schema.context import may
from schema.derive.connection import LARGEST


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
        """The operation and the fragments of its document."""
        return cls(schema, definition, {each.name.value: FragmentDetails(each) for each in fragments})

    @property
    def root(self) -> GraphQLObjectType:
        """The type of queries."""
        root = self.schema.query_type
        if root is None:
            raise TypeError("the schema has no queries")
        return root

    def fields(self, variables: VariableValues) -> GroupedFieldSet:
        """The fields at its root, by key."""
        found = collect_fields(self.schema, self.fragments, variables, self.root, self.definition)
        return found.grouped_field_set


class Selection(Struct, frozen=True, eq=False):
    """An operation with its variables, for readers in these roles."""

    operation: Operation
    variables: VariableValues
    roles: Sequence[Role]

    def below(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> GroupedFieldSet:
        """The fields below some, by key."""
        operation = self.operation
        return collect_subfields(
            operation.schema, operation.fragments, self.variables, operation.definition, parent, details
        ).grouped_field_set

    def require(self, view: str) -> None:
        """Raises NotCompiled where the reader may not read that view."""
        if not may(self.roles, view):
            raise NotCompiled("refused")

    def arguments(self, field: GraphQLField, details: list[FieldDetails]) -> Arguments:
        """The arguments of a field."""
        return Arguments(field, details[0], self.variables)


def after_of(arguments: Arguments, of_list: str, *hints: Any) -> tuple[After, ...]:  # noqa: ANN401 - types
    """The place after which a page begins: a parameter for each part; none where it begins at the start."""
    cursor = arguments.asked("after")
    if cursor is None:
        return ()
    return tuple(After(cursor, of_list, hints, part) for part in range(len(hints)))


def first_of(arguments: Arguments) -> int:
    """How many rows a page has at most."""
    first: int = arguments.values["first"]
    if not 1 <= first <= LARGEST:
        raise NotCompiled("arguments")
    return first


def constant(value: object) -> Constant:
    """A value that is known."""
    return Constant(msgspec.json.encode(value).decode())


def object_of(field: GraphQLField) -> GraphQLObjectType:
    """The type of a field's object, or of each of its list."""
    found = get_named_type(field.type)
    if not isinstance(found, GraphQLObjectType):
        raise NotCompiled("interface" if is_abstract_type(found) else "others")
    return found


def python_name(field: GraphQLField) -> str:
    """What a field is called where it is declared."""
    name: str = field.extensions["strawberry-definition"].python_name
    return name
