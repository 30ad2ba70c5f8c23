"""Findings and recommendations, which the plan has to cover, and the objectives that answer them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.areas.reviews import ReviewId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, Sentence, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

FindingId = Annotated[str, reference("finding", "A finding of an inspection, a review or a diagnostic.")]
RecommendationId = Annotated[str, reference("recommendation", "A recommendation made to the council.")]


class FindingRegistered(Fact, frozen=True, kw_only=True):
    """A finding was added to the list that the plan has to answer."""

    act: ClassVar[str] = "registerFinding"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Finding {finding} ({origin}) was registered[, of review {review}][, about {areas}]: {text}",
        (("finding {finding}", "state", "to be answered"),),
    )

    finding: FindingId
    origin: Annotated[Code, Meta(description="The finding's origin, such as inspection or peer review.")]
    text: Narrative
    areas: Annotated[
        list[AreaId], Meta(description="The areas for priority action that the finding concerns.")
    ] = []
    review: Annotated[ReviewId | None, Meta(description="The review that made the finding.")] = None


class RecommendationMade(Fact, frozen=True, kw_only=True):
    """A recommendation was made to the council."""

    act: ClassVar[str] = "makeRecommendation"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{by} made recommendation {recommendation}[, after {findings}][, due on {due}]: {text}",
        (("recommendation {recommendation}", "state", "made"),),
    )

    recommendation: RecommendationId
    by: Annotated[ActorId, Meta(description="The actor who made the recommendation.")]
    text: Narrative
    findings: Annotated[
        list[FindingId], Meta(description="The findings on which the recommendation is based.")
    ] = []
    due: Annotated[Day | None, Meta(description="The date by which the recommendation should be carried out.")] = (
        None
    )


class RecommendationAccepted(Fact, frozen=True, kw_only=True):
    """The council accepted a recommendation."""

    act: ClassVar[str] = "acceptRecommendation"
    sentence: ClassVar[Sentence] = Sentence(
        "The council accepted recommendation {recommendation}: {response}",
        (("recommendation {recommendation}", "state", "accepted"),),
        decision=True,
    )

    recommendation: RecommendationId
    response: Narrative


class RecommendationRejected(Fact, frozen=True, kw_only=True):
    """The council rejected a recommendation, with a reason."""

    act: ClassVar[str] = "rejectRecommendation"
    sentence: ClassVar[Sentence] = Sentence(
        "The council rejected recommendation {recommendation}: {reason}",
        (("recommendation {recommendation}", "state", "rejected"),),
        decision=True,
    )

    recommendation: RecommendationId
    reason: Narrative


class CoverageMapped(Fact, frozen=True, kw_only=True):
    """An objective was mapped to the matters that it answers; a later mapping replaces an earlier one."""

    act: ClassVar[str] = "mapCoverage"
    sentence: ClassVar[Sentence] = Sentence(
        "The coverage of objective {objective} was mapped[, for areas {areas}][, for findings {findings}][, "
        "for recommendations {recommendations}]",
        (
            ("objective {objective}", "areas answered", "{areas}"),
            ("objective {objective}", "findings answered", "{findings}"),
            ("objective {objective}", "recommendations answered", "{recommendations}"),
        ),
    )

    objective: ObjectiveId
    areas: Annotated[
        list[AreaId], Meta(description="The areas for priority action that the objective answers.")
    ] = []
    findings: Annotated[list[FindingId], Meta(description="The findings that the objective answers.")] = []
    recommendations: Annotated[
        list[RecommendationId], Meta(description="The recommendations that the objective answers.")
    ] = []


class RecommendationsState(Struct):
    """Position of the entry that accepted or rejected each recommendation."""

    decided: dict[str, int] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case RecommendationAccepted() | RecommendationRejected():
            decided = state.recommendations.decided.get(fact.recommendation)
            if decided is not None:
                message = f"recommendation {fact.recommendation} is already decided, in entry {decided}"
                yield Refusal("ALREADY_RECORDED", message, "data.recommendation")
        case CoverageMapped():
            if not (fact.areas or fact.findings or fact.recommendations):
                message = "name the areas, findings or recommendations that the objective answers"
                yield Refusal("MISSING_FIELD", message, "data")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact = entry.fact
    match fact:
        case RecommendationAccepted() | RecommendationRejected():
            state.recommendations.decided[fact.recommendation] = entry.position
