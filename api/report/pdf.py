"""The report as a tagged PDF (PDF/UA-1): set by typst in its own fonts, so all machines make the same bytes."""

from datetime import UTC
from functools import cache
from importlib.resources import files

import msgspec
import typst

from api.report.document import told
from api.report.model import Report


@cache
def _template() -> bytes:
    return files("api.report").joinpath("report.typ").read_bytes()


def pdf_of(report: Report) -> bytes:
    """The PDF; typst's own check of PDF/UA-1 has passed. Its date is that of the last entry taken into account."""
    made = (report.issued_at or report.recorded_at).astimezone(UTC).replace(microsecond=0)
    paper = msgspec.to_builtins(told(report))
    paper["date"] = [made.year, made.month, made.day, made.hour, made.minute, made.second]
    paper["author"] = report.adviser or report.notice.id
    found = typst.compile(
        _template(),
        ignore_system_fonts=True,
        sys_inputs={"paper": msgspec.json.encode(paper).decode()},
        pdf_standards=["ua-1"],
        timestamp=made,
    )
    if not isinstance(found, bytes):
        raise TypeError("typst gave several files for one document")
    return found
