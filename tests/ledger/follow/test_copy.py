"""Test a copy by logical replication: whole, verified, read-only, and with erasures as erasures."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError, Refused
from ledger.follow import source, subscription
from ledger.proof.checkpoint import Signer
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.ledger.follow.pairs import PASSWORD, SITE, Pair, record_and_erase, rows
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import fold_all, until

pytestmark = [pytest.mark.database, pytest.mark.long]


async def test_a_copy_has_the_record_and_its_erasures_and_its_views(both: Pair) -> None:
    await both.follow()
    await record_and_erase(both.source)
    await both.sign()
    await both.arrived()
    for table in ("entries", "narratives", "checkpoints", "tiles"):
        query = f"SELECT t::text FROM ledger.{table} t ORDER BY 1"  # noqa: S608
        assert await rows(both.copy, query) == await rows(both.source, query), table
    erased = "SELECT position FROM ledger.narratives WHERE body IS NULL AND erased_by IS NOT NULL"
    assert await rows(both.copy, erased) == [(SETTING_SIZE + 1,)]
    assert await both.alarms() == []
    assert (await verify(both.copy)).sound
    await fold_all(both.copy, NOTICE)
    assert await rows(both.copy, "SELECT DISTINCT position FROM views.progress") == [(SETTING_SIZE + 4,)]


async def test_erasures_from_before_it_was_followed_arrive(both: Pair) -> None:
    async with Writer(both.source) as writer:
        await begin(writer)
    await record_and_erase(both.source)
    await source.publish(both.source, both.follower, PASSWORD)
    await both.subscribe()
    assert (await verify(both.copy)).sound
    assert await both.alarms() == []


async def test_nothing_is_recorded_or_signed_in_a_copy(both: Pair) -> None:
    await both.follow()
    async with Writer(both.copy) as writer:
        with pytest.raises(Refused, match=f"read-only copy of {NOTICE}; record at {SITE}") as refusal:
            await writer.append(NOTICE, progress(), ALICE)
        assert refusal.value.refusals[0].code == "READ_ONLY_COPY"
        await begin(writer, "own-2024")
        (answer,) = await writer.append_all(NOTICE, [progress()], ALICE, strict=True)
        assert isinstance(answer, Refused)
    async with await connect(both.copy, "ledger_writer") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="record at its source"):
            await connection.execute("UPDATE ledger.heads SET size = size + 1 WHERE notice = %s", (NOTICE,))
    async with CheckpointSigner(both.copy, "dfe.example", Signer.generate("dfe/1")) as signer:
        await signer.sign_heads()
        assert signer.refused == {}
        latest = await signer.latest(NOTICE)
    assert latest.note.startswith(f"tameside.example/ledgers/{NOTICE}\n")
    signed = await rows(both.copy, "SELECT notice, key LIKE 'dfe%' FROM ledger.checkpoints ORDER BY 1")
    assert signed == [("own-2024", True), (NOTICE, False)]


async def test_a_follower_reads_the_record_and_nothing_else(both: Pair) -> None:
    await both.follow()
    async with await connect(both.source_login) as connection:
        for table in ("tokens", "people", "report_drafts", "snapshots", "ended_sessions", "sources"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"SELECT FROM ledger.{table}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("DELETE FROM ledger.entries")


async def test_a_council_that_leaves_takes_its_slot_along(both: Pair) -> None:
    await both.follow()
    assert await subscription.unsubscribe(both.copy, "tameside") is None
    async with await connect(both.source) as connection:
        assert await source.slots(connection) == []
    async with Writer(both.copy) as writer:
        with pytest.raises(Refused, match="read-only copy"):
            await writer.append(NOTICE, progress(), ALICE)
    assert await both.alarms() == []
    with pytest.raises(LedgerError, match="no source 'tameside' is followed"):
        await subscription.unsubscribe(both.copy, "tameside")
    with pytest.raises(LedgerError, match="follow it in an empty database"):
        await both.subscribe()


async def test_a_source_removes_its_follower(both: Pair) -> None:
    await both.follow()
    assert await source.unpublish(both.source, both.follower)
    assert not await source.unpublish(both.source, both.follower)
    async with await connect(both.source) as connection:
        assert await source.slots(connection) == []
    async with await connect(both.copy, "ledger_writer") as connection:
        later = datetime.now(UTC) + timedelta(seconds=90)
        await both.monitor.look(connection)
        assert [alarm.kind for alarm in await both.monitor.look(connection, later)] == ["SILENT"]
    fault = await subscription.unsubscribe(both.copy, "tameside")
    assert fault is not None
    assert (await verify(both.copy)).sound


async def test_a_slot_that_holds_back_the_log_is_named(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BACKLOG_BYTES", 1)
    await both.follow()
    async with await connect(both.copy) as connection:
        await connection.execute("ALTER SUBSCRIPTION ledger_tameside DISABLE")
    await record_and_erase(both.source)
    async with await connect(both.source) as connection:

        async def is_left() -> bool:
            (slot,) = await source.slots(connection)
            return not slot.active

        await until(is_left)
        (slot,) = await source.slots(connection)
    assert slot.name == both.follower
    assert "holds back" in (slot.fault or "")
    assert await both.alarms() == ["STOPPED"]


async def test_following_again_continues(both: Pair) -> None:
    await both.follow()
    async with await connect(both.copy) as connection:
        await connection.execute("ALTER SUBSCRIPTION ledger_tameside DISABLE")
    await record_and_erase(both.source)
    await both.subscribe()
    assert await both.alarms() == []


async def test_what_cannot_be_followed_is_refused(both: Pair) -> None:
    described = both.described

    async def refused(url: str, message: str) -> None:
        with pytest.raises(LedgerError, match=message):
            await subscription.subscribe(both.copy, url, described, lambda _: None)

    await refused(both.copy, "the source is this database")
    await refused(both.source, "the source publishes nothing; run there: ledger follow publish postgres")
    await both.follow()
    described = both.described.__class__("tameside", SITE, str(Signer.generate("other/1").public), left=False)
    await refused(both.source_login, "was followed with the key tameside/1")
    described = both.described.__class__("tameside", SITE, "no key", left=False)
    await refused(both.source_login, "the source's key is wrong")
    described = both.described.__class__("Tame side", SITE, both.described.key, left=False)
    await refused(both.source_login, "is not a valid name")
    async with await connect(both.source) as connection:
        await connection.execute("DELETE FROM public.ledger_migrations WHERE name = 'ledger/0013_follow.sql'")
    described = both.described
    await refused(both.source_login, "upgrade the source, and run ledger migrate")
    async with await connect(both.copy) as connection:
        await connection.execute("DELETE FROM public.ledger_migrations WHERE name >= 'ledger/0012'")
    await refused(both.source_login, "upgrade this ledger, and run ledger migrate")
    with pytest.raises(LedgerError, match="set wal_level = logical"):
        await source.publish(both.copy, "dfe", PASSWORD)
    with pytest.raises(LedgerError, match="is not a follower's"):
        await source.publish(both.source, "ledger_writer", PASSWORD)
