"""The improvement board: what it decided, why, and on which evidence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.evidence import EvidenceId, missing
from ledger.facts.fact import Count, Fact, Id, Narrative, When, Who, reference

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

MeetingId = Annotated[str, reference("meeting", "A meeting of the improvement board.")]
DecisionId = Annotated[str, reference("decision", "A decision of the improvement board.")]


class Votes(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """How the members voted."""

    for_: Count
    against: Count
    abstained: Count = 0


class BoardDecisionRecorded(Fact, frozen=True, kw_only=True):
    """The board decided: what, why, among which options, on which evidence."""

    act: ClassVar[str] = "recordBoardDecision"
    clause: ClassVar[str] = "5b"

    decision: DecisionId
    meeting: MeetingId
    title: Narrative
    outcome: Annotated[Narrative, Meta(description="What was decided.")]
    rationale: Narrative
    options: Annotated[list[Narrative], Meta(description="The options that the board weighed.")] = field(
        default_factory=list
    )
    votes: Votes | None = None
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence before the board.")] = field(
        default_factory=list
    )
    relates_to: Annotated[list[Id], Meta(description="The objectives, areas or decisions concerned.")] = field(
        default_factory=list
    )


FACTS = (BoardDecisionRecorded,)


class BoardState(Struct):
    """What the rules need to know of the board: decision → the entry that recorded it."""

    decisions: dict[str, int] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case BoardDecisionRecorded():
            if fact.decision in state.board.decisions:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"decision {fact.decision} is recorded already, in entry "
                    f"{state.board.decisions[fact.decision]}; choose another id",
                    "data.decision",
                )
            yield from missing(state, fact.evidence, "data.evidence")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case BoardDecisionRecorded():
            state.board.decisions[fact.decision] = entry.position
