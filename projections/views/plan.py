"""The improvement plan: objectives, due dates, progress, versions, rating scales, self-assessments and briefings.

An objective's ratings come from the latest progress on the objective itself. If that progress has no impact
rating, the objective's impact rating stays. Older progress recorded late changes only the count. Progress on an
action rates that action only, in the view of actions.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.plan import (
    DEFAULT_SCALE,
    Dimension,
    LeadersBriefed,
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveOutcome,
    ObjectiveRevised,
    PlanVersionApproved,
    ProgressRecorded,
    RatingScaleAdopted,
    SelfAssessmentPublished,
    SlowProgressHighlighted,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, contains, flag, is_latest, of_table
from projections.views.fields import NamedEvidence


class Objective(Struct, frozen=True):
    """An objective of the plan."""

    objective: Annotated[str, ID, Meta(description="Id in the plan.")]
    position: Annotated[int, Meta(description="Position of the entry that added it.")]
    added_at: Annotated[datetime, Meta(description="Instant at which it was added.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    areas: Annotated[list[str], ID, Meta(description="Ids of the areas for priority action that it serves.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    due: Annotated[date, Meta(description="Due date.")]
    first_due: Annotated[date, Meta(description="Original due date.")]
    measures: Annotated[list[str], ID, Meta(description="Ids of the measures of its impact.")]
    outcome: Annotated[str | None, words(ObjectiveOutcome), Meta(description="Outcome; null if it is open.")] = (
        None
    )
    closed_at: Annotated[datetime | None, Meta(description="Instant at which it was closed.")] = None
    closed_position: int | None = None
    activity_rating: Annotated[str | None, Meta(description="Latest activity rating, in the plan's scale.")] = None
    impact_rating: Annotated[str | None, Meta(description="Latest impact rating, in the plan's scale.")] = None
    rated_at: datetime | None = None
    """Instant of the progress that rated the objective last; None if it was never rated."""
    progress_position: int | None = None
    """Position of the entry with the latest progress; None without progress."""
    progress_at: Annotated[datetime | None, Meta(description="Instant of the latest progress.")] = None
    progress_count: Annotated[int, Meta(description="Number of progress records.")] = 0
    highlighted_position: int | None = None
    """Position of the entry that last highlighted the objective's slow progress since its due date was set."""


class DueDateChange(Struct, frozen=True):
    """A change of an objective's due date."""

    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: int
    changed_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    due_before: Annotated[date, Meta(description="Due date before the change.")]
    due_after: Annotated[date, Meta(description="Due date after the change.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


class ProgressUpdate(Struct, frozen=True):
    """Progress recorded against an objective."""

    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: int
    occurred_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    recorded_at: Annotated[datetime, Meta(description="Instant at which it was recorded.")]
    actor: Annotated[str, ACTOR_ID, Meta(description="Actor id of its recorder.")]
    activity_rating: Annotated[str, Meta(description="Activity rating, in the plan's scale.")]
    impact_rating: Annotated[
        str | None, Meta(description="Impact rating, in the plan's scale; null if the latest one still held.")
    ]
    narrative: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    action: Annotated[
        str | None, ID, Meta(description="Id of the action; null if it concerns the whole objective.")
    ] = None


class Highlight(Struct, frozen=True):
    """Slow progress on an objective, highlighted to the board."""

    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: int
    highlighted_at: Annotated[datetime, Meta(description="Instant of the report to the board.")]
    actor: Annotated[str, ACTOR_ID, Meta(description="Actor id of the reporter.")]
    cause: Annotated[NarrativeRef, Meta(description="Cause of the slow progress; null if erased.")]
    remedy: Annotated[NarrativeRef, Meta(description="Proposed remedy; null if erased.")]


class SelfAssessment(Struct, frozen=True):
    """Edition of the council's self-assessment; the latest edition is current."""

    assessment: Annotated[str, ID, Meta(description="Id of the self-assessment.")]
    position: int
    published_at: Annotated[datetime, Meta(description="Instant at which it was published.")]
    edition: Annotated[str, Meta(description="Edition, as named by the council.")]
    strengths: Annotated[list[NarrativeRef], Meta(description="Strengths.")]
    weaknesses: Annotated[list[NarrativeRef], Meta(description="Weaknesses.")]
    areas: Annotated[list[str], ID, Meta(description="Ids of the areas for priority action that it covers.")]
    evidence: NamedEvidence


class PlanVersion(Struct, frozen=True):
    """Approved version of the plan; the latest version is current."""

    plan_version: Annotated[str, ID, Meta(description="Id of the plan version.")]
    position: int
    approved_at: Annotated[datetime, Meta(description="Instant at which it was approved.")]
    body: Annotated[str, Meta(description="Body that approved it.")]
    assessment: Annotated[str | None, ID, Meta(description="Id of the self-assessment that it answers.")]
    evidence: NamedEvidence


class Briefing(Struct, frozen=True):
    """Briefing of the council's leaders."""

    briefing: Annotated[str, ID, Meta(description="Id of the briefing.")]
    position: int
    briefed_at: Annotated[datetime, Meta(description="Instant of the briefing.")]
    leaders: Annotated[list[str], ACTOR_ID, Meta(description="Actor ids of the leaders who were briefed.")]
    topic: Annotated[NarrativeRef, Meta(description="Topic; null if erased.")]
    evidence: NamedEvidence


class Rating(Struct, frozen=True):
    """Level of a rating scale of the plan."""

    dimension: Annotated[str, words(Dimension), Meta(description="Dimension of the rating: activity or impact.")]
    code: Annotated[str, Meta(description="Code, as used in progress.")]
    position: Annotated[int, Meta(description="Position of the entry that adopted the scale.")]
    label: Annotated[str, Meta(description="Label of the rating, such as Amber.")]
    meaning: Annotated[NarrativeRef, Meta(description="Meaning; null on the default scale, or if erased.")]
    order: Annotated[int, Meta(description="Place in the scale; 0 is the worst.")]


OBJECTIVES = Table("objectives", Objective, ("objective",))
DUE_DATE_CHANGES = Table("due_date_changes", DueDateChange, ("objective", "position"), in_memory=False)
PROGRESS = Table("objective_progress", ProgressUpdate, ("objective", "position"), in_memory=False)
HIGHLIGHTS = Table("highlights", Highlight, ("position",), in_memory=False)
SELF_ASSESSMENTS = Table("self_assessments", SelfAssessment, ("assessment",), in_memory=False)
PLAN_VERSIONS = Table("plan_versions", PlanVersion, ("plan_version",), in_memory=False)
BRIEFINGS = Table("briefings", Briefing, ("briefing",), in_memory=False)
RATINGS = Table("ratings", Rating, ("dimension", "code"))


VIEW = View(
    "plan",
    8,
    (OBJECTIVES, DUE_DATE_CHANGES, PROGRESS, HIGHLIGHTS, SELF_ASSESSMENTS, PLAN_VERSIONS, BRIEFINGS, RATINGS),
)
VIEW.puts(SelfAssessmentPublished, SELF_ASSESSMENTS)
VIEW.puts(PlanVersionApproved, PLAN_VERSIONS)
VIEW.puts(LeadersBriefed, BRIEFINGS)
VIEW.changes(ObjectiveClosed, OBJECTIVES, "outcome", "closed_at", "closed_position")


@VIEW.on(ObjectiveAdded)
def _objective_added(rows: Rows, entry: Entry, fact: ObjectiveAdded) -> None:
    if not rows.all(OBJECTIVES):
        _adopt_default(rows, entry.position)
    put_from_fact(rows, OBJECTIVES, entry, first_due=fact.due)


@VIEW.on(ObjectiveRevised)
def _revise(rows: Rows, entry: Entry, fact: ObjectiveRevised) -> None:
    names = ("areas", "owner", "due", "measures")
    changed = {name: value for name in names if (value := getattr(fact, name)) is not None}
    if fact.title is not None:
        changed["title"] = rows.narrative("title")
    if fact.due is not None:
        changed["highlighted_position"] = None
        before = rows.require(OBJECTIVES, fact.objective).due
        put_from_fact(rows, DUE_DATE_CHANGES, entry, due_before=before, due_after=fact.due)
    rows.change(OBJECTIVES, fact.objective, **changed)


@VIEW.on(SlowProgressHighlighted)
def _highlight(rows: Rows, entry: Entry, fact: SlowProgressHighlighted) -> None:
    put_from_fact(rows, HIGHLIGHTS, entry)
    rows.change(OBJECTIVES, fact.objective, highlighted_position=entry.position)


@VIEW.on(RatingScaleAdopted)
def _adopt(rows: Rows, entry: Entry, fact: RatingScaleAdopted) -> None:
    """Replace the rating scale of a dimension."""
    dimension = fact.dimension.value
    codes = {level.code for level in fact.levels}
    for code in [row.code for row in rows.all(RATINGS) if row.dimension == dimension and row.code not in codes]:
        rows.drop(RATINGS, dimension, code)
    for index, level in enumerate(fact.levels):
        meaning = rows.narrative(f"levels[{index}].meaning")
        rows.put(RATINGS, Rating(dimension, level.code, entry.position, level.label, meaning, level.order))


def _adopt_default(rows: Rows, position: int) -> None:
    """Adopt the default scale in each dimension for which the plan has no scale of its own."""
    own = {row.dimension for row in rows.all(RATINGS)}
    for dimension in (each.value for each in Dimension if each.value not in own):
        for order, code in enumerate(DEFAULT_SCALE):
            rows.put(RATINGS, Rating(dimension, code, position, code.capitalize(), NarrativeRef(), order))


@VIEW.on(ProgressRecorded)
def _progress(rows: Rows, entry: Entry, fact: ProgressRecorded) -> None:
    objective = rows.get(OBJECTIVES, fact.objective)
    if objective is None:
        raise LookupError(f"the plan has no objective {fact.objective}")
    occurred_at = entry.occurred_at
    changed: dict[str, object] = {"progress_count": objective.progress_count + 1}
    if objective.progress_at is None or occurred_at >= objective.progress_at:
        changed |= {"progress_position": entry.position, "progress_at": occurred_at}
    if fact.action is None and (objective.rated_at is None or occurred_at >= objective.rated_at):
        changed |= {"activity_rating": fact.activity_rating, "rated_at": occurred_at}
        if fact.impact_rating is not None:
            changed["impact_rating"] = fact.impact_rating
    rows.change(OBJECTIVES, fact.objective, **changed)
    recorded = ProgressUpdate(
        fact.objective,
        entry.position,
        occurred_at,
        entry.recorded_at,
        entry.actor,
        fact.activity_rating,
        fact.impact_rating,
        rows.narrative("narrative"),
        fact.action,
    )
    rows.add(PROGRESS, recorded)


OBJECTIVE = of_table(
    "plan",
    OBJECTIVES,
    computed={
        "slow": flag(
            "True if it is open and its due date has passed on the day of `on`.",
            "t.outcome IS NULL AND t.due < :today",
        ),
        "slippage_days": Computed(
            Annotated[int, Meta(description="Days between the original and the present due date.")],
            "t.due - t.first_due",
        ),
        "highlighted": flag(
            "True if its slow progress was reported to the board since its due date was set.",
            "t.highlighted_position IS NOT NULL",
        ),
    },
    conditions={
        "area": ":value = ANY (t.areas)",
        "measure": ":value = ANY (t.measures)",
        "open": "(t.outcome IS NULL) = :value",
        "text": contains("title"),
    },
)
DUE_DATE_CHANGE = of_table("plan", DUE_DATE_CHANGES)
PROGRESS_MADE = of_table("plan", PROGRESS)
HIGHLIGHT = of_table("plan", HIGHLIGHTS)
SELF_ASSESSMENT = of_table("plan", SELF_ASSESSMENTS, order=("published_at", "position"))
PLAN_VERSION = of_table(
    "plan",
    PLAN_VERSIONS,
    conditions={"latest": is_latest("plan_versions", "approved_at")},
    order=("approved_at", "position"),
)
BRIEFING = of_table(
    "plan", BRIEFINGS, conditions={"leader": ":value = ANY (t.leaders)"}, order=("briefed_at", "position")
)
RATING = of_table("plan", RATINGS, order=("dimension", "order", "code"))
