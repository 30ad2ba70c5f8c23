"""Filters that follow from the types of fields, compared with a plain selection of all rows."""

import json
import re
from collections import Counter
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

import schema
from ledger.domain.roles import Role
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.compiled.test_order import ask

__all__ = ["both"]
GUIDE = Path(schema.__file__).parents[1] / "docs" / "asking.md"


def actions(both: Both, conditions: str) -> list[dict[str, Any]]:
    fields = "nodes { action owner due completedOn addedAt }"
    listing = f"actions(first: 1000, filter: {{{conditions}}}) {{ {fields} }}"
    rows: list[dict[str, Any]] = ask(both, f"plan {{ {listing} }}")["plan"]["actions"]["nodes"]
    return rows


@pytest.mark.parametrize(("name", "field"), [("due", "due"), ("completed", "completedOn"), ("added", "addedAt")])
def test_a_range_includes_its_start_and_excludes_its_end(both: Both, name: str, field: str) -> None:
    every = actions(both, "")
    values = sorted({row[field] for row in every if row[field] is not None})
    start, end = values[len(values) // 4], values[-1]
    expected = [row for row in every if row[field] is not None and start <= row[field] < end]
    assert actions(both, f'{name}From: "{start}", {name}Until: "{end}"') == expected
    assert 0 < len(expected) < len(every)


def test_a_list_of_values_selects_rows_with_one_of_them(both: Both) -> None:
    every = actions(both, "")
    owners = sorted({row["owner"] for row in every})[:2]
    expected = [row for row in every if row["owner"] in owners]
    assert actions(both, f"ownerIn: {json.dumps(owners)}") == expected
    assert 0 < len(expected) < len(every)
    assert actions(both, "ownerIn: []") == []


@pytest.mark.parametrize(
    ("path", "field"),
    [("board.meetings", "attendance"), ("board.decisions", "evidence"), ("board.reports", "parts")],
)
def test_a_row_with_a_list_needs_one_of_the_values(both: Both, path: str, field: str) -> None:
    section, name = path.split(".")

    def rows(conditions: str) -> list[dict[str, list[str]]]:
        listing = f"{name}(first: 1000, filter: {{{conditions}}}) {{ nodes {{ {field} position }} }}"
        answered: list[dict[str, list[str]]] = ask(both, f"{section} {{ {listing} }}")[section][name]["nodes"]
        return answered

    every = rows("")
    counts = Counter(value for row in every for value in row[field])
    rare = [value for value, count in sorted(counts.items(), key=itemgetter(1)) if count < len(every)][:1]
    values = json.dumps(rare).replace('"', "") if field == "parts" else json.dumps(rare)
    expected = [row for row in every if {*row[field]} & {*rare}]
    assert rows(f"{field}In: {values}") == expected
    assert 0 < len(expected) < len(every)
    assert rows(f"not: {{{field}In: {values}}}") == [row for row in every if row not in expected]
    assert rows(f"{field}In: []") == []


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("board.meetings", "apologies"),
        ("plan.actions", "coOwners"),
        ("plan.actions", "partner"),
        ("plan.actions", "completedOn"),
        ("plan.objectives", "measures"),
        ("plan.risks", "closedAt"),
    ],
)
def test_rows_without_a_value_or_with_an_empty_list_are_selected(both: Both, path: str, field: str) -> None:
    section, name = path.split(".")

    def rows(conditions: str) -> list[dict[str, Any]]:
        listing = f"{name}(first: 1000, filter: {{{conditions}}}) {{ nodes {{ {field} position }} }}"
        answered: list[dict[str, Any]] = ask(both, f"{section} {{ {listing} }}")[section][name]["nodes"]
        return answered

    every = rows("")
    empty = [row for row in every if row[field] in (None, [])]
    assert rows(f"{field}Empty: true") == empty
    assert rows(f"{field}Empty: false") == [row for row in every if row not in empty]
    assert rows(f"not: {{{field}Empty: true}}") == rows(f"{field}Empty: false")
    assert 0 < len(empty) < len(every)


def test_a_list_of_words_is_a_list_of_an_enum(both: Both) -> None:
    fields = "compliance(first: 1000%s) { nodes { clause status } }"
    rows = ask(both, fields % "")["compliance"]["nodes"]
    selected = ask(both, fields % ", filter: {statusIn: [MET, NOT_MET]}")["compliance"]["nodes"]
    assert selected == [row for row in rows if row["status"] in ("MET", "NOT_MET")] != rows


def test_a_filter_by_a_hidden_count_selects_what_the_reader_sees(both: Both) -> None:
    fields = "measures { nodes { readings(first: 1000%s) { nodes { first reportedAt numerator } } } }"
    for role in (Role.ADVISER, Role.BOARD_MEMBER):
        measures = ask(both, fields % "", role)["measures"]["nodes"]
        late = ask(both, fields % ', filter: {firstFrom: "2023-01-01"}', role)["measures"]["nodes"]
        for whole, part in zip(measures, late, strict=True):
            rows = whole["readings"]["nodes"]
            assert part["readings"]["nodes"] == [row for row in rows if row["first"] >= "2023-01-01"]


def test_the_examples_of_the_guide_are_compiled(both: Both) -> None:
    examples = re.findall(r"```graphql\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        assert both.compare(Request(example, {"notice": NOTICE}), Role.ADVISER), example
