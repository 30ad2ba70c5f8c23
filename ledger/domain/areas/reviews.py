"""Reviews and diagnostics (clauses 6, 7, 8 and 10): scheduled, begun, completed, assessed beforehand."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.chronology import in_order
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, When, Who, WordList, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ReviewId = Annotated[str, reference("review", "A review of the council's progress.")]
DiagnosticId = Annotated[str, reference("diagnostic", "A diagnostic that the adviser required.")]


class Topic(WordList):
    """What a review looks at."""

    CULTURE = "CULTURE"
    """The culture of the service."""
    PERFORMANCE = "PERFORMANCE"
    """Its performance."""
    LEADERSHIP_AND_GOVERNANCE = "LEADERSHIP_AND_GOVERNANCE"
    """Its leadership and governance."""
    WORKFORCE_AND_OVERSIGHT = "WORKFORCE_AND_OVERSIGHT"
    """Its workforce, and how their work is overseen."""
    EARLY_HELP = "EARLY_HELP"
    """Early help for children and families."""
    MULTI_AGENCY = "MULTI_AGENCY"
    """How agencies work together."""
    OTHER = "OTHER"
    """Something else; the list is open (clause 7)."""


class ReviewScheduled(Fact, frozen=True, kw_only=True):
    """A review was scheduled."""

    act: ClassVar[str] = "scheduleReview"
    clause: ClassVar[str] = "6"
    about: ClassVar[str] = "review"
    begins: ClassVar[bool] = True

    review: ReviewId
    kind: Annotated[Code, Meta(description="What kind, such as six-month review or monitoring visit.")]
    by: Annotated[Code, Meta(description="Who reviews, such as DfE or Ofsted.")]
    from_: Annotated[Day, Meta(description="The day on which it is to begin.")]
    topics: Annotated[list[Topic], Meta(min_length=1, description="What it looks at (clause 7).")]
    other_topics: Annotated[list[Narrative], Meta(description="What OTHER stands for.")] = field(
        default_factory=list
    )


class ReviewStarted(Fact, frozen=True, kw_only=True):
    """A review began; the entry's time is when it did."""

    act: ClassVar[str] = "startReview"
    clause: ClassVar[str] = "6"
    about: ClassVar[str] = "review"
    once: ClassVar[bool] = True

    review: ReviewId


class ReviewCompleted(Fact, frozen=True, kw_only=True):
    """A review was completed, with what it found."""

    act: ClassVar[str] = "completeReview"
    clause: ClassVar[str] = "6"
    about: ClassVar[str] = "review"
    needs: ClassVar[str] = "ReviewStarted"
    once: ClassVar[bool] = True
    ends: ClassVar[str] = "completed"

    review: ReviewId
    findings: Annotated[list[Narrative], Meta(description="What it found.")]
    evidence: Annotated[list[EvidenceId], Meta(description="Its report.")] = field(default_factory=list)


class ObjectiveView(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """How the council sees its progress against one objective."""

    objective: ObjectiveId
    text: Narrative


class PreReviewAssessmentSubmitted(Fact, frozen=True, kw_only=True):
    """The council said before a review how it sees its own progress; late, it is recorded all the same."""

    act: ClassVar[str] = "submitPreReviewAssessment"
    clause: ClassVar[str] = "10"
    about: ClassVar[str] = "review"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    review: ReviewId
    objectives: Annotated[list[ObjectiveView], Meta(min_length=1, description="Objective by objective.")]
    staff_survey: Annotated[EvidenceId | None, Meta(description="Optional: a survey of staff.")] = None
    supervision: Annotated[EvidenceId | None, Meta(description="Optional: an audit of supervision.")] = None


class DiagnosticRequired(Fact, frozen=True, kw_only=True):
    """The adviser required a diagnostic."""

    act: ClassVar[str] = "requireDiagnostic"
    clause: ClassVar[str] = "8"
    about: ClassVar[str] = "diagnostic"
    begins: ClassVar[bool] = True

    diagnostic: DiagnosticId
    area: Annotated[AreaId | None, Meta(description="The area for priority action that it is of.")] = None
    scope: Narrative
    due: Annotated[Day | None, Meta(description="By when it should report.")] = None


class DiagnosticProviderAgreed(Fact, frozen=True, kw_only=True):
    """It was agreed who carries a diagnostic out; an outside party needs the Department's consent."""

    act: ClassVar[str] = "agreeDiagnosticProvider"
    clause: ClassVar[str] = "8"
    about: ClassVar[str] = "diagnostic"
    once: ClassVar[bool] = True

    diagnostic: DiagnosticId
    provider: Annotated[ActorId, Meta(description="Who carries it out.")]
    outside: Annotated[bool, Meta(description="Whether that is an outside party.")]
    department_consent: Annotated[bool, Meta(description="Whether the Department agreed to an outside party.")]


class DiagnosticReported(Fact, frozen=True, kw_only=True):
    """A diagnostic reported what it found."""

    act: ClassVar[str] = "reportDiagnostic"
    clause: ClassVar[str] = "8"
    about: ClassVar[str] = "diagnostic"
    needs: ClassVar[str] = "DiagnosticProviderAgreed"
    once: ClassVar[bool] = True
    ends: ClassVar[str] = "reported"

    diagnostic: DiagnosticId
    findings: Annotated[list[Narrative], Meta(min_length=1, description="What it found.")]
    evidence: Annotated[list[EvidenceId], Meta(description="Its report.")] = field(default_factory=list)


FACTS = (
    ReviewScheduled,
    ReviewStarted,
    ReviewCompleted,
    PreReviewAssessmentSubmitted,
    DiagnosticRequired,
    DiagnosticProviderAgreed,
    DiagnosticReported,
)


class ReviewsState(Struct):
    """What the rules need to know: when each review began."""

    started: dict[str, datetime] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case ReviewScheduled():
            if (Topic.OTHER in fact.topics) != bool(fact.other_topics):
                message = "say in otherTopics what OTHER stands for, or leave both out"
                yield Refusal("INVALID_FIELD", message, "data.otherTopics")
        case ReviewCompleted():
            yield from in_order(state.reviews.started[fact.review], when.occurred_at, "time")
        case DiagnosticProviderAgreed():
            if fact.outside and not fact.department_consent:
                message = "an outside party needs the Department's consent first"
                yield Refusal("CONSENT_MISSING", message, "data.departmentConsent")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case ReviewStarted():
            state.reviews.started[fact.review] = entry.occurred_at
