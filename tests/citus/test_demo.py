"""Test the whole program on a cluster: the demo records, signs, reads, replays, verifies and exports."""

import json
from pathlib import Path

import pytest

from api.cli import main
from tests.citus.cluster import Cluster


@pytest.mark.timeout(600)
def test_the_demo_holds_on_a_cluster(
    distributed: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", distributed.coordinator)
    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    assert main(["demo", "--check", "--json"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert all(result["checks"].values())
    assert '"level": "error"' not in printed.err
