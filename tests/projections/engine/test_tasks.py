"""Test the end of tasks: a cancellation that comes with another event is not lost."""

import asyncio
from pathlib import Path

import pytest

from projections.engine import tasks
from projections.engine.tasks import end, within


async def test_a_cancellation_that_comes_with_a_notification_is_not_lost() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(within(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()


def test_no_module_waits_with_the_function_that_loses_cancellations() -> None:
    """Read the sources: `asyncio.wait_for` of Python 3.11 returns as if there had been no cancellation."""
    sources = [path for floor in ("api", "ledger", "projections", "schema") for path in Path(floor).rglob("*.py")]
    assert sources
    assert [path for path in sources if ".wait_for(" in path.read_text(encoding="utf-8")] == []


async def test_a_task_that_loses_a_cancellation_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CANCEL_SECONDS", 0.01)
    lost = 0

    async def work() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    await end(working)
    assert working.cancelled()
