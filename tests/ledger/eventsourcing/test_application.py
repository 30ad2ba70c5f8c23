"""The notice as an application of the eventsourcing library: reading, recording, folding, following."""

import asyncio
from threading import Thread
from typing import Any

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    MapperDeserialisationError,
    ProgrammingError,
    StoredEvent,
)

from ledger.append.writer import Writer
from ledger.domain.areas.plan import ObjectiveAdded, ProgressRecorded
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.eventsourcing import (
    ExpectedPositionError,
    Factory,
    FactRefusedError,
    KeyReusedError,
    NewFact,
    NoticeAggregate,
    NoticeLedger,
    event_class,
    topics_of,
)
from ledger.store.database import connect
from ledger.store.entries import read_entries
from tests.ledger.history import ALICE, BOB, NOTICE, SETTING_SIZE, progress, submit

SIZE = SETTING_SIZE + 3
DATA = {"objective": "O1", "narrative": "Ten of ten.", "activityRating": "GREEN", "impactRating": "GREEN"}


def new(version: int, key: str = "new", **change: Any) -> NewFact:
    return NewFact(
        originator_id=NOTICE,
        originator_version=version,
        fact=ProgressRecorded,
        data=DATA | change,
        id=key,
        source="alice",
    )


def test_the_module_is_a_persistence_module_of_the_library(recorded: str) -> None:
    env = {"PERSISTENCE_MODULE": "ledger.eventsourcing", "LEDGER_DATABASE_URL": recorded, "LEDGER_NOTICE": NOTICE}
    factory = InfrastructureFactory.construct(env)
    assert type(factory) is Factory
    assert factory.application_recorder().max_notification_id() == SIZE
    factory.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"LEDGER_DATABASE_URL": ""}, "LEDGER_DATABASE_URL is not set"),
        ({"LEDGER_DATABASE_URL": "postgresql://u:p%of@db/x"}, "^LEDGER_DATABASE_URL is wrong: it cannot be read"),
        ({"LEDGER_NOTICE": ""}, "LEDGER_NOTICE is not set"),
        ({"COMPRESSOR_TOPIC": "zlib"}, "unset CIPHER_KEY and COMPRESSOR_TOPIC"),
    ],
)
def test_a_missing_or_impossible_setting_is_named(change: dict[str, str], named: str) -> None:
    env = {"LEDGER_DATABASE_URL": "postgresql://nowhere.invalid/x", "LEDGER_NOTICE": NOTICE} | change
    with pytest.raises(InfrastructureFactoryError, match=named):
        NoticeLedger(env)


def test_entries_are_events_of_the_library_with_their_stored_bytes(ledger: NoticeLedger) -> None:
    events = list(ledger.events.get(NOTICE))
    assert [event.originator_version for event in events] == list(range(1, SIZE + 1))
    assert all(isinstance(event, Entry) for event in events)
    assert all(isinstance(event, DomainEventProtocol) for event in events)
    assert type(events[-1]) is event_class(ProgressRecorded)
    assert events[-1].originator_id == NOTICE
    between = ledger.recorder.select_events(NOTICE, gt=2, lte=5, desc=True, limit=2)
    assert [event.originator_version for event in between] == [5, 4]
    assert between[0].state.startswith(b'{"specversion":"1.0"')
    assert ledger.recorder.select_events("another") == []


def test_notifications_are_dense_and_filtered_by_topic(ledger: NoticeLedger) -> None:
    recorder = ledger.recorder
    assert [n.id for n in recorder.select_notifications(3, 4)] == [3, 4, 5, 6]
    assert [n.id for n in recorder.select_notifications(3, 4, inclusive_of_start=False)] == [4, 5, 6, 7]
    assert [n.id for n in recorder.select_notifications(None, 100, stop=2)] == [1, 2]
    assert [n.id for n in recorder.select_notifications(1, 100, topics=topics_of(ObjectiveAdded))] == [7]
    assert ledger.notification_log["1,5"].next_id == "6,10"


def test_a_fact_is_recorded_through_the_one_writer(ledger: NoticeLedger) -> None:
    (recording,) = ledger.save(new(SIZE + 1), credential=ALICE)
    assert recording.notification.id == SIZE + 1
    (entry,) = ledger.events.get(NOTICE, gt=SIZE)
    assert isinstance(entry, Entry)
    assert (entry.id, entry.actor, entry.actor_role) == ("new", "alice", "COUNCIL_OFFICER")
    assert ledger.record(ProgressRecorded, DATA, id="next", source="alice", credential=ALICE) == SIZE + 2


def test_conflicts_and_refusals_keep_their_reasons(ledger: NoticeLedger) -> None:
    with pytest.raises(ExpectedPositionError) as conflict:
        ledger.save(new(SIZE), credential=ALICE)
    assert isinstance(conflict.value, IntegrityError)
    ledger.save(new(SIZE + 1), credential=ALICE)
    with pytest.raises(KeyReusedError):
        ledger.save(new(SIZE + 2, narrative="Another."), credential=ALICE)
    with pytest.raises(FactRefusedError) as refused:
        ledger.save(new(SIZE + 2, "other", objective="O9"), credential=ALICE)
    assert [(r.code, r.path) for r in refused.value.refusals] == [("NOT_FOUND", "data.objective")]
    with pytest.raises(FactRefusedError) as forbidden:
        ledger.save(new(SIZE + 2, "third"), credential=BOB)
    assert forbidden.value.refusals[0].code == "FORBIDDEN"
    assert ledger.recorder.max_notification_id() == SIZE + 1


def test_several_facts_are_recorded_together_or_not_at_all(ledger: NoticeLedger) -> None:
    with pytest.raises(FactRefusedError):
        ledger.save(new(SIZE + 1, "a"), new(SIZE + 2, "b", objective="O9"), credential=ALICE)
    assert ledger.recorder.max_notification_id() == SIZE
    recordings = ledger.save(new(SIZE + 1, "a"), new(SIZE + 2, "b"), credential=ALICE)
    assert [recording.notification.id for recording in recordings] == [SIZE + 1, SIZE + 2]
    with pytest.raises(ProgrammingError, match="not consecutive"):
        ledger.save(new(SIZE + 3, "c"), new(SIZE + 5, "d"), credential=ALICE)


def test_without_a_credential_nothing_is_recorded(ledger: NoticeLedger) -> None:
    with pytest.raises(ProgrammingError, match="LEDGER_TOKEN"):
        ledger.save(new(SIZE + 1))


def test_an_entry_is_not_recorded_again(ledger: NoticeLedger) -> None:
    (entry,) = ledger.events.get(NOTICE, gt=SIZE - 1)
    with pytest.raises(ProgrammingError, match="NewFact"):
        ledger.save(entry)


def test_a_version_is_the_folded_state_as_of_that_position(ledger: NoticeLedger, recorded: str) -> None:
    async def history() -> list[Entry]:
        async with await connect(recorded, "ledger_writer") as connection:
            return await read_entries(connection, NOTICE, SIZE)

    entries = asyncio.run(history())
    for version in range(1, SIZE + 1):
        aggregate: NoticeAggregate = ledger.repository.get(NOTICE, version=version)
        assert (aggregate.id, aggregate.version) == (NOTICE, version)
        assert aggregate.state == fold(effective(entries[:version]))
    with pytest.raises(AggregateNotFoundError, match=f"ends at version {SIZE}"):
        ledger.repository.get(NOTICE, version=SIZE + 1)
    for version in (0, -1):
        with pytest.raises(AggregateNotFoundError, match=f"version {version} not found"):
            ledger.repository.get(NOTICE, version=version)
    with pytest.raises(AggregateNotFoundError):
        ledger.repository.get("another")


def test_a_correction_counts_from_its_own_version_on(ledger: NoticeLedger, recorded: str) -> None:
    correction = submit("EntryCorrected", {"position": SIZE, "reason": "A slip"}, "alice")

    async def correct() -> None:
        async with Writer(recorded) as writer:
            await writer.append(NOTICE, correction, ALICE)
            await writer.append(NOTICE, progress(), ALICE)

    asyncio.run(correct())
    versions: list[NoticeAggregate] = [ledger.repository.get(NOTICE, version=v) for v in (SIZE, SIZE + 2)]
    before, after = (aggregate.state for aggregate in versions)
    assert before.position == SIZE
    events = [e for e in ledger.events.get(NOTICE) if isinstance(e, Entry)]
    assert after == fold(effective(events))


def test_a_snapshot_changes_nothing_but_the_work(ledger: NoticeLedger) -> None:
    without: NoticeAggregate = ledger.repository.get(NOTICE)
    ledger.take_snapshot(NOTICE, version=5)
    assert ledger.snapshots is not None
    (snapshot,) = ledger.snapshots.get(NOTICE, desc=True, limit=1, lte=7)
    assert snapshot.originator_version == 5
    assert list(ledger.snapshots.get(NOTICE, desc=True, limit=1, lte=4)) == []
    again: NoticeAggregate = ledger.repository.get(NOTICE)
    assert again.state == without.state
    earlier: NoticeAggregate = ledger.repository.get(NOTICE, version=3)
    assert earlier.version == 3


def test_a_type_that_this_code_does_not_know_is_named(ledger: NoticeLedger) -> None:
    (stored,) = ledger.recorder.select_events(NOTICE, gt=SIZE - 1)
    state = stored.state.replace(b"ProgressRecorded.v2", b"ProgressRecorded.v9")
    unknown = StoredEvent(NOTICE, SIZE, "improvement-ledger.plan.ProgressRecorded.v9", state)
    with pytest.raises(MapperDeserialisationError, match="needs a newer improvement-ledger"):
        ledger.mapper.to_domain_event(unknown)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (b"[" * 40_000, "nested too deeply"),
        (b'{"id": "1", "id": "2"}', "twice"),
        (b'{"id": NaN}', "NaN"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_an_event_that_is_not_strict_json_is_refused(ledger: NoticeLedger, state: bytes, reason: str) -> None:
    event = StoredEvent(NOTICE, SIZE + 1, "improvement-ledger.plan.ProgressRecorded.v2", state)
    with pytest.raises(FactRefusedError, match=reason):
        ledger.recorder.insert_events([event])
    assert ledger.recorder.max_notification_id() == SIZE


def test_a_subscription_yields_what_is_there_and_then_what_comes(ledger: NoticeLedger, recorded: str) -> None:
    async def more() -> None:
        async with Writer(recorded) as writer:
            await writer.append_all(NOTICE, [progress() for _ in range(3)], ALICE)

    with ledger.recorder.subscribe(gt=SETTING_SIZE) as subscription:
        assert [next(subscription).id for _ in range(3)] == [8, 9, 10]
        recording = Thread(target=lambda: asyncio.run(more()))
        recording.start()
        assert [next(subscription).id for _ in range(3)] == [11, 12, 13]
        recording.join()
