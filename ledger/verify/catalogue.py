"""Check the database's catalogue against the one that the migrations make.

The protections are objects of the database: triggers, functions, grants, policies, constraints and owners. The
migrations run in a scratch database on the same server, and both catalogues are compared object by object. That
needs a login that may create a database. Without one, only the migrations' checksums and the roles are compared.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from secrets import token_hex
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from ledger.store.database import connect, migrate, migrations
from ledger.verify.findings import Damage, Finding

SCRATCH = "ledger_verify_"
"""Prefix of a scratch database's name."""
_TEMPLATE = "template"
"""View table of the scratch database, whose protections every view table must have."""
_PROTECTIONS = ("relation", "policy", "grants", "grants on the column", "trigger", "rule", "parent")
_ROLES = {
    "ledger_owner": "",
    "ledger_writer": "rolbypassrls",
    "ledger_projector": "rolbypassrls",
    "ledger_reader": "",
    "ledger_guest": "",
    "ledger_follower": "",
}
"""Role → the one attribute that it has."""
_ATTRIBUTES = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication", "rolbypassrls")
_QUERY = files("ledger.verify").joinpath("catalogue.sql").read_text("utf-8")


class DatabaseObject(NamedTuple):
    """An object of a catalogue, by its name."""

    kind: str
    schema: str
    name: str

    def __str__(self) -> str:
        name = self.name if self.name.startswith(f"{self.schema}.") else f"{self.schema}.{self.name}"
        return f"{self.kind} {self.name if self.name == self.schema else name}"


Catalogue = dict[DatabaseObject, str]
"""Object → its definition."""


class CatalogueReport(NamedTuple):
    """Differences of a catalogue, and the reason why it was not compared as a whole."""

    findings: list[Finding]
    unchecked: str = ""


async def check(url: str) -> CatalogueReport:
    """Compare the catalogue of a database with that of its migrations. Raises Unavailable."""
    async with await connect(url) as connection:
        details = [*await _migrations(connection), *await _roles(connection)]
        actual = await read(connection)
    unchecked = ""
    try:
        async with _scratch(url) as scratch:
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
    return CatalogueReport([Finding("", 0, Damage.CATALOGUE, detail) for detail in details], unchecked)


async def read(connection: AsyncConnection[Any]) -> Catalogue:
    """Return the catalogue of a database."""
    cursor = await connection.execute(_QUERY.encode())
    return {DatabaseObject(*row[:3]): row[3] for row in await cursor.fetchall()}


def compare(expected: Catalogue, actual: Catalogue) -> list[str]:
    """Return the differences between two catalogues, each in words."""
    return [*_changed(expected, actual), *_surplus(expected, actual)]


def _changed(expected: Catalogue, actual: Catalogue) -> Iterator[str]:
    for item, definition in expected.items():
        if item.schema == "views" and _table(item) == _TEMPLATE:
            continue
        if item not in actual:
            yield f"the {item} is missing"
        elif actual[item] != definition:
            yield f"the {item} is {_short(actual[item])}, not {_short(definition)}"


def _surplus(expected: Catalogue, actual: Catalogue) -> Iterator[str]:
    known = {_table(item) for item in expected if item.schema == "views" and item.kind == "relation"}
    for item in actual:
        # Tables of views are made while the ledger runs, and guests own their schema.
        runtime = item.schema == "views" and item.kind != "function" and _table(item) not in known
        if item not in expected and item.schema != "guests" and not (runtime and "function" not in item.kind):
            yield f"the {item} comes from no migration"
    template = _protections(expected, _TEMPLATE)
    for table in sorted({_table(i) for i in actual if i.schema == "views" and i.kind == "relation"} - known):
        if _protections(actual, table) != template:
            yield f"the protections of the table views.{table} are not those of a view"


def _table(item: DatabaseObject) -> str:
    return item.name.partition(".")[0]


def _protections(catalogue: Catalogue, table: str) -> list[tuple[str, str, str]]:
    """Return the owner, row security, policies, grants, triggers and rules of a view's table."""
    items = ((item, text) for item, text in catalogue.items() if item.schema == "views" and _table(item) == table)
    return sorted(
        (item.kind, item.name.partition(".")[2], text) for item, text in items if item.kind in _PROTECTIONS
    )


def _short(definition: str) -> str:
    words = " ".join(definition.split())
    return f"“{words}”" if len(words) <= 160 else f"“{words[:160]}…”"


async def _migrations(connection: AsyncConnection[Any]) -> list[str]:
    """Return each migration whose recorded checksum differs from its file's."""
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


async def _roles(connection: AsyncConnection[Any]) -> list[str]:
    """Return each role of the ledger that is missing or has other attributes than it needs."""
    cursor = await connection.execute(
        SQL("SELECT rolname, {} FROM pg_roles WHERE rolname = ANY (%s)").format(
            SQL(", ").join(map(Identifier, _ATTRIBUTES))
        ),
        (list(_ROLES),),
    )
    rows = {
        row[0]: {name for name, value in zip(_ATTRIBUTES, row[1:], strict=True) if value}
        for row in await cursor.fetchall()
    }
    details = []
    for role, attribute in _ROLES.items():
        needed = {attribute} if attribute else set[str]()
        if role not in rows:
            details.append(f"the role {role} is missing")
        elif rows[role] != needed:
            changed = ", ".join(sorted(name.removeprefix("rol") for name in rows[role] ^ needed))
            details.append(f"the role {role} has other attributes than it needs: {changed}")
    return details


@asynccontextmanager
async def _scratch(url: str) -> AsyncIterator[str]:
    """Create an empty database on the same server, and drop it afterwards."""
    name = f"{SCRATCH}{token_hex(8)}"
    async with await connect(url) as connection:
        await connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(Identifier(name))
        )
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            await connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
