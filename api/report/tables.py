"""The report as a zip of CSV files: a file for each kind of thing, a row for each thing.

The text is UTF-8 with a byte-order mark and CRLF, as spreadsheets expect; hashes are written `sha256:…`. Files are
stored uncompressed with one date, so every machine makes the same bytes.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from api.charts import ChartReading, Series
from api.charts.series import Reset, Spc, TargetRevision
from api.report.model import AreaSummary, BoardReport, Claim, Report, Requirement
from api.report.query_models import (
    Access,
    Action,
    Basis,
    Cited,
    Decision,
    Grant,
    Highlight,
    Notice,
    Option,
    Rebaseline,
    SlowObjective,
)
from api.report.spreadsheet import cell, write_rows

_STRUCTURED = {
    "readings",
    "resets",
    "targets",
    "highlights",
    "rebaselines",
    "options",
    "rests_on",
    "claims",
    "documents",
    "spc",
    "grant",
}
"""Fields without a column of their own; other tables or columns have the values."""
_HASHES = {"leaf_hash", "root_hash"}
_DATED = (1980, 1, 1, 0, 0, 0)
Cells = Mapping[str, object]


class _Table(Struct, frozen=True):
    """CSV file: its name, columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Cells]


def csv_of(report: Report) -> bytes:
    """Return the report as a zip of CSV files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for table in _tables(report):
            text = io.StringIO(newline="")
            write_rows(text, [table.columns])
            write_rows(text, ([_cell(name, row.get(name)) for name in table.columns] for row in table.rows))
            info = zipfile.ZipInfo(f"{table.name}.csv", _DATED)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, text.getvalue().encode("utf-8-sig"))
    return buffer.getvalue()


def _cell(name: str, value: object) -> str:
    return f"sha256:{value}" if name in _HASHES and value is not None else cell(value)


def _columns(row: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name in row.__struct_fields__ if name not in _STRUCTURED)


def _cells(row: Struct, **keys: object) -> Cells:
    return {**keys, **{name: getattr(row, name) for name in _columns(type(row))}}


def _of(name: str, row: type[Struct], rows: Iterable[Struct] | None) -> _Table:
    """Return the table of a section; only its columns where the reader has no access."""
    return _Table(name, _columns(row), [_cells(row_) for row_ in rows or ()])


def _with(name: str, row: type[Struct], part: str, of: type[Struct], rows: Iterable[Struct] | None) -> _Table:
    """Return the table of a section whose rows each have one optional part; the part's columns come last."""
    cells = []
    for item in rows or ():
        child: Struct | None = getattr(item, part)
        cells.append({**_cells(item), **({} if child is None else _cells(child))})
    return _Table(name, (*_columns(row), *_columns(of)), cells)


def _under(name: str, key: str, row: type[Struct], rows: Iterable[tuple[str, Iterable[Struct]]]) -> _Table:
    """Return the table of rows that belong to rows of another table, which the first column names."""
    return _Table(name, (key, *_columns(row)), [_cells(each, **{key: of}) for of, owned in rows for each in owned])


def _tables(report: Report) -> Iterator[_Table]:
    columns = ("report", "adviser", "issued_at", "issued_position", "first", "last", "position", "recorded_at")
    more = ("root_hash", "on", "other", "other_erased_by")
    head = {name: getattr(report, name) for name in (*columns, *more)}
    notice = {f"notice_{name}": getattr(report.notice, name) for name in _columns(Notice)}
    yield _Table("report", (*head, *notice), [{**head, **notice}])
    yield _of("areas", AreaSummary, report.areas)
    yield _of("requirements", Requirement, report.requirements)
    yield _with("measures", Series, "spc", Spc, report.measures)
    measures = report.measures or ()
    yield _under("readings", "measure", ChartReading, ((item.measure, item.points) for item in measures))
    yield _under("resets", "measure", Reset, ((item.measure, item.resets) for item in measures))
    yield _under("targets", "measure", TargetRevision, ((item.measure, item.targets) for item in measures))
    yield _of("slow_objectives", SlowObjective, report.slow)
    slow = ((item.objective, item.highlights) for item in report.slow or ())
    yield _under("highlights", "objective", Highlight, slow)
    yield _of("actions", Action, report.actions)
    rebaselines = ((item.action, item.rebaselines) for item in report.actions or ())
    yield _under("moved_dates", "action", Rebaseline, rebaselines)
    yield _of("decisions", Decision, report.decisions)
    options = ((item.decision, item.options) for item in report.decisions or ())
    yield _under("options", "decision", Option, options)
    yield _evidence("decision_evidence", "decision", ((d.decision, d.rests_on) for d in report.decisions or ()))
    yield _of("board_reports", BoardReport, report.board_reports)
    claims_by_report = [(item.report, item.claims) for item in report.board_reports or ()]
    yield _under("claims", "report", Claim, claims_by_report)
    bases = ((f"{of}#{claim.number}", claim.rests_on) for of, claims in claims_by_report for claim in claims)
    yield _evidence("claim_evidence", "claim", bases)
    yield _with("access", Access, "grant", Grant, report.access)
    yield _of("entries", Cited, report.entries)


_NOW = ("title", "title_erased_by", "status", "judgement", "position")


def _evidence(name: str, key: str, bases_by_subject: Iterable[tuple[str, Iterable[Basis]]]) -> _Table:
    """Return the table of evidence for decisions or claims, with its status when cited and in the report."""
    rows = [
        {
            **_cells(basis, **{key: of}),
            **{f"{field}_now": getattr(document, field) for document in basis.documents for field in _NOW},
        }
        for of, bases in bases_by_subject
        for basis in bases
    ]
    return _Table(name, (key, *_columns(Basis), *(f"{field}_now" for field in _NOW)), rows)
