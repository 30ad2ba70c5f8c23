"""Fixtures of the ledger's own tests."""

import pytest

from tests.ledger.damage import record


@pytest.fixture
async def recorded(database: str) -> str:
    """The URL of a database that holds the small sound record of `tests.ledger.damage`."""
    await record(database)
    return database
