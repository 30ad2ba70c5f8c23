"""Test that server defaults and libpq's variables change nothing: each setting is pinned on every connection."""

import psycopg
import pytest
from psycopg import sql

from ledger.domain.errors import LedgerError
from ledger.embedded import EmbeddedPostgres
from ledger.store.database import PINNED, connect, open_pool, pool
from tests.api.service import Service, begin, progress, run

OTHER = {
    "array_nulls": "off",
    "bytea_output": "escape",
    "check_function_bodies": "off",
    "datestyle": "SQL, DMY",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "extra_float_digits": "0",
    "gin_fuzzy_search_limit": "1",
    "idle_in_transaction_session_timeout": "1s",
    "idle_session_timeout": "1s",
    "intervalstyle": "iso_8601",
    "ledger.notices": "tameside",
    "ledger.position": "1",
    "lock_timeout": "1s",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "search_path": "public",
    "standard_conforming_strings": "off",
    "statement_timeout": "1s",
    "synchronous_commit": "off",
    "timezone": "Asia/Kolkata",
    "transform_null_equals": "on",
}
"""Another value of each pinned setting."""


@pytest.fixture
def defaults(database: str) -> None:
    """Give the database another default for each pinned setting."""
    name = str(psycopg.conninfo.conninfo_to_dict(database)["dbname"])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for setting, value in OTHER.items():
            words = sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
            parts = sql.SQL(".").join(map(sql.Identifier, setting.split(".")))
            connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(sql.Identifier(name), parts, words))


@pytest.mark.usefixtures("defaults")
async def test_every_setting_is_pinned_whatever_the_databases_default(database: str) -> None:
    assert OTHER.keys() == PINNED.keys()
    with psycopg.connect(database) as plain:
        for name in PINNED:
            row = plain.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row is not None
            assert row[0] != PINNED[name], name
    connections = pool(database, "ledger_reader", 1)
    await open_pool(connections)
    async with await connect(database, "ledger_projector") as direct, connections.connection() as pooled:
        for name, value in PINNED.items():
            for connection in (direct, pooled):
                cursor = await connection.execute("SELECT current_setting(%s)", (name,))
                assert await cursor.fetchone() == (value,), name
    await connections.close()


async def test_a_limit_on_transactions_is_lifted_where_the_server_has_one(database: str) -> None:
    name = str(psycopg.conninfo.conninfo_to_dict(database)["dbname"])
    with psycopg.connect(database, autocommit=True) as connection:
        if connection.info.server_version < 170_000:
            pytest.skip("the server has no transaction_timeout")
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET transaction_timeout = '1s'").format(sql.Identifier(name))
        )
    connections = pool(database, "ledger_reader", 1)
    await open_pool(connections)
    async with await connect(database, "ledger_projector") as direct, connections.connection() as pooled:
        for connection_of in (direct, pooled):
            cursor = await connection_of.execute("SHOW transaction_timeout")
            assert await cursor.fetchone() == ("0",)
    await connections.close()


@pytest.mark.usefixtures("defaults")
def test_a_service_records_and_reads_whatever_the_databases_defaults(database: str) -> None:
    notice = run(begin(database))
    query = '{ notice(id: "tameside") { issuedOn plan { objectives { nodes { objective due } } } } }'
    with Service(database, notice) as service, service.client("officer") as client:
        receipt = service.post(client, progress())
        assert receipt.status_code == 201, receipt.text
        variables = {"query": query.replace("tameside", notice.name)}
        answer = client.post("/graphql", json=variables).json()
        assert "errors" not in answer, answer
        assert answer["data"]["notice"]["plan"]["objectives"]["nodes"]


@pytest.mark.parametrize(("name", "value"), [("PGTZ", "Asia/Kolkata"), ("PGDATESTYLE", "SQL, DMY")])
async def test_a_variable_that_overrides_a_setting_is_named(
    database: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LedgerError, match=f"is {value!r} instead of .*; unset the variables .*{name}"):
        await connect(database)


async def test_other_variables_of_libpq_change_no_setting(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGOPTIONS", "-c timezone=Asia/Kolkata")
    async with await connect(database) as connection:
        cursor = await connection.execute("SELECT 'é', current_setting('timezone')")
        assert await cursor.fetchone() == ("é", "UTC")


def test_clients_of_the_embedded_server_ignore_libpqs_variables(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGSERVICE": "nowhere",
        "PGOPTIONS": "-c datestyle=SQL",
        "PGCLIENTENCODING": "LATIN1",
        "PGTZ": "Asia/Kolkata",
        "PGSSLMODE": "require",
        "PGPORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(server.anchor.parent) as again, psycopg.connect(again.start()) as connection:
        assert connection.execute("SHOW timezone").fetchone() != ("Asia/Kolkata",)
        assert connection.info.encoding == "utf-8"
