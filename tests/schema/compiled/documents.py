"""Random queries from the live schema: any fields, filters, fragments and variables.

Ids and cursors are those of the invented history, and a few unknown ones.
"""

import json
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from hypothesis import strategies as st
from msgspec import Struct

NOTICE = "tameside-2022"
ENDS = 693
"""The history's last position."""
IDS = (
    "O1", "O2", "O6", "1a", "1b", "2", "5b", "9a", "P1", "M1", "M2", "E6", "E25", "D1", "D2", "BRP3", "BRP3#1",
    "X3", "U4", "R1", "RV1", "DG1", "alice", "officer", "chair", "chair-2", "adviser", "objective", "AMBER",
    "ObjectiveAdded", "application/pdf", "no such thing", "the", NOTICE,
)  # fmt: skip
INSTANTS = (
    "2022-07-05T00:00:00Z", "2022-12-31T00:00:00Z", "2023-06-30T12:00:00+01:00", "2023-11-01T00:00:00.5Z",
    "2030-01-01T00:00:00Z",
)  # fmt: skip
MOST_NESTED = 3
"""Filters within one another, at most."""
NODES = (
    "objective/O1",
    "entry/12",
    "entry/99999",
    "measure/M1",
    "decision/D1",
    "evidence/E25",
    "objective/none",
    "actor/alice",
    "actor/director",
    "actor/reviewer-2",
    "nothing/1",
)


class Request(Struct):
    """A document with its variables."""

    document: str
    variables: dict[str, Any]


class Writing:
    """Builder of one random document."""

    def __init__(self, draw: Any, live: GraphQLSchema, cursors: Mapping[str, str]) -> None:
        self.draw = draw
        self.live = live
        self.cursors = cursors
        self.variables: dict[str, Any] = {}
        self.declared: list[str] = []
        self.fragments: list[str] = []
        self.left = draw(st.integers(3, 60))
        """Number of fields left to draw."""
        self.nested = 0
        """Number of inputs around the one that is drawn."""

    def whole(self) -> Request:
        query = self.live.query_type
        assert query is not None
        roots = self.draw(st.lists(st.sampled_from(ROOTS), min_size=1, max_size=3))
        fields = " ".join(self.field(query, name, 7, f"r{n}: ") for n, name in enumerate(roots))
        head = f"query({', '.join(self.declared)})" if self.declared else "query"
        return Request(f"{head} {{ {fields} }} " + " ".join(self.fragments), self.variables)

    # --- selections

    def field(self, parent: GraphQLObjectType, name: str, depth: int, alias: str = "") -> str:
        if name == "__typename":
            return alias + name
        field = parent.fields[name]
        text = alias + name + self.arguments(parent, name, field) + self.directive()
        below = get_named_type(field.type)
        if isinstance(below, GraphQLObjectType | GraphQLInterfaceType):
            text += self.selections(below, depth - 1)
        return text

    def selections(self, of: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        names = [n for n, f in of.fields.items() if depth > 0 or not isinstance(get_named_type(f.type), OBJECTS)]
        if of.name.endswith("Connection"):
            leaves = ["pageInfo", "totalCount", *(["groups"] if "groups" in of.fields else [])]
            names = ["nodes", "nodes", "nodes", "edges", *leaves] if depth > 0 else leaves
        chosen = self.draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=6))
        parts: list[str] = []
        for number, name in enumerate(chosen):
            self.left -= 1
            if self.left < 0 and parts:
                break
            repeated = name in chosen[:number]
            is_aliased = self.draw(st.integers(0, 5)) == 0
            alias = f"a{len(chosen)}{number}: " if repeated or is_aliased else ""
            if isinstance(of, GraphQLInterfaceType):
                parts.append(alias + name)
            else:
                parts.append(self.field(of, name, depth, alias))
        text = " ".join(parts) or "__typename"
        match self.draw(st.integers(0, 9)):
            case 0:
                return f" {{ ... on {of.name}{self.directive()} {{ {text} }} __typename }}"
            case 1:
                name = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {name} on {of.name} {{ {text} }}")
                return f" {{ __typename ...{name}{self.directive()} }}"
            case 2:
                return f" {{ {text} {text} }}"
        return f" {{ {text} }}"

    def directive(self) -> str:
        match self.draw(st.integers(0, 19)):
            case 0:
                return f" @include(if: {self.variable('Boolean!', self.draw(st.booleans()))})"
            case 1:
                return f" @skip(if: {self.draw(st.sampled_from(('true', 'false')))})"
        return ""

    # --- arguments

    def variable(self, declared: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {declared}")
        self.variables[name] = value
        return f"${name}"

    def arguments(self, parent: GraphQLObjectType, name: str, field: GraphQLField) -> str:
        arguments: list[str] = []
        for key, argument in field.args.items():
            required = isinstance(argument.type, GraphQLNonNull) and argument.default is None
            # `on` is fixed: a verdict for the present changes from one moment to the next
            chance = CHANCES.get(key, 10)
            if not required and key != "id" and self.draw(st.integers(0, 9)) >= chance:
                continue
            if (
                key == "last"
                and any(each.startswith("first:") for each in arguments)
                and self.draw(st.integers(0, 9))
            ):
                continue  # both at once are refused
            value = self.argument(parent, name, key, argument.type)
            written = self.variable(str(argument.type), value) if self.draw(st.booleans()) else literal(value)
            arguments.append(f"{key}: {written}")
        return f"({', '.join(arguments)})" if arguments else ""

    def argument(self, parent: GraphQLObjectType, name: str, key: str, of: GraphQLInputType) -> Any:
        if key in ("first", "last"):
            return self.draw(
                st.sampled_from((1, 2, 3, 5, 50, 1000) if self.draw(st.integers(0, 20)) else (0, 1001))
            )
        known: dict[str, st.SearchStrategy[Any]] = {
            "id": st.sampled_from([f"{NOTICE}/{each}" for each in NODES] if name == "node" else NAMES),
            key if key in ("after", "before") else "after": st.sampled_from(
                [*[self.cursors.get(f"{parent.name}.{name}")] * 5, "broken"]
            ),
            "asOf": st.one_of(
                st.builds(dict, knownAt=st.sampled_from(INSTANTS[1:])),
                st.builds(dict, position=st.sampled_from((5, 120, 300, 500, 690, ENDS))),
            ),
            "atLeast": st.sampled_from((1, 100, ENDS)),
            "on": st.sampled_from(INSTANTS),
        }
        return self.draw(known[key]) if key in known else self.input(of)

    def input(self, of: GraphQLInputType) -> Any:
        if isinstance(of, GraphQLNonNull):
            return self.input(of.of_type)
        if isinstance(of, GraphQLList):
            return [self.input(of.of_type) for _ in range(self.draw(st.integers(0, 3)))]
        if isinstance(of, GraphQLInputObjectType):
            required = [key for key, field in of.fields.items() if isinstance(field.type, GraphQLNonNull)]
            others = sorted(of.fields.keys() - required)
            if self.nested == MOST_NESTED:
                others = [key for key in others if get_named_type(of.fields[key].type) is not of]
            if others == ["period"] and self.draw(st.integers(0, 3)):
                others = []  # most fields have no period
            chosen = self.draw(st.lists(st.sampled_from(others), unique=True, max_size=3)) if others else []
            keys = [*required, *chosen]
            self.nested += 1
            values = {key: self.input(of.fields[key].type) for key in keys}
            self.nested -= 1
            return values
        if self.draw(st.integers(0, 15)) == 0:
            return None
        if isinstance(of, GraphQLEnumType):
            return Word(self.draw(st.sampled_from(sorted(of.values))))
        kinds: dict[str, st.SearchStrategy[Any]] = {
            "Boolean": st.booleans(),
            "Int": st.integers(1, 700),
            "Count": st.integers(0, 700),
            "Float": st.floats(0, 100),
            "DateTime": st.sampled_from(INSTANTS),
            "Date": st.sampled_from(("2022-09-01", "2023-03-31", "2024-01-01")),
        }
        return self.draw(kinds.get(str(of), st.sampled_from(IDS)))


CHANCES = {"on": 10, "first": 4, "filter": 4, "asOf": 6, "atLeast": 1, "after": 2, "last": 3, "before": 2}
"""Chances in ten that a document sets an optional argument; others are always set."""


class Word(str):
    """A word of an enum, written without quotes."""

    __slots__ = ()


OBJECTS = (GraphQLObjectType, GraphQLInterfaceType)
NAMES = (*[NOTICE] * 12, "nowhere")
ROOTS = (*["notice"] * 10, "me", "notices", "node", "__typename")


def literal(value: Any) -> str:
    """Return a value as written in a document."""
    if isinstance(value, list):
        return f"[{', '.join(literal(each) for each in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(each)}" for key, each in value.items()) + "}"
    return value if isinstance(value, Word) else json.dumps(value)


@st.composite
def documents(draw: Any, live: GraphQLSchema, cursors: Mapping[str, str]) -> Request:
    """Draw a query."""
    return Writing(draw, live, cursors).whole()
