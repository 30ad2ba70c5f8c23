"""Upkeep of the record: corrections, erasures, signing keys, accepted losses, publications and audit findings."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.duties import Authors
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Digest,
    Fact,
    FactType,
    Id,
    Narrative,
    Position,
    Sentence,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.roles import Role, matrix

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State


class Replacement(Struct, frozen=True, forbid_unknown_fields=True):
    """The fact that should have been recorded, of the same type as the corrected one."""

    type: FactType
    data: dict[str, Any]


class EntryCorrected(Fact, frozen=True, kw_only=True):
    """An entry was corrected: from now on, the entry reads as removed, or as its replacement."""

    act: ClassVar[str] = "correctEntry"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Entry {position} was corrected", (("entry {position}", "reads", "as corrected"),), decision=True
    )

    position: Annotated[Position, Meta(description="The entry corrected.")]
    reason: Narrative
    replacement: Annotated[
        Replacement | None,
        Meta(description="The fact that should have been recorded; absent if nothing should have been."),
    ] = None


class ErasureRequested(Fact, frozen=True, kw_only=True):
    """The erasure of an entry's narratives or document was requested under a named authority."""

    act: ClassVar[str] = "requestErasure"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The erasure of the narratives of entry {position} was requested",
        (("the narratives of entry {position}", "state", "to be erased"),),
    )

    position: Annotated[Position, Meta(description="The entry whose narratives are to be erased.")]
    reason: Narrative
    authority: Annotated[Narrative, Meta(description="The law or policy that requires the erasure.")]


class NarrativeErased(Fact, frozen=True, kw_only=True):
    """An entry's narratives and salts were erased; the entry and its proof stay."""

    act: ClassVar[str] = "eraseNarrative"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The narratives of entry {position} were erased, as requested in entry {request}; its proof remains valid",
        (("the narratives of entry {position}", "state", "erased"),),
        decision=True,
    )

    position: Annotated[Position, Meta(description="The entry whose narratives were erased.")]
    request: Annotated[Position, Meta(description="The entry that requested the erasure.")]


class SigningKeyRotated(Fact, frozen=True, kw_only=True):
    """A new signing key replaced the earlier one; the new key signs the checkpoints from then on."""

    act: ClassVar[str] = "rotateSigningKey"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Checkpoints are signed with the key {key} ({public_key}) from now on",
        (("checkpoints", "signed with", "{key}"),),
    )

    key: Annotated[str, reference("key", "The key's name in signed notes.")]
    public_key: Annotated[Digest, Meta(description="The Ed25519 public key: 32 bytes in base64.")]


class LossAccepted(Fact, frozen=True, kw_only=True):
    """The database lost entries that had been recorded, and recording resumed without them."""

    act: ClassVar[str] = "acceptLoss"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The database lost entries: {size} had been recorded, with the root {root_hash}, and recording resumed "
        "after entry {resumed_at}",
        decision=True,
    )

    size: Annotated[Position, Meta(description="Number of entries before the loss.")]
    root_hash: Annotated[Digest, Meta(description="Root of the tree before the loss, in base64.")]
    resumed_at: Annotated[Position, Meta(description="The position of the last entry when recording resumed.")]


class Published(Fact, frozen=True, kw_only=True):
    """A report, a plan version, a document or the notice itself was published."""

    act: ClassVar[str] = "publish"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{subject} was published[, as the ledger stood at entry {position}]: {where}",
        (("{subject}", "state", "published"),),
    )

    subject: Annotated[
        Id, Meta(description="The reference of the report, plan version, document or notice that was published.")
    ]
    where: Annotated[Narrative, Meta(description="The place of publication.")]
    position: Annotated[
        Position | None, Meta(description="The position of the ledger that the publication presents, if any.")
    ] = None


class Severity(WordList):
    """The severity of an auditor's finding."""

    NOTE = "NOTE"
    """An observation without a fault."""
    MINOR = "MINOR"
    """A fault to correct."""
    MAJOR = "MAJOR"
    """A fault that puts the record in doubt."""


class AuditFindingRecorded(Fact, frozen=True, kw_only=True):
    """An auditor recorded a finding about the record."""

    act: ClassVar[str] = "recordAuditFinding"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Audit finding {finding} ({severity}) was recorded[, citing entries {positions}]: {text}",
        (("audit finding {finding}", "state", "recorded as {severity}"),),
    )

    finding: Annotated[str, reference("audit-finding", "An auditor's finding.")]
    severity: Severity
    text: Narrative
    positions: Annotated[list[Position], Meta(description="The entries that the finding is about.")] = []


UNCORRECTABLE = frozenset(
    {
        "NoticeIssued",
        "EntryCorrected",
        "ErasureRequested",
        "NarrativeErased",
        "EvidenceErased",
        "EvidenceOpened",
        "AccessUsed",
        "AccessUseRefused",
        "SigningKeyRotated",
        "LossAccepted",
        "AccessRevoked",
        "RoleRequested",
    }
)
"""Names of the facts that cannot be corrected.

These facts are the notice's issue, corrections, erasures and their requests, new signing keys and accepted losses.
Uses, refused uses and revocations of access, openings of documents and requests for roles are among them too.
"""
_CORRECTS_ALL = frozenset({Role.RECORDS_OFFICER, Role.OPERATOR})


def may_correct(role: Role, fact: str) -> bool:
    """Return whether a role may correct a fact, if the fact can be corrected.

    The records officer and the operator may correct every such fact. Another role may correct the facts that it
    may record.
    """
    return role in _CORRECTS_ALL or matrix().may_record(role, fact)


class ErasureRequest(Struct):
    """A request for erasure: the position of the entry to erase, and the actor who requested the erasure."""

    target: int
    requested_by: str


class RecordsState(Struct):
    """Corrections, requests for erasure and erasures.

    `corrected` and `erased` map an entry's position to the position of the entry that corrected or erased it.
    `requests` maps the position of each request to its target and requester.
    """

    corrected: dict[int, int] = {}
    correctors: dict[int, list[str]] = {}
    """Actors who corrected an entry, by the entry's position; without entries that a correction removed."""
    requests: dict[int, ErasureRequest] = {}
    erased: dict[int, int] = {}

    def authors(self, entry: "Entry") -> Authors:
        """Return the authors of an entry's fact as it reads now."""
        return Authors(entry.actor, self.correctors.get(entry.position, []))


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    records = state.records
    match fact:
        case EntryCorrected() | ErasureRequested():
            if fact.position > state.position:
                yield _no_entry(state, fact.position, "data.position")
            elif isinstance(fact, ErasureRequested) and fact.position in records.erased:
                yield Refusal(
                    "ALREADY_ERASED",
                    f"entry {fact.position} is already erased, by entry {records.erased[fact.position]}",
                    "data.position",
                )
            elif isinstance(fact, EntryCorrected) and fact.position in records.corrected:
                yield Refusal(
                    "ALREADY_CORRECTED",
                    f"entry {fact.position} is already corrected, by entry {records.corrected[fact.position]}",
                    "data.position",
                )
        case NarrativeErased():
            yield from _admit_erasure(records, fact, who)
        case Published() if fact.position is not None and fact.position > state.position:
            yield _no_entry(state, fact.position, "data.position")
        case LossAccepted() if fact.resumed_at != state.position:
            message = f"the last entry is {state.position}; name it, or run ledger resume again"
            yield Refusal("NOT_FOUND", message, "data.resumedAt")
        case AuditFindingRecorded():
            yield from _admit_positions(state, fact.positions)


def _admit_positions(state: "State", positions: list[int]) -> Iterator[Refusal]:
    for index, position in enumerate(positions):
        if position > state.position:
            yield _no_entry(state, position, f"data.positions[{index}]")


def _no_entry(state: "State", position: int, path: str) -> Refusal:
    message = f"there is no entry {position}; the last entry is {state.position}"
    return Refusal("NOT_FOUND", message, path)


def _admit_erasure(records: RecordsState, fact: NarrativeErased, who: Who) -> Iterator[Refusal]:
    request = records.requests.get(fact.request)
    if request is None or request.target != fact.position:
        yield Refusal(
            "NOT_FOUND",
            f"entry {fact.request} is not a request to erase entry {fact.position}",
            "data.request",
        )
    elif fact.position in records.erased:
        yield Refusal(
            "ALREADY_ERASED",
            f"entry {fact.position} is already erased, by entry {records.erased[fact.position]}",
            "data.position",
        )
    elif request.requested_by == who.actor:
        yield Refusal("SAME_PERSON", f"{who.actor} requested this erasure; another person must approve it")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, records = entry.fact, state.records
    match fact:
        case EntryCorrected():
            records.corrected[fact.position] = entry.position
        case ErasureRequested():
            records.requests[entry.position] = ErasureRequest(fact.position, entry.actor)
        case NarrativeErased():
            records.erased[fact.position] = entry.position
