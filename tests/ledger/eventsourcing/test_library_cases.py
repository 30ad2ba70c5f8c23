"""The library's own test cases against the persistence module, as far as they need only what it offers.

`CANNOT_RUN` lists every other case with the reason; a test holds the list complete.
"""

import inspect
from collections.abc import Iterator
from typing import Any
from unittest import TestCase

import pytest
from eventsourcing.persistence import TrackingRecorder
from eventsourcing.tests import application, persistence, projection
from psycopg.sql import SQL, Identifier

from ledger.eventsourcing import Factory
from ledger.eventsourcing.datastore import GUEST_SCHEMA
from tests.ledger.history import NOTICE

ANY_BYTES = "inserts events of any bytes and topics for any originator; entries are facts that the rules admit"
NOT_FACTS = "saves the library's example aggregates; a notice's events are facts"
CANNOT_RUN = {
    "AggregateRecorderTestCase": ANY_BYTES,
    "ApplicationRecorderTestCase": ANY_BYTES,
    "ProcessRecorderTestCase": ANY_BYTES,
    "NonInterleavingNotificationIDsBaseCase": ANY_BYTES,
    "RecorderTestCase": "has no test of its own",
    "InfrastructureFactoryTestCase": "compresses and encrypts events; entries are stored as they are hashed",
    "TranscoderTestCase": "is about the library's JSON transcoder, which entries do not use",
    "ApplicationTestCase": NOT_FACTS,
    "ExampleApplicationTestCase": NOT_FACTS,
    "AggregateEventCountersProjectionTestCase": NOT_FACTS,
    "TaggedDecisionCountersProjectionTestCase": "is about the library's dynamic consistency boundaries",
    "EventSourcedProjectionTestCase": "records events from a projection; here facts come through the one writer",
}
RUN = {"TrackingRecorderTestCase", "EventCountersViewTestCase"}


@pytest.fixture(autouse=True)
def factory(database: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the case of a test the persistence module's factory on a database of its own."""
    new_factory = Factory({"LEDGER_DATABASE_URL": database, "LEDGER_NOTICE": NOTICE})
    if request.cls is not None:
        request.cls.factory = new_factory
    yield
    new_factory.close()


class TestTracking(persistence.TrackingRecorderTestCase):
    """The library's case of tracking recorders."""

    factory: Factory

    def create_recorder(self) -> TrackingRecorder:
        """Return the module's tracking recorder."""
        recorder: TrackingRecorder = self.factory.tracking_recorder()
        return recorder


class TestCountersView(projection.EventCountersViewTestCase):
    """The library's case of a view, on a view in the guests' schema."""

    factory: Factory

    def construct_event_counters_view(self) -> Any:
        """Return the library's example view, with its table among the guests'."""
        return self.factory.tracking_recorder(_counters_view())


def _counters_view() -> type[Any]:
    from eventsourcing.postgres import PostgresTrackingRecorder  # noqa: PLC0415 (it names a class of the case)

    class CountersView(PostgresTrackingRecorder, projection.EventCountersView):
        """Guest that counts created and subsequent events."""

        def __init__(self, datastore: Any, **kwargs: Any) -> None:
            super().__init__(datastore, **kwargs)
            self._table = SQL("{}.{}").format(Identifier(GUEST_SCHEMA), Identifier("counters"))
            create = SQL("CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, number bigint NOT NULL)")
            self.sql_create_statements.append(create.format(self._table))

        def get_created_event_counter(self) -> int:
            return self._number("created")

        def get_subsequent_event_counter(self) -> int:
            return self._number("subsequent")

        def incr_created_event_counter(self, tracking: Any) -> None:
            self._add("created", tracking)

        def incr_subsequent_event_counter(self, tracking: Any) -> None:
            self._add("subsequent", tracking)

        def _number(self, name: str) -> int:
            select = SQL("SELECT number FROM {} WHERE name = %s").format(self._table)
            with self.datastore.get_connection() as connection:
                row = connection.execute(select, (name,)).fetchone()
            return row["number"] if row else 0

        def _add(self, name: str, tracking: Any) -> None:
            add = SQL("INSERT INTO {} AS t VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET number = t.number + 1")
            with self.datastore.transaction(commit=True) as cursor:
                self._insert_tracking(cursor, tracking)
                cursor.execute(add.format(self._table), (name,))

    return CountersView


def test_every_case_of_the_library_is_run_or_has_its_reason() -> None:
    cases = {
        name
        for module in (persistence, application, projection)
        for name, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, TestCase) and member.__module__ == module.__name__
    }
    assert cases == CANNOT_RUN.keys() | RUN
