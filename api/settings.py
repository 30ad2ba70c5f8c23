"""What an operator can set: environment variables, or lines of a `.env` file, checked before anything starts.

The environment goes before the file. Imports starlette and `ledger.errors` only.
"""

import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from starlette.config import Config

from ledger.errors import LedgerError

LOG_LEVELS = ("debug", "info", "warning", "error")
_BIND = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})")


class WrongSetting(LedgerError):
    """A setting has a value that cannot be used; the message names it, and never repeats a secret."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Where the server listens."""

    host: str
    port: int
    """0: any free port."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process."""

    database_url: str | None = field(default=None, repr=False)
    """LEDGER_DATABASE_URL: a PostgreSQL server, as a URL; None: an embedded one under `data`."""
    data: Path = Path(".ledger")
    """LEDGER_DATA: where the embedded database lives."""
    origin: str = "localhost"
    """LEDGER_ORIGIN: the first part of the name of every ledger in its checkpoints: a host, without a scheme."""
    signing_key_file: Path | None = None
    """LEDGER_SIGNING_KEY_FILE: the key that signs checkpoints."""
    oidc_issuer: str | None = None
    """LEDGER_OIDC_ISSUER: who issues people's access tokens."""
    oidc_audience: str | None = None
    """LEDGER_OIDC_AUDIENCE: what those tokens must be meant for."""
    evidence_url: str | None = None
    """LEDGER_EVIDENCE_URL: where documents are kept; None: under `data`."""
    bind: Bind = Bind("127.0.0.1", 8000)
    """LEDGER_BIND: host:port."""
    workers: int = 1
    """LEDGER_WORKERS: server processes, 1 to 64."""
    log: str = "info"
    """LEDGER_LOG: debug, info, warning or error."""

    @classmethod
    def from_environment(
        cls, environ: MutableMapping[str, str] | None = None, env_file: Path = Path(".env")
    ) -> Self:
        """The settings of the environment and of that file, if it is there; raises WrongSetting."""
        given = os.environ if environ is None else environ
        file = _lines(env_file)
        known = {**file, **{name: given[name] for name in _READERS if name in given}}
        values: dict[str, Any] = {_field(name): _read(name, known[name]) for name in _READERS if known.get(name)}
        if ("oidc_issuer" in values) != ("oidc_audience" in values):
            absent = "LEDGER_OIDC_AUDIENCE" if "oidc_issuer" in values else "LEDGER_OIDC_ISSUER"
            raise WrongSetting(f"{absent} is not set; issuer and audience are set together or not at all")
        return cls(**values)


def _lines(env_file: Path) -> Mapping[str, str]:
    if not env_file.is_file():
        return {}
    try:
        lines = Config(env_file, environ={}).file_values
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{env_file} cannot be read: {error}") from None
    for name in lines:
        if name.startswith("LEDGER_") and name not in _READERS:
            raise WrongSetting(
                f"{env_file} sets {name}, which is no setting; the settings are {', '.join(_READERS)}"
            )
    return lines


def _field(name: str) -> str:
    return name.removeprefix("LEDGER_").lower()


def _read(name: str, value: str) -> object:
    try:
        return _READERS[name](value)
    except ValueError as error:
        raise WrongSetting(f"{name} is wrong: {error}") from None


def _database_url(value: str) -> str:
    scheme = value.partition(":")[0]
    try:
        psycopg.conninfo.conninfo_to_dict(value)
    except psycopg.ProgrammingError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ValueError(
            "write postgresql://user@host/database (the value is not shown, as it may hold a password)"
        )
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*", value):
        raise ValueError("write a host without a scheme, such as ledger.example.gov.uk")
    return value


def _file(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise ValueError(f"there is no file {value}")
    return path


def _address(*schemes: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(f"write an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return read


def _bind(value: str) -> Bind:
    match = _BIND.fullmatch(value)
    if match is None or int(match["port"]) > 65_535:
        raise ValueError(f"{value!r} is not host:port, such as 127.0.0.1:8000")
    return Bind(match["host"].strip("[]"), int(match["port"]))


def _workers(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", value) or not 1 <= int(value) <= 64:
        raise ValueError(f"{value!r} is not a number of processes, 1 to 64")
    return int(value)


def _log(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"{value!r} is none of {', '.join(LOG_LEVELS)}")
    return value.lower()


_READERS: Mapping[str, Callable[[str], object]] = {
    "LEDGER_DATABASE_URL": _database_url,
    "LEDGER_DATA": Path,
    "LEDGER_ORIGIN": _origin,
    "LEDGER_SIGNING_KEY_FILE": _file,
    "LEDGER_OIDC_ISSUER": _address("https", "http"),
    "LEDGER_OIDC_AUDIENCE": str,
    "LEDGER_EVIDENCE_URL": _address("file", "s3", "gs", "az", "https"),
    "LEDGER_BIND": _bind,
    "LEDGER_WORKERS": _workers,
    "LEDGER_LOG": _log,
}
