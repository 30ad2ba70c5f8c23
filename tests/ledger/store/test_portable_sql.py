"""Test habits of the SQL that a distributed database needs, on plain PostgreSQL."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import Composable

import api
import ledger
import projections
from ledger.append.writer import Writer
from ledger.store.distribution import DELEGATED
from ledger.verify.database import verify
from projections.engine.rebuild import rebuild
from projections.query import reader as reader_module
from projections.query.reader import Reader
from projections.views.plan import OBJECTIVE
from projections.views.registry import ALL
from tests.ledger.history import ALICE, NOTICE, begin, progress
from tests.projections.folding import fold_all
from tests.projections.rows import rows_of

VOLATILE = re.compile(r"\b(clock_timestamp|now|random|gen_random_uuid|statement_timestamp)\s*\(")
STATEMENT_CHARACTERS = 400
"""Characters after `DO UPDATE SET` in a source file that may belong to the statement."""
_OWN_FUNCTIONS = "pronamespace IN ('ledger'::regnamespace, 'views'::regnamespace)"


def names(database: str, condition: str) -> list[str]:
    """Return the project's functions that meet a condition."""
    with psycopg.connect(database) as connection:
        query = f"SELECT oid::regprocedure::text FROM pg_proc p WHERE {_OWN_FUNCTIONS} AND {condition} ORDER BY 1"  # noqa: S608
        return [name for (name,) in connection.execute(query.encode()).fetchall()]


def test_functions_that_run_as_their_owner_are_strict(database: str) -> None:
    """Ask for functions that a null argument would run: one such call crashes a distributed coordinator."""
    assert names(database, "prosecdef AND pronargs > 0")
    assert names(database, "prosecdef AND pronargs > 0 AND NOT proisstrict") == []


def test_functions_that_a_cluster_delegates_are_strict(database: str) -> None:
    """Ask for functions that Citus runs at a notice's worker: with a null notice, it crashes."""
    delegated = ", ".join(f"'{name}'" for name in DELEGATED)
    condition = f"pronamespace::regnamespace || '.' || proname IN ({delegated})"
    assert len(names(database, condition)) == len(DELEGATED)
    assert names(database, f"{condition} AND NOT proisstrict") == []
    assert names(database, f"{condition} AND proargnames[1] <> 'of_notice'") == []


def test_no_update_of_a_function_has_a_subscript(database: str) -> None:
    """Ask for a subscript between SET and WHERE, at which Citus crashes."""
    subscript = r"p.prosrc ~* '\mSET\M[^;]*\[[^;]*\mWHERE\M'"
    assert names(database, f"prolang <> 14 AND {subscript}") == []
    with psycopg.connect(database) as connection:
        query = r"SELECT 'UPDATE t SET a = b[1] WHERE c' ~* '\mSET\M[^;]*\[[^;]*\mWHERE\M'"
        assert connection.execute(query).fetchone() == (True,)


def test_functions_of_sql_with_parameters_read_no_table(database: str) -> None:
    """Ask for functions that a distributed planner cannot plan."""
    tables = r"lower(pg_get_functiondef(p.oid)) ~ '\m(from|join|update|into)\s+(ledger|views)\.'"
    language = "(SELECT lanname FROM pg_language l WHERE l.oid = p.prolang) = 'sql'"
    assert names(database, f"pronargs > 0 AND {language} AND {tables}") == []
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE FUNCTION ledger.wrong(n text) RETURNS integer LANGUAGE sql "
            "RETURN (SELECT size FROM ledger.heads WHERE notice = n)"
        )
        query = (
            f"SELECT count(*) FROM pg_proc p WHERE {_OWN_FUNCTIONS} AND pronargs > 0 AND {language} AND {tables}"  # noqa: S608
        )
        assert connection.execute(query.encode()).fetchone() == (1,)
        connection.rollback()


def test_no_upsert_sets_a_volatile_value() -> None:
    """Read each `DO UPDATE SET`: a distributed database takes values only, such as those of `excluded`."""
    upserts = {}
    for package in (ledger, projections, api):
        for path in Path(str(package.__file__)).parent.rglob("*"):
            if path.suffix in (".py", ".sql"):
                text = path.read_text("utf-8")
                for match in re.finditer("DO UPDATE SET", text):
                    upserts[f"{path.name}:{match.start()}"] = text[match.start() :][:STATEMENT_CHARACTERS]
    assert upserts
    assert {place for place, text in upserts.items() if VOLATILE.search(text)} == set()


async def test_each_string_is_one_statement(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record, fold, read, rebuild and verify; look at each string sent to the database.

    Only on one server, a read begins with several statements in one string: 0.3 ms, not 0.45 ms.
    """
    statements: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def observe(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        statements.append(query.as_string() if isinstance(query, Composable) else bytes_or_text(query))
        return await execute(self, query, *rest, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", observe)
    async with Writer(database) as writer:
        await begin(writer)
        receipt = await writer.append(NOTICE, progress(), ALICE)
    await fold_all(database, NOTICE)
    await rebuild(database, ALL)
    assert (await verify(database)).sound
    assert joined(statements) == set()
    rows = await read(database, receipt.position)
    assert {statement.partition("; ")[0] for statement in joined(statements)} == {"BEGIN READ ONLY"}
    statements.clear()
    monkeypatch.setattr(reader_module, "is_on_citus", distributed)
    assert await read(database, receipt.position) == rows
    assert any(statement.startswith("SET LOCAL ledger.notices") for statement in statements)
    assert joined(statements) == set()


async def distributed(_connection: object) -> bool:
    return True


async def read(database: str, position: int) -> list[Any]:
    async with Reader(database, ALL) as reader:
        await reader.notices([NOTICE])
        async with reader.at(NOTICE, at_least=position, composed=True) as snapshot:
            return await rows_of(snapshot, OBJECTIVE)


def joined(statements: list[str]) -> set[str]:
    """Return the strings of several statements."""
    return {statement for statement in statements if ";" in statement.rstrip("; \n")}


def bytes_or_text(query: bytes | str) -> str:
    return query.decode() if isinstance(query, bytes) else query
