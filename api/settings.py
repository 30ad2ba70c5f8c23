"""What an operator can set: environment variables, or lines of a `.env` file, checked before anything starts.

The environment goes before the file. Imports starlette and `ledger`.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from starlette.config import Config

from ledger.domain.errors import LedgerError
from ledger.evidence.object_store import LIMIT
from ledger.proof import keys
from ledger.proof.checkpoint import Signer

LOG_LEVELS = ("debug", "info", "warning", "error")
LARGEST = 5_000_000_000
"""The largest limit for documents: a bucket copies no larger object in one step."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
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
    """LEDGER_SIGNING_KEY_FILE: the key that signs checkpoints, as `ledger key generate` wrote it."""
    signing_key: str | None = field(default=None, repr=False)
    """LEDGER_SIGNING_KEY: that key itself, as a secret of the environment; neither: one is made under `data`."""
    oidc_issuer: str | None = None
    """LEDGER_OIDC_ISSUER: who issues people's access tokens."""
    oidc_audience: str | None = None
    """LEDGER_OIDC_AUDIENCE: what those tokens must be meant for."""
    oidc_client_id: str | None = None
    """LEDGER_OIDC_CLIENT_ID: the pages' name at the issuer; None: people don't sign in to them there."""
    oidc_client_secret: str | None = field(default=None, repr=False)
    """LEDGER_OIDC_CLIENT_SECRET: proves that it is them, where the issuer asks for it."""
    session_key_file: Path | None = None
    """LEDGER_SESSION_KEY_FILE: the key that seals the pages' sessions; None: one that is kept under `data`."""
    evidence_url: str | None = None
    """LEDGER_EVIDENCE_URL: where documents are kept; None: under `data`."""
    evidence_limit: int = LIMIT
    """LEDGER_EVIDENCE_LIMIT: the size of the largest document, in bytes."""
    bind: Bind = Bind("127.0.0.1", 8000)
    """LEDGER_BIND: host:port."""
    workers: int = 1
    """LEDGER_WORKERS: server processes, 1 to 64."""
    introspection: bool = True
    """LEDGER_INTROSPECTION: yes or no: whether the GraphQL schema tells of itself."""
    log: str = "info"
    """LEDGER_LOG: debug, info, warning or error."""

    @property
    def store(self) -> str:
        """The URL at which documents are kept."""
        return self.evidence_url or (self.data.absolute() / "evidence").as_uri()

    def signer(self) -> Signer:
        """The key that signs checkpoints; where none is named, the one under `data`, made now if it is not there.

        Raises LedgerError when it cannot be read or made.
        """
        if self.signing_key is not None:
            return Signer.from_text(self.signing_key)
        if self.signing_key_file is not None:
            return keys.read(self.signing_key_file)
        return keys.made(self.data, self.origin)

    @classmethod
    def from_environment(
        cls, environ: MutableMapping[str, str] | None = None, env_file: Path = Path(".env")
    ) -> Self:
        """The settings of the environment and of that file, if it is there; raises WrongSetting."""
        given = os.environ if environ is None else environ
        _check_names(given)
        file = _lines(env_file)
        known = {**file, **{name: given[name] for name in _READERS if name in given}}
        values: dict[str, Any] = {_field(name): _read(name, known[name]) for name in _READERS if known.get(name)}
        if ("oidc_issuer" in values) != ("oidc_audience" in values):
            absent = "LEDGER_OIDC_AUDIENCE" if "oidc_issuer" in values else "LEDGER_OIDC_ISSUER"
            raise WrongSetting(f"{absent} is not set; issuer and audience are set together or not at all")
        if "signing_key" in values and "signing_key_file" in values:
            raise WrongSetting(
                "LEDGER_SIGNING_KEY and LEDGER_SIGNING_KEY_FILE are both set; leave one of them out"
            )
        if "oidc_client_id" in values and "oidc_issuer" not in values:
            raise WrongSetting("LEDGER_OIDC_CLIENT_ID names a client of no issuer; set LEDGER_OIDC_ISSUER too")
        if "oidc_client_secret" in values and "oidc_client_id" not in values:
            raise WrongSetting("LEDGER_OIDC_CLIENT_SECRET is of no client; set LEDGER_OIDC_CLIENT_ID too")
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


def _check_names(environ: Iterable[str]) -> None:
    """Raises WrongSetting for a name that is nearly a setting's; what else is called LEDGER_ may be another's."""
    for name in sorted(environ):
        if name.startswith("LEDGER_") and name not in _READERS:
            meant = _meant(_field(name))
            if meant is not None:
                raise WrongSetting(
                    f"the environment sets {name}, which is no setting; LEDGER_{meant.upper()} is one"
                )


def _meant(name: str) -> str | None:
    """The setting that a name is taken to mean: one that is spelt nearly so, or begins alike."""
    known = [_field(each) for each in _READERS]
    near = get_close_matches(name, known, 1, 0.75)
    near += [each for each in known if name.startswith(f"{each}_") or each.startswith(f"{name}_")]
    return next(iter(near), None)


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


def _key(value: str) -> str:
    Signer.from_text(value)
    return value


def _address(*schemes: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(f"write an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return read


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise ValueError("write an address that begins with https:// (http:// on this machine only)")
    return value


def _bind(value: str) -> Bind:
    match = _BIND.fullmatch(value)
    if match is None or int(match["port"]) > 65_535:
        raise ValueError(f"{value!r} is not host:port, such as 127.0.0.1:8000")
    return Bind(match["host"].strip("[]"), int(match["port"]))


def _limit(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value) or not 1 <= int(value) <= LARGEST:
        raise ValueError(f"{value!r} is not a number of bytes, 1 to {LARGEST}")
    return int(value)


def _workers(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", value) or not 1 <= int(value) <= 64:
        raise ValueError(f"{value!r} is not a number of processes, 1 to 64")
    return int(value)


def _yes_or_no(value: str) -> bool:
    if value.lower() not in ("yes", "no"):
        raise ValueError(f"{value!r} is neither yes nor no")
    return value.lower() == "yes"


def _log(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"{value!r} is none of {', '.join(LOG_LEVELS)}")
    return value.lower()


_READERS: Mapping[str, Callable[[str], object]] = {
    "LEDGER_DATABASE_URL": _database_url,
    "LEDGER_DATA": Path,
    "LEDGER_ORIGIN": _origin,
    "LEDGER_SIGNING_KEY_FILE": _file,
    "LEDGER_SIGNING_KEY": _key,
    "LEDGER_OIDC_ISSUER": _issuer,
    "LEDGER_OIDC_AUDIENCE": str,
    "LEDGER_OIDC_CLIENT_ID": str,
    "LEDGER_OIDC_CLIENT_SECRET": str,
    "LEDGER_SESSION_KEY_FILE": _file,
    "LEDGER_EVIDENCE_URL": _address("file", "s3", "gs", "az", "https"),
    "LEDGER_EVIDENCE_LIMIT": _limit,
    "LEDGER_BIND": _bind,
    "LEDGER_WORKERS": _workers,
    "LEDGER_INTROSPECTION": _yes_or_no,
    "LEDGER_LOG": _log,
}
