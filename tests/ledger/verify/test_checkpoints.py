"""Verifying finds damage done to tiles and signed checkpoints, and names the entry and the kind."""

from base64 import b64encode
from typing import Any

import pytest

from ledger.append.writer import Writer
from ledger.proof import keys
from ledger.proof.checkpoint import Signer, sign
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.bundle.test_comparison import rewrite
from tests.ledger.damage import NARRATED, SIZE, damage, kinds
from tests.ledger.history import ALICE, NOTICE, OPERATOR, progress, received, submit

pytestmark = pytest.mark.database
ORIGIN = "ledger.example"
SIGNER = Signer.generate("ledger.example/1")
OTHER = Signer.generate("ledger.example/2")
MORE = 600


@pytest.fixture
async def signed(recorded: str) -> str:
    """Return the record with checkpoints of 7, of NARRATED and of all its entries."""
    async with CheckpointSigner(recorded, ORIGIN, SIGNER) as log:
        for size in (7, NARRATED, SIZE):
            await log.checkpoint(NOTICE, size)
    return recorded


@pytest.fixture
async def tiled(recorded: str) -> str:
    """Return the record with two complete tiles."""
    async with Writer(recorded) as writer:
        received(await writer.append_all(NOTICE, [progress(f"n{i}") for i in range(MORE)], ALICE))
    async with CheckpointSigner(recorded, ORIGIN, SIGNER) as log:
        await log.checkpoint(NOTICE)
    return recorded


async def keep(url: str, size: int, signer: Signer, **changed: Any) -> None:
    """Replace the stored checkpoint with one that another key signed."""
    async with await connect(url) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        cursor = await connection.execute("SELECT root_hash FROM ledger.entries WHERE position = %s", (size,))
        row = await cursor.fetchone()
        root = changed.get("root") or (row[0] if row else b"\0" * 32)
        origin = changed.get("origin", f"{ORIGIN}/ledgers/{NOTICE}")
        note = sign(origin, size, root, *keys.log_signers(signer, origin))
        deleted = "DELETE FROM ledger.checkpoints WHERE size = %s RETURNING number"
        row = await (await connection.execute(deleted, (size,))).fetchone()
        cursor = await connection.execute("SELECT max(number) + 1 FROM ledger.checkpoints")
        row = row or await cursor.fetchone()
        await connection.execute(
            "INSERT INTO ledger.checkpoints VALUES (%s, %s, %s, %s, %s, now(), %s)",
            (NOTICE, size, root, signer.verifier_key(), note, row[0] if row else None),
        )


async def test_undamaged_checkpoints_and_tiles_pass(signed: str, tiled: str) -> None:
    assert signed == tiled
    assert kinds(await verify(tiled)) == []


async def test_a_notice_wiped_is_known_from_what_was_left(signed: str) -> None:
    for table in ("narratives", "files", "entries", "heads"):
        await damage(signed, "DELETE FROM ledger.{table}", table=table)
    report = await verify(signed)
    assert [notice.notice for notice in report.notices] == [NOTICE]
    assert (0, Damage.HEAD) in kinds(report)
    assert (7, Damage.CHECKPOINT) in kinds(report)


@pytest.mark.parametrize(
    "change",
    [
        "note = replace(note, E'\\n7\\n', E'\\n8\\n')",
        "note = overlay(note placing 'AAAAAAAA' from length(note) - 20)",
        "note = 'nothing'",
        "root_hash = sha256(root_hash)",
        "size = 6",
        "key = 'nobody'",
        "key = '{other}'",
    ],
)
async def test_a_checkpoint_edited(signed: str, change: str) -> None:
    set_ = "UPDATE ledger.checkpoints SET {change} WHERE size = 7"
    await damage(signed, set_, change=change.replace("{other}", OTHER.verifier_key()))
    damage_kinds = kinds(await verify(signed))
    assert damage_kinds
    assert {kind for _, kind in damage_kinds} == {Damage.CHECKPOINT}
    assert damage_kinds[0][0] in (6, 7)


async def test_a_checkpoint_of_another_ledger_or_root_or_key(signed: str) -> None:
    await keep(signed, NARRATED, SIGNER, origin=f"{ORIGIN}/ledgers/another-2022")
    assert kinds(await verify(signed)) == [(NARRATED, Damage.CHECKPOINT)]
    await keep(signed, NARRATED, SIGNER, root=b"\1" * 32)
    assert kinds(await verify(signed)) == [(NARRATED, Damage.CHECKPOINT)]
    await keep(signed, NARRATED, OTHER)
    assert kinds(await verify(signed)) == [(NARRATED, Damage.CHECKPOINT)]
    await keep(signed, NARRATED, SIGNER)
    await keep(signed, SIZE + 5, SIGNER)
    assert kinds(await verify(signed)) == [(SIZE + 5, Damage.CHECKPOINT)]


@pytest.mark.parametrize("numbered", [True, False])
async def test_a_deleted_checkpoint_leaves_a_gap(signed: str, numbered: bool) -> None:
    """Keep old checkpoints without numbers; a later one continues their count."""
    if not numbered:
        await damage(signed, "UPDATE ledger.checkpoints SET number = NULL WHERE size <> {size}")
    assert kinds(await verify(signed)) == []
    await damage(signed, "DELETE FROM ledger.checkpoints WHERE size = {narrated}")
    assert kinds(await verify(signed)) == [(SIZE, Damage.CHECKPOINT)]


async def test_numbers_go_on_after_checkpoints_without_one(signed: str) -> None:
    await damage(signed, "UPDATE ledger.checkpoints SET number = NULL")
    async with CheckpointSigner(signed, ORIGIN, SIGNER) as log:
        await log.checkpoint(NOTICE, SIZE - 1)
        await log.checkpoint(NOTICE, SIZE - 2)
    async with await connect(signed) as connection:
        cursor = await connection.execute(
            "SELECT size, number FROM ledger.checkpoints ORDER BY number NULLS FIRST, size"
        )
        rows = await cursor.fetchall()
    assert rows == [(7, None), (NARRATED, None), (SIZE, None), (SIZE - 1, 4), (SIZE - 2, 5)]
    assert kinds(await verify(signed)) == []


async def test_tiles_without_any_checkpoint_are_found(tiled: str) -> None:
    await damage(tiled, "DELETE FROM ledger.checkpoints")
    assert kinds(await verify(tiled)) == [(1, Damage.CHECKPOINT)]


async def test_a_key_that_an_entry_named_signs_from_there_on(signed: str) -> None:
    data = {"key": OTHER.public.name, "publicKey": b64encode(OTHER.public.public_key).decode()}
    async with Writer(signed) as writer:
        rotated = submit("SigningKeyRotated", data, "operator")
        assert (await writer.append(NOTICE, rotated, OPERATOR)).position == SIZE + 1
        async with CheckpointSigner(signed, ORIGIN, OTHER) as log:
            await log.checkpoint(NOTICE)
    assert kinds(await verify(signed)) == []
    await keep(signed, SIZE + 1, SIGNER)
    assert kinds(await verify(signed)) == [(SIZE + 1, Damage.CHECKPOINT)]


async def test_a_history_rewritten_contradicts_what_was_signed(signed: str) -> None:
    await rewrite(signed)
    assert kinds(await verify(signed)) == [(NARRATED, Damage.CHECKPOINT), (SIZE, Damage.CHECKPOINT)]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("UPDATE ledger.tiles SET root_hash = sha256(root_hash) WHERE number = 1", [257]),
        ("UPDATE ledger.tiles SET number = 2 WHERE number = 1", [513]),
        ("DELETE FROM ledger.tiles WHERE number = 0", [257]),
        ("DELETE FROM ledger.tiles WHERE number = 1", [257]),
        ("DELETE FROM ledger.tiles", [1]),
        ("UPDATE ledger.tiles SET level = 1 WHERE number = 1", [257, 65_537]),
    ],
    ids=["edited", "moved", "missing", "the last missing", "all missing", "of another level"],
)
async def test_a_tile_damaged(tiled: str, change: str, first: list[int]) -> None:
    await damage(tiled, change)
    assert kinds(await verify(tiled)) == [(position, Damage.TILE) for position in first]
