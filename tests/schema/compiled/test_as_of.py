"""Every list as at a position, compared with the answer of a ledger that was given no later entry."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.databases import copied_database
from tests.projections.folding import fold_all
from tests.projections.stored import store
from tests.schema.compiled.documents import NOTICE, Request
from tests.schema.compiled.every_list import Lists, Row
from tests.schema.compiled.test_compiled import Both, both

__all__ = ["both"]
OTHERWISE = {("Notice.entries", name) for name in ("leafHash", "eventId", "data")} | {
    ("Notice.viewStates", "reached"),
}
"""Values that differ: each ledger draws its own salts and some ids. A view's progress is that of the present."""
UNTIL = datetime.fromisoformat("2023-09-01T00:00:00+01:00")


@pytest.fixture(scope="module")
def earlier(template: str) -> Iterator[tuple[Both, int]]:
    """Yield a ledger with the first part of the history, and its last position."""
    with copied_database(template, "views_template") as url, asyncio.Runner() as runner:
        position = runner.run(store(url, until=UNTIL))
        runner.run(fold_all(url, NOTICE))
        answers = Both(url, runner)
        yield answers, position
        runner.run(answers.reader.close())


def every_list(of: Both, position: int, on: str) -> dict[str, list[list[Row]]]:
    """Return the rows of every list as at a position, with rules judged on a day."""

    def ask(selection: str) -> tuple[Any, str | None]:
        document = f'{{ notice(id: "{NOTICE}", asOf: {{position: {position}}}, on: "{on}") {{ {selection} }} }}'
        answer, context = of.compiled(Request(document, {}), Role.OPERATOR)
        assert answer is not None, (context.answered_by, document)
        return json.loads(answer)["data"]["notice"], None

    lists = Lists(of.schema._schema, ask)
    return {str(each): lists.rows(each) for each in lists.every}


@pytest.mark.long
@pytest.mark.parametrize("on", ["2023-03-01T00:00:00Z", "2024-02-01T00:00:00Z"])
def test_a_later_entry_changes_no_earlier_answer(both: Both, earlier: tuple[Both, int], on: str) -> None:
    ledger, position = earlier
    then, now = every_list(ledger, position, on), every_list(both, position, on)
    different = set()
    for name in then:
        for row, other in zip(chain(*then[name]), chain(*now[name]), strict=True):
            different |= {(name, f) for f in row.keys() - _erased(other, position) if row[f] != other[f]}
    assert different == OTHERWISE
    assert 400 < position < 690


def _erased(row: Row, position: int) -> set[str]:
    """Return the fields of narratives that were erased after a position."""
    later = {field for field, by in row.items() if field.endswith("ErasedBy") and by is not None and by > position}
    return later | {field.removesuffix("ErasedBy") for field in later}
