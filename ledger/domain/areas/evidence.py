"""Evidence: documents, which are stored outside the entries; the entries hold salted digests of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

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
    Sentence,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.roles import Role, matrix
from ledger.domain.shared_rules import order_refusals, repeat_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

EvidenceId = Annotated[str, reference("evidence", "A piece of evidence in the register.")]


class Classification(WordList):
    """The protective marking of a document, which decides who may open it."""

    PUBLIC = "PUBLIC"
    """Every person with a role in the notice may open the document."""
    OFFICIAL = "OFFICIAL"
    """Every role that reads the register may open the document."""
    OFFICIAL_SENSITIVE = "OFFICIAL_SENSITIVE"
    """Most roles that read the register may open the document; others need a live grant."""
    RESTRICTED = "RESTRICTED"
    """Few roles may open the document; others need a live grant. Openings are recorded, once an hour at most."""


def _file_unknown(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: it is unknown if the file was stored."""
    return data


class EvidenceSubmitted(Fact, frozen=True, kw_only=True):
    """A document was added to the evidence register."""

    act: ClassVar[str] = "submitEvidence"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_file_unknown,)
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Evidence {evidence} was submitted: {title} ({classification}, {media_type}, {size} bytes)[, for "
        "{period.first} to {period.last}][; it supports {supports}]",
        (("evidence {evidence}", "in the register", "as {classification}"),),
    )

    evidence: EvidenceId
    digest: Annotated[Digest, Meta(description="SHA-256 over the file's salt, then the file, in base64.")]
    media_type: MediaType
    size: Annotated[Count, Meta(description="The file's size in bytes.")]
    title: Narrative
    classification: Classification
    period: Annotated[Period | None, Meta(description="The days that the document covers.")] = None
    supports: Annotated[
        list[Id], Meta(description="The objectives, claims or measures that the document supports.")
    ] = []
    stored: Annotated[
        bool | None,
        Meta(description="True if the ledger stores the file; set by the ledger. Absent in version 1: unknown."),
    ] = None


class EvidenceSuperseded(Fact, frozen=True, kw_only=True):
    """A newer document replaced an older one, which stays in the register."""

    act: ClassVar[str] = "supersedeEvidence"
    ends: ClassVar[str] = "superseded"
    sentence: ClassVar[Sentence] = Sentence(
        "Evidence {evidence} was superseded by {by}: {reason}",
        (("evidence {evidence}", "in the register", "superseded by {by}"),),
    )

    evidence: EvidenceId
    by: Annotated[EvidenceId, Meta(description="The newer document, which replaces the older one.")]
    reason: Narrative


class EvidenceWithdrawn(Fact, frozen=True, kw_only=True):
    """A document was withdrawn; the facts that cite it are marked."""

    act: ClassVar[str] = "withdrawEvidence"
    ends: ClassVar[str] = "withdrawn"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Evidence {evidence} was withdrawn: {reason}", (("evidence {evidence}", "in the register", "withdrawn"),)
    )

    evidence: EvidenceId
    reason: Narrative


class Judgement(WordList):
    """The extent to which a document supports the statements that cite it."""

    SUFFICIENT = "SUFFICIENT"
    """The document supports the statements."""
    PARTIAL = "PARTIAL"
    """The document supports the statements in part."""
    INSUFFICIENT = "INSUFFICIENT"
    """The document does not support the statements."""


class EvidenceAssessed(Fact, frozen=True, kw_only=True):
    """An assessor judged to what extent a document supports the statements that cite it."""

    act: ClassVar[str] = "assessEvidence"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Evidence {evidence} was judged {judgement}: {reason}", (("evidence {evidence}", "judged", "{judgement}"),)
    )

    evidence: EvidenceId
    judgement: Judgement
    reason: Narrative


class EvidenceErased(Fact, frozen=True, kw_only=True):
    """A document and its salt were destroyed under a recorded request; the entry and its proof stay."""

    act: ClassVar[str] = "eraseEvidence"
    ends: ClassVar[str] = "erased"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The file of evidence {evidence} was destroyed, as requested in entry {request}; its proof remains valid",
        (("evidence {evidence}", "in the register", "erased"),),
        decision=True,
    )

    evidence: EvidenceId
    request: Annotated[Position, Meta(description="The entry that requested the erasure.")]


class EvidenceOpened(Fact, frozen=True, kw_only=True):
    """An actor read a restricted document; the service records this."""

    act: ClassVar[str] = "openEvidence"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence("{reader} opened evidence {evidence}")

    evidence: EvidenceId
    reader: Annotated[str, reference("actor", "The actor who read it.", known=False)]


class DocumentState(Struct, frozen=True):
    """A document of the evidence register: the position of its entry, and its classification."""

    position: int
    classification: Classification


class EvidenceState(Struct):
    """Documents of the evidence register, and the recorded openings of documents."""

    submitted: dict[str, DocumentState] = {}
    opened: dict[str, datetime] = {}
    """Instant of the latest recorded opening by reader and document; at most one opening an hour is recorded."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case EvidenceSubmitted():
            if fact.period is not None:
                yield from order_refusals(fact.period.first, fact.period.last, "data.period.last")
        case EvidenceSuperseded():
            if fact.by == fact.evidence:
                yield Refusal(
                    "SAME_THING", "a document cannot supersede itself; name the newer document", "data.by"
                )
        case EvidenceErased():
            yield from _admit_erasure(state, fact, who)
        case EvidenceOpened():
            yield from _admit_opening(state, fact, when)
            yield from repeat_refusals(
                state.evidence.opened, _opening_key(fact), when.recorded_at, "data.evidence"
            )


def opens_by_role(state: "State", roles: Iterable[Role], document: str) -> bool:
    """Return whether one of the roles may open a document of the evidence register without a grant."""
    classification = state.evidence.submitted[document].classification
    return not matrix().opens[classification.value].isdisjoint(roles)


def _admit_opening(state: "State", fact: EvidenceOpened, when: When) -> Iterator[Refusal]:
    if not opens_by_role(state, state.people.roles_at(fact.reader, when.occurred_at), fact.evidence):
        message = (
            f"{fact.reader} has no role that opens {fact.evidence} without a grant; record the use of a grant"
        )
        yield Refusal("NOT_GRANTED", message, "data.reader")


def _admit_erasure(state: "State", fact: EvidenceErased, who: Who) -> Iterator[Refusal]:
    request = state.records.requests.get(fact.request)
    if request is None or request.target != state.evidence.submitted[fact.evidence].position:
        message = f"entry {fact.request} is not a request to erase evidence {fact.evidence}"
        yield Refusal("NOT_FOUND", message, "data.request")
    elif request.requested_by == who.actor:
        yield Refusal("SAME_PERSON", f"{who.actor} requested this erasure; another person must approve it")


def _opening_key(fact: EvidenceOpened) -> str:
    return f"{fact.reader} {fact.evidence}"


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact = entry.fact
    match fact:
        case EvidenceSubmitted():
            state.evidence.submitted[fact.evidence] = DocumentState(entry.position, fact.classification)
        case EvidenceOpened():
            state.evidence.opened[_opening_key(fact)] = entry.recorded_at
