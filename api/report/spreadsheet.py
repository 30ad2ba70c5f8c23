"""Cells for spreadsheets: text that looks like a formula is preceded by an apostrophe.

See OWASP, CSV injection. Pure, except `tabulated`, which writes to stdout.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """Return a value as a cell of CSV."""
    match value:
        case None:
            text = ""
        case bool():
            text = str(value).lower()
        case int() | float():
            text = str(value)
        case datetime() | date():
            text = value.isoformat()
        case tuple() | list():
            text = _safe(" ".join(map(str, value)))
        case dict():
            text = ", ".join(f"{key} {each}" for key, each in value.items())
        case _:
            text = _safe(str(value))
    return text


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def tabulated(columns: Sequence[str]) -> Callable[[Iterable[object]], None]:
    """Write the columns to stdout and return a function that writes a row."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    return lambda row: writer.writerow(map(cell, row))
