"""Pages from the end of a list (`last`, `before`), compared with the whole list."""

from typing import Any

import pytest

from ledger.domain.roles import Role
from schema.derive.connection import USUAL
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.compiled.test_order import ask, error_of, notice

__all__ = ["both"]
pytestmark = pytest.mark.database
PAGE = (
    "totalCount edges { cursor node { position } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }"
)
ORDERS = (
    "",
    "orderBy: [{field: COMPLETED_ON}]",
    "orderBy: [{field: COMPLETED_ON, direction: DESC}, {field: OWNER}]",
    "orderBy: [{field: OBJECTIVE, direction: DESC}], filter: {not: {overdue: true}}",
)


def actions(both: Both, *arguments: str) -> dict[str, Any]:
    joined = ", ".join(filter(None, arguments))
    page: dict[str, Any] = ask(both, f"plan {{ actions({joined}) {{ {PAGE} }} }}")["plan"]["actions"]
    return page


@pytest.mark.parametrize("order", ORDERS)
def test_pages_backward_are_the_whole_list(both: Both, order: str) -> None:
    whole = actions(both, "first: 1000", order)["edges"]
    pages: list[list[Any]] = []
    before = ""
    while True:
        page = actions(both, "last: 4", order, before)
        info, edges = page["pageInfo"], page["edges"]
        pages.insert(0, edges)
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert info["hasNextPage"] == (len(pages) > 1)
        assert page["totalCount"] == len(whole)
        if not info["hasPreviousPage"]:
            break
        before = f'before: "{info["startCursor"]}"'
    assert [edge for page in pages for edge in page] == whole
    assert len(pages) == -(-len(whole) // 4)


@pytest.mark.parametrize("order", ORDERS)
def test_both_cursors_bound_a_page_from_either_end(both: Both, order: str) -> None:
    whole = actions(both, "first: 1000", order)["edges"]
    cursors = f'after: "{whole[1]["cursor"]}", before: "{whole[8]["cursor"]}"'
    first, last = (actions(both, f"{end}: 3", order, cursors) for end in ("first", "last"))
    assert (first["edges"], last["edges"]) == (whole[2:5], whole[5:8])
    every = actions(both, "last: 6", order, cursors)
    assert every["edges"] == actions(both, order, cursors)["edges"] == whole[2:8]
    for page in (first, last, every):
        assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, True)


def test_a_page_within_crossed_cursors_is_empty(both: Both) -> None:
    whole = actions(both, "first: 9")["edges"]
    page = actions(both, "last: 5", f'after: "{whole[8]["cursor"]}", before: "{whole[2]["cursor"]}"')
    assert (page["edges"], page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == ([], None, None)


def test_neighbours_by_the_rules_of_relay(both: Both) -> None:
    """Page from both ends of a list of several rows, with and without cursors."""
    whole = actions(both, "first: 1000")["edges"]
    number = len(whole)
    start, end = (f'{name}: "{whole[at]["cursor"]}"' for name, at in (("after", 2), ("before", -3)))
    for arguments, expected in {
        "first: 5": (True, False),
        "last: 5": (False, True),
        f"first: {number}": (False, False),
        f"last: {number}": (False, False),
        f"first: 5, {start}": (True, True),
        f"last: 5, {end}": (True, True),
        f"first: {number}, {end}": (True, False),
        f"last: {number}, {start}": (False, True),
    }.items():
        info = actions(both, arguments)["pageInfo"]
        assert (info["hasNextPage"], info["hasPreviousPage"]) == expected, arguments


def test_the_newest_entries_and_those_before_them(both: Both) -> None:
    fields = "nodes { position } pageInfo { startCursor }"
    latest = ask(both, f"entries(last: 3) {{ {fields} }}")["entries"]
    positions = [node["position"] for node in latest["nodes"]]
    newest = ask(both, "entries(newestFirst: true, first: 3) { nodes { position } }")["entries"]["nodes"]
    assert [node["position"] for node in newest] == positions[::-1]
    before = f'before: "{latest["pageInfo"]["startCursor"]}"'
    earlier = ask(both, f"entries(last: 2, {before}) {{ {fields} }}")["entries"]["nodes"]
    assert [node["position"] for node in earlier] == [positions[0] - 2, positions[0] - 1]
    oldest = ask(both, "entries(newestFirst: true, last: 2) { nodes { position } }")["entries"]["nodes"]
    assert [node["position"] for node in oldest] == [2, 1]


def test_a_list_below_a_row_ends_before_its_own_cursors_only(both: Both) -> None:
    def below(objective: str, arguments: str) -> str:
        fields = f"nodes {{ actions({arguments}) {{ {PAGE} }} }}"
        return f'plan {{ objectives(filter: {{objectiveIn: ["{objective}"]}}) {{ {fields} }} }}'

    (row,) = ask(both, below("O1", "first: 9"))["plan"]["objectives"]["nodes"]
    whole = row["actions"]["edges"]
    cursor = whole[-1]["cursor"]
    message, code = error_of(both, below("O2", f'last: 1, before: "{cursor}"'))
    assert (code, "before is not a cursor of this list" in message) == ("BAD_USER_INPUT", True)
    result, _ = both.resolved(notice(below("O1", f'last: 1, before: "{cursor}"')), Role.ADVISER)
    data: Any = result.data
    (row,) = data["notice"]["plan"]["objectives"]["nodes"]
    assert row["actions"]["edges"] == whole[-2:-1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("first: 1, last: 1", "first and last are both set"),
        ("last: 0", "last is 0; use 1 to 1000"),
        ("last: -1", "last is -1; use 1 to 1000"),
        ("last: 1001", "last is 1001; use 1 to 1000"),
        ('last: 1, before: "x"', "before is not a cursor"),
        ('last: 1, after: "x"', "after is not a cursor"),
    ],
)
def test_a_wrong_page_is_refused(both: Both, arguments: str, expected: str) -> None:
    message, code = error_of(both, f"plan {{ actions({arguments}) {{ totalCount }} }}")
    assert (code, expected in message) == ("BAD_USER_INPUT", True), message


def test_null_is_as_if_absent(both: Both) -> None:
    page = actions(both, "first: null, last: null, after: null, before: null")
    assert page == actions(both, f"first: {USUAL}")
    assert actions(both, "first: null, last: 2")["edges"] == actions(both, "last: 2")["edges"]
