"""Actions and milestones under the plan's objectives, with the original and the current due date of an action."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

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
    Precision,
)
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry
from projections.engine.fact_rows import OfFact, put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, contains, flag, of_table
from projections.views.fields import NamedEvidence
from projections.views.word_lists import ActionStanding


class Action(Struct, frozen=True):
    """An action under an objective."""

    action: Annotated[str, ID, Meta(description="Id in the plan.")]
    objective: Annotated[str, ID, Meta(description="Id of the objective that it serves.")]
    position: Annotated[int, Meta(description="Position of the entry that added it.")]
    added_at: Annotated[datetime, Meta(description="Instant at which it was added.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    due: Annotated[date, Meta(description="Due date.")]
    first_due: Annotated[date, Meta(description="Original due date.")]
    partner: Annotated[
        str | None, ID, Meta(description="Id of the partner that carries it out; null if the council does.")
    ]
    co_owners: Annotated[list[str], ACTOR_ID, Meta(description="Actor ids of its other owners.")]
    precision: Annotated[
        str, words(Precision), Meta(description="Precision of its due date, which is the last day of its period.")
    ]
    part_of: Annotated[str | None, ID, Meta(description="Id of the action that it is a part of.")]
    rebaselined: Annotated[int, Meta(description="Number of approved changes of its due date.")] = 0
    completed_on: Annotated[date | None, Meta(description="Date of completion; null if it is open.")] = None
    completed_position: Annotated[int | None, Meta(description="Position of the entry that completed it.")] = None
    result: Annotated[NarrativeRef | None, Meta(description="Result; null if it is open, or if erased.")] = None
    evidence: NamedEvidence = []
    activity_rating: Annotated[str | None, Meta(description="Latest activity rating of the action itself.")] = None
    impact_rating: Annotated[str | None, Meta(description="Latest impact rating of the action itself.")] = None
    comment: Annotated[
        NarrativeRef | None,
        Meta(description="Narrative with its latest rating; null if none, or if erased."),
    ] = None
    rated_at: Annotated[datetime | None, Meta(description="Instant of its latest rating.")] = None
    standing: Annotated[str, words(ActionStanding), Meta(description="State of the action.")] = "OPEN"
    embedded_on: Annotated[
        date | None, Meta(description="Date from which its change was usual practice; null if it is not yet.")
    ] = None
    embedded_position: Annotated[int | None, Meta(description="Position of the entry that records it.")] = None
    assurance: Annotated[
        NarrativeRef | None,
        Meta(description="Reason to trust that the change lasts; null if it is not embedded, or if erased."),
    ] = None
    dropped_position: Annotated[int | None, Meta(description="Position of the entry that dropped it.")] = None
    dropped_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for dropping it; null if it was not, or if erased.")
    ] = None
    reopened: Annotated[int, Meta(description="Number of times that it was reopened.")] = 0


class Rebaseline(Struct, frozen=True):
    """A change of an action's due date, and its approver."""

    action: Annotated[str, ID, Meta(description="Id of the action.")]
    position: int
    rebaselined_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    due_before: Annotated[date, Meta(description="Due date before the change.")]
    due_after: Annotated[date, Meta(description="Due date after the change.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]
    approver: Annotated[str, ACTOR_ID, Meta(description="Actor id of the approver.")]


class Milestone(Struct, frozen=True):
    """A milestone of an objective."""

    milestone: Annotated[str, ID, Meta(description="Id in the plan.")]
    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: Annotated[int, Meta(description="Position of the entry that set it.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    due: Annotated[date, Meta(description="Due date.")]
    reached_on: Annotated[date | None, Meta(description="Date on which it was reached.")] = None
    reached_position: int | None = None
    evidence: NamedEvidence = []


ACTIONS = Table(
    "actions", Action, ("action",), lookups=(("objective", "position"), ("position",)), by_position=False
)
REBASELINES = Table("rebaselines", Rebaseline, ("action", "position"), in_memory=False)
MILESTONES = Table("milestones", Milestone, ("milestone",), lookups=(("objective",),))


VIEW = View("actions", 5, (ACTIONS, REBASELINES, MILESTONES))
VIEW.puts(MilestoneSet, MILESTONES)
VIEW.puts(ActionAdded, ACTIONS, first_due=OfFact("due"))
VIEW.changes(
    ActionCompleted, ACTIONS, "completed_on", "completed_position", "result", "evidence", standing="COMPLETED"
)
VIEW.changes(ActionEmbedded, ACTIONS, "embedded_on", "embedded_position", "assurance", standing="EMBEDDED")
VIEW.changes(ActionDropped, ACTIONS, "dropped_position", "dropped_reason", standing="DROPPED")
VIEW.changes(MilestoneReached, MILESTONES, "reached_on", "reached_position", "evidence")


@VIEW.on(ActionRevised)
def _action_revised(rows: Rows, entry: Entry, fact: ActionRevised) -> None:
    changed: dict[str, object] = {} if fact.owner is None else {"owner": fact.owner}
    if fact.co_owners is not None:
        changed["co_owners"] = list(fact.co_owners)
    if fact.title is not None:
        changed["title"] = rows.narrative("title")
    rows.change(ACTIONS, fact.action, **changed)


@VIEW.on(ActionRebaselined)
def _action_rebaselined(rows: Rows, entry: Entry, fact: ActionRebaselined) -> None:
    action = rows.change(ACTIONS, fact.action, due=fact.to, precision=fact.precision.value)
    rows.change(ACTIONS, fact.action, rebaselined=action.rebaselined + 1)
    put_from_fact(rows, REBASELINES, entry, due_before=fact.from_, due_after=fact.to)


@VIEW.on(ActionReopened)
def _action_reopened(rows: Rows, entry: Entry, fact: ActionReopened) -> None:
    """Reopen an action, and clear the fields of its earlier end, which the history keeps."""
    ends = ("completed_on", "completed_position", "result", "embedded_on", "embedded_position", "assurance")
    cleared = dict.fromkeys((*ends, "dropped_position", "dropped_reason"))
    reopened = rows.require(ACTIONS, fact.action).reopened + 1
    rows.change(ACTIONS, fact.action, standing="OPEN", reopened=reopened, evidence=[], **cleared)


@VIEW.on(ProgressRecorded)
def _progress_recorded(rows: Rows, entry: Entry, fact: ProgressRecorded) -> None:
    """Rate the action that the progress names, unless later progress has rated it."""
    if fact.action is None:
        return
    action = rows.require(ACTIONS, fact.action)
    if action.rated_at is None or entry.occurred_at >= action.rated_at:
        impact = fact.impact_rating if fact.impact_rating is not None else action.impact_rating
        rows.change(
            ACTIONS,
            fact.action,
            activity_rating=fact.activity_rating,
            impact_rating=impact,
            comment=rows.narrative("narrative"),
            rated_at=entry.occurred_at,
        )


ACTION = of_table(
    "actions",
    ACTIONS,
    computed={
        "overdue": flag(
            "True if it is open and its due date has passed on the day of `on`.",
            "t.standing = 'OPEN' AND t.due < :today",
        ),
        "late": flag(
            "True if it was completed after its due date, or is not completed and the date has passed.",
            "t.standing <> 'DROPPED' AND coalesce(t.completed_on, :today) > t.due",
        ),
        "slippage_days": Computed(
            Annotated[int, Meta(description="Days between the original and the present due date.")],
            "t.due - t.first_due",
        ),
    },
    conditions={
        "objectives": "t.objective = ANY (:value)",
        "co_owner": ":value = ANY (t.co_owners)",
        "open": "(t.standing = 'OPEN') = :value",
        "area": "EXISTS (SELECT FROM views.objectives o WHERE o.notice = :notice AND o.objective = t.objective "
        "AND :value = ANY (o.areas))",
        "text": contains("title"),
    },
)
REBASELINE = of_table("actions", REBASELINES)
MILESTONE = of_table(
    "actions",
    MILESTONES,
    computed={
        "overdue": flag(
            "True if its due date has passed on the day of `on` and it was not reached.",
            "t.reached_on IS NULL AND t.due < :today",
        )
    },
    conditions={"reached": "(t.reached_on IS NOT NULL) = :value"},
)
