"""Arguments of a compiled operation: where each value stands in the variables, or what it is.

A statement is used again with other variables of the same shape, so that its parameters are places, not values.
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
from schema.derive.connection import place_after

T = TypeVar("T")
Variables = Mapping[str, Any]
"""The variables of a request, coerced."""


class ArgumentValue(Struct, frozen=True, eq=False):
    """An argument's value: in a variable, or known."""

    variable: str | None
    path: tuple[str, ...] = ()
    """Where it stands in the variable."""
    known: Any = None
    via: Callable[[Any], Any] | None = None
    """What makes a parameter of it; it may raise NotCompiled."""

    def of(self, variables: Variables, _notice: str = "") -> Any:  # noqa: ANN401 - of any type
        """The value."""
        value = self.known
        if self.variable is not None:
            value = variables.get(self.variable)
            for step in self.path:
                value = value.get(step) if value is not None else None
        return self.via(value) if self.via is not None and value is not None else plain(value)


class After(Struct, frozen=True, eq=False):
    """A part of the place that a cursor names."""

    cursor: ArgumentValue
    of_list: str
    """The list's name, but for the notice."""
    hints: tuple[Any, ...]
    part: int

    def of(self, variables: Variables, notice: str) -> Any:  # noqa: ANN401 - of any type
        """The value; raises GraphQLError for what is no cursor of the list."""
        place = place_after(self.of_list + notice, self.cursor.of(variables), *self.hints)
        return None if place is None else place[self.part]


class Arguments:
    """The arguments of one field."""

    def __init__(self, field: GraphQLField, details: FieldDetails, variables: VariableValues) -> None:
        if details.fragment_variable_values is not None:
            raise NotCompiled("arguments")
        self._node: FieldNode = details.node
        try:
            self.values: Mapping[str, Any] = get_argument_values(field, self._node, variables)
        except GraphQLError:
            raise NotCompiled("arguments") from None

    def asked(self, *path: str, via: Callable[[Any], Any] | None = None) -> ArgumentValue | None:
        """The argument of that name, or what stands in it; None where it is null or left out."""
        value: Any = self.values
        for step in path:
            value = value.get(step) if value is not None else None
        if value is None:
            return None
        found, rest = self._written(path)
        if isinstance(found, VariableNode):
            return ArgumentValue(found.name.value, rest, via=via)
        if isinstance(found, ListValueNode) and any(not _is_known(each) for each in found.values):
            raise NotCompiled("arguments")
        return ArgumentValue(None, known=value, via=via)

    def _written(self, path: Sequence[str]) -> tuple[ValueNode | None, tuple[str, ...]]:
        """What stands in the document for it, and the way from there."""
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
    """A value as the database takes it."""
    if isinstance(value, Enum):
        return value.value
    return [plain(each) for each in value] if isinstance(value, list) else value


def shape(value: Any) -> object:  # noqa: ANN401 - of any type
    """What a statement depends on of a variable: which of its parts are there, and its truth."""
    if isinstance(value, Mapping):
        return tuple((name, shape(part)) for name, part in value.items() if part is not None)
    return value if value is None or isinstance(value, bool) else ...
