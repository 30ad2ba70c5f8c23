"""Verifying finds damage done to documents and their rows, and names the entry and the kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ledger.append.writer import Writer
from ledger.bundle import comparison
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import EvidenceService
from ledger.intake.parse import accept
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.bundle import bundles
from tests.ledger.bundle.bundles import also, make
from tests.ledger.bundle.test_comparison import agree
from tests.ledger.damage import damage, kinds
from tests.ledger.evidence.test_object_store import CSV, submission, whole
from tests.ledger.history import ALICE, DAN, NOTICE, OPERATOR, ROSA, SETTING_SIZE, begin, submit

pytestmark = pytest.mark.database
STORED, ERASED = SETTING_SIZE + 1, SETTING_SIZE + 2
REQUEST, ERASING = ERASED + 1, ERASED + 2
SIZE = ERASING


@pytest.fixture
def files(tmp_path: Path) -> ObjectStore:
    return ObjectStore((tmp_path / "evidence").as_uri())


@pytest.fixture
async def documented(database: str, files: ObjectStore) -> AsyncIterator[str]:
    """Return a database with two documents, the second of them erased."""
    evidence = await EvidenceService(database, files).open()
    async with Writer(database) as writer:
        await begin(writer)
        for number, content in ((1, b"a,b\n1,2\n"), (2, b"a name")):
            file = await files.receive(NOTICE, CSV, whole(content))
            await writer.append(NOTICE, submission(file, f"E{number}", f"d{number}"), ALICE)
            await evidence.settle(NOTICE, file)
        request = {"position": ERASED, "reason": "A name", "authority": "UK GDPR 17"}
        assert (await writer.append(NOTICE, submit("ErasureRequested", request, "rosa"), ROSA)).position == REQUEST
        erased = submit("EvidenceErased", {"evidence": "E2", "request": REQUEST}, "dan")
        assert (await writer.append(NOTICE, erased, DAN)).position == ERASING
    await evidence.tidy()
    yield database
    await evidence.close()


def only_file(tmp_path: Path) -> Path:
    [stored_file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    return stored_file


async def test_undamaged_documents_pass(documented: str, files: ObjectStore) -> None:
    report = await verify(documented, store_of=files)
    assert kinds(report) == []
    assert report.notices[0].documents == 2


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (lambda path: path.write_bytes(b"a,b\n1,3\n"), [(STORED, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.write_bytes(path.read_bytes() + b" "), [(STORED, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.write_bytes(b""), [(STORED, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.unlink(), [(STORED, Damage.DOCUMENT_MISSING)]),
        (lambda path: path.with_name("f" * 64).write_bytes(b"a name"), [(SIZE, Damage.DOCUMENT_ORPHANED)]),
        (
            lambda path: path.rename(path.with_name("f" * 64)),
            [(STORED, Damage.DOCUMENT_MISSING), (SIZE, Damage.DOCUMENT_ORPHANED)],
        ),
    ],
    ids=["replaced", "longer", "emptied", "missing", "orphaned", "renamed"],
)
async def test_a_file_damaged(
    documented: str,
    files: ObjectStore,
    tmp_path: Path,
    change: Callable[[Path], object],
    findings: list[tuple[int, Damage]],
) -> None:
    await asyncio.to_thread(change, only_file(tmp_path))
    assert kinds(await verify(documented, store_of=files)) == findings


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        ("salt = sha256(salt) WHERE position = {kept}", [(STORED, Damage.DOCUMENT_EDITED)]),
        ("size = size + 1 WHERE position = {kept}", [(STORED, Damage.DOCUMENT_EDITED)]),
        ("media_type = 'text/plain' WHERE position = {kept}", [(STORED, Damage.DOCUMENT_EDITED)]),
        (
            "position = 2 WHERE position = {kept}",
            [(2, Damage.DOCUMENT_ORPHANED), (STORED, Damage.DOCUMENT_MISSING)],
        ),
        (
            "salt = NULL, content = NULL, erased_by = {erasing} WHERE position = {kept}",
            [(STORED, Damage.DOCUMENT_ERASED), (SIZE, Damage.DOCUMENT_ORPHANED)],
        ),
        (
            "salt = sha256(''), content = repeat('a', 64), erased_by = NULL WHERE position = {erased_file}",
            [(ERASED, Damage.DOCUMENT_MISSING), (ERASED, Damage.DOCUMENT_KEPT)],
        ),
    ],
    ids=["salt", "size", "media type", "moved", "erased without a decision", "brought back"],
)
async def test_a_row_damaged(
    documented: str, files: ObjectStore, change: str, findings: list[tuple[int, Damage]]
) -> None:
    places = {"kept": STORED, "erased_file": ERASED, "erasing": ERASING}
    await damage(documented, "UPDATE ledger.files SET {change}", change=change.format_map(places))
    assert kinds(await verify(documented, store_of=files)) == findings


async def test_a_file_that_was_to_be_destroyed_and_is_still_there(
    documented: str, files: ObjectStore, tmp_path: Path
) -> None:
    there = await asyncio.to_thread(only_file, tmp_path)
    other = there.with_name(there.name[:2] + "f" * 62)
    await asyncio.to_thread(other.write_bytes, b"a name")
    brought_back = "UPDATE ledger.files SET content = '{name}' WHERE erased_by IS NOT NULL"
    await damage(documented, brought_back, name=other.name)
    assert kinds(await verify(documented, store_of=files)) == [(ERASED, Damage.DOCUMENT_KEPT)]


async def vanish(url: str, tmp_path: Path) -> None:
    """Delete the row and the file of the first document, as an administrator can."""
    await damage(url, "DELETE FROM ledger.files WHERE position = {kept}", kept=STORED)
    only_file(tmp_path / "evidence").unlink()


async def test_a_document_that_vanished_is_named(documented: str, files: ObjectStore, tmp_path: Path) -> None:
    """Find it by its entry alone, which says that a file came."""
    await vanish(documented, tmp_path)
    assert kinds(await verify(documented, store_of=files)) == [(STORED, Damage.DOCUMENT_MISSING)]
    assert kinds(await verify(documented)) == [(STORED, Damage.DOCUMENT_MISSING)]


async def test_an_entry_that_came_without_a_file_has_no_document(documented: str, files: ObjectStore) -> None:
    async with Writer(documented) as writer:
        data = {"evidence": "E3", "digest": "A" * 43 + "=", "mediaType": CSV, "size": 3, "title": "t"}
        fact = submit("EvidenceSubmitted", data | {"classification": "OFFICIAL"})
        position = (await writer.append(NOTICE, fact, ALICE)).position
    assert kinds(await verify(documented, store_of=files)) == []
    copy = (
        "INSERT INTO ledger.files SELECT notice, {position}, content, upload, salt, 3, media_type, erased_by "
        "FROM ledger.files WHERE position = {kept}"
    )
    await damage(documented, copy, position=position, kept=STORED)
    assert (position, Damage.DOCUMENT_ORPHANED) in kinds(await verify(documented))


async def test_a_document_of_the_first_version_is_bound_by_an_earlier_bundle(
    documented: str, files: ObjectStore, tmp_path: Path
) -> None:
    """Compare with an earlier bundle, because version 1 does not state that a file came."""
    await forge(documented, STORED, version=1)
    bundle = await make(documented, tmp_path / "bundle.zip")
    assert kinds(await verify(documented, NOTICE, store_of=files, earlier=comparison.read(bundle))) == []
    await vanish(documented, tmp_path)
    assert kinds(await verify(documented, store_of=files)) == []
    report = await verify(documented, NOTICE, store_of=files, earlier=comparison.read(bundle))
    assert kinds(report) == [(STORED, Damage.DOCUMENT_MISSING)]


@pytest.mark.parametrize("version", [1, 2])
async def test_a_line_of_a_document_left_out_of_a_bundle_is_found(
    documented: str, tmp_path: Path, version: int
) -> None:
    """Find it by the signed manifest, or by the entry if the signer leaves it out."""
    await forge(documented, STORED, version=version)

    def strip(contents: dict[str, bytes]) -> None:
        contents["documents.ndjson"] = b"".join(contents["documents.ndjson"].splitlines(keepends=True)[1:])

    bundle = await make(documented, tmp_path / "bundle.zip")
    assert (bundles.found(bundle), also(bundle)) == ([], [])
    earlier = await make(documented, tmp_path / "earlier.zip")
    bundles.forge(bundle, strip, signer=None)
    assert (0, Damage.BUNDLE) in bundles.found(bundle)
    assert 0 in also(bundle)
    bundles.forge(bundle, lambda _: None)
    missing = [(STORED, Damage.DOCUMENT_MISSING)] if version == 2 else []
    assert (bundles.found(bundle), also(bundle)) == (missing, [STORED] if version == 2 else [])
    assert (STORED, Damage.DOCUMENT_MISSING) in bundles.found(bundle, earlier=comparison.read(earlier))
    assert also(bundle, against=earlier.read_bytes()) == [STORED]


async def forge(url: str, position: int, version: int) -> None:
    """Give the entry of a document the form of an earlier version, with all hashes."""
    if version == 1:
        unstated = "replace(convert_from(body, 'UTF8'), ',\"stored\":true', '')"
        change = (
            "type = replace(type, '.v2', '.v1'), body = convert_to(replace({unstated}, 'ed.v2', 'ed.v1'), 'UTF8')"
        )
        change = change.replace("{unstated}", unstated)
        await damage(url, "UPDATE ledger.entries SET {change} WHERE position = {at}", change=change, at=position)
        await agree(url)


async def test_an_upload_of_the_first_version_is_repeated_by_one_of_the_second(
    documented: str, files: ObjectStore
) -> None:
    """Send an event again after an upgrade of the ledger, in either version."""
    await forge(documented, STORED, version=1)
    file = await files.receive(NOTICE, CSV, whole(b"a,b\n1,2\n"))
    async with Writer(documented) as writer:
        receipt = await writer.append(NOTICE, submission(file, "E1", "d1"), ALICE)
    assert (receipt.position, receipt.duplicate) == (STORED, True)


def test_an_event_of_the_first_version_is_recorded_in_the_second() -> None:
    data = {"evidence": "E1", "digest": "A" * 43 + "=", "mediaType": CSV, "size": 3, "title": "t"}
    event = {"specversion": "1.0", "id": "k", "source": "alice", "data": data | {"classification": "OFFICIAL"}}
    for version in (1, 2):
        item = accept({**event, "type": f"improvement-ledger.evidence.EvidenceSubmitted.v{version}"})
        assert item.type == "improvement-ledger.evidence.EvidenceSubmitted.v2"
        assert item.data.endswith(b',"stored":false}')
    with pytest.raises(Refused, match="no fact has the type"):
        accept({**event, "type": "improvement-ledger.evidence.EvidenceSubmitted.v3"})


@pytest.mark.parametrize("registered", [1, 2])
async def test_a_registration_holds_for_all_versions_of_a_fact(database: str, registered: int) -> None:
    types = [f"improvement-ledger.evidence.EvidenceSubmitted.v{registered}"]
    partner = {"integration": "I1", "actor": "system", "source": "system", "facts": types}
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, submit("IntegrationRegistered", partner, "operator"), OPERATOR)
        role = {"actor": "system", "role": "INTEGRATION"}
        await writer.append(NOTICE, submit("RoleGranted", role, "operator"), OPERATOR)
        data = {"evidence": "E1", "digest": "A" * 43 + "=", "mediaType": CSV, "size": 3, "title": "t"}
        fact = submit("EvidenceSubmitted", data | {"classification": "OFFICIAL"}, "system")
        await writer.append(NOTICE, fact, Credential("system"))
    assert (await verify(database)).sound
