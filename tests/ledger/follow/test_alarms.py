"""Test the alarms of a copy: a source that rewrites, forks, skips, or falls silent."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.append.writer import Writer
from ledger.proof.checkpoint import Signer, sign
from ledger.proof.high_water import HighWaterMarks
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.ledger.damage import damage
from tests.ledger.follow.pairs import Pair
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, progress

pytestmark = [pytest.mark.database, pytest.mark.long]


async def followed(both: Pair) -> None:
    """Follow the source, and record a narrative there."""
    await both.follow()
    async with Writer(both.source) as writer:
        await writer.append(NOTICE, progress(), ALICE)
    await both.arrived()
    assert await both.alarms() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.narratives SET body = 'Ten of ten meetings.'",
        "DELETE FROM ledger.narratives",
        "UPDATE ledger.heads SET size = size - 1",
        "UPDATE ledger.entries SET source = 'mallory'",
        "DELETE FROM ledger.entries",
        "TRUNCATE ledger.checkpoints",
    ],
)
async def test_a_source_that_rewrites_its_record_stops_at_the_sound_copy(both: Pair, statement: str) -> None:
    """Publish every change, as a dishonest source would."""
    await followed(both)
    await damage(both.source, "ALTER PUBLICATION ledger_record SET (publish = 'insert, update, delete, truncate')")
    await damage(both.source, "ALTER PUBLICATION ledger_state SET (publish = 'insert, update, delete, truncate')")
    await damage(both.source, statement)
    await both.alarmed("STOPPED")
    assert (await verify(both.copy)).sound


async def test_edits_of_entries_at_an_honest_source_do_not_reach_the_copy(both: Pair) -> None:
    await followed(both)
    async with Writer(both.source) as writer:
        await writer.append(NOTICE, progress(), ALICE)
        await damage(both.source, "UPDATE ledger.entries SET body = 'x' WHERE position = 2")
        await damage(both.source, "DELETE FROM ledger.entries WHERE position = 1")
        await writer.append(NOTICE, progress(), ALICE)
    await both.arrived()
    assert await both.alarms() == []
    assert (await verify(both.copy)).sound


async def test_a_gap_and_a_wrong_hash_are_alarms(both: Pair) -> None:
    await followed(both)
    insert = (
        "INSERT INTO ledger.entries SELECT notice, position + {}, source, 'later', type, recorded_at, {}, "
        "root_hash, body FROM ledger.entries WHERE position = 8"
    )
    await damage(both.source, insert.format(2, "leaf_hash"))
    await both.alarmed("GAP")
    await damage(both.source, insert.format(1, "sha256(body)").replace("'later'", "'next'"))
    both.monitor = both.monitor.__class__(HighWaterMarks())
    await both.alarmed("REWRITTEN")


async def test_a_checkpoint_of_another_tree_or_key_is_a_fork(both: Pair) -> None:
    await followed(both)
    await insert_checkpoint(both, both.signer, SETTING_SIZE + 1)
    await both.alarmed("FORK")
    both.monitor = both.monitor.__class__(HighWaterMarks())
    await both.alarmed("FORK")


async def test_a_checkpoint_of_a_strange_key_is_a_fork(both: Pair) -> None:
    await followed(both)
    async with await connect(both.source) as connection:
        cursor = await connection.execute("SELECT root_hash FROM ledger.heads")
        [(root,)] = await cursor.fetchall()
    await insert_checkpoint(both, Signer.generate("mallory/1"), SETTING_SIZE + 1, root)
    await both.alarmed("FORK")


async def insert_checkpoint(both: Pair, signer: Signer, size: int, root: bytes = bytes(32)) -> None:
    note = sign(f"tameside.example/ledgers/{NOTICE}", size, root, signer)
    async with await connect(both.source) as connection:
        await connection.execute(
            "INSERT INTO ledger.checkpoints (notice, size, root_hash, key, note, number) "
            "VALUES (%s, %s, %s, %s, %s, 2)",
            (NOTICE, size, root, str(signer.public), note),
        )


async def test_a_silent_source_is_an_alarm(both: Pair) -> None:
    await followed(both)
    async with await connect(both.copy, "ledger_writer") as connection:
        later = datetime.now(UTC) + timedelta(seconds=90)
        assert [alarm.kind for alarm in await both.monitor.look(connection, later)] == ["SILENT"]
        assert await both.monitor.look(connection) == ()


async def test_a_copy_that_was_rolled_back_is_an_alarm(both: Pair) -> None:
    await followed(both)
    await damage(both.copy, "DELETE FROM ledger.entries WHERE position = 8", "UPDATE ledger.heads SET size = 7")
    await both.alarmed("ROLLED_BACK")
