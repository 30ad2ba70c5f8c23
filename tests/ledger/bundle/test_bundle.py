"""A bundle holds the record up to a position, as its reader may see it. It is proved without the ledger."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ledger.append.writer import Writer
from ledger.bundle import comparison
from ledger.bundle import verify as checking
from ledger.domain.errors import Damaged, LedgerError
from ledger.domain.roles import Role
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import EvidenceService
from ledger.proof import paths
from ledger.proof.checkpoint import Signer, sign
from ledger.proof.checkpoint_signer import CheckpointSigner, SignedCheckpoint
from ledger.proof.merkle import leaf_hash, verify_inclusion
from ledger.proof.proof_builder import inclusion_proofs
from ledger.proof.tiles import fetching
from ledger.store.database import connect
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.bundle import bundles
from tests.ledger.bundle.bundles import SIGNER, also, by_its_own, found, make, members
from tests.ledger.bundle.test_comparison import rewrite
from tests.ledger.damage import ERASED, ERASING, NARRATED, SIZE, damage, kinds
from tests.ledger.evidence.test_object_store import CSV, submission, whole
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, begin, progress, received, submit

pytestmark = pytest.mark.database


async def test_a_bundle_proves_itself_to_both_verifiers(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    checked = checking.check(bundle)
    assert checked.sound, checked.report.findings
    assert (checked.size, checked.report.entries, checked.report.narratives) == (SIZE, SIZE, 14)
    assert (checked.report.erased, checked.withheld, checked.later) == (1, 0, [])
    assert checked.key == SIGNER.verifier_key()
    ran = by_its_own(bundle)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"SOUND: {NOTICE}: {SIZE} entries, 1 to {SIZE} with none missing, 14 narratives, ")
    assert f"entry {ERASED}: its narrative at narrative was erased by the decision in entry {ERASING}\n" in ran.out
    assert members(bundle)["entries.ndjson"].splitlines() == await bundles.bodies(recorded)


async def test_the_same_position_gives_the_same_bytes(recorded: str, tmp_path: Path) -> None:
    first = await make(recorded, tmp_path / "first.zip", NARRATED + 1)
    async with Writer(recorded) as writer:
        await writer.append(NOTICE, progress(), ALICE)
    assert (await make(recorded, tmp_path / "again.zip", NARRATED + 1)).read_bytes() == first.read_bytes()


async def test_an_earlier_position_shows_what_was_erased_since(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", ERASED)
    checked = checking.check(bundle)
    assert (checked.sound, checked.size, checked.later) == (True, ERASED, [(ERASED, ERASING)])
    ran = by_its_own(bundle)
    assert ran.status == 0
    assert ran.out.startswith("SOUND, but for erasures by entries after this bundle (1): ")
    assert f"entry {ERASED}: its narrative at narrative was erased by entry {ERASING}, which is not" in ran.out


async def proof_of(url: str, position: int, signed: SignedCheckpoint) -> list[bytes]:
    """Return the proof that an entry is in the tree of a checkpoint."""
    async with await connect(url, "ledger_writer") as connection:
        tree = (signed.size, signed.root_hash)
        return (await inclusion_proofs(fetching(connection), NOTICE, [position], tree))[position]


async def test_what_was_proved_before_an_erasure_is_proved_after_it(database: str, tmp_path: Path) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        position = (await writer.append(NOTICE, progress(text="A name"), ALICE)).position
        before = await make(database, tmp_path / "before.zip")
        async with CheckpointSigner(database, "ledger.example", SIGNER) as log:
            signed = await log.checkpoint(NOTICE)
        proof = await proof_of(database, position, signed)
        erasure_request = {"position": position, "reason": "A name", "authority": "UK GDPR 17"}
        request = (await writer.append(NOTICE, submit("ErasureRequested", erasure_request, "rosa"), ROSA)).position
        erasure = submit("NarrativeErased", {"position": position, "request": request}, "dan")
        erased_by = (await writer.append(NOTICE, erasure, DAN)).position
    after = await make(database, tmp_path / "after.zip")
    assert b"A name" in members(before)["narratives.ndjson"]
    line = {"position": position, "path": "narrative", "erasedBy": erased_by}
    assert line in [json.loads(text) for text in members(after)["narratives.ndjson"].splitlines()]
    for bundle in (before, after):
        assert (found(bundle), also(bundle)) == ([], [])
        assert (await verify(database, NOTICE, earlier=comparison.read(bundle))).sound
    leaf = leaf_hash((await bundles.bodies(database))[position - 1])
    verify_inclusion(position - 1, signed.size, leaf, proof, signed.root_hash)
    assert await proof_of(database, position, signed) == proof
    # Nothing of the text or its salt is left where the erasure reached.
    salt = next(json.loads(text)["salt"] for text in members(before)["narratives.ndjson"].splitlines()[-1:])
    assert salt.encode() not in after.read_bytes()


async def test_a_text_that_a_decision_should_have_destroyed_is_found(database: str, tmp_path: Path) -> None:
    """Return a database restored in part: it has the erasing entry, and the narrative again."""
    async with Writer(database) as writer:
        await begin(writer)
        position = (await writer.append(NOTICE, progress(text="A name"), ALICE)).position
        before = members(await make(database, tmp_path / "before.zip"))["narratives.ndjson"].splitlines(
            keepends=True
        )
        erasure_request = {"position": position, "reason": "A name", "authority": "UK GDPR 17"}
        request = (await writer.append(NOTICE, submit("ErasureRequested", erasure_request, "rosa"), ROSA)).position
        await writer.append(
            NOTICE, submit("NarrativeErased", {"position": position, "request": request}, "dan"), DAN
        )
    bundle = await make(database, tmp_path / "bundle.zip")

    def restored(contents: dict[str, bytes]) -> None:
        lines = contents["narratives.ndjson"].splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if json.loads(line)["position"] == position)
        contents["narratives.ndjson"] = b"".join([*lines[:at], before[-1], *lines[at + 1 :]])

    bundles.forge(bundle, restored)
    assert found(bundle) == [(position, Damage.NARRATIVE_KEPT)]
    assert also(bundle) == [position]


@pytest.mark.parametrize("role", [Role.BOARD_MEMBER, Role.REVIEWER, Role.PARTNER])
async def test_who_may_not_see_entries_can_still_prove_them(recorded: str, tmp_path: Path, role: Role) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", role=role)
    checked = checking.check(bundle)
    assert (checked.sound, checked.withheld, checked.report.narratives) == (True, SIZE, 0)
    assert by_its_own(bundle).out.startswith(
        f"SOUND: {NOTICE}: {SIZE} entries, 1 to {SIZE} with none missing, all"
    )
    whole_file = bundle.read_bytes()
    assert b"specversion" not in b"".join(v for n, v in members(bundle).items() if n.endswith("json"))
    for secret in (b"alice", b"Nine of ten meetings"):
        assert secret not in whole_file


async def test_a_role_that_reads_nothing_gets_no_bundle(recorded: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="INTEGRATION may not read notices"):
        await make(recorded, tmp_path / "bundle.zip", role=Role.INTEGRATION)


async def test_many_entries_fill_tiles(recorded: str, tmp_path: Path) -> None:
    async with Writer(recorded) as writer:
        received(await writer.append_all(NOTICE, [progress(f"n{i}") for i in range(600)], ALICE))
    bundle = await make(recorded, tmp_path / "bundle.zip")
    names = [name for name in members(bundle) if name.startswith("tile/")]
    partial = (SIZE + 600) % 256
    assert names == ["tile/0/000", "tile/0/001", f"tile/0/002.p/{partial}", "tile/1/000.p/2"]
    assert (found(bundle), also(bundle)) == ([], [])


async def test_of_many_entries_the_one_that_differs_is_named_first(recorded: str, tmp_path: Path) -> None:
    async with Writer(recorded) as writer:
        received(await writer.append_all(NOTICE, [progress(f"n{i}") for i in range(600)], ALICE))
    bundle = await make(recorded, tmp_path / "bundle.zip")

    def changed(contents: dict[str, bytes]) -> None:
        lines = contents["entries.ndjson"].splitlines(keepends=True)
        lines[327] = lines[327].replace(b"AMBER", b"GREEN")
        assert lines[327] not in contents["entries.ndjson"]
        contents["entries.ndjson"] = b"".join(lines)

    bundles.forge(bundle, changed)
    (first, *rest), by_script = found(bundle), by_its_own(bundle).out
    assert first == (328, Damage.TILE)
    assert Damage.TILE not in {damage for _, damage in rest}, rest  # the tile above is of 257 to 512
    assert by_script.startswith("DAMAGED: entry 328: the hashes in tile/0/001 ")
    assert "tile/1" not in by_script


def test_the_path_of_a_tile_is_the_one_that_c2sp_gives() -> None:
    from ledger.bundle import verify_bundle  # noqa: PLC0415

    for level, number, width, path in (
        (0, 5, 256, "tile/0/005"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (3, 1_000, 7, "tile/3/x001/000.p/7"),
    ):
        assert paths.tile_path(level, number, width) == verify_bundle.tile_path(level, number, width) == path


async def test_a_damaged_record_gives_no_bundle(recorded: str, tmp_path: Path) -> None:
    await damage(recorded, "UPDATE ledger.entries SET body = body || ' '::bytea WHERE position = {narrated}")
    with pytest.raises(Damaged, match=f"entry {NARRATED} of {NOTICE} is not what was recorded"):
        await make(recorded, tmp_path / "bundle.zip")


async def test_a_history_rewritten_since_a_bundle_is_found_by_it(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "kept.zip")
    note = await bundles.checkpoint(recorded)
    await rewrite(recorded)
    assert kinds(await verify(recorded, NOTICE, earlier=comparison.read(bundle))) == [(NARRATED, Damage.REWRITTEN)]
    forged = await make(recorded, tmp_path / "forged.zip")
    assert (found(forged), also(forged)) == ([], []), "it agrees with itself, and is signed"
    assert found(forged, earlier=comparison.read(bundle)) == [(NARRATED, Damage.REWRITTEN)]
    assert also(forged, against=note.encode()) == [SIZE]
    checkpoint_file = tmp_path / "checkpoint"
    checkpoint_file.write_text(note)
    ran = by_its_own(forged, "--against", checkpoint_file)
    assert (ran.status, ran.out) == (
        1,
        f"DAMAGED: entry {SIZE}: up to here the history differs from the earlier copy\n",
    )
    assert also(forged, against=bundle.read_bytes()) == [NARRATED]
    ran = by_its_own(forged, "--against", bundle)
    assert (ran.status, ran.out) == (1, f"DAMAGED: entry {NARRATED}: it differs from the earlier bundle\n")


async def test_a_bundle_that_goes_on_from_an_earlier_one_is_sound_to_both(recorded: str, tmp_path: Path) -> None:
    earlier, later = [await make(recorded, tmp_path / f"{size}.zip", size) for size in (NARRATED + 1, SIZE)]
    withheld = await make(recorded, tmp_path / "withheld.zip", role=Role.BOARD_MEMBER)
    for bundle, other in ((later, earlier), (withheld, later), (later, withheld)):
        ran = by_its_own(bundle, "--against", other)
        assert (ran.status, ran.out.startswith("SOUND")) == (0, True), ran
        assert found(bundle, earlier=comparison.read(other)) == []
    ran = by_its_own(earlier, "--against", later)
    assert (ran.status, ran.out) == (2, ""), "the last entries may be lost"
    assert f"error: the earlier copy has {SIZE} entries and the bundle {NARRATED + 1};" in ran.err
    with pytest.raises(LedgerError, match=f"the earlier copy has {SIZE} entries and .* only {NARRATED + 1}"):
        found(earlier, earlier=comparison.read(later))


async def test_an_earlier_copy_that_cannot_be_compared_is_named(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", NARRATED)
    earlier_copy = tmp_path / "kept"
    for content, reason in (
        (b"hello\n", "the earlier copy cannot be compared with: the checkpoint is not three lines"),
        (bytes(3 << 20), "the earlier copy cannot be compared with: the checkpoint is not three lines"),
        (b"PK", "the earlier copy cannot be compared with: it cannot be read as a ZIP file"),
        (b"\xff" + (await bundles.checkpoint(recorded)).encode(), "the earlier copy cannot be compared with: "),
        (
            (await bundles.checkpoint(recorded)).encode(),
            f"the earlier copy has {SIZE} entries and the bundle {NARRATED};",
        ),
        (
            sign("ledger.example/ledgers/other", 1, bytes(32), SIGNER).encode(),
            "the earlier copy is of ledger.example",
        ),
        (bundle.read_bytes()[:-1] + b"?", "the earlier copy cannot be compared with: it is a damaged bundle"),
    ):
        earlier_copy.write_bytes(content)
        ran = by_its_own(bundle, "--against", earlier_copy)
        assert (ran.status, ran.out) == (2, "")
        assert f"error: {reason}" in ran.err


async def test_another_key_than_the_one_held_is_found(recorded: str, tmp_path: Path) -> None:
    other = Signer.generate("ledger.example/2022")
    bundle = await make(recorded, tmp_path / "bundle.zip", signer=other)
    assert found(bundle) == []
    assert found(bundle, key=SIGNER.verifier_key()) == [(0, Damage.CHECKPOINT)]
    assert by_its_own(bundle, "--key", other.verifier_key()).status == 0
    assert by_its_own(bundle, "--key", SIGNER.verifier_key()).status == 1


async def test_a_checkpoint_of_more_than_the_bundle_has_cannot_be_compared(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", SIZE - 1)
    checkpoint_file = tmp_path / "checkpoint"
    checkpoint_file.write_text(await bundles.checkpoint(recorded))
    with pytest.raises(LedgerError, match=f"has {SIZE} entries and .* only {SIZE - 1}: compare it with"):
        checking.check(bundle, earlier=comparison.read(checkpoint_file))


# --- with documents


@pytest.fixture
async def documented(recorded: str, tmp_path: Path) -> AsyncIterator[tuple[str, ObjectStore]]:
    """Return the record with three documents: one open, one restricted, one erased."""
    files = ObjectStore((tmp_path / "evidence").as_uri())
    evidence = await EvidenceService(recorded, files).open()
    async with Writer(recorded) as writer:
        for number, content in enumerate((b"a,b\n1,2\n", b"secret", b"a name")):
            file = await files.receive(NOTICE, CSV, whole(content))
            item = submission(file, f"E{number}", f"d{number}")
            if number == 1:
                item = submission(file, f"E{number}", f"d{number}", classification="RESTRICTED")
            await writer.append(NOTICE, item, ALICE)
            await evidence.settle(NOTICE, file)
        erasure_request = {"position": SIZE + 3, "reason": "A name", "authority": "UK GDPR 17"}
        request = (await writer.append(NOTICE, submit("ErasureRequested", erasure_request, "rosa"), ROSA)).position
        await writer.append(NOTICE, submit("EvidenceErased", {"evidence": "E2", "request": request}, "dan"), DAN)
    await evidence.tidy()
    yield recorded, files
    await evidence.close()


@pytest.mark.parametrize("with_files", [False, True])
async def test_documents_go_in_as_far_as_the_role_opens_them(
    documented: tuple[str, ObjectStore], tmp_path: Path, with_files: bool
) -> None:
    url, files = documented
    bundle = await make(url, tmp_path / "bundle.zip", documents=files if with_files else None)
    lines = [json.loads(line) for line in members(bundle)["documents.ndjson"].splitlines()]
    assert [sorted(line) for line in lines] == [
        ["included", "position", "salt"] if with_files else ["position", "salt"],
        ["position", "withheld"],
        ["erasedBy", "position"],
    ]
    held_files = {name: data for name, data in members(bundle).items() if name.startswith("evidence/")}
    assert held_files == ({f"evidence/{SIZE + 1}": b"a,b\n1,2\n"} if with_files else {})
    assert (found(bundle), also(bundle)) == ([], [])
    assert (
        f"entry {SIZE + 3}: its document was erased by the decision in entry {SIZE + 5}" in by_its_own(bundle).out
    )


@pytest.mark.parametrize("size", [None, SIZE + 2])
async def test_a_document_that_was_restricted_later_is_withheld(
    documented: tuple[str, ObjectStore], tmp_path: Path, size: int | None
) -> None:
    """Withhold it also from a bundle that ends before the correction."""
    url, files = documented
    async with Writer(url) as writer:
        entry = (await writer.state(NOTICE)).evidence.submitted["E0"]
        [submitted] = await entries_at(url, entry.position)
        data = submitted["data"] | {"title": "A title", "classification": "RESTRICTED"}
        correction = {"position": entry.position, "reason": "It names a family."}
        correction |= {"replacement": {"type": submitted["type"], "data": data}}
        await writer.append(NOTICE, submit("EntryCorrected", correction, "alice"), ALICE)
    bundle = await make(url, tmp_path / "bundle.zip", size, documents=files)
    lines = [json.loads(line) for line in members(bundle)["documents.ndjson"].splitlines()]
    assert [sorted(line) for line in lines][:2] == [["position", "withheld"]] * 2
    assert not [name for name in members(bundle) if name.startswith("evidence/")]
    assert (found(bundle), also(bundle)) == ([], [])


@pytest.mark.parametrize("content", [b"a,b\n1,3\n", b"a,b\n", b""])
async def test_a_damaged_document_gives_no_bundle(
    documented: tuple[str, ObjectStore], tmp_path: Path, content: bytes
) -> None:
    url, files = documented
    stored = tmp_path / "evidence" / "documents" / NOTICE
    [path] = [path for path in stored.rglob("*") if path.is_file() and path.read_bytes() == b"a,b\n1,2\n"]
    path.write_bytes(content)
    with pytest.raises(Damaged, match="differs from its entry"):
        await make(url, tmp_path / "bundle.zip", documents=files)


async def test_a_document_erased_while_a_bundle_is_written_is_not_called_damaged(
    documented: tuple[str, ObjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, files = documented
    read_checked = files.read_checked

    async def erased_first(*place: Any) -> AsyncIterator[bytes] | None:
        async with Writer(url) as writer:
            request = {"position": SIZE + 1, "reason": "A name", "authority": "UK GDPR 17"}
            receipt = await writer.append(NOTICE, submit("ErasureRequested", request, "r0"), ROSA)
            erasure = {"evidence": "E0", "request": receipt.position}
            await writer.append(NOTICE, submit("EvidenceErased", erasure, "d0"), DAN)
        evidence = await EvidenceService(url, files).open()
        await evidence.tidy()
        await evidence.close()
        return await read_checked(*place)

    monkeypatch.setattr(files, "read_checked", erased_first)
    with pytest.raises(
        LedgerError, match=f"entry {SIZE + 1} was erased while the bundle was written, by"
    ) as error:
        await make(url, tmp_path / "bundle.zip", documents=files)
    assert not isinstance(error.value, Damaged)
    monkeypatch.undo()
    bundle = await make(url, tmp_path / "again.zip", documents=files)
    assert (found(bundle), also(bundle)) == ([], [])
    stored = tmp_path / "evidence" / "documents" / NOTICE
    assert not [path for path in stored.rglob("*") if path.is_file() and path.read_bytes() == b"a,b\n1,2\n"]


async def entries_at(url: str, position: int) -> list[dict[str, Any]]:
    """Return the entry at a position, decoded."""
    async with await connect(url, "ledger_writer") as connection:
        query = "SELECT body FROM ledger.entries WHERE notice = %s AND position = %s"
        rows = await (await connection.execute(query, (NOTICE, position))).fetchall()
    return [json.loads(row[0]) for row in rows]


async def test_a_document_exchanged_in_a_bundle_is_found(
    documented: tuple[str, ObjectStore], tmp_path: Path
) -> None:
    url, files = documented
    bundle = await make(url, tmp_path / "bundle.zip", documents=files)
    bundles.forge(bundle, lambda contents: contents.update({f"evidence/{SIZE + 1}": b"a,b\n1,3\n"}))
    assert found(bundle) == [(SIZE + 1, Damage.DOCUMENT_EDITED)]
    assert also(bundle) == [SIZE + 1]


async def test_a_document_is_told_of_once(documented: tuple[str, ObjectStore], tmp_path: Path) -> None:
    url, files = documented
    bundle = await make(url, tmp_path / "bundle.zip", documents=files)
    line = json.dumps({"position": SIZE + 1, "withheld": True}, separators=(",", ":")).encode() + b"\n"
    bundles.forge(
        bundle, lambda contents: contents.update({"documents.ndjson": line + contents["documents.ndjson"]})
    )
    assert found(bundle)[0] == (SIZE + 1, Damage.DOCUMENT_ORPHANED)
    assert also(bundle)[0] == SIZE + 1
