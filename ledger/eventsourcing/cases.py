"""Test cases for code that extends the ledger: subclass a case, as you do with the library's own cases.

`GuestProjectionTestCase` tests a projection of yours, and `NoticeRecorderTestCase` a recorder of yours. Both need
a database that holds a recorded notice, and change no table outside the schema `guests`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from unittest import TestCase
from uuid import uuid4

import psycopg
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, Tracking
from eventsourcing.projection import Projection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from ledger.eventsourcing.application import NoticeLedger
from ledger.eventsourcing.factory import Factory
from ledger.eventsourcing.guests import GuestRunner, view_class_of

_FORGET_GUESTS = """DO $$ DECLARE guest_table text; BEGIN
    DELETE FROM guests.runs;
    FOR guest_table IN SELECT tablename FROM pg_tables WHERE schemaname = 'guests' AND tablename <> 'runs' LOOP
        EXECUTE format('DROP TABLE guests.%I CASCADE', guest_table);
    END LOOP;
END $$"""


class GuestProjectionTestCase(TestCase, ABC):
    """Test case for a guest projection: each entry counts once, in batches, one by one and after restarts."""

    projection_class: type[Projection[Any]]
    notice: str

    @abstractmethod
    def create_database(self) -> str:
        """Return the URL of a database with the notice and without rows of the guest.

        `copy_of` makes such a database.
        """

    @abstractmethod
    def rows(self, view: Any) -> Any:  # noqa: ANN401 (the view is the subclass's own)
        """Return the rows that the guest stored, in a value that compares with `==`."""

    def copy_of(self, url: str) -> str:
        """Return the URL of a copy of a database, without any guest's rows; the copy is dropped after the test.

        Nobody may be connected to the original meanwhile.
        """
        name = f"guest_test_{uuid4().hex[:12]}"
        maintenance = make_conninfo(url, dbname="postgres")
        original = conninfo_to_dict(url).get("dbname", "postgres")
        create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(str(original)))
        drop = SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name))
        self._execute(maintenance, create)
        self.addCleanup(self._execute, maintenance, drop)
        copy = make_conninfo(url, dbname=name)
        self._execute(copy, _FORGET_GUESTS)
        return copy

    @staticmethod
    def _execute(url: str, statement: Any) -> None:  # noqa: ANN401 (psycopg's composed SQL)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def test_batches_and_single_entries_store_the_same_rows(self) -> None:
        """Compare a run in batches with a run that processes each entry in a transaction of its own."""
        at_once, last = self._in_batches(self.create_database())
        self.assertEqual(self._one_by_one(self.create_database(), restarts=False), (at_once, last))

    def test_restarts_change_no_row(self) -> None:
        """Compare a run in batches with a run that builds the projection again before each entry."""
        at_once, last = self._in_batches(self.create_database())
        self.assertEqual(self._one_by_one(self.create_database(), restarts=True), (at_once, last))

    def _in_batches(self, url: str) -> tuple[Any, int]:
        runner = GuestRunner(url, self.notice, self.projection_class)
        try:
            last = runner.catch_up()
            self.assertGreater(last, 0, f"the database holds no entry of {self.notice}")
            return self.rows(runner.view), last
        finally:
            runner.close()

    def _one_by_one(self, url: str, *, restarts: bool) -> tuple[Any, int]:
        env = {"LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": self.notice}
        factory = Factory(env)
        self.addCleanup(factory.close)
        with NoticeLedger(env) as ledger:
            view = factory.tracking_recorder(view_class_of(self.projection_class))
            projection = self.projection_class(view=view)
            for notification in self._notifications(ledger, projection.topics):
                if restarts:
                    view = factory.tracking_recorder(view_class_of(self.projection_class))
                    projection = self.projection_class(view=view)
                self._process_twice(ledger, projection, notification)
        return self.rows(view), view.max_tracking_id(self.notice) or 0

    def _process_twice(
        self, ledger: NoticeLedger, projection: Projection[Any], notification: Notification
    ) -> None:
        """Process an entry; check that its handler tracks it and that a second attempt is refused."""
        tracking, entry = Tracking(self.notice, notification.id), ledger.mapper.to_domain_event(notification)
        projection.process_event(entry, tracking)
        name = type(entry).__name__
        self.assertTrue(
            projection.view.has_tracking_id(self.notice, notification.id),
            f"the handler of {name} does not track entry {notification.id}: insert the tracking with its rows",
        )
        with self.assertRaises(IntegrityError, msg=f"the handler of {name} takes entry {notification.id} twice"):
            projection.process_event(entry, tracking)

    @staticmethod
    def _notifications(ledger: NoticeLedger, topics: Sequence[str]) -> Sequence[Notification]:
        size = ledger.recorder.max_notification_id() or 0
        return ledger.recorder.select_notifications(None, size, topics=topics)


class NoticeRecorderTestCase(TestCase, ABC):
    """Test case for an application recorder over a notice of at least five entries.

    The case checks dense positions, a single originator, selections and a subscription.
    """

    notice: str

    @abstractmethod
    def create_recorder(self) -> ApplicationRecorder:
        """Return the recorder to test."""

    def test_notification_ids_are_positions_without_gaps(self) -> None:
        """Check that ids run from 1 to the last entry, equal to the versions."""
        recorder = self.create_recorder()
        last = recorder.max_notification_id() or 0
        self.assertGreaterEqual(last, 5, "the case needs a notice of at least five entries")
        notifications = recorder.select_notifications(None, last + 10)
        self.assertEqual([each.id for each in notifications], list(range(1, last + 1)))
        self.assertEqual([each.originator_version for each in notifications], list(range(1, last + 1)))
        self.assertEqual({each.originator_id for each in notifications}, {self.notice})

    def test_notifications_are_selected_by_start_stop_limit_and_topic(self) -> None:
        """Check each argument of `select_notifications`."""
        recorder = self.create_recorder()

        def ids(*arguments: Any, **options: Any) -> list[int]:  # noqa: ANN401 (the library's signature)
            return [each.id for each in recorder.select_notifications(*arguments, **options)]

        self.assertEqual(ids(2, 2), [2, 3])
        self.assertEqual(ids(2, 2, inclusive_of_start=False), [3, 4])
        self.assertEqual(ids(None, 100, stop=3), [1, 2, 3])
        last = recorder.max_notification_id() or 0
        self.assertEqual(ids(last, 10, inclusive_of_start=False), [])
        everything = recorder.select_notifications(None, last)
        topic = everything[2].topic
        expected = [each.id for each in everything if each.topic == topic]
        self.assertEqual(ids(None, last, topics=[topic]), expected)
        self.assertEqual(ids(None, last, topics=["no such topic"]), [])

    def test_events_are_selected_by_version_in_either_order(self) -> None:
        """Check each argument of `select_events`, and that another originator has no events."""
        recorder = self.create_recorder()

        def versions(**options: Any) -> list[int]:  # noqa: ANN401 (the library's signature)
            return [each.originator_version for each in recorder.select_events(self.notice, **options)]

        self.assertEqual(versions(gt=1, lte=4), [2, 3, 4])
        self.assertEqual(versions(gt=1, lte=4, desc=True, limit=2), [4, 3])
        self.assertEqual(list(recorder.select_events(f"not-{self.notice}")), [])

    def test_a_subscription_yields_the_entries_in_order(self) -> None:
        """Check that a subscription begins after the position that `subscribe` receives."""
        recorder = self.create_recorder()
        with recorder.subscribe(gt=2) as subscription:
            self.assertEqual([next(subscription).id for _ in range(3)], [3, 4, 5])
