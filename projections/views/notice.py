"""The notice itself: the instrument, its lineage, clauses, areas, interpretations and revisions."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from ledger.domain.areas.lineage import ParallelNoticeLinked, ParallelNoticeUnlinked
from ledger.domain.areas.notice import (
    AreaCarriedOver,
    AreaClosed,
    AreaRegistered,
    ClauseRegistered,
    InterpretationAdopted,
    Modality,
    NoticeClosed,
    NoticeIssued,
    NoticeKind,
    NoticeRevised,
    Obligor,
    Outcome,
    Parameter,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import RECORDED_AT, OfFact, put_from_fact
from projections.engine.meaning import ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, Relation, of_table
from projections.views.fields import RecordedPosition
from projections.views.word_lists import AreaEnd, NoticeStatus


class Notice(Struct, frozen=True):
    """The notice as a legal instrument."""

    position: int
    """Position of the entry that issued the notice."""
    issued_at: Annotated[datetime, Meta(description="Instant at which its issue was recorded.")]
    kind: Annotated[str, words(NoticeKind), Meta(description="The legal instrument.")]
    council: Annotated[str | None, Meta(description="The council, by its ONS code; null for another body.")]
    body: Annotated[str | None, Meta(description="Name of another public body; null for a council.")]
    body_code: Annotated[str | None, Meta(description="Code of that body: ONS for a district, ODS for the NHS.")]
    issuer: Annotated[str, Meta(description="Issuer of the notice, such as DfE.")]
    issued_on: Annotated[date, Meta(description="Date of issue.")]
    zone: Annotated[str, Meta(description="IANA time zone of its dates.")]
    expires_on: Annotated[date | None, Meta(description="Last day of its term; null if it has none.")]
    predecessors: Annotated[list[str], ID, Meta(description="Ids of the notices that it follows.")]
    pack_digest: Annotated[
        str, Meta(description="SHA-256 of the notice pack from which it was recorded, in base64.")
    ]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    trigger: Annotated[NarrativeRef, Meta(description="Event that led to it; null if erased.")]
    target_date: Annotated[
        date | None,
        Meta(description="Delivery date of the plan on the day of `on`; null if no clause sets one."),
    ] = None
    closed_on: Annotated[date | None, Meta(description="Date of its closure.")] = None
    closed_position: Annotated[int | None, Meta(description="Position of the entry that closed it.")] = None
    outcome: Annotated[str | None, words(Outcome), Meta(description="Outcome; null if it is live.")] = None
    closing_reason: Annotated[NarrativeRef | None, Meta(description="Reason for the closure; null if erased.")] = (
        None
    )
    successor: Annotated[str | None, ID, Meta(description="Id of the notice after it.")] = None
    parallel_notices: Annotated[
        list[str], ID, Meta(description="Ids of the notices that it names as in force in parallel.")
    ] = []


class ParallelLink(Struct, frozen=True):
    """A link from this notice to another notice that is in force in parallel."""

    parallel: Annotated[str, ID, Meta(description="Id of the other notice.")]
    position: RecordedPosition
    linked_at: Annotated[datetime, Meta(description="Instant of the link.")]
    reason: Annotated[NarrativeRef, Meta(description="Matters that both notices concern; null if erased.")]
    unlinked_at: Annotated[
        datetime | None, Meta(description="Instant at which the link ended; null if it is in effect.")
    ] = None
    unlinked_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    unlinked_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for its end; null if it is in effect, or if erased.")
    ] = None


class Clause(Struct, frozen=True):
    """A clause and its obligation, with its current parameters."""

    number: Annotated[str, Meta(description="Number, such as 5b.")]
    position: Annotated[int, Meta(description="Position of the entry that registered it.")]
    obligor: Annotated[str, words(Obligor), Meta(description="Party responsible for the obligation.")]
    modality: Annotated[str, words(Modality), Meta(description="Modality of the obligation.")]
    rule: Annotated[str, Meta(description="Name of the rule that judges compliance.")]
    parameters: Annotated[dict[str, Any], Meta(description="Parameters of the rule, as interpreted and revised.")]
    text: Annotated[NarrativeRef, Meta(description="Requirement, in the project's own wording; null if erased.")]
    under: Annotated[str | None, Meta(description="Clause under whose power it was added later.")] = None


class Area(Struct, frozen=True):
    """An area for priority action."""

    area: Annotated[str, ID, Meta(description="Id in the notice, such as 1a.")]
    position: Annotated[int, Meta(description="Position of the entry that registered it.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    ended: Annotated[str | None, words(AreaEnd), Meta(description="End of the area; null if it is open.")] = None
    ended_on: Annotated[date | None, Meta(description="Date of the area's end.")] = None
    ended_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    reason: Annotated[NarrativeRef | None, Meta(description="Reason for the closure; null if erased.")] = None
    successor: Annotated[str | None, ID, Meta(description="Id of the notice under which it continues.")] = None
    successor_area: Annotated[str | None, ID, Meta(description="Id under that notice.")] = None


class Interpretation(Struct, frozen=True):
    """The adopted meaning of a word that the notice leaves open."""

    interpretation: Annotated[str, ID, Meta(description="Id of the interpretation.")]
    position: RecordedPosition
    adopted_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    number: Annotated[str, Meta(description="Number of the clause.")]
    word: Annotated[str, Meta(description="Term that the notice leaves open.")]
    meaning: Annotated[NarrativeRef, Meta(description="Meaning; null if erased.")]
    adopted_by: Annotated[str, Meta(description="Body or person that adopted it.")]
    parameters: Annotated[dict[str, Any], Meta(description="Parameters of the clause's rule that follow from it.")]


class Revision(Struct, frozen=True):
    """A revision of a clause by the issuer."""

    position: RecordedPosition
    number: Annotated[str, Meta(description="Number of the clause.")]
    revised_on: Annotated[date, Meta(description="Date of the revision.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]
    parameters: Annotated[dict[str, Any], Meta(description="Parameters of the clause's rule that it sets.")]


class TargetDate(Struct, frozen=True):
    """A target date of the notice from a day on."""

    position: int
    number: str
    """Number of the clause that sets the target date."""
    first: date
    target_date: date


class ViewState(Struct, frozen=True):
    """View of the notice, and its progress."""

    view: Annotated[str, Meta(description="Name of the view, as in the role matrix.")]
    version: Annotated[int, Meta(description="Version of its code; a new version rebuilds the view.")]
    reached: Annotated[int, Meta(description="Position that it has reached, regardless of `asOf`.")]
    failed_at: Annotated[
        int | None, Meta(description="Position of the entry at which it stopped; null if it is running.")
    ]
    failure: Annotated[str | None, Meta(description="Reason for the stop; null if it is running.")]


# The notice is always at position 1: it is the first entry, which cannot be corrected.
NOTICES = Table("notices", Notice, ("position",))
CLAUSES = Table("clauses", Clause, ("number",))
AREAS = Table("areas", Area, ("area",))
INTERPRETATIONS = Table("interpretations", Interpretation, ("interpretation",), in_memory=False)
PARALLEL_LINKS = Table("parallel_links", ParallelLink, ("parallel",))
REVISIONS = Table("revisions", Revision, ("position", "number"), in_memory=False)
TARGET_DATES = Table("target_dates", TargetDate, ("position", "number"), in_memory=False)
_START = date(1900, 1, 1)
"""First day of the target dates with which clauses were registered."""


VIEW = View("notice", 5, (NOTICES, CLAUSES, AREAS, INTERPRETATIONS, PARALLEL_LINKS, REVISIONS, TARGET_DATES))
VIEW.puts(AreaRegistered, AREAS)
VIEW.puts(NoticeIssued, NOTICES, issued_at=RECORDED_AT)
VIEW.changes(AreaClosed, AREAS, "ended_position", "reason", ended="CLOSED", ended_on=OfFact("closed_on"))


@VIEW.on(ParallelNoticeLinked)
def _parallel_notice_linked(rows: Rows, entry: Entry, fact: ParallelNoticeLinked) -> None:
    put_from_fact(rows, PARALLEL_LINKS, entry)
    others = rows.require(NOTICES, 1).parallel_notices
    rows.change(NOTICES, 1, parallel_notices=sorted({*others, fact.parallel}))


@VIEW.on(ParallelNoticeUnlinked)
def _parallel_notice_unlinked(rows: Rows, entry: Entry, fact: ParallelNoticeUnlinked) -> None:
    ended = {"unlinked_at": entry.occurred_at, "unlinked_position": entry.position}
    rows.change(PARALLEL_LINKS, fact.parallel, **ended, unlinked_reason=rows.narrative("reason"))
    others = rows.require(NOTICES, 1).parallel_notices
    rows.change(NOTICES, 1, parallel_notices=[each for each in others if each != fact.parallel])


@VIEW.on(ClauseRegistered)
def _clause_registered(rows: Rows, entry: Entry, fact: ClauseRegistered) -> None:
    _set_target_date(rows, put_from_fact(rows, CLAUSES, entry, under=fact.under), entry.position, _START)


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
        _set_parameters(rows, revision.number, parameters, entry.position, fact.revised_on)


@VIEW.on(NoticeClosed)
def _notice_closed(rows: Rows, entry: Entry, fact: NoticeClosed) -> None:
    ended = {"closed_on": fact.closed_on, "closed_position": entry.position, "outcome": fact.outcome.value}
    ended |= {"closing_reason": rows.narrative("reason"), "successor": fact.successor}
    rows.change(NOTICES, 1, **ended)


@VIEW.on(InterpretationAdopted)
def _interpret(rows: Rows, entry: Entry, fact: InterpretationAdopted) -> None:
    put_from_fact(rows, INTERPRETATIONS, entry)
    _set_parameters(rows, fact.number, fact.parameters, entry.position, entry.occurred_at.date())


def _set_parameters(rows: Rows, number: str, parameters: dict[str, Parameter], position: int, first: date) -> None:
    """Add parameters to a clause's rule; a target date among them applies from a day on."""
    clause = rows.get(CLAUSES, number)
    if clause is not None and parameters:
        changed = rows.change(CLAUSES, number, parameters={**clause.parameters, **parameters})
        if "target_date" in parameters:
            _set_target_date(rows, changed, position, first)


def _set_target_date(rows: Rows, clause: Clause, position: int, first: date) -> None:
    """Set the notice's target date from a day on, if a clause sets it for the whole notice."""
    target = clause.parameters.get("target_date")
    if clause.rule == "delivered-by" and isinstance(target, str) and "area" not in clause.parameters:
        day = date.fromisoformat(target)
        rows.change(NOTICES, 1, target_date=day)
        rows.add(TARGET_DATES, TargetDate(position, clause.number, first, day))


VIEW_STATE = Relation(
    "notice",
    ViewState,
    "(SELECT notice, view, version, position AS reached, failed_at, failure FROM views.progress "
    "WHERE notice = :notice)",
    order=("view",),
)
NOTICE = of_table(
    "notice",
    NOTICES,
    computed={
        "status": Computed(
            Annotated[str, words(NoticeStatus), Meta(description="Status of the notice.")],
            "CASE WHEN t.outcome IS NULL THEN 'LIVE' ELSE 'CLOSED' END",
        ),
        "target_date": Computed(
            date | None,
            "SELECT d.target_date FROM views.target_dates d WHERE d.notice = :notice AND d.first <= :today "
            "ORDER BY d.first DESC, d.position DESC LIMIT 1",
        ),
    },
    conditions={"parallel_to": ":value = ANY (t.parallel_notices)"},
)
CLAUSE = of_table("notice", CLAUSES)
AREA = of_table("notice", AREAS, conditions={"open": "(t.ended IS NULL) = :value"})
INTERPRETATION = of_table("notice", INTERPRETATIONS)
PARALLEL_LINK = of_table("notice", PARALLEL_LINKS)
REVISION = of_table("notice", REVISIONS, order=("position", "number"))
