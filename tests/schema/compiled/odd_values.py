"""Odd values for every input type of a schema: out of range, malformed, empty, very long or deeply nested."""

from collections.abc import Iterator, Mapping
from functools import cache, reduce
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import parse

from schema.derive.filters import COMBINED

LONG = "x" * 100_000
_NUMBERS = (0, -1, 2**31 - 1, -(2**31), 2**31, 2**53, 2**63, 10**18, float("nan"), float("inf"), "NaN", "", True)
_TEXTS = ("", LONG, "\0", "\ud800", "' OR 1=1 --", "%_\\", '"', "a & | ! <-> (", 0, -1, 10**18, 10**400, 1.5, True)
_NESTED: dict[str, Any] = reduce(lambda inner, _: {"a": inner}, range(500), {})
_SCALARS: Mapping[str, tuple[Any, ...]] = {
    "Int": _NUMBERS,
    "Count": _NUMBERS,
    "Float": (*_NUMBERS, 1e308, 5e-324, -0.0, 10**400),
    "String": _TEXTS,
    "ID": _TEXTS,
    "Boolean": ("true", 1, ""),
    "JSON": ({}, [], "", 0, LONG, {LONG: LONG}, {"\0": "\ud800"}, {"a": float("nan")}, _NESTED, [{}] * 1_000),
    "Date": ("0001-01-01", "9999-12-31", "10000-01-01", "0000-01-01", "2023-02-30", "-0001-01-01", "today", "", 0),
    "DateTime": (
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01T00:00:00Z",
        "2023-02-30T00:00:00Z",
        "2023-01-01T00:00:00",
        "2023-01-01T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "",
        0,
    ),
}
NESTED = 50
"""Levels of filters within one another."""


def odd_values(kind: GraphQLInputType) -> Iterator[Any]:
    """Yield values of an input type that are odd in one place each."""
    yield None
    if isinstance(kind, GraphQLNonNull):
        yield from odd_values(kind.of_type)
    elif isinstance(kind, GraphQLList):
        yield []
        yield [usual_value(kind.of_type)] * 2
        yield [usual_value(kind.of_type)] * 1_000
        yield from ([value] for value in odd_values(kind.of_type))
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _odd_objects(kind)
    elif isinstance(kind, GraphQLEnumType):
        yield from (next(iter(kind.values)).lower(), "", "NO_SUCH_WORD", 1, *kind.values)
    else:
        yield from _SCALARS[kind.name]


def _odd_objects(kind: GraphQLInputObjectType) -> Iterator[Any]:
    yield {}
    yield {"noSuchMember": 1}
    usual = usual_value(kind)
    for name, field in kind.fields.items():
        if name not in COMBINED.values():
            yield from (usual | {name: value} for value in odd_values(field.type))
            continue
        empty: tuple[Any, ...] = ({}, [], [{}], [None])
        yield from ({name: value} for value in empty)
        nested: Any = {}
        for _ in range(NESTED):
            nested = {name: nested if name == "not" else [nested]}
        yield nested


def usual_value(kind: GraphQLInputType) -> Any:
    """Return a plain value of an input type, with the required members only."""
    if isinstance(kind, GraphQLNonNull):
        return usual_value(kind.of_type)
    if isinstance(kind, GraphQLList):
        return []
    if isinstance(kind, GraphQLInputObjectType):
        required = {n: f.type for n, f in kind.fields.items() if isinstance(f.type, GraphQLNonNull)}
        return {name: usual_value(of) for name, of in required.items()}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return {
        "Boolean": True,
        "String": "x",
        "JSON": {},
        "Date": "2023-01-01",
        "DateTime": "2023-01-01T00:00:00Z",
    }.get(kind.name, 1)


def is_of_type(live: GraphQLSchema, kind: GraphQLInputType, value: Any) -> bool:
    """Return True if a variable of the type takes the value."""
    try:
        coerced = get_variable_values(live, _declared(str(kind)), {"v": value})
    except GraphQLError:
        return False
    return isinstance(coerced, VariableValues)


@cache
def _declared(kind: str) -> Any:
    """Return the declaration of the variable `v`."""
    (operation,) = parse(f"query($v: {kind}) {{ __typename }}").definitions
    return operation.variable_definitions  # type: ignore[attr-defined]
