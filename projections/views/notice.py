"""The notice itself: the instrument, its lineage, clauses, areas, interpretations and revisions."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ledger.domain.areas.notice import (
    AreaCarriedOver,
    AreaClosed,
    AreaRegistered,
    ClauseRegistered,
    InterpretationAdopted,
    NoticeClosed,
    NoticeIssued,
    NoticeRevised,
    Parameter,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, Relation, of_table


class Notice(Struct, frozen=True):
    """The legal instrument."""

    position: int
    """Entry that issued it."""
    issued_at: datetime
    """Instant at which its issue was recorded."""
    kind: str
    council: str
    """ONS code of the council."""
    issuer: str
    issued_on: date
    zone: str
    predecessor: str | None
    pack_digest: str
    title: NarrativeRef
    trigger: NarrativeRef
    target_date: date | None = None
    """Date by which the plan's actions are due, as revised; None if no clause states one."""
    closed_on: date | None = None
    closed_position: int | None = None
    outcome: str | None = None
    """Outcome at its end; None while it is live."""
    closing_reason: NarrativeRef | None = None
    successor: str | None = None


class Clause(Struct, frozen=True):
    """A clause and its obligation, with its current parameters."""

    number: str
    position: int
    obligor: str
    modality: str
    rule: str
    parameters: dict[str, Any]
    text: NarrativeRef
    under: str | None = None
    """Clause whose power added it later."""


class Area(Struct, frozen=True):
    """An area for priority action."""

    area: str
    position: int
    title: NarrativeRef
    ended: str | None = None
    """CLOSED or CARRIED_OVER; None while it is open."""
    ended_on: date | None = None
    ended_position: int | None = None
    reason: NarrativeRef | None = None
    """Reason for closing it."""
    successor: str | None = None
    """Notice that it was carried over to."""
    successor_area: str | None = None
    """Id of the area in that notice."""


class Interpretation(Struct, frozen=True):
    """The adopted meaning of a word that the notice leaves open."""

    interpretation: str
    position: int
    adopted_at: datetime
    number: str
    """Number of the clause."""
    word: str
    meaning: NarrativeRef
    adopted_by: str
    parameters: dict[str, Any]
    """Parameters that it sets for the clause's rule."""


class Revision(Struct, frozen=True):
    """A revision of a clause by the issuer."""

    position: int
    number: str
    revised_on: date
    reason: NarrativeRef
    parameters: dict[str, Any]


class ViewState(Struct, frozen=True):
    """Position and state of a view of the notice, independent of the snapshot's position."""

    view: str
    version: int
    reached: int
    failed_at: int | None
    """Entry at which its fold stopped."""
    failure: str | None
    """Reason for the stop."""


# The notice is always at position 1: it is the first entry, which cannot be corrected.
NOTICES = Table("notices", Notice, ("position",))
CLAUSES = Table("clauses", Clause, ("number",))
AREAS = Table("areas", Area, ("area",))
INTERPRETATIONS = Table("interpretations", Interpretation, ("interpretation",), in_memory=False)
REVISIONS = Table("revisions", Revision, ("position", "number"), in_memory=False)


VIEW = View("notice", 2, (NOTICES, CLAUSES, AREAS, INTERPRETATIONS, REVISIONS))


@VIEW.on(NoticeIssued)
def _notice_issued(rows: Rows, entry: Entry, fact: NoticeIssued) -> None:
    issued = Notice(
        position=entry.position,
        issued_at=entry.recorded_at,
        kind=fact.kind.value,
        council=fact.council,
        issuer=fact.issuer,
        issued_on=fact.issued_on,
        zone=fact.zone,
        predecessor=fact.predecessor,
        pack_digest=fact.pack_digest,
        title=rows.narrative("title"),
        trigger=rows.narrative("trigger"),
    )
    rows.put(NOTICES, issued)


@VIEW.on(ClauseRegistered)
def _clause_registered(rows: Rows, entry: Entry, fact: ClauseRegistered) -> None:
    clause = Clause(
        number=fact.number,
        position=entry.position,
        obligor=fact.obligor.value,
        modality=fact.modality.value,
        rule=fact.rule,
        parameters=dict(fact.parameters),
        text=rows.narrative("text"),
        under=fact.under,
    )
    rows.put(CLAUSES, clause)
    _set_target_date(rows, clause)


@VIEW.on(AreaRegistered)
def _area_registered(rows: Rows, entry: Entry, fact: AreaRegistered) -> None:
    rows.put(AREAS, Area(fact.area, entry.position, rows.narrative("title")))


@VIEW.on(AreaClosed)
def _area_closed(rows: Rows, entry: Entry, fact: AreaClosed) -> None:
    ended = {"ended": "CLOSED", "ended_on": fact.closed_on, "reason": rows.narrative("reason")}
    rows.change(AREAS, fact.area, ended_position=entry.position, **ended)


@VIEW.on(AreaCarriedOver)
def _area_carried_over(rows: Rows, entry: Entry, fact: AreaCarriedOver) -> None:
    notice = rows.get(NOTICES, 1)
    rows.change(
        AREAS,
        fact.area,
        ended="CARRIED_OVER",
        ended_on=None if notice is None else notice.closed_on,
        ended_position=entry.position,
        successor=fact.successor,
        successor_area=fact.successor_area or fact.area,
    )


@VIEW.on(NoticeRevised)
def _notice_revised(rows: Rows, entry: Entry, fact: NoticeRevised) -> None:
    for revision in fact.clauses:
        parameters = dict(revision.parameters)
        reason = rows.narrative("reason")
        rows.put(REVISIONS, Revision(entry.position, revision.number, fact.revised_on, reason, parameters))
        _set_parameters(rows, revision.number, parameters)


@VIEW.on(NoticeClosed)
def _notice_closed(rows: Rows, entry: Entry, fact: NoticeClosed) -> None:
    ended = {"closed_on": fact.closed_on, "closed_position": entry.position, "outcome": fact.outcome.value}
    ended |= {"closing_reason": rows.narrative("reason"), "successor": fact.successor}
    rows.change(NOTICES, 1, **ended)


@VIEW.on(InterpretationAdopted)
def _interpret(rows: Rows, entry: Entry, fact: InterpretationAdopted) -> None:
    parameters = dict(fact.parameters)
    adopted = Interpretation(
        interpretation=fact.interpretation,
        position=entry.position,
        adopted_at=entry.occurred_at,
        number=fact.number,
        word=fact.word,
        meaning=rows.narrative("meaning"),
        adopted_by=fact.adopted_by,
        parameters=parameters,
    )
    rows.put(INTERPRETATIONS, adopted)
    _set_parameters(rows, fact.number, parameters)


def _set_parameters(rows: Rows, number: str, parameters: dict[str, Parameter]) -> None:
    """Add parameters to a clause's rule."""
    clause = rows.get(CLAUSES, number)
    if clause is not None and parameters:
        _set_target_date(rows, rows.change(CLAUSES, number, parameters={**clause.parameters, **parameters}))


def _set_target_date(rows: Rows, clause: Clause) -> None:
    """Set the notice's target date from a clause; a clause limited to an area sets none."""
    target = clause.parameters.get("target_date")
    if clause.rule == "delivered-by" and isinstance(target, str) and "area" not in clause.parameters:
        rows.change(NOTICES, 1, target_date=date.fromisoformat(target))


VIEW_STATE = Relation(
    "notice",
    ViewState,
    "(SELECT notice, view, version, position AS reached, failed_at, failure FROM views.progress)",
    order=("view",),
)
NOTICE = of_table(
    "notice",
    NOTICES,
    computed={"status": Computed(str, "CASE WHEN t.outcome IS NULL THEN 'LIVE' ELSE 'CLOSED' END")},
)
CLAUSE = of_table("notice", CLAUSES)
AREA = of_table("notice", AREAS, conditions={"open": "(t.ended IS NULL) = :value"})
INTERPRETATION = of_table("notice", INTERPRETATIONS)
REVISION = of_table("notice", REVISIONS, order=("position", "number"))
