"""Test settings: read from the environment and a `.env` file, with each wrong value named in one line."""

import json
import re
from pathlib import Path

import pytest

from api import settings
from api.settings import Bind, Settings, WrongSetting
from ledger.proof import keys


def test_without_any_the_defaults_hold(tmp_path: Path) -> None:
    assert Settings.from_environment({}, tmp_path / ".env") == Settings()


def test_all_are_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    environment = {
        "LEDGER_DATABASE_URL": "postgresql://u:p@db/ledger",
        "LEDGER_DATA": "/var/lib/ledger",
        "LEDGER_ORIGIN": "ledger.example",
        "LEDGER_SIGNING_KEY_FILE": str(key),
        "LEDGER_OIDC_ISSUER": "https://id.example",
        "LEDGER_OIDC_AUDIENCE": "ledger",
        "LEDGER_OIDC_CLIENT_ID": "pages",
        "LEDGER_OIDC_CLIENT_SECRET": "hush",
        "LEDGER_SESSION_KEY_FILE": str(key),
        "LEDGER_EVIDENCE_URL": "file:///srv/evidence",
        "LEDGER_EVIDENCE_LIMIT": "5000",
        "LEDGER_BIND": "[::1]:0",
        "LEDGER_WORKERS": "4",
        "LEDGER_INTROSPECTION": "no",
        "LEDGER_CORS_ORIGINS": "https://front.example:443 http://localhost:3000",
        "LEDGER_LOG": "WARNING",
        "LEDGER_PUBLIC_URL": "https://Ledger.Example./",
    }
    assert Settings.from_environment(environment, tmp_path / ".env") == Settings(
        "postgresql://u:p@db/ledger",
        Path("/var/lib/ledger"),
        "ledger.example",
        key,
        None,
        "https://id.example",
        "ledger",
        "pages",
        "hush",
        key,
        "file:///srv/evidence",
        5_000,
        Bind("::1", 0),
        4,
        introspection=False,
        cors_origins=("https://front.example", "http://localhost:3000"),
        log="warning",
        public_url="https://ledger.example",
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# where\nLEDGER_BIND='127.0.0.1:9'\nLEDGER_WORKERS=2\nOTHER=x\n", encoding="utf-8")
    settings = Settings.from_environment({"LEDGER_WORKERS": "3"}, file)
    assert (settings.bind, settings.workers) == (Bind("127.0.0.1", 9), 3)


def test_a_file_that_was_written_on_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfLEDGER_WORKERS=2\r\nLEDGER_BIND=127.0.0.1:9\r\n")
    settings = Settings.from_environment({}, file)
    assert (settings.bind, settings.workers) == (Bind("127.0.0.1", 9), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEDGER_DATABASE_URL", "mysql://u:secret@db/ledger"),
        ("LEDGER_DATABASE_URL", "postgresql://u:secret@db:port/%zz"),
        ("LEDGER_DATABASE_URL", "postgresql://u:secret@db/ledger?connect_timeout=soon"),
        ("LEDGER_READ_URL", "postgresql://u:secret%of@db/ledger"),
        ("LEDGER_ORIGIN", "https://ledger.example"),
        ("LEDGER_SIGNING_KEY_FILE", "/nowhere/key"),
        ("LEDGER_SIGNING_KEY_FILE", "PRIVATE+KEY+secret+00000000+AAAA"),
        ("LEDGER_SIGNING_KEY", "PRIVATE+KEY+secret+00000000+AAAA"),
        ("LEDGER_OIDC_ISSUER", "id.example"),
        ("LEDGER_OIDC_ISSUER", "http://id.example"),
        ("LEDGER_EVIDENCE_URL", "/srv/evidence"),
        ("LEDGER_EVIDENCE_LIMIT", "100MB"),
        ("LEDGER_EVIDENCE_LIMIT", "0"),
        ("LEDGER_INTROSPECTION", "perhaps"),
        ("LEDGER_BIND", "8000"),
        ("LEDGER_BIND", "127.0.0.1:70000"),
        ("LEDGER_WORKERS", "0"),
        ("LEDGER_WORKERS", "many"),
        ("LEDGER_LOG", "loud"),
        ("LEDGER_PUBLIC_URL", "ledger.example"),
        ("LEDGER_PUBLIC_URL", "https://ledger.example/pages"),
        ("LEDGER_PUBLIC_URL", "https://u:secret@ledger.example"),
        ("LEDGER_PUBLIC_URL", "https://ledger.example:99999"),
        ("LEDGER_PUBLIC_URL", "https://ledger.example:0"),
        ("LEDGER_PUBLIC_URL", "https://[::::]"),
        ("LEDGER_PUBLIC_URL", "https://."),
        ("LEDGER_PUBLIC_URL", "https://ledger..example"),
        ("LEDGER_CORS_ORIGINS", "https://front.example:65536"),
        ("LEDGER_CORS_ORIGINS", "https://[1::2::3]"),
        ("LEDGER_CORS_ORIGINS", "https://Front.example"),
        ("LEDGER_CORS_ORIGINS", "*"),
        ("LEDGER_CORS_ORIGINS", "https://front.example/"),
        ("LEDGER_CORS_ORIGINS", "https://front.example, https://other.example"),
        ("LEDGER_DOCUMENTS", "/nowhere/documents.json"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as caught:
        Settings.from_environment({name: value}, tmp_path / ".env")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEDGER_PUBLIC_URL", "https://café.example"),
        ("LEDGER_ORIGIN", "café.example"),
        ("LEDGER_CORS_ORIGINS", "https://café.example"),
    ],
)
def test_a_host_with_letters_beyond_ascii_is_refused_with_its_spelling(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(WrongSetting, match=r"such as xn--caf-dma\.example for café\.example$"):
        Settings.from_environment({name: value}, tmp_path / ".env")
    Settings.from_environment({name: value.replace("café", "xn--caf-dma")}, tmp_path / ".env")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_file_of_settings_in_another_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / ".env"
    file.write_text("LEDGER_BIND=127.0.0.1:9\n# Zo\xeb\n", encoding)
    with pytest.raises(WrongSetting, match=r"\.env is not in UTF-8; save it in UTF-8$"):
        Settings.from_environment({}, file)


def test_a_byte_order_mark_of_registered_documents_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_text('{"a": "{ me { actor } }"}', "utf-8-sig")
    assert Settings.from_environment({"LEDGER_DOCUMENTS": str(file)}, file.parent / "none").documents == {
        "a": "{ me { actor } }"
    }


def test_registered_documents_are_an_object_or_a_manifest(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    manifest = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "a", "name": "Me", "type": "query", "body": "{ me { actor } }"}],
    }
    for content in ({"a": "{ me { actor } }"}, manifest):
        file.write_text(json.dumps(content), encoding="utf-8")
        settings_read = Settings.from_environment({"LEDGER_DOCUMENTS": str(file)}, tmp_path / ".env")
        assert settings_read.documents == {"a": "{ me { actor } }"}
    for text in ("", "[]", '{"a": 1}', '{"operations": [{"id": "a"}]}', '{"operations": [5]}', "\x80"):
        file.write_text(text, encoding="latin-1")
        with pytest.raises(WrongSetting, match=r"LEDGER_DOCUMENTS is wrong: .* is not a JSON object of documents"):
            Settings.from_environment({"LEDGER_DOCUMENTS": str(file)}, tmp_path / ".env")


def test_a_misspelt_name_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LEDGER_DATABSE_URL=postgresql://db/ledger\n", encoding="utf-8")
    with pytest.raises(WrongSetting, match="LEDGER_DATABSE_URL"):
        Settings.from_environment({}, file)


@pytest.mark.parametrize(
    "name", ["DATABSE_URL", "DATABASE", "DATA_DIR", "WORKER", "LOG_LEVEL", "OIDC_ISSUR", "ORIGINS"]
)
def test_a_name_that_is_nearly_a_setting_stops_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongSetting, match=f"LEDGER_{name}, which is not a setting; did you mean LEDGER_"):
        Settings.from_environment({f"LEDGER_{name}": "x"}, tmp_path / ".env")


def test_other_names_are_left_to_others(tmp_path: Path) -> None:
    environment = {"LEDGER_TOKEN": "x", "LEDGER_TEST_SERVER": "x", "LEDGER_CLI_THEME": "x", "OTHER": "x"}
    assert Settings.from_environment(environment, tmp_path / ".env") == Settings()


def test_half_of_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="LEDGER_OIDC_AUDIENCE is not set"):
        Settings.from_environment({"LEDGER_OIDC_ISSUER": "https://id.example"}, tmp_path / ".env")


def test_the_signing_key_is_the_secret_or_the_file_or_made(tmp_path: Path) -> None:
    named = keys.generate(tmp_path / "key", "ledger.example/k1")
    file = {"LEDGER_SIGNING_KEY_FILE": str(tmp_path / "key")}
    secret = {"LEDGER_SIGNING_KEY": named.to_text()}
    for environment in (file, secret):
        settings = Settings.from_environment(environment, tmp_path / ".env")
        assert settings.signer().verifier_key() == named.verifier_key()
        assert named.to_text() not in repr(settings)
    with pytest.raises(WrongSetting, match="unset one of them"):
        Settings.from_environment(file | secret, tmp_path / ".env")
    neither = Settings(data=tmp_path / "data")
    assert neither.signer().verifier_key() == neither.signer().verifier_key() != named.verifier_key()


def test_the_database_password_is_not_shown() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://u:secret@db/ledger"))


@pytest.mark.parametrize(
    ("environment", "absent"),
    [
        ({"LEDGER_OIDC_CLIENT_ID": "pages"}, "LEDGER_OIDC_ISSUER"),
        ({"LEDGER_OIDC_CLIENT_SECRET": "hush"}, "LEDGER_OIDC_CLIENT_ID"),
    ],
)
def test_a_client_is_of_an_issuer_and_a_secret_of_a_client(
    tmp_path: Path, environment: dict[str, str], absent: str
) -> None:
    with pytest.raises(WrongSetting, match=f"set {absent} too"):
        Settings.from_environment(environment, tmp_path / ".env")


def test_the_page_for_operators_tells_of_each_setting_and_of_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    table = page.partition("\n## Settings\n")[2].partition("\n## ")[0]
    names = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    documented = re.findall(r"`(LEDGER_[A-Z_]+)`", " ".join(names))
    assert sorted(documented) == sorted(settings._READERS)
