"""Reviews and diagnostics: schedule, start, end, topics, grades, and the council's assessment beforehand."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.reviews import (
    AreaJudgement,
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
    Topic,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import OfFact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, of_table
from projections.views.fields import NamedEvidence, RecordedPosition
from projections.views.word_lists import AssessmentStanding, DiagnosticStanding, ReviewStanding


class Review(Struct, frozen=True):
    """A review of the council's progress."""

    review: Annotated[str, ID, Meta(description="Id of the review.")]
    position: int
    scheduled_at: Annotated[datetime, Meta(description="Instant at which it was scheduled.")]
    kind: Annotated[str, Meta(description="Kind of review, such as monitoring visit.")]
    by: Annotated[str, Meta(description="Reviewing body or person.")]
    from_on: Annotated[date, Meta(description="Date on which it is to start.")]
    topics: Annotated[list[str], words(Topic), Meta(description="Topics of the review.")]
    other_topics: Annotated[list[NarrativeRef], Meta(description="Further topics.")]
    started_at: Annotated[datetime | None, Meta(description="Instant at which it started.")] = None
    started_position: Annotated[int | None, Meta(description="Position of the entry that records its start.")] = (
        None
    )
    completed_at: Annotated[datetime | None, Meta(description="Instant at which it ended.")] = None
    completed_position: Annotated[int | None, Meta(description="Position of the entry that records its end.")] = (
        None
    )
    findings: Annotated[list[NarrativeRef], Meta(description="Findings.")] = []
    evidence: NamedEvidence = []
    assessed_at: Annotated[datetime | None, Meta(description="Instant of the council's own assessment.")] = None
    assessed_position: Annotated[int | None, Meta(description="Position of the entry that records it.")] = None
    staff_survey: Annotated[str | None, ID, Meta(description="Id of the document with the staff survey.")] = None
    supervision: Annotated[str | None, ID, Meta(description="Id of the document on supervision.")] = None


class ObjectiveAssessment(Struct, frozen=True):
    """The council's assessment of an objective before a review."""

    review: Annotated[str, ID, Meta(description="Id of the review.")]
    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: RecordedPosition
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class ReviewGrade(Struct, frozen=True):
    """Grade of a review, for one judgement."""

    review: Annotated[str, ID, Meta(description="Id of the review.")]
    judgement: Annotated[str, Meta(description="Judgement, such as overall effectiveness.")]
    grade: Annotated[str, Meta(description="Grade, such as requires improvement.")]
    position: RecordedPosition


class ReviewArea(Struct, frozen=True):
    """The reviewers' judgement of an area."""

    review: Annotated[str, ID, Meta(description="Id of the review.")]
    area: Annotated[str, ID, Meta(description="Id of the area.")]
    position: RecordedPosition
    judgement: Annotated[str, words(AreaJudgement), Meta(description="Progress or concern.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class Diagnostic(Struct, frozen=True):
    """A diagnostic that the adviser required."""

    diagnostic: Annotated[str, ID, Meta(description="Id of the diagnostic.")]
    position: int
    required_at: Annotated[datetime, Meta(description="Instant at which it was required.")]
    area: Annotated[str | None, ID, Meta(description="Id of the area that it concerns.")]
    scope: Annotated[NarrativeRef, Meta(description="Scope; null if erased.")]
    due: Annotated[date | None, Meta(description="Date by which it is to be reported.")]
    provider: Annotated[str | None, ACTOR_ID, Meta(description="Actor id of the provider.")] = None
    outside: Annotated[
        bool | None, Meta(description="True if the provider is external and needs the Department's consent.")
    ] = None
    department_consent: Annotated[bool | None, Meta(description="True if the Department consented.")] = None
    agreed_position: Annotated[int | None, Meta(description="Position of the entry that agreed the provider.")] = (
        None
    )
    reported_at: Annotated[datetime | None, Meta(description="Instant at which it was reported.")] = None
    reported_position: Annotated[int | None, Meta(description="Position of the entry that holds the report.")] = (
        None
    )
    findings: Annotated[list[NarrativeRef], Meta(description="Findings.")] = []
    evidence: NamedEvidence = []


REVIEWS = Table("reviews", Review, ("review",))
OBJECTIVE_ASSESSMENTS = Table(
    "objective_assessments", ObjectiveAssessment, ("review", "objective"), in_memory=False
)
REVIEW_GRADES = Table("review_grades", ReviewGrade, ("review", "judgement"), in_memory=False)
REVIEW_AREAS = Table("review_areas", ReviewArea, ("review", "area"), in_memory=False)
DIAGNOSTICS = Table("diagnostics", Diagnostic, ("diagnostic",))


VIEW = View("reviews", 3, (REVIEWS, OBJECTIVE_ASSESSMENTS, REVIEW_AREAS, DIAGNOSTICS, REVIEW_GRADES))
VIEW.puts(DiagnosticRequired, DIAGNOSTICS)
VIEW.puts(ReviewScheduled, REVIEWS, from_on=OfFact("from_"))
VIEW.changes(ReviewStarted, REVIEWS, "started_at", "started_position")
VIEW.changes(DiagnosticProviderAgreed, DIAGNOSTICS, "provider", "outside", "department_consent", "agreed_position")
VIEW.changes(DiagnosticReported, DIAGNOSTICS, "reported_at", "reported_position", "evidence", "findings")


@VIEW.on(ReviewCompleted)
def _review_completed(rows: Rows, entry: Entry, fact: ReviewCompleted) -> None:
    completed = {
        "completed_at": entry.occurred_at,
        "completed_position": entry.position,
        "evidence": list(fact.evidence),
    }
    rows.change(REVIEWS, fact.review, findings=rows.narratives("findings", fact.findings), **completed)
    for index, item in enumerate(fact.per_area):
        text = rows.narrative(f"perArea[{index}].text")
        rows.put(REVIEW_AREAS, ReviewArea(fact.review, item.area, entry.position, item.judgement.value, text))
    for each in fact.grades:
        rows.put(REVIEW_GRADES, ReviewGrade(fact.review, each.judgement, each.grade, entry.position))


@VIEW.on(PreReviewAssessmentSubmitted)
def _pre_review_assessment_submitted(rows: Rows, entry: Entry, fact: PreReviewAssessmentSubmitted) -> None:
    parts = {"staff_survey": fact.staff_survey, "supervision": fact.supervision}
    rows.change(REVIEWS, fact.review, assessed_at=entry.occurred_at, assessed_position=entry.position, **parts)
    for index, view in enumerate(fact.objectives):
        text = rows.narrative(f"objectives[{index}].text")
        assessment = ObjectiveAssessment(fact.review, view.objective, entry.position, text)
        rows.put(OBJECTIVE_ASSESSMENTS, assessment)


REVIEW = of_table(
    "reviews",
    REVIEWS,
    computed={
        "assessment": Computed(
            Annotated[
                str,
                words(AssessmentStanding),
                Meta(description="Timing of the council's own assessment."),
            ],
            "CASE WHEN t.assessed_at IS NULL THEN CASE WHEN t.started_at IS NULL THEN 'DUE' ELSE 'ABSENT' END "
            "WHEN t.assessed_at > t.started_at THEN 'AFTER' ELSE 'BEFORE' END",
        ),
        "standing": Computed(
            Annotated[str, words(ReviewStanding), Meta(description="Progress on the day of `on`.")],
            "CASE WHEN t.completed_at IS NOT NULL THEN 'COMPLETED' WHEN t.started_at IS NOT NULL THEN 'STARTED' "
            "WHEN t.from_on < :today THEN 'OVERDUE' ELSE 'SCHEDULED' END",
        ),
    },
    conditions={"topic": ":value = ANY (t.topics)"},
    order=("from_on", "position"),
)
REVIEW_GRADE = of_table("reviews", REVIEW_GRADES, order=("position", "judgement"))
REVIEW_AREA = of_table("reviews", REVIEW_AREAS, order=("position", "area"))
OBJECTIVE_ASSESSMENT = of_table("reviews", OBJECTIVE_ASSESSMENTS, order=("position", "objective"))
DIAGNOSTIC = of_table(
    "reviews",
    DIAGNOSTICS,
    computed={
        "standing": Computed(
            Annotated[str, words(DiagnosticStanding), Meta(description="Progress on the day of `on`.")],
            "CASE WHEN t.reported_at IS NOT NULL THEN 'DONE' WHEN t.due < :today THEN 'OVERDUE' "
            "ELSE 'RUNNING' END",
        )
    },
)
