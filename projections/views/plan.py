"""The improvement plan: its objectives, the progress recorded against them, and its versions.

An objective's ratings come from the progress with the latest time, so older progress recorded late changes only
the count. An objective keeps its first due date next to its current one.
"""

from datetime import date, datetime

from msgspec import Struct

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
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, contains, is_latest, of_table


class Objective(Struct, frozen=True):
    """An objective; `position`, the entry that added it, is its cursor."""

    objective: str
    position: int
    added_at: datetime
    title: NarrativeRef
    areas: list[str]
    owner: str
    due: date
    first_due: date
    """First due date; later changes do not alter it."""
    measures: list[str]
    outcome: str | None = None
    """Outcome at its end; None while it is open."""
    closed_at: datetime | None = None
    closed_position: int | None = None
    activity_rating: str | None = None
    impact_rating: str | None = None
    progress_position: int | None = None
    """Entry of the latest progress."""
    progress_at: datetime | None = None
    """Time of the latest progress."""
    progress_count: int = 0
    highlighted_position: int | None = None
    """Entry that last highlighted its slow progress to the board since its due date was set."""


class ProgressUpdate(Struct, frozen=True):
    """Progress recorded against an objective; `position` is its cursor."""

    objective: str
    position: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    activity_rating: str
    impact_rating: str
    narrative: NarrativeRef
    action: str | None = None


class Highlight(Struct, frozen=True):
    """Slow progress on an objective, highlighted to the board."""

    objective: str
    position: int
    highlighted_at: datetime
    actor: str
    cause: NarrativeRef
    remedy: NarrativeRef


class SelfAssessment(Struct, frozen=True):
    """A version of the council's self-assessment; the latest one is current."""

    assessment: str
    position: int
    published_at: datetime
    edition: str
    strengths: list[NarrativeRef]
    weaknesses: list[NarrativeRef]
    areas: list[str]
    evidence: list[str]


class PlanVersion(Struct, frozen=True):
    """A version of the plan that a body approved."""

    plan_version: str
    position: int
    approved_at: datetime
    body: str
    assessment: str | None
    """Self-assessment on which it builds."""
    evidence: list[str]


class Briefing(Struct, frozen=True):
    """A briefing of the council's leaders."""

    briefing: str
    position: int
    briefed_at: datetime
    leaders: list[str]
    topic: NarrativeRef
    evidence: list[str]


class Rating(Struct, frozen=True):
    """A rating on the plan's own scale for ACTIVITY or IMPACT, in order from the worst (0)."""

    dimension: str
    code: str
    position: int
    label: str
    meaning: NarrativeRef
    order: int


OBJECTIVES = Table("objectives", Objective, ("objective",))
PROGRESS = Table("objective_progress", ProgressUpdate, ("objective", "position"), in_memory=False)
HIGHLIGHTS = Table("highlights", Highlight, ("position",), in_memory=False)
SELF_ASSESSMENTS = Table("self_assessments", SelfAssessment, ("assessment",), in_memory=False)
PLAN_VERSIONS = Table("plan_versions", PlanVersion, ("plan_version",), in_memory=False)
BRIEFINGS = Table("briefings", Briefing, ("briefing",), in_memory=False)
RATINGS = Table("ratings", Rating, ("dimension", "code"))


VIEW = View(
    "plan",
    4,
    (
        OBJECTIVES,
        PROGRESS,
        HIGHLIGHTS,
        SELF_ASSESSMENTS,
        PLAN_VERSIONS,
        BRIEFINGS,
        RATINGS,
    ),
)


@VIEW.on(ObjectiveAdded)
def _objective_added(rows: Rows, entry: Entry, fact: ObjectiveAdded) -> None:
    added = Objective(
        objective=fact.objective,
        position=entry.position,
        added_at=entry.occurred_at,
        title=rows.narrative("title"),
        areas=list(fact.areas),
        owner=fact.owner,
        due=fact.due,
        first_due=fact.due,
        measures=list(fact.measures),
    )
    rows.put(OBJECTIVES, added)


@VIEW.on(ObjectiveClosed)
def _objective_closed(rows: Rows, entry: Entry, fact: ObjectiveClosed) -> None:
    outcome = fact.outcome.value
    rows.change(
        OBJECTIVES, fact.objective, outcome=outcome, closed_at=entry.occurred_at, closed_position=entry.position
    )


@VIEW.on(SelfAssessmentPublished)
def _self_assessment_published(rows: Rows, entry: Entry, fact: SelfAssessmentPublished) -> None:
    published = SelfAssessment(
        assessment=fact.assessment,
        position=entry.position,
        published_at=entry.occurred_at,
        edition=fact.edition,
        strengths=rows.narratives("strengths", fact.strengths),
        weaknesses=rows.narratives("weaknesses", fact.weaknesses),
        areas=list(fact.areas),
        evidence=list(fact.evidence),
    )
    rows.put(SELF_ASSESSMENTS, published)


@VIEW.on(PlanVersionApproved)
def _plan_version_approved(rows: Rows, entry: Entry, fact: PlanVersionApproved) -> None:
    approved = PlanVersion(
        fact.plan_version, entry.position, entry.occurred_at, fact.body, fact.assessment, list(fact.evidence)
    )
    rows.put(PLAN_VERSIONS, approved)


@VIEW.on(LeadersBriefed)
def _leaders_briefed(rows: Rows, entry: Entry, fact: LeadersBriefed) -> None:
    topic, leaders = rows.narrative("topic"), list(fact.leaders)
    rows.put(
        BRIEFINGS, Briefing(fact.briefing, entry.position, entry.occurred_at, leaders, topic, list(fact.evidence))
    )


@VIEW.on(ObjectiveRevised)
def _revise(rows: Rows, entry: Entry, fact: ObjectiveRevised) -> None:
    names = ("areas", "owner", "due", "measures")
    changed = {name: value for name in names if (value := getattr(fact, name)) is not None}
    if fact.title is not None:
        changed["title"] = rows.narrative("title")
    if fact.due is not None:
        changed["highlighted_position"] = None
    rows.change(OBJECTIVES, fact.objective, **changed)


@VIEW.on(SlowProgressHighlighted)
def _highlight(rows: Rows, entry: Entry, fact: SlowProgressHighlighted) -> None:
    cause, remedy = rows.narrative("cause"), rows.narrative("remedy")
    at, position = entry.occurred_at, entry.position
    rows.put(HIGHLIGHTS, Highlight(fact.objective, position, at, entry.actor, cause, remedy))
    rows.change(OBJECTIVES, fact.objective, highlighted_position=position)


@VIEW.on(RatingScaleAdopted)
def _adopt(rows: Rows, entry: Entry, fact: RatingScaleAdopted) -> None:
    """Replace the scale of the same dimension."""
    dimension = fact.dimension.value
    codes = {level.code for level in fact.levels}
    for code in [row.code for row in rows.all(RATINGS) if row.dimension == dimension and row.code not in codes]:
        rows.drop(RATINGS, dimension, code)
    for index, level in enumerate(fact.levels):
        meaning = rows.narrative(f"levels[{index}].meaning")
        rows.put(RATINGS, Rating(dimension, level.code, entry.position, level.label, meaning, level.order))


@VIEW.on(ProgressRecorded)
def _progress(rows: Rows, entry: Entry, fact: ProgressRecorded) -> None:
    objective = rows.get(OBJECTIVES, fact.objective)
    if objective is None:
        raise LookupError(f"the plan has no objective {fact.objective}")
    occurred_at = entry.occurred_at
    changed: dict[str, object] = {"progress_count": objective.progress_count + 1}
    if objective.progress_at is None or occurred_at >= objective.progress_at:
        changed |= {
            "activity_rating": fact.activity_rating,
            "impact_rating": fact.impact_rating,
            "progress_position": entry.position,
            "progress_at": occurred_at,
        }
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
        "slow": Computed(bool, "t.outcome IS NULL AND t.due < :today"),
        "slippage_days": Computed(int, "t.due - t.first_due"),
        "highlighted": Computed(bool, "t.highlighted_position IS NOT NULL"),
    },
    conditions={
        "ids": "t.objective = ANY (:value)",
        "area": ":value = ANY (t.areas)",
        "measure": ":value = ANY (t.measures)",
        "open": "(t.outcome IS NULL) = :value",
        "due_before": "t.due < :value",
        "text": contains("title"),
    },
)
PROGRESS_MADE = of_table(
    "plan",
    PROGRESS,
    conditions={"occurred_from": "t.occurred_at >= :value", "occurred_to": "t.occurred_at < :value"},
)
HIGHLIGHT = of_table("plan", HIGHLIGHTS)
SELF_ASSESSMENT = of_table("plan", SELF_ASSESSMENTS, order=("published_at", "position"))
PLAN_VERSION = of_table(
    "plan",
    PLAN_VERSIONS,
    conditions={"latest": is_latest("plan_versions", "approved_at")},
    order=("approved_at", "position"),
)
BRIEFING = of_table("plan", BRIEFINGS, order=("briefed_at", "position"))
RATING = of_table("plan", RATINGS, order=("dimension", "order", "code"))
