"""Test databases that cannot hold every narrative, or search in it: refused at once, with the fix."""

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


@pytest.fixture
def plain_locale(template: str) -> Iterator[str]:
    """Create a database whose locale knows only the letters of ASCII, and return its URL."""
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE plain_locale TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        yield make_conninfo(template, dbname="plain_locale")
        connection.execute("DROP DATABASE plain_locale WITH (FORCE)")


async def test_a_locale_without_letters_beyond_ascii_is_refused_for_a_new_ledger(plain_locale: str) -> None:
    with pytest.raises(
        LedgerError, match="search would miss words; create another: createdb --template=template0"
    ):
        await migrate(plain_locale)
    with psycopg.connect(plain_locale) as connection:
        assert connection.execute("SELECT to_regclass('ledger.entries')").fetchone() == (None,)
