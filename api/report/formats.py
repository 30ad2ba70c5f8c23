"""Formats of a report, each with a function that writes a report as bytes."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from api.report.html import html_of
from api.report.model import Report
from api.report.pdf import pdf_of
from api.report.tables import csv_of


class Format(Struct, frozen=True):
    """A format of a report."""

    media_type: str
    suffix: str
    """Extension of the report's file name."""
    write: Callable[[Report], bytes]


def json_of(report: Report) -> bytes:
    """Return the report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


FORMATS = {
    "html": Format("text/html; charset=utf-8", "html", html_of),
    "pdf": Format("application/pdf", "pdf", pdf_of),
    "csv": Format("application/zip", "csv.zip", csv_of),
    "json": Format("application/json", "json", json_of),
}
"""Formats by name; `csv` is a zip with one table for each kind of thing."""
