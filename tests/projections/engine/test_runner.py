"""The runner: notifications, stopped views, takeover by another process, and views of another version."""

import asyncio
from itertools import count

import psycopg
import pytest
from msgspec import Struct
from psycopg.sql import SQL, Identifier

from ledger.append.writer import Writer
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry
from ledger.store.database import connect
from projections.engine import follower, tasks
from projections.engine.follower import Follower
from projections.engine.rows import Rows, Table
from projections.engine.runner import Runner, ViewStatus
from projections.engine.tasks import end
from projections.engine.view import Handler, View
from projections.views import notice
from projections.views.registry import ALL
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all, fold_page, owning, reached, running, stored, until


class Mark(Struct, frozen=True):
    position: int
    mark: str


MARKS = Table("marks", Mark, ("position",))


def mark(rows: Rows, entry: Entry, _fact: ProgressRecorded) -> None:
    rows.put(MARKS, Mark(entry.position, "seen"))


def fail_at_nine(rows: Rows, entry: Entry, fact: ProgressRecorded) -> None:
    mark(rows, entry, fact)
    if entry.position == SETTING_SIZE + 2:
        raise ZeroDivisionError("nine is not for me")


def nul_at_nine(rows: Rows, entry: Entry, _fact: ProgressRecorded) -> None:
    rows.put(MARKS, Mark(entry.position, "\0" if entry.position == SETTING_SIZE + 2 else "seen"))


def of(statuses: list[ViewStatus], view: str) -> ViewStatus:
    (run,) = (status for status in statuses if status.view == view)
    return run


async def test_only_a_missing_table_is_created_with_its_indexes(database: str) -> None:
    tables = "SELECT tablename, indexdef FROM pg_tables LEFT JOIN pg_indexes USING (schemaname, tablename) "
    await Runner(database, ALL).open()
    with psycopg.connect(database, autocommit=True) as connection:
        before = connection.execute(tables + "WHERE schemaname = 'views' ORDER BY 1, 2").fetchall()
        assert {table.name for view in ALL for table in view.tables} < {name for name, _ in before}
        connection.execute("DROP TABLE views.objectives")
        await Runner(database, ALL).open()
        assert connection.execute(tables + "WHERE schemaname = 'views' ORDER BY 1, 2").fetchall() == before


async def test_it_hears_a_writer_of_its_own_process(database: str) -> None:
    async with running(database) as runner, Writer(database, on_commit=runner.wake) as writer:
        await owning(runner)
        await begin(writer)
        await reached(runner, SETTING_SIZE)


async def test_it_hears_a_writer_beside_a_runner_that_stands_by(database: str) -> None:
    async with running(database) as owner:
        await owning(owner)
        async with running(database) as standby, Writer(database, on_commit=standby.wake) as writer:
            await begin(writer)
            await reached(owner, SETTING_SIZE)
            assert not standby.is_owner


async def test_it_looks_by_itself_when_nobody_tells_it(database: str) -> None:
    async with running(database, poll=0.05) as runner:
        await owning(runner)
        async with Writer(database) as writer:
            await begin(writer)
        await reached(runner, SETTING_SIZE)


async def test_a_standby_takes_over_when_the_owner_loses_its_connection(database: str) -> None:
    async with running(database, poll=0.05) as first:
        await owning(first)
        async with running(database) as second, Writer(database, on_commit=second.wake) as writer:
            await until(lambda: waits_for_the_lock(database))
            assert first.is_owner
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            await owning(second)
            await begin(writer)
            await reached(second, SETTING_SIZE)
            await until(lambda: waits_for_the_lock(database))
            assert not first.is_owner


async def test_other_tasks_have_a_turn_between_two_entries(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold a page of nine entries. A fold without pauses answered nobody until the page was folded."""
    monkeypatch.setattr(tasks, "PACE_SECONDS", 0.0)
    turns, seen = count(), []
    turn = 0

    async def other() -> None:
        nonlocal turn
        for turn in turns:  # noqa: B007 - the fold reads it
            await asyncio.sleep(0)

    def note(_rows: Rows, _entry: Entry, _fact: ProgressRecorded) -> None:
        seen.append(turn)

    async with Writer(database) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(9)], ALICE)
    view = View("noting", 1, (MARKS,), handlers={ProgressRecorded: note})
    others = asyncio.create_task(other())
    await fold_all(database, NOTICE, [view])
    await end(others)
    assert len(set(seen)) == len(seen) == 9


async def test_the_rest_of_a_page_that_takes_long_is_left_to_the_next(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(9)], ALICE)
    await fold_all(database, NOTICE)
    whole = stored(database, NOTICE)
    with psycopg.connect(database) as connection:
        for table in (table for view in ALL for table in view.tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier("views", table.name)))
        connection.execute("DELETE FROM views.progress")
    monkeypatch.setattr(follower, "FOLD_SECONDS", 0.0)
    async with await connect(database, "ledger_projector") as projecting:
        followers = [Follower(view, NOTICE) for view in ALL]
        pages = 0
        while await fold_page(projecting, followers, 1_000):
            pages += 1
            assert pages <= SETTING_SIZE + 9, "each page folds one entry at least"
    assert pages > 9
    assert stored(database, NOTICE) == whole


async def waits_for_the_lock(database: str) -> bool:
    with psycopg.connect(database) as connection:
        waiting = connection.execute(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return waiting.rowcount == 1


@pytest.mark.parametrize(
    ("fold", "reason"),
    [
        (fail_at_nine, "ZeroDivisionError: nine is not for me"),
        (nul_at_nine, 'its rows cannot be stored: invalid byte sequence for encoding "UTF8": 0x00'),
    ],
    ids=["the fold raises", "the row cannot be stored"],
)
async def test_what_fails_stops_its_own_view_at_that_entry(
    database: str, fold: Handler[ProgressRecorded], reason: str
) -> None:
    broken = View("broken", 1, (MARKS,), handlers={ProgressRecorded: fold})
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(9)], ALICE)
    async with running(database, (*ALL, broken)) as runner:
        await reached(runner, SETTING_SIZE + 9, [view.name for view in ALL])

        async def broken_stopped() -> bool:
            return bool(of(await runner.status(), "broken").stopped)

        await until(broken_stopped)
        status = of(await runner.status(), "broken")
        assert status.positions == {NOTICE: SETTING_SIZE + 1}
        (stopped,) = status.stopped
        assert (stopped.notice, stopped.entry, stopped.reason) == (NOTICE, SETTING_SIZE + 2, reason)
        assert [row[2] for row in stored(database, NOTICE, [broken])["marks"]] == [SETTING_SIZE + 1]
        assert all(not other.stopped for other in await runner.status() if other.view != "broken")
    repaired = View("broken", 1, (MARKS,), handlers={ProgressRecorded: mark})
    async with running(database, (*ALL, repaired)) as runner:
        await reached(runner, SETTING_SIZE + 9)
        assert of(await runner.status(), "broken").stopped == []
        assert len(stored(database, NOTICE, [repaired])["marks"]) == 9


async def test_a_missing_entry_stops_the_views_of_its_notice_only(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        await begin(writer, "other")
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.entries WHERE notice = %s AND position = 4", (NOTICE,))
    async with running(database) as runner:

        async def other_done() -> bool:
            return all(status.positions.get("other") == SETTING_SIZE for status in await runner.status())

        await until(other_done)
        await reached(runner, 3)
        for status in await runner.status():
            (stopped,) = status.stopped
            assert (stopped.notice, stopped.entry) == (NOTICE, 4)
            assert stopped.reason == f"entry 4 of {NOTICE} is missing; run ledger verify"


class WiderMark(Struct, frozen=True):
    position: int
    mark: str
    actor: str


WIDER = Table("marks", WiderMark, ("position",))


def mark_wider(rows: Rows, entry: Entry, _fact: ProgressRecorded) -> None:
    rows.put(WIDER, WiderMark(entry.position, "seen", entry.actor))


async def test_a_view_of_a_later_version_is_built_anew_and_followed(database: str) -> None:
    first = View("marks", 1, (MARKS,), handlers={ProgressRecorded: mark})
    second = View("marks", 2, (WIDER,), handlers={ProgressRecorded: mark_wider})
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, progress(), ALICE)
        async with running(database, [first]) as runner:
            await reached(runner, SETTING_SIZE + 1)
        async with running(database, [second]) as runner:
            await owning(runner)
            await writer.append(NOTICE, progress(), ALICE)
            runner.wake()
            await reached(runner, SETTING_SIZE + 2)
        assert [row[2:] for row in stored(database, NOTICE, [second])["marks"]] == [
            (SETTING_SIZE + 1, "seen", "alice"),
            (SETTING_SIZE + 2, "seen", "alice"),
        ]
        async with running(database, [first, notice.VIEW]) as runner:
            await writer.append(NOTICE, progress(), ALICE)
            await reached(runner, SETTING_SIZE + 3, ["notice"])
            older = of(await runner.status(), "marks")
            assert older.positions == {NOTICE: SETTING_SIZE + 2}, "an older ledger followed a newer one's view"


async def test_a_later_version_that_cannot_be_built_leaves_the_rows_as_they_were(database: str) -> None:
    first = View("marks", 1, (MARKS,), handlers={ProgressRecorded: mark})
    second = View("marks", 2, (MARKS,), handlers={ProgressRecorded: fail_at_nine})
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append_all(NOTICE, [progress() for _ in range(3)], ALICE)
    async with running(database, [first]) as runner:
        await reached(runner, SETTING_SIZE + 3)
    before = stored(database, NOTICE, [first])
    async with running(database, [second, notice.VIEW]) as runner:
        await reached(runner, SETTING_SIZE + 3, ["notice"])
        (stopped,) = of(await runner.status(), "marks").stopped
        assert stopped.entry == SETTING_SIZE + 2
    assert stored(database, NOTICE, [first]) == before
