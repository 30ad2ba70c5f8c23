"""Test that verification compares the shards of each worker with the coordinator's tables."""

import asyncio

import psycopg
import pytest

from api.cli import main
from ledger.domain.errors import LedgerError
from ledger.store.database import connect
from ledger.store.distribution import distribute, migrate_server
from ledger.verify import catalogue
from tests.citus.cluster import Cluster

SHARDS = """SELECT c.relname, '_' || min(s.shardid) FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
    JOIN pg_class c ON c.oid = s.logicalrelid WHERE p.groupid = 1 AND c.relnamespace = 'ledger'::regnamespace
    GROUP BY c.relname"""
CHANGES = {
    "ALTER TABLE ledger.{entries} DISABLE TRIGGER entries_are_immutable_{entries_number}": (
        "the trigger ledger.{entries}.entries_are_immutable_{entries_number} is"
    ),
    "DROP TRIGGER heads_are_guarded_{heads_number} ON ledger.{heads}": (
        "the trigger ledger.heads.heads_are_guarded is missing on the shard {heads}"
    ),
    "DROP POLICY reader ON ledger.{narratives}": (
        "the policy ledger.narratives.reader is missing on the shard {narratives}"
    ),
    "CREATE POLICY more ON ledger.{files} TO ledger_reader USING (true)": (
        "the policy ledger.{files}.more comes from no migration"
    ),
    "GRANT UPDATE (note) ON ledger.{checkpoints} TO ledger_writer": (
        "the grants on the column ledger.{checkpoints}.note comes from no migration"
    ),
    "ALTER TABLE ledger.{tiles} DISABLE ROW LEVEL SECURITY": "the relation ledger.{tiles} is",
    "DROP TABLE ledger.{people}": "the shard ledger.{people} is missing",
    "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NULL; END'": "the function ledger.refuse_change() is",
    "DROP FUNCTION ledger.erase_file": "the function ledger.erase_file(text,integer) is missing",
    "GRANT EXECUTE ON FUNCTION ledger.erase_narratives TO PUBLIC": (
        "the grants on the function ledger.erase_narratives"
    ),
}
"""Statement of a worker's superuser → the beginning of what is found."""


async def findings(cluster: Cluster) -> list[str]:
    report = await catalogue.check(cluster.coordinator)
    assert not report.unchecked
    return [finding.detail for finding in report.findings]


async def test_each_change_of_a_worker_is_named(empty: Cluster) -> None:
    await distribute(empty.coordinator)
    assert await findings(empty) == []
    async with await connect(empty.coordinator) as connection:
        numbers = dict(await (await connection.execute(SHARDS)).fetchall())
    names = {table: table + number for table, number in numbers.items()}
    names |= {f"{table}_number": number.removeprefix("_") for table, number in numbers.items()}
    with psycopg.connect(empty.workers[0], autocommit=True) as connection:
        for setting in ("citus.enable_ddl_propagation = off", "citus.override_table_visibility = off"):
            connection.execute(f"SET {setting}".encode())
        connection.execute("SET citus.enable_manual_changes_to_shards = on")
        for statement in CHANGES:
            connection.execute(statement.format(**names).encode())
    details = await findings(empty)
    for beginning in CHANGES.values():
        assert any(beginning.format(**names) in detail for detail in details), beginning
    assert all(detail.startswith("on the worker ") for detail in details)


async def test_a_role_of_a_worker_with_more_rights_is_named(empty: Cluster) -> None:
    await distribute(empty.coordinator)
    with psycopg.connect(empty.workers[1], autocommit=True) as connection:
        connection.execute("SET citus.enable_ddl_propagation = off")
        connection.execute("SET citus.enable_alter_role_propagation = off")
        connection.execute("ALTER ROLE ledger_reader BYPASSRLS")
        try:
            (detail,) = await findings(empty)
        finally:
            connection.execute("ALTER ROLE ledger_reader NOBYPASSRLS")
    assert detail.endswith("the role ledger_reader has other attributes than it needs: bypassrls")


async def test_a_node_of_a_cluster_is_not_migrated_alone(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in empty.nodes:
        with pytest.raises(LedgerError, match="run ledger distribute on its coordinator"):
            await migrate_server(url)
    monkeypatch.setenv("LEDGER_DATABASE_URL", empty.coordinator)
    assert await asyncio.to_thread(main, ["migrate"]) == 1
    assert "run ledger distribute on its coordinator" in capsys.readouterr().err
