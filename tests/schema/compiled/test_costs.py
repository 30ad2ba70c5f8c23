"""Queries at the limits: each ends in its time, and the database plans it in little memory.

The navigation is cyclic, so a client can nest as many lists as there are levels.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.domain.roles import Role
from schema import limits
from schema.compiled.filters import MOST_CONDITIONS as MOST_OF_A_LIST
from schema.compiled.selection import MOST_CONDITIONS, MOST_SEARCHES
from schema.limits import DEPTH, FIELDS, ROOT_FIELDS
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.test_compiled import Both, both

__all__ = ["both"]
pytestmark = pytest.mark.database
AT = f'notice(id: "{NOTICE}", on: "2023-11-01T00:00:00Z")'
MEGABYTES = 1_000
"""Most megabytes of a process of the database, with the memory that it shares with the others."""
PLAN = ("objectives", "slow", "actions", "milestones", "risks", "briefings", "highlights", "coverage", "findings")
WHOLE = "{ totalCount nodes { __typename } groups { count } }"


def nested(first: str, *steps: str) -> Request:
    """Return a query with lists of 1,000 rows below one another, almost as deep as the limit."""
    text, levels = "__typename", 2
    for step in reversed(steps):
        is_object = step.endswith("Node")
        text = f"{step} {{ {text} }}" if is_object else f"{step}(first: 1000) {{ nodes {{ {text} }} }}"
        levels += 1 if is_object else 2
    assert DEPTH - 2 <= levels < DEPTH
    return Request(f"{{ {AT} {{ {first} {{ {text} }} }} }}", {})


def several(count: int, condition: Mapping[str, Any], roots: int = 1) -> Request:
    """Return a query of notices whose lists have as many conditions together."""
    lists = -(-count // MOST_OF_A_LIST)
    fields = " ".join(f"a{n}: actions(filter: $f) {{ totalCount nodes {{ action }} }}" for n in range(lists))
    below = f"{{ plan {{ objectives {{ nodes {{ {fields} }} }} }} }}"
    notices = " ".join(f"r{n}: {AT} {below}" for n in range(roots))
    return Request(f"query($f: ActionFilter) {{ {notices} }}", {"f": {"or": [condition] * (count // lists)}})


COSTLY = {
    "a cycle of actions": nested("plan", "objectives", "actions", "objectiveNode", "actions", "objectiveNode"),
    "a cycle of owners": nested("people", "actors", "actions", "ownerNode", "actions", "ownerNode"),
    "every list as often as fields allow": Request(
        f"{{ {AT} {{ {' '.join(f'p{n}: plan {{ ...P }}' for n in range(FIELDS // (6 * len(PLAN) + 1)))} }} }} "
        f"fragment P on Plan {{ {' '.join(f'{name} {WHOLE}' for name in PLAN)} }}",
        {},
    ),
    "conditions of one notice": several(MOST_CONDITIONS, {"area": "1a"}),
    "searches of one notice": several(MOST_SEARCHES, {"text": "visits"}),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_query_at_the_limits_ends_in_time(both: Both, name: str) -> None:
    started = time.monotonic()
    context = both.context(Role.OPERATOR)
    result = both.runner.run(both.schema.ask(context, COSTLY[name].document, COSTLY[name].variables))
    assert result.errors is None
    assert context.answered_by == "compiled"
    assert time.monotonic() - started < limits.SECONDS
    assert max(peaks(both)) < MEGABYTES


def peaks(both: Both) -> list[float]:
    """Return the most megabytes that each process of the database has had."""
    with psycopg.connect(both.url, autocommit=True) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = 'compiled'").fetchall()
    statuses = [Path(f"/proc/{pid}/status") for (pid,) in rows]
    lines = [line for each in statuses if each.exists() for line in each.read_text().splitlines()]
    return [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")] or [0.0]


def test_an_operation_ends_after_its_seconds(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read many notices: no statement takes too long, but all of them together do."""
    costly = several(MOST_SEARCHES, {"text": "visits"}, roots=ROOT_FIELDS)
    monkeypatch.setattr(limits, "SECONDS", 0.1)
    started = time.monotonic()
    result = both.runner.run(both.schema.ask(both.context(Role.OPERATOR), costly.document, costly.variables))
    assert {(error.extensions or {}).get("code") for error in result.errors or ()} == {"LIMIT_EXCEEDED"}
    assert time.monotonic() - started < 8
    monkeypatch.undo()
    simple = Request(f"{{ {AT} {{ id }} }}", {})
    assert both.compare(simple, Role.OPERATOR)  # the connection serves the next request


@pytest.mark.parametrize(
    ("count", "condition"), [(MOST_CONDITIONS, {"owner": "director"}), (MOST_SEARCHES, {"text": "visits"})]
)
def test_the_conditions_of_a_notice_are_limited(both: Both, count: int, condition: dict[str, Any]) -> None:
    for more in (0, 10):
        request = several(count + more, condition)
        result, _ = both.resolved(request, Role.OPERATOR)
        codes = {(error.extensions or {}).get("code") for error in result.errors or ()}
        assert codes == ({"LIMIT_EXCEEDED"} if more else set()), more
        assert all(f"of at most {count}" in error.message for error in result.errors or ())
