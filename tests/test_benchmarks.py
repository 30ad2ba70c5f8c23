"""Benchmarks still measure: each group runs once, over a few entries, and returns its figures."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from ledger.embedded import EmbeddedPostgres
from tests.benchmarks import append, eventsourcing, graphql, intake, national, proof, scale, views
from tests.ledger.embedded.tools import make_place

pytestmark = pytest.mark.long(seconds=12)
SMALL: dict[ModuleType, dict[str, Any]] = {
    append: {"SLICES": 1},
    eventsourcing: {"ENTRIES": 2_000, "STOCK_SECONDS": 0.2},
    graphql: {"SECONDS": 0.1, "WHOLE_ENTRIES": 1_500},
    intake: {"BATCHES": 1},
    national: {"NOTICES": 3, "ENTRIES": 100, "SECONDS": 0.2},
    proof: {"ENTRIES": 2_000, "FEW": 1_000, "BATCHES": 1, "PROOFS": 10},
    scale: {"ENTRIES": 500, "SECONDS": 0.2, "FOLLOW_SECONDS": 1},
    views: {"NOTICES": 2, "ENTRIES": 2_000, "SIZES": (1_000, 1_500, 2_000), "STOCK": 200, "LIVE_SECONDS": 1},
}


@pytest.mark.parametrize("group", SMALL, ids=lambda group: group.__name__.rpartition(".")[2])
async def test_a_group_of_benchmarks_returns_its_figures(
    group: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SMALL[group].items():
        monkeypatch.setattr(group, name, value)
    lines: list[str] = []
    say: Callable[[str], None] = lines.append
    with make_place() as place, EmbeddedPostgres(place) as server:
        figures = await group.measure(server.start(), 1, say)
    name = group.__name__.rpartition(".")[2]
    assert figures
    assert all(figure.startswith(f"{name}.") and value >= 0 for figure, value in figures.items())
