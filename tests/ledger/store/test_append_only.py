"""The database keeps the record append-only: forbidden statements fail in each role; triggers stop accidents."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from ledger.append.writer import Writer
from ledger.intake.parse import SubmittedFile, with_file
from ledger.store import entries
from ledger.store.database import DatabaseRole, connect
from ledger.verify.database import verify
from tests.ledger.history import ALICE, DIGEST, NOTICE, SETTING_SIZE, begin, progress, submit

pytestmark = pytest.mark.database

ROLES: tuple[DatabaseRole, ...] = get_args(DatabaseRole)
LOGIN = "ledger_service_of_a_test"
OTHER = "other-2023"
FILE = SubmittedFile("a" * 64, "uploads/x", bytes(32), DIGEST, 9, "text/csv")
"""A row for a document; the database does not check its content."""
NARRATED = SETTING_SIZE + 1
"""Position of an entry with a narrative."""

CHANGES = [
    "UPDATE ledger.entries SET body = body || ' '::bytea",
    "UPDATE ledger.entries SET recorded_at = now() WHERE false",
    "DELETE FROM ledger.entries",
    "TRUNCATE ledger.entries",
    "UPDATE ledger.narratives SET body = 'Another text.'",
    "UPDATE ledger.narratives SET body = NULL, salt = NULL, erased_by = 1",
    "DELETE FROM ledger.narratives",
    "TRUNCATE ledger.narratives CASCADE",
    "DELETE FROM ledger.heads",
    "TRUNCATE ledger.heads",
    "UPDATE ledger.tokens SET notice = 'another'",
    "DELETE FROM ledger.tokens",
    "DELETE FROM ledger.snapshots",
    "UPDATE ledger.heads SET size = size - 1",
    "UPDATE ledger.heads SET root_hash = sha256(root_hash)",
    "UPDATE ledger.heads SET notice = 'x-' || notice",
    "INSERT INTO ledger.entries TABLE ledger.entries ON CONFLICT (notice, position) DO UPDATE SET id = 'x'",
    "MERGE INTO ledger.entries e USING ledger.heads h ON position = size WHEN MATCHED THEN UPDATE SET id = 'x'",
    "SELECT FROM ledger.entries FOR UPDATE",
    "DELETE FROM ledger.files",
    "TRUNCATE ledger.files",
    "UPDATE ledger.files SET salt = sha256(salt)",
    "UPDATE ledger.files SET salt = NULL, erased_by = 1",
    "UPDATE ledger.files SET content = repeat('0', 64)",
    "UPDATE ledger.files SET content = NULL, upload = NULL",
    "UPDATE ledger.files SET upload = 'uploads/another'",
    "UPDATE ledger.files SET size = 1",
    "UPDATE ledger.tiles SET root_hash = sha256(root_hash)",
    "DELETE FROM ledger.tiles",
    "TRUNCATE ledger.tiles",
    "UPDATE ledger.checkpoints SET note = 'x'",
    "DELETE FROM ledger.checkpoints",
    "TRUNCATE ledger.checkpoints",
]
"""Statements that would change or remove recorded rows."""
SUBVERSIONS = [
    "ALTER TABLE ledger.entries DISABLE TRIGGER ALL",
    "ALTER TABLE ledger.entries DISABLE TRIGGER entries_are_immutable",
    "ALTER TABLE ledger.entries DROP COLUMN body",
    "ALTER TABLE ledger.entries ADD COLUMN more text",
    "ALTER TABLE ledger.entries NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE ledger.narratives DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE ledger.entries OWNER TO CURRENT_USER",
    "ALTER TABLE ledger.entries RENAME TO entries_before",
    "DROP TABLE ledger.entries",
    "DROP TABLE ledger.narratives CASCADE",
    "DROP TRIGGER entries_are_immutable ON ledger.entries",
    "CREATE TRIGGER more BEFORE INSERT ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change()",
    "CREATE RULE more AS ON INSERT TO ledger.entries DO INSTEAD NOTHING",
    "CREATE POLICY more ON ledger.entries USING (true)",
    "DROP POLICY reader ON ledger.entries",
    "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "DROP FUNCTION ledger.erase_narratives",
    "CREATE TABLE ledger.forged (x int)",
    "CREATE TABLE public.forged (x int)",
    "CREATE SCHEMA forged",
    "DROP SCHEMA ledger CASCADE",
    "GRANT ledger_owner TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET session_replication_role = replica",
    "SET ROLE ledger_owner",
    "SET SESSION AUTHORIZATION ledger_owner",
    "UPDATE public.ledger_migrations SET checksum = ''",
]
"""Statements that would remove the protection."""


@pytest.fixture
async def recorded(database: str) -> str:
    """Return the URL of a database with two notices, one with a narrative and a document."""
    async with Writer(database) as writer:
        await begin(writer)
        data = {"evidence": "E1", "digest": FILE.digest, "mediaType": FILE.media_type, "size": FILE.size}
        item = submit("EvidenceSubmitted", {**data, "title": "Visits", "classification": "OFFICIAL"})
        submitted = with_file(item, FILE)
        assert (await writer.append(NOTICE, submitted, ALICE)).position == NARRATED
        await begin(writer, OTHER)
    async with await connect(database, "ledger_writer") as connection:
        await entries.add_file(connection, OTHER, SETTING_SIZE, FILE)
    return database


@pytest.fixture
def service(template: str) -> Iterator[str]:
    """Create a login like the service's own, a member of the three roles that inherits none; return its name."""
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {LOGIN} LOGIN NOINHERIT IN ROLE {', '.join(ROLES)}".encode())
        yield LOGIN
        connection.execute(f"DROP ROLE {LOGIN}".encode())


async def refused(connection: AsyncConnection[Any], statement: str) -> None:
    """Assert that the database refuses a statement for a missing right."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute(statement.encode())


@asynccontextmanager
async def unchanged(url: str) -> AsyncIterator[None]:
    """Assert that a block leaves the record unchanged."""
    before = await everything(url)
    yield
    assert await everything(url) == before
    assert (await verify(url, NOTICE)).sound


async def everything(url: str) -> list[Any]:
    async with await connect(url) as connection:
        tables = [b"entries", b"narratives", b"heads", b"files"]
        return [
            await (await connection.execute(b"SELECT * FROM ledger." + table + b" ORDER BY 1, 2")).fetchall()
            for table in tables
        ]


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_changes_what_is_recorded(recorded: str, role: DatabaseRole) -> None:
    async with unchanged(recorded), await connect(recorded, role) as connection:
        if role == "ledger_reader":
            await connection.execute(f"SET ledger.notices = '{NOTICE},{OTHER}'".encode())
        for statement in CHANGES:
            await refused(connection, statement)


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_takes_the_protection_away(recorded: str, service: str, role: DatabaseRole) -> None:
    """Log in as the service: after SET ROLE a superuser could still choose any other role."""
    async with unchanged(recorded), await connect(make_conninfo(recorded, user=service), role) as connection:
        for statement in SUBVERSIONS:
            await refused(connection, statement)
        # PostgreSQL answers this with a warning and does nothing.
        await connection.execute("GRANT UPDATE, DELETE, TRUNCATE ON ledger.entries TO CURRENT_USER")
        for statement in CHANGES:
            await refused(connection, statement)


@pytest.mark.parametrize("role", [None, *ROLES])
async def test_the_services_login_changes_nothing_either(
    recorded: str, service: str, role: DatabaseRole | None
) -> None:
    async with unchanged(recorded), await connect(make_conninfo(recorded, user=service), role) as connection:
        for statement in CHANGES if role else [*CHANGES, *SUBVERSIONS]:
            await refused(connection, statement)


async def test_the_services_login_itself_reads_nothing_and_writes_through_its_role(
    recorded: str, service: str
) -> None:
    login = make_conninfo(recorded, user=service)
    async with await connect(login) as connection:
        for table in ("entries", "narratives", "heads", "tokens", "snapshots", "files"):
            await refused(connection, f"TABLE ledger.{table}")
    async with Writer(login) as writer:
        assert (await writer.append(NOTICE, progress(), ALICE)).position == NARRATED + 1
    assert (await verify(login, NOTICE)).sound


@pytest.mark.parametrize("role", ["ledger_projector", "ledger_reader"])
async def test_only_the_writer_records(recorded: str, role: DatabaseRole) -> None:
    async with unchanged(recorded), await connect(recorded, role) as connection:
        for table in ("entries", "narratives", "heads", "tokens", "snapshots", "files"):
            await refused(connection, f"INSERT INTO ledger.{table} DEFAULT VALUES")
        await refused(connection, "UPDATE ledger.heads SET size = 1")
        await refused(connection, "SELECT * FROM ledger.tokens")
        await refused(connection, f"SELECT ledger.erase_narratives('{NOTICE}', {NARRATED})")
        await refused(connection, f"SELECT ledger.erase_file('{NOTICE}', {NARRATED})")
    async with await connect(recorded, "ledger_projector") as connection:
        await refused(connection, "SELECT * FROM ledger.narratives")


@pytest.mark.parametrize("position", [1, NARRATED, NARRATED + 1, -1])
async def test_nothing_is_erased_without_the_erasing_entry(recorded: str, position: int) -> None:
    async with unchanged(recorded), await connect(recorded, "ledger_writer") as connection:
        await refused(connection, f"SELECT ledger.erase_narratives('{NOTICE}', {position})")
        cursor = await connection.execute("SELECT ledger.erase_narratives(NULL, NULL)")
        assert await cursor.fetchone() == (None,)
        await refused(connection, f"SELECT ledger.erase_file('{NOTICE}', {position})")
        cursor = await connection.execute("SELECT ledger.erase_file(NULL, NULL)")
        assert await cursor.fetchone() == (None,)


async def test_an_erasing_entry_of_another_notice_erases_nothing(recorded: str) -> None:
    erasing = """INSERT INTO ledger.entries SELECT notice, position + 1, source, 'e',
        'improvement-ledger.records.NarrativeErased.v1', recorded_at, leaf_hash, root_hash,
        '{"data":{"position":8,"request":7}}' FROM ledger.entries WHERE notice = 'other-2023' AND position = 7"""
    async with await connect(recorded, "ledger_writer") as connection:
        await connection.execute(erasing.encode())
        await refused(connection, f"SELECT ledger.erase_narratives('{NOTICE}', {NARRATED})")
        cursor = await connection.execute(f"SELECT ledger.erase_narratives('{OTHER}', {NARRATED})".encode())
        assert await cursor.fetchone() == (0,)
        cursor = await connection.execute("SELECT count(*) FROM ledger.narratives WHERE erased_by IS NOT NULL")
        assert await cursor.fetchone() == (0,)


ACCIDENTS = [
    "UPDATE ledger.entries SET body = body || ' '::bytea",
    "UPDATE ledger.entries SET source = 'x' WHERE position = 1",
    "DELETE FROM ledger.entries WHERE position = 3",
    "TRUNCATE ledger.entries",
    "TRUNCATE ledger.entries, ledger.narratives, ledger.heads CASCADE",
    "UPDATE ledger.narratives SET body = 'Another text.'",
    "UPDATE ledger.narratives SET position = 3, body = NULL, salt = NULL, erased_by = 1",
    "UPDATE ledger.narratives SET body = NULL, salt = NULL, erased_by = 1",
    "DELETE FROM ledger.narratives",
    "TRUNCATE ledger.narratives",
    "DELETE FROM ledger.heads",
    "TRUNCATE ledger.heads",
    "UPDATE ledger.heads SET size = size - 1, recorded_at = now()",
    "UPDATE ledger.heads SET size = size + 1, notice = 'x-' || notice, recorded_at = now()",
    "UPDATE ledger.heads SET size = size + 1",
    "DELETE FROM ledger.files",
    "TRUNCATE ledger.files",
    "UPDATE ledger.files SET salt = sha256(salt)",
    "UPDATE ledger.files SET salt = NULL, erased_by = 1",
    "UPDATE ledger.files SET content = NULL, upload = NULL",
    "UPDATE ledger.files SET content = repeat('0', 64)",
    "UPDATE ledger.files SET upload = 'uploads/another'",
    "UPDATE ledger.files SET position = position + 1",
]


@pytest.mark.parametrize("statement", ACCIDENTS)
async def test_triggers_stop_the_superusers_accidents(recorded: str, statement: str) -> None:
    async with unchanged(recorded), await connect(recorded) as connection:
        await refused(connection, statement)


async def test_the_superuser_records_nothing_in_a_copy(recorded: str) -> None:
    grow = "UPDATE ledger.heads SET size = size + 1, recorded_at = now() WHERE notice = %s"
    begun = (
        "INSERT INTO ledger.heads SELECT 'new-2024', size, root_hash, frontier, now() FROM ledger.heads LIMIT 1"
    )
    async with await connect(recorded) as connection:
        await connection.execute("INSERT INTO ledger.followed VALUES (%s, 'x'), ('new-2024', 'x')", (OTHER,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="record at its source"):
            await connection.execute(grow, (OTHER,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="record at its source"):
            await connection.execute(begun)
        assert (await connection.execute(grow, (NOTICE,))).rowcount == 1
        await connection.execute("DELETE FROM ledger.followed")
        assert (await connection.execute(grow, (OTHER,))).rowcount == 1


READ = "SELECT DISTINCT notice FROM ledger.{table} ORDER BY notice"
SEEN = ("entries", "narratives", "heads", "files")


async def seen(connection: AsyncConnection[Any], notices: str | None) -> list[list[str]]:
    """Return the notices that a reader of some notices sees in each table."""
    async with connection.transaction():
        if notices is not None:
            await connection.execute(f"SET LOCAL ledger.notices = '{notices}'".encode())
        cursors = [await connection.execute(READ.format(table=table).encode()) for table in SEEN]
        return [[notice for (notice,) in await cursor.fetchall()] for cursor in cursors]


async def test_a_reader_sees_the_notices_named_in_its_transaction_and_no_other(recorded: str) -> None:
    async with await connect(recorded, "ledger_reader") as connection:
        assert await seen(connection, None) == [[]] * 4
        assert await seen(connection, NOTICE) == [[NOTICE]] * 4
        assert await seen(connection, None) == [[]] * 4  # the setting ended with its transaction
        assert await seen(connection, OTHER) == [[OTHER]] * 4
        assert await seen(connection, f"{NOTICE},{OTHER}") == [[OTHER, NOTICE]] * 4
        for nothing in ("", ",", "%", NOTICE[:-1], f"{NOTICE} ", "*"):
            assert await seen(connection, nothing) == [[]] * 4


async def test_what_a_reader_may_name_is_not_read_through_functions_of_its_own(recorded: str) -> None:
    """Put functions of the reader first in the search path; policies still call the server's."""
    async with await connect(recorded) as admin:
        await admin.execute("CREATE SCHEMA forged")
        await admin.execute("GRANT USAGE ON SCHEMA forged TO ledger_reader")
        await admin.execute(
            "CREATE FUNCTION forged.string_to_array(text, text) RETURNS text[] LANGUAGE sql IMMUTABLE"
            " AS $$ SELECT ARRAY['tameside-2022', 'other-2023'] $$"
        )
    async with await connect(recorded, "ledger_reader") as connection:
        await connection.execute("SET search_path = forged, pg_catalog")
        assert await seen(connection, "nothing") == [[]] * 4


async def test_writer_and_projector_see_every_notice(recorded: str) -> None:
    for role, tables in (("ledger_writer", SEEN), ("ledger_projector", ("entries", "heads"))):
        async with await connect(recorded, role) as connection:  # type: ignore[arg-type]
            for table in tables:
                cursor = await connection.execute(READ.format(table=table).encode())
                assert await cursor.fetchall() == [(OTHER,), (NOTICE,)]


async def test_the_owner_and_the_roles_cannot_log_in(recorded: str) -> None:
    async with await connect(recorded) as connection:
        cursor = await connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = ANY(%s)",
            (["ledger_owner", *ROLES],),
        )
        rights_of = {name: rights for name, *rights in await cursor.fetchall()}
        cursor = await connection.execute(
            "SELECT m.roleid::regrole::text, m.member::regrole::text FROM pg_auth_members m JOIN pg_roles r"
            " ON r.oid = m.member WHERE r.rolname LIKE 'ledger_%'"
        )
        assert await cursor.fetchall() == [("ledger_guest", "ledger_projector")]
    bypassing = {"ledger_writer", "ledger_projector"}
    assert rights_of == {
        name: [False, False, False, False, False, name in bypassing] for name in ("ledger_owner", *ROLES)
    }
