"""Replace a worker that is lost for good, as docs/citus.md says: by its standby, or by a restored backup."""

import asyncio
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.cli import main
from ledger.append.writer import Writer
from ledger.domain.errors import RolledBack
from ledger.proof.high_water import open_marks
from ledger.store.distribution import distribute
from ledger.verify.database import verify
from tests.citus.cluster import Cluster, Server
from tests.journeys.documents import ROOT
from tests.journeys.tcp_server import free_port
from tests.ledger.history import ALICE, SETTING_SIZE, begin, progress
from tests.projections.folding import until

HAS_REPLAYED = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


@contextmanager
def lost(worker: str) -> Iterator[None]:
    """Stop a worker's server; start it again at the end, for other tests."""
    server = Server(worker)
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def copied(worker: str, *, follows: bool) -> Iterator[tuple[Server, str]]:
    """Yield a copy of a worker's server, and its URL: a running standby, or a backup that is not started."""
    with tempfile.TemporaryDirectory(prefix="worker-", dir="/dev/shm", ignore_cleanup_errors=True) as folder:
        port = free_port()
        copy = Server(worker).copy(Path(folder), port, follows=follows)
        if follows:
            copy.start()
        try:
            yield copy, make_conninfo(worker, port=port)
        finally:
            with suppress(subprocess.CalledProcessError):  # it may not have been started
                copy.kill()


async def append(cluster: Cluster, notice: str, marks_file: Path) -> int:
    """Record an entry by a process that knows the high-water marks; return its position."""
    marks = await open_marks(marks_file, cluster.coordinator)
    async with Writer(cluster.coordinator, marks=marks) as writer:
        return (await writer.append(notice, progress(), ALICE)).position


async def start(cluster: Cluster, notices: list[str], marks_file: Path) -> None:
    marks = await open_marks(marks_file, cluster.coordinator)
    async with Writer(cluster.coordinator, marks=marks) as writer:
        for notice in notices:
            await begin(writer, notice)


def name_to_coordinator(cluster: Cluster, worker: str, replacement: str) -> None:
    """Run the page's statement, which names the replacement to the coordinator."""
    text = " ".join((ROOT / "docs" / "citus.md").read_text("utf-8").split())
    (statement,) = re.findall(r"`(SELECT citus_update_node\(.*?)`", text)
    old, new = conninfo_to_dict(worker), conninfo_to_dict(replacement)
    statement = statement.replace("'two-b.internal', 5432", f"'{new['host']}', {new['port']}")
    statement = statement.replace("nodename = 'two.internal'", f"nodeport = {old['port']}")
    with psycopg.connect(cluster.coordinator, autocommit=True) as connection:
        assert connection.execute(statement.encode()).rowcount == 1


@pytest.mark.timeout(300)
async def test_a_standby_takes_the_place_of_its_worker(empty: Cluster, tmp_path: Path) -> None:
    marks, notices = tmp_path / "high-water.json", await distributed_notices(empty)
    await start(empty, notices, marks)
    worker = empty.workers[0]
    with copied(worker, follows=True) as (standby, url):
        positions = [await append(empty, notice, marks) for notice in notices]
        with psycopg.connect(worker) as connection:
            end = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()

        async def has_replayed() -> bool:
            async with await psycopg.AsyncConnection.connect(url) as connection:
                return await (await connection.execute(HAS_REPLAYED, end)).fetchone() == (True,)

        await until(has_replayed)
        with lost(worker):
            standby.promote()
            name_to_coordinator(empty, worker, url)
            assert (await verify(empty.coordinator)).sound
            assert [await append(empty, notice, marks) for notice in notices] == [p + 1 for p in positions]
            assert (await verify(empty.coordinator)).sound


@pytest.mark.timeout(300)
async def test_a_restored_worker_names_what_it_lacks(
    empty: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, notices = tmp_path / "high-water.json", await distributed_notices(empty)
    on_lost, on_other = notices
    await start(empty, notices, marks)
    worker = empty.workers[0]
    with copied(worker, follows=False) as (backup, url):
        assert await append(empty, on_lost, marks) == SETTING_SIZE + 1
        with lost(worker):
            backup.start()
            name_to_coordinator(empty, worker, url)
            report = await verify(empty.coordinator)
            assert report.sound  # by itself: only the marks know of the entry that is missing
            assert {each.notice: each.entries for each in report.notices}[on_lost] == SETTING_SIZE
            assert await append(empty, on_other, marks) == SETTING_SIZE + 1
            with pytest.raises(RolledBack, match=f"had {SETTING_SIZE + 1} entries"):
                await append(empty, on_lost, marks)
            monkeypatch.setenv("LEDGER_DATABASE_URL", empty.coordinator)
            monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
            assert await asyncio.to_thread(main, ["resume", on_lost, "--accept-loss"]) == 0
            assert await append(empty, on_lost, marks) == SETTING_SIZE + 2  # after the fact LossAccepted
            assert (await verify(empty.coordinator)).sound


async def distributed_notices(cluster: Cluster) -> list[str]:
    """Distribute the ledger, and return a notice of each worker."""
    await distribute(cluster.coordinator)
    return cluster.on_each_worker("replaced")
