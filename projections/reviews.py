"""Reviews and diagnostics: scheduled, begun, completed, what the council said before, which topics they saw."""

from datetime import date, datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
    Topic,
)
from projections import notice
from projections.position import Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View


class Review(Struct, frozen=True):
    """A review of the council's progress."""

    review: str
    position: int
    scheduled_at: datetime
    kind: str
    by: str
    from_on: date
    """The day on which it was to begin."""
    topics: list[str]
    other_topics: list[Text]
    started_at: datetime | None = None
    started_position: int | None = None
    completed_at: datetime | None = None
    completed_position: int | None = None
    findings: list[Text] = []
    evidence: list[str] = []
    assessed_at: datetime | None = None
    """When the council gave its own assessment."""
    assessed_position: int | None = None
    staff_survey: str | None = None
    supervision: str | None = None

    @property
    def assessment(self) -> str:
        """The council's own assessment came BEFORE or AFTER the review began, is DUE, or is ABSENT."""
        if self.assessed_at is not None:
            return "AFTER" if self.started_at is not None and self.assessed_at > self.started_at else "BEFORE"
        return "DUE" if self.started_at is None else "ABSENT"


class ObjectiveAssessment(Struct, frozen=True):
    """How the council saw its progress against an objective before a review."""

    review: str
    objective: str
    position: int
    text: Text


class Diagnostic(Struct, frozen=True):
    """A diagnostic that the adviser required."""

    diagnostic: str
    position: int
    required_at: datetime
    area: str | None
    scope: Text
    due: date | None
    provider: str | None = None
    outside: bool | None = None
    department_consent: bool | None = None
    agreed_position: int | None = None
    reported_at: datetime | None = None
    reported_position: int | None = None
    findings: list[Text] = []
    evidence: list[str] = []

    def standing(self, today: date) -> str:
        """DONE, RUNNING or OVERDUE on a day."""
        if self.reported_at is not None:
            return "DONE"
        return "OVERDUE" if self.due is not None and self.due < today else "RUNNING"


REVIEWS = Table("reviews", Review, ("review",))
OBJECTIVE_ASSESSMENTS = Table(
    "objective_assessments", ObjectiveAssessment, ("review", "objective"), recalled=False
)
DIAGNOSTICS = Table("diagnostics", Diagnostic, ("diagnostic",))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into reviews and diagnostics."""
    fact, position, at = entry.fact, entry.position, entry.occurred_at
    match fact:
        case ReviewScheduled():
            topics, others = [topic.value for topic in fact.topics], rows.texts("otherTopics", fact.other_topics)
            rows.put(REVIEWS, Review(fact.review, position, at, fact.kind, fact.by, fact.from_, topics, others))
        case ReviewStarted():
            rows.change(REVIEWS, fact.review, started_at=at, started_position=position)
        case ReviewCompleted():
            completed = {"completed_at": at, "completed_position": position, "evidence": list(fact.evidence)}
            rows.change(REVIEWS, fact.review, findings=rows.texts("findings", fact.findings), **completed)
        case PreReviewAssessmentSubmitted():
            parts = {"staff_survey": fact.staff_survey, "supervision": fact.supervision}
            rows.change(REVIEWS, fact.review, assessed_at=at, assessed_position=position, **parts)
            for index, view in enumerate(fact.objectives):
                text = rows.text(f"objectives[{index}].text")
                seen = ObjectiveAssessment(fact.review, view.objective, position, text)
                rows.put(OBJECTIVE_ASSESSMENTS, seen)
        case DiagnosticRequired():
            scope = rows.text("scope")
            rows.put(DIAGNOSTICS, Diagnostic(fact.diagnostic, position, at, fact.area, scope, fact.due))
        case DiagnosticProviderAgreed():
            agreed = {"provider": fact.provider, "outside": fact.outside, "agreed_position": position}
            rows.change(DIAGNOSTICS, fact.diagnostic, department_consent=fact.department_consent, **agreed)
        case DiagnosticReported():
            reported = {"reported_at": at, "reported_position": position, "evidence": list(fact.evidence)}
            rows.change(DIAGNOSTICS, fact.diagnostic, findings=rows.texts("findings", fact.findings), **reported)


VIEW = View(
    "reviews",
    1,
    (REVIEWS, OBJECTIVE_ASSESSMENTS, DIAGNOSTICS),
    frozenset(
        {
            ReviewScheduled,
            ReviewStarted,
            ReviewCompleted,
            PreReviewAssessmentSubmitted,
            DiagnosticRequired,
            DiagnosticProviderAgreed,
            DiagnosticReported,
        }
    ),
    fold,
)


async def reviews(reading: Reading) -> list[Review]:
    """The reviews by the day set for them."""
    return await reading.rows(REVIEWS, order="t.from_on, t.position")


async def objective_assessments(reading: Reading, review: str) -> list[ObjectiveAssessment]:
    """What the council said of its objectives before a review."""
    return await reading.rows(OBJECTIVE_ASSESSMENTS, "t.review = %s", (review,), order="t.objective")


async def diagnostics(reading: Reading) -> list[Diagnostic]:
    """The diagnostics in the order in which they were required."""
    return await reading.rows(DIAGNOSTICS)


async def overdue(reading: Reading) -> list[Diagnostic]:
    """The diagnostics that are past their date on the day of the reading's instant."""
    today = await notice.today(reading)
    return [diagnostic for diagnostic in await diagnostics(reading) if diagnostic.standing(today) == "OVERDUE"]


async def topics(reading: Reading) -> dict[str, list[Review]]:
    """Topic → the reviews that looked at it and have begun; a topic that none did stands with an empty list."""
    begun = [review for review in await reviews(reading) if review.started_at is not None]
    return {topic.value: [review for review in begun if topic.value in review.topics] for topic in Topic}
