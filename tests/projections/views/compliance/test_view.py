"""Compliance as it is stored and read, of the invented history."""

from datetime import UTC, datetime
from itertools import groupby

import pytest

from ledger.store.database import connect
from projections.engine.follower import Follower, apply, read_page
from projections.engine.runner import Runner
from projections.engine.view import View
from projections.query.reader import AsOf, Reader
from projections.views.compliance import view
from projections.views.compliance.verdict import Status
from projections.views.registry import ALL
from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR
from tests.projections.rows import rows_of
from tests.projections.stored import store
from tests.projections.views.compliance.dated_facts import instant, timeline
from tests.projections.views.compliance.test_by_hand import KNOWN_ON_31_DECEMBER_2022, LAST, table

NOTICE = "tameside-2022"


async def folded(url: str, *, page: int = 100, restart: bool = False, of: View = view.VIEW) -> None:
    """Store the invented history and fold one view of it."""
    await store(url)
    await Runner(url, [of]).open()
    async with await connect(url, "ledger_projector") as connection:
        follower = Follower(of, NOTICE)
        while follower.position < LAST:
            await apply(connection, [follower], await read_page(connection, NOTICE, follower.position, [of], page))
            if restart:
                position = follower.position
                follower = Follower(of, NOTICE)
                follower.position = position


def standing(row: view.Compliance) -> view.StatusPeriod:
    return view.StatusPeriod(**{name: getattr(row, name) for name in view.StatusPeriod.__struct_fields__})


@pytest.mark.parametrize("restart", [False, True])
async def test_it_is_read_as_it_was_worked_out(database: str, restart: bool) -> None:
    await folded(database, page=97, restart=restart)
    async with Reader(database, ALL) as reader:
        for to, on in [
            (LAST, datetime(2023, 6, 30, tzinfo=UTC)),
            (LAST, datetime(2022, 12, 31, tzinfo=UTC)),
            (KNOWN_ON_31_DECEMBER_2022, datetime(2023, 6, 30, tzinfo=UTC)),
            (487, datetime(2023, 6, 30, tzinfo=UTC)),
            (112, datetime(2024, 6, 30, tzinfo=UTC)),
        ]:
            async with reader.at(NOTICE, as_of=AsOf(to), on=on, views=["compliance"]) as reading:
                found = await rows_of(reading, view.COMPLIANCE)
            assert {row.number: standing(row) for row in found} == table(to, on)
            positions = [row.position for row in found]
            assert positions == sorted(positions)


async def test_it_is_asked_by_obligor_modality_and_status_and_over_time(database: str) -> None:
    await folded(database)
    known = AsOf(known_at=datetime(2022, 12, 31, tzinfo=UTC))
    on = datetime(2022, 12, 31, tzinfo=UTC)
    async with (
        Reader(database, ALL) as reader,
        reader.at(NOTICE, as_of=known, on=on, views=["compliance"]) as reading,
    ):
        department = await rows_of(reading, view.COMPLIANCE, obligor="DEPARTMENT")
        breached = await rows_of(reading, view.COMPLIANCE, status="NOT_MET")
        may = await rows_of(reading, view.COMPLIANCE, modality="MAY", obligor="COUNCIL")
        over_time = await rows_of(reading, view.COURSE, number="11")
        due = await rows_of(reading, view.FALLING_DUE, begins_until=datetime(2023, 6, 30, 23, 59, tzinfo=UTC))
    assert reading.position == KNOWN_ON_31_DECEMBER_2022
    assert [row.number for row in department] == ["6", "7"]
    assert [row.number for row in breached] == ["5c", "5d", "9d"]
    assert [row.number for row in may] == ["10a", "10b", "10c"]
    assert [status for status, _ in groupby(row.status for row in over_time)] == [
        "NO_EVIDENCE", "NOT_DUE", "AT_RISK", "NOT_DUE", "AT_RISK", "NOT_MET",
    ]  # fmt: skip
    assert ("6", "NOT_MET", "2023-04-03") in [(row.number, row.status, f"{row.begins:%Y-%m-%d}") for row in due]
    assert [row.begins for row in due] == sorted(row.begins for row in due)


def test_a_clause_with_an_unknown_rule_is_refused_and_a_stored_one_is_not_judged() -> None:
    clause = {"number": "99", "obligor": "COUNCIL", "modality": "MUST", "rule": "escalate", "text": "Do well"}
    refusal = Desk().refusal("ClauseRegistered", clause, OPERATOR)
    assert "no rule is called escalate; did you mean escalation?" in str(refusal)
    span = timeline("escalate").on(instant("2022-08-01"))
    assert span is not None
    assert (span.verdict.status, "escalation" in span.verdict.reason) == (Status.NO_EVIDENCE, True)
