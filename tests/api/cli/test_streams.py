"""Test commands whose output is closed, or whose disk is full: one line, and no traceback."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from ast import literal_eval
from pathlib import Path
from runpy import run_path

import pytest

from api import cli
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


@pytest.mark.parametrize(
    ("encoding", "words", "expected"),
    [
        ("ascii", "", rb"no command '\u201cB\xf6b\u201d \U0001f600'; the"),
        ("latin-1", "", b"no command '\\u201cB\xf6b\\u201d \\U0001f600'; the"),
        ("ascii", "--json", '{"error": "no command \'“Böb” 😀\'; the'.encode()),
    ],
)
def test_what_a_terminal_cannot_write_has_a_visible_stand_in(encoding: str, words: str, expected: bytes) -> None:
    script = f"from api.cli import main; main(['“Böb” 😀', *{words.split()}])"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert expected in done.stderr


def test_a_verifier_that_cannot_write_does_not_say_damaged(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"")
    status, errors = shell(f"{VERIFIER} {tmp_path}/bundle.zip >/dev/full", tmp_path)
    assert status == 2
    assert errors.endswith("the result cannot be written: No space left on device\n")
    assert "Traceback" not in errors


def test_an_interrupt_during_the_imports_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupt)
    assert cli.main(["verify"]) == 130
    assert capsys.readouterr().err == "\n"


def test_the_command_line_imports_nothing_before_it_can_be_interrupted() -> None:
    script = "import sys, api.cli; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"msgspec", "psycopg", "ledger", "projections", "schema"} & set(literal_eval(done.stdout))


def test_an_interrupted_verifier_does_not_say_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: ArgumentParser) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ArgumentParser, "parse_args", interrupt)
    with pytest.raises(SystemExit) as end:
        run_path(str(verify_bundle.__file__), run_name="__main__")
    assert end.value.code == 130
