"""Kill the primary of three nodes while a Department follows them: its copy lacks nothing afterwards."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from ledger.domain.errors import Unavailable
from ledger.follow import source, subscription
from ledger.follow.monitor import FollowMonitor
from ledger.follow.registry import Source
from ledger.proof.checkpoint import Signer
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.high_water import HighWaterMarks
from ledger.store.database import connect, migrate
from ledger.verify.database import verify
from tests.api.service import begin
from tests.journeys import documents, patroni
from tests.journeys.patroni import Cluster, running_cluster
from tests.journeys.tcp_server import tcp_server
from tests.journeys.test_high_availability import NOTICES, Load, grown, is_whole, primary_of
from tests.ledger.follow.pairs import COPYING, rows
from tests.projections.folding import until

pytestmark = [pytest.mark.database, pytest.mark.long(seconds=60)]
FOLLOWER, DATABASE = "dfe", "ledger"
KILLS = ("postgres", "machine")
"""Parts of the primary that die, one after the other. The second primary may not have had the slot for long."""
TABLES = ("entries", "narratives", "heads", "tiles", "checkpoints")


class Department:
    """The copy, its source under Patroni, and the key of its checkpoints."""

    def __init__(self, cluster: Cluster, copy: str) -> None:
        self.source, self.copy = cluster.url(database=DATABASE), copy
        self.signer = Signer.generate("tameside/1")
        self.described = Source("tameside", "https://ledger.tameside.example", str(self.signer.public), left=False)
        self._login = f"{cluster.url(FOLLOWER, DATABASE)}?target_session_attrs=read-write"
        self.lines: list[str] = []

    async def follow(self) -> None:
        """Do as `ledger follow add` does."""
        await subscription.subscribe(self.copy, self._login, self.described, self.lines.append)

    async def sign(self) -> None:
        """Sign the heads at the source."""
        async with CheckpointSigner(self.source, "tameside.example", self.signer) as signer:
            await signer.sign_heads()
            assert signer.refused == {}

    async def is_recording(self) -> bool:
        """Return whether the source has a primary."""
        with suppress(Unavailable):
            async with await connect(self.source):
                return True
        return False

    async def is_equal(self) -> bool:
        """Return whether each row of the source is in the copy."""
        for table in TABLES:
            query = f"SELECT t::text FROM ledger.{table} t ORDER BY 1"  # noqa: S608
            if await rows(self.copy, query) != await rows(self.source, query):
                return False
        return True


@pytest.fixture
def department() -> Iterator[tuple[Cluster, Department]]:
    absent = patroni.missing()
    if absent is not None:
        pytest.skip(absent)
    with running_cluster() as cluster, tcp_server(**COPYING) as server:
        copy = f"{server.url('postgres', 'postgres')}/postgres"
        asyncio.run(migrate(copy))
        yield cluster, Department(cluster, copy)


async def test_a_copy_is_complete_after_each_failover(
    department: tuple[Cluster, Department], tmp_path: Path
) -> None:
    cluster, copy = department
    await until(lambda: is_whole(cluster), 90)
    async with await psycopg.AsyncConnection.connect(
        cluster.url(), autocommit=True, target_session_attrs="read-write"
    ) as connection:
        await connection.execute(f"CREATE DATABASE {DATABASE}".encode())
    await migrate(copy.source)
    for notice in NOTICES:
        await begin(copy.source, notice)
    await source.publish(copy.source, FOLLOWER, patroni.PASSWORD)
    await copy.follow()
    await asyncio.to_thread(name_slot, cluster, tmp_path)
    await until(lambda: is_whole(cluster), 60)
    for kill in KILLS:
        load = Load(dict.fromkeys(NOTICES, copy.source), f"before.{kill}.")
        load.start()
        await grown(load)
        await load.stop()  # each entry has a receipt, so the next primary has it as well
        await copy.sign()
        primary = await primary_of(cluster)
        if kill == "postgres":
            cluster.kill_postgres(primary)
        else:
            cluster.kill_machine(primary)
        await until(copy.is_recording, 90)
        load = Load(dict.fromkeys(NOTICES, copy.source), f"after.{kill}.")
        load.start()
        await grown(load)
        await copy.follow()
        await load.stop()
        await copy.sign()
        await until(copy.is_equal, 60)
        assert (await verify(copy.copy)).sound
        async with await connect(copy.copy, "ledger_writer") as connection:
            assert await FollowMonitor(HighWaterMarks()).look(connection) == ()
        if kill == "machine":
            cluster.start_node(primary)
        await until(lambda: is_whole(cluster), 60)


def name_slot(cluster: Cluster, folder: Path) -> None:
    """Run the page's command, which names the slot to Patroni."""
    (script,) = (block for block in patroni.blocks("sh") if "patronictl" in block)
    settings = cluster.folder / f"{cluster.nodes[0].name}.yml"
    script = script.replace("/etc/patroni/config.yml", str(settings))
    documents.shell(script, folder, documents.environment(folder))
