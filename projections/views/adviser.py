"""The adviser: who advised when, the gaps between, and what they reported, pinned to a position."""

from datetime import date, datetime, timedelta

from msgspec import Struct

from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import IN_POST, WITHIN, Computed, Relation, of_table
from projections.views.gaps import Gap, gaps


class Tenure(Struct, frozen=True):
    """A time in the post of adviser; both days included."""

    appointment: str
    position: int
    """The entry that put them in post."""
    adviser: str
    first: date
    last: date | None
    """None: until they are released or replaced."""
    terms: NarrativeRef | None
    """What the appointment asks; a replacement takes over those of the one before."""
    ended: str | None = None
    """RELEASED or REPLACED; None: neither."""
    ended_position: int | None = None
    reason: NarrativeRef | None = None


class AdviserReport(Struct, frozen=True):
    """A report of the adviser to ministers."""

    report: str
    position: int
    issued_at: datetime
    adviser: str
    first: date
    last: date
    other: NarrativeRef | None
    query: NarrativeRef | None
    pinned: int
    """The position at which its figures were read, and can be read again."""


class AreaReport(Struct, frozen=True):
    """What a report says of an area."""

    report: str
    area: str
    position: int
    judgement: str
    """PROGRESS or CONCERN."""
    text: NarrativeRef


class RequirementReport(Struct, frozen=True):
    """What a report says of a requirement of the notice."""

    report: str
    number: str
    """The clause."""
    position: int
    text: NarrativeRef


TENURES = Table("tenures", Tenure, ("position",))
ADVISER_REPORTS = Table("adviser_reports", AdviserReport, ("report",), in_memory=False)
AREA_REPORTS = Table("area_reports", AreaReport, ("report", "area"), in_memory=False)
REQUIREMENT_REPORTS = Table("requirement_reports", RequirementReport, ("report", "number"), in_memory=False)


VIEW = View("adviser", 1, (TENURES, ADVISER_REPORTS, AREA_REPORTS, REQUIREMENT_REPORTS))


@VIEW.on(AdviserAppointed)
def _adviser_appointed(rows: Rows, entry: Entry, fact: AdviserAppointed) -> None:
    terms = rows.narrative("terms")
    rows.put(TENURES, Tenure(fact.appointment, entry.position, fact.adviser, fact.first, fact.last, terms))


@VIEW.on(AdviserReplaced)
def _adviser_replaced(rows: Rows, entry: Entry, fact: AdviserReplaced) -> None:
    before = _holding(rows, fact.appointment)
    if before is not None:
        ended = {"ended": "REPLACED", "ended_position": entry.position, "reason": rows.narrative("reason")}
        rows.change(TENURES, before.position, last=max(before.first, fact.first - timedelta(days=1)), **ended)
        replaced = Tenure(fact.appointment, entry.position, fact.adviser, fact.first, before.last, before.terms)
        rows.put(TENURES, replaced)


@VIEW.on(AdviserReleased)
def _adviser_released(rows: Rows, entry: Entry, fact: AdviserReleased) -> None:
    held = _holding(rows, fact.appointment)
    if held is not None:
        ended = {"ended": "RELEASED", "ended_position": entry.position, "reason": rows.narrative("reason")}
        rows.change(TENURES, held.position, last=fact.last, **ended)


def _holding(rows: Rows, appointment: str) -> Tenure | None:
    """Who holds an appointment, not released and not replaced."""
    found = (tenure for tenure in rows.all(TENURES) if tenure.appointment == appointment and tenure.ended is None)
    return next(found, None)


@VIEW.on(AdviserReportIssued)
def _report(rows: Rows, entry: Entry, fact: AdviserReportIssued) -> None:
    issued = AdviserReport(
        report=fact.report,
        position=entry.position,
        issued_at=entry.occurred_at,
        adviser=entry.actor,
        first=fact.period.first,
        last=fact.period.last,
        other=rows.optional_narrative(fact.other, "other"),
        query=rows.optional_narrative(fact.query, "query"),
        pinned=fact.position,
    )
    rows.put(ADVISER_REPORTS, issued)
    for index, area in enumerate(fact.per_area):
        text, judgement = rows.narrative(f"perArea[{index}].text"), area.judgement.value
        rows.put(AREA_REPORTS, AreaReport(fact.report, area.area, entry.position, judgement, text))
    for index, requirement in enumerate(fact.requirements):
        text = rows.narrative(f"requirements[{index}].text")
        rows.put(REQUIREMENT_REPORTS, RequirementReport(fact.report, requirement.number, entry.position, text))


TENURE = of_table("adviser", TENURES, computed={"in_post": Computed(bool, IN_POST)}, order=("first", "position"))
ADVISER_VACANCY = Relation(
    "adviser", Gap, gaps("views.tenures", "(SELECT min(x.first) FROM views.tenures x)"), order=("first",)
)
ADVISER_REPORT = of_table("adviser", ADVISER_REPORTS, conditions=WITHIN, order=("issued_at", "position"))
UNREPORTED = Relation(
    "adviser",
    Gap,
    gaps(
        "views.adviser_reports",
        "(SELECT min(x.first) FROM views.adviser_reports x)",
        "(SELECT max(x.last) FROM views.adviser_reports x)",
    ),
    order=("first",),
)
AREA_REPORT = of_table("adviser", AREA_REPORTS, order=("position", "area"))
REQUIREMENT_REPORT = of_table("adviser", REQUIREMENT_REPORTS, order=("position", "number"))
