"""Test that a store which fails is in the log, and that one stuck document does not concern others."""

import logging
import os
from pathlib import Path

import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import Unavailable
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import EvidenceService
from ledger.intake.parse import SubmittedFile
from tests.ledger.evidence.test_object_store import CSV, submission, whole
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, begin, submit


async def submitted(writer: Writer, files: ObjectStore, name: str) -> SubmittedFile:
    """Record a document whose file still has its temporary name."""
    file = await files.receive(NOTICE, CSV, whole(name.encode()))
    await writer.append(NOTICE, submission(file, name, name), ALICE)
    return file


async def erase(writer: Writer, name: str) -> None:
    position = (await writer.state(NOTICE)).evidence.submitted[name].position
    why = {"position": position, "reason": "r", "authority": "a"}
    request = await writer.append(NOTICE, submit("ErasureRequested", why, "rosa"), ROSA)
    await writer.append(
        NOTICE, submit("EvidenceErased", {"evidence": name, "request": request.position}, "dan"), DAN
    )


@pytest.mark.database
async def test_a_file_in_the_way_of_one_document_leaves_others_erased(database: str, tmp_path: Path) -> None:
    files = ObjectStore(f"file://{tmp_path}")
    evidence = await EvidenceService(database, files).open()
    async with Writer(
        database, on_commit=lambda notice, entries, _: evidence.committed(notice, entries)
    ) as writer:
        await begin(writer)
        stuck = await submitted(writer, files, "E1")
        (tmp_path / f"documents/{NOTICE}/{stuck.content[:2]}/{stuck.content}/x").mkdir(parents=True)
        erased, abandoned = await submitted(writer, files, "E2"), await files.receive(NOTICE, CSV, whole(b"a"))
        os.utime(tmp_path / abandoned.upload, (1, 1))
        await erase(writer, "E2")
        await evidence.close()  # finishes the erasure
    assert not (tmp_path / erased.upload).exists()
    again = await EvidenceService(database, files).open()
    with pytest.raises(Unavailable, match="could not be moved"):
        await again.tidy()
    await again.close()
    assert not (tmp_path / abandoned.upload).exists()
    assert (tmp_path / stuck.upload).exists()


async def test_the_log_has_the_reason_of_a_failed_store(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    files = ObjectStore(f"file://{tmp_path}")
    (tmp_path / "uploads").touch()  # a file where a folder should be
    with pytest.raises(Unavailable, match="could not be stored"):
        await files.receive(NOTICE, CSV, whole(b"a"))
    assert "Not a directory" in caplog.text or "File exists" in caplog.text
