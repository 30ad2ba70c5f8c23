"""Test that a line of the log has the fields that its message refers to, and no others."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http.request_log import JsonFormatter

ROOT = Path(__file__).parents[3]


def test_a_line_has_its_fields() -> None:
    record = logging.LogRecord("x", logging.ERROR, "p", 1, "a stored file differs from its entry", (), None)
    record.__dict__["fields"] = {"notice": "tameside", "position": 8}
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["notice"], line["position"]) == (record.msg, "tameside", 8)


def extras() -> Iterator[tuple[str, str]]:
    """Yield each `extra` of a log call, which the formatter only reads as fields."""
    for package in ("api", "ledger", "projections", "schema"):
        for path in (ROOT / package).rglob("*.py"):
            for line in path.read_text().splitlines():
                if "logger." in line and "extra=" in line:
                    yield path.name, line.partition("extra=")[2]


@pytest.mark.parametrize(("module", "extra"), list(extras()))
def test_each_extra_of_a_log_call_is_fields(module: str, extra: str) -> None:
    assert extra.startswith(('{"fields": ', "_fields(")), module
