"""The improvement plan: its objectives, and the progress recorded against them."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.fact import Code, Day, Fact, Id, Narrative, When, Who, reference
from ledger.facts.notice import AreaId

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

ObjectiveId = Annotated[str, reference("objective", "An objective of the improvement plan.")]
Rating = Annotated[Code, Meta(description="A code of the plan's own rating scale, such as AMBER.")]


class ObjectiveAdded(Fact, frozen=True, kw_only=True):
    """An objective joined the plan."""

    act: ClassVar[str] = "addObjective"
    clause: ClassVar[str] = "4"

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

    objective: ObjectiveId
    narrative: Narrative
    activity_rating: Rating
    impact_rating: Rating


FACTS = (ObjectiveAdded, ProgressRecorded)


class Objective(Struct):
    """What the rules need to know of an objective."""

    areas: list[str]
    owner: str
    due: date
    position: int


class PlanState(Struct):
    """What the rules need to know of the plan."""

    objectives: dict[str, Objective] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    objectives = state.plan.objectives
    match fact:
        case ObjectiveAdded():
            if fact.objective in objectives:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"objective {fact.objective} is in the plan already, since entry "
                    f"{objectives[fact.objective].position}; choose another id",
                    "data.objective",
                )
            for index, area in enumerate(fact.areas):
                if area not in state.notice.areas:
                    yield Refusal(
                        "NOT_FOUND",
                        f"the notice has no area {area}; its areas are "
                        f"{', '.join(state.notice.areas) or 'not registered yet'}",
                        f"data.areas[{index}]",
                    )
        case ProgressRecorded():
            if fact.objective not in objectives:
                yield Refusal(
                    "NOT_FOUND",
                    f"the plan has no objective {fact.objective}; add it first, or correct the id",
                    "data.objective",
                )


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case ObjectiveAdded():
            state.plan.objectives[fact.objective] = Objective(
                list(fact.areas), fact.owner, fact.due, entry.position
            )
