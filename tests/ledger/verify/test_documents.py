"""Verifying finds damage done to documents and their rows, and names the entry and the kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ledger.append.writer import Writer
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import EvidenceService
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.damage import damage, kinds
from tests.ledger.evidence.test_object_store import CSV, said, whole
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, SETTING_SIZE, begin, submit

pytestmark = pytest.mark.database
KEPT, ERASED = SETTING_SIZE + 1, SETTING_SIZE + 2
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
            await writer.append(NOTICE, said(file, f"E{number}", f"d{number}"), ALICE)
            await evidence.settle(NOTICE, file)
        asked = {"position": ERASED, "reason": "A name", "authority": "UK GDPR 17"}
        assert (await writer.append(NOTICE, submit("ErasureRequested", asked, "rosa"), ROSA)).position == REQUEST
        erased = submit("EvidenceErased", {"evidence": "E2", "request": REQUEST}, "dan")
        assert (await writer.append(NOTICE, erased, DAN)).position == ERASING
    await evidence.tidy()
    yield database
    await evidence.close()


def only_file(tmp_path: Path) -> Path:
    [found] = [path for path in tmp_path.rglob("*") if path.is_file()]
    return found


async def test_undamaged_documents_pass(documented: str, files: ObjectStore) -> None:
    report = await verify(documented, store_of=files)
    assert kinds(report) == []
    assert report.notices[0].documents == 2


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda path: path.write_bytes(b"a,b\n1,3\n"), [(KEPT, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.write_bytes(path.read_bytes() + b" "), [(KEPT, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.write_bytes(b""), [(KEPT, Damage.DOCUMENT_EDITED)]),
        (lambda path: path.unlink(), [(KEPT, Damage.DOCUMENT_MISSING)]),
        (lambda path: path.with_name("f" * 64).write_bytes(b"a name"), [(SIZE, Damage.DOCUMENT_ORPHANED)]),
        (
            lambda path: path.rename(path.with_name("f" * 64)),
            [(KEPT, Damage.DOCUMENT_MISSING), (SIZE, Damage.DOCUMENT_ORPHANED)],
        ),
    ],
    ids=["replaced", "longer", "emptied", "missing", "orphaned", "renamed"],
)
async def test_a_file_damaged(
    documented: str,
    files: ObjectStore,
    tmp_path: Path,
    change: Callable[[Path], object],
    found: list[tuple[int, Damage]],
) -> None:
    await asyncio.to_thread(change, only_file(tmp_path))
    assert kinds(await verify(documented, store_of=files)) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("salt = sha256(salt) WHERE position = {kept}", [(KEPT, Damage.DOCUMENT_EDITED)]),
        ("size = size + 1 WHERE position = {kept}", [(KEPT, Damage.DOCUMENT_EDITED)]),
        ("media_type = 'text/plain' WHERE position = {kept}", [(KEPT, Damage.DOCUMENT_EDITED)]),
        ("position = 2 WHERE position = {kept}", [(2, Damage.DOCUMENT_ORPHANED)]),
        (
            "salt = NULL, content = NULL, erased_by = {erasing} WHERE position = {kept}",
            [(KEPT, Damage.DOCUMENT_ERASED), (SIZE, Damage.DOCUMENT_ORPHANED)],
        ),
        (
            "salt = sha256(''), content = repeat('a', 64), erased_by = NULL WHERE position = {erased_file}",
            [(ERASED, Damage.DOCUMENT_MISSING), (ERASED, Damage.DOCUMENT_KEPT)],
        ),
    ],
    ids=["salt", "size", "media type", "moved", "erased without a decision", "brought back"],
)
async def test_a_row_damaged(
    documented: str, files: ObjectStore, change: str, found: list[tuple[int, Damage]]
) -> None:
    places = {"kept": KEPT, "erased_file": ERASED, "erasing": ERASING}
    await damage(documented, "UPDATE ledger.files SET {change}", change=change.format_map(places))
    assert kinds(await verify(documented, store_of=files)) == found


async def test_a_file_that_was_to_be_destroyed_and_is_still_there(
    documented: str, files: ObjectStore, tmp_path: Path
) -> None:
    there = await asyncio.to_thread(only_file, tmp_path)
    other = there.with_name(there.name[:2] + "f" * 62)
    await asyncio.to_thread(other.write_bytes, b"a name")
    brought_back = "UPDATE ledger.files SET content = '{name}' WHERE erased_by IS NOT NULL"
    await damage(documented, brought_back, name=other.name)
    assert kinds(await verify(documented, store_of=files)) == [(ERASED, Damage.DOCUMENT_KEPT)]
