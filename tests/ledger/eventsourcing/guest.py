"""A guest as a stranger would write it: it counts progress by objective."""

from typing import Any

from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.sql import SQL, Identifier

from ledger.domain.areas.plan import ProgressRecorded
from ledger.eventsourcing import event_class

FAULTY: set[int] = set()
"""Positions at which the guest raises."""


class ProgressCounts(PostgresTrackingRecorder):
    """A table of how many times each objective's progress was recorded."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self._table = SQL("{}.{}").format(Identifier(datastore.schema), Identifier("progress_counts"))
        create = SQL("CREATE TABLE IF NOT EXISTS {} (objective text PRIMARY KEY, number integer NOT NULL)")
        self.sql_create_statements.append(create.format(self._table))

    def count(self, objective: str, tracking: Tracking) -> None:
        """Count one more for an objective."""
        add = SQL("INSERT INTO {} AS t VALUES (%s, 1) ON CONFLICT (objective) DO UPDATE SET number = t.number + 1")
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(add.format(self._table), (objective,))

    def numbers(self) -> dict[str, int]:
        """Return the number for each objective."""
        with self.datastore.get_connection() as connection:
            rows = connection.execute(SQL("SELECT objective, number FROM {}").format(self._table)).fetchall()
        return {row["objective"]: row["number"] for row in rows}


class CountProgress(Projection[ProgressCounts]):
    """Process that counts progress by objective."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ARG002 (the library's signature)
        """Track an entry of any other fact."""
        self.view.insert_tracking(tracking)

    @process_event.register(event_class(ProgressRecorded))
    def _(self, domain_event: Any, tracking: Tracking) -> None:
        if domain_event.position in FAULTY:
            raise RuntimeError("the guest is at fault")
        self.view.count(domain_event.fact.objective, tracking)


class TrackEntries(Projection[PostgresTrackingRecorder]):
    """Tracks each entry and stores nothing else."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ARG002 (the library's signature)
        """Track an entry."""
        self.view.insert_tracking(tracking)
