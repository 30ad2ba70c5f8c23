"""The page for users of the eventsourcing library, run as it is written on the demo's ledger."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.api.cli_tools import url_of

ROOT = Path(__file__).parents[2]
RUN = "import sys; from api.cli import main; sys.exit(main())"
LATE = """
import json, sys
from eventsourcing.persistence import InfrastructureFactory
from late_actions import LateActions, LateActionsView
from ledger.eventsourcing.datastore import LedgerDatastore
view = LateActionsView(LedgerDatastore(sys.argv[1], "ledger_guest"), tracking_table_name="lateactions_tracking")
print(json.dumps([view.max_tracking_id("tameside-2022"), [list(row.values()) for row in view.late_by_owner()]]))
"""


@pytest.mark.long
def test_the_page_on_extending_goes_as_written(database: str, tmp_path: Path) -> None:
    url = url_of(database)
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    reading, _, late, testing, _ = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    environ = {**os.environ, "LEDGER_DATABASE_URL": url, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}

    def python(*words: str) -> str:
        command = [sys.executable, "-c", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
        ).stdout

    python(RUN, "demo", "--check")
    embedded = 'with EmbeddedPostgres(Path(".ledger/demo")) as database:'
    assert embedded in reading
    program = reading.replace(embedded, "if True:").replace("database.start()", repr(url))
    lines = python(program).splitlines()
    assert lines[0] == "1 NoticeIssuedEntry 2022-07-05"
    assert lines[1].startswith("version 300 recorded 2022-")
    size = int(lines[2].removesuffix(" entries"))

    (tmp_path / "late_actions.py").write_text(late, "utf-8")
    command = [sys.executable, "-c", RUN, "project", "--with", "late_actions:LateActions"]
    with subprocess.Popen(command, cwd=tmp_path, env=environ) as process:
        while f"[{size}, " not in (printed := late_so_far(python, url)):
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert printed.startswith(f"[{size}, [[")

    embedded = 'self.enterContext(EmbeddedPostgres(Path(".ledger/demo")))'
    assert embedded in testing
    case = testing.replace(embedded, "None").replace("database.start()", repr(url))
    (tmp_path / "test_late_actions.py").write_text(case, "utf-8")
    assert "python -m unittest test_late_actions" in page
    python("import unittest; unittest.main('test_late_actions')")


def late_so_far(python: object, url: str) -> str:
    """Return the contractor's table as JSON, with the position that it has reached."""
    assert callable(python)
    try:
        return str(python(LATE, url))
    except subprocess.CalledProcessError:
        return ""  # the table is not there yet
