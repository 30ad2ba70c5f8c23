"""A view reads the facts that it has handlers for, each by one handler."""

import pytest
from msgspec import Struct

from ledger.domain.areas.board import MemberJoined
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.rows import Rows, Table
from projections.engine.view import View


class Mark(Struct, frozen=True):
    position: int


MARKS = Table("marks", Mark, ("position",))


def mark(rows: Rows, entry: Entry, fact: Fact) -> None:
    rows.put(MARKS, Mark(entry.position))


def test_a_view_reads_the_facts_that_it_has_handlers_for() -> None:
    view = View("marks", 1, (MARKS,))
    view.on(ProgressRecorded)(mark)
    assert view.facts == {ProgressRecorded}
    assert View("others", 1, (MARKS,)).facts == set(), "two views shared their handlers"


def test_a_second_handler_of_a_fact_is_refused() -> None:
    view = View("marks", 1, (MARKS,))
    view.on(ProgressRecorded)(mark)
    view.on(MemberJoined)(mark)
    with pytest.raises(TypeError, match="the view marks already has a handler of ProgressRecorded"):
        view.on(ProgressRecorded)
