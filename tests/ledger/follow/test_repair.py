"""A source that has not kept its changes for a follower: the copy is completed, verified and followed on."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError, Unavailable
from ledger.follow import source
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.ledger.damage import damage
from tests.ledger.follow.pairs import (
    Pair,
    drop_slot,
    erase,
    record_and_erase,
    rows,
)
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.folding import until

pytestmark = [pytest.mark.database, pytest.mark.long]
OTHER = "other-2023"
TABLES = ("entries", "narratives", "files", "heads", "tiles", "checkpoints")
MAKE_SLOT = "SELECT pg_create_logical_replication_slot('{}', 'pgoutput')"
RELOAD = ("SELECT pg_reload_conf()",)
SEGMENTS = ("SELECT pg_logical_emit_message(false, 'test', 'x')", "SELECT pg_switch_wal()")
"""Statements that write, and begin another segment of the write-ahead log."""
SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE slot_name = '{}'"


async def begin_and_follow(both: Pair) -> None:
    """Follow a source, and copy two narratives from it."""
    await both.follow()
    async with Writer(both.source) as writer:
        for _ in range(2):
            await writer.append(NOTICE, progress(), ALICE)
    await both.sign()
    await both.arrived()
    assert await both.alarms() == []


async def lose_slot(both: Pair, *, makes_again: bool) -> None:
    """Lose the slot by a failover; Patroni makes a new one, which has no earlier changes."""
    await drop_slot(both)
    async with Writer(both.source) as writer:
        await begin(writer, OTHER)
        await writer.append(OTHER, progress(), ALICE)
    await record_and_erase(both.source)
    await erase(both.source, SETTING_SIZE + 1)
    await both.sign()
    if makes_again:
        await rows(both.source, MAKE_SLOT.format(both.follower))


async def follow_on(both: Pair) -> list[str]:
    """Repeat `ledger follow add`; return its lines."""
    lines: list[str] = []
    await both.subscribe(lines.append)
    return lines


async def check_copy(both: Pair) -> None:
    """Compare the copy with its source, now and after the next entries."""
    assert await both.alarms() == []
    await record_and_erase(both.source)
    await both.sign()
    for notice in (NOTICE, OTHER):
        await both.arrived(notice)
    assert await both.alarms() == []
    assert (await verify(both.copy)).sound
    for table in TABLES:
        query = f"SELECT t::text FROM ledger.{table} t ORDER BY 1"  # noqa: S608
        assert await rows(both.copy, query) == await rows(both.source, query), table
    followed = "SELECT notice, source FROM ledger.followed ORDER BY 1"
    assert await rows(both.copy, followed) == [(OTHER, "tameside"), (NOTICE, "tameside")]


async def test_a_slot_dropped_by_hand_is_named_and_made_again(both: Pair) -> None:
    await begin_and_follow(both)
    await lose_slot(both, makes_again=False)
    async with await connect(both.copy, "ledger_writer") as connection:
        later = datetime.now(UTC) + timedelta(seconds=90)
        assert [alarm.kind for alarm in await both.monitor.look(connection, later)] == ["SILENT"]
    lines = await follow_on(both)
    assert f"the source has not kept its changes in the slot {both.follower}; adding what is missing" in lines
    await check_copy(both)


async def test_a_slot_beyond_its_bound_is_named_before_and_after_it_is_lost(both: Pair) -> None:
    await begin_and_follow(both)
    await run(both.copy, "ALTER SUBSCRIPTION ledger_tameside DISABLE")
    async with Writer(both.source) as writer:
        await begin(writer, OTHER)
    await run(both.source, "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'", *RELOAD, *SEGMENTS * 3)
    try:
        await until(lambda: has_fault(both, "will soon lose what its follower has not read"))
        await run(both.source, "CHECKPOINT")
        await until(lambda: has_fault(both, "has lost what its follower has not read"))
    finally:
        await run(both.source, "ALTER SYSTEM RESET max_slot_wal_keep_size", *RELOAD)
    lines = await follow_on(both)
    assert f"the source has not kept its changes in the slot {both.follower}; adding what is missing" in lines
    await check_copy(both)


async def run(url: str, *statements: str) -> None:
    """Run statements."""
    async with await connect(url) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


async def has_fault(both: Pair, words: str) -> bool:
    """Return whether the source names the fault of its slot."""
    async with await connect(both.source) as connection:
        (slot,) = await source.slots(connection)
    return words in (slot.fault or "")


async def test_a_new_slot_that_has_skipped_the_last_entries_is_found_out(both: Pair) -> None:
    """Follow on while nothing is recorded: no later entry shows that others are missing."""
    await begin_and_follow(both)
    await lose_slot(both, makes_again=True)
    assert f"the slot {both.follower} has skipped changes; adding what is missing" in await follow_on(both)
    await check_copy(both)


async def test_a_gap_that_a_new_slot_left_is_an_alarm_and_is_filled(both: Pair) -> None:
    await begin_and_follow(both)
    await lose_slot(both, makes_again=True)

    async def has_gap() -> bool:
        async with Writer(both.source) as writer:
            await writer.append(NOTICE, progress(), ALICE)
        return await both.alarms() == ["GAP"]

    await until(has_gap)
    assert f"the slot {both.follower} has skipped changes; adding what is missing" in await follow_on(both)
    await check_copy(both)


async def test_a_repair_that_was_interrupted_is_done_again(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """End the command after it has made the slot, before it has copied anything."""
    await begin_and_follow(both)
    await lose_slot(both, makes_again=False)

    class Killed(BaseException):
        pass

    async def end(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("ledger.follow.repair._fetch", end)
        patched.setattr("ledger.follow.repair._drop_slot", no_drop)
        with pytest.raises(Killed):
            await follow_on(both)
    assert await rows(both.source, SLOTS.format(both.follower)) == [(both.follower,)]
    assert await both.alarms() == ["STOPPED"]
    lines = await follow_on(both)
    assert f"the source has not kept its changes in the slot {both.follower}; adding what is missing" in lines
    await check_copy(both)


async def test_a_source_that_refuses_a_new_slot_leaves_the_subscription_as_it_was(both: Pair) -> None:
    """Take the right to replicate from the follower, as a wrong line of pg_hba.conf does."""
    await begin_and_follow(both)
    await lose_slot(both, makes_again=False)
    await run(both.source, f"ALTER ROLE {both.follower} NOREPLICATION")
    with pytest.raises(Unavailable):
        await follow_on(both)
    state = "SELECT subenabled, subslotname::text FROM pg_subscription WHERE subname = 'ledger_tameside'"
    assert await rows(both.copy, state) == [(True, both.follower)]
    await run(both.source, f"ALTER ROLE {both.follower} REPLICATION")
    await follow_on(both)
    await check_copy(both)


async def no_drop(*_: object) -> None:
    """Leave the slot, as a killed process does."""


REWRITTEN = {
    "a narrative": (
        "UPDATE ledger.narratives SET body = 'other' WHERE position = {second}",
        "the source rewrote what is here",
    ),
    "an entry": (
        "UPDATE ledger.entries SET body = 'other' WHERE position = 3",
        f"the source has other entries of {NOTICE} than are here",
    ),
    "an entry that is new": (
        "UPDATE ledger.entries SET body = 'other' WHERE position = {third}",
        "the copy would not be sound: REWRITTEN",
    ),
    "a checkpoint that is new": (
        "UPDATE ledger.checkpoints SET note = replace(note, 'tameside/1', 'tameside/2') WHERE size = {size}",
        "the copy would not be sound: FORK",
    ),
}


@pytest.mark.parametrize("change", REWRITTEN)
async def test_a_source_with_another_history_changes_nothing_in_the_copy(both: Pair, change: str) -> None:
    statement, message = REWRITTEN[change]
    await begin_and_follow(both)
    stored = [await rows(both.copy, f"SELECT t::text FROM ledger.{table} t ORDER BY 1") for table in TABLES]  # noqa: S608
    await lose_slot(both, makes_again=False)
    ((size,),) = await rows(both.source, f"SELECT size FROM ledger.heads WHERE notice = '{NOTICE}'")  # noqa: S608
    changed = statement.replace("{size}", str(size))
    await damage(both.source, f"{changed} AND notice = '{NOTICE}'")
    for _ in range(2):
        with pytest.raises(LedgerError, match=message):
            await follow_on(both)
        assert await rows(both.source, SLOTS.format(both.follower)) == []
        assert stored == [
            await rows(both.copy, f"SELECT t::text FROM ledger.{table} t ORDER BY 1")  # noqa: S608
            for table in TABLES
        ]


async def test_a_notice_of_another_ledger_is_not_overwritten(both: Pair) -> None:
    await begin_and_follow(both)
    async with Writer(both.copy) as writer:
        await begin(writer, OTHER)
    await lose_slot(both, makes_again=False)
    with pytest.raises(LedgerError, match=f"the notice {OTHER} is here already, and not from tameside"):
        await follow_on(both)
