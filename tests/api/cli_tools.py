"""Run the command line in this process, and return its exit status, stdout and stderr."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from api.cli import main

NOTICE = "tameside-2022"


class Ran(Struct, frozen=True):
    """Result of a call."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        """Lines of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


Ledger = Callable[..., Ran]


def url_of(conninfo: str) -> str:
    """Return a connection string as a URL for LEDGER_DATABASE_URL."""
    parts = conninfo_to_dict(conninfo)
    login = quote(str(parts.pop("user")))
    name = parts.pop("dbname")
    rest = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items() if value is not None)
    return f"postgresql://{login}@/{name}?{rest}"


def caller(capsys: pytest.CaptureFixture[str]) -> Ledger:
    """Return the command line as a function of its arguments."""

    def call(*words: object) -> Ran:
        capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return call
