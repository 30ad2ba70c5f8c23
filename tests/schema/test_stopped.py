"""A stopped view: GraphQL names it, with position and reason, and reads the others."""

import asyncio
import logging

import pytest

from ledger.append.writer import Writer
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.rows import Rows
from projections.engine.runner import Runner
from projections.query.reader import Reader
from projections.views import plan
from projections.views.registry import ALL
from tests.projections.folding import with_fold
from tests.schema.conftest import HEAD, HISTORY, NOTICE, OPERATOR, World, event

VIEWS = "query ($notice: ID!) { notice(id: $notice) { viewStates { view reached failedAt failure } } }"
OBJECTIVES = "asOf { position } areas { area } plan { objectives { nodes { objective progressCount } } }"


def fails(rows: Rows, entry: Entry, _fact: Fact) -> None:
    if isinstance(entry.fact, ProgressRecorded):
        raise ZeroDivisionError("progress is not for me")
    plan.VIEW.fold(rows, entry)


async def test_it_is_named_with_its_entry_and_its_reason_and_the_others_go_on(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    views = [with_fold(view, fails) if view is plan.VIEW else view for view in ALL]
    runner = await Runner(database, views).open()
    following = asyncio.create_task(runner.run())
    async with Writer(database, on_commit=runner.wake) as writer, Reader(database, ALL) as reader:
        items = [event(number, *fact) for number, fact in enumerate(HISTORY, 1)]
        with caplog.at_level(logging.WARNING):
            await writer.append_all(NOTICE, items, OPERATOR, strict=True)
            others = [view.name for view in ALL if view is not plan.VIEW]
            async with reader.at(NOTICE, at_least=HEAD, views=others, wait=60):
                pass
        world = World(writer, reader, runner)
        data = await world.data(VIEWS, notice=NOTICE)
        now = f'{{ notice(id: "{NOTICE}") {{ {OBJECTIVES} }} }}'
        answer = await world.ask(now)
        compiled = await world.schema.answer(world.context("alice"), now, None)
        before = await world.data(now.replace(f'"{NOTICE}"', f'"{NOTICE}", asOf: {{position: {HEAD - 1}}}'))
    await runner.close()
    await asyncio.wait([following])
    states = {each.pop("view"): each for each in data["notice"]["viewStates"]}
    assert states.pop("plan") == {
        "reached": HEAD - 1,
        "failedAt": HEAD,
        "failure": "ZeroDivisionError: progress is not for me",
    }
    assert states == {name: {"reached": HEAD, "failedAt": None, "failure": None} for name in others}
    assert (
        f"the view plan of {NOTICE} stopped at entry {HEAD}: ZeroDivisionError: progress is not for me"
        in caplog.text
    )
    assert answer.data == {"notice": {"asOf": {"position": HEAD}, "areas": [{"area": "1a"}], "plan": None}}
    (error,) = answer.errors or []
    assert (error.path, error.extensions) == (["notice", "plan"], {"code": "VIEW_STOPPED"})
    assert error.message.startswith(f"the view plan of {NOTICE} stopped after position {HEAD - 1}, ")
    assert compiled is None, "the answer has an error"
    objectives = [{"objective": name, "progressCount": 0} for name in ("O1", "O2")]
    assert before["notice"]["plan"]["objectives"]["nodes"] == objectives
