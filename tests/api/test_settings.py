"""Settings: read from the environment and a `.env` file, each wrong value named in one line."""

from pathlib import Path

import pytest

from api.settings import Bind, Settings, WrongSetting


def test_without_any_the_defaults_hold(tmp_path: Path) -> None:
    assert Settings.from_environment({}, tmp_path / ".env") == Settings()


def test_all_are_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    given = {
        "LEDGER_DATABASE_URL": "postgresql://u:p@db/ledger",
        "LEDGER_DATA": "/var/lib/ledger",
        "LEDGER_ORIGIN": "ledger.example",
        "LEDGER_SIGNING_KEY_FILE": str(key),
        "LEDGER_OIDC_ISSUER": "https://id.example",
        "LEDGER_OIDC_AUDIENCE": "ledger",
        "LEDGER_EVIDENCE_URL": "file:///srv/evidence",
        "LEDGER_BIND": "[::1]:0",
        "LEDGER_WORKERS": "4",
        "LEDGER_LOG": "WARNING",
    }
    assert Settings.from_environment(given, tmp_path / ".env") == Settings(
        "postgresql://u:p@db/ledger",
        Path("/var/lib/ledger"),
        "ledger.example",
        key,
        "https://id.example",
        "ledger",
        "file:///srv/evidence",
        Bind("::1", 0),
        4,
        "warning",
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# where\nLEDGER_BIND='127.0.0.1:9'\nLEDGER_WORKERS=2\nOTHER=x\n", encoding="utf-8")
    found = Settings.from_environment({"LEDGER_WORKERS": "3"}, file)
    assert (found.bind, found.workers) == (Bind("127.0.0.1", 9), 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEDGER_DATABASE_URL", "mysql://u:secret@db/ledger"),
        ("LEDGER_DATABASE_URL", "postgresql://u:secret@db:port/%zz"),
        ("LEDGER_ORIGIN", "https://ledger.example"),
        ("LEDGER_SIGNING_KEY_FILE", "/nowhere/key"),
        ("LEDGER_OIDC_ISSUER", "id.example"),
        ("LEDGER_EVIDENCE_URL", "/srv/evidence"),
        ("LEDGER_BIND", "8000"),
        ("LEDGER_BIND", "127.0.0.1:70000"),
        ("LEDGER_WORKERS", "0"),
        ("LEDGER_WORKERS", "many"),
        ("LEDGER_LOG", "loud"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        Settings.from_environment({name: value}, tmp_path / ".env")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_misspelt_name_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LEDGER_DATABSE_URL=postgresql://db/ledger\n", encoding="utf-8")
    with pytest.raises(WrongSetting, match="LEDGER_DATABSE_URL"):
        Settings.from_environment({}, file)


def test_half_of_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="LEDGER_OIDC_AUDIENCE is not set"):
        Settings.from_environment({"LEDGER_OIDC_ISSUER": "https://id.example"}, tmp_path / ".env")


def test_the_database_password_is_not_shown() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://u:secret@db/ledger"))
