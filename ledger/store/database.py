"""Connections to PostgreSQL in the ledger's roles, and the migrations of the schema.

Migrations are the numbered files in the `sql` folders of this package and of `projections.engine`. Each file runs
once, in a transaction of its own under an advisory lock. Its SHA-256 is stored: a file changed later is refused.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import psycopg
from psycopg import AsyncConnection, BaseConnection, IsolationLevel
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.migrations import SCHEMA_FOLDERS, lock, migrations
from ledger.store.pooling import is_pooled, refuse_transaction_pooling
from ledger.store.writer_connections import BoundedConnection

_C = TypeVar("_C", bound=AsyncConnection[Any])
DatabaseRole = Literal["ledger_writer", "ledger_projector", "ledger_reader", "ledger_guest"]
FROZEN_SECONDS = 15
"""Seconds for which a writer's session may be idle in a transaction; then it ends and frees its locks."""
SEVERAL_HOSTS_SECONDS = 3
"""Seconds to wait for a connection to each host, if the URL names several hosts."""
_CREATE = "create another: createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 NAME"
NETWORK: Mapping[str, int] = MappingProxyType(
    {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
)
"""libpq parameters that detect a server which no longer answers; parameters in the URL take precedence."""
PINNED: Mapping[str, str] = MappingProxyType(
    {
        "array_nulls": "on",
        "bytea_output": "hex",
        "check_function_bodies": "on",
        "datestyle": "ISO, MDY",
        "default_transaction_deferrable": "off",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
        "extra_float_digits": "1",
        "gin_fuzzy_search_limit": "0",
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0",
        "intervalstyle": "postgres",
        "ledger.notices": "",
        "ledger.position": "",
        "lock_timeout": "0",
        "quote_all_identifiers": "off",
        "row_security": "on",
        "search_path": "ledger",
        "standard_conforming_strings": "on",
        "statement_timeout": "0",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "transform_null_equals": "off",
    }
)
"""Server settings that change bytes or meaning; the ledger's connections pin them against its defaults."""
_REQUIRED: Mapping[str, str] = MappingProxyType({"client_encoding": "UTF8", "session_replication_role": "origin"})
"""Settings that are not among the options of a connection, but are checked too."""
_CHECK = """
SELECT pg_backend_pid(), array(
    SELECT coalesce(current_setting(name, true), '')
    FROM unnest(%s::text[]) WITH ORDINALITY AS u(name, number) ORDER BY number),
    CASE WHEN coalesce(current_setting('transaction_timeout', true), '0') <> '0'
    THEN set_config('transaction_timeout', '0', false) END  -- PostgreSQL before 17 refuses it among the options
"""


async def connect(
    url: str, role: DatabaseRole | None = None, settings: Mapping[str, str] = MappingProxyType({})
) -> AsyncConnection[Any]:
    """Return an autocommit connection in a role, with the pinned settings and further settings of the server.

    Raises:
        Unavailable: The server cannot be reached.
        LedgerError: The connection lacks a setting.
    """
    return await connect_as(connection_class(role), url, role, settings)


async def connect_as(
    kind: type[_C], url: str, role: DatabaseRole | None, settings: Mapping[str, str] = MappingProxyType({})
) -> _C:
    """Return a connection of class `kind`, with the arguments and the errors of `connect`."""
    all_settings = {**session_settings(role), **settings}
    try:
        connection = await kind.connect(url, **connection_arguments(url, all_settings))
    except psycopg.OperationalError as error:
        raise unreachable(error) from error
    try:
        await check_session(connection, all_settings)
    except BaseException:
        await connection.close()
        raise
    return connection


def unreachable(error: psycopg.OperationalError) -> Unavailable:
    """Return the error of a connection that cannot be made or was lost, with the last reason but no advice."""
    lines = [line for line in str(error).strip().splitlines() if not line.startswith("\t")]  # advice is indented
    return Unavailable(f"the database cannot be reached: {lines[-1] if lines else 'the connection was lost'}")


def pool(
    url: str,
    role: DatabaseRole,
    size: int,
    *,
    checked: bool = True,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Return a pool of autocommit connections, to be opened with `open_pool`.

    Args:
        url: The database.
        role: Database role of every connection.
        size: Maximum number of connections.
        checked: Test each connection before it is used; otherwise a statement may meet a lost connection.
        settings: Server parameters, such as `statement_timeout`, set on every connection.
    """
    all_settings = {**session_settings(role), **settings}
    return AsyncConnectionPool(
        url,
        connection_class=connection_class(role),
        kwargs=connection_arguments(url, all_settings),
        configure=partial(check_session, settings=all_settings),
        min_size=1,
        max_size=size,
        open=False,
        check=AsyncConnectionPool.check_connection if checked else None,
        name=role,
    )


async def open_pool(pool: AsyncConnectionPool[AsyncConnection[Any]], seconds: float = 10) -> None:
    """Open a pool and wait for its first connection.

    Raises:
        Unavailable: No connection can be made within `seconds`; the pool is closed again.
        LedgerError: The pool's connections lack a setting.
    """
    try:
        await pool.open(wait=True, timeout=seconds)
    except PoolTimeout as error:
        await pool.close()
        async with await connect(str(pool.conninfo)):
            pass  # a connection of its own fails for the reason, such as a limit of connections
        raise Unavailable(f"the database cannot be reached; check LEDGER_DATABASE_URL: {error}") from error


@asynccontextmanager
async def consistent_read(url: str) -> AsyncIterator[AsyncConnection[Any]]:
    """Yield a connection in a read-only transaction over one state of all notices.

    A query fails, rather than returns fewer rows, if row-level security would hide any row.

    Raises:
        Unavailable: The server cannot be reached.
        LedgerError: The connection lacks a setting.
    """
    connection = await connect(url, settings=session_settings("ledger_writer"))  # not bounded: it reads all rows
    async with connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        async with connection.transaction():
            await connection.execute("SET LOCAL row_security = off")
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # output may be paused
            yield connection


def connection_class(role: DatabaseRole | None) -> type[AsyncConnection[Any]]:
    """Return the class of a role's connections: BoundedConnection for the writer, else psycopg's own class."""
    return BoundedConnection if role == "ledger_writer" else AsyncConnection


def connection_arguments(url: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of a connection: options, and bounds for a server that does not answer.

    Of several hosts, a connection takes a host that accepts writes, unless the URL says otherwise.
    """
    from_url = psycopg.conninfo.conninfo_to_dict(url)
    defaults: dict[str, Any] = dict(NETWORK)
    if "," in f"{from_url.get('host') or ''}{from_url.get('hostaddr') or ''}":
        defaults |= {"target_session_attrs": "read-write", "connect_timeout": SEVERAL_HOSTS_SECONDS}
    arguments = {name: value for name, value in defaults.items() if name not in from_url}
    return {**arguments, "autocommit": True, "options": session_options(url, settings), "client_encoding": "UTF8"}


def hosts(url: str) -> Iterator[tuple[str, str]]:
    """Yield the address of each host in a URL, without a password, and a URL of that host only."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    names = str(parts.pop("host", "") or "").split(",")
    addresses = str(parts.pop("hostaddr", "") or "").split(",")
    ports = str(parts.pop("port", "") or "").split(",")
    for number in range(max(len(names), len(addresses))):
        listed = {"host": names, "hostaddr": addresses, "port": ports}
        own = {key: values[number % len(values)] for key, values in listed.items()}
        own = {key: value for key, value in own.items() if value}
        label = ":".join(value for key, value in own.items() if key != "hostaddr" or "host" not in own)
        one: dict[str, Any] = {**parts, **own, "target_session_attrs": "any"}
        yield label, psycopg.conninfo.make_conninfo("", **one)


def session_settings(role: DatabaseRole | None) -> dict[str, str]:
    """Return the server settings of a connection in a role: the pinned settings, and settings of that role."""
    of_role: dict[str, str] = {"role": role} if role else {}
    if role == "ledger_writer":
        of_role["idle_in_transaction_session_timeout"] = f"{FROZEN_SECONDS}s"
    elif role == "ledger_reader":  # the workers of a cluster get a transaction's notice and position
        of_role["citus.propagate_set_commands"] = "local"
    return {**PINNED, **of_role}


def session_options(url: str, settings: Mapping[str, str]) -> str:
    """Return the libpq options of the URL, followed by options for these server settings."""
    from_url = psycopg.conninfo.conninfo_to_dict(url).get("options") or ""
    pinned = " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in settings.items())
    return f"{from_url} {pinned}".strip()


async def check_session(connection: AsyncConnection[Any], settings: Mapping[str, str]) -> None:
    """Check that a new connection has its role and settings.

    Raises:
        LedgerError: A setting differs. The message names the setting, and a pooler before the server if any.
    """
    statement, names = session_query(settings)
    judge_session(connection, settings, await (await connection.execute(statement, (names,))).fetchone())


def session_query(settings: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the query for a connection's process id and settings, and its parameter: the settings' names."""
    return _CHECK, [*settings, *_REQUIRED]


def judge_session(
    connection: BaseConnection[Any], settings: Mapping[str, str], row: tuple[Any, ...] | None
) -> None:
    """Check the row of `session_query`; raise LedgerError as `check_session` does."""
    assert row is not None  # noqa: S101 - the query always returns one row
    expected = {**settings, **_REQUIRED}
    wrong = [
        f"{name} is {value!r} instead of {expected[name]!r}"
        for name, value in zip(expected, row[1], strict=True)
        if value.replace(" ", "").lower() != expected[name].replace(" ", "").lower()
    ]
    if wrong:
        remedy = "unset the variables PGTZ and PGDATESTYLE, and the setting of the server that forces it"
        if is_pooled(connection, row[0]):
            remedy = "a connection pooler such as PgBouncer drops them; connect to PostgreSQL directly"
        raise LedgerError(f"the connection to the database lacks its settings: {', '.join(wrong)}; {remedy}")


async def migrate(
    url: str, progress: Callable[[str], None] = lambda _name: None, folders: Mapping[str, str] = SCHEMA_FOLDERS
) -> list[str]:
    """Run the migrations that have not run; this needs the administrator's login.

    Args:
        url: The database.
        progress: Called with the name of each file that ran.
        folders: Packages with migrations, as in `SCHEMA_FOLDERS`.

    Returns:
        The names of the files that ran.

    Raises:
        LedgerError: A file that ran earlier was changed since, or belongs to a newer ledger. Or the database
            cannot hold every narrative, or cannot search in narratives. Or another process migrates for
            too long, or a pooler breaks sessions.
        Unavailable: The server cannot be reached.
    """
    ran = []
    async with _session(url) as connection:
        await lock(connection)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS public.ledger_migrations "
            "(name text PRIMARY KEY, checksum text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await (await connection.execute("SELECT name, checksum FROM public.ledger_migrations")).fetchall()
        applied = dict(rows)
        if not applied:
            await _require_letters(connection)
        known = migrations(folders)
        unknown = sorted(set(applied) - {m.name for m in known})
        if unknown and folders == SCHEMA_FOLDERS:
            raise LedgerError(f"the database was migrated by a newer ledger ({unknown[-1]}); upgrade this one")
        for migration in known:
            checksum = applied.get(migration.name)
            if checksum == migration.checksum:
                continue
            if checksum is not None:
                raise LedgerError(f"{migration.name} was changed after it ran; restore it, and add a new file")
            async with connection.transaction():
                await connection.execute(migration.sql.encode())
                await connection.execute("RESET ROLE")
                await connection.execute(
                    "INSERT INTO public.ledger_migrations (name, checksum) VALUES (%s, %s)",
                    (migration.name, migration.checksum),
                )
            ran.append(migration.name)
            progress(migration.name)
    return ran


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[AsyncConnection[Any]]:
    """Yield a connection to a database that can hold every narrative, and through no pooler of transactions.

    Raises:
        Unavailable: The server cannot be reached.
        LedgerError: The encoding of the database is not UTF-8, or a pooler breaks sessions.
    """
    async with await connect(url) as connection:
        _require_utf8(connection)
        await refuse_transaction_pooling(connection, partial(connect, url))
        yield connection


def _require_utf8(connection: AsyncConnection[Any]) -> None:
    """Raise LedgerError unless the database's encoding can hold every narrative."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        name = connection.info.dbname
        raise LedgerError(f"the encoding of the database {name} is {encoding}, and must be UTF8; {_CREATE}")


async def _require_letters(connection: AsyncConnection[Any]) -> None:
    """Raise LedgerError unless the database's locale has the small letters that search expects.

    C knows no É. In Turkish the small letter of I has no dot, and in Lithuanian that of Ì has one more.
    """
    cursor = await connection.execute("SELECT lower(U&'\\00C9 I I\\0300') = U&'\\00E9 i i\\0300'")
    if await cursor.fetchone() != (True,):
        name = connection.info.dbname
        raise LedgerError(
            f"the locale of the database {name} has other small letters for É, I or Ì than é, i and ì, and search "
            f"would miss words; {_CREATE}"
        )


async def pending(url: str) -> list[str]:
    """Return the names of the migrations that have not run; empty for an up-to-date schema.

    Raises:
        Unavailable: The server cannot be reached.
        LedgerError: The login may not read which migrations have run, the encoding is not UTF-8, or a pooler
            breaks sessions.
    """
    async with _session(url) as connection:
        table = await (await connection.execute("SELECT to_regclass('public.ledger_migrations')")).fetchone()
        ran = await _ran(connection) if table and table[0] else set()
    return [migration.name for migration in migrations() if migration.name not in ran]


async def _ran(connection: AsyncConnection[Any]) -> set[str]:
    """Return the names of the migrations that have run; query as the login, or else as the writer.

    Raises:
        LedgerError: Neither the login nor the writer may read them.
    """
    query = "SELECT name FROM public.ledger_migrations"
    try:
        try:
            cursor = await connection.execute(query)
        except psycopg.errors.InsufficientPrivilege:  # a login that does not inherit its roles' rights
            await connection.execute("SET ROLE ledger_writer")
            cursor = await connection.execute(query)
    except psycopg.errors.InsufficientPrivilege:
        raise LedgerError(
            f"the login {connection.info.user} may not read which migrations have run; make it a member of "
            "ledger_writer, ledger_projector and ledger_reader, and run ledger migrate as the administrator"
        ) from None
    return {name for (name,) in await cursor.fetchall()}
