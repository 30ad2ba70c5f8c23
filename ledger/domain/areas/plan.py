"""The improvement plan: its basis, versions, objectives and progress."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.people import ActorId
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Code,
    Count,
    Day,
    Fact,
    Id,
    Narrative,
    Sentence,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.shared_rules import duplicate_refusals

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
    """Leaders of the council were briefed on the state of their services."""

    act: ClassVar[str] = "briefLeaders"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{leaders} were briefed ({briefing}): {topic}", (("briefing {briefing}", "state", "given"),)
    )

    briefing: BriefingId
    leaders: Annotated[list[ActorId], Meta(min_length=1, description="The leaders briefed.")]
    topic: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="The documents that the leaders saw.")] = []


class SelfAssessmentPublished(Fact, frozen=True, kw_only=True):
    """The council published a new version of its self-assessment."""

    act: ClassVar[str] = "publishSelfAssessment"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The council published its self-assessment {assessment}, version {edition}[, on {areas}]. Strengths: "
        "{strengths}. Weaknesses: {weaknesses}",
        (("the self-assessment", "current", "{assessment}"),),
    )

    assessment: AssessmentId
    edition: Annotated[Code, Meta(description="The version of the self-assessment, such as 2.")]
    strengths: Annotated[list[Narrative], Meta(description="The council's strengths.")]
    weaknesses: Annotated[list[Narrative], Meta(description="The council's weaknesses.")]
    areas: Annotated[
        list[AreaId], Meta(description="The areas for priority action that the self-assessment covers.")
    ] = []
    evidence: Annotated[
        list[EvidenceId], Meta(description="The self-assessment and its supporting documents.")
    ] = []


class PlanVersionApproved(Fact, frozen=True, kw_only=True):
    """A body approved a version of the improvement plan."""

    act: ClassVar[str] = "approvePlanVersion"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The {body} approved version {plan_version} of the plan[, which answers the self-assessment {assessment}]",
        (("the plan", "approved version", "{plan_version}"),),
        decision=True,
    )

    plan_version: PlanVersionId
    body: Annotated[
        Code,
        Meta(description="The body that approved the version, such as improvement board, cabinet or regulator."),
    ]
    assessment: Annotated[
        AssessmentId | None,
        Meta(description="The self-assessment that the plan answers: the current one, if any."),
    ] = None
    evidence: Annotated[list[EvidenceId], Meta(description="The document with the approved plan.")] = []


class Dimension(WordList):
    """The subject of a rating: work done, or its effect."""

    ACTIVITY = "ACTIVITY"
    """The work done."""
    IMPACT = "IMPACT"
    """The difference made for children."""


DEFAULT_SCALE = ("RED", "AMBER", "GREEN")
"""Codes of the rating scale of a plan that has adopted no scale, from worst to best."""


class Level(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One rating of a scale."""

    code: Rating
    label: Annotated[Code, Meta(description="The rating in words, such as Amber.")]
    meaning: Narrative
    order: Annotated[Count, Meta(description="The rank of the rating, starting from 0 for the worst.")]


class RatingScaleAdopted(Fact, frozen=True, kw_only=True):
    """A scale for activity or for impact was adopted; progress is rated by it from then on."""

    act: ClassVar[str] = "adoptRatingScale"
    sentence: ClassVar[Sentence] = Sentence(
        "The plan rates {dimension} on its own scale from now on",
        (("the plan", "scale of {dimension}", "adopted"),),
        decision=True,
    )

    dimension: Dimension
    levels: Annotated[list[Level], Meta(min_length=2, description="The ratings of the scale.")]


class ObjectiveAdded(Fact, frozen=True, kw_only=True):
    """An objective was added to the plan."""

    act: ClassVar[str] = "addObjective"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Objective {objective} was added to the plan: {title}. It serves {areas}, {owner} is responsible, and "
        "it is due on {due}[; {measures} measure its impact]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    )

    objective: ObjectiveId
    title: Narrative
    areas: Annotated[
        list[AreaId], Meta(min_length=1, description="The areas for priority action that the objective serves.")
    ]
    owner: Annotated[ActorId, Meta(description="The actor responsible for the objective.")]
    due: Day
    measures: Annotated[list[Id], Meta(description="The measures of the objective's impact.")] = []


def _both_rated(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: impact is always rated."""
    return data


class ProgressRecorded(Fact, frozen=True, kw_only=True):
    """Progress against an objective was recorded, with separate ratings of activity and, if known, impact."""

    act: ClassVar[str] = "recordProgress"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_both_rated,)
    sentence: ClassVar[Sentence] = Sentence(
        "Progress on objective {objective}: activity is rated {activity_rating}[, impact {impact_rating}]",
        (
            ("objective {objective}", "activity", "{activity_rating}"),
            ("objective {objective}", "impact", "{impact_rating}"),
        ),
    )

    objective: ObjectiveId
    narrative: Narrative
    activity_rating: Rating
    impact_rating: Annotated[
        Rating | None, Meta(description="The rating of impact; absent: the latest rating still holds.")
    ] = None
    action: Annotated[
        ActionId | None, Meta(description="The action under the objective that the progress concerns.")
    ] = None


class ObjectiveRevised(Fact, frozen=True, kw_only=True):
    """An objective was changed; its first due date remains on record."""

    act: ClassVar[str] = "reviseObjective"
    sentence: ClassVar[Sentence] = Sentence(
        "Objective {objective} was revised: {reason}[. New title: {title}][. It serves {areas}][. {owner} is "
        "responsible][. It is due on {due}][. {measures} measure its impact]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    )

    objective: ObjectiveId
    reason: Narrative
    title: Narrative | None = None
    areas: Annotated[list[AreaId] | None, Meta(description="The areas that the objective serves from now on.")] = (
        None
    )
    owner: Annotated[ActorId | None, Meta(description="The actor responsible for the objective from now on.")] = (
        None
    )
    due: Day | None = None
    measures: Annotated[
        list[Id] | None, Meta(description="The measures of the objective's impact from now on.")
    ] = None


class ObjectiveOutcome(WordList):
    """The way in which an objective ended."""

    ACHIEVED = "ACHIEVED"
    """The objective was achieved."""
    MERGED = "MERGED"
    """The objective continues as part of another objective."""
    DROPPED = "DROPPED"
    """The objective was dropped."""


class ObjectiveClosed(Fact, frozen=True, kw_only=True):
    """An objective was closed."""

    act: ClassVar[str] = "closeObjective"
    ends: ClassVar[str] = "closed"
    sentence: ClassVar[Sentence] = Sentence(
        "Objective {objective} was closed as {outcome}: {reason}",
        (("objective {objective}", "state", "closed, {outcome}"),),
        decision=True,
    )

    objective: ObjectiveId
    outcome: ObjectiveOutcome
    reason: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence for the outcome.")] = []


class SlowProgressHighlighted(Fact, frozen=True, kw_only=True):
    """Slow progress on an objective was reported to the board, with its cause and a remedy."""

    act: ClassVar[str] = "highlightSlowProgress"
    sentence: ClassVar[Sentence] = Sentence(
        "Slow progress on objective {objective} was highlighted. Cause: {cause}. Remedy: {remedy}",
        (("objective {objective}", "slow progress", "highlighted"),),
    )

    objective: ObjectiveId
    cause: Narrative
    remedy: Narrative


class Objective(Struct):
    """An objective's areas, owner and due date, and the position of its entry."""

    areas: list[str]
    owner: str
    due: date
    position: int
    added_at: datetime | None
    """Instant at which the objective was added to the plan; None if its event states no time."""


class PlanState(Struct):
    """Objectives by id, the current self-assessment and the rating scales."""

    objectives: dict[str, Objective] = {}
    assessment: str | None = None
    """Id of the current self-assessment; None before the first self-assessment."""
    scales: dict[Dimension, list[str]] = {}
    """Codes of each adopted scale, from worst to best."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    plan = state.plan
    match fact:
        case PlanVersionApproved():
            if fact.assessment is not None and fact.assessment != plan.assessment:
                message = f"the current self-assessment is {plan.assessment}; name that one"
                yield Refusal("OUTDATED", message, "data.assessment")
        case RatingScaleAdopted():
            yield from duplicate_refusals([level.code for level in fact.levels], "data.levels", "code")
            yield from duplicate_refusals([str(level.order) for level in fact.levels], "data.levels", "order")
        case ObjectiveRevised():
            changed = (fact.title, fact.areas, fact.owner, fact.due, fact.measures)
            if all(value is None for value in changed):
                yield Refusal(
                    "NOTHING_CHANGED",
                    "nothing would change; give a title, areas, an owner, a date or measures",
                    "data",
                )
            if fact.areas == []:
                yield Refusal("INVALID_FIELD", "an objective serves at least one area; name one", "data.areas")
        case ProgressRecorded():
            yield from _date_refusals(state, fact, when)
            yield from _rating_refusals(plan, Dimension.ACTIVITY, fact.activity_rating, "data.activityRating")
            yield from _rating_refusals(plan, Dimension.IMPACT, fact.impact_rating, "data.impactRating")
            if fact.action is not None:
                owner = state.actions.actions[fact.action].objective
                if owner != fact.objective:
                    message = f"action {fact.action} belongs to objective {owner}, not {fact.objective}"
                    yield Refusal("NOT_FOUND", message, "data.action")


def _date_refusals(state: "State", fact: ProgressRecorded, when: When) -> Iterator[Refusal]:
    """Yield a refusal if progress is dated before the day on which its objective was added to the plan.

    An objective whose event states no time counts as added on the day of the notice's issue.
    """
    added_at = state.plan.objectives[fact.objective].added_at
    if added_at is not None and when.occurred_at >= added_at:
        return
    zone = ZoneInfo(state.notice.zone)
    first = added_at.astimezone(zone).date() if added_at is not None else state.notice.issued_on
    day = when.occurred_at.astimezone(zone).date()
    if first is not None and day < first:
        thing = f"objective {fact.objective} was added" if added_at is not None else "the notice was issued"
        message = f"{day} is before {first}, when {thing}; enter a later day"
        yield Refusal("OUT_OF_RANGE", message, "time")


def _rating_refusals(plan: PlanState, dimension: Dimension, rating: str | None, path: str) -> Iterator[Refusal]:
    scale = plan.scales.get(dimension, DEFAULT_SCALE)
    if rating is not None and rating not in scale:
        message = f"{rating} is not on the plan's {dimension.meaning} scale; use one of {', '.join(scale)}"
        yield Refusal("NOT_ON_SCALE", message, path)


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, plan = entry.fact, state.plan
    match fact:
        case SelfAssessmentPublished():
            plan.assessment = fact.assessment
        case RatingScaleAdopted():
            levels = sorted(fact.levels, key=lambda level: level.order)
            plan.scales[fact.dimension] = [level.code for level in levels]
        case ObjectiveAdded():
            plan.objectives[fact.objective] = Objective(
                list(fact.areas), fact.owner, fact.due, entry.position, entry.time
            )
        case ObjectiveRevised():
            objective = plan.objectives[fact.objective]
            objective.areas = list(fact.areas) if fact.areas is not None else objective.areas
            objective.owner = fact.owner if fact.owner is not None else objective.owner
            objective.due = fact.due if fact.due is not None else objective.due
