"""Escalation (clause 13): concerns, and decisions to intervene; the ministers' side alone records them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.notice import AreaId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ConcernId = Annotated[str, reference("concern", "A concern of the ministers' side.")]
InterventionId = Annotated[str, reference("intervention", "A decision to intervene.")]


class ConcernRaised(Fact, frozen=True, kw_only=True):
    """The ministers' side told the council of a concern."""

    act: ClassVar[str] = "raiseConcern"
    clause: ClassVar[str] = "13"
    about: ClassVar[str] = "concern"
    begins: ClassVar[bool] = True

    concern: ConcernId
    text: Narrative
    areas: Annotated[list[AreaId], Meta(description="The areas for priority action concerned.")] = field(
        default_factory=list
    )


class InterventionDecided(Fact, frozen=True, kw_only=True):
    """Ministers decided to use a power of theirs; the ledger never infers it."""

    act: ClassVar[str] = "decideIntervention"
    clause: ClassVar[str] = "13"
    about: ClassVar[str] = "intervention"
    begins: ClassVar[bool] = True

    intervention: InterventionId
    power: Annotated[Code, Meta(description="The power, such as s497A of the Education Act 1996.")]
    decision: Narrative
    concerns: Annotated[list[ConcernId], Meta(description="The concerns that led to it.")] = field(
        default_factory=list
    )
    takes_effect_on: Day | None = None


class InterventionEnded(Fact, frozen=True, kw_only=True):
    """Ministers ended an intervention, or stepped it down to something milder."""

    act: ClassVar[str] = "endIntervention"
    clause: ClassVar[str] = "13"
    about: ClassVar[str] = "intervention"
    ends: ClassVar[str] = "ended"

    intervention: InterventionId
    reason: Narrative
    becomes: Annotated[Code | None, Meta(description="What follows, such as improvement notice or support.")] = (
        None
    )


FACTS = (ConcernRaised, InterventionDecided, InterventionEnded)


class EscalationState(Struct):
    """The rules need to know nothing but the lives of concerns and interventions."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded: nothing beyond its declaration."""
    yield from ()


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
