"""Escalation: concerns and interventions, which only the ministers' side records."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.notice import AreaId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Narrative, Sentence, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ConcernId = Annotated[str, reference("concern", "A concern of the ministers' side.")]
InterventionId = Annotated[str, reference("intervention", "A decision to intervene.")]


class ConcernRaised(Fact, frozen=True, kw_only=True):
    """The ministers' side raised a concern with the council."""

    act: ClassVar[str] = "raiseConcern"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The Department raised concern {concern}[ about {areas}]: {text}",
        (("concern {concern}", "state", "raised"),),
    )

    concern: ConcernId
    text: Narrative
    areas: Annotated[
        list[AreaId], Meta(description="The areas for priority action that the concern is about.")
    ] = []


class InterventionDecided(Fact, frozen=True, kw_only=True):
    """Ministers decided to use a power; the ledger never infers such a decision."""

    act: ClassVar[str] = "decideIntervention"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Ministers decided intervention {intervention} under {power}[, after concern {concerns}][, with effect "
        "from {takes_effect_on}]: {decision}",
        (("intervention {intervention}", "state", "decided"),),
        decision=True,
    )

    intervention: InterventionId
    power: Annotated[Code, Meta(description="The power, such as s497A of the Education Act 1996.")]
    decision: Narrative
    concerns: Annotated[list[ConcernId], Meta(description="The concerns that led to the intervention.")] = []
    takes_effect_on: Day | None = None


class InterventionEnded(Fact, frozen=True, kw_only=True):
    """Ministers ended an intervention, or replaced it with a milder one."""

    act: ClassVar[str] = "endIntervention"
    ends: ClassVar[str] = "ended"
    sentence: ClassVar[Sentence] = Sentence(
        "Ministers ended intervention {intervention}[, which becomes {becomes}]: {reason}",
        (("intervention {intervention}", "state", "ended"),),
        decision=True,
    )

    intervention: InterventionId
    reason: Narrative
    becomes: Annotated[Code | None, Meta(description="The next step, such as improvement notice or support.")] = (
        None
    )


class EscalationState(Struct):
    """The empty state of this area: the lifecycles of concerns and interventions are in `State.lifecycles`."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield nothing, because this area has no rules of its own."""
    yield from ()


def evolve(state: "State", entry: "Entry") -> None:
    """Leave the state unchanged, because this area has no state of its own."""
