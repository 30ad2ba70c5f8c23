"""Test that composed SQL names the notice of each table, as a distributed database needs."""

import re
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from msgspec import Struct

from projections import views
from projections.engine.columns import fields_of
from projections.query.relation import Relation, Sort
from projections.query.sql import compose
from projections.query.tree import (
    Cell,
    Listing,
    NarrativeBody,
    NarrativeList,
    Node,
    ObjectNode,
    TotalCount,
    form_of,
)

NOT_AN_ALIAS = "WHERE|GROUP|ORDER|JOIN|CROSS|LEFT|LIMIT|ON|UNION"
TABLE = re.compile(
    rf'\b(?:FROM|JOIN)\s+(?:ledger|views)\.\w+(?:\s+(?:AS\s+)?(?!(?:{NOT_AN_ALIAS})\b)(\w+|"[^"]+"))?'
)


def relations() -> dict[str, Relation[Any]]:
    """Return the relations that the modules of views declare."""
    modules = [import_module(module.name) for module in walk_packages(views.__path__, f"{views.__name__}.")]
    return {
        f"{module.__name__.removeprefix(views.__name__ + '.')}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Relation)
    }


RELATIONS = relations()


def unbound(sql: str, notice: str) -> list[str]:
    """Return the aliases of tables whose notice the SQL does not compare with the parameter."""
    tables = Counter(match[1] or "" for match in TABLE.finditer(sql))
    prefixes = {alias: rf"(?<![\w\"]){re.escape(alias)}\." if alias else r"(?<![\w.])" for alias in tables}
    tests = {alias: len(re.findall(prefix + "notice = " + notice, sql)) for alias, prefix in prefixes.items()}
    return [alias for alias, count in tables.items() if tests[alias] < count]


def everything(relation: Relation[Any]) -> Listing:
    """Return a list with all fields of the rows, all conditions and the number of rows."""
    items: list[tuple[str, Node]] = []
    row: type[Struct] = relation.row
    for field in fields_of(row):
        if field.join is None:
            hint = relation.hints[field.name]
            items.append((field.name, Cell(field.name, form_of(hint), optional=True)))
        elif field.columns[1].type == "text":
            items.append((field.name, NarrativeBody(field.name)))
        else:
            items.append((field.name, NarrativeList(field.name, (("body", "body"),))))
    items += [(name, Cell(name, form_of(relation.hints[name]), optional=True)) for name in relation.computed]
    conditions = {name: f"is_{name}" for name in (*relation.conditions, *relation.positions)}
    return Listing(
        relation=relation,
        shape="page",
        item=ObjectNode((*items, ("total", TotalCount()))),
        conditions=conditions,
        sorts=tuple(Sort(name) for name in relation.computed),
    )


@pytest.mark.parametrize("name", RELATIONS)
def test_each_table_of_composed_sql_is_bound_to_the_notice(name: str) -> None:
    relation = RELATIONS[name]
    composed = compose(everything(relation), ())
    number = composed.parameters.index("notice") + 1
    assert unbound(composed.sql.decode(), rf"\${number}\b") == []


def test_a_table_that_is_bound_to_a_row_only_is_named() -> None:
    sql = "SELECT FROM views.plan t, LATERAL (SELECT FROM views.measures m WHERE m.notice = t.notice) x"
    assert unbound(f"{sql} WHERE t.notice = :notice", ":notice") == ["m"]
    assert unbound("SELECT FROM ledger.entries WHERE position = 1", ":notice") == [""]
