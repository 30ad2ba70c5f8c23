"""Give these tests databases in which the views have their tables, as a server has after its first start."""

import pytest


@pytest.fixture
def database(views_database: str) -> str:
    """Return the URL of an empty database with the views' tables."""
    return views_database
