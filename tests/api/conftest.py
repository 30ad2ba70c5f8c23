"""The real application under a real server: one for the tests of a module, on a database of its own."""

import asyncio
from collections.abc import Iterator
from itertools import count

import httpx
import psycopg
import pytest

from tests.api.service import Notice, Service, begin

_numbers = count(1)


@pytest.fixture(scope="module")
def service(template: str) -> Iterator[Service]:
    """A running service whose notice `tameside` has an area, an objective, and somebody in each role."""
    name = f"service_{next(_numbers)}"
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE ledger_template STRATEGY wal_log".encode())
        url = psycopg.conninfo.make_conninfo(template, dbname=name)
        notice = asyncio.run(begin(url))
        with Service(url, notice) as running:
            yield running
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def notice(service: Service) -> Notice:
    """The notice of the service, and its tokens."""
    return service.notice


@pytest.fixture
def officer(service: Service) -> Iterator[httpx.Client]:
    """A council officer's client, which has one connection."""
    with service.client("officer") as client:
        yield client
