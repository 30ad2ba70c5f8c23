"""Test databases whose encoding cannot hold every narrative: refused at once, with the fix."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.domain.errors import LedgerError
from ledger.store.database import migrate, pending


@pytest.fixture(params=["SQL_ASCII", "LATIN1"])
def other_encoding(template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Create a database of another encoding, and return its URL."""
    name = f"encoded_{request.param.lower()}"
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C'").format(
                sql.Identifier(name), sql.Literal(request.param)
            )
        )
        yield make_conninfo(template, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def test_another_encoding_than_utf8_is_refused_before_anything_is_made(other_encoding: str) -> None:
    for work in (migrate, pending):
        with pytest.raises(LedgerError, match="must be UTF8; create another: createdb --template=template0"):
            await work(other_encoding)
    with psycopg.connect(other_encoding) as connection:
        assert connection.execute("SELECT to_regclass('public.ledger_migrations')").fetchone() == (None,)
