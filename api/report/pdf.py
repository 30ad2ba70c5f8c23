"""The report as a tagged PDF (PDF/UA-1), typeset by typst in its own fonts: the same bytes on all machines."""

from datetime import UTC
from functools import cache
from importlib.resources import files

import msgspec
import typst

from api.report.document import paper_of
from api.report.model import Report


@cache
def _template() -> bytes:
    return files("api.report").joinpath("report.typ").read_bytes()


def pdf_of(report: Report) -> bytes:
    """Return the PDF; typst has checked it against PDF/UA-1. Its date is that of the report's last entry."""
    timestamp = (report.issued_at or report.recorded_at).astimezone(UTC).replace(microsecond=0)
    paper = msgspec.to_builtins(paper_of(report))
    paper["date"] = [
        timestamp.year,
        timestamp.month,
        timestamp.day,
        timestamp.hour,
        timestamp.minute,
        timestamp.second,
    ]
    paper["author"] = report.adviser or report.notice.id
    pdf = typst.compile(
        _template(),
        ignore_system_fonts=True,
        sys_inputs={"paper": msgspec.json.encode(paper).decode()},
        pdf_standards=["ua-1"],
        timestamp=timestamp,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned several files for one document")
    return pdf
