"""A notice's ledger as an application of the eventsourcing library."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from eventsourcing.application import AggregateNotFoundError, Application, Repository
from eventsourcing.persistence import InfrastructureFactory, TrackingRecorder
from eventsourcing.utils import Environment, EnvType
from msgspec import Struct

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.state import State, evolve
from ledger.eventsourcing.events import NewFact
from ledger.eventsourcing.factory import NOTICE, Factory
from ledger.eventsourcing.mapper import StateSnapshot


class NoticeAggregate(Struct):
    """A notice as of a position: its folded state."""

    id: str
    """Id of the notice."""
    version: int
    """Position as of which the state is folded."""
    state: State


class NoticeRepository(Repository[str]):
    """Repository that folds a notice's state as of any version, from the latest usable snapshot."""

    def get(self, aggregate_id: str, *, version: int | None = None, **_options: Any) -> Any:  # noqa: ANN401
        """Return the notice as of a version, or as of its last entry without a version.

        Raises:
            AggregateNotFoundError: The notice has no entries, or has not reached the version.
        """
        aggregate = super()._reconstruct_aggregate(aggregate_id, version, self._project)
        if version is not None and aggregate.version != version:
            raise AggregateNotFoundError(f"{aggregate_id} ends at version {aggregate.version}, before {version}")
        return aggregate

    def _project(self, _initial: object, events: Iterable[Any]) -> NoticeAggregate | None:
        state, since = State(), list(events)
        if not since:
            return None
        notice = since[-1].originator_id
        if isinstance(since[0], StateSnapshot):
            state = since.pop(0).state
        if any(isinstance(entry.fact, EntryCorrected) for entry in since):
            state = self._refold(since[-1])
        else:
            for entry in since:
                evolve(state, entry)
        return NoticeAggregate(notice, state.position, state)

    def _refold(self, last: Entry) -> State:
        history = self.event_store.get(originator_id=last.notice, lte=last.position)
        return fold(effective([entry for entry in history if isinstance(entry, Entry)]))


class NoticeLedger(Application[str]):
    """The ledger of the notice that `LEDGER_NOTICE` names.

    `save` records `NewFact`s. `repository.get(notice, version=N)` returns the notice as of N. `notification_log`
    and `recorder.subscribe` follow the notice's entries.
    """

    is_snapshotting_enabled = True
    log_section_size = 500

    def __init__(self, env: EnvType | None = None) -> None:
        super().__init__(env)
        self.name = self.notice  # tracking is by application name, so each notice has its own

    def construct_factory(self, env: Environment) -> InfrastructureFactory[TrackingRecorder]:
        """Return the ledger's factory, even if PERSISTENCE_MODULE names a module for other applications."""
        return cast("InfrastructureFactory[TrackingRecorder]", Factory(env))

    def construct_repository(self) -> NoticeRepository:
        """Return the repository of the notice."""
        return NoticeRepository(event_store=self.events, snapshot_store=self.snapshots)

    @property
    def notice(self) -> str:
        """The id of the notice."""
        return self.env[NOTICE]

    def record(  # noqa: PLR0913 (an event's attributes are keywords)
        self,
        fact: type[Fact],
        data: Mapping[str, Any],
        *,
        id: str,  # noqa: A002 (the attribute's name)
        source: str,
        subject: str | None = None,
        time: datetime | None = None,
        clauses: str | None = None,
        confirm: str | None = None,
        **options: object,
    ) -> int:
        """Record one fact after the last entry, and return its position.

        Raises:
            ExpectedPositionError: Another entry was recorded meanwhile; call again if the fact still holds.
            KeyReusedError: An entry with other content has the id and source of the fact.
            FactRefusedError: The rules refuse the fact.
            Further errors are those of `NoticeRecorder.insert_events`.
        """
        version = (self.recorder.max_notification_id() or 0) + 1
        new = NewFact(
            originator_id=self.notice,
            originator_version=version,
            fact=fact,
            data=data,
            id=id,
            source=source,
            subject=subject,
            time=time,
            clauses=clauses,
            confirm=confirm,
        )
        (recording,) = self.save(new, **options)
        return recording.notification.id

    def take_snapshot(self, aggregate_id: str, version: int | None = None, projector_func: object = None) -> None:  # noqa: ARG002
        """Store a snapshot of the notice's state as of a version, by default of the last entry."""
        aggregate: NoticeAggregate = self.repository.get(aggregate_id, version=version)
        assert self.snapshots is not None  # noqa: S101 (snapshotting is always on here)
        self.snapshots.put([StateSnapshot(aggregate_id, aggregate.version, aggregate.state)])
