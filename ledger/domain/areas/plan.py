"""The improvement plan: what it answers, its versions, its objectives, and the progress against them."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Count, Day, Fact, Id, Narrative, When, Who, WordList, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ObjectiveId = Annotated[str, reference("objective", "An objective of the improvement plan.")]
ActionId = Annotated[str, reference("action", "An action under an objective.")]
AssessmentId = Annotated[str, reference("self-assessment", "A version of the council's self-assessment.")]
PlanVersionId = Annotated[str, reference("plan-version", "A version of the improvement plan.")]
BriefingId = Annotated[str, reference("briefing", "A briefing of the council's leaders.")]
Rating = Annotated[Code, Meta(description="A code of the plan's own rating scale, such as AMBER.")]


class LeadersBriefed(Fact, frozen=True, kw_only=True):
    """Leaders of the council were told how their services stand."""

    act: ClassVar[str] = "briefLeaders"
    clause: ClassVar[str] = "1a"
    about: ClassVar[str] = "briefing"
    begins: ClassVar[bool] = True

    briefing: BriefingId
    leaders: Annotated[list[ActorId], Meta(min_length=1, description="Who was briefed.")]
    topic: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="What was put before them.")] = field(
        default_factory=list
    )


class SelfAssessmentPublished(Fact, frozen=True, kw_only=True):
    """The council published how it sees its own services: a new version of its self-assessment."""

    act: ClassVar[str] = "publishSelfAssessment"
    clause: ClassVar[str] = "1a"
    about: ClassVar[str] = "assessment"
    begins: ClassVar[bool] = True

    assessment: AssessmentId
    edition: Annotated[Code, Meta(description="Its version, such as 2.")]
    strengths: Annotated[list[Narrative], Meta(description="What the council does well.")]
    weaknesses: Annotated[list[Narrative], Meta(description="What it has to do better.")]
    areas: Annotated[list[AreaId], Meta(description="The areas for priority action that it speaks of.")] = field(
        default_factory=list
    )
    evidence: Annotated[list[EvidenceId], Meta(description="The document, and what it rests on.")] = field(
        default_factory=list
    )


class PlanVersionApproved(Fact, frozen=True, kw_only=True):
    """A body approved a version of the improvement plan."""

    act: ClassVar[str] = "approvePlanVersion"
    clause: ClassVar[str] = "1a"
    about: ClassVar[str] = "plan_version"
    begins: ClassVar[bool] = True

    plan_version: PlanVersionId
    body: Annotated[Code, Meta(description="Who approved it, such as improvement board, cabinet or regulator.")]
    assessment: Annotated[
        AssessmentId | None, Meta(description="The self-assessment that it answers; the current one, if any.")
    ] = None
    evidence: Annotated[list[EvidenceId], Meta(description="The plan as approved.")] = field(default_factory=list)


class Dimension(WordList):
    """What a rating is of: what was done, or what difference it made."""

    ACTIVITY = "ACTIVITY"
    """What was done."""
    IMPACT = "IMPACT"
    """What difference it made for children."""


class Level(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One rating of a scale."""

    code: Rating
    label: Code
    meaning: Narrative
    order: Annotated[Count, Meta(description="Its place, from the worst (0) on.")]


class RatingScaleAdopted(Fact, frozen=True, kw_only=True):
    """The plan's own scale for activity or for impact; progress is rated by it from then on."""

    act: ClassVar[str] = "adoptRatingScale"
    clause: ClassVar[str] = "5a"

    dimension: Dimension
    levels: Annotated[list[Level], Meta(min_length=2, description="Its ratings.")]


class ObjectiveAdded(Fact, frozen=True, kw_only=True):
    """An objective joined the plan."""

    act: ClassVar[str] = "addObjective"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "objective"
    begins: ClassVar[bool] = True

    objective: ObjectiveId
    title: Narrative
    areas: Annotated[list[AreaId], Meta(min_length=1, description="The areas for priority action it serves.")]
    owner: Annotated[Id, Meta(description="The actor who answers for it.")]
    due: Day
    measures: Annotated[list[Id], Meta(description="The measures by which its impact is seen.")] = field(
        default_factory=list
    )


class ProgressRecorded(Fact, frozen=True, kw_only=True):
    """Progress against an objective: what was done, and what difference it made, rated apart."""

    act: ClassVar[str] = "recordProgress"
    clause: ClassVar[str] = "5a"
    about: ClassVar[str] = "objective"

    objective: ObjectiveId
    narrative: Narrative
    activity_rating: Rating
    impact_rating: Rating
    action: Annotated[ActionId | None, Meta(description="The action under the objective that it is of.")] = None


class ObjectiveRevised(Fact, frozen=True, kw_only=True):
    """An objective was changed; what is absent stays, and the date first set stays on record."""

    act: ClassVar[str] = "reviseObjective"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "objective"

    objective: ObjectiveId
    reason: Narrative
    title: Narrative | None = None
    areas: Annotated[list[AreaId] | None, Meta(description="The areas it serves from now on.")] = None
    owner: Annotated[ActorId | None, Meta(description="Who answers for it from now on.")] = None
    due: Day | None = None
    measures: Annotated[list[Id] | None, Meta(description="The measures by which its impact is seen.")] = None


class ObjectiveOutcome(WordList):
    """How an objective ended."""

    ACHIEVED = "ACHIEVED"
    """It was reached."""
    MERGED = "MERGED"
    """It goes on as part of another."""
    DROPPED = "DROPPED"
    """It was given up."""


class ObjectiveClosed(Fact, frozen=True, kw_only=True):
    """An objective came to its end."""

    act: ClassVar[str] = "closeObjective"
    clause: ClassVar[str] = "4"
    about: ClassVar[str] = "objective"
    ends: ClassVar[str] = "closed"

    objective: ObjectiveId
    outcome: ObjectiveOutcome
    reason: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="What shows it.")] = field(default_factory=list)


class SlowProgressHighlighted(Fact, frozen=True, kw_only=True):
    """Somebody told the board that an objective makes slow progress, why, and what would help."""

    act: ClassVar[str] = "highlightSlowProgress"
    clause: ClassVar[str] = "5d"
    about: ClassVar[str] = "objective"

    objective: ObjectiveId
    cause: Narrative
    remedy: Narrative


FACTS = (
    LeadersBriefed,
    SelfAssessmentPublished,
    PlanVersionApproved,
    RatingScaleAdopted,
    ObjectiveAdded,
    ObjectiveRevised,
    ObjectiveClosed,
    ProgressRecorded,
    SlowProgressHighlighted,
)


class Objective(Struct):
    """What the rules need to know of an objective."""

    areas: list[str]
    owner: str
    due: date
    position: int


class PlanState(Struct):
    """What the rules need to know of the plan."""

    objectives: dict[str, Objective] = field(default_factory=dict)
    assessment: str | None = None
    """The current self-assessment."""
    scales: dict[Dimension, list[str]] = field(default_factory=dict)
    """The codes of the scale for activity and for impact, once one was adopted."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    plan = state.plan
    match fact:
        case PlanVersionApproved():
            if fact.assessment is not None and fact.assessment != plan.assessment:
                message = f"the current self-assessment is {plan.assessment}; a plan answers that one"
                yield Refusal("OUTDATED", message, "data.assessment")
        case RatingScaleAdopted():
            yield from _distinct([level.code for level in fact.levels], "data.levels", "code")
            yield from _distinct([str(level.order) for level in fact.levels], "data.levels", "order")
        case ObjectiveRevised():
            changed = (fact.title, fact.areas, fact.owner, fact.due, fact.measures)
            if all(value is None for value in changed):
                yield Refusal("NOTHING_CHANGED", "say what changes: title, areas, owner, due or measures", "data")
            if fact.areas == []:
                yield Refusal("INVALID_FIELD", "an objective serves one area at least", "data.areas")
        case ProgressRecorded():
            yield from _rated(plan, Dimension.ACTIVITY, fact.activity_rating, "data.activityRating")
            yield from _rated(plan, Dimension.IMPACT, fact.impact_rating, "data.impactRating")
            if fact.action is not None:
                of = state.actions.actions[fact.action].objective
                if of != fact.objective:
                    message = f"action {fact.action} belongs to objective {of}, not to {fact.objective}"
                    yield Refusal("NOT_FOUND", message, "data.action")


def _rated(plan: PlanState, dimension: Dimension, rating: str, path: str) -> Iterator[Refusal]:
    scale = plan.scales.get(dimension)
    if scale is not None and rating not in scale:
        message = f"the plan rates {dimension.meaning} as {', '.join(scale)}; {rating} is none of them"
        yield Refusal("NOT_ON_SCALE", message, path)


def _distinct(values: list[str], path: str, name: str) -> Iterator[Refusal]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Refusal("TWICE", f"{value} stands here twice", f"{path}[{index}].{name}")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, plan = entry.fact, state.plan
    match fact:
        case SelfAssessmentPublished():
            plan.assessment = fact.assessment
        case RatingScaleAdopted():
            levels = sorted(fact.levels, key=lambda level: level.order)
            plan.scales[fact.dimension] = [level.code for level in levels]
        case ObjectiveAdded():
            plan.objectives[fact.objective] = Objective(list(fact.areas), fact.owner, fact.due, entry.position)
        case ObjectiveRevised():
            objective = plan.objectives[fact.objective]
            objective.areas = list(fact.areas) if fact.areas is not None else objective.areas
            objective.owner = fact.owner if fact.owner is not None else objective.owner
            objective.due = fact.due if fact.due is not None else objective.due
