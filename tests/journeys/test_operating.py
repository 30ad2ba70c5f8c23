"""Run the commands of docs/operating.md as written: a backup is taken, restored elsewhere, and verified."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.embedded import binaries
from tests.api.cli_tools import url_of
from tests.journeys.test_readme import SHIM

ROOT = Path(__file__).parent.parent.parent


def commands(heading: str) -> str:
    """Return the shell block under a heading of the page."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8").partition(f"\n## {heading}\n")[2]
    found = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.long
def test_a_backup_that_is_restored_verifies(database: str, tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "ledger"
    shim.parent.mkdir()
    shim.write_text(SHIM, "utf-8")
    shim.chmod(0o755)
    chosen = os.environ.get("LEDGER_TEST_SERVER", "embedded")
    programs = binaries._carrier() / binaries.BIN if chosen == "embedded" else Path(chosen)
    environ = {
        **os.environ,
        "PATH": f"{shim.parent}:{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LEDGER_DATABASE_URL": url_of(database),
        "SERVER_URL": url_of(make_conninfo(database, dbname="postgres")),
        "RESTORED_URL": url_of(make_conninfo(database, dbname="restored")),
    }

    def run(script: str) -> str:
        ran = subprocess.run(
            ["sh", "-euc", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    try:
        run("ledger demo --check")
        before = run("ledger verify --views")
        run(commands("Backup"))
        after = run(commands("Restoring"))
        assert before in after
        assert "is sound" in before
        assert "DIFFERS" not in after
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)")
