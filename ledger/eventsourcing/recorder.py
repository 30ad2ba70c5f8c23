"""The library's recorder over the stored entries of one notice.

A notification's id is the entry's position. Positions are dense and final, so a follower cannot skip an entry and
there is no table lock.
"""

import time
from collections.abc import Sequence
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.utils import retry
from psycopg.rows import tuple_row

from ledger.append.receipt import Receipt
from ledger.domain.authorisation import Credential
from ledger.domain.errors import LedgerError, Refusal, Refused
from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.eventsourcing.recording import WriterThread
from ledger.intake.parse import SubmittedFact, accept, read_json

CHANNEL = "ledger_entries"
"""The channel that the ledger notifies after commits."""
POLL_SECONDS = 0.25
"""Seconds between polls for new entries when no notification comes."""
RECONNECT_SECONDS = 1.0
"""Seconds between attempts to listen again after losing the database."""
_COLUMNS = "SELECT position, type, body FROM ledger.entries WHERE notice = %s"

_retry = retry((InterfaceError, OperationalError), max_attempts=3, wait=0.2)
"""Decorator that repeats a read after a lost connection. Each attempt waits at most five seconds for the pool."""


class _Refusing:
    """Base class of errors that have refusals."""

    refusals: tuple[Refusal, ...] = ()


class FactRefusedError(_Refusing, DataError):
    """The rules refuse a fact; `refusals` holds every reason. Nothing of the call was recorded."""


class ExpectedPositionError(_Refusing, IntegrityError):
    """The expected position is not the next position: read what was recorded since, and decide again."""


class KeyReusedError(_Refusing, IntegrityError):
    """The source and id belong to an entry with other content: use a new id."""


_CONFLICTS: dict[str, type[ExpectedPositionError | KeyReusedError]] = {
    "EXPECTED_POSITION": ExpectedPositionError,
    "KEY_REUSED": KeyReusedError,
}


class NoticeRecorder(ApplicationRecorder):
    """Recorder that selects a notice's entries as stored events and records facts through the one writer.

    A selection raises OperationalError while the database cannot be reached.
    """

    def __init__(self, datastore: LedgerDatastore, notice: str, writer: WriterThread) -> None:
        self.datastore = datastore
        self.notice = notice
        self._writer = writer

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, credential: Credential | None = None, **_kwargs: object
    ) -> Sequence[int] | None:
        """Record all facts or none, and return the positions of their entries; None without facts.

        Args:
            stored_events: Facts of this notice as `EntryMapper` made them, at consecutive positions.
            credential: The recorder's credential; None for the credential of LEDGER_TOKEN.

        Raises:
            ExpectedPositionError: The first position is not the next position of the notice.
            KeyReusedError: An entry with other content has the source and id of a fact.
            FactRefusedError: The rules refuse a fact.
            OperationalError: The database is unreachable or busy. Retrying is safe.
            RecordingStoppedError: The database lost entries, or a clock is wrong; an operator has to act.
            ProgrammingError: An event is of another notice, the positions have a gap, or there is no credential.
        """
        if not stored_events:
            return None
        items = [self._item(event) for event in stored_events]
        first = stored_events[0].originator_version
        versions = [event.originator_version for event in stored_events]
        if versions != list(range(first, first + len(versions))):
            raise ProgrammingError(f"versions {versions} are not consecutive; an entry's version is its position")
        outcomes = self._writer.submit(items, first - 1, credential)
        return [_position(outcome) for outcome in _refused_first(outcomes)]

    def _item(self, event: StoredEvent) -> SubmittedFact:
        if event.originator_id != self.notice:
            raise ProgrammingError(f"this recorder is for {self.notice}, not for {event.originator_id}")
        try:
            return accept(read_json(event.state))
        except Refused as refused:
            raise _error(refused) from refused

    @_retry
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the notice's entries after `gt` up to `lte`, at most `limit`, the last entry first if `desc`.

        Another originator than the notice has no entries.
        """
        if originator_id != self.notice:
            return []
        statement, parameters = _between(gt, lte)
        statement += f" ORDER BY position {'DESC' if desc else 'ASC'}"
        rows = self._fetch(*_limited(statement, [self.notice, *parameters], limit))
        return [StoredEvent(self.notice, position, topic, body) for position, topic, body in rows]

    @_retry
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return entries from or after `start` up to `stop`, at most `limit`, of all types or `topics`."""
        gt = None if start is None else start - inclusive_of_start
        statement, parameters = _between(gt, stop)
        if topics:
            statement += " AND type = ANY (%s)"
            parameters.append(list(topics))
        statement += " ORDER BY position"
        rows = self._fetch(*_limited(statement, [self.notice, *parameters], limit))
        return [Notification(self.notice, position, topic, body, position) for position, topic, body in rows]

    @_retry
    def max_notification_id(self) -> int | None:
        """Return the position of the last entry, or None if the notice has no entries."""
        rows = self._fetch("SELECT size FROM ledger.heads WHERE notice = %s", [self.notice])
        return rows[0][0] if rows else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "NoticeSubscription":
        """Return an iterator over the entries after a position, which waits for further entries."""
        return NoticeSubscription(self, gt=gt, topics=topics)

    def _fetch(self, statement: str, parameters: list[Any]) -> list[Any]:
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(row_factory=tuple_row, binary=True) as cursor,
        ):
            return cursor.execute(statement, parameters, prepare=True).fetchall()


class NoticeSubscription(ListenNotifySubscription[NoticeRecorder]):
    """Subscription to a notice's entries, woken by the ledger's notifications or by polling.

    The subscription outlives restarts of the database.
    """

    def __init__(self, recorder: NoticeRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._listen_thread = Thread(target=self._listen, name="ledger-listen", daemon=True)
        self._listen_thread.start()

    def __exit__(self, *args: object, **kwargs: object) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listen_thread.join()

    def _listen(self) -> None:
        while not self._has_been_stopped:
            try:
                with self._recorder.datastore.listening_connection() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._has_been_stopped:
                        for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                            pass
                        self._has_been_notified.set()
            except (psycopg.Error, DatabaseError):
                self._has_been_notified.wait(RECONNECT_SECONDS)
            except LedgerError as error:  # the connection lacks its role; waiting does not help
                self._thread_error = error
                self.stop()

    def _pull(self) -> None:
        try:
            super()._pull()
        except (InterfaceError, OperationalError):
            time.sleep(0)  # the listening thread sets the next wake-up; entries are read again from the last one


def _between(gt: int | None, lte: int | None) -> tuple[str, list[Any]]:
    statement, parameters = _COLUMNS, []
    for operator, value in ((">", gt), ("<=", lte)):
        if value is not None:
            statement += f" AND position {operator} %s"
            parameters.append(value)
    return statement, parameters


def _limited(statement: str, parameters: list[Any], limit: int | None) -> tuple[str, list[Any]]:
    return (statement, parameters) if limit is None else (f"{statement} LIMIT %s", [*parameters, limit])


def _refused_first(outcomes: list[Receipt | Refused]) -> list[Receipt]:
    """Return the receipts. If a fact was refused, raise the refusal that explains the others, as an error."""
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    if refused:
        raise _error(next((r for r in refused if r.refusals[0].code != "NOT_RECORDED"), refused[0]))
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


def _position(receipt: Receipt) -> int:
    return receipt.position


def _error(refused: Refused) -> FactRefusedError | ExpectedPositionError | KeyReusedError:
    error = _CONFLICTS.get(refused.refusals[0].code, FactRefusedError)(str(refused))
    error.refusals = refused.refusals
    return error
