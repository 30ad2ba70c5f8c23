"""Risks to the plan: raised, rated again and again, and closed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.people import ActorId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, Id, Narrative, Sentence, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

RiskId = Annotated[str, reference("risk", "A risk to the improvement plan.")]
Degree = Annotated[int, Meta(ge=1, le=5)]


class RiskRaised(Fact, frozen=True, kw_only=True):
    """A risk to the plan was entered in the register."""

    act: ClassVar[str] = "raiseRisk"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was raised: {text}. {owner} is responsible[; it concerns {relates_to}]",
        (("risk {risk}", "owner", "{owner}"), ("risk {risk}", "state", "open")),
    )

    risk: RiskId
    text: Annotated[Narrative, Meta(description="The risk: its cause, and its effect on children or the plan.")]
    owner: Annotated[ActorId, Meta(description="The actor responsible for the risk.")]
    relates_to: Annotated[list[Id], Meta(description="The objectives, areas or actions concerned.")] = []


class RiskRated(Fact, frozen=True, kw_only=True):
    """A risk was rated, with the controls in place."""

    act: ClassVar[str] = "rateRisk"
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was rated {likelihood} of 5 for likelihood and {impact} of 5 for impact[. Controls: "
        "{controls}]",
        (("risk {risk}", "likelihood", "{likelihood}"), ("risk {risk}", "impact", "{impact}")),
    )

    risk: RiskId
    likelihood: Annotated[Degree, Meta(description="Likelihood, from 1 (rare) to 5 (almost certain).")]
    impact: Annotated[Degree, Meta(description="Impact, from 1 (slight) to 5 (severe).")]
    controls: Annotated[Narrative | None, Meta(description="The controls in place and planned.")] = None


class RiskClosed(Fact, frozen=True, kw_only=True):
    """A risk was closed."""

    act: ClassVar[str] = "closeRisk"
    ends: ClassVar[str] = "closed"
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was closed: {reason}", (("risk {risk}", "state", "closed"),), decision=True
    )

    risk: RiskId
    reason: Narrative


class RisksState(Struct):
    """The area's state: empty, because the lifecycles of risks are enough."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield each reason why the fact may not be recorded."""
    yield from ()


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
