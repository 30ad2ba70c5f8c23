"""Read a report: its figures at one position, judged at the period's end, with the adviser's statements.

All figures come from GraphQL with the reader's rights. `None` replaces a section that the reader may not read.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, structs

from api.charts import Series, series_of
from api.report import query_models
from api.report.effective import (
    access_at,
    action_at,
    area_at,
    decision_at,
    notice_at,
    series_at,
    slow_objective_at,
)
from api.report.model import AreaSummary, BoardReport, Claim, Report, Requirement, cited
from api.report.query_documents import Source, shared
from api.report.query_models import (
    Access,
    BoardReportFields,
    Decision,
    Notice,
    NoticeFigures,
)
from ledger.domain.errors import Refused
from ledger.intake.validation_errors import is_near, out_of_time
from projections.narrate.sentence import natural_key, zone_of
from schema.context import Context

T = TypeVar("T")
R = TypeVar("R")


class AreaStatement(Struct, frozen=True, rename="camel", kw_only=True):
    """The adviser's statement on an area."""

    area: str
    judgement: str | None
    text: str | None
    text_erased_by: int | None = None


class RequirementStatement(Struct, frozen=True, rename="camel", kw_only=True):
    """The adviser's statement on a requirement."""

    number: str
    text: str | None
    text_erased_by: int | None = None


class AdviserStatements(Struct, frozen=True, rename="camel", kw_only=True):
    """A report's period and the adviser's statements, as issued or as drafted."""

    first: date
    last: date
    areas: tuple[AreaStatement, ...] = ()
    requirements: tuple[RequirementStatement, ...] = ()
    other: str | None = None
    other_erased_by: int | None = None
    report: str | None = None
    """Id of the report; None before it is issued."""
    adviser: str | None = None
    issued_at: datetime | None = None
    pinned: int | None = None
    """Position of the figures; None for the latest."""
    position: int | None = None
    """Position of the entry that issued the report; None before it is issued."""


async def issued(context: Context, notice: str, report: str) -> AdviserStatements:
    """Return the statements of an issued report.

    The statements are read as of the report's own entry, so only an erasure changes them later.

    Raises:
        Refused: No report has that reference, or a query failed.
    """
    answer = await query_models.ISSUED.ask(context, notice=notice)
    known = {row.report: row.position for row in answer.adviser_reports.whole("the list of reports")}
    if report not in known:
        listed = f"issued reports: {', '.join(known)}" if known else "no report has been issued"
        raise Refused.because("UNKNOWN_REPORT", f"{notice} has no adviser's report {report[:128]!r}; {listed}")
    statements = await query_models.WORDS.ask(context, notice=notice, asOf={"position": known[report]})
    row = next(row for row in statements.adviser_reports.nodes if row.report == report)
    return msgspec.convert(row, AdviserStatements, from_attributes=True)


async def position_at(context: Context, notice: str, when: int | datetime | None) -> int:
    """Return `when` if it is a position, the last position recorded by an instant, or the latest for None.

    Raises:
        Refused: The position does not exist, nothing was recorded by the instant, or the query failed.
    """
    as_of = {"knownAt": when.isoformat()} if isinstance(when, datetime) else {"position": when}
    head = await query_models.HEAD.ask(context, notice=notice, asOf=None if when is None else as_of)
    return head.as_of.position


async def outline(
    context: Context, notice: str, statements: AdviserStatements
) -> tuple[tuple[AreaSummary, ...], tuple[Requirement, ...]]:
    """Return the areas and requirements of a report with these statements.

    Raises:
        Refused: The period or the position is out of range, or a query failed.
    """
    source, begin, _ = await _source(context, notice, statements)
    figures = await source.ask(query_models.NOTICE)
    return _areas(figures, statements), await _requirements(source, begin, figures, statements)


async def _source(
    context: Context, notice: str, statements: AdviserStatements
) -> tuple[Source, datetime, datetime]:
    """Return the source of the figures, and the instants at which the period begins and ends.

    Raises:
        Refused: The period or the position is out of range, or the query failed.
    """
    if not (is_near(statements.first.isoformat()) and is_near(statements.last.isoformat())):
        raise Refused((out_of_time("period"),))
    pinned = None if statements.pinned is None else {"position": statements.pinned}
    head = await query_models.HEAD.ask(context, notice=notice, asOf=pinned)
    zone = zone_of(head.zone)
    begin, end = _midnight(statements.first, zone), _midnight(statements.last + timedelta(days=1), zone)
    source = Source(context, notice, head.as_of.position, end - timedelta(seconds=1))
    return source, begin, end


async def read(context: Context, notice: str, statements: AdviserStatements) -> Report:
    """Return the report with these statements.

    Raises:
        Refused: The period or the position is out of range, or a query failed.
    """
    source, begin, end = await _source(context, notice, statements)
    report = await _figures(source, statements, begin, end)
    positions = sorted({position for position in cited(report) if position <= source.position})
    entries: list[query_models.Cited] = []
    for start in range(0, len(positions), 500):
        entries += await source.every(query_models.ENTRIES, positions=positions[start : start + 500])
    return structs.replace(report, entries=tuple(entries))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a date begins in a time zone."""
    return datetime.combine(day, time(), zone)


async def _figures(source: Source, statements: AdviserStatements, begin: datetime, end: datetime) -> Report:
    figures, last = await source.ask(query_models.NOTICE), statements.last
    period = {"from": begin.isoformat(), "until": end.isoformat()}
    return Report(
        notice=notice_at(Notice(**shared(figures, Notice)), last),
        report=statements.report,
        adviser=statements.adviser,
        issued_at=statements.issued_at,
        issued_position=statements.position,
        first=statements.first,
        last=last,
        position=source.position,
        recorded_at=figures.as_of.recorded_at,
        root_hash=figures.ledger.root_hash,
        on=source.on,
        areas=_areas(figures, statements),
        requirements=await _requirements(source, begin, figures, statements),
        measures=await _measures(source, last, end),
        slow=_present(
            await source.read(query_models.SLOW_OBJECTIVES, filter={}, until=period["until"]),
            lambda row: slow_objective_at(row, last, end),
        ),
        actions=_present(await source.read(query_models.ACTIONS), lambda action: action_at(action, last, end)),
        decisions=_present(
            await source.read(query_models.DECISIONS, **period),
            lambda row: decision_at(Decision(**shared(row, Decision)), end),
        ),
        board_reports=await _board_reports(source, begin, end),
        access=await _access(source, begin, end),
        other=statements.other,
        other_erased_by=statements.other_erased_by,
    )


def _present(rows: tuple[T, ...] | None, effective: Callable[[T], R | None]) -> tuple[R, ...] | None:
    """Return the rows that `effective` keeps, as it returns them; None if the reader has no access."""
    if rows is None:
        return None
    return tuple(row for row in map(effective, rows) if row is not None)


def _areas(figures: NoticeFigures, statements: AdviserStatements) -> tuple[AreaSummary, ...]:
    by_area = {statement.area: structs.asdict(statement) for statement in statements.areas}
    summaries = (AreaSummary(**structs.asdict(area) | by_area.get(area.area, {})) for area in figures.areas)
    return tuple(area_at(area, statements.last) for area in summaries)


async def _requirements(
    source: Source, begin: datetime, figures: NoticeFigures, statements: AdviserStatements
) -> tuple[Requirement, ...]:
    clauses = {clause.number: clause for clause in figures.clauses}
    instants = {"first": begin.isoformat(), "second": source.on.isoformat()}
    both = await source.ask(query_models.COMPLIANCE, **instants)
    name = "the list of obligations"
    before = {line.clause: line.status for line in both.first.compliance.whole(name)}
    by_clause = {statement.number: statement for statement in statements.requirements}
    requirements = []
    for line in both.second.compliance.whole(name):
        clause, statement = clauses[line.clause], by_clause.get(line.clause)
        requirement = Requirement(
            **structs.asdict(line),
            asks=clause.text,
            asks_erased_by=clause.text_erased_by,
            status_before=before.get(line.clause),
            text=None if statement is None else statement.text,
            text_erased_by=None if statement is None else statement.text_erased_by,
        )
        requirements.append(requirement)
    return tuple(sorted(requirements, key=lambda requirement: natural_key(requirement.clause)))


async def _measures(source: Source, last: date, end: datetime) -> tuple[Series, ...] | None:
    """Return the measures defined before the end of the period, each with its readings up to the last day.

    Return None if the reader has no access.
    """
    rows = await source.read(query_models.SIGNALS, filter={})
    if rows is None:
        return None
    defined = [row for row in rows if not _is_defined_later(row.entry, end)]
    for measure in defined:
        measure.readings.whole(f"measure {measure.measure}")
    return tuple(series_at(series_of(row), last) for row in defined)


def _is_defined_later(entry: query_models.SignalsEntry | None, end: datetime) -> bool:
    """Return True if a measure's entry is known to be about an instant after the period."""
    return entry is not None and entry.occurred_at is not None and entry.occurred_at >= end


async def _board_reports(source: Source, begin: datetime, end: datetime) -> tuple[BoardReport, ...] | None:
    """Return the period's reports to the board, with the evidence of their claims; None without access."""
    reports = await source.read(query_models.BOARD_REPORTS)
    rows = await source.read(query_models.IMPACT)
    if reports is None or rows is None:
        return None
    claims: dict[str, list[Claim]] = {}
    for row in rows:
        claims.setdefault(row.report, []).append(Claim(**shared(row, Claim)))
    return tuple(
        BoardReport(**shared(report, BoardReportFields), claims=tuple(claims.get(report.report, ())))
        for report in reports
        if begin <= report.submitted_at < end
    )


async def _access(source: Source, begin: datetime, end: datetime) -> tuple[Access, ...] | None:
    requests = await source.read(query_models.ACCESS)
    if requests is None:
        return None
    return tuple(
        access_at(request, end) for request in requests if request.requested_at < end and request.until_at >= begin
    )
