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


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the matrix."""
    fact, position = entry.fact, entry.position
    match fact:
        case ObjectiveAdded():
            _answer(rows, CoverageAnswer(fact.objective, position, list(fact.areas), []))
        case ObjectiveRevised() | ObjectiveClosed() | CoverageMapped():
            known = rows.get(ANSWERS, fact.objective)
            if known is not None:
                _answer(rows, _changed(known, fact))
        case AreaRegistered():
            _ask(rows, _AREA, fact.area, position, rows.narrative("title"))
        case AreaClosed() | AreaCarriedOver():
            rows.change(COVERAGE, _AREA, fact.area, is_asked=False)
        case FindingRegistered():
            text, areas, at = rows.narrative("text"), list(fact.areas), entry.occurred_at
            rows.put(FINDINGS, Finding(fact.finding, position, at, fact.origin, text, areas, fact.review))
            _ask(rows, _FINDING, fact.finding, position, text)
        case _:
            _recommend(rows, entry)


def _changed(known: CoverageAnswer, fact: ObjectiveRevised | ObjectiveClosed | CoverageMapped) -> CoverageAnswer:
    """What an objective answers from now on."""
    match fact:
        case ObjectiveRevised():
            return known if fact.areas is None else structs.replace(known, areas=list(fact.areas))
        case ObjectiveClosed():
            return structs.replace(known, live=fact.outcome is ObjectiveOutcome.ACHIEVED)
        case CoverageMapped():
            mapped = [f"{_AREA} {area}" for area in fact.areas]
            mapped += [f"{_FINDING} {finding}" for finding in fact.findings]
            return structs.replace(known, mapped=mapped + [f"{_RECOMMENDATION} {r}" for r in fact.recommendations])


def _recommend(rows: Rows, entry: Entry) -> None:
    fact, position, at = entry.fact, entry.position, entry.occurred_at
    match fact:
        case RecommendationMade():
            text, findings = rows.narrative("text"), list(fact.findings)
            made = Recommendation(fact.recommendation, position, at, fact.by, text, findings, fact.due)
            rows.put(RECOMMENDATIONS, made)
            _ask(rows, _RECOMMENDATION, fact.recommendation, position, text)
        case RecommendationAccepted() | RecommendationRejected():
            accepted = isinstance(fact, RecommendationAccepted)
            rows.change(
                RECOMMENDATIONS,
                fact.recommendation,
                decided="ACCEPTED" if accepted else "REJECTED",
                decided_at=at,
                decided_position=position,
                response=rows.narrative("response" if accepted else "reason"),
            )
            rows.change(COVERAGE, _RECOMMENDATION, fact.recommendation, is_asked=accepted)


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


VIEW = View(
    "coverage",
    1,
    (COVERAGE, FINDINGS, RECOMMENDATIONS, ANSWERS),
    frozenset(
        {
            AreaRegistered,
            AreaClosed,
            AreaCarriedOver,
            ObjectiveAdded,
            ObjectiveRevised,
            ObjectiveClosed,
            CoverageMapped,
            FindingRegistered,
            RecommendationMade,
            RecommendationAccepted,
            RecommendationRejected,
        }
    ),
    fold,
)

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
