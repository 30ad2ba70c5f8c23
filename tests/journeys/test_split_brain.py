"""Two primaries by an operator's hand: a standby is promoted while its primary goes on, and both sign."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.append.writer import Writer
from ledger.bundle import comparison
from ledger.domain.errors import LedgerError, RolledBack
from ledger.follow.checks import check_history
from ledger.follow.monitor import FollowMonitor
from ledger.proof.checkpoint import Signer, parse
from ledger.proof.checkpoint_signer import CheckpointSigner, SignedCheckpoint
from ledger.proof.high_water import HighWaterMarks, open_marks
from ledger.proof.merkle import ProofError, verify_consistency
from ledger.proof.proof_builder import consistency_path
from ledger.proof.tiles import fetching
from ledger.store.database import connect, migrate
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.journeys.tcp_server import TcpServer, free_port, tcp_server
from tests.ledger.damage import damage
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress

pytestmark = [pytest.mark.database, pytest.mark.long]
ORIGIN = "tameside.example"
SIZE = SETTING_SIZE + 2
"""Entries of each primary when both have signed."""
ADD_CHECKPOINT = """INSERT INTO ledger.checkpoints (notice, size, root_hash, key, note, number)
    VALUES (%s, %s, %s, %s, %s, (SELECT max(number) + 1 FROM ledger.checkpoints))"""


@pytest.fixture
def primaries() -> Iterator[tuple[str, str]]:
    """Yield the URLs of a primary and of its promoted standby, which share the first entries."""
    with tcp_server() as first:
        url = f"{first.url('postgres', 'postgres')}/postgres"
        yield from _promoted(first, url)


def _promoted(first: TcpServer, url: str) -> Iterator[tuple[str, str]]:
    asyncio.run(_begin(url))
    second = first.copy(free_port())
    second.start()
    try:
        second.promote()
        yield url, f"{second.url('postgres', 'postgres')}/postgres"
    finally:
        second.stop()


async def _begin(url: str) -> None:
    await migrate(url)
    async with Writer(url) as writer:
        await begin(writer)


async def record(url: str, signer: Signer, marks_file: Path) -> SignedCheckpoint:
    """Record two entries at a primary and sign them, with the marks of its own machine."""
    marks = await open_marks(marks_file, url)
    async with Writer(url, marks=marks) as writer:
        for _ in range(SIZE - SETTING_SIZE):
            await writer.append(NOTICE, progress(), ALICE)
    async with CheckpointSigner(url, ORIGIN, signer, marks) as log:
        return await log.checkpoint(NOTICE)


async def test_two_primaries_that_signed_are_found_out(primaries: tuple[str, str], tmp_path: Path) -> None:
    signer = Signer.generate("tameside/1")
    marks = [tmp_path / name / "high-water.json" for name in ("first", "second")]
    notes = [await record(url, signer, file) for url, file in zip(primaries, marks, strict=True)]
    assert [note.size for note in notes] == [SIZE, SIZE]
    assert notes[0].root_hash != notes[1].root_hash
    for url in primaries:
        assert (await verify(url)).sound  # neither alone shows it
    await the_marks_refuse_the_other(primaries[1], marks[0])
    await verification_names_the_other(primaries[1], notes[0], tmp_path / "checkpoint")
    await a_witness_gets_no_proof(primaries[1], signer, notes)
    await a_follower_raises_the_alarm(primaries, signer, notes[0])


async def the_marks_refuse_the_other(url: str, marks_file: Path) -> None:
    """Turn the service of the first primary to the second one."""
    async with Writer(url, marks=await open_marks(marks_file, url)) as writer:
        with pytest.raises(RolledBack, match=f"had {SIZE} entries, .* its entries up to there are not the same"):
            await writer.append(NOTICE, progress(), ALICE)


async def verification_names_the_other(url: str, note: SignedCheckpoint, file: Path) -> None:
    """Verify the second primary against a checkpoint that somebody kept from the first."""
    await asyncio.to_thread(file.write_text, note.note, "utf-8")
    report = await verify(url, NOTICE, earlier=comparison.read(file))
    assert [(finding.position, finding.damage) for finding in report.notices[0].findings] == [
        (SIZE, Damage.REWRITTEN)
    ]


async def a_witness_gets_no_proof(url: str, signer: Signer, notes: list[SignedCheckpoint]) -> None:
    """Look for a proof that a later tree of the second primary extends the checkpoint of the first."""
    async with Writer(url) as writer:
        await writer.append(NOTICE, progress(), ALICE)
    async with CheckpointSigner(url, ORIGIN, signer) as log:
        later = await log.checkpoint(NOTICE)
    known, other = [parse(note.note, [signer.public]) for note in notes]
    assert known.origin == other.origin
    async with await connect(url, "ledger_writer") as connection:
        path = await consistency_path(
            fetching(connection), NOTICE, (SIZE, other.root_hash), (later.size, later.root_hash)
        )
    verify_consistency(SIZE, later.size, path, other.root_hash, later.root_hash)
    with pytest.raises(ProofError, match="root"):
        verify_consistency(SIZE, later.size, path, known.root_hash, later.root_hash)


async def a_follower_raises_the_alarm(primaries: tuple[str, str], signer: Signer, note: SignedCheckpoint) -> None:
    """Take the second primary as a copy of the first, and let the first one's checkpoint arrive there."""
    source, copy = primaries
    await damage(
        copy,
        "INSERT INTO ledger.sources (source, site, key, left_at) VALUES ('tameside', '{site}', '{key}', now())",
        "INSERT INTO ledger.followed SELECT notice, 'tameside' FROM ledger.heads",
        site=f"https://{ORIGIN}",
        key=signer.public,
    )
    async with await connect(source) as other, await connect(copy) as connection:
        assert await FollowMonitor(HighWaterMarks()).look(connection) == ()
        with pytest.raises(LedgerError, match=f"does not have the {SIZE + 1} entries of {NOTICE} that are here"):
            await check_history(other, connection, "tameside")
        await damage(copy, "DELETE FROM ledger.checkpoints WHERE size = {signed}", signed=SIZE)
        await connection.execute(ADD_CHECKPOINT, (NOTICE, SIZE, note.root_hash, note.key, note.note))
        (alarm,) = await FollowMonitor(HighWaterMarks()).look(connection)
        assert alarm.kind == "FORK"
