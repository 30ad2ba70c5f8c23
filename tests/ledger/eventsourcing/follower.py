"""A system in a process of its own, as a stranger would write it. Two applications follow a notice over HTTP.

`python -m tests.ledger.eventsourcing.follower ADDRESS NOTICE TOKEN DATABASE LAST` prints each position before it
is stored. After the last one it prints JSON with everything that both applications have stored.
"""

import json
import sys
import time
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import OperationalError
from eventsourcing.system import ProcessApplication, SingleThreadedRunner, System

from ledger.domain.areas.plan import ProgressRecorded
from ledger.eventsourcing import event_class, remote_log

RETRY_SECONDS = 0.05
DONE = "done "
"""Beginning of the last line."""


class Positions(Aggregate):
    """Positions in the order of processing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.positions: list[int] = []

    @staticmethod
    def create_id(name: str) -> UUID:
        """Return the id of the positions of one kind."""
        return uuid5(NAMESPACE_URL, f"positions/{name}")

    @event("Processed")
    def process(self, position: int) -> None:
        """Add a position."""
        self.positions.append(position)


class _Positions(ProcessApplication[UUID]):
    """Positions stored in the transaction that tracks their entry."""

    env: ClassVar[dict[str, str]] = {"MAPPER_TOPIC": "ledger.eventsourcing:FollowerMapper"}

    def add(self, name: str, position: int, processing_event: ProcessingEvent[UUID]) -> None:
        """Add a position to those of one kind."""
        positions = self.of(name)
        positions.process(position)
        processing_event.collect_events(positions)

    def of(self, name: str) -> Positions:
        """Return the positions of one kind."""
        try:
            stored: Positions = self.repository.get(Positions.create_id(name))
        except AggregateNotFoundError:
            return Positions(name)
        return stored


class Entries(_Positions):
    """Positions of all entries, and of those about progress."""

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        """Add the position of an entry."""
        print(domain_event.originator_version, flush=True)  # noqa: T201
        self.add("all", domain_event.originator_version, processing_event)

    @policy.register(event_class(ProgressRecorded))
    def _(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        print(domain_event.position, flush=True)  # noqa: T201
        self.add("all", domain_event.position, processing_event)
        self.add("progress", domain_event.position, processing_event)


class Echo(_Positions):
    """Positions that the other application has processed."""

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        """Ignore other events."""

    @policy.register(Positions.Processed)  # type: ignore[attr-defined]
    def _(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        if domain_event.originator_id == Positions.create_id("all"):
            self.add("echo", domain_event.position, processing_event)


def main(address: str, notice: str, token: str, database: str, last: str) -> None:
    """Follow until the last position is processed, through restarts of the server."""
    size = int(last)
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": database}
    runner: SingleThreadedRunner[UUID] = SingleThreadedRunner(System([[Entries, Echo]]), env)
    runner.start()
    entries, echo = runner.get(Entries), runner.get(Echo)
    entries.follow(notice, remote_log(address, notice, token))
    while (entries.recorder.max_tracking_id(notice) or 0) < size:
        try:
            entries.pull_and_process(notice)
        except OperationalError:
            time.sleep(RETRY_SECONDS)  # the server is away
    echo.pull_and_process(Entries.name)  # an earlier process may have ended in between
    applications = ((entries, "all"), (entries, "progress"), (echo, "echo"))
    print(DONE + json.dumps({name: app.of(name).positions for app, name in applications}))  # noqa: T201
    runner.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
