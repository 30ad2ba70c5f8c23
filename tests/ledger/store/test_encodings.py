"""Test databases that cannot hold every narrative, or search in it: refused at once, with the fix."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.domain.errors import LedgerError
from ledger.store.database import migrate, pending

ICU = "LOCALE_PROVIDER icu LOCALE 'C' ICU_LOCALE"


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


@pytest.fixture(params=["LOCALE_PROVIDER libc LOCALE 'C'", f"{ICU} 'tr'", f"{ICU} 'lt'"])
def other_letters(template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Create a database whose locale has other small letters than search expects, and return its URL."""
    create = f"CREATE DATABASE other_letters TEMPLATE template0 ENCODING 'UTF8' {request.param}"
    with psycopg.connect(template, autocommit=True) as connection:
        try:
            connection.execute(create.encode())
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("this PostgreSQL was built without ICU")
        yield make_conninfo(template, dbname="other_letters")
        connection.execute("DROP DATABASE other_letters WITH (FORCE)")


async def test_a_locale_with_other_small_letters_is_refused_for_a_new_ledger(other_letters: str) -> None:
    with pytest.raises(
        LedgerError, match="search would miss words; create another: createdb --template=template0"
    ):
        await migrate(other_letters)
    with psycopg.connect(other_letters) as connection:
        assert connection.execute("SELECT to_regclass('ledger.entries')").fetchone() == (None,)
