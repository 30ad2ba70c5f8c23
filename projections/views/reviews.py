"""Reviews and diagnostics: schedule, start, completion, the council's assessment beforehand, and topics."""

from datetime import date, datetime

from msgspec import Struct

from ledger.domain.areas.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, of_table


class Review(Struct, frozen=True):
    """A review of the council's progress."""

    review: str
    position: int
    scheduled_at: datetime
    kind: str
    by: str
    from_on: date
    """Day on which it was due to start."""
    topics: list[str]
    other_topics: list[NarrativeRef]
    started_at: datetime | None = None
    started_position: int | None = None
    completed_at: datetime | None = None
    completed_position: int | None = None
    findings: list[NarrativeRef] = []
    evidence: list[str] = []
    assessed_at: datetime | None = None
    """Time of the council's own assessment."""
    assessed_position: int | None = None
    staff_survey: str | None = None
    supervision: str | None = None


class ObjectiveAssessment(Struct, frozen=True):
    """The council's assessment of an objective before a review."""

    review: str
    objective: str
    position: int
    text: NarrativeRef


class Diagnostic(Struct, frozen=True):
    """A diagnostic that the adviser required."""

    diagnostic: str
    position: int
    required_at: datetime
    area: str | None
    scope: NarrativeRef
    due: date | None
    provider: str | None = None
    outside: bool | None = None
    department_consent: bool | None = None
    agreed_position: int | None = None
    reported_at: datetime | None = None
    reported_position: int | None = None
    findings: list[NarrativeRef] = []
    evidence: list[str] = []


REVIEWS = Table("reviews", Review, ("review",))
OBJECTIVE_ASSESSMENTS = Table(
    "objective_assessments", ObjectiveAssessment, ("review", "objective"), in_memory=False
)
DIAGNOSTICS = Table("diagnostics", Diagnostic, ("diagnostic",))


VIEW = View("reviews", 1, (REVIEWS, OBJECTIVE_ASSESSMENTS, DIAGNOSTICS))


@VIEW.on(ReviewScheduled)
def _review_scheduled(rows: Rows, entry: Entry, fact: ReviewScheduled) -> None:
    topics, others = (
        [topic.value for topic in fact.topics],
        rows.narratives("otherTopics", fact.other_topics),
    )
    rows.put(
        REVIEWS,
        Review(fact.review, entry.position, entry.occurred_at, fact.kind, fact.by, fact.from_, topics, others),
    )


@VIEW.on(ReviewStarted)
def _review_started(rows: Rows, entry: Entry, fact: ReviewStarted) -> None:
    rows.change(REVIEWS, fact.review, started_at=entry.occurred_at, started_position=entry.position)


@VIEW.on(ReviewCompleted)
def _review_completed(rows: Rows, entry: Entry, fact: ReviewCompleted) -> None:
    completed = {
        "completed_at": entry.occurred_at,
        "completed_position": entry.position,
        "evidence": list(fact.evidence),
    }
    rows.change(REVIEWS, fact.review, findings=rows.narratives("findings", fact.findings), **completed)


@VIEW.on(PreReviewAssessmentSubmitted)
def _pre_review_assessment_submitted(rows: Rows, entry: Entry, fact: PreReviewAssessmentSubmitted) -> None:
    parts = {"staff_survey": fact.staff_survey, "supervision": fact.supervision}
    rows.change(REVIEWS, fact.review, assessed_at=entry.occurred_at, assessed_position=entry.position, **parts)
    for index, view in enumerate(fact.objectives):
        text = rows.narrative(f"objectives[{index}].text")
        assessment = ObjectiveAssessment(fact.review, view.objective, entry.position, text)
        rows.put(OBJECTIVE_ASSESSMENTS, assessment)


@VIEW.on(DiagnosticRequired)
def _diagnostic_required(rows: Rows, entry: Entry, fact: DiagnosticRequired) -> None:
    scope = rows.narrative("scope")
    rows.put(
        DIAGNOSTICS, Diagnostic(fact.diagnostic, entry.position, entry.occurred_at, fact.area, scope, fact.due)
    )


@VIEW.on(DiagnosticProviderAgreed)
def _diagnostic_provider_agreed(rows: Rows, entry: Entry, fact: DiagnosticProviderAgreed) -> None:
    agreed = {"provider": fact.provider, "outside": fact.outside, "agreed_position": entry.position}
    rows.change(DIAGNOSTICS, fact.diagnostic, department_consent=fact.department_consent, **agreed)


@VIEW.on(DiagnosticReported)
def _diagnostic_reported(rows: Rows, entry: Entry, fact: DiagnosticReported) -> None:
    reported = {
        "reported_at": entry.occurred_at,
        "reported_position": entry.position,
        "evidence": list(fact.evidence),
    }
    rows.change(DIAGNOSTICS, fact.diagnostic, findings=rows.narratives("findings", fact.findings), **reported)


REVIEW = of_table(
    "reviews",
    REVIEWS,
    computed={
        "assessment": Computed(
            str,
            "CASE WHEN t.assessed_at IS NULL THEN CASE WHEN t.started_at IS NULL THEN 'DUE' ELSE 'ABSENT' END "
            "WHEN t.assessed_at > t.started_at THEN 'AFTER' ELSE 'BEFORE' END",
        ),
        "standing": Computed(
            str,
            "CASE WHEN t.completed_at IS NOT NULL THEN 'COMPLETED' WHEN t.started_at IS NOT NULL THEN 'STARTED' "
            "WHEN t.from_on < :today THEN 'OVERDUE' ELSE 'SCHEDULED' END",
        ),
    },
    conditions={"topic": ":value = ANY (t.topics)"},
    order=("from_on", "position"),
)
OBJECTIVE_ASSESSMENT = of_table("reviews", OBJECTIVE_ASSESSMENTS, order=("position", "objective"))
DIAGNOSTIC = of_table(
    "reviews",
    DIAGNOSTICS,
    computed={
        "standing": Computed(
            str,
            "CASE WHEN t.reported_at IS NOT NULL THEN 'DONE' WHEN t.due < :today THEN 'OVERDUE' "
            "ELSE 'RUNNING' END",
        )
    },
)
