"""A history rewritten whole, in agreement with itself, is found against what others hold of the old one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.bundle import comparison, verify_bundle
from ledger.bundle import verify as verify_file
from ledger.domain.errors import LedgerError
from ledger.proof.checkpoint import sign
from ledger.proof.merkle import Frontier, leaf_hash
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.entries import EarlierCopy, KnownCheckpoint
from ledger.verify.findings import Damage
from tests.ledger.bundle.bundles import SIGNER, bodies, checkpoint
from tests.ledger.damage import NARRATED, SIZE, damage, kinds
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database


async def rewrite(url: str) -> None:
    """Change an entry, with every hash and the head, as an expert forger would."""
    await damage(
        url,
        "UPDATE ledger.entries SET body = convert_to(replace(convert_from(body, 'UTF8'), 'AMBER', 'GREEN'),"
        " 'UTF8') WHERE position = {narrated}",
    )
    await agree(url)


async def agree(url: str) -> None:
    """Recompute the hashes and the head from the stored bytes."""
    frontier = Frontier()
    async with await connect(url) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for position, body in enumerate(await bodies(url), 1):
            leaf = leaf_hash(body)
            frontier.append(leaf)
            await connection.execute(
                "UPDATE ledger.entries SET leaf_hash = %s, root_hash = %s WHERE position = %s",
                (leaf, frontier.root(), position),
            )
        await connection.execute(
            "UPDATE ledger.heads h SET size = e.position, root_hash = e.root_hash, frontier = %s,"
            " recorded_at = e.recorded_at FROM ledger.entries e WHERE e.position = %s",
            (frontier.to_bytes(), frontier.size),
        )
        await connection.execute("DELETE FROM ledger.snapshots")


@pytest.mark.parametrize("size", [NARRATED, SIZE])
async def test_a_history_rewritten_with_fresh_hashes(recorded: str, tmp_path: Path, size: int) -> None:
    file = tmp_path / "checkpoint"
    file.write_text(await checkpoint(recorded, size))
    assert (await verify(recorded, NOTICE, earlier=comparison.read(file))).sound
    await rewrite(recorded)
    assert (await verify(recorded)).sound, "it agrees with itself"
    report = await verify(recorded, NOTICE, earlier=comparison.read(file))
    assert kinds(report) == [(size, Damage.REWRITTEN)]
    assert report.first is not None
    assert report.first.detail.startswith("the checkpoint in checkpoint has ")


async def test_a_checkpoint_of_less_than_was_changed_passes(recorded: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    file.write_text(await checkpoint(recorded, NARRATED - 1))
    await rewrite(recorded)
    assert (await verify(recorded, NOTICE, earlier=comparison.read(file))).sound


async def test_leaves_that_are_held_name_the_first_entry_that_differs(recorded: str) -> None:
    leaves = [leaf_hash(body) for body in await bodies(recorded)]
    await rewrite(recorded)
    report = await verify(recorded, NOTICE, earlier=EarlierCopy(NOTICE, leaves=iter(leaves)))
    assert kinds(report) == [(NARRATED, Damage.REWRITTEN)]


async def test_the_last_rows_deleted_and_everything_made_to_fit(recorded: str) -> None:
    leaves = [leaf_hash(body) for body in await bodies(recorded)]
    signed = KnownCheckpoint(SIZE, b"\0" * 32, "the checkpoint of Monday", Damage.REWRITTEN)
    await damage(
        recorded,
        "DELETE FROM ledger.entries WHERE position > {size} - 2",
        "DELETE FROM ledger.narratives WHERE position > {size} - 2",
    )
    await agree(recorded)
    assert (await verify(recorded)).sound
    report = await verify(recorded, NOTICE, earlier=EarlierCopy(NOTICE, (signed,), iter(leaves)))
    assert kinds(report) == [(SIZE - 1, Damage.REWRITTEN)] * 2


def test_a_file_that_holds_no_checkpoint_of_a_notice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "what"
    with pytest.raises(LedgerError, match="cannot be read: No such file"):
        comparison.read(file)
    file.write_text("hello\n")
    with pytest.raises(LedgerError, match="is neither a checkpoint nor a bundle: the note does not end"):
        comparison.read(file)
    file.write_text(sign("example.com/log", 1, b"\0" * 32, SIGNER))
    with pytest.raises(LedgerError, match="which is not a notice"):
        comparison.read(file)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_neither_verifier_waits_for_what_is_no_file(tmp_path: Path, kind: str) -> None:
    path = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(LedgerError, match="cannot be read: Not a file"):
        comparison.read(path)
    with pytest.raises(LedgerError, match="cannot be read: Not a file"):
        verify_file.check(path)
    script = str(verify_bundle.__file__)
    for arguments in ([str(path)], [script, "--against", str(path)]):
        command = [sys.executable, "-I", script, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert f"{path} is not a file" in ran.stderr
