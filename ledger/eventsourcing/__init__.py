"""The eventsourcing library's interfaces over the stored entries.

Set `PERSISTENCE_MODULE=ledger.eventsourcing`, `LEDGER_DATABASE_URL` and `LEDGER_NOTICE`. A notice is then an
application's event sequence, with the library's recorder, repository, projections and followers. docs/extending.md
shows their use. Only the ledger's one writer inserts entries.
"""

from ledger.eventsourcing.application import NoticeAggregate, NoticeLedger
from ledger.eventsourcing.events import NewFact, WithheldEntry, event_class, topics_of
from ledger.eventsourcing.factory import Factory
from ledger.eventsourcing.mapper import EntryMapper, FollowerMapper
from ledger.eventsourcing.recorder import ExpectedPositionError, FactRefusedError, KeyReusedError, NoticeRecorder
from ledger.eventsourcing.recording import RecordingStoppedError
from ledger.eventsourcing.remote import RemoteNotificationLog, remote_log

__all__ = [
    "EntryMapper",
    "ExpectedPositionError",
    "FactRefusedError",
    "Factory",
    "FollowerMapper",
    "KeyReusedError",
    "NewFact",
    "NoticeAggregate",
    "NoticeLedger",
    "NoticeRecorder",
    "RecordingStoppedError",
    "RemoteNotificationLog",
    "WithheldEntry",
    "event_class",
    "remote_log",
    "topics_of",
]
