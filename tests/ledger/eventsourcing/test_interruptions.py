"""Followers and guests through restarts of the database and kills: nothing twice, nothing lost."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from ledger.embedded import EmbeddedPostgres
from ledger.eventsourcing import NoticeLedger
from ledger.eventsourcing.guests import GuestRunner
from ledger.store import database as store
from tests.conftest import FAST
from tests.ledger.embedded.tools import make_place
from tests.ledger.eventsourcing.conftest import record_notice
from tests.ledger.eventsourcing.guest import CountProgress
from tests.ledger.eventsourcing.test_guests import record
from tests.ledger.history import NOTICE, SETTING_SIZE

pytestmark = pytest.mark.database
SIZE = SETTING_SIZE + 3
GUEST = """
import sys
from threading import Event
from ledger.eventsourcing.guests import GuestRunner
from tests.ledger.eventsourcing.guest import CountProgress
GuestRunner(sys.argv[1], sys.argv[2], CountProgress).run(Event())
"""


def test_a_subscription_and_a_guest_continue_after_a_restart_of_the_server() -> None:
    positions: list[int] = []
    stop = Event()
    with make_place() as place, closing(EmbeddedPostgres(place, FAST)) as server:
        url = server.start()
        asyncio.run(store.migrate(url))
        asyncio.run(record_notice(url, 3))
        with (
            closing(EmbeddedPostgres(place, FAST)) as restarted,
            NoticeLedger({"LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": NOTICE}) as ledger,
            ledger.recorder.subscribe(gt=0) as subscription,
            closing(GuestRunner(url, NOTICE, CountProgress)) as runner,
            closing(GuestRunner(url, NOTICE, CountProgress)) as standby,
        ):
            guests = [Thread(target=each.run, args=(stop,)) for each in (runner, standby)]
            for guest in guests:
                guest.start()
            positions += [next(subscription).id for _ in range(SIZE)]
            following = Thread(target=lambda: positions.extend(next(subscription).id for _ in range(4)))
            following.start()
            wait_until_reached(url, SIZE)
            server.close()
            assert restarted.start() == url
            record(url, 4)
            following.join(timeout=60)
            wait_until_reached(url, SIZE + 4)
            assert all(guest.is_alive() for guest in guests)
            stop.set()
            for guest in guests:
                guest.join(timeout=60)
            with psycopg.connect(url) as connection:  # the pools of the guests knew the old server
                assert connection.execute("SELECT * FROM guests.progress_counts").fetchall() == [("O1", 7)]
    assert positions == list(range(1, SIZE + 5))


@pytest.mark.long
def test_a_guest_can_be_stopped_during_an_outage() -> None:
    stop = Event()
    with make_place() as place, closing(EmbeddedPostgres(place, FAST)) as server:
        url = server.start()
        asyncio.run(store.migrate(url))
        asyncio.run(record_notice(url, 3))
        runner = GuestRunner(url, NOTICE, CountProgress)
        guest = Thread(target=runner.run, args=(stop,))
        guest.start()
        wait_until_reached(url, SIZE)
        server.close()
        assert server.wait_until_stopped(20)
        with pytest.raises(OperationalError):
            runner.recorder.max_notification_id()
        stop.set()
        guest.join(timeout=10)
        assert not guest.is_alive()
        runner.close()


@contextmanager
def running_guest(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the guest's runner in a process of its own, and kill it."""
    with subprocess.Popen([sys.executable, "-c", GUEST, url, NOTICE]) as process:
        try:
            yield process
        finally:
            process.kill()


def reached(url: str) -> int:
    """Return the guest's position."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT max(position) FROM guests.runs WHERE notice = %s", (NOTICE,)).fetchone()
    return (row[0] if row else 0) or 0


def wait_until_reached(url: str, position: int) -> None:
    """Wait until the guest has processed the entry at a position."""
    deadline = time.monotonic() + 60
    while reached(url) < position:
        assert time.monotonic() < deadline, "the guest does not follow"


def test_a_guest_that_is_killed_counts_each_entry_once(recorded: str) -> None:
    number = 3
    for _ in range(5):
        before = reached(recorded)
        with running_guest(recorded):
            record(recorded, 60)
            number += 60
            wait_until_reached(recorded, before + 1)
    runner = GuestRunner(recorded, NOTICE, CountProgress)
    assert runner.catch_up() == SETTING_SIZE + number
    assert runner.view.numbers() == {"O1": number}
    runner.close()
