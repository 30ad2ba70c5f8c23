"""Every rule at its edges: nothing recorded, around its days, recorded late and corrected, with reason and entries."""

import pytest

from ledger.domain.rules import RULES
from tests.projections.views.compliance.edge import (
    CORRECTED,
    DAY,
    LATE_RECORD,
    NAMES,
    NOTHING,
    STEP,
    SUSTAINED,
    history,
    verdict_on,
)
from tests.projections.views.compliance.edges import EDGES

CASES = [(rule, name) for rule, edges in EDGES.items() for name in edges]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_edges(rule: str) -> None:
    kinds = {next(kind for kind in NAMES if name.startswith(kind)) for name in EDGES[rule]}
    needed = {NOTHING} if rule == "context" else {NOTHING, DAY, LATE_RECORD, CORRECTED}
    needed |= {STEP, SUSTAINED} if rule == "target-met" else set()
    assert kinds >= needed
    statuses = {line.status for edge in EDGES[rule].values() for line in edge.lines}
    assert rule in ("context", "escalation") or "MET" in statuses


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_a_rule_at_an_edge(rule: str, name: str) -> None:
    edge = EDGES[rule][name]
    for line in edge.lines:
        row = verdict_on(line.on, history(rule, edge, line.known))
        verdict = (line.on, line.known, row.status, tuple(row.entries))
        assert verdict == (line.on, line.known, line.status, line.entries), row.reason
        assert line.words in row.reason
