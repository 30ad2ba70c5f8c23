"""Test `ledger key` on a real database: generate, show and rotate."""

from pathlib import Path

import psycopg
import pytest

from ledger.packs import shipped
from ledger.proof.checkpoint import Signer, VerifierKey, parse
from tests.api.cli_tools import NOTICE, Ledger, caller, url_of


@pytest.fixture
def ledger(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> Ledger:
    """Return the command line on an empty database, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    monkeypatch.setenv("LEDGER_ORIGIN", "ledger.example")
    return caller(capsys)


def test_a_key_is_made_shown_and_never_overwritten(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    generated = ledger("key", "generate", "-o", "k1")
    key = VerifierKey.parse(generated.out.strip())
    assert key.name.startswith("ledger.example/")
    assert "Keep it secret" in generated.err
    assert (key, Path("k1").stat().st_mode & 0o777) == (Signer.read("k1").public, 0o600)
    again = ledger("key", "generate", "-o", "k1")
    assert (again.status, "never overwritten" in again.err) == (1, True)
    monkeypatch.setenv("LEDGER_SIGNING_KEY_FILE", "k1")
    assert ledger("key", "show").out == generated.out
    assert ledger("key", "show", "--json").json == [{"name": key.name, "verifierKey": str(key)}]
    assert "PRIVATE" not in generated.out + generated.err


def test_a_key_takes_over_by_a_recorded_entry(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    Path("notice.toml").write_bytes(shipped(NOTICE))
    assert ledger("notice", "add", "notice.toml").status == 0
    for number, name in enumerate(("k1", "k2"), 31):
        ledger("key", "generate", "-o", name, "--name", name)
        monkeypatch.setenv("LEDGER_SIGNING_KEY_FILE", name)
        line = f"{name} signs the checkpoints of {NOTICE} since entry {number}.\n"
        assert ledger("key", "rotate", NOTICE).out == line
        assert ledger("key", "rotate", NOTICE).out == line
        with psycopg.connect(database) as connection:
            notes = connection.execute("SELECT note FROM ledger.checkpoints ORDER BY size").fetchall()
        assert parse(notes[-1][0], [ledger("key", "show").out.strip()]).size == number
    assert ledger("key", "rotate", "elsewhere").status == 1
    for position, options in ((31, ["--unsigned"]), (32, [])):
        exported = ledger("export", NOTICE, "-o", "bundle.zip", "--as-of", str(position))
        assert (exported.status, "--unsigned" in exported.err) == (0, bool(options))
        assert ledger("verify", "bundle.zip").status == len(options)
        assert ledger("verify", "bundle.zip", *options).status == 0
    monkeypatch.setenv("LEDGER_SIGNING_KEY_FILE", "k1")
    back = ledger("key", "rotate", NOTICE)
    assert (back.status, "a key cannot return" in back.err) == (1, True)
