"""The record's own upkeep: corrections that supersede, and erasures that keep the proof."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.fact import Fact, FactType, Narrative, Position, When, Who

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State


class Replacement(Struct, frozen=True, forbid_unknown_fields=True):
    """The fact that should have been recorded, of the same type as the one corrected."""

    type: FactType
    data: dict[str, Any]


class EntryCorrected(Fact, frozen=True, kw_only=True):
    """From here on the entry at that position reads as if it were absent, or were its replacement."""

    act: ClassVar[str] = "correctEntry"
    clause: ClassVar[str] = "records"

    position: Annotated[Position, Meta(description="The entry corrected.")]
    reason: Narrative
    replacement: Annotated[
        Replacement | None, Meta(description="What should have been recorded; absent: nothing should.")
    ] = None


class ErasureRequested(Fact, frozen=True, kw_only=True):
    """Somebody asked that the free text of an entry be erased, under a named authority."""

    act: ClassVar[str] = "requestErasure"
    clause: ClassVar[str] = "records"

    position: Annotated[Position, Meta(description="The entry whose free text is to go.")]
    reason: Narrative
    authority: Annotated[Narrative, Meta(description="The law or the policy that asks for it.")]


class NarrativeErased(Fact, frozen=True, kw_only=True):
    """The free text of an entry and its salts were destroyed; the entry and its proof stay."""

    act: ClassVar[str] = "eraseNarrative"
    clause: ClassVar[str] = "records"

    position: Annotated[Position, Meta(description="The entry whose free text was erased.")]
    request: Annotated[Position, Meta(description="The entry that asked for it.")]


FACTS = (EntryCorrected, ErasureRequested, NarrativeErased)
UNCORRECTABLE = frozenset({"NoticeIssued", "EntryCorrected", "ErasureRequested", "NarrativeErased"})
"""What is mended otherwise, or not at all: the first entry, and the record's own upkeep."""


class ErasureRequest(Struct):
    """A request that awaits a second person's approval."""

    target: int
    requested_by: str


class RecordsState(Struct):
    """Corrections (position → correcting entry), requests for erasure, erasures (position → erasing entry)."""

    corrected: dict[int, int] = field(default_factory=dict)
    requests: dict[int, ErasureRequest] = field(default_factory=dict)
    erased: dict[int, int] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded (what a correction would do to later entries, the writer finds out)."""
    records = state.records
    match fact:
        case EntryCorrected() | ErasureRequested():
            if fact.position > state.position:
                yield Refusal(
                    "NOT_FOUND",
                    f"there is no entry {fact.position} yet; the last one is {state.position}",
                    "data.position",
                )
            elif isinstance(fact, ErasureRequested) and fact.position in records.erased:
                yield Refusal(
                    "ALREADY_ERASED",
                    f"entry {fact.position} was erased already, by entry {records.erased[fact.position]}",
                    "data.position",
                )
            elif isinstance(fact, EntryCorrected) and fact.position in records.corrected:
                yield Refusal(
                    "ALREADY_CORRECTED",
                    f"entry {fact.position} was corrected already, by entry {records.corrected[fact.position]}",
                    "data.position",
                )
        case NarrativeErased():
            yield from _admit_erasure(records, fact, who)


def _admit_erasure(records: RecordsState, fact: NarrativeErased, who: Who) -> Iterator[Refusal]:
    request = records.requests.get(fact.request)
    if request is None or request.target != fact.position:
        yield Refusal(
            "NOT_FOUND",
            f"entry {fact.request} does not ask for entry {fact.position} to be erased",
            "data.request",
        )
    elif fact.position in records.erased:
        yield Refusal(
            "ALREADY_ERASED",
            f"entry {fact.position} was erased already, by entry {records.erased[fact.position]}",
            "data.position",
        )
    elif request.requested_by == who.actor:
        yield Refusal("SAME_PERSON", f"{who.actor} asked for this erasure; somebody else has to approve it")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, records = entry.fact, state.records
    match fact:
        case EntryCorrected():
            records.corrected[fact.position] = entry.position
        case ErasureRequested():
            records.requests[entry.position] = ErasureRequest(fact.position, entry.actor)
        case NarrativeErased():
            records.erased[fact.position] = entry.position
