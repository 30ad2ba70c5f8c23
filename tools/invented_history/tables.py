"""Tables of the sample history: `tables.toml` next to this module, with one row on each line."""

import tomllib
from pathlib import Path
from typing import Any

_TABLES = tomllib.loads(Path(__file__).with_name("tables.toml").read_text("utf-8"))


def tables_of(module: str) -> dict[str, Any]:
    """Return the tables of a module of the sample history, by name."""
    tables: dict[str, Any] = _TABLES[module]
    return tables


def events() -> list[dict[str, Any]]:
    """Return the events that are rows of the tables, each as the arguments of `HistoryWriter.record`."""
    return [event for tables in _TABLES.values() for event in tables.get("events", ())]
