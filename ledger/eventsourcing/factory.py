"""The persistence module's factory: recorders, mapper and tracking on the ledger's database."""

from pathlib import Path
from typing import Any, TypeVar, cast

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    Mapper,
    NotSupportedError,
    ProcessRecorder,
    Transcoder,
)
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.utils import Environment, EnvType, retry

from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.eventsourcing.mapper import EntryMapper
from ledger.eventsourcing.recorder import NoticeRecorder
from ledger.eventsourcing.recording import WriterThread
from ledger.eventsourcing.snapshots import SnapshotRecorder
from ledger.proof.high_water import marks_file
from ledger.store.database_url import check_url

DATABASE_URL = "LEDGER_DATABASE_URL"
NOTICE = "LEDGER_NOTICE"
TOKEN = "LEDGER_TOKEN"  # noqa: S105 (a variable's name)
DATA = "LEDGER_DATA"
SIGNING_KEY_FILE = "LEDGER_SIGNING_KEY_FILE"
_T = TypeVar("_T", bound=PostgresTrackingRecorder)


class Factory(InfrastructureFactory[PostgresTrackingRecorder]):
    """Factory of the library's parts for the notice that the environment names.

    `LEDGER_DATABASE_URL` and `LEDGER_NOTICE` are required, `LEDGER_TOKEN` only to record. `LEDGER_DATA` and
    `LEDGER_SIGNING_KEY_FILE` lead to the high-water marks, as for the service.

    As everywhere in the library, the application's name may precede a variable's name.
    """

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.url = self._setting(DATABASE_URL, "the ledger's PostgreSQL server, postgresql://…")
        try:
            check_url(self.url)
        except ValueError as error:
            raise InfrastructureFactoryError(f"{DATABASE_URL} is wrong: {error}") from None
        self._reader: LedgerDatastore | None = None
        self._guest: LedgerDatastore | None = None
        self._writer: WriterThread | None = None

    def _setting(self, name: str, meaning: str) -> str:
        value = self.env.get(name)
        if not value:
            raise InfrastructureFactoryError(f"{name} is not set: {meaning}")
        return value

    @property
    def notice(self) -> str:
        """Id of the notice, from the environment."""
        return self._setting(NOTICE, "the id of the notice, such as tameside-2022")

    @property
    def reader(self) -> LedgerDatastore:
        """Connections that read entries."""
        if self._reader is None:
            self._reader = LedgerDatastore(self.url, "ledger_guest")
        return self._reader

    @property
    def writer(self) -> WriterThread:
        """The notice's one writer, which stores facts and snapshots."""
        if self._writer is None:
            key = self.env.get(SIGNING_KEY_FILE)
            marks = marks_file(Path(self.env.get(DATA) or ".ledger"), Path(key) if key else None)
            self._writer = WriterThread(self.url, self.notice, self.env.get(TOKEN), marks)
        return self._writer

    @property
    def guest(self) -> LedgerDatastore:
        """Connections that write the tables of guest projections."""
        if self._guest is None:
            self._guest = LedgerDatastore(self.url, "ledger_guest")
        return self._guest

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[Any]] | None = None,
    ) -> Mapper[Any]:
        """Return the mapper of entries.

        Raises:
            InfrastructureFactoryError: A cipher or compressor is configured; stored bytes never change.
        """
        if self.env.get("CIPHER_KEY") or self.env.get("COMPRESSOR_TOPIC"):
            raise InfrastructureFactoryError(
                "entries are stored as they are hashed: unset CIPHER_KEY and COMPRESSOR_TOPIC"
            )
        return (mapper_class or EntryMapper)(transcoder=transcoder or self.transcoder())

    def application_recorder(self) -> ApplicationRecorder:
        """Return the recorder of the notice's entries."""
        return NoticeRecorder(self.reader, self.notice, self.writer)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the recorder of entries, or the recorder of snapshots for the purpose `snapshots`."""
        return (
            SnapshotRecorder(self.notice, self.writer) if purpose == "snapshots" else self.application_recorder()
        )

    def tracking_recorder(self, tracking_recorder_class: type[_T] | None = None) -> Any:  # noqa: ANN401
        """Return the view of a guest projection, with its tables in the schema `guests`."""
        chosen = cast("type[_T]", tracking_recorder_class or PostgresTrackingRecorder)
        name = f"{self.env.name.lower() or 'notification'}_tracking"
        recorder = chosen(datastore=self.guest, tracking_table_name=name)
        retry(IntegrityError, max_attempts=3, wait=0.1)(recorder.create_table)()  # another process may make them
        return recorder

    def process_recorder(self) -> ProcessRecorder:
        """Raise NotSupportedError: derived events would be facts, which only the one writer records."""
        raise NotSupportedError("a process application cannot record here; follow with a Projection instead")

    def close(self) -> None:
        """Close the connections and end the writer."""
        if self._writer is not None:
            self._writer.close()
        for datastore in (self._reader, self._guest):
            if datastore is not None:
                datastore.close()
