"""Orders and total counts, compared with a plain sort of the rows in the other order."""

import json
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from ledger.domain.roles import Role
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.test_compiled import Both, both

__all__ = ["both"]


def notice(selection: str) -> Request:
    return Request(f'{{ notice(id: "{NOTICE}", on: "2023-11-01T00:00:00Z") {{ {selection} }} }}', {})


def ask(both: Both, selection: str, role: Role = Role.ADVISER) -> dict[str, Any]:
    assert both.compare(notice(selection), role), (selection, both.ways)
    answer, _ = both.compiled(notice(selection), role)
    read: dict[str, Any] = json.loads(answer or b"")["data"]["notice"]
    return read


def error_of(both: Both, selection: str) -> tuple[str, str]:
    result, _ = both.resolved(notice(selection), Role.ADVISER)
    assert result.errors is not None
    return result.errors[0].message, (result.errors[0].extensions or {})["code"]


def test_rows_are_in_the_order_of_several_fields_with_null_last(both: Both) -> None:
    rows = ask(both, "plan { actions(first: 1000) { nodes { action owner completedOn position } } }")
    nodes = rows["plan"]["actions"]["nodes"]
    assert {row["completedOn"] is None for row in nodes} == {True, False}
    for direction in ("ASC", "DESC"):
        order = f"[{{field: COMPLETED_ON, direction: {direction}}}, {{field: OWNER, direction: DESC}}]"
        fields = "nodes { action owner completedOn position }"
        read = ask(both, f"plan {{ actions(first: 1000, orderBy: {order}) {{ {fields} }} }}")
        expected = sorted(nodes, key=lambda row: row["position"])
        expected.sort(key=lambda row: row["owner"], reverse=True)
        expected.sort(key=lambda row: row["completedOn"] or "", reverse=direction == "DESC")
        expected.sort(key=lambda row: row["completedOn"] is None)
        assert read["plan"]["actions"]["nodes"] == expected


def test_pages_in_an_order_follow_one_another(both: Both) -> None:
    order = "orderBy: [{field: COMPLETED_ON, direction: DESC}, {field: OWNER}]"
    whole = ask(both, f"plan {{ actions(first: 1000, {order}) {{ totalCount nodes {{ action }} }} }}")
    actions, after = [], ""
    while True:
        page = ask(
            both,
            f"plan {{ actions(first: 3, {order}{after}) {{ totalCount nodes {{ action }} "
            "pageInfo { endCursor hasNextPage } } }",
        )["plan"]["actions"]
        assert page["totalCount"] == whole["plan"]["actions"]["totalCount"]
        actions += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert actions == whole["plan"]["actions"]["nodes"]
    assert len(actions) == whole["plan"]["actions"]["totalCount"]


def test_a_cursor_of_another_order_is_refused_by_name(both: Both) -> None:
    page = "plan { actions(first: 2, orderBy: [{field: DUE}]%s) { pageInfo { endCursor } } }"
    cursor = ask(both, page % "")["plan"]["actions"]["pageInfo"]["endCursor"]
    for order in ("", "orderBy: [{field: OWNER}], ", "orderBy: [{field: DUE, direction: DESC}], "):
        message, code = error_of(both, f'plan {{ actions({order}after: "{cursor}") {{ totalCount }} }}')
        assert (code, "the order due ASC" in message) == ("BAD_USER_INPUT", True), message


def test_a_total_count_is_of_all_rows_that_meet_the_conditions(both: Both) -> None:
    selection = "plan { objectives { nodes { all: actions(first: %d) { totalCount nodes { overdue } } "
    selection += "late: actions(first: 1, filter: {overdue: true}) { totalCount } } } }"
    short, whole = (ask(both, selection % first)["plan"]["objectives"]["nodes"] for first in (1, 1000))
    counts = [row["all"]["totalCount"] for row in whole]
    assert counts == [len(row["all"]["nodes"]) for row in whole] == [row["all"]["totalCount"] for row in short]
    assert [row["late"]["totalCount"] for row in whole] == [
        sum(action["overdue"] for action in row["all"]["nodes"]) for row in whole
    ]
    assert sum(counts) > 20


def test_an_order_by_a_hidden_count_says_nothing_about_it(both: Both) -> None:
    readings = "readings(first: 1000, orderBy: [{field: NUMERATOR}]) { nodes { numerator } }"
    selection = f"measures {{ nodes {{ {readings} }} }}"
    for role in (Role.ADVISER, Role.BOARD_MEMBER, Role.REVIEWER):
        for measure in ask(both, selection, role)["measures"]["nodes"]:
            counts = [row["numerator"] for row in measure["readings"]["nodes"]]
            visible = [count for count in counts if count is not None]
            assert counts == sorted(visible) + [None] * (len(counts) - len(visible))


def test_an_order_has_a_few_different_fields(both: Both) -> None:
    fields = ("ACTION", "OWNER", "DUE", "FIRST_DUE", "PARTNER", "OVERDUE")
    order = ", ".join(f"{{field: {field}}}" for field in fields)
    assert error_of(both, f"plan {{ actions(orderBy: [{order}]) {{ totalCount }} }}")[1] == "LIMIT_EXCEEDED"
    order = "{field: DUE}, {field: DUE, direction: DESC}"
    message, code = error_of(both, f"plan {{ actions(orderBy: [{order}]) {{ totalCount }} }}")
    assert (message, code) == ("orderBy names a field twice; name it once", "BAD_USER_INPUT")


def test_an_order_by_variables_is_compiled_for_each_value(both: Both) -> None:
    document = 'query($f: ActionOrderField!, $d: OrderDirection!) { notice(id: "tameside-2022") { plan { '
    document += "actions(orderBy: [{field: $f, direction: $d}]) { nodes { action due } } } } }"
    answers = set()
    for field in ("DUE", "OWNER"):
        for direction in ("ASC", "DESC"):
            request = Request(document, {"f": field, "d": direction})
            assert both.compare(request, Role.ADVISER)
            answers.add(both.compiled(request, Role.ADVISER)[0])
    assert len(answers) == 4


def test_every_list_has_every_order(both: Both) -> None:
    """Compare both ways to answer, for each list of a notice or a section and each field of its order."""
    types = both.schema._schema.type_map
    root = types["Notice"]
    assert isinstance(root, GraphQLObjectType)
    orders = 0
    for name, field in [("", None), *root.fields.items()]:
        owner = root if field is None else get_named_type(field.type)
        if not isinstance(owner, GraphQLObjectType) or (field is not None and field.args):
            continue
        for list_name, each in owner.fields.items():
            if "orderBy" not in each.args:
                continue
            order = get_named_type(each.args["orderBy"].type)
            assert isinstance(order, GraphQLInputObjectType)
            words = list(get_named_type(order.fields["field"].type).values)
            lists = " ".join(
                f"{word}: {list_name}(first: 5, orderBy: [{{field: {word}, direction: {direction}}}]) "
                "{ totalCount edges { cursor node { __typename } } }"
                for number, word in enumerate(words)
                for direction in [("ASC", "DESC")[number % 2]]
            )
            orders += len(words)
            ask(both, f"{name} {{ {lists} }}" if name else lists, Role.OPERATOR)
    assert orders > 200


@pytest.mark.parametrize("value", ["null", "[]"])
def test_no_order_is_the_order_of_the_list(both: Both, value: str) -> None:
    selection = "plan {{ actions{} {{ edges {{ cursor }} }} }}"
    assert ask(both, selection.format(f"(orderBy: {value})")) == ask(both, selection.format(""))
