"""Clusters of these tests: one that is distributed, shared by a module, and empty ones."""

import asyncio
from collections.abc import Iterator

import pytest

from ledger.store.distribution import distribute
from tests.citus.cluster import URL, Cluster, cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests, and skip them without a cluster."""
    for item in items:
        if item.path.parent.name == "citus":
            item.add_marker(pytest.mark.citus)
            if not URL:
                item.add_marker(pytest.mark.skip("LEDGER_TEST_CITUS names no cluster"))


@pytest.fixture
def empty() -> Iterator[Cluster]:
    """Yield a cluster with workers and an empty database."""
    with cluster() as made:
        made.add_workers()
        yield made


@pytest.fixture(scope="module")
def distributed() -> Iterator[Cluster]:
    """Yield a cluster over which an empty ledger is distributed."""
    with cluster() as made:
        made.add_workers()
        asyncio.run(distribute(made.coordinator))
        yield made
