"""Actions and milestones under the plan's objectives. An action's first due date remains on record."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.partners import PartnerId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ActionId, ObjectiveId
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Day,
    Fact,
    Narrative,
    Sentence,
    StatedDay,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.shared_rules import duplicate_refusals, future_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

MilestoneId = Annotated[str, reference("milestone", "A milestone on the way to an objective.")]


class Precision(WordList):
    """The precision of a due date. The date is the last day of its period."""

    DAY = "DAY"
    """The day itself."""
    MONTH = "MONTH"
    """Any day of the month."""
    QUARTER = "QUARTER"
    """Any day of the quarter."""


_MONTHS = {Precision.MONTH: 1, Precision.QUARTER: 3}


def last_day(day: date, precision: Precision) -> date:
    """Return the last day of the month or quarter that contains a day, or the day itself for DAY."""
    if precision is Precision.DAY:
        return day
    months = _MONTHS[precision]
    month = -(-day.month // months) * months
    following = date(day.year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _one_owner(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: no co-owners, and dates precise to the day."""
    return data


CoOwners = Annotated[list[ActorId], Meta(description="Other actors responsible for the action.")]
DuePrecision = Annotated[Precision, Meta(description="The precision of the due date.")]


class ActionAdded(Fact, frozen=True, kw_only=True):
    """An action was added under an objective, with its owners and a date."""

    act: ClassVar[str] = "addAction"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_one_owner,)
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was added under objective {objective}[, as a part of action {part_of}]: {title}. {owner} "
        "is responsible[, with {co_owners}][, for partner {partner}], and it is due on {due}",
        (("action {action}", "owner", "{owner}"), ("action {action}", "due", "{due}")),
    )

    action: ActionId
    objective: ObjectiveId
    title: Narrative
    owner: Annotated[
        ActorId, Meta(description="The actor responsible for the action, including a partner's action.")
    ]
    due: Day
    partner: Annotated[PartnerId | None, Meta(description="The partner responsible for the action.")] = None
    co_owners: CoOwners = []
    precision: DuePrecision = Precision.DAY
    part_of: Annotated[ActionId | None, Meta(description="The larger action that includes this one.")] = None


class ActionRevised(Fact, frozen=True, kw_only=True):
    """An action's title or owners changed; another fact moves its due date."""

    act: ClassVar[str] = "reviseAction"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_one_owner,)
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was revised: {reason}[. New title: {title}][. {owner} is responsible][. "
        "{co_owners} are responsible too]",
        (("action {action}", "owner", "{owner}"),),
    )

    action: ActionId
    reason: Narrative
    title: Narrative | None = None
    owner: Annotated[ActorId | None, Meta(description="The actor responsible for the action from now on.")] = None
    co_owners: Annotated[
        list[ActorId] | None, Meta(description="The action's other owners from now on; absent: as before.")
    ] = None


class ActionRebaselined(Fact, frozen=True, kw_only=True):
    """Another date was approved for an action; its first date remains on record."""

    act: ClassVar[str] = "rebaselineAction"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_one_owner,)
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was moved from {from_} to {to}, approved by {approver}: {reason}",
        (("action {action}", "due", "{to}"),),
        decision=True,
    )

    action: ActionId
    from_: Annotated[Day, Meta(description="The due date before this change.")]
    to: Annotated[Day, Meta(description="The due date after this change.")]
    reason: Narrative
    approver: Annotated[
        ActorId, Meta(description="The actor who approved the new date; not an owner of the action.")
    ]
    precision: DuePrecision = Precision.DAY


class ActionCompleted(Fact, frozen=True, kw_only=True):
    """An action was completed."""

    act: ClassVar[str] = "completeAction"
    ends: ClassVar[str] = "completed"
    stated_day: ClassVar[StatedDay | None] = StatedDay("completed_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was completed on {completed_on}: {result}", (("action {action}", "state", "completed"),)
    )

    action: ActionId
    completed_on: Day
    result: Annotated[Narrative, Meta(description="The action's result, which did not exist before.")]
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence that the action was completed.")] = []


class ActionEmbedded(Fact, frozen=True, kw_only=True):
    """The change that a completed action made is now usual practice."""

    act: ClassVar[str] = "embedAction"
    needs: ClassVar[str] = "ActionCompleted"
    outlives: ClassVar[bool] = True
    stated_day: ClassVar[StatedDay | None] = StatedDay("embedded_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was embedded in practice on {embedded_on}: {assurance}",
        (("action {action}", "state", "embedded"),),
    )

    action: ActionId
    embedded_on: Day
    assurance: Annotated[Narrative, Meta(description="The reason to trust that the change lasts.")]
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence that the change lasts.")] = []


class ActionDropped(Fact, frozen=True, kw_only=True):
    """An action was dropped before its completion."""

    act: ClassVar[str] = "dropAction"
    ends: ClassVar[str] = "dropped"
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was dropped, approved by {approver}: {reason}",
        (("action {action}", "state", "dropped"),),
        decision=True,
    )

    action: ActionId
    reason: Narrative
    approver: Annotated[
        ActorId, Meta(description="The actor who approved dropping the action; not an owner of it.")
    ]


class ActionReopened(Fact, frozen=True, kw_only=True):
    """A completed or dropped action was opened again, with its latest due date."""

    act: ClassVar[str] = "reopenAction"
    reopens: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Action {action} was reopened: {reason}", (("action {action}", "state", "open"),), decision=True
    )

    action: ActionId
    reason: Narrative


class MilestoneSet(Fact, frozen=True, kw_only=True):
    """A milestone was set on the way to an objective."""

    act: ClassVar[str] = "setMilestone"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Milestone {milestone} was set for objective {objective}, due on {due}: {title}",
        (("milestone {milestone}", "due", "{due}"),),
    )

    milestone: MilestoneId
    objective: ObjectiveId
    title: Narrative
    due: Day


class MilestoneReached(Fact, frozen=True, kw_only=True):
    """A milestone was reached."""

    act: ClassVar[str] = "reachMilestone"
    ends: ClassVar[str] = "reached"
    stated_day: ClassVar[StatedDay | None] = StatedDay("reached_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Milestone {milestone} was reached on {reached_on}", (("milestone {milestone}", "state", "reached"),)
    )

    milestone: MilestoneId
    reached_on: Day
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence that the milestone was reached.")] = []


class Action(Struct):
    """An action's objective, owners and current due date."""

    objective: str
    owner: str
    due: date
    co_owners: list[str]

    @property
    def owners(self) -> list[str]:
        """Actors responsible for the action: its owner, then its co-owners."""
        return [self.owner, *self.co_owners]


class ActionsState(Struct):
    """Actions of the improvement plan by id."""

    actions: dict[str, Action] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case ActionAdded():
            yield from _admit_addition(state, fact)
            objective = state.lifecycles["objective"][fact.objective]
            if objective.ended:
                message = f"objective {fact.objective} is {objective.outcome}, since entry {objective.ended}"
                yield Refusal("ALREADY_ENDED", message, "data.objective")
        case ActionRevised():
            if fact.title is None and fact.owner is None and fact.co_owners is None:
                yield Refusal("NOTHING_CHANGED", "nothing would change; give a title or an owner", "data")
            action = state.actions.actions[fact.action]
            others = action.co_owners if fact.co_owners is None else fact.co_owners
            yield from duplicate_refusals([fact.owner or action.owner, *others], "data.coOwners")
        case ActionRebaselined():
            yield from _admit_rebaseline(state.actions.actions[fact.action], fact)
        case ActionCompleted():
            yield from future_refusals(fact.completed_on, when.occurred_at, state.notice.zone, "data.completedOn")
        case ActionEmbedded():
            yield from _admit_embedding(state, fact, when)
        case ActionDropped():
            yield from _approver_refusals(
                state.actions.actions[fact.action], fact.approver, "the end of an action"
            )
        case MilestoneReached():
            yield from future_refusals(fact.reached_on, when.occurred_at, state.notice.zone, "data.reachedOn")


def _admit_addition(state: "State", fact: ActionAdded) -> Iterator[Refusal]:
    yield from _precision_refusals(fact.due, fact.precision, "data.due")
    yield from duplicate_refusals([fact.owner, *fact.co_owners], "data.coOwners")
    if fact.part_of is None:
        return
    whole, lifecycle = state.actions.actions[fact.part_of], state.lifecycles["action"][fact.part_of]
    if whole.objective != fact.objective:
        message = f"action {fact.part_of} belongs to objective {whole.objective}, not {fact.objective}"
        yield Refusal("INVALID_FIELD", message, "data.partOf")
    if lifecycle.ended:
        message = f"action {fact.part_of} is {lifecycle.outcome}, since entry {lifecycle.ended}"
        yield Refusal("ALREADY_ENDED", message, "data.partOf")


def _precision_refusals(due: date, precision: Precision, path: str) -> Iterator[Refusal]:
    last = last_day(due, precision)
    if due != last:
        message = f"a date precise to the {precision.meaning} is its last day; enter {last}"
        yield Refusal("OUT_OF_RANGE", message, path)


def _admit_rebaseline(action: Action, fact: ActionRebaselined) -> Iterator[Refusal]:
    yield from _precision_refusals(fact.to, fact.precision, "data.to")
    if fact.from_ != action.due:
        message = f"action {fact.action} is due on {action.due}, not on {fact.from_}; read it again"
        yield Refusal("OUTDATED", message, "data.from")
    elif fact.to == fact.from_:
        yield Refusal("NOTHING_CHANGED", "the new date is the current date; enter another date", "data.to")
    yield from _approver_refusals(action, fact.approver, "a new date")


def _approver_refusals(action: Action, approver: str, matter: str) -> Iterator[Refusal]:
    if approver in action.owners:
        message = f"{approver} owns the action; another person must approve {matter}"
        yield Refusal("SAME_PERSON", message, "data.approver")


def _admit_embedding(state: "State", fact: ActionEmbedded, when: When) -> Iterator[Refusal]:
    lifecycle = state.lifecycles["action"][fact.action]
    if lifecycle.outcome != "completed":
        message = f"action {fact.action} is {lifecycle.outcome or 'open'}; record its completion first"
        yield Refusal("TOO_EARLY", message, "data.action")
    yield from future_refusals(fact.embedded_on, when.occurred_at, state.notice.zone, "data.embeddedOn")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, actions = entry.fact, state.actions.actions
    match fact:
        case ActionAdded():
            actions[fact.action] = Action(fact.objective, fact.owner, fact.due, list(fact.co_owners))
        case ActionRevised():
            if fact.owner is not None:
                actions[fact.action].owner = fact.owner
            if fact.co_owners is not None:
                actions[fact.action].co_owners = list(fact.co_owners)
        case ActionRebaselined():
            actions[fact.action].due = fact.to
