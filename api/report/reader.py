"""Read a report: its figures at one position, judged at the period's end, with the adviser's statements.

All of it comes from GraphQL with the reader's rights; sections without access are left out and marked.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, structs

from api.charts import Series, series_of
from api.report.effective import (
    access_at,
    action_at,
    area_at,
    decision_at,
    notice_at,
    series_at,
    slow_objective_at,
)
from api.report.model import (
    Access,
    Action,
    AreaSummary,
    Basis,
    BoardReport,
    Cited,
    Claim,
    Decision,
    Notice,
    ObjectiveRow,
    Report,
    Requirement,
    cited,
)
from api.report.query_documents import Source, document, whole
from api.schema_client import ask
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
    """None before it is issued."""
    adviser: str | None = None
    issued_at: datetime | None = None
    pinned: int | None = None
    """Position of the figures; None for the latest."""
    position: int | None = None
    """Entry that issued it."""


async def issued(context: Context, notice: str, report: str) -> AdviserStatements:
    """Return the statements of an issued report.

    They are read as of the report's own entry, so only an erasure changes them later.

    Raises:
        Refused: No report has that reference.
    """
    answer: Any = await ask(context, document("issued"), {"notice": notice})
    reports = whole(answer["notice"]["adviserReports"], "the list of reports")
    known = {row["report"]: row["position"] for row in reports}
    if report not in known:
        listed = f"issued reports: {', '.join(known)}" if known else "no report has been issued"
        raise Refused.because("UNKNOWN_REPORT", f"{notice} has no adviser's report {report[:128]!r}; {listed}")
    at = {"notice": notice, "position": known[report]}
    statements: Any = await ask(context, document("words"), at)
    rows = statements["notice"]["adviserReports"]["nodes"]
    return msgspec.convert(next(row for row in rows if row["report"] == report), AdviserStatements)


async def position_at(context: Context, notice: str, when: int | datetime | None) -> int:
    """Return the position, the last one recorded by an instant, or the latest for None.

    Raises:
        Refused: The position does not exist.
    """
    as_of = {"knownAt": when.isoformat()} if isinstance(when, datetime) else _at(when)
    head: Any = await ask(context, _HEAD, {"notice": notice, "asOf": as_of})
    return int(head["notice"]["asOf"]["position"])


async def outline(
    context: Context, notice: str, statements: AdviserStatements
) -> tuple[tuple[AreaSummary, ...], tuple[Requirement, ...]]:
    """Return the areas and requirements of a report with these statements.

    Raises:
        Refused: As `read` does.
    """
    source, begin, _ = await _source(context, notice, statements)
    answer = await source.ask("notice", begin=begin.isoformat())
    return _areas(answer["notice"]["areas"], statements), _requirements(answer, statements)


async def _source(
    context: Context, notice: str, statements: AdviserStatements
) -> tuple[Source, datetime, datetime]:
    """Return the source of the figures, and the instants at which the period begins and ends."""
    if not (is_near(statements.first.isoformat()) and is_near(statements.last.isoformat())):
        raise Refused((out_of_time("period"),))
    head: Any = await ask(context, _HEAD, {"notice": notice, "asOf": _at(statements.pinned)})
    zone = zone_of(head["notice"]["zone"])
    begin, end = _midnight(statements.first, zone), _midnight(statements.last + timedelta(days=1), zone)
    source = Source(context, notice, head["notice"]["asOf"]["position"], end - timedelta(seconds=1))
    return source, begin, end


async def read(context: Context, notice: str, statements: AdviserStatements) -> Report:
    """Return the report with these statements.

    Raises:
        Refused: NOT_RECORDED_YET for a later position, among others.
    """
    source, begin, end = await _source(context, notice, statements)
    answer = await source.ask("notice", begin=begin.isoformat())
    report = await _figures(source, statements, answer, begin, end)
    positions = sorted({position for position in cited(report) if position <= source.position})
    entries: list[Cited] = []
    for start in range(0, len(positions), 500):
        some = positions[start : start + 500]
        entries += await source.every("entries", ("entries",), Cited, positions=some)
    return structs.replace(report, entries=tuple(entries))


_HEAD = (
    "query Head($notice: ID!, $asOf: AsOfInput) { notice(id: $notice, asOf: $asOf) { zone asOf { position } } }"
)


def _at(position: int | None) -> Mapping[str, int] | None:
    return None if position is None else {"position": position}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a date begins."""
    return datetime.combine(day, time(), zone)


async def _figures(
    source: Source, statements: AdviserStatements, answer: Mapping[str, Any], begin: datetime, end: datetime
) -> Report:
    notice, period = answer["notice"], {"from": begin.isoformat(), "to": end.isoformat()}
    return Report(
        notice=notice_at(msgspec.convert(notice, Notice), statements.last),
        report=statements.report,
        adviser=statements.adviser,
        issued_at=statements.issued_at,
        issued_position=statements.position,
        first=statements.first,
        last=statements.last,
        position=source.position,
        recorded_at=msgspec.convert(notice["asOf"]["recordedAt"], datetime),
        root_hash=notice["ledger"]["rootHash"],
        on=source.on,
        areas=_areas(notice["areas"], statements),
        requirements=_requirements(answer, statements),
        measures=await _measures(source, statements.last),
        slow=_present(
            await source.read("slow", ("plan", "objectives"), ObjectiveRow, to=period["to"]),
            lambda row: slow_objective_at(row, statements.last, end),
        ),
        actions=_present(
            await source.read("actions", ("plan", "actions"), Action),
            lambda action: action_at(action, statements.last, end),
        ),
        decisions=_present(
            await source.read("decisions", ("board", "decisions"), Decision, **period),
            lambda decision: decision_at(decision, end),
        ),
        board_reports=await _board_reports(source, begin, end),
        access=await _access(source, begin, end),
        other=statements.other,
        other_erased_by=statements.other_erased_by,
    )


def _present(rows: tuple[T, ...] | None, effective: Callable[[T], R | None]) -> tuple[R, ...] | None:
    """Return the rows as they stood at the end of the period; None where the reader has no access."""
    if rows is None:
        return None
    return tuple(row for row in map(effective, rows) if row is not None)


def _areas(areas: list[Any], statements: AdviserStatements) -> tuple[AreaSummary, ...]:
    by_area = {statement.area: statement for statement in statements.areas}
    converted = (msgspec.convert(area | _builtins(by_area.get(area["area"])), AreaSummary) for area in areas)
    return tuple(area_at(area, statements.last) for area in converted)


def _requirements(answer: Mapping[str, Any], statements: AdviserStatements) -> tuple[Requirement, ...]:
    texts = {clause["number"]: clause for clause in answer["notice"]["clauses"]}
    before = {
        line["clause"]: line["status"] for line in whole(answer["begin"]["compliance"], "the list of obligations")
    }
    by_clause = {statement.number: statement for statement in statements.requirements}
    return tuple(
        msgspec.convert(
            line
            | {
                "asks": texts[line["clause"]]["text"],
                "asksErasedBy": texts[line["clause"]]["textErasedBy"],
                "statusBefore": before.get(line["clause"]),
            }
            | _builtins(by_clause.get(line["clause"])),
            Requirement,
        )
        for line in sorted(
            whole(answer["notice"]["compliance"], "the list of obligations"),
            key=lambda line: natural_key(line["clause"]),
        )
    )


def _builtins(statement: AreaStatement | RequirementStatement | None) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = {} if statement is None else msgspec.to_builtins(statement)
    return fields


async def _measures(source: Source, last: date) -> tuple[Series, ...] | None:
    rows = await source.read("measures", ("measures",), dict)
    for measure in rows or ():
        whole(measure["readings"], f"measure {measure['measure']}")
    return None if rows is None else tuple(series_at(series_of(row), last) for row in rows)


class _BasisOf(Basis, frozen=True, kw_only=True):
    """A basis with its subject: report#number of a claim."""

    subject: str


async def _board_reports(source: Source, begin: datetime, end: datetime) -> tuple[BoardReport, ...] | None:
    """Return the period's reports, each claim with its evidence as of the claim."""
    reports = await source.read("claims", ("board", "reports"), dict)
    bases = await source.read("bases", ("bases",), _BasisOf)
    if reports is None or bases is None:
        return None
    in_period = []
    for report in reports:
        if begin <= datetime.fromisoformat(report["submittedAt"]) < end:
            claims = tuple(_claim(report["report"], claim, bases) for claim in report["claims"])
            in_period.append(msgspec.convert(report | {"claims": ()}, BoardReport))
            in_period[-1] = structs.replace(in_period[-1], claims=claims)
    return tuple(in_period)


def _claim(report: str, claim: dict[str, Any], bases: tuple[_BasisOf, ...]) -> Claim:
    documents = {document["evidence"]: document for document in claim["documents"]}
    own = [basis for basis in bases if basis.subject == f"{report}#{claim['number']}"]
    rests_on = [
        msgspec.to_builtins(basis)
        | {"documents": [documents[basis.evidence]] if basis.evidence in documents else []}
        for basis in own
    ]
    return msgspec.convert(claim | {"restsOn": rests_on}, Claim)


async def _access(source: Source, begin: datetime, end: datetime) -> tuple[Access, ...] | None:
    requests = await source.read("access", ("access",), Access)
    if requests is None:
        return None
    return tuple(
        access_at(request, end) for request in requests if request.requested_at < end and request.until_at >= begin
    )
