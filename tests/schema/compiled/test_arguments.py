"""Odd values for every argument of every field: a clear error or a right answer, in a short time.

The arguments, their types and the ways to their fields come from the schema.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from msgspec import Struct, structs

from ledger.domain.roles import Role
from schema.compiled.filters import MOST_CONDITIONS
from schema.derive.filters import COMBINED
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.odd_values import is_of_type, odd_values
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.test_questions import found_at, paths

__all__ = ["both"]
CLEAR = {"BAD_USER_INPUT", "LIMIT_EXCEEDED", "NOT_FOUND", "NOT_RECORDED_YET", "NOT_CAUGHT_UP"}
"""Codes of errors that a wrong argument may have."""
LENGTH = 5_000
"""Maximum characters of a message. A list of all facts has more, as has an argument that it must not repeat."""
SECONDS = 5.0
"""Most seconds of an answer."""
ON = 'on: "2023-11-01T00:00:00Z"'
ALIASES = 20
"""Values of one query: the fields at its root are limited."""
COMPARED = 5
"""Values of one comparison: field by field, each list of notices takes a connection of its own."""
CHUNK = 60
"""Filters of one query."""


class Slot(Struct, frozen=True, eq=False):
    """An argument of a field, with the way to the field."""

    path: list[str]
    owner: str
    field: str
    others: str
    """Required arguments of the field, apart from this one."""
    name: str
    argument: GraphQLArgument
    below: str

    @property
    def kind(self) -> Any:
        """The type of the argument, which may be null."""
        return self.argument.type.of_type if isinstance(self.argument.type, GraphQLNonNull) else self.argument.type

    def call(self, alias: str, variable: str) -> str:
        """Return the field with the argument in a variable."""
        others = f", {self.others}" if self.others else ""
        return f"{alias}: {self.field}({self.name}: ${variable}{others}){self.below}"

    def request(self, *values: Any) -> Request:
        """Return a request with the field once for each value."""
        return joined([(self, value) for value in values])


def joined(calls: Sequence[tuple[Slot, Any]]) -> Request:
    """Return one request for several values of the arguments of one field."""
    path = calls[0][0].path
    declared = ", ".join(f"$v{n}: {slot.argument.type}" for n, (slot, _) in enumerate(calls))
    fields = " ".join(slot.call(f"a{n}", f"v{n}") for n, (slot, _) in enumerate(calls))
    document = f"query({declared}) {{ {' { '.join([*path, fields])} {'} ' * len(path)}}}"
    return Request(document, {f"v{n}": value for n, (_, value) in enumerate(calls)})


def by_field(both: Both) -> list[list[Slot]]:
    """Return the arguments of each field."""
    fields: dict[tuple[str, str], list[Slot]] = {}
    for slot in slots(both):
        fields.setdefault((slot.owner, slot.field), []).append(slot)
    return list(fields.values())


def slots(both: Both) -> list[Slot]:
    """Return all arguments of the fields that a query reaches."""
    live = both.schema.graphql
    routes = {"Query": [""]} | paths(live)
    routes |= {
        f"{name.removesuffix('Connection')}Group": [*path, "groups"]
        for name, path in routes.items()
        if name.endswith("Connection")
    }
    arguments: list[Slot] = []
    for owner, path in routes.items():
        way = [
            step.replace("(id: $notice)", f'(id: "{NOTICE}", {ON})').replace("first: 1000", "first: 2")
            for step in path
        ]
        of = live.type_map[owner]
        assert isinstance(of, GraphQLObjectType)
        for field, declared in of.fields.items():
            required = {n: a for n, a in declared.args.items() if isinstance(a.type, GraphQLNonNull)}
            usual = {"id": f'"{NOTICE}"'}
            for name, argument in declared.args.items():
                others = ", ".join(
                    f"{n}: {usual.get(n) or next(iter(get_named_type(a.type).values))}"
                    for n, a in required.items()
                    if n != name
                )
                below = get_named_type(declared.type)
                text = "" if is_leaf_type(below) else " { __typename }"
                if below.name.endswith("Connection"):
                    text = " { totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage } }"
                arguments.append(Slot([step for step in way if step], owner, field, others, name, argument, text))
    return arguments


def check(both: Both, request: Request) -> list[str]:
    """Ask; return the codes of the errors, and fail on an obscure or slow answer."""
    started = time.monotonic()
    context = both.context(Role.OPERATOR)
    result = both.runner.run(both.schema.ask(context, request.document, request.variables))
    seconds = time.monotonic() - started
    codes = [(error.extensions or {}).get("code", "") for error in result.errors or ()]
    about = (request.document, str(request.variables)[:500], result.errors)
    assert set(codes) <= CLEAR, about
    assert all(len(error.message) < LENGTH for error in result.errors or ()), about
    assert seconds < SECONDS, (seconds, *about)
    return codes


def is_filter(slot: Slot) -> bool:
    return isinstance(slot.kind, GraphQLInputObjectType) and set(COMBINED.values()) <= slot.kind.fields.keys()


def by_filter(both: Both) -> list[Slot]:
    """Return one slot for each type of a filter."""
    return list({slot.kind.name: slot for slot in reversed(slots(both)) if is_filter(slot)}.values())


def of_type(both: Both, slot: Slot) -> list[Any]:
    """Return the odd values that a variable of the slot's type takes."""
    live = both.schema.graphql
    return [value for value in odd_values(slot.kind) if is_of_type(live, slot.argument.type, value)]


def test_odd_values_of_every_argument(both: Both) -> None:
    """Send each argument a share of the values of its type, in turn."""
    counted = 0
    for number, fields in enumerate(by_field(both)):
        calls = []
        for slot in fields:
            if not is_filter(slot):
                values = of_type(both, slot)
                calls += [(slot, values[(number + step) % len(values)]) for step in (0, len(values) // 2)]
        if calls:
            check(both, joined(calls))
        counted += len(calls)
    assert counted > 1_000


@pytest.mark.long(seconds=45)
@pytest.mark.timeout(1_200)
def test_all_odd_values_of_every_argument(both: Both) -> None:
    for fields in by_field(both):
        calls = [(slot, value) for slot in fields if not is_filter(slot) for value in of_type(both, slot)]
        for at in range(0, len(calls), ALIASES):
            check(both, joined(calls[at : at + ALIASES]))


def test_odd_values_of_every_member_of_a_filter(both: Both) -> None:
    """Send all values of the right type, joined by `or`."""
    counted = 0
    for slot in by_filter(both):
        values = sorted((value for value in of_type(both, slot) if value and _depth(value) < 9), key=_width)
        for at in range(0, len(values), CHUNK):
            chunk = values[at : at + CHUNK]
            codes = check(both, slot.request({"or": chunk}, {"not": {"or": chunk}}))
            is_wide = _width(chunk) > MOST_CONDITIONS
            assert set(codes) <= {"BAD_USER_INPUT", *(["LIMIT_EXCEEDED"] if is_wide else [])}
        counted += len(values)
    assert counted > 5_000


def test_values_of_another_type_are_refused(both: Both) -> None:
    """Send each value once for each type of a variable or a member that does not take it."""
    seen, types = set(), {str(slot.argument.type): slot for slot in reversed(slots(both))}
    for slot in types.values():
        for value in odd_values(slot.kind):
            if is_of_type(both.schema.graphql, slot.argument.type, value):
                continue
            key = str(sorted(_leaves(slot.kind, value)))
            if key not in seen:
                seen.add(key)
                assert set(check(both, slot.request(value))) == {"BAD_USER_INPUT"}, (slot.field, value)
    assert len(seen) > 50


def test_fifty_nested_filters_are_refused(both: Both) -> None:
    for slot in by_filter(both):
        deep = [value for value in odd_values(slot.kind) if isinstance(value, dict) and _depth(value) > 40]
        assert len(deep) == 3, slot.kind
        assert set(check(both, slot.request(*deep))) == {"LIMIT_EXCEEDED"}, slot.field


def test_a_cursor_of_another_order_is_refused_by_every_list(both: Both) -> None:
    refused = 0
    for slot in slots(both):
        if slot.name not in ("after", "before"):
            continue
        declared = both.schema.graphql.type_map[slot.owner]
        assert isinstance(declared, GraphQLObjectType)
        order = get_named_type(declared.fields[slot.field].args["orderBy"].type)
        assert isinstance(order, GraphQLInputObjectType)
        word = next(iter(get_named_type(order.fields["field"].type).values))
        page = f"{slot.field}(first: 1) {{ pageInfo {{ endCursor }} }}"
        document = f"{{ {' { '.join([*slot.path, page])} {'} ' * len(slot.path)}}}"
        answer = both.resolved(Request(document, {}), Role.OPERATOR)[0]
        steps = [step.partition("(")[0] for step in slot.path]
        cursors = [
            row[slot.field]["pageInfo"]["endCursor"]
            for row in found_at(answer.data, steps)
            if row[slot.field]["pageInfo"]["endCursor"]
        ]
        if cursors:
            other = structs.replace(slot, others=f"orderBy: [{{field: {word}}}]")
            codes = check(both, other.request(cursors[0]))
            assert set(codes) == {"BAD_USER_INPUT"}, (slot.owner, slot.field)
            refused += 1
    assert refused > 100


@pytest.mark.long(seconds=70)
@pytest.mark.timeout(1_200)
def test_odd_values_of_filters_have_right_answers(both: Both) -> None:
    """Send each value alone; compare the answers of those not refused with those evaluated field by field."""
    for slot in by_filter(both):
        values = [value for value in of_type(both, slot) if value and _depth(value) < 9]
        accepted = [value for value in values if not check(both, slot.request(value))]
        for at in range(0, len(accepted), COMPARED):
            assert both.compare(slot.request(*accepted[at : at + COMPARED]), Role.OPERATOR)


def _width(value: Any) -> int:
    """Return the number of values within a value, with its filters and lists."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_width, parts))


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _leaves(kind: Any, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the type and the value of each place of a value."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
        if value is None:
            yield f"{kind}!", "null"
    if isinstance(kind, GraphQLList) and isinstance(value, list):
        for item in value:
            yield from (("[]" + name, text) for name, text in _leaves(kind.of_type, item))
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, part in value.items():
            if name in kind.fields:
                yield from _leaves(kind.fields[name].type, part)
            else:
                yield "input", name
    elif isinstance(kind, GraphQLEnumType) and isinstance(value, str):
        yield "enum", "word" if value else "empty"
    elif value is not None:
        yield str(kind), repr(value)[:200]
