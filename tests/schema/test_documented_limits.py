"""The guide's table of limits names each limit of the code with its number."""

import re
from pathlib import Path

import pytest

import schema
from api.http import body, feed, graphql
from projections.query import groups as groups_sql
from projections.query import reader
from schema import limits
from schema.compiled import filters, national, selection
from schema.derive import connection, groups, order

GUIDE = Path(schema.__file__).parents[1] / "docs" / "asking.md"
LIMITS = {
    "characters": [limits.CHARACTERS],
    "characters of the operation's name": [limits.NAME_CHARACTERS],
    "values and objects in the variables, values in conditions": [limits.VALUES, limits.OBJECTS, limits.VALUES],
    "rows of all lists together": [limits.ROWS],
    "tokens": [limits.TOKENS],
    "rows of a list (`first`)": [connection.LARGEST],
    "levels of fields": [limits.DEPTH],
    "seconds of an operation": [limits.SECONDS],
    "fields, fragments spread": [limits.FIELDS],
    "seconds of a statement": [reader.STATEMENT_SECONDS],
    "aliases": [limits.ALIASES],
    "operations of a WebSocket at once": [graphql.OPERATIONS_AT_ONCE],
    "the same field in one place": [limits.REPEATED],
    "digits of a number": [limits.DIGITS],
    "keys of groups": [groups.MOST_KEYS],
    "groups of a list": [groups_sql.MOST_GROUPS],
    "filters within one another, conditions": [filters.MOST_NESTED, filters.MOST_CONDITIONS],
    "fields of an order": [order.MOST_SORTS],
    "conditions, searches (`text`) of a notice": [selection.MOST_CONDITIONS, selection.MOST_SEARCHES],
    "notices of the list": [national.MOST_NOTICES],
    "fields at its root": [limits.ROOT_FIELDS],
    "bytes of a request": [body.MAXIMUM_EVENT],
    "WebSockets of an actor in a process": [feed.EACH],
    "streams of events of an actor in a process": [feed.EACH],
}


def documented() -> dict[str, list[int]]:
    """Return the numbers of each limit in the guide's table."""
    section = GUIDE.read_text().partition("## Limits")[2].strip().partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    cells = [cell.strip() for row in rows for cell in row]
    pairs = zip(cells[::2], cells[1::2], strict=True)
    numbers = {name: re.findall(r"\d[\d,]*\d|\d", value) for name, value in pairs}
    return {name: [int(each.replace(",", "")) for each in texts] for name, texts in numbers.items() if texts}


def test_the_table_has_every_limit_with_its_number() -> None:
    assert documented() == LIMITS


@pytest.mark.parametrize("module", [limits, groups, order, filters, selection, national, groups_sql])
def test_no_limit_is_left_out(module: object) -> None:
    internal = {"CACHED_DOCUMENTS"}
    names = {
        name
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int) and (name.startswith("MOST_") or module is limits)
    }
    in_table = {number for numbers in LIMITS.values() for number in numbers}
    assert {name for name in names - internal if getattr(module, name) not in in_table} == set()
