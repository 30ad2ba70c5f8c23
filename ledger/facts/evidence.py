"""Evidence: documents kept beside the ledger, whose salted digests the entries hold."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.fact import Count, Day, Digest, Fact, Id, MediaType, Narrative, When, Who, Words, reference

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

EvidenceId = Annotated[str, reference("evidence", "A piece of evidence in the register.")]


class Classification(Words):
    """Who may see the document; RESTRICTED opens with a live grant only."""

    PUBLIC = "PUBLIC"
    OFFICIAL = "OFFICIAL"
    OFFICIAL_SENSITIVE = "OFFICIAL_SENSITIVE"
    RESTRICTED = "RESTRICTED"


class Period(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The days that something covers, both included."""

    first: Day
    last: Day


class EvidenceSubmitted(Fact, frozen=True, kw_only=True):
    """A document was put into the evidence register."""

    act: ClassVar[str] = "submitEvidence"
    clause: ClassVar[str] = "evidence"

    evidence: EvidenceId
    digest: Annotated[Digest, Meta(description="SHA-256 over the file's salt, then the file, in base64.")]
    media_type: MediaType
    size: Annotated[Count, Meta(description="The file's size in bytes.")]
    title: Narrative
    classification: Classification
    period: Annotated[Period | None, Meta(description="The days that the document covers.")] = None
    supports: Annotated[list[Id], Meta(description="The objectives, claims or measures it speaks for.")] = field(
        default_factory=list
    )


FACTS = (EvidenceSubmitted,)


class EvidenceState(Struct):
    """What the rules need to know of the register: id → the entry that submitted it."""

    submitted: dict[str, int] = field(default_factory=dict)


def missing(state: "State", ids: list[str], path: str) -> Iterator[Refusal]:
    """A refusal for each id that the register does not hold."""
    for index, evidence in enumerate(ids):
        if evidence not in state.evidence.submitted:
            yield Refusal(
                "NOT_FOUND",
                f"the evidence register has no {evidence}; submit the evidence first, or correct the id",
                f"{path}[{index}]",
            )


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case EvidenceSubmitted():
            if fact.evidence in state.evidence.submitted:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"evidence {fact.evidence} is in the register already, since entry "
                    f"{state.evidence.submitted[fact.evidence]}; choose another id",
                    "data.evidence",
                )
            if fact.period is not None and fact.period.last < fact.period.first:
                yield Refusal("OUT_OF_RANGE", "the period ends before it begins", "data.period.last")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case EvidenceSubmitted():
            state.evidence.submitted[fact.evidence] = entry.position
