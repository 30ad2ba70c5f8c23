"""Test the cells of CSV files: no value of any type begins a formula."""

import io
import re
from datetime import UTC, date, datetime

import pytest

from api.report.spreadsheet import cell, write_rows

FORMULAS = ("=1", " =1", "\u00a0\n =1", "\uff1d1", "|cmd", "\uff5ccmd", "+1", "-1", "@A1", "\t1", "\u200b=1")
UNSEEN = (
    "\x00\x01\x7f\x85\xad\u034f\u061c\u180e\u200e\u202a\u202e\u2060"
    "\u2066\u2069\u2800\u3164\ufe0f\ufeff\uffa0\ufff9"
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_value_begins_a_formula(formula: str) -> None:
    assert cell(formula) == f"'{formula}"
    assert cell((formula, "x")) == f"'{formula} x"
    assert cell([formula]) == f"'{formula}"
    assert cell({formula: 2, "x": 1}) == f"'{formula} 2, x 1"


@pytest.mark.parametrize("unseen", [*UNSEEN, " \u202e\t\xad"])
@pytest.mark.parametrize("sign", "=+-@|\u207c\u208a\ufe66\uff0b\uff0d\uff1d\uff20")
def test_no_unseen_character_hides_a_formula(unseen: str, sign: str) -> None:
    assert cell(f"{unseen}{sign}1+1") == f"'{unseen}{sign}1+1"


@pytest.mark.parametrize("separator", [";", "\t", ",", "\n"])
def test_a_spreadsheet_that_splits_at_other_separators_reads_no_formula(separator: str) -> None:
    """Split as LibreOffice proposes when it opens a file: at commas, semicolons and tabs outside quotes."""
    file = io.StringIO(newline="")
    write_rows(file, [["title", "narrative"], ["x", f"see{separator}=1+1"]])
    assert re.findall(r'"(?:[^"]|"")*"|[^,;\t\r\n]+', file.getvalue()) == [
        *('"title"', '"narrative"', '"x"', f'"see{separator}=1+1"')
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        ("a=b", "a=b"),
        (" indented", " indented"),
        (("a", "=b"), "a =b"),
        ({"MET": 2, "NOT_MET": 1}, "MET 2, NOT_MET 1"),
    ],
)
def test_other_values_stay_as_they_are(value: object, text: str) -> None:
    assert cell(value) == text
