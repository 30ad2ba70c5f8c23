"""Findings, recommendations and the objectives that answer them (clause 4): what the plan has to cover."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.areas.reviews import ReviewId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

FindingId = Annotated[str, reference("finding", "Something that an inspection, a review or a diagnostic found.")]
RecommendationId = Annotated[str, reference("recommendation", "A recommendation made to the council.")]


class FindingRegistered(Fact, frozen=True, kw_only=True):
    """A finding was put on the list of what the plan has to answer."""

    act: ClassVar[str] = "registerFinding"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "finding"
    begins: ClassVar[bool] = True

    finding: FindingId
    origin: Annotated[Code, Meta(description="Where it comes from, such as inspection or peer review.")]
    text: Narrative
    areas: Annotated[list[AreaId], Meta(description="The areas for priority action it belongs to.")] = field(
        default_factory=list
    )
    review: Annotated[ReviewId | None, Meta(description="The review that found it.")] = None


class RecommendationMade(Fact, frozen=True, kw_only=True):
    """Somebody recommended something to the council."""

    act: ClassVar[str] = "makeRecommendation"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "recommendation"
    begins: ClassVar[bool] = True

    recommendation: RecommendationId
    by: Annotated[ActorId, Meta(description="Who made it.")]
    text: Narrative
    findings: Annotated[list[FindingId], Meta(description="The findings that it follows from.")] = field(
        default_factory=list
    )
    due: Annotated[Day | None, Meta(description="By when it should be carried out.")] = None


class RecommendationAccepted(Fact, frozen=True, kw_only=True):
    """The council accepted a recommendation."""

    act: ClassVar[str] = "acceptRecommendation"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "recommendation"

    recommendation: RecommendationId
    response: Narrative


class RecommendationRejected(Fact, frozen=True, kw_only=True):
    """The council rejected a recommendation, and said why."""

    act: ClassVar[str] = "rejectRecommendation"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "recommendation"

    recommendation: RecommendationId
    reason: Narrative


class CoverageMapped(Fact, frozen=True, kw_only=True):
    """It was written down what an objective answers; a later mapping replaces an earlier one."""

    act: ClassVar[str] = "mapCoverage"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "objective"

    objective: ObjectiveId
    areas: Annotated[list[AreaId], Meta(description="Areas for priority action.")] = field(default_factory=list)
    findings: Annotated[list[FindingId], Meta(description="Findings.")] = field(default_factory=list)
    recommendations: Annotated[list[RecommendationId], Meta(description="Recommendations.")] = field(
        default_factory=list
    )


FACTS = (FindingRegistered, RecommendationMade, RecommendationAccepted, RecommendationRejected, CoverageMapped)


class RecommendationsState(Struct):
    """What the rules need to know: recommendation → the entry that accepted or rejected it."""

    decided: dict[str, int] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case RecommendationAccepted() | RecommendationRejected():
            decided = state.recommendations.decided.get(fact.recommendation)
            if decided is not None:
                message = f"recommendation {fact.recommendation} was decided already, in entry {decided}"
                yield Refusal("ALREADY_RECORDED", message, "data.recommendation")
        case CoverageMapped():
            if not (fact.areas or fact.findings or fact.recommendations):
                message = "name what the objective answers: areas, findings or recommendations"
                yield Refusal("MISSING_FIELD", message, "data")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case RecommendationAccepted() | RecommendationRejected():
            state.recommendations.decided[fact.recommendation] = entry.position
