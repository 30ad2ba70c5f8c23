"""Distribution of the ledger over a Citus cluster: the rows of one notice lie together on one worker.

The same statements run on one server and on a cluster. Distributing is a step of migration that is safe to repeat:
it does what is missing. It also runs the migrations, so it takes the place of `ledger migrate` on a cluster.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect, migrate, session_options

Connection = AsyncConnection[Any]
TABLES = (
    "ledger.heads",
    "ledger.entries",
    "ledger.narratives",
    "ledger.snapshots",
    "ledger.people",
    "ledger.files",
    "ledger.tiles",
    "ledger.checkpoints",
    "ledger.report_drafts",
    "views.progress",
)
"""Tables that are distributed by notice, before the tables of views; other tables stay on the coordinator."""
DELEGATED = ("ledger.erase_narratives", "ledger.erase_file", "ledger.record_entry", "ledger.record_entries")
"""Functions that run on the worker with the notice's rows, in the caller's session on that worker."""
COPIED = (
    "ledger.target_of_erasure",
    "ledger.file_erased_by",
    "ledger.move_head",
    "views.position",
    "views.absent",
    "views.cursor",
    "views.counted",
    "views.search_text",
    "views.search_vector",
    "views.search_query",
)
"""Functions that triggers, policies, delegated functions and queries call on the workers."""
SHARDS = 16
"""Number of shards of each table, and so the maximum number of workers that can share the notices.

Citus looks at every shard of a table before it stores a batch. With 32 shards, one append takes a fifth longer.
"""
LOGINS = ("ledger_owner", "ledger_writer", "ledger_projector", "ledger_reader")
"""Roles in which the coordinator connects to the workers; the roles can log in on the workers only."""
_DELEGATION = f", 'of_notice', colocate_with => '{TABLES[0]}', force_delegation => true"
_SETTINGS = {
    "citus.enable_unsafe_triggers": "on",  # each trigger looks at its own row, or at rows of the same notice
    "citus.multi_shard_modify_mode": "sequential",
    "citus.shard_count": str(SHARDS),
    "client_min_messages": "warning",
}
_LOST_WORKER = re.compile(r"connection to the remote node (?:\S+@)?(\S+) failed")
_DISTRIBUTED = """SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_dist_partition p
    JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace"""
_LOCAL_VIEWS = """SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'views'::regnamespace AND c.relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = c.oid) ORDER BY 1"""
_OTHER_NODES = "SELECT FROM pg_catalog.pg_dist_node WHERE groupid <> 0"
_WORKERS = """SELECT nodename || ':' || nodeport, citus_check_connection_to_node(nodename, nodeport)
    FROM pg_catalog.pg_dist_node WHERE noderole = 'primary' AND groupid <> 0 AND shouldhaveshards ORDER BY 1"""
_FUNCTIONS = """SELECT n.nspname || '.' || p.proname, p.oid::regprocedure::text,
    NOT has_function_privilege('public', p.oid, 'EXECUTE'),
    ARRAY(SELECT DISTINCT g.grantee::regrole::text FROM aclexplode(p.proacl) g
        WHERE g.grantee NOT IN (0, p.proowner) ORDER BY 1)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = ANY (%s)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_object d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid) ORDER BY 1"""
_RESTRICTED = """SELECT format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = ANY (%s)
    AND NOT has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1"""
_ON_WORKER = """DO $do$ BEGIN
    PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
    {}
END $do$"""
_EXTENSION = _ON_WORKER.format("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;")
# A trigger of the heads looks on its own node for a notice that came from another ledger. On a cluster none does.
_FOLLOWED = _ON_WORKER.format(
    """CREATE TABLE IF NOT EXISTS ledger.followed (notice text PRIMARY KEY, source text NOT NULL);
    ALTER TABLE ledger.followed OWNER TO ledger_owner;
    ALTER TABLE ledger.followed ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON ledger.followed TO ledger_writer;"""
)
_LOG_IN = _ON_WORKER.format(" ".join(f"ALTER ROLE {role} LOGIN;" for role in LOGINS))


async def is_on_citus(connection: Connection) -> bool:
    """Return whether the database has the extension Citus."""
    cursor = await connection.execute("SELECT FROM pg_extension WHERE extname = 'citus'")
    return cursor.rowcount == 1


async def is_distributed(connection: Connection) -> bool:
    """Return whether the ledger's tables are distributed over a cluster."""
    return await is_on_citus(connection) and "ledger.heads" in await _distributed(connection)


def lost_worker(error: psycopg.Error) -> str | None:
    """Return the address of the worker that an error reports as unreachable; None for other errors."""
    match = _LOST_WORKER.search(str(error))
    return match[1] if match else None


async def refuse_distributed(connection: Connection) -> None:
    """Check that a ledger may follow other ledgers, or be followed by them.

    Raises:
        LedgerError: The ledger is distributed, and Citus does not replicate rows in the order of storing.
    """
    if await is_distributed(connection):
        raise LedgerError("this ledger is distributed over a cluster, which neither follows nor is followed")


async def migrate_server(url: str, progress: Callable[[str], None] = lambda _name: None) -> list[str]:
    """Run the migrations of a database that belongs to no cluster, and return the names of the files that ran.

    Raises:
        LedgerError: The database belongs to a cluster, where definitions of tables and roles go to all nodes.
            Errors of `migrate` are raised too.
    """
    async with await connect(url) as connection:
        if await is_on_citus(connection) and (await connection.execute(_OTHER_NODES)).rowcount:
            raise LedgerError(
                "this database belongs to a Citus cluster; run ledger distribute on its coordinator, "
                "which also migrates"
            )
    return await migrate(url, progress)


async def distribute(url: str, progress: Callable[[str], None] = lambda _step: None) -> list[str]:
    """Migrate a cluster's database, and distribute the tables and functions that are not distributed yet.

    Args:
        url: The database on the coordinator, with a superuser's login.
        progress: Called with a description of each step, such as "distributed ledger.heads".

    Returns:
        Descriptions of the steps that were done; empty if nothing was missing.

    Raises:
        LedgerError: The database cannot be distributed; the message says why.
        Unavailable: The coordinator or a worker cannot be reached.
    """
    steps: list[str] = []

    def note(step: str) -> None:
        steps.append(step)
        progress(step)

    async with await connect(url, settings=_SETTINGS) as connection:
        await _check_cluster(connection)
        distributed = await is_distributed(connection)
        await migrate(_with_propagation(url, on=distributed), lambda name: note(f"ran {name}"))
        if not distributed:
            await _check_content(connection)
        await _run_on_workers(connection, _EXTENSION)
        for table in [table for table in TABLES if table not in await _distributed(connection)]:
            await _place(connection, table)
            note(f"distributed {table}")
        await _run_on_workers(connection, _FOLLOWED)
        for names, arguments in ((COPIED, ""), (DELEGATED, _DELEGATION)):
            for function in await _distribute_functions(connection, names, arguments):
                note(f"distributed {function}")
        await _restrict_functions(connection)
        cursor = await connection.execute(_LOCAL_VIEWS)
        for (table,) in await cursor.fetchall():
            await connection.execute("SELECT views.place(%s)", (table,))
            note(f"distributed views.{table}")
        await _run_on_workers(connection, _LOG_IN)  # last: outsiders find no half-protected worker
    return steps


async def _check_cluster(connection: Connection) -> None:
    """Check that a superuser is connected to the coordinator of a cluster whose workers can be reached.

    Raises:
        LedgerError: There is no cluster or no worker, or the node or the login is wrong.
        Unavailable: The coordinator cannot reach a worker.
    """
    if not await is_on_citus(connection):
        raise LedgerError(
            "the database has no Citus; on each node, add citus to shared_preload_libraries, restart, "
            "and run CREATE EXTENSION citus"
        )
    cursor = await connection.execute(
        "SELECT current_setting('is_superuser') = 'on', groupid = 0 FROM pg_catalog.pg_dist_local_group"
    )
    ((is_superuser, is_coordinator),) = await cursor.fetchall()
    if not is_coordinator:
        raise LedgerError("this node is a worker; set LEDGER_DATABASE_URL to the coordinator")
    if not is_superuser:
        raise LedgerError("distributing takes a superuser's login; run ledger distribute as the administrator")
    workers = await (await connection.execute(_WORKERS)).fetchall()
    if not workers:
        raise LedgerError("the cluster has no worker; add one with SELECT citus_add_node(HOST, PORT)")
    lost = [name for name, is_reachable in workers if not is_reachable]
    if lost:
        raise Unavailable(
            f"the coordinator cannot reach the worker {', '.join(lost)}; start it or, with citus_update_node, "
            "name its standby"
        )


async def _check_content(connection: Connection) -> None:
    """Raise LedgerError unless a ledger may be distributed: it has no entries and follows no other ledger."""
    for table, reason in (
        ("ledger.heads", "it has entries already, which would stay readable on the coordinator"),
        ("ledger.sources", "it follows other ledgers, which a cluster cannot do"),
    ):
        cursor = await connection.execute(f"SELECT FROM {table} LIMIT 1".encode())
        if cursor.rowcount:
            raise LedgerError(f"this ledger cannot be distributed: {reason}; begin with an empty database")


async def _place(connection: Connection, table: str) -> None:
    await connection.execute(
        "SELECT create_distributed_table(%s, 'notice', colocate_with => %s)",
        (table, "default" if table == TABLES[0] else TABLES[0]),
    )


async def _distribute_functions(connection: Connection, names: Sequence[str], arguments: str) -> list[str]:
    """Copy functions and their grants to the workers, and return the names of the functions that were missing.

    PUBLIC may execute a copy until the grants are repeated, so one transaction does both.
    """
    create = SQL("SELECT create_distributed_function(%s{})").format(SQL(arguments))
    functions = await (await connection.execute(_FUNCTIONS, (list(names),))).fetchall()
    for _, signature, is_restricted, grantees in functions:
        async with connection.transaction():
            await connection.execute(create, (signature,))
            if is_restricted:
                await connection.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC".encode())
            for grantee in grantees:
                await connection.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {grantee}".encode())
    return [name for name, *_ in functions]


async def _restrict_functions(connection: Connection) -> None:
    """Revoke the restricted functions from PUBLIC: Citus grants them to PUBLIC on each worker that is added.

    Raise Unavailable if a worker fails.
    """
    cursor = await connection.execute(_RESTRICTED, ([*COPIED, *DELEGATED],))
    names = ", ".join(name for (name,) in await cursor.fetchall())
    await _run_on_workers(connection, _ON_WORKER.format(f"REVOKE ALL ON FUNCTION {names} FROM PUBLIC;"))


async def _run_on_workers(connection: Connection, command: str) -> None:
    """Run a command on each worker. Raise Unavailable if a worker fails."""
    cursor = await connection.execute(
        "SELECT nodename || ':' || nodeport, success, result FROM run_command_on_workers(%s)", (command,)
    )
    for worker, succeeded, result in await cursor.fetchall():
        if not succeeded:
            raise Unavailable(f"the worker {worker} failed: {result}; repeat the command once it runs")


async def _distributed(connection: Connection) -> Sequence[str]:
    """Return the names of the distributed tables."""
    return [name for (name,) in await (await connection.execute(_DISTRIBUTED)).fetchall()]


def _with_propagation(url: str, *, on: bool) -> str:
    """Return the URL of sessions whose definitions of tables go to the workers, or stay on the coordinator."""
    settings = {**_SETTINGS, "citus.enable_ddl_propagation": "on" if on else "off"}
    return make_conninfo(url, options=session_options(url, settings))
