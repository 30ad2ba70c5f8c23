"""What the plan has to answer and what answers it (clause 4): areas, findings, recommendations, by objective.

The matrix has a row for each thing that has to be answered: the live objectives that answer it, or the reasoned
rejection. An achieved objective still answers; one that was dropped or merged does not.
"""

from datetime import date, datetime

from msgspec import Struct, structs

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
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, Relation, contains, of_table

_AREA, _FINDING, _RECOMMENDATION = "AREA", "FINDING", "RECOMMENDATION"


class Covered(Struct, frozen=True):
    """Something that the plan has to answer."""

    kind: str
    """AREA, FINDING or RECOMMENDATION."""
    subject: str
    """Its id."""
    position: int | None
    """The entry that registered or made it; None: nothing has yet, though an objective names it."""
    text: NarrativeRef | None
    objectives: list[str]
    """The live objectives that answer it, by id."""
    is_asked: bool = True
    """False: an area that ended, or a recommendation rejected with a reason."""


class Finding(Struct, frozen=True):
    """Something that an inspection, a review or a diagnostic found."""

    finding: str
    position: int
    registered_at: datetime
    origin: str
    text: NarrativeRef
    areas: list[str]
    review: str | None


class Recommendation(Struct, frozen=True):
    """A recommendation made to the council, and what it answered."""

    recommendation: str
    position: int
    made_at: datetime
    by: str
    text: NarrativeRef
    findings: list[str]
    due: date | None
    decided: str | None = None
    """ACCEPTED or REJECTED; None: the council has not answered."""
    decided_at: datetime | None = None
    decided_position: int | None = None
    response: NarrativeRef | None = None
    """What the council said, or why it rejected."""


class CoverageAnswer(Struct, frozen=True):
    """What an objective answers."""

    objective: str
    position: int
    """The entry that added it."""
    areas: list[str]
    """The areas that it serves."""
    mapped: list[str]
    """What it was mapped to besides: kind, a space, id."""
    live: bool = True


COVERAGE = Table("coverage", Covered, ("kind", "subject"))
FINDINGS = Table("findings", Finding, ("finding",), in_memory=False)
RECOMMENDATIONS = Table("recommendations", Recommendation, ("recommendation",))
ANSWERS = Table("answers", CoverageAnswer, ("objective",))


VIEW = View("coverage", 1, (COVERAGE, FINDINGS, RECOMMENDATIONS, ANSWERS))


@VIEW.on(ObjectiveAdded)
def _objective_added(rows: Rows, entry: Entry, fact: ObjectiveAdded) -> None:
    _answer(rows, CoverageAnswer(fact.objective, entry.position, list(fact.areas), []))


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
    _ask(rows, _AREA, fact.area, entry.position, rows.narrative("title"))


@VIEW.on(AreaClosed)
def _area_closed(rows: Rows, entry: Entry, fact: AreaClosed) -> None:
    rows.change(COVERAGE, _AREA, fact.area, is_asked=False)


@VIEW.on(AreaCarriedOver)
def _area_carried_over(rows: Rows, entry: Entry, fact: AreaCarriedOver) -> None:
    rows.change(COVERAGE, _AREA, fact.area, is_asked=False)


@VIEW.on(FindingRegistered)
def _finding_registered(rows: Rows, entry: Entry, fact: FindingRegistered) -> None:
    text, areas, at = rows.narrative("text"), list(fact.areas), entry.occurred_at
    rows.put(FINDINGS, Finding(fact.finding, entry.position, at, fact.origin, text, areas, fact.review))
    _ask(rows, _FINDING, fact.finding, entry.position, text)


@VIEW.on(RecommendationMade)
def _recommendation_made(rows: Rows, entry: Entry, fact: RecommendationMade) -> None:
    text, findings = rows.narrative("text"), list(fact.findings)
    made = Recommendation(
        fact.recommendation, entry.position, entry.occurred_at, fact.by, text, findings, fact.due
    )
    rows.put(RECOMMENDATIONS, made)
    _ask(rows, _RECOMMENDATION, fact.recommendation, entry.position, text)


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
    rows.change(COVERAGE, _RECOMMENDATION, recommendation, is_asked=decided == "ACCEPTED")


def _change_answer(rows: Rows, objective: str, **changes: object) -> None:
    answer = rows.get(ANSWERS, objective)
    if answer is not None:
        _answer(rows, structs.replace(answer, **changes))


def _ask(rows: Rows, kind: str, subject: str, position: int, text: NarrativeRef) -> None:
    """Something has to be answered, and may have been named by an objective before."""
    known = rows.get(COVERAGE, kind, subject)
    rows.put(COVERAGE, Covered(kind, subject, position, text, known.objectives if known else []))


def _named(answers: CoverageAnswer | None) -> set[tuple[str, str]]:
    if answers is None or not answers.live:
        return set()
    mapped = {(kind, subject) for kind, _, subject in (each.partition(" ") for each in answers.mapped)}
    return mapped | {(_AREA, area) for area in answers.areas}


def _answer(rows: Rows, answers: CoverageAnswer) -> None:
    """Puts what an objective answers, and changes the rows of what it answers more, or no more."""
    before, after = _named(rows.get(ANSWERS, answers.objective)), _named(answers)
    rows.put(ANSWERS, answers)
    for kind, subject in before - after:
        known = rows.get(COVERAGE, kind, subject)
        if known is not None:
            left = [objective for objective in known.objectives if objective != answers.objective]
            rows.change(COVERAGE, kind, subject, objectives=left)
    for kind, subject in after - before:
        known = rows.get(COVERAGE, kind, subject) or Covered(kind, subject, None, None, [])
        found = sorted({*known.objectives, answers.objective})
        rows.put(COVERAGE, Covered(kind, subject, known.position, known.text, found, known.is_asked))


COVERED = Relation(
    "coverage",
    Covered,
    "(SELECT * FROM views.coverage WHERE position IS NOT NULL)",
    computed={"covered": Computed(bool, "NOT t.is_asked OR t.objectives <> '{}'")},
    conditions={"uncovered": "(t.is_asked AND t.objectives = '{}') = :value"},
    order=("kind", "position", "subject"),
)
FINDING = of_table("coverage", FINDINGS, conditions={"area": ":value = ANY (t.areas)", "text": contains("text")})
RECOMMENDATION = of_table(
    "coverage",
    RECOMMENDATIONS,
    conditions={
        "undecided": "(t.decided IS NULL) = :value",
        "finding": ":value = ANY (t.findings)",
        "due_before": "t.due < :value",
        "text": contains("text"),
    },
)
