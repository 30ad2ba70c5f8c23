"""A database whose protections were changed behind the ledger's back."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.domain.errors import LedgerError
from ledger.store.database import connect
from ledger.verify import catalogue

pytestmark = pytest.mark.database

GUARD = "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
VISIBLE = (
    "CREATE OR REPLACE FUNCTION ledger.visible(of_notice text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE"
)
CHECKSUM = """UPDATE public.ledger_migrations SET checksum = repeat('0', 64)
    WHERE name = 'ledger/0001_ledger.sql'"""
MAKE = "SELECT views.make_table('plans', ARRAY['id'], ARRAY['id', 'n'], ARRAY['text', 'integer'])"


WIPE = """() RETURNS void LANGUAGE sql SECURITY DEFINER
    AS 'ALTER TABLE ledger.entries DISABLE TRIGGER ALL'"""
ON_ROW = """() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    AS 'BEGIN DELETE FROM ledger.tokens; RETURN NEW; END'"""
STEP = """(integer, integer) RETURNS integer LANGUAGE sql SECURITY DEFINER
    AS 'DELETE FROM ledger.tokens; SELECT 1'"""
LEAK = "CREATE VIEW public.leak AS TABLE ledger.narratives"


async def details(url: str, *statements: str) -> list[str]:
    """Return the differences that are found after statements of an administrator."""
    async with await connect(url) as connection:
        for statement in statements:
            await connection.execute(statement.encode())
    report = await catalogue.check(url)
    assert not report.unchecked
    return [finding.detail for finding in report.findings]


async def test_what_the_migrations_make_is_sound(database: str) -> None:
    assert await details(database) == []
    async with await connect(database) as connection:
        cursor = await connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'ledger_verify%'")
        assert await cursor.fetchall() == []


LOCALE = """
SELECT datlocprovider, datcollate, datctype, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')
FROM pg_database d WHERE datname = current_database()
"""


@pytest.mark.parametrize("locale", ["LOCALE 'C.UTF-8'", "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"])
async def test_the_scratch_database_has_the_locale_of_the_record(template: str, locale: str) -> None:
    """Compare locales; the server may have one of its own, which the migrations refuse."""
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE other_locale TEMPLATE template0 LOCALE_PROVIDER libc {locale}".encode()
        )
        url = make_conninfo(template, dbname="other_locale")
        try:
            async with catalogue.scratch_database(url) as scratch:
                with psycopg.connect(url) as one, psycopg.connect(scratch) as other:
                    assert other.execute(LOCALE).fetchone() == one.execute(LOCALE).fetchone()
        finally:
            connection.execute("DROP DATABASE other_locale WITH (FORCE)")


async def test_tables_of_views_and_guests_come_and_go(database: str) -> None:
    shadow = MAKE.replace("plans", "plans_shadow")
    guest = "CREATE TABLE guests.totals (notice text PRIMARY KEY, total bigint)"
    assert await details(database, MAKE, "SELECT views.index_held('plans')", shadow, guest) == []


@pytest.mark.parametrize(
    ("statements", "detail"),
    [
        (
            ["ALTER TABLE ledger.entries DISABLE TRIGGER entries_are_immutable"],
            "the trigger ledger.entries.entries_are_immutable is",
        ),
        (
            ["ALTER TABLE ledger.heads ENABLE REPLICA TRIGGER heads_are_guarded"],
            "the trigger ledger.heads.heads_are_guarded is",
        ),
        (
            ["DROP TRIGGER narratives_stay ON ledger.narratives"],
            "the trigger ledger.narratives.narratives_stay is missing",
        ),
        (["GRANT UPDATE ON ledger.entries TO ledger_writer"], "the grants ledger.entries is"),
        (
            ["GRANT UPDATE (body) ON ledger.entries TO ledger_reader"],
            "the grants on the column ledger.entries.body",
        ),
        (["GRANT CREATE ON SCHEMA ledger TO PUBLIC"], "the grants on the schema ledger is"),
        (
            ["GRANT EXECUTE ON FUNCTION ledger.erase_file TO PUBLIC"],
            "the grants on the function ledger.erase_file",
        ),
        ([f"{GUARD} 'BEGIN RETURN NULL; END'"], "the function ledger.refuse_change() is"),
        ([f"{VISIBLE} RETURN true"], "the function ledger.visible(text) is"),
        (["ALTER TABLE ledger.entries DISABLE ROW LEVEL SECURITY"], "the relation ledger.entries is"),
        (["DROP POLICY reader ON ledger.narratives"], "the policy ledger.narratives.reader is missing"),
        (
            ["CREATE POLICY more ON ledger.files TO ledger_reader USING (true)"],
            "the policy ledger.files.more comes from no migration",
        ),
        (["ALTER TABLE ledger.entries OWNER TO ledger_writer"], "the relation ledger.entries is"),
        (
            ["ALTER TABLE ledger.entries DROP CONSTRAINT entries_position_check"],
            "the constraint ledger.entries.entries_",
        ),
        (
            ["ALTER TABLE ledger.entries ADD COLUMN note text"],
            "the column ledger.entries.note comes from no migration",
        ),
        (
            ['ALTER TABLE ledger.tokens ALTER COLUMN token TYPE text COLLATE "POSIX"'],
            "the column ledger.tokens.token is “text COLLATE",
        ),
        (
            ["CREATE RULE lose AS ON INSERT TO ledger.tiles DO INSTEAD NOTHING"],
            "the rule ledger.tiles.lose comes from no migration",
        ),
        (["CREATE TABLE ledger.spare (notice text)"], "the relation ledger.spare comes from no migration"),
        (
            [CHECKSUM],
            "the migration ledger/0001_ledger.sql ran with the checksum 000000000000…, not",
        ),
        (
            ["DELETE FROM public.ledger_migrations WHERE name = 'ledger/0005_log.sql'"],
            "the migration ledger/0005_log.sql did not run",
        ),
        (
            [MAKE, "DROP POLICY reader ON views.plans"],
            "the protections of the table views.plans are not those of a view",
        ),
        (
            [MAKE, "GRANT DELETE ON views.plans TO ledger_reader"],
            "the protections of the table views.plans are not those of a view",
        ),
        (
            ["CREATE FUNCTION views.more() RETURNS int LANGUAGE sql RETURN 1"],
            "the function views.more() comes from no migration",
        ),
    ],
    ids=lambda value: value[-1][:40] if isinstance(value, list) else "",
)
async def test_each_change_of_a_protection_is_named(database: str, statements: list[str], detail: str) -> None:
    changes = await details(database, *statements)
    assert any(change.startswith(detail) for change in changes), changes


@pytest.mark.parametrize(
    ("statements", "detail"),
    [
        (
            [f"CREATE FUNCTION public.wipe{WIPE}"],
            "the function with rights on the record public.wipe() comes from no migration",
        ),
        (
            [f"CREATE FUNCTION guests.wipe{WIPE}", "ALTER FUNCTION guests.wipe() OWNER TO ledger_owner"],
            "the function with rights on the record guests.wipe() comes from no migration",
        ),
        (
            ["CREATE VIEW public.leak AS TABLE ledger.narratives", "GRANT SELECT ON public.leak TO PUBLIC"],
            "the view with rights on the record public.leak comes from no migration",
        ),
        (
            [LEAK, "CREATE VIEW public.far AS TABLE public.leak", "GRANT SELECT ON public.far TO PUBLIC"],
            "the view with rights on the record public.far comes from no migration",
        ),
        (
            [
                LEAK,
                "CREATE MATERIALIZED VIEW public.far AS TABLE public.leak",
                "GRANT SELECT ON public.far TO PUBLIC",
            ],
            "the view with rights on the record public.far comes from no migration",
        ),
        (
            [LEAK, "GRANT SELECT (body) ON public.leak TO PUBLIC"],
            "the view with rights on the record public.leak comes from no migration",
        ),
        (
            [LEAK.replace("public", "information_schema"), "GRANT SELECT ON information_schema.leak TO PUBLIC"],
            "the view with rights on the record information_schema.leak comes from no migration",
        ),
        (
            [
                f"CREATE FUNCTION public.wipe{STEP}",
                "REVOKE ALL ON FUNCTION public.wipe FROM PUBLIC",
                "CREATE AGGREGATE public.every (integer) (SFUNC = public.wipe, STYPE = integer)",
            ],
            "the function with rights on the record public.wipe(integer,integer) comes from no migration",
        ),
        (
            [
                "CREATE TABLE public.odd (n text)",
                "CREATE RULE wipe AS ON INSERT TO public.odd DO ALSO DELETE FROM ledger.tokens",
                "GRANT INSERT ON public.odd TO PUBLIC",
            ],
            "the rule with rights on the record public.odd.wipe comes from no migration",
        ),
        (
            [f"CREATE FUNCTION public.wipe{WIPE}", "ALTER EXTENSION plpgsql ADD FUNCTION public.wipe()"],
            "the function with rights on the record public.wipe() comes from no migration",
        ),
        (
            [
                f"CREATE FUNCTION public.wipe{WIPE}",
                "CREATE EXTENSION amcheck SCHEMA public",
                "ALTER EXTENSION amcheck ADD FUNCTION public.wipe()",
            ],
            "the function with rights on the record public.wipe() comes from no migration",
        ),
        (
            [
                "CREATE TABLE public.odd (n text)",
                f"CREATE FUNCTION public.wipe{ON_ROW}",
                "REVOKE ALL ON FUNCTION public.wipe FROM PUBLIC",
                "CREATE TRIGGER wipe BEFORE INSERT ON public.odd FOR EACH ROW EXECUTE FUNCTION public.wipe()",
                "GRANT INSERT ON public.odd TO PUBLIC",
            ],
            "the function with rights on the record public.wipe() comes from no migration",
        ),
        (["GRANT UPDATE ON public.ledger_migrations TO PUBLIC"], "the grants public.ledger_migrations is"),
        (
            ["CREATE RULE lose AS ON INSERT TO public.ledger_migrations DO INSTEAD NOTHING"],
            "the rule public.ledger_migrations.lose comes from no migration",
        ),
        (
            [
                "CREATE SUBSCRIPTION evil CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)",
                "ALTER SUBSCRIPTION evil SET (slot_name = NONE)",
            ],
            "the subscription ledger.evil comes from no migration",
        ),
        (["CREATE DOMAIN ledger.odd AS text"], "the type ledger.odd comes from no migration"),
        (
            ["CREATE OPERATOR ledger.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq)"],
            "the operator ledger.",
        ),
        (["CREATE CAST (integer AS name) WITH INOUT AS IMPLICIT"], "the cast pg_catalog.integer to name"),
        (
            ["UPDATE pg_index SET indisready = false WHERE indexrelid = 'ledger.entries_pkey'::regclass"],
            "the index ledger.entries.entries_pkey is",
        ),
        (
            ["UPDATE pg_proc SET prosrc = 'sha512_bytea' WHERE oid = 'sha256(bytea)'::regprocedure"],
            "the source of functions pg_catalog is",
        ),
    ],
    ids=lambda value: value[0][:40] if isinstance(value, list) else "",
)
async def test_an_object_that_acts_on_the_record_is_named(
    database: str, statements: list[str], detail: str
) -> None:
    try:
        changes = await details(database, *statements)
    finally:
        async with await connect(database) as connection:
            await connection.execute("DROP SUBSCRIPTION IF EXISTS evil")
    assert [change for change in changes if not change.startswith(detail)] == []
    assert len(changes) == 1, changes


async def test_functions_and_views_of_others_are_no_damage(database: str) -> None:
    """Leave alone what acts with the rights of its caller, or is for its owner only."""
    views = ["CREATE VIEW public.own AS TABLE ledger.entries", "CREATE VIEW public.others AS SELECT 1 AS one"]
    more = ["GRANT SELECT ON public.others TO PUBLIC", "CREATE FUNCTION public.two() RETURNS int RETURN 2"]
    private = [f"CREATE FUNCTION public.wipe{WIPE}", "REVOKE ALL ON FUNCTION public.wipe FROM PUBLIC"]
    other = ["CREATE TABLE public.log (n text)", "CREATE RULE copy AS ON INSERT TO public.log DO ALSO SELECT 1"]
    shared = ["CREATE EXTENSION amcheck SCHEMA public", "GRANT ALL ON public.log TO PUBLIC"]
    assert await details(database, *views, *more, *private, *other, *shared) == []


@pytest.mark.parametrize(
    ("role", "member"), [("ledger_owner", "ledger_reader"), ("pg_write_all_data", "ledger_guest")]
)
async def test_a_membership_that_gives_more_rights_is_named(database: str, role: str, member: str) -> None:
    try:
        changes = await details(database, f"GRANT {role} TO {member}")
    finally:
        async with await connect(database) as connection:
            await connection.execute(f"REVOKE {role} FROM {member}".encode())
    assert changes == [f"{member} is a member of {role}, which no migration makes it"]


async def test_a_login_that_may_read_or_write_all_data_is_named(database: str) -> None:
    """Name the login even if a group is between, and the functions that such a group owns."""
    group = [
        "CREATE ROLE all_data IN ROLE pg_write_server_files, pg_write_all_data",
        f"CREATE FUNCTION public.wipe{WIPE}",
    ]
    login = ["ALTER FUNCTION public.wipe OWNER TO all_data", "CREATE ROLE eve LOGIN IN ROLE all_data"]
    try:
        changes = await details(database, *group, *login)
    finally:
        async with await connect(database) as connection:
            await connection.execute("DROP FUNCTION IF EXISTS public.wipe")
            await connection.execute("DROP ROLE IF EXISTS eve, all_data")
    assert changes == [
        "eve is a member of pg_write_all_data, which no migration makes it",
        "eve is a member of pg_write_server_files, which no migration makes it",
        "the function with rights on the record public.wipe() comes from no migration",
    ]


async def test_settings_that_switch_triggers_off_are_named(database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with pytest.raises(LedgerError, match="session_replication_role is 'replica' instead of 'origin'"):
        await details(database, f"ALTER DATABASE {name} SET session_replication_role = replica")


@pytest.mark.parametrize(
    ("statement", "undo", "attribute"),
    [
        ("ALTER ROLE ledger_reader BYPASSRLS", "ALTER ROLE ledger_reader NOBYPASSRLS", "bypassrls"),
        (
            "GRANT SET ON PARAMETER session_replication_role TO ledger_reader",
            "REVOKE SET ON PARAMETER session_replication_role FROM ledger_reader",
            "SET on the setting session_replication_role",
        ),
    ],
)
async def test_a_role_with_more_rights_is_named(database: str, statement: str, undo: str, attribute: str) -> None:
    try:
        changes = await details(database, statement)
    finally:
        async with await connect(database) as connection:
            await connection.execute(undo.encode())
    assert changes == [f"the role ledger_reader has other attributes than it needs: {attribute}"]


@pytest.mark.parametrize(
    ("privilege", "grantee"),
    [
        ("SET ON PARAMETER session_replication_role", "eve"),
        ("SET ON PARAMETER session_replication_role", "group_of_eve"),
        ("SET ON PARAMETER session_replication_role", "PUBLIC"),
        ("ALTER SYSTEM ON PARAMETER fsync", "eve"),
    ],
)
async def test_a_login_that_may_set_a_protected_setting_is_named(
    database: str, privilege: str, grantee: str
) -> None:
    logins = ["CREATE ROLE group_of_eve", "CREATE ROLE eve LOGIN NOINHERIT IN ROLE group_of_eve"]
    try:
        changes = await details(database, *logins, f"GRANT {privilege} TO {grantee}")
    finally:
        async with await connect(database) as connection:
            await connection.execute(f"REVOKE {privilege} FROM {grantee}".encode())
            await connection.execute("DROP ROLE IF EXISTS eve, group_of_eve")
    right = privilege.replace("ON PARAMETER", "on the setting")
    assert f"the login eve has {right}, which no migration gives it" in changes
    others = [change for change in changes if "the login eve " not in change]
    assert len(others) == (6 if grantee == "PUBLIC" else 0), others


async def test_the_owner_of_the_database_may_set_protected_settings(database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    grant = "GRANT SET ON PARAMETER session_replication_role TO adam"
    try:
        statements = ["CREATE ROLE adam LOGIN", f"ALTER DATABASE {name} OWNER TO adam", grant]
        assert await details(database, *statements) == []
    finally:
        async with await connect(database) as connection:
            await connection.execute(f"ALTER DATABASE {name} OWNER TO CURRENT_USER".encode())
            await connection.execute(b"REVOKE SET ON PARAMETER session_replication_role FROM adam")
            await connection.execute("DROP ROLE adam")


async def test_a_login_without_the_right_to_create_a_database_is_said(database: str) -> None:
    async with await connect(database) as connection:
        await connection.execute("CREATE ROLE plain_login LOGIN IN ROLE ledger_writer")
        try:
            report = await catalogue.check(make_conninfo(database, user="plain_login"))
        finally:
            await connection.execute("DROP ROLE plain_login")
    assert report.findings == []
    assert "run ledger verify as the administrator" in report.unchecked
