"""Signing: every head, each size once, by the right key, and nothing that contradicts what was signed before."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import Refused
from ledger.proof import proof_builder, tiles
from ledger.proof.checkpoint import Signer, parse
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.merkle import root_hash, verify_consistency
from ledger.store.database import connect
from tests.ledger.damage import NARRATED, SIZE, damage, rehash
from tests.ledger.history import ALICE, NOTICE, OPERATOR, begin, progress, submit

pytestmark = pytest.mark.database
ORIGIN = "ledger.example"
SIGNER = Signer.generate("ledger.example/k1")
OTHER = Signer.generate("ledger.example/k2")


@pytest.fixture
async def log(recorded: str) -> AsyncIterator[CheckpointSigner]:
    """Yield the signer of the small record."""
    async with CheckpointSigner(recorded, ORIGIN, SIGNER) as opened:
        yield opened


async def append(url: str, count: int = 1) -> int:
    """Append progress, and return the last position."""
    async with Writer(url) as writer:
        answers = await writer.append_all(NOTICE, [progress() for _ in range(count)], ALICE)
    assert not isinstance(answers[-1], Refused)
    return answers[-1].position


async def rotate(url: str, signer: Signer) -> int:
    """Record that a key takes over."""
    data = {"key": signer.public.name, "publicKey": b64encode(signer.public.public_key).decode()}
    async with Writer(url) as writer:
        fact = submit("SigningKeyRotated", data, "operator")
        return (await writer.append(NOTICE, fact, OPERATOR)).position


async def why_not(log: CheckpointSigner, size: int | None = None) -> str:
    """Return the reason for refusing a checkpoint."""
    with pytest.raises(Refused) as caught:
        await log.checkpoint(NOTICE, size)
    assert [refusal.code for refusal in caught.value.refusals] == ["NO_CHECKPOINT"]
    return str(caught.value)


async def test_the_head_is_signed_and_every_size_once(log: CheckpointSigner, recorded: str) -> None:
    signed = await log.checkpoint(NOTICE)
    parsed = parse(signed.note, [SIGNER.public])
    async with await connect(recorded) as connection:
        cursor = await connection.execute("SELECT leaf_hash, root_hash FROM ledger.entries ORDER BY position")
        leaves, roots = zip(*await cursor.fetchall(), strict=True)
    assert (parsed.origin, parsed.size, parsed.root_hash) == (
        f"{ORIGIN}/ledgers/{NOTICE}",
        SIZE,
        root_hash(leaves),
    )
    assert parsed.extension == ()
    for size in (1, 8, SIZE):
        earlier = await log.checkpoint(NOTICE, size)
        assert (earlier.size, earlier.root_hash) == (size, roots[size - 1])
        assert await log.checkpoint(NOTICE, size) == earlier
    async with CheckpointSigner(recorded, ORIGIN, SIGNER) as another:
        assert await another.checkpoint(NOTICE) == signed
        assert await another.latest(NOTICE) == signed


async def test_checkpoints_are_consistent_as_the_ledger_grows(log: CheckpointSigner, recorded: str) -> None:
    first = await log.checkpoint(NOTICE)
    await append(recorded, 300)
    second = await log.checkpoint(NOTICE)
    async with await connect(recorded, "ledger_writer") as connection:
        trees = ((first.size, first.root_hash), (second.size, second.root_hash))
        path = await proof_builder.consistency_path(tiles.fetching(connection), NOTICE, *trees)
    verify_consistency(first.size, second.size, path, first.root_hash, second.root_hash)


async def test_what_another_process_commits_is_signed_without_being_asked_for(
    log: CheckpointSigner, recorded: str
) -> None:
    task = asyncio.create_task(log.run())
    try:
        size = await append(recorded)
        async with await connect(recorded) as connection:
            while True:
                cursor = await connection.execute("SELECT max(size) FROM ledger.checkpoints")
                row = await cursor.fetchone()
                if row == (size,):
                    break
        while await log.waiting():
            pass
        assert log.refused == {}
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_several_processes_sign_one_history(recorded: str) -> None:
    async with (
        CheckpointSigner(recorded, ORIGIN, SIGNER) as one,
        CheckpointSigner(recorded, ORIGIN, SIGNER) as two,
    ):
        for _ in range(5):
            await append(recorded)
            signed = await asyncio.gather(*(log.checkpoint(NOTICE) for log in (one, two, one, two)))
            assert len({checkpoint.note for checkpoint in signed}) == 1


@pytest.mark.parametrize("locked", [NOTICE, "other-2023"])
async def test_a_notice_that_cannot_be_signed_now_does_not_hold_back_the_others(
    log: CheckpointSigner, recorded: str, locked: str
) -> None:
    """Let the database refuse one notice, as with a lost server of a cluster."""
    async with Writer(recorded) as writer:
        await begin(writer, "other-2023")
    async with await connect(recorded) as connection:
        await connection.execute(
            """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'locked' USING ERRCODE = 'lock_not_available'; END $$"""
        )
        await connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON ledger.checkpoints FOR EACH ROW "
            f"WHEN (NEW.notice = '{locked}') EXECUTE FUNCTION refuse()".encode()
        )
        await log.sign_heads()
        cursor = await connection.execute("SELECT DISTINCT notice FROM ledger.checkpoints")
        assert {notice for (notice,) in await cursor.fetchall()} == {NOTICE, "other-2023"} - {locked}


@pytest.mark.parametrize("size", [0, -1, SIZE + 1, 2**31])
async def test_a_size_that_is_not_there_is_not_signed(log: CheckpointSigner, size: int) -> None:
    assert f"has {SIZE} entries" in await why_not(log, size)
    with pytest.raises(Refused, match="has 0 entries"):
        await log.latest("elsewhere")


async def test_a_history_rewritten_with_fresh_hashes_is_not_signed(log: CheckpointSigner, recorded: str) -> None:
    signed = await log.checkpoint(NOTICE)
    await damage(recorded, "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {narrated}")
    await rehash(recorded)
    await damage(
        recorded,
        "UPDATE ledger.heads SET root_hash = (SELECT root_hash FROM ledger.entries WHERE position = {size})",
    )
    await log.sign_heads()
    assert "two different roots" in log.refused[NOTICE]
    assert await log.latest(NOTICE) == signed
    await damage(recorded, "DELETE FROM ledger.snapshots")
    assert "contradicts" in await why_not(log, NARRATED + 1)
    assert await log.waiting() > 0


async def test_a_rewritten_history_that_grew_is_not_signed(log: CheckpointSigner, recorded: str) -> None:
    await log.checkpoint(NOTICE)
    await append(recorded, 3)
    await damage(recorded, "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {narrated}")
    await rehash(recorded)
    await damage(
        recorded,
        "UPDATE ledger.heads SET root_hash = (SELECT root_hash FROM ledger.entries WHERE position = size)",
    )
    assert "consistency proof leads to another" in await why_not(log)


async def test_a_head_that_was_rolled_back_is_not_signed(log: CheckpointSigner, recorded: str) -> None:
    await log.checkpoint(NOTICE)
    await damage(
        recorded,
        "DELETE FROM ledger.entries WHERE position >= {size} - 1",
        "UPDATE ledger.heads SET (size, root_hash) = "
        "(SELECT position, root_hash FROM ledger.entries ORDER BY position DESC LIMIT 1)",
    )
    assert "lacks hashes" in await why_not(log)


async def test_an_edited_tile_is_not_signed_over(log: CheckpointSigner, recorded: str) -> None:
    await append(recorded, 300)
    await log.checkpoint(NOTICE)
    await damage(recorded, "UPDATE ledger.tiles SET root_hash = sha256(root_hash)")
    await append(recorded)
    assert "does not follow from the hashes" in await why_not(log)


async def test_a_recorded_key_takes_over_from_its_entry_on(log: CheckpointSigner, recorded: str) -> None:
    before = await log.checkpoint(NOTICE)
    position = await rotate(recorded, OTHER)
    assert f"ledger key rotate {NOTICE}" in await why_not(log)
    assert await log.latest(NOTICE) == before
    async with CheckpointSigner(recorded, ORIGIN, OTHER) as rotated:
        signed = await rotated.checkpoint(NOTICE)
        assert parse(signed.note, [OTHER.public]).size == position
        # What the former key signed stays; what it did not sign in its time, nobody signs now.
        assert await rotated.checkpoint(NOTICE, SIZE) == before
        assert SIGNER.public.name in await why_not(rotated, SIZE - 1)
    assert parse((await log.checkpoint(NOTICE, SIZE - 1)).note, [SIGNER.public]).size == SIZE - 1


async def test_no_other_key_takes_over_unrecorded(log: CheckpointSigner, recorded: str) -> None:
    await log.checkpoint(NOTICE)
    await append(recorded)
    async with CheckpointSigner(recorded, ORIGIN, OTHER) as other:
        assert SIGNER.public.name in await why_not(other)
