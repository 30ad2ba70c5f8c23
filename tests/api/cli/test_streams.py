"""Test commands whose output is closed, or whose disk is full: one line, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.bundle import verify_bundle

LEDGER = f"{sys.executable} -c 'from api.cli import main; raise SystemExit(main())'"
VERIFIER = f"{sys.executable} {verify_bundle.__file__}"


def shell(script: str, tmp_path: Path) -> tuple[int, str]:
    """Run a script and return its exit status and its lines on stderr."""
    environment = {**os.environ, "LEDGER_DATA": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        ["sh", "-c", script],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["key show", "--help", "schema rules --markdown"])
def test_a_full_disk_is_an_error_of_one_line(command: str, tmp_path: Path) -> None:
    assert shell(f"{LEDGER} {command} >/dev/full", tmp_path) == (
        1,
        "ledger: the output cannot be read or written: No space left on device\n",
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_command_with_closed_streams_does_its_work(closed: str, tmp_path: Path) -> None:
    assert shell(f"{LEDGER} key show {closed}", tmp_path) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["signing.key"]


def test_a_verifier_that_cannot_write_does_not_say_damaged(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"")
    status, errors = shell(f"{VERIFIER} {tmp_path}/bundle.zip >/dev/full", tmp_path)
    assert status == 2
    assert errors.endswith("the result cannot be written: No space left on device\n")
    assert "Traceback" not in errors
