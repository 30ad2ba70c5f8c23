"""Verifying finds each kind of damage done behind the ledger's back, and names the entry and the kind."""

import asyncio
from base64 import b64encode
from typing import Any

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.entries import FINDINGS
from ledger.verify.findings import Damage
from tests.ledger.damage import NARRATED, SIZE, damage, kinds, rehash
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress, received

pytestmark = pytest.mark.database


async def test_an_undamaged_record_passes(recorded: str) -> None:
    progress: list[tuple[str, int, int]] = []
    report = await verify(recorded, progress=lambda *what: progress.append(what))
    assert report.sound
    assert report.first is None
    [only] = report.notices
    # Two narratives of the notice, one of the area, one of the objective; two of the request.
    assert (only.notice, only.entries, only.narratives, only.erased) == (NOTICE, SIZE, 4 + 8 + 2, 1)
    assert 0 < only.seconds <= report.seconds
    assert progress == [(NOTICE, SIZE, SIZE)]
    async with await connect(recorded) as connection:
        row = await (await connection.execute("SELECT root_hash FROM ledger.heads")).fetchone()
    assert row is not None
    assert only.root_hash == b64encode(row[0]).decode()


async def test_an_edited_byte(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.entries SET body = set_byte(body, length(body) - 6, get_byte(body, length(body) - 6) # 1)"
        " WHERE position = {narrated}",
    )
    report = await verify(recorded)
    assert not report.sound
    assert report.first is not None
    assert str(report.first).startswith(f"{NOTICE}, entry {NARRATED}: the bytes are not those that were hashed: ")
    assert kinds(report)[0] == (NARRATED, Damage.EDITED)
    assert {position for position, _ in kinds(report)} == {NARRATED}


async def test_an_edited_byte_whose_leaf_hash_was_made_to_fit(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {narrated}",
        "UPDATE ledger.entries SET leaf_hash = sha256('\\x00'::bytea || body) WHERE position = {narrated}",
    )
    assert kinds(await verify(recorded)) == [(NARRATED, Damage.ROOT)]


async def test_an_edited_byte_with_every_hash_but_the_heads_made_to_fit(recorded: str) -> None:
    await damage(recorded, "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {narrated}")
    await rehash(recorded)
    assert set(kinds(await verify(recorded))) == {(SIZE, Damage.HEAD), (SIZE, Damage.FRONTIER)}


@pytest.mark.parametrize("with_hash", [False, True])
async def test_the_bodies_of_two_rows_swapped(recorded: str, with_hash: bool) -> None:
    first, other = NARRATED + 1, NARRATED + 3
    columns = ["body", "leaf_hash"] if with_hash else ["body"]
    await damage(
        recorded,
        "UPDATE ledger.entries e SET ({columns}) = (SELECT {columns} FROM ledger.entries o"
        " WHERE o.position = {first} + {other} - e.position) WHERE e.position IN ({first}, {other})",
        columns=", ".join(columns),
        first=first,
        other=other,
    )
    report = await verify(recorded)
    assert kinds(report)[0] == (first, Damage.MOVED)
    assert (other, Damage.MOVED) in kinds(report)
    assert report.first is not None
    assert report.first.detail == f"its bytes were recorded as {NOTICE}, entry {other}"
    assert ((first, Damage.ROOT) in kinds(report)) is with_hash


async def test_the_last_rows_deleted(recorded: str) -> None:
    await damage(
        recorded,
        "DELETE FROM ledger.entries WHERE position > {size} - 2",
        "DELETE FROM ledger.narratives WHERE position > {size} - 2",
    )
    report = await verify(recorded)
    assert kinds(report) == [(SIZE - 1, Damage.MISSING)]
    assert report.first is not None
    assert report.first.detail == f"the head says {SIZE} entries, but they end at {SIZE - 2}"


async def test_every_row_deleted(recorded: str) -> None:
    await damage(recorded, "DELETE FROM ledger.entries", "DELETE FROM ledger.narratives")
    assert kinds(await verify(recorded)) == [(1, Damage.MISSING)]


async def test_a_middle_row_deleted(recorded: str) -> None:
    await damage(
        recorded,
        "DELETE FROM ledger.entries WHERE position = {second}",
        "DELETE FROM ledger.narratives WHERE position = {second}",
    )
    assert kinds(await verify(recorded)) == [(NARRATED + 1, Damage.MISSING)]


async def test_a_middle_row_deleted_and_the_rest_renumbered(recorded: str) -> None:
    await damage(
        recorded,
        "DELETE FROM ledger.entries WHERE position = {second}",
        "DELETE FROM ledger.narratives WHERE position = {second}",
        "UPDATE ledger.entries SET position = position - 1 WHERE position > {second}",
        "UPDATE ledger.narratives SET position = position - 1 WHERE position > {second}",
    )
    report = await verify(recorded)
    assert kinds(report)[0] == (NARRATED + 1, Damage.MOVED)
    assert kinds(report)[-1] == (SIZE, Damage.MISSING)


async def test_an_entry_inserted_in_the_middle(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.entries SET position = position + 1000 WHERE position >= {narrated}",
        "UPDATE ledger.entries SET position = position - 999 WHERE position >= {narrated} + 1000",
        "INSERT INTO ledger.entries SELECT notice, {narrated}, source, 'forged', type, recorded_at, leaf_hash,"
        " root_hash, convert_to(replace(convert_from(body, 'UTF8'), id, 'forged'), 'UTF8')"
        " FROM ledger.entries WHERE position = {second}",
        "UPDATE ledger.entries SET leaf_hash = sha256('\\x00'::bytea || body) WHERE position = {narrated}",
    )
    report = await verify(recorded)
    assert kinds(report)[0] == (NARRATED, Damage.ROOT)
    assert (NARRATED + 1, Damage.MOVED) in kinds(report)
    assert (SIZE + 1, Damage.BEYOND_HEAD) in kinds(report)


async def test_an_entry_added_at_the_end(recorded: str) -> None:
    await damage(
        recorded,
        "INSERT INTO ledger.entries SELECT notice, {size} + 1, source, 'forged', type, recorded_at, leaf_hash,"
        " root_hash, body FROM ledger.entries WHERE position = 2",
    )
    damage_kinds = kinds(await verify(recorded))
    assert damage_kinds[0] == (SIZE + 1, Damage.MOVED)
    assert (SIZE + 1, Damage.BEYOND_HEAD) in damage_kinds
    assert (SIZE + 1, Damage.ORDER) in damage_kinds


async def test_a_position_taken_twice_and_a_key_used_twice(recorded: str) -> None:
    await damage(
        recorded,
        "ALTER TABLE ledger.entries DROP CONSTRAINT entries_pkey, DROP CONSTRAINT entries_notice_source_id_key",
        "INSERT INTO ledger.entries SELECT * FROM ledger.entries WHERE position = {narrated}",
    )
    damage_kinds = kinds(await verify(recorded))
    assert damage_kinds[0] == (NARRATED, Damage.REPEATED)
    assert (NARRATED, Damage.KEY) in damage_kinds


async def test_the_head_rolled_back(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.heads h SET size = e.position, root_hash = e.root_hash, recorded_at = e.recorded_at"
        " FROM ledger.entries e WHERE e.notice = h.notice AND e.position = {size} - 2",
    )
    report = await verify(recorded)
    assert kinds(report) == [(SIZE - 1, Damage.BEYOND_HEAD)]


@pytest.mark.parametrize(
    ("change", "damage_kind"),
    [
        ("frontier = set_byte(frontier, 40, get_byte(frontier, 40) # 1)", Damage.FRONTIER),
        ("frontier = substr(frontier, 33)", Damage.FRONTIER),
        ("root_hash = sha256(root_hash)", Damage.HEAD),
        ("recorded_at = recorded_at + interval '1 microsecond'", Damage.HEAD),
        ("recorded_at = 'infinity'", Damage.HEAD),
    ],
)
async def test_the_head_broken(recorded: str, change: str, damage_kind: Damage) -> None:
    await damage(recorded, "UPDATE ledger.heads SET {change}", change=change)
    assert kinds(await verify(recorded)) == [(SIZE, damage_kind)]


async def test_the_head_deleted(recorded: str) -> None:
    await damage(recorded, "DELETE FROM ledger.heads")
    assert kinds(await verify(recorded)) == [(SIZE, Damage.HEAD)]


@pytest.mark.parametrize(
    ("change", "damage_kind"),
    [
        ("source = 'bob'", Damage.COLUMN),
        ("id = 'another'", Damage.COLUMN),
        ("type = type || '1'", Damage.COLUMN),
        ("recorded_at = recorded_at - interval '1 microsecond'", Damage.COLUMN),
        ("recorded_at = '-infinity'", Damage.COLUMN),
        ("root_hash = sha256(root_hash)", Damage.ROOT),
        ("leaf_hash = sha256(leaf_hash)", Damage.EDITED),
    ],
)
async def test_a_column_changed_but_not_the_body(recorded: str, change: str, damage_kind: Damage) -> None:
    await damage(recorded, "UPDATE ledger.entries SET {change} WHERE position = {narrated}", change=change)
    assert kinds(await verify(recorded)) == [(NARRATED, damage_kind)]


async def test_an_entry_moved_to_another_notice(recorded: str) -> None:
    async with Writer(recorded) as writer:
        await begin(writer, "other-2023")
    await damage(
        recorded,
        "UPDATE ledger.entries SET notice = 'other-2023', position = {next} WHERE position = {size}",
        next=SETTING_SIZE + 1,
    )
    report = await verify(recorded)
    firsts = {only.notice: only.findings[0] for only in report.notices}
    assert firsts["other-2023"].damage is Damage.MOVED
    assert firsts["other-2023"].detail == f"its bytes were recorded as {NOTICE}, entry {SIZE}"
    assert (firsts[NOTICE].position, firsts[NOTICE].damage) == (SIZE, Damage.MISSING)
    assert (await verify(recorded, NOTICE)).first == firsts[NOTICE]


@pytest.mark.parametrize(
    "bytes_",
    [b"\xff", b"{", b"[]", b"null", b"{}", b"[" * 50_000, b'{"a":1}\x00', b"7" * 9_000],
    ids=lambda value: value[:8].hex(),
)
async def test_bytes_that_are_no_entry_do_not_end_the_examination(recorded: str, bytes_: bytes) -> None:
    set_body = "UPDATE ledger.entries SET body = decode('{bytes_}', 'hex') WHERE position = {narrated}"
    await damage(recorded, set_body, bytes_=bytes_.hex())
    assert kinds(await verify(recorded)) == [(NARRATED, Damage.EDITED), (NARRATED, Damage.UNREADABLE)]


async def test_an_entry_recorded_before_its_predecessor(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.entries SET recorded_at = recorded_at - interval '1000 years', body = convert_to("
        """regexp_replace(convert_from(body, 'UTF8'), '"recordedat":"2', '"recordedat":"1'), 'UTF8')"""
        " WHERE position = {narrated}",
    )
    await rehash(recorded)
    assert kinds(await verify(recorded))[0] == (NARRATED, Damage.ORDER)


async def test_damages_are_told_apart_and_the_first_is_named(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {third}",
        "UPDATE ledger.narratives SET body = 'x' WHERE position = {narrated}",
        "UPDATE ledger.entries SET source = 'bob' WHERE position = {size}",
        "UPDATE ledger.heads SET frontier = sha256(frontier)",
    )
    assert kinds(await verify(recorded)) == [
        (NARRATED, Damage.NARRATIVE_EDITED),
        (NARRATED + 2, Damage.EDITED),
        (SIZE, Damage.COLUMN),
        (SIZE, Damage.FRONTIER),
    ]


async def test_findings_are_counted_and_the_first_are_kept(recorded: str) -> None:
    async with Writer(recorded) as writer:
        received(await writer.append_all(NOTICE, [progress(f"n{i}") for i in range(FINDINGS + 200)], ALICE))
    await damage(
        recorded,
        "UPDATE ledger.entries SET source = 'bob' WHERE position > {narrated}",
        "UPDATE ledger.narratives SET salt = NULL, body = NULL, erased_by = 3 WHERE position = {narrated}",
    )
    [only] = (await verify(recorded)).notices
    assert len(only.findings) == FINDINGS
    assert only.damages == SIZE + FINDINGS + 200 - NARRATED + 1
    assert (only.findings[0].position, only.findings[0].damage) == (NARRATED, Damage.NARRATIVE_ERASED)


async def test_appends_going_on_do_not_disturb(recorded: str) -> None:
    going = True

    async def keep_appending(writer: Writer) -> None:
        while going:
            await writer.append(NOTICE, progress(), ALICE)

    async with Writer(recorded) as writer:
        lanes = [asyncio.create_task(keep_appending(writer)) for _ in range(4)]
        sizes: list[int] = []
        try:
            while len(sizes) < 8 or sizes[-1] < SIZE + 50:
                report = await verify(recorded)
                assert report.sound, report.first
                sizes.append(report.notices[0].entries)
        finally:
            going = False
            await asyncio.gather(*lanes)
    assert sizes == sorted(sizes)


async def test_one_snapshot_serves_the_whole_examination(recorded: str) -> None:
    """Ignore entries, head and erasure that arrive between two pages of the examination."""
    async with Writer(recorded) as writer:
        received(await writer.append_all(NOTICE, [progress() for _ in range(1_200)], ALICE))
        size = SIZE + 1_200
        loop = asyncio.get_running_loop()
        later: list[asyncio.Task[Any]] = []

        def append_once(_notice: str, checked: int, head: int) -> None:
            assert head == size
            if checked < size and not later:
                later.append(loop.create_task(writer.append(NOTICE, progress(), ALICE)))

        report = await verify(recorded, NOTICE, append_once)
        assert (await later[0]).position == size + 1
    assert report.sound, report.first
    assert report.notices[0].entries == size


async def test_no_notice_and_an_unknown_notice(database: str) -> None:
    report = await verify(database)
    assert (report.notices, report.sound) == ([], True)
    with pytest.raises(LedgerError, match="nothing is recorded under the notice nowhere-2024"):
        await verify(database, "nowhere-2024")


async def test_a_login_that_cannot_see_everything_is_refused(recorded: str) -> None:
    """Refuse the login, because hidden rows would look like an intact, smaller record."""
    async with await connect(recorded) as connection:
        await connection.execute("ALTER ROLE ledger_writer NOBYPASSRLS")
        try:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await verify(recorded)
        finally:
            await connection.execute("ALTER ROLE ledger_writer BYPASSRLS")
