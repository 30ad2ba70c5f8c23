"""The report as tidy tables: a zip of CSV files, a file a section, a row a thing, a column a property.

UTF-8 with a byte-order mark and CRLF, as spreadsheets expect; hashes are written `sha256:…`. The files are stored
without compression and with one date, so that every machine makes the same bytes.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from api.charts import ChartReading, Series
from api.charts.series import Spc
from api.report.model import (
    Access,
    Action,
    AreaWords,
    Basis,
    BoardReport,
    Cited,
    Claim,
    Decision,
    Grant,
    Highlight,
    Notice,
    Option,
    Rebaseline,
    Report,
    Requirement,
    SlowObjective,
)
from api.report.spreadsheet import cell

_STRUCTURED = {
    "readings",
    "highlights",
    "rebaselines",
    "options",
    "rests_on",
    "claims",
    "documents",
    "spc",
    "grant",
}
"""The fields that are tables of their own."""
_HASHES = {"leaf_hash", "root_hash"}
_DATED = (1980, 1, 1, 0, 0, 0)
Cells = Mapping[str, object]


class _Table(Struct, frozen=True):
    """A file: its name, its columns, its rows."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Cells]


def csv_of(report: Report) -> bytes:
    """The zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for table in _tables(report):
            written = io.StringIO(newline="")
            writer = csv.writer(written)
            writer.writerow(table.columns)
            writer.writerows([_cell(name, row.get(name)) for name in table.columns] for row in table.rows)
            info = zipfile.ZipInfo(f"{table.name}.csv", _DATED)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, written.getvalue().encode("utf-8-sig"))
    return held.getvalue()


def _cell(name: str, value: object) -> str:
    return f"sha256:{value}" if name in _HASHES and value is not None else cell(value)


def _columns(row: type[Struct]) -> tuple[str, ...]:
    return tuple(name for name in row.__struct_fields__ if name not in _STRUCTURED)


def _cells(row: Struct, **keys: object) -> Cells:
    return {**keys, **{name: getattr(row, name) for name in _columns(type(row))}}


def _of(name: str, row: type[Struct], rows: Iterable[Struct] | None) -> _Table:
    """The table of a section; where the reader's roles do not read it, its columns only."""
    return _Table(name, _columns(row), [_cells(each) for each in rows or ()])


def _with(name: str, row: type[Struct], part: str, of: type[Struct], rows: Iterable[Struct] | None) -> _Table:
    """The table of a section whose rows have one thing more each, or none: its columns follow theirs."""
    found = []
    for each in rows or ():
        inner: Struct | None = getattr(each, part)
        found.append({**_cells(each), **({} if inner is None else _cells(inner))})
    return _Table(name, (*_columns(row), *_columns(of)), found)


def _under(name: str, key: str, row: type[Struct], rows: Iterable[tuple[str, Iterable[Struct]]]) -> _Table:
    """The table of what belongs to the rows of another one."""
    return _Table(name, (key, *_columns(row)), [_cells(each, **{key: of}) for of, owned in rows for each in owned])


def _tables(report: Report) -> Iterator[_Table]:
    frame = ("report", "adviser", "issued_at", "issued_position", "first", "last", "position", "recorded_at")
    more = ("root_hash", "on", "other", "other_erased_by")
    head = {name: getattr(report, name) for name in (*frame, *more)}
    notice = {f"notice_{name}": getattr(report.notice, name) for name in _columns(Notice)}
    yield _Table("report", (*head, *notice), [{**head, **notice}])
    yield _of("areas", AreaWords, report.areas)
    yield _of("requirements", Requirement, report.requirements)
    yield _with("measures", Series, "spc", Spc, report.measures)
    yield _under(
        "readings", "measure", ChartReading, ((each.measure, each.points) for each in report.measures or ())
    )
    yield _of("slow_objectives", SlowObjective, report.slow)
    slow = ((each.objective, each.highlights) for each in report.slow or ())
    yield _under("highlights", "objective", Highlight, slow)
    yield _of("actions", Action, report.actions)
    moved = ((each.action, each.rebaselines) for each in report.actions or ())
    yield _under("moved_dates", "action", Rebaseline, moved)
    yield _of("decisions", Decision, report.decisions)
    weighed = ((each.decision, each.options) for each in report.decisions or ())
    yield _under("options", "decision", Option, weighed)
    yield _evidence("decision_evidence", "decision", ((d.decision, d.rests_on) for d in report.decisions or ()))
    yield _of("board_reports", BoardReport, report.board_reports)
    claimed = [(each.report, each.claims) for each in report.board_reports or ()]
    yield _under("claims", "report", Claim, claimed)
    rested = ((f"{of}#{claim.number}", claim.rests_on) for of, claims in claimed for claim in claims)
    yield _evidence("claim_evidence", "claim", rested)
    yield _with("access", Access, "grant", Grant, report.access)
    yield _of("entries", Cited, report.entries)


_NOW = ("title", "status", "judgement")


def _evidence(name: str, key: str, rested: Iterable[tuple[str, Iterable[Basis]]]) -> _Table:
    """What rests on which document: as it stood then, and as it stands at the report's position."""
    rows = [
        {
            **_cells(basis, **{key: of}),
            **{f"{each}_now": getattr(document, each) for document in basis.documents for each in _NOW},
        }
        for of, bases in rested
        for basis in bases
    ]
    return _Table(name, (key, *_columns(Basis), *(f"{each}_now" for each in _NOW)), rows)
