"""Test habits of the SQL that a distributed database needs, on plain PostgreSQL."""

import re
from pathlib import Path

import psycopg

import api
import ledger
import projections

VOLATILE = re.compile(r"\b(clock_timestamp|now|random|gen_random_uuid|statement_timestamp)\s*\(")
STATEMENT_CHARACTERS = 400
"""Characters after `DO UPDATE SET` in a source file that may belong to the statement."""
_OURS = "pronamespace IN ('ledger'::regnamespace, 'views'::regnamespace)"


def names(database: str, condition: str) -> list[str]:
    """Return the project's functions that meet a condition."""
    with psycopg.connect(database) as connection:
        query = f"SELECT oid::regprocedure::text FROM pg_proc p WHERE {_OURS} AND {condition} ORDER BY 1"  # noqa: S608
        return [name for (name,) in connection.execute(query.encode()).fetchall()]


def test_functions_that_run_as_their_owner_are_strict(database: str) -> None:
    """Ask for functions that a null argument would run: one such call crashes a distributed coordinator."""
    assert names(database, "prosecdef AND pronargs > 0")
    assert names(database, "prosecdef AND pronargs > 0 AND NOT proisstrict") == []


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
        query = f"SELECT count(*) FROM pg_proc p WHERE {_OURS} AND pronargs > 0 AND {language} AND {tables}"  # noqa: S608
        assert connection.execute(query.encode()).fetchone() == (1,)
        connection.rollback()


def test_no_upsert_sets_a_volatile_value() -> None:
    """Read each `DO UPDATE SET`: a distributed database takes values only, such as those of `excluded`."""
    upserts = {}
    for package in (ledger, projections, api):
        for path in Path(str(package.__file__)).parent.rglob("*"):
            if path.suffix in (".py", ".sql"):
                text = path.read_text("utf-8")
                for found in re.finditer("DO UPDATE SET", text):
                    upserts[f"{path.name}:{found.start()}"] = text[found.start() :][:STATEMENT_CHARACTERS]
    assert upserts
    assert {place for place, text in upserts.items() if VOLATILE.search(text)} == set()
