"""Test a bucket whose server hangs or lists without end, and a sender of very many documents."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ledger.domain.errors import Busy, Unavailable
from ledger.evidence import object_store
from ledger.evidence.object_store import EACH, ObjectStore
from ledger.evidence.service import ABANDONED
from tests.ledger.evidence.test_object_store import CSV, whole
from tests.ledger.history import NOTICE

CONTENT = "ab" * 32
ENDLESS = """<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>
<NextContinuationToken>again</NextContinuationToken><Contents><Key>uploads/tameside/1</Key>
<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size><ETag>"e"</ETag></Contents></ListBucketResult>"""


@asynccontextmanager
async def bucket(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> AsyncIterator[ObjectStore]:
    """Yield a store in a bucket whose server sends this answer to each request; without one it hangs."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append((writer, asyncio.current_task()))
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)

    connections: list[tuple[asyncio.StreamWriter, asyncio.Task[None] | None]] = []
    server = await asyncio.start_server(serve, "127.0.0.1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.sockets[0].getsockname()))
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    try:
        yield ObjectStore("s3://evidence")
    finally:
        server.close()
        for writer, serving in connections:
            writer.transport.abort()
            if serving is not None:
                await asyncio.wait([serving])


async def contents(files: ObjectStore) -> list[str]:
    return [content async for content in files.contents(NOTICE)]


STEPS: dict[str, Callable[[ObjectStore], Awaitable[object]]] = {
    "receive": lambda files: files.receive(NOTICE, CSV, whole(b"a")),
    "receive a long one": lambda files: files.receive(NOTICE, CSV, whole(b"a" * 20_000_000)),
    "move": lambda files: files.move("uploads/x", NOTICE, CONTENT),
    "remove": lambda files: files.remove("uploads/x"),
    "destroy": lambda files: files.destroy(NOTICE, CONTENT),
    "read": lambda files: files.read(NOTICE, CONTENT, None),
    "size": lambda files: files.size(NOTICE, CONTENT, None),
    "contents": contents,
    "uploads": lambda files: files.uploads(ABANDONED),
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_bucket_that_hangs_is_not_waited_for(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "STEP_SECONDS", 0.2)
    async with bucket(monkeypatch, b"") as files, asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await STEPS[step](files)


async def test_a_document_that_stops_halfway_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "STEP_SECONDS", 1.0)
    head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: e"
    async with bucket(monkeypatch, f"{head}\r\n\r\nText".encode()) as files, asyncio.timeout(30):
        pieces = await files.read(NOTICE, CONTENT, None)
        assert pieces is not None
        with pytest.raises(Unavailable):
            [piece async for piece in pieces]


@pytest.mark.parametrize("step", ["contents", "uploads"])
async def test_a_list_without_end_is_refused(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "LISTED", 20)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {len(ENDLESS)}"
    async with bucket(monkeypatch, f"{head}\r\n\r\n{ENDLESS}".encode()) as files, asyncio.timeout(30):
        with pytest.raises(Unavailable, match="more than 20 files"):
            await STEPS[step](files)


async def test_a_slow_sender_leaves_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "STEP_SECONDS", 0.1)
    files, come = ObjectStore(f"file://{tmp_path}"), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await come.wait()

    sent = [asyncio.create_task(files.receive(NOTICE, CSV, slow(), sender="one")) for _ in range(EACH)]
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="you are sending 8 documents"):
        await files.receive(NOTICE, CSV, whole(b"a"), sender="one")
    await files.receive(NOTICE, CSV, whole(b"a"), sender="another")
    come.set()
    assert {file.size for file in await asyncio.gather(*sent)} == {1}
    await files.receive(NOTICE, CSV, whole(b"a"), sender="one")
