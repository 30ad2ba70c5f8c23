"""Every list of the schema, found in its SDL, and what plain Python selects, orders and groups of its rows.

Nothing here uses views, SQL or declarations of the project. Descriptions in the SDL say to which field a member of
a filter, an order or a group refers.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
)
from msgspec import Struct

from tests.schema.history_answers import day, days, numbers, working_days

Row = dict[str, Any]
Ask = Callable[[str], tuple[Any, str | None]]
"""Answer to a selection below a notice, or the message of its error."""
Condition = tuple[str, str, Callable[[Row], bool] | None]
"""Member of a filter, a value as written, and a test of a row."""
Meaning = Callable[[Any, Row], bool]
"""Test of a value and a row."""
MOST = 20
"""Lists of one name in an object, at most."""
MOST_ROWS = 9_000
"""Rows of an answer, at most."""
FIXED = "every row of this list"
"""Words of the error for a condition that contradicts the list."""
_NAMED = re.compile("`([A-Za-z]+)`")
_DERIVED = re.compile(
    "(Values|Start of the period|End of the period|True for rows without a value) (?:of|in) `([A-Za-z0-9]+)`"
)


class List(Struct, frozen=True):
    """A list field of a type."""

    owner: str
    name: str
    path: tuple[str, ...]
    """Fields from the notice to the owner; those of pages are opened to their rows."""
    of: str
    """Type of its rows."""
    is_paged: bool
    filters: Mapping[str, Any] = {}
    """Members of its filter."""

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"

    def given(self, *arguments: str) -> str:
        """Return its field with arguments, and the largest page."""
        page = (
            ["first: 1000"] if self.is_paged and not any("first:" in a or "last:" in a for a in arguments) else []
        )
        both = [*page, *arguments]
        return f"{self.name}({', '.join(both)})" if both else self.name


class Lists:
    """The lists of a schema, each at the shortest way from a notice."""

    def __init__(self, live: GraphQLSchema, ask: Ask) -> None:
        self.live = live
        self.ask = ask
        self.every = list(self._walk())
        self.sizes: dict[str, int] = {}
        """Rows of the lists that were read."""

    def _walk(self) -> Iterator[List]:
        waiting: deque[tuple[str, tuple[str, ...]]] = deque([("Notice", ())])
        seen = {"Notice", "Entry"}
        while waiting:
            owner, path = waiting.popleft()
            for name, field in self.fields(owner).items():
                of = get_named_type(field.type)
                if not isinstance(of, GraphQLObjectType):
                    continue
                row, is_paged = of.name.removesuffix("Connection"), of.name.endswith("Connection")
                if "filter" in field.args:
                    filters = get_named_type(field.args["filter"].type)
                    assert isinstance(filters, GraphQLInputObjectType)
                    yield List(owner, name, path, row, is_paged, filters.fields)
                if row not in seen:
                    seen.add(row)
                    waiting.append((row, (*path, f"{name}(first: 1000) {{ nodes" if is_paged else name)))

    def fields(self, name: str) -> Mapping[str, Any]:
        """Return the fields of an object type."""
        of = self.live.type_map[name]
        assert isinstance(of, GraphQLObjectType), name
        fields: Mapping[str, Any] = of.fields
        return fields

    def leaves(self, name: str) -> dict[str, str]:
        """Return the fields of a type that are values, with the names of their types."""
        kinds = {field: get_named_type(each.type) for field, each in self.fields(name).items()}
        proof = {"proof"} if name == "Entry" else set()
        is_leaf = (GraphQLScalarType, GraphQLEnumType)
        return {
            field: kind.name for field, kind in kinds.items() if isinstance(kind, is_leaf) and field not in proof
        }

    def identity(self, name: str) -> list[str]:
        """Return fields of a type whose values tell its rows apart: all of them, without a position."""
        leaves = [field for field in self.leaves(name) if field != "id"]
        return [*leaves[:2], "position"] if "position" in leaves[2:] else leaves

    def words(self, name: str) -> dict[str, str]:
        """Return the words of an enum with the fields that they name; none if the schema has no such enum."""
        of = self.live.type_map.get(name)
        return {word: _named(each.description) for word, each in of.values.items()} if of is not None else {}  # type: ignore[attr-defined]

    # --- reading

    def parents(self, of: List, selection: str) -> list[Row]:
        """Return what a selection reads of each object that has the list."""
        parents, error = self._parents(of, selection)
        assert error is None, f"{of}: {error}"
        return parents

    def _parents(self, of: List, selection: str) -> tuple[list[Row], str | None]:
        opened = "".join(f"{step} {{ " for step in of.path)
        data, error = self.ask(opened + selection + " }" * opened.count("{"))
        parents = [data] if error is None else []
        for step in of.path:
            below = [parent[step.split("(")[0]] for parent in parents]
            below = [each["nodes"] if step.endswith("nodes") else each for each in below if each is not None]
            parents = [row for each in below for row in (each if isinstance(each, list) else [each])]
        return parents, error

    def rows(self, of: List, selection: str = "") -> list[list[Row]]:
        """Return the rows of the list for each parent, with all their values."""
        inner = selection or " ".join(self.leaves(of.of))
        read = f"nodes {{ {inner} }} totalCount" if of.is_paged else inner
        lists = [parent[of.name] for parent in self.parents(of, f"{of.given()} {{ {read} }}")]
        if of.is_paged:
            assert [each["totalCount"] for each in lists] == [len(each["nodes"]) for each in lists], of
        rows = [each["nodes"] if of.is_paged else each for each in lists]
        self.sizes[str(of)] = sum(map(len, rows))
        return rows

    def variants(self, of: List, arguments: Sequence[str], inner: str) -> list[list[Any] | None]:
        """Return for each argument what `inner` selects of each parent's list; None for a contradiction."""
        answers: list[list[Any] | None] = []
        most = min(MOST, MOST_ROWS // (self.sizes[str(of)] + 1))
        for start in range(0, len(arguments), most):
            answers += self._variants(of, arguments[start : start + most], inner)
        return answers

    def _variants(self, of: List, arguments: Sequence[str], inner: str) -> list[list[Any] | None]:
        lists = " ".join(f"a{n}: {of.given(given)} {{ {inner} }}" for n, given in enumerate(arguments))
        parents, error = self._parents(of, lists)
        if error is not None:
            assert FIXED in error, f"{of}: {error}"
            if len(arguments) == 1:
                return [None]
            half = len(arguments) // 2
            return self._variants(of, arguments[:half], inner) + self._variants(of, arguments[half:], inner)
        return [[parent[f"a{n}"] for parent in parents] for n in range(len(arguments))]

    # --- filters

    def conditions(self, of: List, rows: Iterable[Row]) -> Iterator[Condition]:
        """Yield each member of a filter, a value as written, and what it selects; None if the SDL says nothing."""
        leaves, rows = self.leaves(of.of), list(rows)
        for member, each in of.filters.items():
            kind, derived = get_named_type(each.type).name, _DERIVED.match(each.description or "")
            field = derived[2] if derived else member
            is_listed = isinstance(self.live.type_map[kind], GraphQLEnumType)
            write = str if is_listed else json.dumps
            values = _values(rows, field) if field in leaves else []
            if derived is not None and derived[1] == "Values":
                chosen = values[::2]
                yield member, f"[{', '.join(map(write, chosen))}]", _one_of(field, chosen)
            elif derived is not None and derived[1].startswith("True"):
                yield member, "true", _is_empty(field) if field in leaves else None
            elif derived is not None and values:
                middle = values[len(values) // 2]
                yield (
                    member,
                    json.dumps(middle),
                    _in_period(field, middle, is_start=derived[1].startswith("Start")),
                )
            elif (of.of, member) in MEANINGS:
                named, test = MEANINGS[of.of, member]
                bound = True if named is None else next(iter(_values(rows, named)[1:]), "none")
                yield member, json.dumps(bound), partial(test, bound)
            elif derived is None and kind == "Boolean":
                yield member, "true", _one_of(field, [True]) if field in leaves else None
            elif derived is None and values and member not in ("text", "type"):
                yield member, write(values[0]), _one_of(field, values[:1])


def _lacks(field: str) -> tuple[None, Meaning]:
    return None, lambda _, row: row[field] is None


def _has(field: str) -> tuple[None, Meaning]:
    return None, lambda _, row: row[field] is not None


def _among(field: str) -> tuple[str, Meaning]:
    return field, lambda value, row: value in as_list(row[field])


_ENDS_LATER: tuple[str, Meaning] = ("last", lambda value, row: row["last"] is not None and row["last"] >= value)
_BEGINS_EARLIER: tuple[str, Meaning] = (
    "first",
    lambda value, row: row["first"] is not None and row["first"] <= value,
)
MEANINGS: Mapping[tuple[str, str], tuple[str | None, Meaning]] = {
    ("Access", "document"): _among("documents"),
    ("Access", "undecided"): _lacks("decided"),
    ("Action", "open"): (None, lambda _, row: row["standing"] == "OPEN"),
    ("Area", "open"): _lacks("ended"),
    ("BoardAction", "open"): _lacks("doneOn"),
    ("BoardReport", "objective"): _among("objectives"),
    ("Consideration", "changed"): _has("changeMade"),
    ("Decision", "standing"): _lacks("rescindedPosition"),
    ("Dependency", "open"): _lacks("ended"),
    ("Entry", "sincePosition"): ("position", lambda value, row: row["position"] > value),
    ("Erasure", "awaited"): _lacks("erasedPosition"),
    ("Finding", "area"): _among("areas"),
    ("Instruction", "open"): _lacks("answeredOn"),
    ("Milestone", "reached"): _has("reachedOn"),
    ("Objective", "area"): _among("areas"),
    ("Objective", "measure"): _among("measures"),
    ("Objective", "open"): _lacks("outcome"),
    ("PartnerUpdate", "awaited"): _lacks("receivedOn"),
    ("PostTenure", "holder"): _among("holder"),
    ("Recommendation", "finding"): _among("findings"),
    ("Recommendation", "undecided"): _lacks("decided"),
    ("ReportRecommendation", "undecided"): (None, lambda _, row: row["outcome"] in (None, "DEFERRED")),
    ("Risk", "concerns"): _among("relatesTo"),
    ("Risk", "open"): _lacks("closedPosition"),
    ("RoleRequest", "open"): _lacks("grantedPosition"),
    ("Use", "refused"): _has("why"),
    **{(name, "periodFrom"): _ENDS_LATER for name in ("AdviserReport", "ChairReport", "Evidence", "Reading")},
    **{(name, "periodTo"): _BEGINS_EARLIER for name in ("AdviserReport", "ChairReport", "Evidence", "Reading")},
}
"""Member not named by its field → the field with the values to send, and a test of a row."""


def _named(description: str) -> str:
    match = _NAMED.search(description)
    assert match is not None, description
    return match[1]


def comparable(value: Any) -> Any:
    """Return an instant for a text with one: the same instant has several spellings."""
    return (
        datetime.fromisoformat(value) if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else value
    )


def _values(rows: Iterable[Row], field: str) -> list[Any]:
    """Return the different values of a field, in order."""
    values = {json.dumps(each): each for row in rows for each in as_list(row[field]) if each is not None}
    return sorted(values.values(), key=comparable)


def only(rows: Iterable[Row], fields: Iterable[str]) -> list[Row]:
    """Return these fields of rows."""
    fields = list(fields)
    return [{field: row[field] for field in fields} for row in rows]


def as_list(value: Any) -> list[Any]:
    """Return a list of a value that is not a list."""
    return value if isinstance(value, list) else [value]


def _one_of(field: str, values: list[Any]) -> Callable[[Row], bool]:
    return lambda row: any(value in values for value in as_list(row[field]))


def _is_empty(field: str) -> Callable[[Row], bool]:
    return lambda row: row[field] in (None, [])


def _in_period(field: str, bound: str, *, is_start: bool) -> Callable[[Row], bool]:
    end = comparable(bound)

    def accept(row: Row) -> bool:
        value = comparable(row[field])
        return value is not None and bool(value >= end if is_start else value < end)

    return accept


# --- orders and groups


def ordered(rows: Iterable[Row], sorts: Iterable[tuple[str, str]]) -> list[Row]:
    """Return rows ordered by fields with directions; null comes last, and ties keep their order."""
    rows = list(rows)
    for field, direction in reversed(list(sorts)):
        present = [row for row in rows if row[field] is not None]
        present.sort(key=lambda row: comparable(row[field]), reverse=direction == "DESC")
        rows = present + [row for row in rows if row[field] is None]
    return rows


Key = tuple[str, str | None]
"""Field of a group's key, and the length of its periods."""


def groups(rows: Iterable[Row], keys: Sequence[Key]) -> dict[tuple[str | None, ...], list[Row]]:
    """Return the groups of rows by their keys as texts."""
    found: dict[tuple[str | None, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        for values in product(*(_texts(row[field], period) for field, period in keys)):
            found.setdefault(values, []).append(row)
    return found


def _texts(value: Any, period: str | None) -> list[str | None]:
    if isinstance(value, list):
        return [str(each) for each in value] or [None]
    if value is None or period is None:
        return [
            None
            if value is None
            else str(value).lower()
            if isinstance(value, bool)
            else f"{value}".removesuffix(".0")
        ]
    on = day(value)
    quarter = f"{on.year}-Q{(on.month + 2) // 3}"
    return [{"DAY": f"{on}", "MONTH": f"{on:%Y-%m}", "QUARTER": quarter, "YEAR": f"{on:%Y}"}[period]]


def figures(rows: Sequence[Row], member: str, fields: Sequence[str]) -> Row:
    """Return the figures that a group's member has of some fields."""
    present = [[row[field] for field in fields] for row in rows if all(row[field] is not None for field in fields)]
    if member == "days":
        on = [str(day(value)) for (value,) in present]
        return {"count": len(on), "first": min(on, default=None), "last": max(on, default=None)}
    between = {"duration": days, "workingDuration": working_days}.get(member, float)
    return numbers(between(*values) for values in present)
