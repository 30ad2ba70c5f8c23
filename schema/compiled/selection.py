"""An operation's selections, and the rights of their reader. Imports graphql-core."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
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
from projections.errors import ViewStopped
from projections.query.relation import QUERY, Relation
from projections.query.tree import Constant
from schema.compiled.arguments import Arguments, ArgumentValue, CursorPart, check_count
from schema.context import may
from schema.errors import FORBIDDEN, LIMIT_EXCEEDED, problem


class Memory(Struct):
    """Estimate of the bytes of memory that an operation takes, with its plans and statements."""

    bytes: int = 0


class Operation(Struct, frozen=True, eq=False):
    """A valid operation, with the fragments of its document."""

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    memory: Memory = msgspec.field(default_factory=Memory)

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        definition: OperationDefinitionNode,
        fragments: Collection[FragmentDefinitionNode],
    ) -> "Operation":
        """Return the operation with the fragments of its document."""
        return cls(schema, definition, {each.name.value: FragmentDetails(each) for each in fragments})

    @classmethod
    def of_field(cls, info: GraphQLResolveInfo[Any]) -> "Operation":
        """Return the operation that graphql-core executes."""
        return cls.of(info.schema, info.operation, info.fragments.values())

    @property
    def root(self) -> GraphQLObjectType:
        """Root type of queries."""
        return query_type(self.schema)

    def fields(self, variables: VariableValues) -> GroupedFieldSet:
        """Return the selected fields of the root type, by response key."""
        collected = collect_fields(self.schema, self.fragments, variables, self.root, self.definition)
        return collected.grouped_field_set


MOST_CONDITIONS = 500
"""Maximum number of conditions of all lists of a notice; PostgreSQL plans each of them."""
MOST_SEARCHES = 20
"""Maximum number of searches of all lists of a notice; each reads the narratives of many rows."""


class Load(Struct):
    """Counts of the conditions, searches and values so far, over all lists of a notice."""

    conditions: int = 0
    searches: int = 0
    values: int = 0


class Selection(Struct, frozen=True, eq=False):
    """An operation with its variables, for readers of a notice in certain roles."""

    operation: Operation
    variables: VariableValues
    notice: str
    roles: Sequence[Role]
    stopped: Mapping[str, int]
    """Stopped views that are unreadable, with the position that each has reached."""
    load: Load = msgspec.field(default_factory=Load)

    def type(self, name: str) -> GraphQLObjectType:
        """Return an object type of the schema. Raise TypeError if the name is that of another type."""
        object_type = self.operation.schema.type_map[name]
        if not isinstance(object_type, GraphQLObjectType):
            raise TypeError(f"{name} is not an object type")
        return object_type

    def field(self, type_name: str, name: str) -> GraphQLField:
        """Return a field of an object type."""
        field: GraphQLField = self.type(type_name).fields[name]
        return field

    def below(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> GroupedFieldSet:
        """Return the fields selected within these fields of an object, by response key."""
        operation = self.operation
        return collect_subfields(
            operation.schema, operation.fragments, self.variables, operation.definition, parent, details
        ).grouped_field_set

    def require(self, view: str) -> None:
        """Check that the reader may read a view of the notice.

        Raises:
            GraphQLError: FORBIDDEN, if the reader's roles do not read the view.
            ViewStopped: The view has stopped before the position read.
        """
        if not may(self.roles, view):
            names = ", ".join(role.meaning for role in self.roles)
            raise problem(FORBIDDEN, f"your roles in {self.notice} ({names}) do not read the view {view}")
        if view in self.stopped:
            raise ViewStopped(self.notice, view, self.stopped[view])

    def charge(self, relation: Relation[Any], names: Iterable[str]) -> None:
        """Count the conditions of a list towards the limits of its notice.

        Raises:
            GraphQLError: LIMIT_EXCEEDED, if the lists of the notice have too many conditions or searches.
        """
        for name in names:
            self.load.conditions += 1
            self.load.searches += QUERY in relation.condition(name)
        for count, most, unit in (
            (self.load.conditions, MOST_CONDITIONS, "conditions"),
            (self.load.searches, MOST_SEARCHES, "searches for text"),
        ):
            if count > most:
                message = f"the lists of a notice have {count} {unit}, of at most {most}; ask twice"
                raise problem(LIMIT_EXCEEDED, message)

    def check(self, parameters: Iterable[object]) -> None:
        """Check that the present variables have a valid value for each parameter.

        Raises:
            GraphQLError: A value is not valid, or the lists of the notice have too many values.
        """
        parameters = tuple(parameters)
        self.load.values = check_count(parameters, self.variables.coerced, self.load.values)
        for each in parameters:
            if isinstance(each, ArgumentValue | CursorPart):
                each.of(self.variables.coerced, self.notice)

    def arguments(self, field: GraphQLField, details: list[FieldDetails]) -> Arguments:
        """Return the arguments of a field."""
        return Arguments(field, details[0], self.variables)


def query_type(schema: GraphQLSchema) -> GraphQLObjectType:
    """Return the root type of queries. Raise TypeError if the schema has no query type."""
    root = schema.query_type
    if root is None:
        raise TypeError("the schema has no query type")
    return root


def constant(value: object) -> Constant:
    """Return the tree of a constant value in the answer."""
    return Constant(msgspec.json.encode(value).decode())


def object_of(field: GraphQLField) -> GraphQLObjectType:
    """Return the type of a field's object, or of each item of its list. Raise TypeError for another field."""
    object_type = get_named_type(field.type)
    if not isinstance(object_type, GraphQLObjectType):
        raise TypeError(f"{object_type} is not an object type")
    return object_type


def python_name(field: GraphQLField) -> str:
    """Return the Python name of a field."""
    name: str = field.extensions["strawberry-definition"].python_name
    return name
