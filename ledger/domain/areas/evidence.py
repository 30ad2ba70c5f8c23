"""Evidence: documents kept beside the ledger, whose salted digests the entries hold."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.chronology import in_order, once_an_hour
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Count,
    Digest,
    Fact,
    Id,
    MediaType,
    Narrative,
    Period,
    Position,
    When,
    Who,
    WordList,
    reference,
)

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

EvidenceId = Annotated[str, reference("evidence", "A piece of evidence in the register.")]


class Classification(WordList):
    """Who may see the document; a restricted one opens to few roles, and else with a live grant only."""

    PUBLIC = "PUBLIC"
    """Anybody may see it."""
    OFFICIAL = "OFFICIAL"
    """Whoever reads the register may open it."""
    OFFICIAL_SENSITIVE = "OFFICIAL_SENSITIVE"
    """Most of those who read the register may open it; others with a live grant."""
    RESTRICTED = "RESTRICTED"
    """Few roles may open it without a live grant, and each opening is recorded."""


class EvidenceSubmitted(Fact, frozen=True, kw_only=True):
    """A document was put into the evidence register."""

    act: ClassVar[str] = "submitEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    begins: ClassVar[bool] = True

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


class EvidenceSuperseded(Fact, frozen=True, kw_only=True):
    """A newer document took the place of another; the old one stays in the register."""

    act: ClassVar[str] = "supersedeEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    ends: ClassVar[str] = "superseded"

    evidence: EvidenceId
    by: Annotated[EvidenceId, Meta(description="The evidence that takes its place.")]
    reason: Narrative


class EvidenceWithdrawn(Fact, frozen=True, kw_only=True):
    """Whoever submitted a document no longer stands by it; what rested on it shows so."""

    act: ClassVar[str] = "withdrawEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    ends: ClassVar[str] = "withdrawn"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    evidence: EvidenceId
    reason: Narrative


class Judgement(WordList):
    """Whether a document shows what it is said to show."""

    SUFFICIENT = "SUFFICIENT"
    """It shows it."""
    PARTIAL = "PARTIAL"
    """It shows some of it."""
    INSUFFICIENT = "INSUFFICIENT"
    """It does not show it."""


class EvidenceAssessed(Fact, frozen=True, kw_only=True):
    """Somebody judged whether a document shows what it is said to show."""

    act: ClassVar[str] = "assessEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    outlives: ClassVar[bool] = True

    evidence: EvidenceId
    judgement: Judgement
    reason: Narrative


class EvidenceErased(Fact, frozen=True, kw_only=True):
    """The file and its salt were destroyed under a recorded request; the entry and its proof stay."""

    act: ClassVar[str] = "eraseEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    ends: ClassVar[str] = "erased"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    evidence: EvidenceId
    request: Annotated[Position, Meta(description="The entry that asked for it (ErasureRequested).")]


class EvidenceOpened(Fact, frozen=True, kw_only=True):
    """Somebody read a restricted document; recorded by the service on the reader's behalf."""

    act: ClassVar[str] = "openEvidence"
    clause: ClassVar[str] = "evidence"
    about: ClassVar[str] = "evidence"
    outlives: ClassVar[bool] = True

    evidence: EvidenceId
    reader: Annotated[str, reference("actor", "Who read it.", known=False)]


FACTS = (
    EvidenceSubmitted,
    EvidenceSuperseded,
    EvidenceWithdrawn,
    EvidenceAssessed,
    EvidenceErased,
    EvidenceOpened,
)


class DocumentState(Struct, frozen=True):
    """A document of the register: the entry that submitted it, and who may see it."""

    position: int
    classification: Classification


class EvidenceState(Struct):
    """What the rules need to know of the register: its documents, and openings."""

    submitted: dict[str, DocumentState] = field(default_factory=dict)
    opened: dict[str, datetime] = field(default_factory=dict)
    """Reader and document → when that was recorded last; once an hour is enough."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case EvidenceSubmitted():
            if fact.period is not None:
                yield from in_order(fact.period.first, fact.period.last, "data.period.last")
        case EvidenceSuperseded():
            if fact.by == fact.evidence:
                yield Refusal("SAME_THING", "a document does not supersede itself; name the newer one", "data.by")
        case EvidenceErased():
            yield from _admit_erasure(state, fact, who)
        case EvidenceOpened():
            yield from once_an_hour(state.evidence.opened, _opening(fact), when.recorded_at, "data.evidence")


def _admit_erasure(state: "State", fact: EvidenceErased, who: Who) -> Iterator[Refusal]:
    request = state.records.requests.get(fact.request)
    if request is None or request.target != state.evidence.submitted[fact.evidence].position:
        message = f"entry {fact.request} does not ask for evidence {fact.evidence} to be erased"
        yield Refusal("NOT_FOUND", message, "data.request")
    elif request.requested_by == who.actor:
        yield Refusal("SAME_PERSON", f"{who.actor} asked for this erasure; somebody else has to approve it")


def _opening(fact: EvidenceOpened) -> str:
    return f"{fact.reader} {fact.evidence}"


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case EvidenceSubmitted():
            state.evidence.submitted[fact.evidence] = DocumentState(entry.position, fact.classification)
        case EvidenceOpened():
            state.evidence.opened[_opening(fact)] = entry.recorded_at
