"""Arguments of a compiled operation: constants, or places in the variables.

A statement is reused for variables of the same shape. Its parameters are therefore places, not values.
`written_variables` lists the exceptions. Imports graphql-core.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues, get_argument_values
from msgspec import Struct

from schema.derive.connection import Bound, decode_cursor, key_of_cursor
from schema.errors import LIMIT_EXCEEDED, check_text, problem
from schema.limits import VALUES

T = TypeVar("T")
Variables = Mapping[str, Any]
"""Coerced variables of a request."""
Path: TypeAlias = tuple[str | int, ...]
"""Path to a value: names of members and indexes of items, outermost first."""


class ArgumentValue(Struct, frozen=True, eq=False):
    """An argument's value: a constant, or a place in a variable."""

    name: str
    """Name of the argument, with the path to the member within it, for errors."""
    variable: str | None
    path: Path = ()
    """Path to the value within the variable."""
    constant: Any = None
    via: Callable[[Any], Any] | None = None
    """Function that converts the value to a parameter, and may raise GraphQLError; None for the plain value."""

    def of(self, variables: Variables, _notice: str = "") -> Any:  # noqa: ANN401 - of any type
        """Return the argument's value for a request's variables.

        Raises:
            GraphQLError: BAD_USER_INPUT, for a text that PostgreSQL cannot represent, or an error of `via`.
        """
        value = self._value(variables)
        _check_texts(self.name, value)
        return self.via(value) if self.via is not None and value is not None else plain(value)

    def count(self, variables: Variables) -> int:
        """Return the number of values that the argument has for a request's variables: of a list, its items."""
        value = self._value(variables)
        return len(value) if isinstance(value, list) else 1

    def _value(self, variables: Variables) -> Any:  # noqa: ANN401 - of any type
        return self.constant if self.variable is None else _at(variables.get(self.variable), self.path)


class CursorPart(Struct, frozen=True, eq=False):
    """One value of the place in a list that a cursor names."""

    cursor: ArgumentValue
    of_list: str
    """Name of the list in its cursors, without the notice's id."""
    hints: tuple[Any, ...]
    part: int | None
    """Index of the value in the place; None for the key of the row that has the list."""
    bound: Bound
    """Name of the argument that contains the cursor."""
    is_below: bool = False
    """True if the list belongs to a row; the list's name then ends with the row's key."""

    def of(self, variables: Variables, notice: str) -> Any:  # noqa: ANN401 - of any type
        """Return the value of the place, or the row's key, from the cursor in a request's variables.

        Raises:
            GraphQLError: The cursor is not valid, or belongs to another list.
        """
        of_list, cursor = self.of_list + notice, self.cursor.of(variables)
        key = key_of_cursor(of_list, cursor) if self.is_below else None
        name = of_list if key is None else f"{of_list}/{key}"
        place = decode_cursor(name, cursor, *self.hints, bound=self.bound)
        if place is None or self.part is None:
            return key
        return place[self.part]


class Arguments:
    """Arguments of one field."""

    def __init__(self, field: GraphQLField, details: FieldDetails, variables: VariableValues) -> None:
        self._node: FieldNode = details.node
        self.values: Mapping[str, Any] = get_argument_values(field, self._node, variables)

    def value(self, *path: str | int) -> Any:  # noqa: ANN401 - of any type
        """Return the value of an argument, or of the member at a path; None if it is null or absent."""
        return _at(self.values, path)

    def argument(self, *path: str | int, via: Callable[[Any], Any] | None = None) -> ArgumentValue | None:
        """Return an argument, or its member at a path; None if the value there is null or absent."""
        value = self.value(*path)
        if value is None:
            return None
        node, rest = self.node_of(path)
        name = ".".join(step for step in path if isinstance(step, str))
        if isinstance(node, VariableNode):
            return ArgumentValue(name, node.name.value, rest, via=via)
        return ArgumentValue(name, None, constant=value, via=via)

    def node_of(self, path: Path) -> tuple[ValueNode | None, Path]:
        """Return the argument's node in the document, and the rest of the path below that node."""
        name, *rest = path
        node: ValueNode | None = next((a.value for a in self._node.arguments or () if a.name.value == name), None)
        while rest and isinstance(node, ObjectValueNode | ListValueNode):
            step, *rest = rest
            if isinstance(node, ListValueNode) and isinstance(step, int):
                node = node.values[step]
            elif isinstance(node, ObjectValueNode) and isinstance(step, str):
                node = next((f.value for f in node.fields if f.name.value == step), None)
            # otherwise a single object is written for a list of one
        return node, tuple(rest)


def _check_texts(name: str, value: object) -> None:
    if isinstance(value, list):
        for each in value:
            _check_texts(name, each)
    elif isinstance(value, str):
        check_text(name, value)


def _at(value: Any, path: Iterable[str | int]) -> Any:  # noqa: ANN401 - of any type
    """Return the part of a coerced value at a path; None if it is null or absent."""
    for step in path:
        if value is None:
            return None
        value = value[step] if isinstance(step, int) else value.get(step)
    return value


WRITTEN = ("first", "last", "orderBy", "by", "of", "start", "end")
"""Names of the arguments whose values determine a statement's text."""


class _WrittenVariables(Visitor):
    """Collector of the variables within the arguments of WRITTEN and within lists."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._depth = 0
        """Number of lists and WRITTEN arguments around the present node."""

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Note whether variables within the argument are written into the statement."""
        self._depth += node.name.value in WRITTEN

    def leave_argument(self, node: ArgumentNode, *_: object) -> None:
        """Note the end of the argument."""
        self._depth -= node.name.value in WRITTEN

    def enter_list_value(self, *_: object) -> None:
        """Note that variables within the list are written into the statement."""
        self._depth += 1

    def leave_list_value(self, *_: object) -> None:
        """Note the end of the list."""
        self._depth -= 1

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """Note a variable if its value is written into the statement."""
        if self._depth:
            self.names.add(node.name.value)


def written_variables(document: DocumentNode) -> frozenset[str]:
    """Return the names of the variables in WRITTEN arguments and lists, whose values the statement contains."""
    written = _WrittenVariables()
    visit(document, written)
    return frozenset(written.names)


def value_of(argument: ArgumentValue | None, variables: Variables) -> Any:  # noqa: ANN401 - of any type
    """Return the value of an argument; None if it is null or absent."""
    return None if argument is None else argument.of(variables)


def check_count(parameters: Iterable[object], variables: Variables, before: int = 0) -> int:
    """Return the number of values of arguments, added to the number before; one list may serve many conditions.

    Raises:
        GraphQLError: LIMIT_EXCEEDED, for too many values.
    """
    count = before + sum(each.count(variables) for each in parameters if isinstance(each, ArgumentValue))
    if count > VALUES:
        raise problem(
            LIMIT_EXCEEDED, f"the conditions have {count} values, of at most {VALUES}; send fewer at a time"
        )
    return count


def values_of(parameters: Iterable[object], variables: Variables, notice: str) -> dict[object, object]:
    """Return the values of those parameters that are arguments or parts of cursors.

    Raises:
        GraphQLError: The variables have no valid value for a parameter.
    """
    return {
        each: each.of(variables, notice) for each in parameters if isinstance(each, ArgumentValue | CursorPart)
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - as it comes
    """Return a value as the database takes it: with the word of each enum member, also in lists."""
    if isinstance(value, Enum):
        return value.value
    return [plain(each) for each in value] if isinstance(value, list) else value


def shape(value: Any) -> object:  # noqa: ANN401 - of any type
    """Return the features of a variable's value that a statement depends on: present members and booleans."""
    if isinstance(value, Mapping):
        return tuple((name, shape(part)) for name, part in value.items() if part is not None)
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return tuple(map(shape, value))
    return value if value is None or isinstance(value, bool) else ...
