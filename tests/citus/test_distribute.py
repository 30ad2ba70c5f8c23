"""Test `ledger distribute`: from empty, again, and what it refuses."""

import json

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.cli import main
from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.follow.source import publish
from ledger.store.database import migrate
from ledger.store.distribution import DELEGATED, TABLES, distribute
from tests.citus.cluster import Cluster, cluster
from tests.ledger.history import begin


def test_an_empty_ledger_is_distributed_once(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", empty.coordinator)
    assert main(["distribute", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)["done"]
    for name in (*TABLES, *DELEGATED):
        assert f"distributed {name}" in done
    assert main(["distribute"]) == 0
    assert capsys.readouterr().out == "The ledger was already distributed.\n"


async def test_an_interrupted_distribution_is_continued(empty: Cluster) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(step: str) -> None:
        if step == "distributed ledger.files":
            raise Interrupted

    with pytest.raises(Interrupted):
        await distribute(empty.coordinator, interrupt)
    steps = await distribute(empty.coordinator)
    assert "distributed ledger.heads" not in steps
    assert "distributed ledger.tiles" in steps
    assert await distribute(empty.coordinator) == []


async def test_only_an_empty_ledger_is_distributed(empty: Cluster) -> None:
    """Distribute a ledger with entries, as one that grew on the coordinator alone."""
    await migrate(make_conninfo(empty.coordinator, options="-c citus.enable_ddl_propagation=off"))
    async with Writer(empty.coordinator) as writer:
        await begin(writer)
    with pytest.raises(LedgerError, match="it has entries already"):
        await distribute(empty.coordinator)


async def test_it_wants_a_coordinator_with_workers(empty: Cluster, database: str) -> None:
    with pytest.raises(LedgerError, match="has no Citus"):
        await distribute(database)
    with pytest.raises(LedgerError, match="this node is a worker"):
        await distribute(empty.workers[0])
    with cluster() as alone, pytest.raises(LedgerError, match="the cluster has no worker"):
        await distribute(alone.coordinator)


async def test_a_worker_that_is_unreachable_is_named(empty: Cluster) -> None:
    with psycopg.connect(empty.coordinator, autocommit=True) as connection:
        connection.execute("SELECT citus_update_node(nodeid, nodename, 1) FROM pg_dist_node WHERE groupid = 1")
    with pytest.raises(LedgerError, match=r"cannot reach the worker [^ ]+:1;"):
        await distribute(empty.coordinator)


async def test_a_distributed_ledger_is_not_followed(distributed: Cluster) -> None:
    with pytest.raises(LedgerError, match="distributed over a cluster"):
        await publish(distributed.coordinator, "dfe", "secret")
