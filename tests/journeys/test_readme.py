"""Run the journeys of the README and of the auditor's page as written, on the demo's ledger."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.cli_tools import url_of

ROOT = Path(__file__).parent.parent.parent
SHIM = f"""#!/bin/sh
exec {sys.executable} -c 'import sys; from api.cli import main; sys.exit(main())' "$@"
"""
PYTHON = f"""#!/bin/sh
exec {sys.executable} "$@"
"""


def blocks(page: str, after: str) -> list[str]:
    """Return the shell blocks of a page after a heading."""
    _, _, rest = (ROOT / page).read_text("utf-8").partition(after)
    return re.findall(r"^```sh\n(.*?)^```", rest, re.MULTILINE | re.DOTALL)


@pytest.mark.long
def test_the_journeys_of_the_readme_go_as_written(database: str, tmp_path: Path) -> None:
    """Run the blocks as one shell script; the test provides only the place of the ledger and the command."""
    shim = tmp_path / ".venv" / "bin" / "ledger"
    shim.parent.mkdir(parents=True)
    shim.write_text(SHIM, "utf-8")
    python = shim.with_name("python3")
    python.write_text(PYTHON, "utf-8")
    shim.chmod(0o755)
    python.chmod(0o755)
    (tmp_path / "ledger").symlink_to(ROOT / "ledger")
    environ = {**os.environ, "LEDGER_DATABASE_URL": url_of(database), "PYTHONPATH": str(ROOT)}
    subprocess.run([shim, "demo", "--check"], cwd=tmp_path, env=environ, check=True, capture_output=True)
    setting, adviser, auditor, partner, holder = blocks("README.md", "## Three short journeys\n")
    auditing = "".join(blocks("docs/auditing.md", "# Audit the record\n"))
    script = f"set -eu\n{setting}{adviser}{auditor}{auditing}{partner}{holder}"
    ran = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for told in (
        "The board took decision D1",
        "objective O2: due 30 November 2022 → 31 December 2022",
        "tameside-2022 is sound: 710 entries",
        "tameside-2022.zip holds entries 1 to 710 of tameside-2022",
        "SOUND: tameside-2022: 710 entries, 1 to 710 with none missing",
        "the history continues earlier.zip",
        '"id":"week-1","source":"plan-system","position":713,',
        "another-2022 is sound: 2 areas, 27 clauses.",
        "another-2022 is recorded: entries 1 to 30.",
    ):
        assert told in ran.stdout
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "Evidence of impact" in (tmp_path / "preview.html").read_text("utf-8")
