"""Parallel rebuild: the same rows, and the end of its processes."""

import asyncio
import os
import pickle
import signal
import threading

import psycopg
import pytest

from ledger.domain.entry import Entry
from ledger.domain.errors import Unavailable
from ledger.domain.fact import Fact
from ledger.store.database import connect
from projections.engine import parallel_fold, tables
from projections.engine.parallel_fold import processes, run_all
from projections.engine.rebuild import rebuild
from projections.engine.rows import Rows
from projections.engine.shadow_tables import EntryRange
from projections.views import notice, plan
from projections.views.registry import ALL
from tests.ledger.history import NOTICE, SETTING_SIZE
from tests.projections.engine.test_rebuild import shadows, two_folded
from tests.projections.folding import stored, until, with_fold

REPORTED = [(NOTICE, SETTING_SIZE + 3, SETTING_SIZE + 3), ("other", SETTING_SIZE + 3, SETTING_SIZE + 3)]


def fails_at_nine(rows: Rows, entry: Entry, _fact: Fact) -> None:
    if entry.position == 9:
        raise ZeroDivisionError("no")
    plan.VIEW.fold(rows, entry)


def dies(_rows: Rows, _entry: Entry, _fact: Fact) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def never_ends(_rows: Rows, _entry: Entry, _fact: Fact) -> None:
    threading.Event().wait()


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there are two processors, and that few entries are worth a process."""
    monkeypatch.setattr(parallel_fold, "LEAST", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})


def test_there_are_as_many_as_have_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(4)))

    def process_count(*lengths: int) -> int:
        return processes([EntryRange(f"n-{number}", 5, 5 + length) for number, length in enumerate(lengths)])

    assert [
        process_count(),
        process_count(9_999),
        process_count(1_000_000),
        process_count(19_999, 1),
        process_count(*[9_000] * 9),
    ] == [0, 0, 1, 2, 4]


async def test_the_failure_of_a_job_cancels_the_others() -> None:
    ends: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError, match="no"):
        await run_all([wait(), fail()])
    assert ends == ["cancelled"]


@pytest.mark.usefixtures("shares")
async def test_their_rows_are_those_of_the_live_views(database: str) -> None:
    await two_folded(database)
    before = stored(database, NOTICE), stored(database, "other")
    heard: list[tuple[str, int, int]] = []
    done = await rebuild(database, ALL, compare=True, progress=lambda *page: heard.append(page))
    assert sorted(heard) == sorted(REPORTED)
    assert done.entries == 2 * (SETTING_SIZE + 3)
    assert [view.divergences for view in done.views] == [[]] * len(ALL)
    assert (stored(database, NOTICE), stored(database, "other")) == before


@pytest.mark.usefixtures("shares")
async def test_a_fold_that_raises_there_keeps_its_rows(database: str) -> None:
    await two_folded(database)
    broken = with_fold(plan.VIEW, fails_at_nine)
    done = await rebuild(database, [broken, notice.VIEW])
    assert [(view.view, view.failed_at) for view in done.views] == [("plan", 9), ("notice", None)]
    assert shadows(database) == []


@pytest.mark.usefixtures("shares")
async def test_one_that_is_killed_leaves_the_rows_as_they_are(database: str) -> None:
    await two_folded(database)
    before = stored(database, NOTICE)
    with pytest.raises(Unavailable, match="a process that folded views failed: exit status -9"):
        await rebuild(database, [with_fold(plan.VIEW, dies)])
    assert (stored(database, NOTICE), shadows(database)) == (before, [])


@pytest.mark.usefixtures("shares")
async def test_they_end_with_the_rebuild_that_is_interrupted(database: str) -> None:
    await two_folded(database)
    before = stored(database, NOTICE)

    async def folding() -> bool:
        return connected() == 2 + 2  # of the rebuild, and of its two children

    async def gone() -> bool:
        return connected() == 0

    def connected() -> int:
        with psycopg.connect(database) as connection:
            processes = connection.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return processes.rowcount

    rebuilding = asyncio.create_task(rebuild(database, [with_fold(plan.VIEW, never_ends)]))
    await until(folding)
    rebuilding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rebuilding
    await until(gone)
    assert (stored(database, NOTICE), shadows(database)) == (before, [])


async def test_one_that_nobody_listens_to_ends(database: str) -> None:
    await two_folded(database)
    async with await connect(database, "ledger_projector") as connection:
        for table in plan.VIEW.tables:
            await tables.create_shadow(connection, table)
    read, write = os.pipe()
    os.close(read)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*parallel_fold.CHILD, stdin=pipe, stdout=write, stderr=pipe)
    os.close(write)
    share = pickle.dumps((database, [plan.VIEW], [EntryRange(NOTICE, 0, SETTING_SIZE)]))
    _, complaint = await process.communicate(share)
    assert b"BrokenPipeError" in complaint
    assert process.returncode != 0
