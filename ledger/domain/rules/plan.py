"""Rules on the improvement plan: its content, its delivery, and the measures that show its effect."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta, field

from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionDropped,
    ActionEmbedded,
    ActionRebaselined,
    ActionReopened,
    ActionRevised,
    MilestoneReached,
    MilestoneSet,
)
from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.measures import (
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
    MeasureRevised,
)
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.partners import ContributionConcernRaised
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.plan import (
    LeadersBriefed,
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveRevised,
    PlanVersionApproved,
    ProgressRecorded,
    RatingScaleAdopted,
    SelfAssessmentPublished,
    SlowProgressHighlighted,
)
from ledger.domain.areas.recommendations import (
    CoverageMapped,
    FindingRegistered,
    RecommendationAccepted,
    RecommendationMade,
    RecommendationRejected,
)
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.areas.reviews import ReviewCompleted, ReviewScheduled
from ledger.domain.fact import Code, Fact, Id
from ledger.domain.roles import Role
from ledger.domain.rules.rule import Area, CoverageKind, Days, Number, Rule, RuleFault, SlowSign, TargetStep


class PlanCitesSelfAssessment(Rule, frozen=True):
    """The latest approved plan cites the council's current self-assessment."""

    kind: ClassVar[str] = "plan-cites-self-assessment"
    wordings: ClassVar[tuple[str, ...]] = (
        "Leaders understand strengths and areas for improvement, underpinned by a self-assessment and a plan.",
    )
    example: ClassVar[str] = 'area = "1a"'
    reads: ClassVar[frozenset[type[Fact]]] = frozenset({SelfAssessmentPublished, PlanVersionApproved})
    related: ClassVar[frozenset[type[Fact]]] = frozenset({LeadersBriefed})

    area: Area = None


class PlanCoverage(Rule, frozen=True):
    """Every matter of the kinds named has a live objective, or was rejected with a reason."""

    kind: ClassVar[str] = "plan-coverage"
    wordings: ClassVar[tuple[str, ...]] = (
        "The plan should cover the areas in the report and the recommendations of the adviser.",
    )
    example: ClassVar[str] = 'covers = ["AREAS", "RECOMMENDATIONS"], recommended_by = ["ADVISER"]'
    reads: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            ObjectiveAdded,
            ObjectiveRevised,
            ObjectiveClosed,
            CoverageMapped,
            FindingRegistered,
            RecommendationMade,
            RecommendationAccepted,
            RecommendationRejected,
        }
    )
    related: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            ActionAdded,
            ActionRevised,
            ActionCompleted,
            ActionDropped,
            ActionReopened,
            MilestoneSet,
            MilestoneReached,
        }
    )

    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"recommended_by": RecommendationMade}

    covers: Annotated[list[CoverageKind], Meta(min_length=1, description="Kinds of matter to answer.")]
    recommended_by: Annotated[
        list[Role], Meta(description="Roles whose recommendations count; empty: every role.")
    ] = []

    @property
    def bounds(self) -> tuple[RuleFault, ...]:
        """A fault if `recommended_by` is set and `covers` lacks RECOMMENDATIONS; else empty."""
        if self.recommended_by and CoverageKind.RECOMMENDATIONS not in self.covers:
            return (RuleFault("recommended_by", "recommended_by needs RECOMMENDATIONS in covers", ("covers",)),)
        return ()


class PlanKeptCurrent(Rule, frozen=True):
    """Every open objective was added, or had progress recorded, within the days named."""

    kind: ClassVar[str] = "plan-kept-current"
    wordings: ClassVar[tuple[str, ...]] = ("The plan and a record of progress must be kept up to date.",)
    example: ClassVar[str] = "stale_after_days = 31"
    reads: ClassVar[frozenset[type[Fact]]] = frozenset({ObjectiveAdded, ObjectiveClosed, ProgressRecorded})
    background: ClassVar[frozenset[type[Fact]]] = frozenset({ObjectiveAdded, ObjectiveClosed})
    related: ClassVar[frozenset[type[Fact]]] = frozenset({ActionRebaselined, RatingScaleAdopted})

    stale_after_days: Annotated[Days, Meta(description="Days that an objective may go without progress.")]


class PlanApproved(Rule, frozen=True):
    """A body approved a version of the plan by the day named."""

    kind: ClassVar[str] = "plan-approved"
    wordings: ClassVar[tuple[str, ...]] = ("The plan must be approved by the regulator by 12 July 2024.",)
    example: ClassVar[str] = 'body = "regulator", by = 2024-07-12'
    reads: ClassVar[frozenset[type[Fact]]] = frozenset({PlanVersionApproved})
    matches: ClassVar[Mapping[str, str]] = {"body": "body"}

    by: Annotated[date, Meta(description="Last day for the approval.")]
    body: Annotated[Code | None, Meta(description="Body that approves; absent: any body.")] = None


class DeliveredBy(Rule, frozen=True):
    """Every action is completed by the named day, unless a later day or dropping it has eligible approval."""

    kind: ClassVar[str] = "delivered-by"
    wordings: ClassVar[tuple[str, ...]] = ("The council should aim to deliver the plan's actions by June 2023.",)
    example: ClassVar[str] = 'target_date = 2023-06-30, later_date_by = ["CHAIR"]'
    reads: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            ActionAdded,
            ActionRebaselined,
            ActionCompleted,
            ActionDropped,
            ActionReopened,
            ObjectiveAdded,
            ObjectiveRevised,
            ObjectiveClosed,
            ChairAppointed,
            ChairEnded,
            RoleGranted,
            RoleRevoked,
        }
    )
    background: ClassVar[frozenset[type[Fact]]] = frozenset(
        {ObjectiveAdded, ObjectiveRevised, ObjectiveClosed, ChairAppointed, ChairEnded, RoleGranted, RoleRevoked}
    )
    related: ClassVar[frozenset[type[Fact]]] = frozenset({ActionRevised, ActionEmbedded})
    matches: ClassVar[Mapping[str, str]] = {"area": "areas"}

    target_date: Annotated[date, Meta(description="Last day for the actions.")]
    area: Area = None
    later_date_by: Annotated[
        list[Role],
        Meta(description="Roles that may approve a later date; CHAIR has to be in the chair. Empty: every role."),
    ] = []


class SlowObjectivesHighlighted(Rule, frozen=True):
    """A slow objective is highlighted to the board by its next meeting."""

    kind: ClassVar[str] = "slow-objectives-highlighted"
    wordings: ClassVar[tuple[str, ...]] = ("The council should highlight objectives that are slow to progress.",)
    example: ClassVar[str] = 'signs = ["LATE", "LOWEST_RATING"]'
    retired: ClassVar[frozenset[str]] = frozenset({"by"})
    reads: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            ObjectiveAdded,
            ObjectiveRevised,
            ObjectiveClosed,
            ActionAdded,
            ActionCompleted,
            ActionDropped,
            ActionReopened,
            SlowProgressHighlighted,
            MeetingHeld,
            ProgressRecorded,
            RatingScaleAdopted,
        }
    )
    background: ClassVar[frozenset[type[Fact]]] = reads - {SlowProgressHighlighted}
    related: ClassVar[frozenset[type[Fact]]] = frozenset({ContributionConcernRaised})

    signs: Annotated[list[SlowSign], Meta(min_length=1, description="Signs of slow progress.")] = field(
        default_factory=lambda: list(SlowSign)
    )


_READINGS: frozenset[type[Fact]] = frozenset(
    {MeasureDefined, MeasureBaselineReset, MeasureReadingReported, MeasureReadingRestated}
)


class MeasuresImprove(Rule, frozen=True):
    """Every measure of an area's objectives improves or meets its target, and no judge of the area disagrees."""

    kind: ClassVar[str] = "measures-improve"
    wordings: ClassVar[tuple[str, ...]] = ("Interventions that reduce risk to children are to become timely.",)
    example: ClassVar[str] = 'area = "1b"'
    reads: ClassVar[frozenset[type[Fact]]] = _READINGS | {
        MeasureRevised,
        ObjectiveAdded,
        ObjectiveRevised,
        ObjectiveClosed,
        AdviserReportIssued,
        ReviewScheduled,
        ReviewCompleted,
    }
    background: ClassVar[frozenset[type[Fact]]] = frozenset({ObjectiveClosed, ReviewScheduled})
    matches: ClassVar[Mapping[str, str]] = {"area": "areas"}

    area: Annotated[Id, Meta(description="Area whose measures count; its closure ends the obligation.")]


class TargetMet(Rule, frozen=True):
    """A measure reaches each target by its day; only the latest period that ended by then decides."""

    kind: ClassVar[str] = "target-met"
    wordings: ClassVar[tuple[str, ...]] = (
        "60 % of plans are issued within 20 weeks by March, and 90 % by September, sustained for a quarter.",
    )
    example: ClassVar[str] = 'measure = "V1", steps = [{ by = 2024-09-30, target = 90 }], sustained_periods = 3'
    reads: ClassVar[frozenset[type[Fact]]] = _READINGS
    related: ClassVar[frozenset[type[Fact]]] = frozenset({MeasureRevised})
    matches: ClassVar[Mapping[str, str]] = {"measure": "measure"}

    measure: Annotated[Id, Meta(description="Measure that is read.")]
    steps: Annotated[list[TargetStep], Meta(min_length=1, description="Targets and their days, in order.")]
    sustained_periods: Annotated[
        Number, Meta(description="Periods in a row that have to reach the target; later slips count from then on.")
    ] = 1
    average_of: Annotated[Number, Meta(description="Periods whose mean is compared with the target.")] = 1
    area: Area = None

    @property
    def bounds(self) -> tuple[RuleFault, ...]:
        """A fault if the days of the steps are out of order or repeated; else empty."""
        days = [step.by for step in self.steps]
        if sorted(set(days)) == days:
            return ()
        right = ", ".join(str(day) for day in sorted(set(days)))
        return (RuleFault("steps", f"steps: the days have to be in order, each once: {right}"),)
