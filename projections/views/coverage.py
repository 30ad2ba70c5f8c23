"""Coverage of the plan (clause 4): areas, findings and recommendations, and the objectives that answer them.

The view has a row for each item: an area, a finding or a recommendation. The row names the objectives that answer
the item. An achieved objective still answers; a dropped or merged objective does not. An area that has ended needs
no answer, and neither does a recommendation rejected with a reason.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct, structs

from ledger.domain.areas.notice import AreaCarriedOver, AreaClosed, AreaRegistered
from ledger.domain.areas.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveOutcome, ObjectiveRevised
from ledger.domain.areas.recommendations import (
    CoverageMapped,
    FindingRegistered,
    RecommendationAccepted,
    RecommendationMade,
    RecommendationRejected,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Relation, contains, flag, of_table
from projections.views.word_lists import Answer, CoverageKind

_AREA, _FINDING, _RECOMMENDATION = "AREA", "FINDING", "RECOMMENDATION"


class CoverageItem(Struct, frozen=True):
    """An area, finding or recommendation, and the live objectives that address it."""

    kind: Annotated[str, words(CoverageKind), Meta(description="Kind of the thing that the plan must address.")]
    subject: Annotated[str, ID, Meta(description="Id of the area, finding or recommendation.")]
    position: Annotated[int | None, Meta(description="Position of the entry that registered it.")]
    text: Annotated[NarrativeRef | None, Meta(description="Title or narrative; null if erased.")]
    objectives: Annotated[list[str], ID, Meta(description="Ids of the live objectives that address it.")]
    required: Annotated[
        bool, Meta(description="False for an area that ended, and for a recommendation rejected with a reason.")
    ] = True


class Finding(Struct, frozen=True):
    """A finding of an inspection, a review or a diagnostic."""

    finding: Annotated[str, ID, Meta(description="Id of the finding.")]
    position: int
    registered_at: Annotated[datetime, Meta(description="Instant at which it was registered.")]
    origin: Annotated[str, Meta(description="Origin of the finding, such as inspection.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    areas: Annotated[list[str], ID, Meta(description="Ids of the areas that it concerns.")]
    review: Annotated[str | None, ID, Meta(description="Id of the review behind it.")]


class Recommendation(Struct, frozen=True):
    """A recommendation to the council, and the council's response."""

    recommendation: Annotated[str, ID, Meta(description="Id of the recommendation.")]
    position: int
    made_at: Annotated[datetime, Meta(description="Instant at which it was made.")]
    by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the body or person that made it.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    findings: Annotated[list[str], ID, Meta(description="Ids of the findings that it answers.")]
    due: Annotated[date | None, Meta(description="Due date.")]
    decided: Annotated[
        str | None, words(Answer), Meta(description="The council's answer; null if it has not answered.")
    ] = None
    decided_at: Annotated[datetime | None, Meta(description="Instant of the council's answer.")] = None
    decided_position: Annotated[int | None, Meta(description="Position of the entry with the answer.")] = None
    response: Annotated[
        NarrativeRef | None,
        Meta(description="The council's response, or its reason for rejection; null if erased."),
    ] = None


class CoverageAnswer(Struct, frozen=True):
    """The items that an objective answers."""

    objective: str
    position: int
    """Position of the entry that added the objective."""
    areas: list[str]
    """Areas that the objective serves."""
    mapped: list[str]
    """Further items mapped to the objective, as kind, space and id."""
    live: bool = True


COVERAGE = Table("coverage", CoverageItem, ("kind", "subject"))
FINDINGS = Table("findings", Finding, ("finding",), in_memory=False)
RECOMMENDATIONS = Table("recommendations", Recommendation, ("recommendation",))
ANSWERS = Table("answers", CoverageAnswer, ("objective",))


VIEW = View("coverage", 2, (COVERAGE, FINDINGS, RECOMMENDATIONS, ANSWERS))


@VIEW.on(ObjectiveAdded)
def _objective_added(rows: Rows, entry: Entry, fact: ObjectiveAdded) -> None:
    _put_answer(rows, CoverageAnswer(fact.objective, entry.position, list(fact.areas), []))


@VIEW.on(ObjectiveRevised)
def _objective_revised(rows: Rows, entry: Entry, fact: ObjectiveRevised) -> None:
    if fact.areas is not None:
        _change_answer(rows, fact.objective, areas=list(fact.areas))


@VIEW.on(ObjectiveClosed)
def _objective_closed(rows: Rows, entry: Entry, fact: ObjectiveClosed) -> None:
    _change_answer(rows, fact.objective, live=fact.outcome is ObjectiveOutcome.ACHIEVED)


@VIEW.on(CoverageMapped)
def _coverage_mapped(rows: Rows, entry: Entry, fact: CoverageMapped) -> None:
    mapped = [f"{_AREA} {area}" for area in fact.areas]
    mapped += [f"{_FINDING} {finding}" for finding in fact.findings]
    mapped += [f"{_RECOMMENDATION} {recommendation}" for recommendation in fact.recommendations]
    _change_answer(rows, fact.objective, mapped=mapped)


@VIEW.on(AreaRegistered)
def _area_registered(rows: Rows, entry: Entry, fact: AreaRegistered) -> None:
    _add_item(rows, _AREA, fact.area, entry.position, rows.narrative("title"))


def _area_ended(rows: Rows, entry: Entry, fact: AreaClosed | AreaCarriedOver) -> None:
    rows.change(COVERAGE, _AREA, fact.area, required=False)


VIEW.on(AreaClosed)(_area_ended)
VIEW.on(AreaCarriedOver)(_area_ended)


@VIEW.on(FindingRegistered)
def _finding_registered(rows: Rows, entry: Entry, fact: FindingRegistered) -> None:
    finding = put_from_fact(rows, FINDINGS, entry)
    _add_item(rows, _FINDING, fact.finding, entry.position, finding.text)


@VIEW.on(RecommendationMade)
def _recommendation_made(rows: Rows, entry: Entry, fact: RecommendationMade) -> None:
    recommendation = put_from_fact(rows, RECOMMENDATIONS, entry)
    _add_item(rows, _RECOMMENDATION, fact.recommendation, entry.position, recommendation.text)


@VIEW.on(RecommendationAccepted)
def _recommendation_accepted(rows: Rows, entry: Entry, fact: RecommendationAccepted) -> None:
    _decide(rows, entry, fact.recommendation, "ACCEPTED", rows.narrative("response"))


@VIEW.on(RecommendationRejected)
def _recommendation_rejected(rows: Rows, entry: Entry, fact: RecommendationRejected) -> None:
    _decide(rows, entry, fact.recommendation, "REJECTED", rows.narrative("reason"))


def _decide(rows: Rows, entry: Entry, recommendation: str, decided: str, response: NarrativeRef) -> None:
    rows.change(
        RECOMMENDATIONS,
        recommendation,
        decided=decided,
        decided_at=entry.occurred_at,
        decided_position=entry.position,
        response=response,
    )
    rows.change(COVERAGE, _RECOMMENDATION, recommendation, required=decided == "ACCEPTED")


def _change_answer(rows: Rows, objective: str, **changes: object) -> None:
    answer = rows.get(ANSWERS, objective)
    if answer is not None:
        _put_answer(rows, structs.replace(answer, **changes))


def _add_item(rows: Rows, kind: str, subject: str, position: int, text: NarrativeRef) -> None:
    """Add an item that the plan must answer. Objectives that already name the item stay."""
    item = rows.get(COVERAGE, kind, subject)
    rows.put(COVERAGE, CoverageItem(kind, subject, position, text, item.objectives if item else []))


def _items_of(answers: CoverageAnswer | None) -> set[tuple[str, str]]:
    if answers is None or not answers.live:
        return set()
    mapped = {(kind, subject) for kind, _, subject in (item.partition(" ") for item in answers.mapped)}
    return mapped | {(_AREA, area) for area in answers.areas}


def _put_answer(rows: Rows, answers: CoverageAnswer) -> None:
    """Store an objective's answers, and update the items that the objective gains or loses."""
    before, after = _items_of(rows.get(ANSWERS, answers.objective)), _items_of(answers)
    rows.put(ANSWERS, answers)
    for kind, subject in before - after:
        item = rows.get(COVERAGE, kind, subject)
        if item is not None:
            remaining = [objective for objective in item.objectives if objective != answers.objective]
            rows.change(COVERAGE, kind, subject, objectives=remaining)
    for kind, subject in after - before:
        item = rows.get(COVERAGE, kind, subject) or CoverageItem(kind, subject, None, None, [])
        objectives = sorted({*item.objectives, answers.objective})
        rows.put(COVERAGE, CoverageItem(kind, subject, item.position, item.text, objectives, item.required))


COVERED = Relation(
    "coverage",
    CoverageItem,
    "(SELECT * FROM views.coverage WHERE notice = :notice AND position IS NOT NULL)",
    computed={
        "covered": flag(
            "True if a live objective addresses it, or none has to.", "NOT t.required OR t.objectives <> '{}'"
        )
    },
    conditions={"uncovered": "(t.required AND t.objectives = '{}') = :value"},
    order=("kind", "position", "subject"),
)
FINDING = of_table("coverage", FINDINGS, conditions={"area": ":value = ANY (t.areas)", "text": contains("text")})
RECOMMENDATION = of_table(
    "coverage",
    RECOMMENDATIONS,
    conditions={
        "undecided": "(t.decided IS NULL) = :value",
        "finding": ":value = ANY (t.findings)",
        "text": contains("text"),
    },
)
