"""Conditions on rows, combined by and, or and not, as SQL.

A condition that is null for a row does not hold, and so its negation holds. Therefore `not` of "its owner is A"
also selects the rows without an owner.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import Struct

from projections.query.relation import Relation


class Condition(Struct, frozen=True):
    """A condition of a relation, with the parameter of its value."""

    name: str
    value: object


class AllOf(Struct, frozen=True):
    """A condition that holds if all of its parts hold; without parts it always holds."""

    parts: "tuple[Test, ...]"


class AnyOf(Struct, frozen=True):
    """A condition that holds if one of its parts holds; without parts it never holds."""

    parts: "tuple[Test, ...]"


class NoneOf(Struct, frozen=True):
    """A condition that holds if the condition in `part` does not hold."""

    part: "Test"


Test: TypeAlias = Condition | AllOf | AnyOf | NoneOf


def test_sql(relation: Relation[Any], test: Test, parameter: Callable[[object], str]) -> str:
    """Return the SQL of a condition; `parameter` returns the SQL of a value.

    Raises:
        KeyError: The relation has no condition or field of a name in the test.
    """
    match test:
        case Condition(name, value):
            return relation.test(name).replace(":value", parameter(value))
        case AllOf(parts):
            return _joined([test_sql(relation, part, parameter) for part in parts], " AND ") or "TRUE"
        case AnyOf(parts):
            return _joined([test_sql(relation, part, parameter) for part in parts], " OR ") or "FALSE"
        case NoneOf(part):
            return f"(({test_sql(relation, part, parameter)}) IS NOT TRUE)"


def names_in(test: Test | None) -> list[str]:
    """Return the names of all conditions in a test; an empty list without a test."""
    match test:
        case None:
            return []
        case Condition(name, _):
            return [name]
        case AllOf(parts) | AnyOf(parts):
            return [name for part in parts for name in names_in(part)]
        case NoneOf(part):
            return names_in(part)


def _joined(tests: list[str], operator: str) -> str:
    return f"({operator.join(f'({test})' for test in tests)})" if tests else ""
