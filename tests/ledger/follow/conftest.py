"""A source and its copy for each test of following, on two servers for each module."""

from collections.abc import Iterator

import pytest

from tests.journeys.tcp_server import TcpServer
from tests.ledger.follow.pairs import Pair, pair, servers


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[TcpServer, TcpServer]]:
    with servers() as both:
        yield both


@pytest.fixture
def both(running: tuple[TcpServer, TcpServer]) -> Iterator[Pair]:
    with pair(running) as new_pair:
        yield new_pair
