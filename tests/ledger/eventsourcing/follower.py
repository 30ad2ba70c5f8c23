"""A follower in a process of its own, as a stranger would write it: it counts entries by type, over HTTP.

`python -m tests.ledger.eventsourcing.follower ADDRESS NOTICE TOKEN DATABASE SIZE` prints JSON at that size.
"""

import json
import sys
import time
from collections import Counter
from typing import Any, ClassVar

from eventsourcing.application import ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import OperationalError
from eventsourcing.system import Follower

from ledger.eventsourcing import remote_log


class Counts(Follower[Any]):
    """Counts entries by type; what it has processed is tracked in a database of its own."""

    env: ClassVar[dict[str, str]] = {"MAPPER_TOPIC": "ledger.eventsourcing:EntryMapper"}
    pull_section_size = 50

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__(env)
        self.types: Counter[str] = Counter()
        self.positions: list[int] = []

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[Any]) -> None:  # noqa: ARG002
        """Count one entry."""
        self.positions.append(domain_event.originator_version)
        self.types[type(domain_event).__name__] += 1


def main(address: str, notice: str, token: str, database: str, size: str) -> None:
    """Follow until the size is reached, through restarts of the server."""
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": database}
    follower = Counts(env)
    follower.follow(notice, remote_log(address, notice, token))
    print("following", flush=True)  # noqa: T201
    while (follower.recorder.max_tracking_id(notice) or 0) < int(size):
        try:
            follower.pull_and_process(notice)
        except OperationalError:
            time.sleep(0.05)  # the server is away; the same entries are asked for again
    print(json.dumps({"positions": follower.positions, "types": follower.types}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
