"""Guest projections in `/readyz`: one at fault is named, and stops alone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api.cli.project import GuestThreads
from ledger.eventsourcing.guests import GuestRunner
from tests.api.service import Service, progress, record
from tests.ledger.eventsourcing import guest
from tests.ledger.eventsourcing.guest import CountProgress, TrackEntries

FAULTY = 500
"""Position at which one guest raises: the last of its first batch."""
SIZE = 510


@contextmanager
def guests_of(service: Service) -> Iterator[list[GuestRunner]]:
    """Run both guests in threads, as `ledger project` does."""
    runners = [GuestRunner(service.database, service.notice.name, each) for each in (CountProgress, TrackEntries)]
    threads = GuestThreads(runners)
    threads.start()
    try:
        yield runners
    finally:
        threads.stop()


def guests_in(client: httpx.Client) -> list[dict[str, Any]]:
    """Return the guests that `/readyz` names."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    guests: list[dict[str, Any]] = answer.json()["guests"]
    return guests


def test_a_guest_that_raises_at_entry_500_is_named_stops_alone_and_continues_after_its_correction(
    service: Service, officer: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    name, begun = service.notice.name, service.position()
    asyncio.run(record(service.database, name, [progress(source="operator") for _ in range(SIZE - begun)]))
    guest.FAULTY.add(FAULTY)
    with guests_of(service) as (counting, tracking):
        tracking.view.wait(name, SIZE, timeout=30)
        counting.view.wait(name, FAULTY - 1, timeout=30)
        assert service.post(officer, progress()).status_code == 201
        tracking.view.wait(name, SIZE + 1, timeout=30)
    assert f"guest CountProgress stopped at entry {FAULTY} of {name}: RuntimeError" in caplog.text
    assert guests_in(officer) == [
        {"guest": "CountProgress", "notices": 1, "stopped": 1},
        {"guest": "TrackEntries", "notices": 1, "stopped": 0},
    ]
    guest.FAULTY.clear()
    with guests_of(service) as (counting, _):
        counting.view.wait(name, SIZE + 1, timeout=30)
    runner = GuestRunner(service.database, name, CountProgress)
    assert runner.view.numbers() == {"O1": SIZE + 1 - begun}
    runner.close()
    assert [each["stopped"] for each in guests_in(officer)] == [0, 0]
