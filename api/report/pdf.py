"""The report as a tagged PDF (PDF/UA-1), typeset by typst in its own fonts: the same bytes on all machines."""

from datetime import UTC
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import typst

from api.report.document import paper_of
from api.report.glyphs import displayable, families, with_stand_ins
from api.report.model import Report


@cache
def _template() -> bytes:
    return files("api.report").joinpath("report.typ").read_bytes()


def pdf_of(report: Report) -> bytes:
    """Return the report as a PDF that typst has checked against PDF/UA-1.

    The PDF's date is the instant of the report's issue, or else of the recording of its last entry.

    Raises:
        RuntimeError: typst failed, or refused the document.
    """
    timestamp = (report.issued_at or report.recorded_at).astimezone(UTC).replace(microsecond=0)
    paper = _displayable(msgspec.to_builtins(paper_of(report)))
    paper["fonts"] = families()
    paper["date"] = [
        timestamp.year,
        timestamp.month,
        timestamp.day,
        timestamp.hour,
        timestamp.minute,
        timestamp.second,
    ]
    paper["author"] = displayable(report.adviser or report.notice.id)
    try:
        pdf = typst.compile(
            _template(),
            ignore_system_fonts=True,
            sys_inputs={"paper": msgspec.json.encode(paper).decode()},
            pdf_standards=["ua-1"],
            timestamp=timestamp,
        )
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise RuntimeError(f"typst panicked: {error}") from error  # a panic is no Exception in Python
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned several files for one document")
    return pdf


def _displayable(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return JSON whose texts the PDF's fonts can display."""
    match value:
        case str():
            return displayable(value)
        case list() | tuple():
            return [_displayable(item) for item in value]
        case dict():
            return {
                name: with_stand_ins(item) if name == "svg" else _displayable(item) for name, item in value.items()
            }
    return value
