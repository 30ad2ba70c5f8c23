"""The adviser: tenures, vacancies, and reports pinned to a position."""

from datetime import date, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.areas.reviews import AreaJudgement
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import IN_POST, WITHIN, Relation, flag, of_table
from projections.views.fields import RecordedPosition
from projections.views.gaps import Gap, gaps
from projections.views.word_lists import TenureEnd


class Tenure(Struct, frozen=True):
    """Period of one adviser in post."""

    appointment: Annotated[str, ID, Meta(description="Id of the appointment.")]
    position: int
    """Position of the entry that began the period."""
    adviser: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person.")]
    first: Annotated[date, Meta(description="First day; the period includes both days.")]
    last: Annotated[date | None, Meta(description="Last day; null if the adviser is in post.")]
    terms: Annotated[NarrativeRef | None, Meta(description="Terms of the appointment; null if erased.")]
    ended: Annotated[
        str | None, words(TenureEnd), Meta(description="End of the period in post; null if it continues.")
    ] = None
    ended_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    reason: Annotated[NarrativeRef | None, Meta(description="Reason for the end; null if erased.")] = None


class AdviserReport(Struct, frozen=True):
    """A report of the adviser to ministers."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    position: int
    issued_at: Annotated[datetime, Meta(description="Instant at which it was issued.")]
    adviser: Annotated[str, ACTOR_ID, Meta(description="Actor id of the adviser.")]
    first: Annotated[date, Meta(description="First day of its period.")]
    last: Annotated[date, Meta(description="Last day of its period.")]
    other: Annotated[NarrativeRef | None, Meta(description="Other remarks; null if erased.")]
    query: Annotated[NarrativeRef | None, Meta(description="Query behind its figures; null if erased.")]
    pinned: Annotated[int, Meta(description="Position at which its figures were read, and can be read again.")]


class AreaReport(Struct, frozen=True):
    """A report's judgement on an area."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    area: Annotated[str, ID, Meta(description="Id of the area.")]
    position: RecordedPosition
    judgement: Annotated[str, words(AreaJudgement), Meta(description="Progress or concern.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class RequirementReport(Struct, frozen=True):
    """A report's statement on a requirement of the notice."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    number: Annotated[str, Meta(description="Number of the clause.")]
    position: RecordedPosition
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


TENURES = Table("tenures", Tenure, ("position",))
ADVISER_REPORTS = Table("adviser_reports", AdviserReport, ("report",), in_memory=False)
AREA_REPORTS = Table("area_reports", AreaReport, ("report", "area"), in_memory=False)
REQUIREMENT_REPORTS = Table("requirement_reports", RequirementReport, ("report", "number"), in_memory=False)


VIEW = View("adviser", 1, (TENURES, ADVISER_REPORTS, AREA_REPORTS, REQUIREMENT_REPORTS))
VIEW.puts(AdviserAppointed, TENURES)


@VIEW.on(AdviserReplaced)
def _adviser_replaced(rows: Rows, entry: Entry, fact: AdviserReplaced) -> None:
    previous = _open_tenure(rows, fact.appointment)
    if previous is not None:
        ended = {"ended": "REPLACED", "ended_position": entry.position, "reason": rows.narrative("reason")}
        rows.change(TENURES, previous.position, last=max(previous.first, fact.first - timedelta(days=1)), **ended)
        put_from_fact(rows, TENURES, entry, last=previous.last, terms=previous.terms)


@VIEW.on(AdviserReleased)
def _adviser_released(rows: Rows, entry: Entry, fact: AdviserReleased) -> None:
    tenure = _open_tenure(rows, fact.appointment)
    if tenure is not None:
        ended = {"ended": "RELEASED", "ended_position": entry.position, "reason": rows.narrative("reason")}
        rows.change(TENURES, tenure.position, last=fact.last, **ended)


def _open_tenure(rows: Rows, appointment: str) -> Tenure | None:
    """Return the open tenure under an appointment, or None if every tenure has ended."""
    tenures = (
        tenure for tenure in rows.all(TENURES) if tenure.appointment == appointment and tenure.ended is None
    )
    return next(tenures, None)


@VIEW.on(AdviserReportIssued)
def _report(rows: Rows, entry: Entry, fact: AdviserReportIssued) -> None:
    put_from_fact(rows, ADVISER_REPORTS, entry, adviser=entry.actor, pinned=fact.position)
    for index, area in enumerate(fact.per_area):
        text, judgement = rows.narrative(f"perArea[{index}].text"), area.judgement.value
        rows.put(AREA_REPORTS, AreaReport(fact.report, area.area, entry.position, judgement, text))
    for index, requirement in enumerate(fact.requirements):
        text = rows.narrative(f"requirements[{index}].text")
        rows.put(REQUIREMENT_REPORTS, RequirementReport(fact.report, requirement.number, entry.position, text))


TENURE = of_table(
    "adviser",
    TENURES,
    computed={"in_post": flag("True if they are in post on the day of `on`.", IN_POST)},
    order=("first", "position"),
)
ADVISER_VACANCY = Relation(
    "adviser",
    Gap,
    gaps("views.tenures", "(SELECT min(x.first) FROM views.tenures x WHERE x.notice = :notice)"),
    order=("first",),
)
ADVISER_REPORT = of_table("adviser", ADVISER_REPORTS, conditions=WITHIN, order=("issued_at", "position"))
UNREPORTED = Relation(
    "adviser",
    Gap,
    gaps(
        "views.adviser_reports",
        "(SELECT min(x.first) FROM views.adviser_reports x WHERE x.notice = :notice)",
        "(SELECT max(x.last) FROM views.adviser_reports x WHERE x.notice = :notice)",
    ),
    order=("first",),
)
AREA_REPORT = of_table("adviser", AREA_REPORTS, order=("position", "area"))
REQUIREMENT_REPORT = of_table("adviser", REQUIREMENT_REPORTS, order=("position", "number"))
