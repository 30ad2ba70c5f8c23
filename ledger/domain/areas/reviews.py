"""Reviews and diagnostics, and the council's assessments before reviews."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, Sentence, Upcast, When, Who, WordList, reference
from ledger.domain.shared_rules import duplicate_refusals, order_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ReviewId = Annotated[str, reference("review", "A review of the council's progress.")]
DiagnosticId = Annotated[str, reference("diagnostic", "A diagnostic that the adviser required.")]


class Topic(WordList):
    """A topic of a review."""

    CULTURE = "CULTURE"
    """The culture of the service."""
    PERFORMANCE = "PERFORMANCE"
    """The performance of the service."""
    LEADERSHIP_AND_GOVERNANCE = "LEADERSHIP_AND_GOVERNANCE"
    """The leadership and governance of the service."""
    WORKFORCE_AND_OVERSIGHT = "WORKFORCE_AND_OVERSIGHT"
    """The workforce of the service and its oversight."""
    EARLY_HELP = "EARLY_HELP"
    """Early help for children and families."""
    MULTI_AGENCY = "MULTI_AGENCY"
    """Joint work of agencies."""
    OTHER = "OTHER"
    """Another topic, which the review names."""


class AreaJudgement(WordList):
    """A judgement of an area for priority action."""

    PROGRESS = "PROGRESS"
    """The area makes progress."""
    CONCERN = "CONCERN"
    """The area gives cause for concern."""


class ReviewScheduled(Fact, frozen=True, kw_only=True):
    """A review was scheduled."""

    act: ClassVar[str] = "scheduleReview"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Review {review} ({kind}, by {by}) was scheduled from {from_}, on {topics}[ and {other_topics}]",
        (("review {review}", "state", "scheduled from {from_}"),),
    )

    review: ReviewId
    kind: Annotated[Code, Meta(description="The kind of review, such as six-month review or monitoring visit.")]
    by: Annotated[Code, Meta(description="The reviewing body, such as DfE or Ofsted.")]
    from_: Annotated[Day, Meta(description="The day on which the review is due to begin.")]
    topics: Annotated[list[Topic], Meta(min_length=1, description="The topics.")]
    other_topics: Annotated[
        list[Narrative], Meta(description="The other topics; required if the list lacks a topic.")
    ] = []


class ReviewStarted(Fact, frozen=True, kw_only=True):
    """A review began; the time of the entry is the start of the review."""

    act: ClassVar[str] = "startReview"
    once: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence("Review {review} began", (("review {review}", "state", "under way"),))

    review: ReviewId


class AreaProgress(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The reviewers' judgement of one area."""

    area: AreaId
    judgement: AreaJudgement
    text: Narrative


class Grade(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The reviewers' grade for one judgement."""

    judgement: Annotated[Code, Meta(description="The judgement, such as overall effectiveness.")]
    grade: Annotated[Code, Meta(description="The grade, such as requires improvement.")]


def _areas_unknown(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: judgements of areas and grades are unknown."""
    return data


class ReviewCompleted(Fact, frozen=True, kw_only=True):
    """A review was completed, with its findings."""

    act: ClassVar[str] = "completeReview"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_areas_unknown,)
    needs: ClassVar[str] = "ReviewStarted"
    once: ClassVar[bool] = True
    ends: ClassVar[str] = "completed"
    sentence: ClassVar[Sentence] = Sentence(
        "Review {review} was completed[, with a judgement of {per_area.area}][, with grades for "
        "{grades.judgement}][; it found: {findings}]",
        (("review {review}", "state", "completed"),),
    )

    review: ReviewId
    findings: Annotated[list[Narrative], Meta(description="The review's findings.")]
    evidence: Annotated[list[EvidenceId], Meta(description="The review's report.")] = []
    per_area: Annotated[list[AreaProgress], Meta(description="The reviewers' judgement of each area.")] = []
    grades: Annotated[list[Grade], Meta(description="The reviewers' grades, each for one judgement.")] = []


class ObjectiveView(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The council's view of its progress against one objective."""

    objective: ObjectiveId
    text: Narrative


class PreReviewAssessmentSubmitted(Fact, frozen=True, kw_only=True):
    """The council submitted its own assessment of progress before a review, on time or late."""

    act: ClassVar[str] = "submitPreReviewAssessment"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The council assessed itself before review {review}[, with a survey of staff in {staff_survey}][, with "
        "supervision in {supervision}]",
        (("review {review}", "self-assessment", "submitted"),),
    )

    review: ReviewId
    objectives: Annotated[
        list[ObjectiveView], Meta(min_length=1, description="The council's view of each objective.")
    ]
    staff_survey: Annotated[EvidenceId | None, Meta(description="A survey of staff, if any.")] = None
    supervision: Annotated[EvidenceId | None, Meta(description="An audit of supervision, if any.")] = None


class DiagnosticRequired(Fact, frozen=True, kw_only=True):
    """The adviser required a diagnostic."""

    act: ClassVar[str] = "requireDiagnostic"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The adviser required diagnostic {diagnostic}[ of area {area}][, due on {due}]: {scope}",
        (("diagnostic {diagnostic}", "state", "required"),),
        decision=True,
    )

    diagnostic: DiagnosticId
    area: Annotated[
        AreaId | None, Meta(description="The area for priority action that the diagnostic examines.")
    ] = None
    scope: Narrative
    due: Annotated[Day | None, Meta(description="The date by which the diagnostic should report.")] = None


class DiagnosticProviderAgreed(Fact, frozen=True, kw_only=True):
    """A provider was agreed for a diagnostic; an outside provider needs the Department's consent."""

    act: ClassVar[str] = "agreeDiagnosticProvider"
    once: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{provider}, {outside?external|internal}, was agreed to carry out diagnostic {diagnostic}, "
        "{department_consent?with|without} the Department's consent",
        (("diagnostic {diagnostic}", "carried out by", "{provider}"),),
        decision=True,
    )

    diagnostic: DiagnosticId
    provider: Annotated[ActorId, Meta(description="The provider.")]
    outside: Annotated[bool, Meta(description="True if the provider is an outside party.")]
    department_consent: Annotated[bool, Meta(description="True if the Department agreed to an outside party.")]


class DiagnosticReported(Fact, frozen=True, kw_only=True):
    """A diagnostic was completed, with its findings."""

    act: ClassVar[str] = "reportDiagnostic"
    needs: ClassVar[str] = "DiagnosticProviderAgreed"
    once: ClassVar[bool] = True
    ends: ClassVar[str] = "reported"
    sentence: ClassVar[Sentence] = Sentence(
        "Diagnostic {diagnostic} reported: {findings}", (("diagnostic {diagnostic}", "state", "reported"),)
    )

    diagnostic: DiagnosticId
    findings: Annotated[list[Narrative], Meta(min_length=1, description="The diagnostic's findings.")]
    evidence: Annotated[list[EvidenceId], Meta(description="The diagnostic's report.")] = []


class ReviewsState(Struct):
    """Instant at which each review began."""

    started: dict[str, datetime] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case ReviewScheduled():
            if (Topic.OTHER in fact.topics) != bool(fact.other_topics):
                message = "list the other topics in otherTopics if and only if OTHER is a topic"
                yield Refusal("INVALID_FIELD", message, "data.otherTopics")
        case ReviewCompleted():
            yield from duplicate_refusals([each.judgement for each in fact.grades], "data.grades", "judgement")
            yield from order_refusals(state.reviews.started[fact.review], when.occurred_at, "time")
            yield from duplicate_refusals([item.area for item in fact.per_area], "data.perArea", "area")
        case DiagnosticProviderAgreed():
            if fact.outside and not fact.department_consent:
                message = "an outside party needs the Department's consent; obtain it first"
                yield Refusal("CONSENT_MISSING", message, "data.departmentConsent")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact = entry.fact
    match fact:
        case ReviewStarted():
            state.reviews.started[fact.review] = entry.occurred_at
