"""Test the check of the service's login against real logins: what it lacks, and what it has too much."""

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.cli import main
from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import open_pool, pending, pool
from ledger.store.service_login import SERVICE_ROLES, check_login
from tests.api.cli_tools import url_of

_numbers = count(1)


class Login:
    """A login of the server, and the administrator who changes it."""

    def __init__(self, database: str, administrator: psycopg.Connection) -> None:
        self.name = f"login_{next(_numbers)}"
        self._administrator = administrator
        self.url = make_conninfo(database, user=self.name)
        self.change("CREATE ROLE {} LOGIN IN ROLE ledger_writer, ledger_projector, ledger_reader")

    def change(self, statement: str) -> None:
        """Run a statement about the login as the administrator."""
        self._administrator.execute(sql.SQL(statement).format(sql.Identifier(self.name)))


@pytest.fixture
def login(database: str) -> Iterator[Login]:
    with psycopg.connect(database, autocommit=True) as administrator:
        login = Login(database, administrator)
        yield login
        login.change("REASSIGN OWNED BY {} TO CURRENT_USER")
        login.change("DROP OWNED BY {}")
        login.change("DROP ROLE {}")


async def test_a_member_of_the_three_roles_has_what_it_needs_and_no_more(login: Login) -> None:
    assert await pending(login.url) == []
    assert await check_login(login.url) == []
    login.change("ALTER ROLE {} NOINHERIT")
    assert await pending(login.url) == []
    assert await check_login(login.url) == []


@pytest.mark.parametrize("role", SERVICE_ROLES)
async def test_a_missing_role_is_named(login: Login, role: str) -> None:
    login.change(f"REVOKE {role} FROM {{}}")
    with pytest.raises(
        LedgerError, match=f"{login.name} is not a member of {role}; run as the administrator: GRANT"
    ):
        await check_login(login.url)


async def test_a_member_that_may_not_act_as_a_role_gets_the_grant_that_lets_it(
    login: Login, database: str
) -> None:
    with psycopg.connect(database) as connection:
        if connection.info.server_version < 160_000:
            pytest.skip("PostgreSQL 16 brought the option SET")
    login.change("GRANT ledger_writer TO {} WITH SET FALSE")
    with pytest.raises(LedgerError, match="may not act as ledger_writer; run as the administrator: ") as refusal:
        await check_login(login.url)
    login.change(str(refusal.value).partition("administrator: ")[2])
    assert await check_login(login.url) == []


LOST = [
    "REVOKE SELECT ON ledger.entries FROM ledger_writer, ledger_projector, ledger_reader",
    "REVOKE INSERT ON ledger.heads FROM ledger_writer",
    "REVOKE UPDATE (upload, content) ON ledger.files FROM ledger_writer",
    "REVOKE USAGE ON SCHEMA ledger FROM ledger_reader",
    "REVOKE USAGE ON SCHEMA views FROM ledger_projector",
    "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM ledger_writer",
    "REVOKE EXECUTE ON FUNCTION views.make_table FROM ledger_projector",
    "REVOKE SELECT ON ALL TABLES IN SCHEMA views FROM ledger_reader",
    "REVOKE UPDATE (held) ON views.example FROM ledger_projector",
]


async def test_a_lost_privilege_is_named_with_the_grant_that_restores_it(login: Login, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as administrator:
        administrator.execute("SELECT views.make_table('example', ARRAY['key'], ARRAY['key'], ARRAY['text'])")
        for statements in [*([one] for one in LOST), LOST]:
            for statement in statements:
                administrator.execute(statement.encode())
            with pytest.raises(LedgerError, match="lack privileges in this database") as refusal:
                await check_login(login.url)
            administrator.execute(str(refusal.value).partition("administrator: ")[2].encode())
            assert await check_login(login.url) == []


async def test_a_login_without_any_role_is_told_what_to_do(login: Login) -> None:
    login.change("REVOKE ledger_writer, ledger_projector, ledger_reader FROM {}")
    with pytest.raises(LedgerError, match="may not read which migrations have run; make it a member of"):
        await pending(login.url)


@pytest.mark.parametrize(
    ("statement", "warning"),
    [
        ("ALTER ROLE {} SUPERUSER", "is a superuser, so it can change recorded entries"),
        ("ALTER ROLE {} BYPASSRLS", "bypasses row-level security"),
        ("ALTER ROLE {} CREATEROLE", "can create roles"),
        ("ALTER ROLE {} CREATEDB", "can create databases"),
        ("ALTER ROLE {} REPLICATION", "can replicate the server"),
        ("GRANT pg_read_all_data TO {}", "is a member of pg_read_all_data"),
        ("GRANT ledger_owner TO {}", "owns the database or its tables"),
        ("ALTER TABLE public.ledger_migrations OWNER TO {}", "owns the database or its tables"),
        ("GRANT UPDATE, TRUNCATE ON ledger.entries TO {}", "TRUNCATE, UPDATE on ledger.entries"),
        ("GRANT UPDATE (body) ON ledger.entries TO {}", "UPDATE on ledger.entries.body"),
        ("GRANT UPDATE (secret_hash) ON ledger.tokens TO {}", "UPDATE on ledger.tokens.secret_hash"),
        ("GRANT UPDATE, DELETE ON public.ledger_migrations TO {}", "DELETE, UPDATE on public.ledger_migrations"),
        ("GRANT CREATE ON SCHEMA ledger TO {}", "CREATE on the schema ledger"),
        ("GRANT CREATE ON SCHEMA views TO {}", "CREATE on the schema views"),
        (
            "GRANT SET ON PARAMETER session_replication_role TO {}",
            "SET on the setting session_replication_role",
        ),
        ("ALTER FUNCTION ledger.refuse_change OWNER TO {}", "owns the database or its tables"),
        ("GRANT ledger_writer TO {} WITH ADMIN OPTION", "can make other logins members of ledger_writer"),
    ],
)
async def test_a_right_too_many_is_named_with_the_promise_that_it_breaks(
    login: Login, statement: str, warning: str
) -> None:
    login.change(statement)
    warnings = await check_login(login.url)
    assert any(warning in line and login.name in line for line in warnings), warnings


async def test_the_right_to_make_schemas_is_named(login: Login, database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    login.change(f"GRANT CREATE ON DATABASE {name} TO {{}}")
    [line] = await check_login(login.url)
    assert "CREATE on the database" in line


def test_a_command_for_the_administrator_says_so_to_the_services_login(
    login: Login, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(login.url))
    with psycopg.connect(login.url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE public.own ()")
    assert main(["migrate"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ledger: the login of LEDGER_DATABASE_URL has too few rights (permission denied for")
    assert error.endswith("run this command as the database's administrator\n")


@pytest.mark.parametrize("is_administrator", [True, False])
def test_a_command_names_the_privileges_that_the_roles_lack(
    login: Login,
    database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_administrator: bool,
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database if is_administrator else login.url))
    login.change("REVOKE SELECT ON ledger.entries FROM ledger_writer, ledger_projector, ledger_reader")
    assert main(["verify"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("ledger: the roles of the ledger lack privileges in this database")
    assert "run as the administrator: GRANT SELECT" in error


async def test_a_limit_of_connections_is_named_by_a_pool(login: Login) -> None:
    login.change("ALTER ROLE {} CONNECTION LIMIT 0")
    with pytest.raises(Unavailable, match="too many connections for role"):
        await open_pool(pool(login.url, "ledger_writer", 1), seconds=0.5)
