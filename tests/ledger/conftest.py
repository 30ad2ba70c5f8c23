"""Fixtures of the ledger's own tests."""

import pytest

from tests.ledger.damage import record


@pytest.fixture
async def recorded(database: str) -> str:
    """Return the URL of a database with the small sound record of `tests.ledger.damage`."""
    await record(database)
    return database
