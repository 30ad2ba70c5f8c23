"""Kill the primary of three nodes under load: no receipt is lost, and a feed neither skips nor repeats."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Busy, RolledBack, Unavailable
from ledger.intake.parse import accept
from ledger.proof.high_water import open_marks
from ledger.store.database import connect, migrate
from ledger.verify.database import verify
from tests.api.process import Process, serving
from tests.api.service import NO_TLS, begin, progress
from tests.journeys import documents, patroni
from tests.journeys.patroni import Cluster, Node, running_cluster
from tests.journeys.tcp_server import free_port, tcp_server
from tests.ledger import history
from tests.projections.folding import until

pytestmark = [pytest.mark.database, pytest.mark.long(seconds=65)]
NOTICES = ("first-2022", "second-2023")
LANES = 4
"""Clients of each notice that append at once."""
KILLS = ("postgres", "machine", "postgres", "machine", "postgres")
RECEIPTS = 100
"""Receipts between two kills, at least."""
PACE_SECONDS = 0.05
"""Seconds between the facts of a client."""
OFFICER = Credential("officer")


class Load:
    """Clients that append until they are stopped, and repeat what was not answered."""

    def __init__(self, urls: dict[str, str], prefix: str = "") -> None:
        self._urls, self._prefix = urls, prefix
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.stopping = False

    def start(self) -> None:
        """Start the clients of each notice, which has a URL of its own."""
        self._tasks = [asyncio.create_task(self._run(notice, url)) for notice, url in self._urls.items()]

    async def stop(self) -> None:
        """Stop after the pending receipts."""
        self.stopping = True
        await asyncio.gather(*self._tasks)

    async def _run(self, notice: str, url: str) -> None:
        async with Writer(url) as writer:
            await asyncio.gather(*(self._append(writer, notice, lane) for lane in range(LANES)))

    async def _append(self, writer: Writer, notice: str, lane: int) -> None:
        turn = 0
        while not self.stopping:
            key = f"{self._prefix}{lane}.{turn}"
            fact = accept(progress(f"Text of {key}.", id=key))
            receipt = None
            while receipt is None:
                with suppress(Busy, Unavailable):
                    receipt = await writer.append(notice, fact, OFFICER)
            self.receipts[notice, key] = receipt
            turn += 1
            await asyncio.sleep(PACE_SECONDS)


class Feed:
    """A client of the service's feed, which reconnects after its last event."""

    def __init__(self, process: Process, token: str) -> None:
        self._url = f"{process.url}/ledgers/{NOTICES[0]}/entries"
        self._token = token
        self.positions: list[int] = []
        self.connections = 0

    async def run(self) -> None:
        """Read events until cancelled."""
        while True:
            with suppress(httpx.HTTPError):
                await self._read()
            await asyncio.sleep(0.1)

    async def _read(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        headers |= {"Last-Event-ID": str(self.positions[-1])} if self.positions else {}
        client = httpx.AsyncClient(timeout=30, verify=NO_TLS)
        async with client, client.stream("GET", self._url, headers=headers) as answer:
            answer.raise_for_status()
            self.connections += 1
            async for line in answer.aiter_lines():
                if line.startswith("id:"):
                    self.positions.append(int(line.removeprefix("id:")))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    absent = patroni.missing()
    if absent is not None:
        pytest.skip(absent)
    with running_cluster() as running:
        yield running


async def test_no_receipt_is_lost_while_primaries_are_killed(cluster: Cluster, tmp_path: Path) -> None:
    await until(lambda: is_whole(cluster), 90)
    url = cluster.url()
    await migrate(url)
    tokens = [(await begin(url, notice)).tokens["officer"] for notice in NOTICES]
    load = Load({NOTICES[0]: url, NOTICES[1]: cluster.proxy_url()})
    with serving(url, LEDGER_READ_URL=url) as process:
        feed = Feed(process, tokens[0])
        following = asyncio.create_task(feed.run())
        load.start()
        for kill in KILLS:
            await grown(load)
            primary = await primary_of(cluster)
            if kill == "postgres":
                cluster.kill_postgres(primary)
            else:
                cluster.kill_machine(primary)
            await grown(load)
            if kill == "machine":
                cluster.start_node(primary)
            await until(lambda: is_whole(cluster), 60)
        await load.stop()
        await check_receipts(url, load)
        size = await size_of(url, NOTICES[0])

        async def has_all() -> bool:
            return len(feed.positions) >= size

        await until(has_all, 30)
        assert feed.positions == list(range(1, size + 1))
        following.cancel()
        await is_folded(url)
        variables = documents.environment(tmp_path, LEDGER_DATABASE_URL=url)
        assert "DIFFERS" not in await asyncio.to_thread(
            documents.shell, "ledger verify --views", tmp_path, variables
        )


async def is_whole(cluster: Cluster) -> bool:
    """Return whether there is a primary with two standbys, one of them synchronous.

    A primary lost before that is not replaced: no standby is known to have every receipt.
    """
    nodes = [await asyncio.to_thread(node.state) for node in cluster.nodes]
    standbys = [state for state in nodes if patroni.is_standby(state)]
    return (
        any(patroni.is_primary(state) for state in nodes)
        and len(standbys) == len(nodes) - 1
        and any(state.get("sync_standby") for state in standbys)
    )


async def primary_of(cluster: Cluster) -> Node:
    primary = await asyncio.to_thread(cluster.primary)
    assert primary is not None
    return primary


async def grown(load: Load) -> None:
    """Wait for some receipts of both notices."""

    def counts() -> list[int]:
        return [sum(notice == of for of, _ in load.receipts) for notice in NOTICES]

    before = counts()

    async def has_grown() -> bool:
        return all(now >= then + RECEIPTS for now, then in zip(counts(), before, strict=True))

    await until(has_grown, 90)


async def check_receipts(url: str, load: Load) -> None:
    """Compare each receipt with the stored entry, and verify the whole record."""
    async with await connect(url) as connection:
        cursor = await connection.execute("SELECT notice, id, position, leaf_hash, root_hash FROM ledger.entries")
        stored = {(notice, key): rest for notice, key, *rest in await cursor.fetchall()}
    for (notice, key), receipt in load.receipts.items():
        position, *hashes = stored[notice, key]
        assert receipt.position == position
        assert [receipt.leaf_hash, receipt.root_hash] == [b64encode(each).decode() for each in hashes]
    assert (await verify(url)).sound


async def size_of(url: str, notice: str) -> int:
    async with await connect(url) as connection:
        cursor = await connection.execute("SELECT size FROM ledger.heads WHERE notice = %s", (notice,))
        [(size,)] = await cursor.fetchall()
    return int(size)


async def is_folded(url: str) -> None:
    """Wait until all views have reached the heads."""

    async def all_have() -> bool:
        async with await connect(url) as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM ledger.heads h JOIN views.progress p ON p.notice = h.notice "
                "WHERE p.position < h.size"
            )
            return await cursor.fetchall() == [(0,)]

    await until(all_have, 60)


async def test_a_standby_promoted_without_the_last_entries_is_refused(tmp_path: Path) -> None:
    """Promote by hand a standby that was away during the last entries, as Patroni never does."""
    marks_file = tmp_path / "high-water.json"
    with tcp_server() as primary:
        url = f"{primary.url('postgres', 'postgres')}/postgres"
        await migrate(url)
        async with Writer(url) as writer:
            await history.begin(writer)
        standby = primary.copy(free_port())
        async with Writer(url, marks=await open_marks(marks_file, url)) as writer:
            receipt = await writer.append(history.NOTICE, history.progress(), history.ALICE)
        primary.stop()
        standby.start()
        try:
            standby.promote()
            standby_url = f"{standby.url('postgres', 'postgres')}/postgres"
            assert await size_of(standby_url, history.NOTICE) == receipt.position - 1
            async with Writer(standby_url, marks=await open_marks(marks_file, standby_url)) as writer:
                with pytest.raises(RolledBack, match="a standby took over without the last entries"):
                    await writer.append(history.NOTICE, history.progress(), history.ALICE)
        finally:
            standby.stop()
            primary.start()
