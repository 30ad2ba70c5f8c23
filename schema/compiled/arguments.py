"""Arguments of a compiled operation: constants, or places in the variables.

A statement is reused for variables of the same shape. Its parameters are therefore places, not values.
Imports graphql-core.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues, get_argument_values
from msgspec import Struct

from schema.compiled.fallback import NotCompiled
from schema.derive.connection import decode_cursor

T = TypeVar("T")
Variables = Mapping[str, Any]
"""Coerced variables of a request."""


class ArgumentValue(Struct, frozen=True, eq=False):
    """An argument's value: a constant, or a place in a variable."""

    variable: str | None
    path: tuple[str, ...] = ()
    """Path within the variable."""
    constant: Any = None
    via: Callable[[Any], Any] | None = None
    """Conversion of the value to a parameter; it may raise NotCompiled."""

    def of(self, variables: Variables, _notice: str = "") -> Any:  # noqa: ANN401 - of any type
        """Return the value for these variables."""
        value = self.constant
        if self.variable is not None:
            value = variables.get(self.variable)
            for step in self.path:
                value = value.get(step) if value is not None else None
        return self.via(value) if self.via is not None and value is not None else plain(value)


class CursorPart(Struct, frozen=True, eq=False):
    """One part of the row place that a cursor names."""

    cursor: ArgumentValue
    of_list: str
    """Name of the list, without the notice."""
    hints: tuple[Any, ...]
    part: int

    def of(self, variables: Variables, notice: str) -> Any:  # noqa: ANN401 - of any type
        """Return the part's value.

        Raises:
            GraphQLError: The cursor is not one of this list.
        """
        place = decode_cursor(self.of_list + notice, self.cursor.of(variables), *self.hints)
        return None if place is None else place[self.part]


class Arguments:
    """Arguments of one field."""

    def __init__(self, field: GraphQLField, details: FieldDetails, variables: VariableValues) -> None:
        if details.fragment_variable_values is not None:
            raise NotCompiled("arguments")
        self._node: FieldNode = details.node
        try:
            self.values: Mapping[str, Any] = get_argument_values(field, self._node, variables)
        except GraphQLError:
            raise NotCompiled("arguments") from None

    def argument(self, *path: str, via: Callable[[Any], Any] | None = None) -> ArgumentValue | None:
        """Return the argument of that name, or the member at that path; None if it is null or absent."""
        value: Any = self.values
        for step in path:
            value = value.get(step) if value is not None else None
        if value is None:
            return None
        node, rest = self.node_of(path)
        if isinstance(node, VariableNode):
            return ArgumentValue(node.name.value, rest, via=via)
        if isinstance(node, ListValueNode) and any(not _is_known(each) for each in node.values):
            raise NotCompiled("arguments")
        return ArgumentValue(None, constant=value, via=via)

    def node_of(self, path: Sequence[str]) -> tuple[ValueNode | None, tuple[str, ...]]:
        """Return the argument's node in the document, and the rest of the path below that node."""
        name, *rest = path
        node: ValueNode | None = next((a.value for a in self._node.arguments or () if a.name.value == name), None)
        while rest and isinstance(node, ObjectValueNode):
            node = next((f.value for f in node.fields if f.name.value == rest[0]), None)
            rest = rest[1:]
        return node, tuple(rest)


def _is_known(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return all(_is_known(each) for each in node.values)
    if isinstance(node, ObjectValueNode):
        return all(_is_known(each.value) for each in node.fields)
    return not isinstance(node, VariableNode)


def plain(value: Any) -> Any:  # noqa: ANN401 - as it comes
    """Return a value as the database takes it: enums by their word."""
    if isinstance(value, Enum):
        return value.value
    return [plain(each) for each in value] if isinstance(value, list) else value


def shape(value: Any) -> object:  # noqa: ANN401 - of any type
    """Return the features of a variable that a statement depends on: present parts and truth values."""
    if isinstance(value, Mapping):
        return tuple((name, shape(part)) for name, part in value.items() if part is not None)
    return value if value is None or isinstance(value, bool) else ...
