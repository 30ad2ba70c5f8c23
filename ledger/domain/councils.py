"""English councils, districts included, by their Office for National Statistics codes. Pure.

`councils.toml` is the table. Codes no longer in use stay in the table, because older notices name them. Only
districts whose codes ended before 2019 are left out.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Council(Struct, frozen=True, forbid_unknown_fields=True):
    """A council, present or former."""

    name: str
    until: date | None = None
    """Last day on which the code was in use; None while it is in use."""


@cache
def councils() -> Mapping[str, Council]:
    """Return the councils by ONS code."""
    table = tomllib.loads(files("ledger.domain").joinpath("councils.toml").read_text("utf-8"))
    return msgspec.convert(table, dict[str, Council])
