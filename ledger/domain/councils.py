"""English councils with children's services, by the codes of the Office for National Statistics. Pure.

`packs/councils.toml` is the table; a code that is no more stays in it, as notices of its time name it.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Council(Struct, frozen=True, forbid_unknown_fields=True):
    """A council, or one that was."""

    name: str
    until: date | None = None
    """The last day of its code; None: in use."""


@cache
def councils() -> Mapping[str, Council]:
    """ONS code → council."""
    table = tomllib.loads(files("ledger.domain").joinpath("councils.toml").read_text("utf-8"))
    return msgspec.convert(table, dict[str, Council])
