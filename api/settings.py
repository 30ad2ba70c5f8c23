"""Read the operator's settings from environment variables, or from lines of a `.env` file.

The environment has priority over the file. All settings are checked before any are returned.
"""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from starlette.config import Config

from ledger.domain.errors import LedgerError
from ledger.evidence.object_store import LIMIT
from ledger.proof import keys
from ledger.proof.checkpoint import Signer
from ledger.proof.high_water import marks_file
from ledger.store.database_url import check_url
from projections.query.reader import LAG_SECONDS

LOG_LEVELS = ("debug", "info", "warning", "error")
LARGEST = 5_000_000_000
"""Bytes of the largest limit for documents: a bucket copies no larger object in one step."""
LAST_PORT = 65_535
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FINAL_DOT = re.compile(r"\.(?=(:[0-9]+)?$)")
_ADDRESS = re.compile(
    r"https?://(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?"
)
"""Address of a host without a path: its scheme, its name or IPv6 address, and its port."""
_DEFAULT_PORT = re.compile(r"^(http(?=:.*:80$)|https(?=:.*:443$))(.*):[0-9]+$")
_BIND = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})")


class WrongSetting(LedgerError):
    """Error in a setting or the `.env` file; the message does not repeat the value of a secret setting."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Address on which the server listens."""

    host: str
    port: int
    """Port number; 0 for any free port."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one process."""

    database_url: str | None = field(default=None, repr=False)
    """LEDGER_DATABASE_URL: URL of the PostgreSQL server; None for an embedded server under `data`."""
    data: Path = Path(".ledger")
    """LEDGER_DATA: folder of the embedded database and of files without a setting of their own."""
    origin: str = "localhost"
    """LEDGER_ORIGIN: host that begins every ledger's name in its checkpoints, without a scheme."""
    signing_key_file: Path | None = None
    """LEDGER_SIGNING_KEY_FILE: file of the key that signs checkpoints, from `ledger key generate`."""
    signing_key: str | None = field(default=None, repr=False)
    """LEDGER_SIGNING_KEY: text of the key that signs checkpoints; without it or a key file, a key is created."""
    oidc_issuer: str | None = None
    """LEDGER_OIDC_ISSUER: issuer of people's access tokens."""
    oidc_audience: str | None = None
    """LEDGER_OIDC_AUDIENCE: audience that people's access tokens must name."""
    oidc_client_id: str | None = None
    """LEDGER_OIDC_CLIENT_ID: client id of the pages at the issuer; None disables sign-in at the issuer."""
    oidc_client_secret: str | None = field(default=None, repr=False)
    """LEDGER_OIDC_CLIENT_SECRET: client secret of the pages, if the issuer requires one."""
    session_key_file: Path | None = None
    """LEDGER_SESSION_KEY_FILE: file of the key that seals sessions; None for a file under `data`."""
    evidence_url: str | None = None
    """LEDGER_EVIDENCE_URL: store of the documents; None for a folder under `data`."""
    evidence_limit: int = LIMIT
    """LEDGER_EVIDENCE_LIMIT: bytes of the largest document."""
    bind: Bind = Bind("127.0.0.1", 8000)
    """LEDGER_BIND: host:port on which the server listens."""
    workers: int = 1
    """LEDGER_WORKERS: number of server processes, 1 to 64."""
    introspection: bool = True
    """LEDGER_INTROSPECTION: permission for clients to query the GraphQL schema, yes or no."""
    documents: Mapping[str, str] | None = field(default=None, repr=False)
    """LEDGER_DOCUMENTS: file of the GraphQL documents that clients may send, by id; None for any document."""
    cors_origins: tuple[str, ...] = ()
    """LEDGER_CORS_ORIGINS: other origins whose pages may send requests, separated by spaces; empty for none."""
    log: str = "info"
    """LEDGER_LOG: level of the log, debug, info, warning or error."""
    read_url: str | None = field(default=None, repr=False)
    """LEDGER_READ_URL: URL of one or several hot standbys to read from; None to read from the primary."""
    read_lag: float = LAG_SECONDS
    """LEDGER_READ_LAG: seconds by which a hot standby may be behind the primary, 1 to 3600."""
    public_url: str | None = None
    """LEDGER_PUBLIC_URL: address at which people open the service; requests for unknown hosts are refused."""

    @property
    def store(self) -> str:
        """URL of the document store."""
        return self.evidence_url or (self.data.absolute() / "evidence").as_uri()

    @property
    def high_water_file(self) -> Path:
        """File of the high-water marks, which all processes of this host share."""
        return marks_file(self.data, self.signing_key_file)

    def signer(self) -> Signer:
        """Return the key that signs checkpoints; create one under `data` if no setting names one.

        Raises:
            LedgerError: The key cannot be read or created.
        """
        if self.signing_key is not None:
            return Signer.from_text(self.signing_key)
        if self.signing_key_file is not None:
            return keys.read(self.signing_key_file)
        return keys.read_or_generate(self.data, self.origin)

    @classmethod
    def from_environment(
        cls, environ: MutableMapping[str, str] | None = None, env_file: Path = Path(".env")
    ) -> Self:
        """Return the settings of the environment and of the `.env` file.

        Raises:
            WrongSetting: The file cannot be read, or a setting is unknown, wrong or does not fit another setting.
        """
        variables = os.environ if environ is None else environ
        _check_names(variables)
        file = _lines(env_file)
        values_by_name = {**file, **{name: variables[name] for name in _READERS if name in variables}}
        values: dict[str, Any] = {
            _field(name): _read(name, values_by_name[name]) for name in _READERS if values_by_name.get(name)
        }
        if ("oidc_issuer" in values) != ("oidc_audience" in values):
            missing = "LEDGER_OIDC_AUDIENCE" if "oidc_issuer" in values else "LEDGER_OIDC_ISSUER"
            raise WrongSetting(f"{missing} is not set; set issuer and audience together, or neither")
        if "read_url" in values and "database_url" not in values:
            raise WrongSetting("LEDGER_READ_URL is set without LEDGER_DATABASE_URL; name the primary there")
        if "signing_key" in values and "signing_key_file" in values:
            raise WrongSetting("LEDGER_SIGNING_KEY and LEDGER_SIGNING_KEY_FILE are both set; unset one of them")
        if "oidc_client_id" in values and "oidc_issuer" not in values:
            raise WrongSetting("LEDGER_OIDC_CLIENT_ID is set without an issuer; set LEDGER_OIDC_ISSUER too")
        if "oidc_client_secret" in values and "oidc_client_id" not in values:
            raise WrongSetting("LEDGER_OIDC_CLIENT_SECRET is set without a client; set LEDGER_OIDC_CLIENT_ID too")
        return cls(**values)


def _lines(env_file: Path) -> Mapping[str, str]:
    if not env_file.is_file():
        return {}
    try:
        lines = Config(env_file, environ={}, encoding="utf-8-sig").file_values
    except UnicodeDecodeError:
        raise WrongSetting(f"{env_file} is not in UTF-8; save it in UTF-8") from None
    except OSError as error:
        raise WrongSetting(f"{env_file} cannot be read: {error}") from None
    for name in lines:
        if "\0" in name:
            raise WrongSetting(f"{env_file} is not in UTF-8; save it in UTF-8")
        if name.startswith("LEDGER_") and name not in _READERS:
            raise WrongSetting(
                f"{env_file} sets {name}, which is not a setting; the settings are {', '.join(_READERS)}"
            )
    return lines


def _check_names(environ: Iterable[str]) -> None:
    """Raise WrongSetting for a name close to a setting's; other LEDGER_ names may belong to other software."""
    for name in sorted(environ):
        if name.startswith("LEDGER_") and name not in _READERS:
            intended = _intended(_field(name))
            if intended is not None:
                raise WrongSetting(
                    f"the environment sets {name}, which is not a setting; did you mean LEDGER_{intended.upper()}?"
                )


def _intended(name: str) -> str | None:
    """Return the setting spelled like a name or with the same beginning, or None without such a setting."""
    fields = [_field(setting) for setting in _READERS]
    near = get_close_matches(name, fields, 1, 0.75)
    near += [field for field in fields if name.startswith(f"{field}_") or field.startswith(f"{name}_")]
    return next(iter(near), None)


def _field(name: str) -> str:
    return name.removeprefix("LEDGER_").lower()


def _read(name: str, value: str) -> object:
    try:
        return _READERS[name](value)
    except ValueError as error:
        raise WrongSetting(f"{name} is wrong: {error}") from None


def _database_url(value: str) -> str:
    check_url(value)
    if value.partition(":")[0] not in ("postgresql", "postgres"):
        raise ValueError("enter an address such as postgresql://user@host/database")
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*", value):
        raise ValueError(_hint("enter a host without a scheme, such as ledger.example.gov.uk", value))
    return value


def _is_address(value: str) -> bool:
    """Return whether a text is an address without a path, with a valid host and port."""
    match = _ADDRESS.fullmatch(value)
    if match is None or not 0 < int(match["port"] or 1) <= LAST_PORT:
        return False
    try:
        IPv6Address(match["address"] or "::")
    except ValueError:
        return False
    return True


def _hint(message: str, value: str) -> str:
    """Return a message about a host, with the spelling of letters beyond ASCII if the value has any."""
    spelling = "; write letters beyond ASCII as the DNS does, such as xn--caf-dma.example for café.example"
    return message if value.isascii() else message + spelling


def _public_url(value: str) -> str:
    if not _is_address(value.removesuffix("/")):
        raise ValueError(_hint("enter an address without a path, such as https://ledger.example.gov.uk", value))
    return _FINAL_DOT.sub("", value.removesuffix("/").lower())


def _file(value: str) -> Path:
    if "PRIVATE+KEY" in value:  # an error must not repeat it
        raise ValueError("this is a key, not the path of a file; use LEDGER_SIGNING_KEY for the key itself")
    path = Path(value)
    if not path.is_file():
        raise ValueError(f"no file {value}; check the path")
    return path


def _key(value: str) -> str:
    Signer.from_text(value)
    return value


def _address(*schemes: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(f"enter an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return read


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise ValueError("enter an address that begins with https:// (http:// on this machine only)")
    return value


def _bind(value: str) -> Bind:
    match = _BIND.fullmatch(value)
    if match is None or int(match["port"]) > LAST_PORT:
        raise ValueError(f"{value!r} is not host:port; for example 127.0.0.1:8000")
    return Bind(match["host"].strip("[]"), int(match["port"]))


def _limit(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value) or not 1 <= int(value) <= LARGEST:
        raise ValueError(f"{value!r} is not a number of bytes; enter 1 to {LARGEST}")
    return int(value)


def _lag(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value) or not 1 <= float(value) <= 3_600:
        raise ValueError(f"{value!r} is not a number of seconds; enter 1 to 3600")
    return float(value)


def _workers(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", value) or not 1 <= int(value) <= 64:
        raise ValueError(f"{value!r} is not a number of processes; enter 1 to 64")
    return int(value)


def _yes_or_no(value: str) -> bool:
    if value.lower() not in ("yes", "no"):
        raise ValueError(f"{value!r} is not a choice; enter yes or no")
    return value.lower() == "yes"


def _documents(value: str) -> Mapping[str, str]:
    """Return the GraphQL documents by id, from a JSON file of such an object or from Apollo's manifest.

    Raises:
        ValueError: The file cannot be read, or has another content.
    """
    try:
        content = msgspec.json.decode(_file(value).read_bytes().removeprefix(BOM_UTF8))
        if isinstance(content, dict) and isinstance(content.get("operations"), list):
            content = {each["id"]: each["body"] for each in content["operations"]}
        return msgspec.convert(content, dict[str, str])
    except (OSError, KeyError, TypeError, msgspec.MsgspecError):
        raise ValueError(f"{value} is not a JSON object of documents by id; write one") from None


def _origins(value: str) -> tuple[str, ...]:
    for origin in value.split():
        if origin != origin.lower() or not _is_address(origin):
            message = f"{origin!r} is not an origin; for example https://front.example.gov.uk"
            raise ValueError(_hint(message, origin))
    # browsers send an origin without its default port
    return tuple(_DEFAULT_PORT.sub(r"\1\2", origin) for origin in value.split())


def _log(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"{value!r} is not a level; enter one of {', '.join(LOG_LEVELS)}")
    return value.lower()


_READERS: Mapping[str, Callable[[str], object]] = {
    "LEDGER_DATABASE_URL": _database_url,
    "LEDGER_READ_URL": _database_url,
    "LEDGER_READ_LAG": _lag,
    "LEDGER_DATA": Path,
    "LEDGER_ORIGIN": _origin,
    "LEDGER_PUBLIC_URL": _public_url,
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
    "LEDGER_DOCUMENTS": _documents,
    "LEDGER_CORS_ORIGINS": _origins,
    "LEDGER_LOG": _log,
}
