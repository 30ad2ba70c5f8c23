"""Guest projections: exactly once, in batches, in either runner, and stopping alone."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.eventsourcing import NoticeLedger
from ledger.eventsourcing.guests import GuestRunner, GuestStopped, guest_class, runs, view_class_of
from tests.ledger.damage import NARRATED, NEWER, damage
from tests.ledger.eventsourcing import guest
from tests.ledger.eventsourcing.guest import CountProgress, ProgressCounts
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, progress, received

SIZE = SETTING_SIZE + 3


@pytest.fixture
def runner(recorded: str) -> Iterator[GuestRunner]:
    """Yield the guest over the recorded notice."""
    guest_runner = GuestRunner(recorded, NOTICE, CountProgress)
    yield guest_runner
    guest_runner.close()
    guest.FAULTY.clear()


def record(url: str, number: int) -> None:
    """Record so much progress."""

    async def work() -> None:
        async with Writer(url) as writer:
            received(await writer.append_all(NOTICE, [progress() for _ in range(number)], ALICE))

    asyncio.run(work())


def test_a_guest_processes_each_entry_once(runner: GuestRunner, recorded: str) -> None:
    assert runner.catch_up() == SIZE
    assert runner.view.numbers() == {"O1": 3}
    assert runner.catch_up() == SIZE
    record(recorded, 4)
    assert runner.catch_up() == SIZE + 4
    assert runner.view.numbers() == {"O1": 7}
    assert [(run.guest, run.position, run.failed_at) for run in asyncio.run(runs(recorded))] == [
        ("CountProgress", SIZE + 4, None)
    ]


MEANWHILE: list[Callable[[], object]] = []
"""Work of another process, done once between two steps of `MadeMeanwhile`."""


class MadeMeanwhile(ProgressCounts):
    """View whose tables another process makes after this one has found none."""

    def _create_table(self, curs: Any) -> None:
        if MEANWHILE:
            MEANWHILE.pop()()
        super()._create_table(curs)


def test_two_processes_may_make_the_tables_of_a_view_at_once(ledger: NoticeLedger) -> None:
    MEANWHILE.append(lambda: ledger.factory.tracking_recorder(ProgressCounts))
    view = ledger.factory.tracking_recorder(MadeMeanwhile)
    assert isinstance(view, MadeMeanwhile)
    assert view.numbers() == {}
    assert MEANWHILE == []


def test_the_librarys_own_runner_continues_where_ours_ended(runner: GuestRunner, recorded: str) -> None:
    runner.catch_up()
    record(recorded, 2)
    env = {
        "PERSISTENCE_MODULE": "ledger.eventsourcing",
        "LEDGER_DATABASE_URL": recorded,
        "LEDGER_NOTICE": NOTICE,
    }
    with ProjectionRunner(
        application_class=NoticeLedger, projection_class=CountProgress, view_class=ProgressCounts, env=env
    ) as stock:
        stock.wait(SIZE + 2, timeout=20)
        assert stock.view.numbers() == {"O1": 5}
    record(recorded, 1)
    assert runner.catch_up() == SIZE + 3
    assert runner.view.numbers() == {"O1": 6}


def test_a_guest_that_fails_stops_alone_and_continues_after_its_correction(
    runner: GuestRunner, recorded: str
) -> None:
    guest.FAULTY.add(9)
    with pytest.raises(GuestStopped, match="CountProgress stopped at entry 9 of tameside-2022"):
        runner.catch_up()
    assert runner.view.numbers() == {"O1": 1}
    (run,) = asyncio.run(runs(recorded))
    assert (run.position, run.failed_at, run.failure) == (8, 9, "RuntimeError: the guest is at fault")
    guest.FAULTY.clear()
    assert runner.catch_up() == SIZE
    assert runner.view.numbers() == {"O1": 3}
    assert asyncio.run(runs(recorded))[0].failed_at is None


def test_a_guest_stops_at_an_entry_of_a_type_that_this_code_does_not_know(
    runner: GuestRunner, recorded: str
) -> None:
    asyncio.run(damage(recorded, NEWER))
    with pytest.raises(GuestStopped, match=f"at entry {NARRATED} of .* needs a newer improvement-ledger"):
        runner.catch_up()
    assert runner.view.max_tracking_id(NOTICE) == NARRATED - 1


def test_of_two_runners_one_works_and_the_other_takes_over(runner: GuestRunner, recorded: str) -> None:
    second = GuestRunner(recorded, NOTICE, CountProgress)
    stop, stop_second = Event(), Event()
    threads = [Thread(target=runner.run, args=(stop,)), Thread(target=second.run, args=(stop_second,))]
    threads[0].start()
    runner.view.wait(NOTICE, SIZE, timeout=20)
    threads[1].start()
    record(recorded, 2)
    runner.view.wait(NOTICE, SIZE + 2, timeout=20)
    assert second.view.reached is None
    stop.set()
    threads[0].join()
    runner.close()
    record(recorded, 1)
    second.view.wait(NOTICE, SIZE + 3, timeout=20)
    stop_second.set()
    threads[1].join()
    assert second.view.numbers() == {"O1": 6}
    second.close()


def test_another_thread_reads_the_view_while_a_batch_is_written(recorded: str) -> None:
    entered, proceed = Event(), Event()

    class Pausing(CountProgress):
        """Guest that waits at the last entry of its batch."""

        def process_event(self, domain_event: Any, tracking: Tracking) -> None:
            super().process_event(domain_event, tracking)
            if domain_event.position == SIZE:
                entered.set()
                assert proceed.wait(20)

    with closing(GuestRunner(recorded, NOTICE, Pausing)) as runner:
        thread = Thread(target=runner.catch_up)
        thread.start()
        try:
            assert entered.wait(20)
            assert (runner.view.max_tracking_id(NOTICE), runner.view.numbers()) == (None, {})
        finally:
            proceed.set()
            thread.join()
        assert (runner.view.max_tracking_id(NOTICE), runner.view.numbers()) == (SIZE, {"O1": 3})


def test_a_guest_cannot_write_outside_its_schema(runner: GuestRunner) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(runner.app.env["LEDGER_DATABASE_URL"], options="-c role=ledger_guest") as connection,
    ):
        connection.execute("DELETE FROM ledger.entries")
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(runner.app.env["LEDGER_DATABASE_URL"], options="-c role=ledger_guest") as connection,
    ):
        connection.execute("SELECT body FROM ledger.narratives")


def test_a_projection_without_a_view_is_refused_by_name() -> None:
    class Viewless(Projection):
        """Guest that names no view."""

    with pytest.raises(LedgerError, match=r"class Viewless\(Projection\[View\]\)"):
        view_class_of(Viewless)  # type: ignore[type-abstract]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere:Guest", "No module named 'nowhere'"),
        ("tests.ledger.eventsourcing.guest:Nothing", "has no attribute 'Nothing'"),
        ("tests.ledger.eventsourcing.guest", "write package.module:Class"),
        ("tests.ledger.eventsourcing.guest:ProgressCounts", "is not a Projection"),
    ],
)
def test_a_guest_that_cannot_be_had_is_named(path: str, reason: str) -> None:
    with pytest.raises(LedgerError, match=reason):
        guest_class(path)
