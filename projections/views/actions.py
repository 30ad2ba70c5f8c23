"""Actions and milestones under the plan's objectives, each with its first date and its current date."""

from datetime import date, datetime

from msgspec import Struct

from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionRebaselined,
    ActionRevised,
    MilestoneReached,
    MilestoneSet,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, contains, of_table


class Action(Struct, frozen=True):
    """An action under an objective."""

    action: str
    objective: str
    position: int
    added_at: datetime
    title: NarrativeRef
    owner: str
    due: date
    first_due: date
    """First due date, from which slippage is counted."""
    partner: str | None = None
    rebaselined: int = 0
    """Number of approved changes of the due date."""
    completed_on: date | None = None
    completed_position: int | None = None
    result: NarrativeRef | None = None
    evidence: list[str] = []


class Rebaseline(Struct, frozen=True):
    """A change of an action's due date, and its approver."""

    action: str
    position: int
    rebaselined_at: datetime
    due_before: date
    due_after: date
    reason: NarrativeRef
    approver: str


class Milestone(Struct, frozen=True):
    """A milestone of an objective."""

    milestone: str
    objective: str
    position: int
    title: NarrativeRef
    due: date
    reached_on: date | None = None
    reached_position: int | None = None
    evidence: list[str] = []


ACTIONS = Table(
    "actions", Action, ("action",), lookups=(("objective", "position"), ("position",)), by_position=False
)
REBASELINES = Table("rebaselines", Rebaseline, ("action", "position"), in_memory=False)
MILESTONES = Table("milestones", Milestone, ("milestone",), lookups=(("objective",),))


VIEW = View("actions", 2, (ACTIONS, REBASELINES, MILESTONES))


@VIEW.on(ActionAdded)
def _action_added(rows: Rows, entry: Entry, fact: ActionAdded) -> None:
    added = Action(
        action=fact.action,
        objective=fact.objective,
        position=entry.position,
        added_at=entry.occurred_at,
        title=rows.narrative("title"),
        owner=fact.owner,
        due=fact.due,
        first_due=fact.due,
        partner=fact.partner,
    )
    rows.put(ACTIONS, added)


@VIEW.on(ActionRevised)
def _action_revised(rows: Rows, entry: Entry, fact: ActionRevised) -> None:
    changed: dict[str, object] = {} if fact.owner is None else {"owner": fact.owner}
    if fact.title is not None:
        changed["title"] = rows.narrative("title")
    rows.change(ACTIONS, fact.action, **changed)


@VIEW.on(ActionRebaselined)
def _action_rebaselined(rows: Rows, entry: Entry, fact: ActionRebaselined) -> None:
    action = rows.change(ACTIONS, fact.action, due=fact.to)
    rows.change(ACTIONS, fact.action, rebaselined=action.rebaselined + 1)
    reason = rows.narrative("reason")
    moved = Rebaseline(fact.action, entry.position, entry.occurred_at, fact.from_, fact.to, reason, fact.approver)
    rows.put(REBASELINES, moved)


@VIEW.on(ActionCompleted)
def _action_completed(rows: Rows, entry: Entry, fact: ActionCompleted) -> None:
    rows.change(
        ACTIONS,
        fact.action,
        completed_on=fact.completed_on,
        completed_position=entry.position,
        result=rows.narrative("result"),
        evidence=list(fact.evidence),
    )


@VIEW.on(MilestoneSet)
def _milestone_set(rows: Rows, entry: Entry, fact: MilestoneSet) -> None:
    title = rows.narrative("title")
    rows.put(MILESTONES, Milestone(fact.milestone, fact.objective, entry.position, title, fact.due))


@VIEW.on(MilestoneReached)
def _milestone_reached(rows: Rows, entry: Entry, fact: MilestoneReached) -> None:
    evidence = list(fact.evidence)
    rows.change(
        MILESTONES,
        fact.milestone,
        reached_on=fact.reached_on,
        reached_position=entry.position,
        evidence=evidence,
    )


ACTION = of_table(
    "actions",
    ACTIONS,
    computed={
        "overdue": Computed(bool, "t.completed_on IS NULL AND t.due < :today"),
        "late": Computed(bool, "coalesce(t.completed_on, :today) > t.due"),
        "slippage_days": Computed(int, "t.due - t.first_due"),
    },
    conditions={
        "objectives": "t.objective = ANY (:value)",
        "open": "(t.completed_on IS NULL) = :value",
        "due_before": "t.due < :value",
        "area": "EXISTS (SELECT FROM views.objectives o WHERE o.notice = t.notice AND o.objective = t.objective "
        "AND :value = ANY (o.areas))",
        "text": contains("title"),
    },
)
REBASELINE = of_table("actions", REBASELINES)
MILESTONE = of_table(
    "actions",
    MILESTONES,
    computed={"overdue": Computed(bool, "t.reached_on IS NULL AND t.due < :today")},
    conditions={"reached": "(t.reached_on IS NOT NULL) = :value", "due_before": "t.due < :value"},
)
