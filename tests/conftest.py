"""Real PostgreSQL for every test that needs one: a server a test process, a database a test from a template.

`LEDGER_TEST_SERVER` says which server: `embedded` (the default), or the folder of another server's binaries.
"""

import asyncio
import gc
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.embedded import EmbeddedPostgres
from ledger.store.database import migrate
from projections.engine.runner import Runner
from projections.views.registry import ALL
from tests.api.service import run
from tests.databases import copied_database
from tests.ledger.embedded.tools import make_place
from tests.ledger.history import NOTICE
from tests.projections.folding import fold_all
from tests.projections.stored import store

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "max_wal_size": "256MB"}
"""Tests kill processes, never the machine: what the kernel was given is safe."""
MEMORY = Path("/dev/shm")  # noqa: S108 (the server makes a directory of its own there)
MEMORY_BYTES = 4 << 30
"""Bytes free in the memory's file system from which the server's files go there: copies are ten times as fast."""
gc.set_threshold(50_000)  # most objects of a test process are modules and tests, which stay


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the searches for unreachable objects."""
    gc.freeze()


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """Yield the test process's own PostgreSQL server."""
    chosen = os.environ.get("LEDGER_TEST_SERVER", "embedded")
    bin_dir = None if chosen == "embedded" else Path(chosen)
    spacious = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    with (
        make_place(MEMORY if spacious else None) as place,
        EmbeddedPostgres(place, FAST, bin_dir=bin_dir) as running,
    ):
        yield running
        running.close()


@pytest.fixture(scope="session")
def template(server: EmbeddedPostgres) -> str:
    """Return the URL of a server with `ledger_template` and `views_template`, from which databases are copied.

    The first is migrated. The second also has the empty tables of the views. To copy these takes a tenth of the
    time of making them.
    """
    url = server.start()
    migrated = psycopg.conninfo.make_conninfo(url, dbname="ledger_template")
    with_views = psycopg.conninfo.make_conninfo(url, dbname="views_template")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE ledger_template")
        asyncio.run(migrate(migrated))
        connection.execute("CREATE DATABASE views_template TEMPLATE ledger_template STRATEGY file_copy")
    asyncio.run(Runner(with_views, ALL).open())
    return url


@pytest.fixture
def database(template: str) -> Iterator[str]:
    """Yield the URL of an empty, migrated database of the test's own."""
    with copied_database(template, "ledger_template") as url:
        yield url


@pytest.fixture
def views_database(template: str) -> Iterator[str]:
    """Yield the URL of an empty database of the test's own, in which the views have their tables."""
    with copied_database(template, "views_template") as url:
        yield url


@pytest.fixture(scope="session")
def history_template(template: str) -> str:
    """Return the URL of the server, with `history_template`: the invented history and its views, to be copied."""

    async def fill(url: str) -> None:
        await store(url)
        await fold_all(url, NOTICE)

    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute("CREATE DATABASE history_template TEMPLATE views_template STRATEGY file_copy")
    run(fill(psycopg.conninfo.make_conninfo(template, dbname="history_template")))
    return template


@pytest.fixture
def history_database(history_template: str) -> Iterator[str]:
    """Yield the URL of a database of the test's own, with the invented history and its views."""
    with copied_database(history_template, "history_template") as url:
        yield url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a PostgreSQL server, and put the files that take longest first.

    `make test-pure` leaves the marked tests out. A file that starts early does not run alone in the end.
    """
    seconds = Counter[Path]()
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)
        for mark in item.iter_markers("long"):
            seconds[item.path] += mark.kwargs.get("seconds", 0)
    items.sort(key=lambda item: -seconds[item.path])
