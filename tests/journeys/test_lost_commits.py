"""A commit whose answer is lost on the way: the append is recorded exactly once and answered with its receipt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress, received

pytestmark = pytest.mark.database

OTHER = "other-2023"
COMMIT = b"COMMIT"


class Loss(Enum):
    """Fate of the client's bytes, and of the server's answer to them."""

    NOT_SENT = "the bytes do not reach the server"
    AT_ONCE = "both ends are closed as soon as the server has the bytes"
    ANSWER_SWALLOWED = "the server answers, and the answer does not reach the client"


class Proxy:
    """Stands between client and server, and once armed breaks one connection at the bytes that it waits for."""

    def __init__(self, url: str) -> None:
        parameters = conninfo_to_dict(url)
        self._socket = Path(str(parameters["host"])) / f".s.PGSQL.{parameters['port']}"
        self._url = url
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._awaited: bytes | None = None
        self._loss = Loss.NOT_SENT
        self.broken = 0
        """Number of broken connections."""

    async def __aenter__(self) -> str:
        """Return the URL that leads through the proxy."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return make_conninfo(self._url, host=host, port=port, sslmode="disable", gssencmode="disable")

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._serving)

    def arm(self, awaited: bytes, loss: Loss) -> None:
        """Break the next connection on which the client sends these bytes: a part of an entry, or a command."""
        self._awaited, self._loss = awaited, loss

    def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(client, to_client)))

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(self._socket)
        answers = asyncio.create_task(self._pump(server, to_client))
        try:
            while data := await client.read(1 << 20):
                if self._awaited is not None and self._awaited in data:
                    self._awaited = None
                    self.broken += 1
                    answers.cancel()
                    await asyncio.wait([answers])
                    await self._lose(data, server, to_server)
                    break
                to_server.write(data)
                await to_server.drain()
        except ConnectionError:
            pass  # one end has gone: so does the other
        finally:
            answers.cancel()
            for end in (to_client, to_server):
                end.transport.abort()
                with suppress(ConnectionError):
                    await end.wait_closed()

    async def _pump(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await server.read(1 << 20):
                to_client.write(data)
                await to_client.drain()

    async def _lose(self, data: bytes, server: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        if self._loss is Loss.NOT_SENT:
            return
        to_server.write(data)
        await to_server.drain()
        if self._loss is Loss.ANSWER_SWALLOWED:
            assert await server.read(1 << 20)


class Setting:
    """A writer whose connection leads through the proxy, with its state in memory and its statements prepared."""

    def __init__(self, url: str, proxy: Proxy, writer: Writer) -> None:
        self.url = url
        self.proxy = proxy
        self.writer = writer

    async def stored(self, *keys: str) -> int:
        """Return the number of entries with one of these ids."""
        async with await connect(self.url) as connection:
            cursor = await connection.execute("SELECT FROM ledger.entries WHERE id = ANY(%s)", (list(keys),))
            return cursor.rowcount


@pytest.fixture
async def setting(database: str) -> AsyncIterator[Setting]:
    proxy = Proxy(database)
    async with proxy as through, Writer(through) as writer:
        for notice in (NOTICE, OTHER):
            await begin(writer, notice)
            await writer.append(notice, progress(), ALICE)
        yield Setting(database, proxy, writer)


Append = Callable[[Writer], Awaitable[Sequence[Receipt]]]


async def one(writer: Writer) -> Sequence[Receipt]:
    return [await writer.append(NOTICE, progress("one"), ALICE)]


async def expecting(writer: Writer) -> Sequence[Receipt]:
    """Append after an expected position, which the ledger has passed once the fact is recorded."""
    return [await writer.append(NOTICE, progress("one"), ALICE, expected=SETTING_SIZE + 1)]


async def many(writer: Writer) -> Sequence[Receipt]:
    return received(await writer.append_all(NOTICE, [progress(f"m{i}") for i in range(50)], ALICE))


async def strict(writer: Writer) -> Sequence[Receipt]:
    return received(await writer.append_all(NOTICE, [progress(f"s{i}") for i in range(5)], ALICE, strict=True))


async def two_notices(writer: Writer) -> Sequence[Receipt]:
    return await asyncio.gather(
        writer.append(NOTICE, progress("here"), ALICE), writer.append(OTHER, progress("there"), ALICE)
    )


async def a_new_notice(writer: Writer) -> Sequence[Receipt]:
    await begin(writer, "new-2024")
    return []


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize(
    ("append", "awaited"),
    [
        (one, b'"id":"one"'),
        (expecting, b'"id":"one"'),
        (many, b'"id":"m49"'),
        (strict, b'"id":"s4"'),
        (strict, COMMIT),
        (two_notices, COMMIT),
        (a_new_notice, b'"ledger":"new-2024"'),
    ],
)
async def test_a_lost_answer(setting: Setting, append: Append, awaited: bytes, loss: Loss) -> None:
    setting.proxy.arm(awaited, loss)
    receipts = await append(setting.writer)
    assert setting.proxy.broken == 1
    assert await setting.stored(*(receipt.id for receipt in receipts)) == len(receipts)
    again = await append(setting.writer) if append is not a_new_notice else []
    for first, second in zip(receipts, again, strict=True):
        assert second.duplicate
        assert (second.position, second.leaf_hash, second.root_hash, second.recorded_at) == (
            first.position,
            first.leaf_hash,
            first.root_hash,
            first.recorded_at,
        )
    report = await verify(setting.url)
    assert report.sound, report.first


async def test_an_answer_lost_among_many_clients(setting: Setting) -> None:
    """Expect an answer for every client on the lost connection, and a refusal for a refused one."""
    setting.proxy.arm(b'"id":"c7"', Loss.ANSWER_SWALLOWED)
    keys = [f"c{number}" for number in range(64)]
    receipts = await asyncio.gather(*(setting.writer.append(NOTICE, progress(key), ALICE) for key in keys))
    assert setting.proxy.broken == 1
    assert sorted(receipt.position for receipt in receipts) == list(range(SETTING_SIZE + 2, SETTING_SIZE + 66))
    assert [receipt.id for receipt in receipts] == keys
    assert await setting.stored(*keys) == 64
