"""Test that no node of a cluster has a lower wall: append-only tables, hidden rows, few rights."""

import asyncio
import re
from collections.abc import Iterator

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.store.database import connect
from ledger.store.distribution import LOGINS, distribute
from ledger.verify import catalogue
from ledger.verify.database import verify
from projections.engine.runner import Runner
from projections.views.registry import ALL
from tests.citus.cluster import Cluster, cluster
from tests.ledger.history import ALICE, NOTICE, begin, progress

CHANGES = {
    "ledger.entries": ("UPDATE {} SET body = body || ' '::bytea", "DELETE FROM {}", "TRUNCATE {}"),
    "ledger.heads": ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET size = size - 1"),
    "ledger.narratives": ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET body = 'Another text.'"),
    "ledger.files": ("DELETE FROM {}", "TRUNCATE {}"),
    "ledger.tiles": ("UPDATE {} SET number = 0", "DELETE FROM {}", "TRUNCATE {}"),
    "ledger.checkpoints": ("UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {}"),
}
"""Statements that would change or remove recorded rows, by table."""
ROW_TRIGGERS = ("UPDATE {} SET size = size - 1", "UPDATE {} SET body = 'Another text.'")
"""Statements that a trigger refuses for each row; a table without rows lets them through."""
REFUSED = re.compile("permission denied|.*(is refused|not permitted to log in)|a narrative cannot")
"""Beginnings of errors: of the database, of a trigger, and of a worker that asks the coordinator."""
PROTECTIONS = """SELECT c.relrowsecurity, c.relowner::regrole::text, c.relacl::text,
    ARRAY(SELECT polname::text || polcmd::text || polroles::regrole[]::text || pg_get_expr(polqual, polrelid)
        FROM pg_policy WHERE polrelid = c.oid ORDER BY 1),
    ARRAY(SELECT regexp_replace(tgname::text, '_[0-9]+$', '') || tgtype || tgenabled::text FROM pg_trigger
        WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY 1) FROM pg_class c WHERE c.oid = %s::regclass"""
FUNCTIONS = """SELECT p.oid::regprocedure::text, p.prosecdef, p.proisstrict, p.proowner::regrole::text, p.prosrc,
    ARRAY(SELECT g.grantee::regrole::text
        FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g ORDER BY 1)
    FROM pg_proc p WHERE p.pronamespace IN ('ledger'::regnamespace, 'views'::regnamespace)"""
RELATIONS = r"""SELECT oid::regclass::text, regexp_replace(oid::regclass::text, '_\d+$', '') FROM pg_class
    WHERE relnamespace IN ('ledger'::regnamespace, 'views'::regnamespace) AND relkind = 'r' ORDER BY 1"""


@pytest.fixture(scope="module", params=["at the start", "later"])
def recorded(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Yield a cluster with a few entries and all views; its second worker is there at the start or later."""
    with cluster() as made:
        made.add_workers(end=1 if request.param == "later" else None)
        asyncio.run(distribute(made.coordinator))
        asyncio.run(_record(made.coordinator))
        if request.param == "later":
            made.add_workers(first=1)
            asyncio.run(distribute(made.coordinator))
            made.move(NOTICE, 1)
        yield made


async def test_no_protection_is_missing(recorded: Cluster) -> None:
    report = await catalogue.check(recorded.coordinator)
    assert (report.findings, report.unchecked) == ([], "")
    assert (await verify(recorded.coordinator)).sound


async def _record(url: str) -> None:
    await Runner(url, ALL).open()
    async with Writer(url) as writer:
        await begin(writer)
        await writer.append(NOTICE, progress(), ALICE)


def nodes(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """Yield a superuser's connection to each node, which sees the shards and may change them."""
    for url in cluster.nodes:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET citus.override_table_visibility = off")
            connection.execute("SET citus.enable_manual_changes_to_shards = on")
            yield connection


def test_a_superuser_of_any_node_is_refused(recorded: Cluster) -> None:
    tried = 0
    for connection in nodes(recorded):
        for relation, table in connection.execute(RELATIONS).fetchall():
            rows = connection.execute(f"TABLE {relation} LIMIT 1".encode()).fetchone()
            for statement in CHANGES.get(table, ()):
                if statement in ROW_TRIGGERS and rows is None:
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.format(relation).encode())
                tried += 1
    assert tried > 100


def test_each_shard_has_the_protections_of_its_table(recorded: Cluster) -> None:
    with psycopg.connect(recorded.coordinator) as connection:
        expected = {
            table: connection.execute(PROTECTIONS, (relation,)).fetchone()
            for relation, table in connection.execute(RELATIONS).fetchall()
        }
    shards = 0
    for connection in nodes(recorded):
        for relation, table in connection.execute(RELATIONS).fetchall():
            if table == "ledger.followed":
                continue  # each node has its own, empty one
            assert connection.execute(PROTECTIONS, (relation,)).fetchone() == expected[table], relation
            shards += relation != table
    assert shards > 400


def test_each_function_of_a_worker_is_the_coordinators(recorded: Cluster) -> None:
    coordinator, *workers = [
        {row[0]: row[1:] for row in connection.execute(FUNCTIONS).fetchall()} for connection in nodes(recorded)
    ]
    for worker in workers:
        assert worker
        assert {name: coordinator[name] for name in worker} == worker


def test_roles_log_in_on_workers_only(recorded: Cluster) -> None:
    query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'ledger%' AND rolcanlogin ORDER BY 1"
    attributes = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname LIKE 'ledger%'"
    coordinator, *workers = [
        (connection.execute(query).fetchall(), set(connection.execute(attributes).fetchall()))
        for connection in nodes(recorded)
    ]
    assert coordinator[0] == []
    for logins, rights in workers:
        assert logins == [(name,) for name in sorted(LOGINS)]
        assert rights <= coordinator[1]


async def test_a_reader_sees_the_notices_that_it_names(recorded: Cluster) -> None:
    counts = []
    for name in ("", "other-2023", NOTICE):
        async with await connect(recorded.coordinator, "ledger_reader") as connection:
            await connection.execute("SET citus.propagate_set_commands = 'local'")
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ledger.notices = '{name}'".encode())
                cursor = await connection.execute("SELECT count(*) FROM ledger.entries")
                counts += await cursor.fetchall()
    assert counts[:2] == [(0,), (0,)]
    assert counts[2] > (0,)


@pytest.mark.parametrize("role", ["ledger_reader", "ledger_projector", "ledger_writer"])
async def test_a_role_changes_no_entry_on_any_node(recorded: Cluster, role: str) -> None:
    for url in recorded.nodes:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET ROLE {role}".encode())
            for table, statements in CHANGES.items():
                for statement in statements:
                    with pytest.raises(psycopg.Error) as refused:
                        connection.execute(statement.format(table).encode())
                    assert re.match(
                        "permission denied|.*(is refused|not permitted to log in)|a narrative cannot",
                        str(refused.value),
                    )


async def test_a_null_notice_crashes_no_node(recorded: Cluster) -> None:
    async with await connect(recorded.coordinator, "ledger_writer") as connection:
        cursor = await connection.execute("SELECT ledger.erase_narratives(NULL, NULL), ledger.erase_file(NULL, 1)")
        assert await cursor.fetchone() == (None, None)
        cursor = await connection.execute("SELECT ledger.erase_narratives(%s, %s)", (None, None), prepare=True)
        assert await cursor.fetchone() == (None,)
