"""The store of documents: whole files only, and after any crash nothing that no entry holds."""

import asyncio
import hashlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import Busy, Damaged, LedgerError, Refused, Unavailable
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import ABANDONED, EvidenceService
from ledger.intake.parse import SubmittedFile, with_file
from ledger.store.database import connect
from tests.ledger.history import ALICE, DAN, NOTICE, ROSA, begin, submit

CSV = "text/csv"
NOW = timedelta(seconds=-60)
"""An age that every upload has."""


class Gone(Exception):
    """The sender went away."""


async def whole(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def breaks_off(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise Gone


async def into(served: bytearray, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        served += piece


async def content_of(
    files: ObjectStore, file: SubmittedFile, start: int = 0, end: int | None = None
) -> bytes | None:
    part = slice(start, file.size if end is None else end)
    pieces = await files.read_checked(NOTICE, file.content, file.upload, part)
    return None if pieces is None else b"".join([piece async for piece in pieces])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def files(folder: Path) -> ObjectStore:
    return ObjectStore(folder.as_uri(), 20_000_000)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 10), (600_000, 600_010)])
async def test_a_flipped_byte_is_found_before_the_answer_is_complete(
    files: ObjectStore, folder: Path, start: int, end: int | None
) -> None:
    """Damage any byte; the last piece of the part is never served."""
    file = await files.receive(NOTICE, CSV, whole(b"a,b\n" * 300_000))
    await files.move(file.upload, NOTICE, file.content)
    path = folder / names(folder)[0]
    stored = bytearray(path.read_bytes())
    stored[700_000] ^= 1
    path.write_bytes(stored)
    part = slice(start, file.size if end is None else end)
    pieces = await files.read_checked(NOTICE, file.content, file.upload, part)
    assert pieces is not None
    served = bytearray()
    with pytest.raises(Damaged):
        await into(served, pieces)
    assert len(served) < part.stop - part.start


@pytest.mark.parametrize("stored", [b"", b"a,b\n", b"a,b\n1,2\n\n"])
async def test_a_shorter_or_longer_file_is_damaged(files: ObjectStore, folder: Path, stored: bytes) -> None:
    file = await files.receive(NOTICE, CSV, whole(b"a,b\n1,2\n"))
    (folder / names(folder)[0]).write_bytes(stored)
    for start, end in ((0, None), (6, 8)):
        with pytest.raises(Damaged):
            await content_of(files, file, start, end)


@pytest.mark.parametrize("size", [1, 70_000, 12_000_000])
async def test_a_document_is_kept_whole(files: ObjectStore, folder: Path, size: int) -> None:
    content = b"a,b\n" * (size // 4) + b"x" * (size % 4)
    file = await files.receive(NOTICE, CSV, whole(content))
    assert (file.size, file.content) == (size, hashlib.sha256(content).hexdigest())
    assert await content_of(files, file) == content
    await files.move(file.upload, NOTICE, file.content)
    await files.move(file.upload, NOTICE, file.content)  # a second time does no harm
    assert names(folder) == [f"documents/{NOTICE}/{file.content[:2]}/{file.content}"]
    assert await content_of(files, file) == content
    assert await content_of(files, file, 0, 1) == content[:1]
    await files.destroy(NOTICE, file.content)
    await files.destroy(NOTICE, file.content)
    assert names(folder) == []
    assert await content_of(files, file) is None


@pytest.mark.usefixtures("files")
def test_others_of_the_machine_do_not_see_it(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("size", [10, 12_000_000])
async def test_what_breaks_off_leaves_nothing(files: ObjectStore, folder: Path, size: int) -> None:
    with pytest.raises(Gone):
        await files.receive(NOTICE, CSV, breaks_off(b"a" * size))
    with pytest.raises(Refused):
        await files.receive(NOTICE, CSV, whole(b"a" * 20_000_001))
    with pytest.raises(Refused):
        await files.receive(NOTICE, "image/png", whole(b"a" * size))
    assert names(folder) == []


async def test_the_size_of_a_document_is_not_that_of_the_memory(folder: Path) -> None:
    async def large() -> AsyncIterator[bytes]:
        piece = b"a" * 1_000_000
        for _ in range(400):
            yield piece

    files = ObjectStore(folder.as_uri(), 400_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (await files.receive(NOTICE, CSV, large())).size == 400_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


async def test_an_upload_that_is_cancelled_leaves_nothing(files: ObjectStore, folder: Path) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 10_000
            await asyncio.sleep(0.001)

    task = asyncio.create_task(files.receive(NOTICE, CSV, without_end()))
    await _until(lambda: bool(names(folder)))
    task.cancel()
    await asyncio.wait([task])
    await _until(lambda: not names(folder))


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for the work that the store does in a thread of its own."""
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


async def test_only_so_many_arrive_at_once(files: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.evidence.object_store.AT_ONCE", 0)
    with pytest.raises(Busy):
        await files.receive(NOTICE, CSV, whole(b"a"))


@pytest.mark.parametrize("url", ["file:///proc/nowhere", "az://nobody", "file:///dev/null/x"])
def test_a_url_that_leads_nowhere_is_named(url: str) -> None:
    with pytest.raises(LedgerError, match="LEDGER_EVIDENCE_URL") as raised:
        ObjectStore(url)
    assert "\n" not in str(raised.value)


# --- in step with the entries


def submission(file: SubmittedFile, name: str = "E1", key: str = "k1", classification: str = "OFFICIAL") -> Any:
    data = {"evidence": name, "digest": file.digest, "mediaType": CSV, "size": file.size, "title": "t"}
    item = submit("EvidenceSubmitted", data | {"classification": classification}, key=key)
    return with_file(item, file)


@pytest.mark.database
async def test_what_a_crash_leaves_half_done_is_finished(database: str, files: ObjectStore, folder: Path) -> None:
    """Crash between each two steps: arrived, recorded, moved, erased, destroyed."""
    async with Writer(database) as writer:
        await begin(writer)
        lost, referenced, gone, moved = [
            await files.receive(NOTICE, CSV, whole(f"{n}".encode())) for n in range(4)
        ]
        for number, file in enumerate((referenced, gone, moved)):
            await writer.append(NOTICE, submission(file, f"E{number}", f"d{number}"), ALICE)
        await files.move(moved.upload, NOTICE, moved.content)
        position = (await writer.state(NOTICE)).evidence.submitted["E1"].position
        why = {"position": position, "reason": "r", "authority": "a"}
        request = await writer.append(NOTICE, submit("ErasureRequested", why, "rosa"), ROSA)
        erased = {"evidence": "E1", "request": request.position}
        await writer.append(NOTICE, submit("EvidenceErased", erased, "dan"), DAN)
    evidence = await EvidenceService(database, files).open()
    await evidence.tidy()
    assert names(folder) == sorted(
        [lost.upload, *(f"documents/{NOTICE}/{f.content[:2]}/{f.content}" for f in (referenced, moved))]
    )
    long_ago = time.time() - ABANDONED.total_seconds() - 1
    os.utime(folder / lost.upload, (long_ago, long_ago))
    await evidence.tidy()
    assert lost.upload not in names(folder)
    assert await content_of(files, referenced) == b"1"
    assert await content_of(files, gone) is None
    async with await connect(database) as connection:
        cursor = await connection.execute(
            "SELECT upload, content, salt IS NULL FROM ledger.files ORDER BY position"
        )
        assert await cursor.fetchall() == [
            (None, referenced.content, False),
            (None, None, True),
            (None, moved.content, False),
        ]
    await evidence.close()


@pytest.mark.database
async def test_an_old_upload_whose_entry_was_stored_is_kept(
    database: str, files: ObjectStore, folder: Path
) -> None:
    file = await files.receive(NOTICE, CSV, whole(b"a"))
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, submission(file), ALICE)
    os.utime(folder / file.upload, (1, 1))
    evidence = await EvidenceService(database, files).open()
    await evidence.settle(NOTICE, file)
    await evidence.tidy()
    assert await content_of(files, file) == b"a"
    assert names(folder) == [f"documents/{NOTICE}/{file.content[:2]}/{file.content}"]
    await evidence.close()


@pytest.mark.database
async def test_the_same_again_is_the_same_though_its_salt_differs(database: str, files: ObjectStore) -> None:
    first, again, other = [await files.receive(NOTICE, CSV, whole(c)) for c in (b"a", b"a", b"b")]
    assert first.digest != again.digest
    async with Writer(database) as writer:
        await begin(writer)
        receipt = await writer.append(NOTICE, submission(first), ALICE)
        assert (await writer.append(NOTICE, submission(again), ALICE)).position == receipt.position
        for item in (submission(other), submit("EvidenceSubmitted", said_without(other), key="k1")):
            with pytest.raises(Refused, match="other content"):
                await writer.append(NOTICE, item, ALICE)
    async with Writer(database) as writer:
        twice = [submission(again, "E2", "k2"), submission(first, "E2", "k2"), submission(other, "E2", "k2")]
        answers = await writer.append_all(NOTICE, twice, ALICE)
    assert [isinstance(answer, Refused) for answer in answers] == [False, False, True]


def said_without(file: SubmittedFile) -> dict[str, Any]:
    data = {"evidence": "E1", "digest": file.digest, "mediaType": CSV, "size": file.size, "title": "t"}
    return data | {"classification": "OFFICIAL"}


KILLED = """
import asyncio, sys
from ledger.evidence.object_store import ObjectStore
async def pieces():
    for _ in range(10):
        yield b"a" * 1_000_000
    print("half", flush=True)
    await asyncio.sleep(600)
    yield b""
asyncio.run(ObjectStore(sys.argv[1]).receive("tameside-2022", "text/csv", pieces()))
"""


async def test_what_a_killed_process_was_receiving_is_swept(files: ObjectStore, folder: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, folder.as_uri(), stdout=pipe)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"half\n"
    process.kill()
    await process.wait()
    assert len(names(folder)) == 1
    assert await files.uploads(ABANDONED) == []
    assert len(names(folder)) == 1, "it may still be arriving"
    assert await files.uploads(NOW) == []
    assert names(folder) == []


# --- in a bucket


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], httpx.Response]]:
    """Yield a function that sends requests to an S3 server with a bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 60
        while True:
            try:
                assert httpx.put(f"{url}/evidence").is_success
                break
            except httpx.TransportError:
                assert time.monotonic() < limit
                time.sleep(0.1)
        yield lambda query: httpx.get(f"{url}/evidence{query}")
    finally:
        server.terminate()
        server.wait()


@pytest.mark.long
@pytest.mark.database
async def test_a_bucket_serves_as_well(database: str, bucket: Callable[[str], httpx.Response]) -> None:
    files = ObjectStore("s3://evidence/ledger", 20_000_000)
    content = b"a,b\n" * 3_000_000
    first, again = [await files.receive(NOTICE, CSV, whole(content)) for _ in range(2)]
    for size in (10, 12_000_000):
        with pytest.raises(Gone):
            await files.receive(NOTICE, CSV, breaks_off(b"a" * size))
        with pytest.raises(Refused):
            await files.receive(NOTICE, "image/png", whole(b"a" * size))
    assert "<Upload>" not in bucket("?uploads").text, "parts were left"
    assert bucket("").text.count("<Key>ledger/uploads/") == 2
    evidence = await EvidenceService(database, files).open()
    async with Writer(database) as writer:
        await begin(writer)
        await writer.append(NOTICE, submission(first), ALICE)
        await evidence.settle(NOTICE, first)
        await evidence.settle(NOTICE, again)
        position = (await writer.state(NOTICE)).evidence.submitted["E1"].position
        assert await content_of(files, first) == content
        assert await content_of(files, first, 5, 9) == content[5:9]
        assert bucket("").text.count("<Key>") == 1
        why = {"position": position, "reason": "r", "authority": "a"}
        request = await writer.append(NOTICE, submit("ErasureRequested", why, "rosa"), ROSA)
        erased = {"evidence": "E1", "request": request.position}
        await writer.append(NOTICE, submit("EvidenceErased", erased, "dan"), DAN)
    await files.receive(NOTICE, CSV, whole(b"abandoned"))
    assert len(await files.uploads(NOW)) == 1
    assert await files.uploads(ABANDONED) == []
    await evidence.tidy()
    assert bucket("").text.count("<Key>ledger/documents/") == 0
    await evidence.close()


@pytest.mark.long
async def test_a_bucket_out_of_reach_is_said_to_be(bucket: Callable[[str], httpx.Response]) -> None:
    assert bucket("").is_success
    files = ObjectStore("s3://nobodys-bucket")
    with pytest.raises(Unavailable):
        await files.receive(NOTICE, CSV, whole(b"a"))
    with pytest.raises(Unavailable):
        await files.uploads(NOW)
