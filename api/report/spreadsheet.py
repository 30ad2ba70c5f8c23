"""Cells that spreadsheets take for what they are: a text that they would take for a formula is told apart.

Such a text is preceded by an apostrophe (OWASP, CSV injection). Pure, but for `tabulated`, which writes to stdout.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """A value as a cell of CSV."""
    match value:
        case None:
            written = ""
        case bool():
            written = str(value).lower()
        case int() | float():
            written = str(value)
        case datetime() | date():
            written = value.isoformat()
        case tuple() | list():
            written = _safe(" ".join(map(str, value)))
        case dict():
            written = ", ".join(f"{key} {each}" for key, each in value.items())
        case _:
            written = _safe(str(value))
    return written


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def tabulated(columns: Sequence[str]) -> Callable[[Iterable[object]], None]:
    """Writes these columns to stdout, and then each row that it is given."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    return lambda row: writer.writerow(map(cell, row))
