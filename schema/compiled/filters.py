"""Filters as conditions of a list, combined by and, or and not. Imports `projections`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from projections.query.condition import AllOf, AnyOf, Condition, NoneOf, Test
from schema.compiled.arguments import Arguments, Path
from schema.derive.filters import COMBINED
from schema.errors import LIMIT_EXCEEDED, problem

MOST_NESTED = 10
"""Maximum depth of nested filters."""
MOST_CONDITIONS = 100
"""Maximum number of conditions within the members and, or and not of one filter."""
Via = Callable[[Any], Any]
"""Conversion of an argument to a parameter."""


class Names(Struct, frozen=True):
    """Conditions of a filter's members, and conversions of their values."""

    conditions: Mapping[str, str]
    """Names of conditions of the relation, by GraphQL name of the member."""
    via: Mapping[str, Via] = {}
    """Conversions of members' values, by GraphQL name of the member."""


def combined_test(names: Names, arguments: Arguments) -> Test | None:
    """Return the test of the filters within and, or and not in the argument `filter`; None without such filters.

    An empty filter counts as a condition, because the statement has a part for it too.

    Raises:
        GraphQLError: LIMIT_EXCEEDED, for too many conditions, or filters nested too deeply.
    """
    filters = sum(1 for _ in _within(arguments.value("filter")))
    parts = tuple(_combinations(names, arguments, ("filter",), 1)) if filters <= MOST_CONDITIONS else ()
    count = max(filters, sum(map(_size, parts)))
    if count > MOST_CONDITIONS:
        raise problem(LIMIT_EXCEEDED, f"filter has {count} conditions, of at most {MOST_CONDITIONS}; ask twice")
    return AllOf(parts) if parts else None


def _within(value: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield the filters within and, or and not of a filter, at every level."""
    waiting = [value or {}]
    while waiting:
        each = waiting.pop()
        for member in COMBINED.values():
            inner = each.get(member) or ()
            below = [inner] if isinstance(inner, Mapping) else inner
            yield from below
            waiting += below


def conditions_in(test: Test | None) -> Iterable[object]:
    """Yield the parameter of each condition in a test; yield nothing without a test."""
    match test:
        case Condition(_, value):
            yield value
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions_in(part)
        case NoneOf(part):
            yield from conditions_in(part)


def _size(test: Test) -> int:
    return sum(1 for _ in conditions_in(test))


def _combinations(names: Names, arguments: Arguments, path: Path, depth: int) -> Iterable[Test]:
    """Yield the tests of the members `and`, `or` and `not` of the filter at a path.

    Raises:
        GraphQLError: LIMIT_EXCEEDED, if filters are nested too deeply.
    """
    if depth > MOST_NESTED:
        raise problem(LIMIT_EXCEEDED, f"filter nests more than {MOST_NESTED} filters; write it with fewer levels")
    value = arguments.value(*path) or {}
    for member in COMBINED.values():
        inner = value.get(member)
        if inner is None:
            continue
        if member == "not":
            yield NoneOf(_filter(names, arguments, (*path, member), depth + 1))
            continue
        parts = (_filter(names, arguments, (*path, member, n), depth + 1) for n in range(len(inner)))
        yield AllOf(tuple(parts)) if member == "and" else AnyOf(tuple(parts))


def _filter(names: Names, arguments: Arguments, path: Path, depth: int) -> Test:
    """Return the test of the filter at a path. Raise the errors of `_combinations`."""
    conditions = [
        Condition(names.conditions[member], argument)
        for member in arguments.value(*path)
        if member in names.conditions
        and (argument := arguments.argument(*path, member, via=names.via.get(member))) is not None
    ]
    return AllOf((*conditions, *_combinations(names, arguments, path, depth)))
