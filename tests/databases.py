"""Copy databases of the test process's own server: a tenth of the time of making them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql

_numbers = count(1)


@contextmanager
def copied_database(server: str, source: str) -> Iterator[str]:
    """Yield the URL of a copy of a database, which is dropped afterwards.

    Args:
        server: URL of the server.
        source: Name of the database to copy, which nobody uses.
    """
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(source)))
        yield psycopg.conninfo.make_conninfo(server, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
