"""Run a third-party projection (a guest) of the eventsourcing library over a notice, in batches.

A guest is a `Projection` with single-dispatch handlers and a `PostgresTrackingRecorder` as its view. The library's
own runner commits once per event. This runner commits once per batch, with the same tracking table. So each entry
is processed exactly once across restarts and kills. A batch in which the guest fails is repeated entry by entry.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Event, Thread, local
from typing import Any, cast, get_args

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    Tracking,
)
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection
from msgspec import Struct

from ledger.domain.errors import LedgerError
from ledger.eventsourcing.application import NoticeLedger
from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.eventsourcing.recorder import NoticeRecorder
from ledger.store.database import connect

BATCH = 500
"""Maximum entries that one query selects; a transaction may process one more."""
log = logging.getLogger("ledger.guests")
STANDBY_SECONDS = 1.0
"""Seconds between attempts to take over from another runner of the same guest."""
_REPORT = """INSERT INTO guests.runs AS r (guest, notice, position, failed_at, failure) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (guest, notice) DO UPDATE SET position = greatest(r.position, excluded.position),
        failed_at = excluded.failed_at, failure = excluded.failure, reported_at = excluded.reported_at"""


class GuestStopped(LedgerError):
    """A guest failed at an entry; the entries before it are processed."""


class GuestRun(Struct, frozen=True):
    """The position that a guest has reached in a notice, and its failure if it stopped."""

    guest: str
    notice: str
    position: int
    failed_at: int | None
    failure: str | None


class _BatchDatastore(LedgerDatastore):
    """A datastore that joins all work of a batch into one transaction on one connection."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "ledger_guest")
        self._batch = local()

    @property
    def joined(self) -> psycopg.Connection[Any] | None:
        """Connection of this thread's batch; None outside a batch. Other threads read the view meanwhile."""
        return getattr(self._batch, "connection", None)

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield the batch's connection, or a connection of the pool outside a batch."""
        if self.joined is not None:
            yield self.joined
            return
        with super().get_connection() as connection:
            yield connection

    @contextmanager
    def transaction(self, *, commit: bool = False) -> Iterator[psycopg.Cursor[Any]]:
        """Yield a cursor in the batch's transaction, or in a transaction of its own outside a batch."""
        if self.joined is not None:
            yield self.joined.cursor()
            return
        with super().transaction(commit=commit) as cursor:
            yield cursor

    @contextmanager
    def batch(self) -> Iterator[psycopg.Cursor[Any]]:
        """Run the body of a `with` statement in one transaction, without waiting for each statement's answer."""
        with super().get_connection() as connection, connection.transaction(), connection.pipeline():
            self._batch.connection = connection
            try:
                yield connection.cursor()
            finally:
                self._batch.connection = None


class _BatchTracking:
    """Tracking of a batch, which stays in memory and is stored once at the end of the batch."""

    datastore: _BatchDatastore
    reached: int | None = None

    def _insert_tracking(self, curs: psycopg.Cursor[Any], tracking: Tracking) -> None:
        if self.datastore.joined is None:
            cast("Any", super())._insert_tracking(curs, tracking)  # noqa: SLF001 (the library's extension point)
        elif self.reached is not None and tracking.notification_id <= self.reached:
            raise IntegrityError(f"entry {tracking.notification_id} is processed already")
        else:
            self.reached = tracking.notification_id


class GuestRunner:
    """Runner of one guest over one notice."""

    def __init__(self, url: str, notice: str, projection_class: type[Projection[Any]]) -> None:
        env = {"LEDGER_DATABASE_URL": url, "LEDGER_NOTICE": notice}
        self.app = NoticeLedger(env)
        self.recorder = cast("NoticeRecorder", self.app.recorder)
        self.notice, self.guest = notice, projection_class.name
        self._datastore = _BatchDatastore(url)
        view_class = view_class_of(projection_class)
        batched = type(view_class.__name__, (_BatchTracking, view_class), {})
        self.view: Any = batched(self._datastore, tracking_table_name=f"{projection_class.name.lower()}_tracking")
        self.view.create_table()
        self.projection = projection_class(view=self.view)
        self._lock: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        """Close the connections; another runner of this guest may take over."""
        if self._lock is not None:
            self._lock.close()
        self._datastore.close()
        self.app.close()

    def catch_up(self) -> int:
        """Process all recorded entries of the projection's types, and return the position reached.

        Raises:
            GuestStopped: The guest failed at an entry.
        """
        position = self.view.max_tracking_id(self.app.name) or 0
        while notifications := self._next(position):
            self._process(notifications)
            position = notifications[-1].id
        return position

    def run(self, stop: Event) -> None:
        """Follow the notice until `stop` is set, through restarts of the database.

        While another process runs this guest, wait until that process ends.

        Raises:
            GuestStopped: The guest failed at an entry.
        """
        while not stop.is_set():
            try:
                self._follow(stop)
            except (InterfaceError, OperationalError, psycopg.OperationalError) as error:
                log.warning("guest %s of %s waits for the database: %s", self.guest, self.notice, error)
                stop.wait(STANDBY_SECONDS)

    def _follow(self, stop: Event) -> None:
        while not self._owns():
            if stop.wait(STANDBY_SECONDS):
                return
        position = self.catch_up()
        with self.recorder.subscribe(gt=position, topics=self.projection.topics) as subscription:
            stopper = _StopSubscription(stop, subscription.stop)
            try:
                for first in subscription:
                    self._must_still_own()
                    self._process([first, *self._next(first.id)])
            finally:
                stopper.release()

    def _next(self, position: int) -> list[Notification]:
        return list(
            self.recorder.select_notifications(
                position, BATCH, topics=self.projection.topics, inclusive_of_start=False
            )
        )

    def _owns(self) -> bool:
        if self._lock is None or self._lock.closed:
            self._lock = self._datastore.listening_connection()
        row = self._lock.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (f"guest {self.guest} of {self.notice}",)
        ).fetchone()
        return bool(row and row[0])

    def _must_still_own(self) -> None:
        """Raise OperationalError after a restart of the database: another process may run the guest by now."""
        assert self._lock is not None  # noqa: S101 (`_owns` has connected)
        self._lock.execute("SELECT")

    def _process(self, notifications: list[Notification]) -> None:
        tracked = self.view.max_tracking_id(self.app.name) or 0
        fresh = [notification for notification in notifications if notification.id > tracked]
        if not fresh:
            return
        try:
            self._batch(fresh, tracked)
        except (InterfaceError, OperationalError):
            raise
        except Exception:  # noqa: BLE001 (a guest may raise anything; the entries are then taken one by one)
            self._one_by_one(fresh)

    def _batch(self, notifications: list[Notification], tracked: int) -> None:
        last = notifications[-1].id
        with self._datastore.batch() as cursor:
            self.view.reached = tracked
            for notification in notifications:
                self._handle(notification)
            self._finish(cursor, last)

    def _finish(self, cursor: psycopg.Cursor[Any], last: int) -> None:
        PostgresTrackingRecorder._insert_tracking(self.view, cursor, Tracking(self.app.name, last))  # noqa: SLF001 (as above: the library's extension point)
        cursor.execute(_REPORT, (self.guest, self.notice, last, None, None))

    def _handle(self, notification: Notification) -> None:
        entry = self.app.mapper.to_domain_event(notification)
        self.projection.process_event(entry, Tracking(self.app.name, notification.id))

    def _one_by_one(self, notifications: list[Notification]) -> None:
        for notification in notifications:
            try:
                self._batch([notification], self.view.max_tracking_id(self.app.name) or 0)
            except (InterfaceError, OperationalError):
                raise
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
                with self._datastore.transaction(commit=True) as cursor:
                    report = (self.guest, self.notice, notification.id - 1, notification.id, failure)
                    cursor.execute(_REPORT, report)
                raise GuestStopped(
                    f"guest {self.guest} stopped at entry {notification.id} of {self.notice}: {failure}; "
                    "correct it and start it again: it continues with that entry"
                ) from error


class _StopSubscription:
    """Thread that stops a subscription when an event is set."""

    def __init__(self, stop: Event, action: Any) -> None:  # noqa: ANN401
        self._done = Event()
        self._stop, self._action = stop, action
        self._thread = Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        while not self._done.is_set():
            if self._stop.wait(0.1):
                self._action()
                return

    def release(self) -> None:
        self._done.set()
        self._thread.join()


def view_class_of(projection_class: type[Projection[Any]]) -> type[PostgresTrackingRecorder]:
    """Return the class of a projection's view, such as LateView in `class Late(Projection[LateView])`.

    Raises:
        LedgerError: The projection names no view that extends PostgresTrackingRecorder.
    """
    for base in getattr(projection_class, "__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and issubclass(argument, PostgresTrackingRecorder):
                return argument
    raise LedgerError(
        f"{projection_class.__name__} names no view: write class {projection_class.__name__}(Projection[View]) "
        "with a View that extends PostgresTrackingRecorder"
    )


async def runs(url: str) -> list[GuestRun]:
    """Return the position of each guest in each notice, and the entry at which the guest failed, if any.

    Raises:
        Unavailable: The database cannot be reached.
    """
    async with await connect(url, "ledger_reader") as connection:
        cursor = await connection.execute(
            "SELECT guest, notice, position, failed_at, failure FROM guests.runs ORDER BY guest, notice"
        )
        return [GuestRun(*row) for row in await cursor.fetchall()]


def guest_class(path: str) -> type[Projection[Any]]:
    """Return the projection that `package.module:Class` names.

    Raises:
        LedgerError: The class cannot be imported, or is not a projection of the eventsourcing library.
    """
    module, _, name = path.partition(":")
    try:
        projection = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise LedgerError(f"{path!r} cannot be imported: {error}; write package.module:Class") from error
    if not (isinstance(projection, type) and issubclass(projection, Projection)):
        raise LedgerError(f"{path!r} is not a Projection of the eventsourcing library")
    return projection
