"""Real PostgreSQL for every test that needs one: a server a test process, a database a test from a template.

`LEDGER_TEST_SERVER` says which server: `embedded` (the default), or the folder of another server's binaries.
"""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from ledger.database import migrate
from ledger.embedded import EmbeddedPostgres

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
"""Tests kill processes, never the machine: what the kernel was given is safe."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The test process's own PostgreSQL server."""
    chosen = os.environ.get("LEDGER_TEST_SERVER", "embedded")
    bin_dir = None if chosen == "embedded" else Path(chosen)
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), FAST, bin_dir=bin_dir) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: EmbeddedPostgres) -> str:
    """A migrated database that every test's own is copied from; its URL."""
    import asyncio

    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE ledger_template")
    migrated = psycopg.conninfo.make_conninfo(url, dbname="ledger_template")
    asyncio.run(migrate(migrated))
    return url


_numbers = count(1)


@pytest.fixture
def database(template: str) -> Iterator[str]:
    """The URL of an empty, migrated database of the test's own."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE ledger_template STRATEGY wal_log")  # type: ignore[arg-type]
        yield psycopg.conninfo.make_conninfo(template, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
