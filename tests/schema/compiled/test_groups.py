"""Groups of lists, and filters combined by and, or and not, in all three ways to answer."""

import json
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.compiled.test_order import ask, error_of

__all__ = ["both"]
pytestmark = pytest.mark.database
FIVE = ("OWNER", "DUE", "LATE", "ACTION", "OBJECTIVE")
GROUPS = "groups(by: [%s]) { keys count numbers(of: NUMERATOR) { count min max sum mean } }"


def readings(both: Both, role: Role, by: str = "") -> list[dict[str, Any]]:
    fields = "nodes { first numerator denominator value suppressed }"
    selection = f"measures {{ nodes {{ measure readings(first: 1000) {{ {fields} {GROUPS % by} }} }} }}"
    rows: list[dict[str, Any]] = ask(both, selection, role)["measures"]["nodes"]
    return rows


@pytest.mark.parametrize(
    "by", ["", "{field: FIRST, period: QUARTER}", "{field: NUMERATOR}", "{field: SUPPRESSED}"]
)
def test_no_figure_contains_a_hidden_count(both: Both, by: str) -> None:
    """Compute the figures from the counts that the reader sees in the list."""
    hidden = 0
    for measure in readings(both, Role.BOARD_MEMBER, by):
        rows = measure["readings"]["nodes"]
        visible = [row["numerator"] for row in rows if row["numerator"] is not None]
        hidden += len(rows) - len(visible)
        groups = measure["readings"]["groups"]
        assert sum(group["numbers"]["sum"] or 0 for group in groups) == sum(visible)
        assert sum(group["numbers"]["count"] for group in groups) == len(visible)
        assert sum(group["count"] for group in groups) == len(rows)
    assert hidden > 0


def test_a_group_of_one_hidden_count_has_no_figures(both: Both) -> None:
    single = [
        group["numbers"]
        for measure in readings(both, Role.BOARD_MEMBER, "{field: FIRST}, {field: SUPPRESSED}")
        for group in measure["readings"]["groups"]
        if group["keys"][1] == "true"
    ]
    assert single
    assert all(numbers == {"count": 0, "min": None, "max": None, "sum": None, "mean": None} for numbers in single)
    for measure in readings(both, Role.BOARD_MEMBER, "{field: NUMERATOR}"):
        keys = {group["keys"][0] for group in measure["readings"]["groups"]}
        assert keys == {
            None if row["numerator"] is None else str(row["numerator"]) for row in measure["readings"]["nodes"]
        }


def test_a_row_with_several_values_is_in_several_groups(both: Both) -> None:
    fields = "objectives(first: 1000) { nodes { objective areas } groups(by: [{field: AREAS}]) { keys count } }"
    objectives = ask(both, f"plan {{ {fields} }}")["plan"]["objectives"]
    counts = {group["keys"][0]: group["count"] for group in objectives["groups"]}
    for area in ("1a", "1b"):
        assert counts[area] == sum(area in row["areas"] for row in objectives["nodes"])
    assert sum(counts.values()) > len(objectives["nodes"])


def test_groups_are_of_all_pages_and_of_the_filter(both: Both) -> None:
    fields = (
        "%s: actions(first: %d, filter: {late: true}) { totalCount groups(by: [{field: OWNER}]) { keys count } }"
    )
    plan = ask(both, f"plan {{ {fields % ('one', 1)} {fields % ('all', 1000)} }}")["plan"]
    assert plan["one"] == plan["all"]
    assert sum(group["count"] for group in plan["one"]["groups"]) == plan["one"]["totalCount"] > 1


@pytest.mark.parametrize(
    ("by", "code", "message"),
    [
        ("{field: OWNER, period: MONTH}", "BAD_USER_INPUT", "OWNER is not a day or an instant"),
        ("{field: OWNER}, {field: OWNER}", "BAD_USER_INPUT", "names a key twice"),
        ("{field: DUE}, {field: DUE, period: DAY}", "BAD_USER_INPUT", "names a key twice"),
        (", ".join(f"{{field: {each}}}" for each in FIVE), "LIMIT_EXCEEDED", "5 keys, of at most 4"),
    ],
)  # fmt: skip
def test_wrong_keys_are_refused_by_name(both: Both, by: str, code: str, message: str) -> None:
    error, found = error_of(both, f"plan {{ actions {{ groups(by: [{by}]) {{ count }} }} }}")
    assert (found, message in error) == (code, True), error


def test_entries_are_grouped_for_those_who_read_them(both: Both) -> None:
    grouped = "entries(first: 1) { groups(by: [{field: ACTOR}]) { count } }"
    assert ask(both, grouped, Role.AUDITOR)["entries"]["groups"]
    for selection in (grouped, "entries(orderBy: [{field: ACTOR}]) { nodes { position } }"):
        request = Request(f'{{ notice(id: "{NOTICE}") {{ {selection} }} }}', {})
        result, _ = both.resolved(request, Role.PARTNER)
        assert [(each.extensions or {})["code"] for each in result.errors or ()] == ["FORBIDDEN"]
    assert ask(
        both,
        "entries(first: 1, orderBy: [{field: POSITION, direction: DESC}]) { nodes { position } }",
        Role.PARTNER,
    )


# --- filters


def actions(both: Both, conditions: str) -> list[dict[str, Any]]:
    fields = "nodes { action owner partner overdue standing }"
    selection = f"plan {{ actions(first: 1000, filter: {{{conditions}}}) {{ totalCount {fields} }} }}"
    rows: list[dict[str, Any]] = ask(both, selection)["plan"]["actions"]["nodes"]
    return rows


def test_not_selects_the_rows_without_a_value_too(both: Both) -> None:
    every = actions(both, "")
    partners = {row["partner"] for row in every}
    assert None in partners
    (partner,) = partners - {None}
    assert actions(both, f'not: {{partner: "{partner}"}}') == [row for row in every if row["partner"] != partner]


def test_and_or_and_not_combine(both: Both) -> None:
    every = actions(both, "")
    both_ways = 'or: [{overdue: true}, {and: [{owner: "director"}, {not: {open: true}}]}]'
    expected = [
        row for row in every if row["overdue"] or (row["owner"] == "director" and row["standing"] != "OPEN")
    ]
    assert actions(both, both_ways) == expected
    assert 0 < len(expected) < len(every)
    assert actions(both, f'owner: "director", {both_ways}') == [r for r in expected if r["owner"] == "director"]
    assert (actions(both, "or: []"), actions(both, "and: []"), actions(both, "not: {}")) == ([], every, [])
    assert actions(both, "or: {overdue: true}") == [row for row in every if row["overdue"]]


def test_variables_reach_into_combined_filters(both: Both) -> None:
    document = 'query($f: ActionFilter, $o: String, $i: [ActionFilter!]) { notice(id: "tameside-2022") { plan { '
    document += (
        "a: actions(filter: $f) { nodes { action } } b: actions(filter: {or: [{owner: $o}, {overdue: true}]}) "
    )
    document += "{ nodes { action } } c: actions(filter: {or: $i}) { nodes { action } } } } }"
    answers = set()
    for owner in ("director", "council-officer"):
        for combined in ([{"owner": owner}, {"overdue": True}], [{"not": {"owner": owner}}]):
            request = Request(document, {"f": {"or": combined}, "o": owner, "i": combined})
            assert both.compare(request, Role.ADVISER), both.ways
            answers.add(both.compiled(request, Role.ADVISER)[0])
    assert len(answers) == 4


def test_a_filter_nests_and_combines_only_so_much(both: Both) -> None:
    nested = "{" + "or: [{" * 50 + "overdue: true" + "}]" * 50 + "}"
    message, code = error_of(both, f"plan {{ actions(filter: {nested}) {{ totalCount }} }}")
    assert (code, "nests more than 10 filters" in message) == ("LIMIT_EXCEEDED", True), message
    wide = "or: [" + "{overdue: true}, " * 101 + "]"
    message, code = error_of(both, f"plan {{ actions(filter: {{{wide}}}) {{ totalCount }} }}")
    assert (code, "101 conditions, of at most 100" in message) == ("LIMIT_EXCEEDED", True), message


def test_a_filter_of_a_hidden_figure_and_its_negation_tell_nothing(both: Both) -> None:
    """Compare what a reader can select with what the same reader sees."""
    fields = "nodes { measure suppressed assurance }"
    every = ask(both, f"measures {{ {fields} }}", Role.BOARD_MEMBER)["measures"]["nodes"]
    assert any(row["suppressed"] for row in every)
    for word in ("FAILING", "ASSURED", "INCONSISTENT"):
        for negated in (False, True):
            condition = f"{{assurance: {word}}}"
            condition = f"{{not: {condition}}}" if negated else condition
            rows = ask(both, f"measures(filter: {condition}) {{ {fields} }}", Role.BOARD_MEMBER)["measures"][
                "nodes"
            ]
            assert rows == [row for row in every if (row["assurance"] == word) != negated]


def test_twenty_four_monthly_aliases_and_fragments_three_deep_pass(both: Both) -> None:
    months = [f"{year}-{month:02}" for year in (2022, 2023) for month in range(1, 13)]
    ends = [*months[1:], "2024-01"]
    aliases = " ".join(
        f'm{n}: actions(first: 1, filter: {{dueFrom: "{start}-01", dueUntil: "{end}-01"}}) {{ ...Page }}'
        for n, (start, end) in enumerate(zip(months, ends, strict=True))
    )
    document = f'{{ notice(id: "{NOTICE}") {{ plan {{ {aliases} }} }} }} '
    document += "fragment Page on ActionConnection { totalCount nodes { ...Row } } "
    document += (
        "fragment Row on Action { action objectiveNode { ...Owned } } fragment Owned on Objective { owner }"
    )
    assert both.compare(Request(document, {}), Role.ADVISER), both.ways
    plan = json.loads(both.compiled(Request(document, {}), Role.ADVISER)[0] or b"")["data"]["notice"]["plan"]
    assert sum(page["totalCount"] for page in plan.values()) > 20
