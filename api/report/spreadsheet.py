"""Cells for spreadsheets: text that looks like a formula is preceded by an apostrophe, and each cell is quoted.

See OWASP, CSV injection. Pure, except `write_rows` and `tabulated`, which write to a file and to stdout.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TextIO

_UNSEEN = (
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]*"
)
"""Characters that nobody sees, and that a spreadsheet may skip."""
_FORMULA = re.compile(
    rf"[\t\r\n]|{_UNSEEN}[-=+@|\u207a-\u207c\u208a-\u208c\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\uff5c]"
)
"""Beginnings that a spreadsheet may take for a formula, full-width and small variants included."""


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
            text = _safe(", ".join(f"{key} {count}" for key, count in value.items()))
        case _:
            text = _safe(str(value))
    return text


def _safe(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def write_rows(file: TextIO, rows: Iterable[Iterable[str]]) -> None:
    """Write rows of cells as CSV, each cell in quotes.

    Some spreadsheets split unquoted cells at `;` or a tab too.
    """
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def tabulated(columns: Sequence[str]) -> Callable[[Iterable[object]], None]:
    """Write the names of columns to stdout as CSV, and return a function that writes a row below them."""
    write_rows(sys.stdout, [columns])
    return lambda row: write_rows(sys.stdout, [map(cell, row)])
