"""Check the database's catalogue against the catalogue that the migrations make.

The protections are objects of the database: triggers, functions, grants, policies, constraints and owners. The
migrations run in a scratch database on the same server, and both catalogues are compared object by object. Objects
of other schemas count if they act on the record. The comparison needs a login that may create a database. Without
one, only the migrations' checksums and the roles are compared.
On a cluster, the shards of each worker are compared with the coordinator's tables.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from ledger.store.database import connect, migrate
from ledger.store.distribution import is_distributed
from ledger.store.migrations import migrations
from ledger.verify.cluster import check_nodes
from ledger.verify.database_objects import (
    MEMBERS_QUERY,
    PROTECTIONS,
    QUERY,
    RIGHTS_OUTSIDE,
    ROLES_QUERY,
    Catalogue,
    DatabaseObject,
    brief,
    role_faults,
)
from ledger.verify.findings import Damage, Finding

SCRATCH = "ledger_verify_"
"""Prefix of a scratch database's name."""
_TEMPLATE = "template"
"""View table of the scratch database, whose protections every view table must have."""
_LOCALE = """
SELECT format('LC_COLLATE %L LC_CTYPE %L LOCALE_PROVIDER ', d.datcollate, d.datctype) || CASE d.datlocprovider
    WHEN 'b' THEN format('builtin BUILTIN_LOCALE %L', named.locale)
    WHEN 'i' THEN format('icu ICU_LOCALE %L', named.locale)
    ELSE 'libc' END
FROM pg_database d, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') named (locale)
WHERE d.datname = current_database()
"""
"""Query for the options that give a new database the locale of the present one. Migrations refuse some locales."""


class CatalogueReport(NamedTuple):
    """Differences of a catalogue, and the reason for comparing only a part of it; empty if all was compared."""

    findings: list[Finding]
    unchecked: str = ""


async def check(url: str) -> CatalogueReport:
    """Compare the catalogue of a database with that of its migrations.

    Raises:
        Unavailable: The database cannot be reached.
        LedgerError: The scratch database for the comparison cannot be migrated.
    """
    async with await connect(url) as connection:
        roles = (await (await connection.execute(ROLES_QUERY.encode())).fetchall())[0][0]
        members = await (await connection.execute(MEMBERS_QUERY.encode())).fetchall()
        details = [*await _migrations(connection), *role_faults(roles)]
        details += [f"{member} is a member of {role}, which no migration makes it" for role, member in members]
        actual = await read(connection)
        is_cluster = await is_distributed(connection)
    unchecked = ""
    try:
        async with scratch_database(url) as scratch:
            await migrate(scratch)
            async with await connect(scratch) as connection:
                await connection.execute(
                    "SELECT views.make_table(%s, ARRAY['key'], ARRAY['key'], ARRAY['text'])", (_TEMPLATE,)
                )
                expected = await read(connection)
    except psycopg.errors.InsufficientPrivilege:
        unchecked = "the login may not create a scratch database; run ledger verify as the administrator"
    else:
        details += compare(expected, actual)
        if is_cluster:
            async with await connect(url) as connection:
                differences, unchecked = await check_nodes(connection)
            details += differences
    return CatalogueReport([Finding("", 0, Damage.CATALOGUE, detail) for detail in details], unchecked)


async def read(connection: AsyncConnection[Any]) -> Catalogue:
    """Return the catalogue of a database."""
    cursor = await connection.execute(QUERY.encode())
    return {DatabaseObject(*row[:3]): row[3] for row in await cursor.fetchall()}


def compare(expected: Catalogue, actual: Catalogue) -> list[str]:
    """Return a description of each difference between two catalogues."""
    return [*_changed(expected, actual), *_surplus(expected, actual)]


def _changed(expected: Catalogue, actual: Catalogue) -> Iterator[str]:
    for item, definition in expected.items():
        if item.schema == "views" and _table(item) == _TEMPLATE:
            continue
        if item not in actual:
            yield f"the {item} is missing"
        elif actual[item] != definition:
            yield f"the {item} is {brief(actual[item])}, not {brief(definition)}"


def _surplus(expected: Catalogue, actual: Catalogue) -> Iterator[str]:
    known = {_table(item) for item in expected if item.schema == "views" and item.kind == "relation"}
    for item in actual:
        # Tables of views are made while the ledger runs, and guests own their schema.
        runtime = item.schema == "views" and item.kind != "function" and _table(item) not in known
        of_guest = item.schema == "guests" and item.kind not in RIGHTS_OUTSIDE
        if item not in expected and not of_guest and not (runtime and "function" not in item.kind):
            yield f"the {item} comes from no migration"
    template = _protections(expected, _TEMPLATE)
    for table in sorted({_table(i) for i in actual if i.schema == "views" and i.kind == "relation"} - known):
        if _protections(actual, table) != template:
            yield f"the protections of the table views.{table} are not those of a view"


def _table(item: DatabaseObject) -> str:
    return item.name.partition(".")[0]


def _protections(catalogue: Catalogue, table: str) -> list[tuple[str, str, str]]:
    """Return the owner, row security, policies, grants, triggers, rules and parent of a view's table."""
    items = ((item, text) for item, text in catalogue.items() if item.schema == "views" and _table(item) == table)
    return sorted(
        (item.kind, item.name.partition(".")[2], text) for item, text in items if item.kind in PROTECTIONS
    )


async def _migrations(connection: AsyncConnection[Any]) -> list[str]:
    """Return a message for each migration that did not run, is unknown, or ran with another checksum."""
    cursor = await connection.execute("SELECT name, checksum FROM public.ledger_migrations ORDER BY name")
    ran = dict(await cursor.fetchall())
    known = {migration.name: migration.checksum for migration in migrations()}
    details = [f"the migration {name} did not run" for name in known if name not in ran]
    details += [f"the migration {name} is not one of this ledger" for name in ran if name not in known]
    return details + [
        f"the migration {name} ran with the checksum {ran[name][:12]}…, not {checksum[:12]}…"
        for name, checksum in known.items()
        if ran.get(name, checksum) != checksum
    ]


@asynccontextmanager
async def scratch_database(url: str) -> AsyncIterator[str]:
    """Create an empty database with the same locale on the same server, yield its address, and drop it.

    Raises:
        psycopg.errors.InsufficientPrivilege: The login may not create databases.
        Unavailable: The database cannot be reached.
    """
    name = f"{SCRATCH}{token_hex(8)}"
    async with await connect(url) as connection:
        [(locale,)] = await (await connection.execute(_LOCALE)).fetchall()
        create = SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ").format(Identifier(name))
        await connection.execute(create.as_bytes() + locale.encode())
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            await connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
