"""Give these tests a clock to move, and databases in which the views have their tables."""

import pytest

from tests.api.documents import MovedClock


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    """Return the clock of the module's service."""
    return MovedClock()


@pytest.fixture
def database(views_database: str) -> str:
    """Return the URL of an empty database with the views' tables."""
    return views_database
