"""The record's own upkeep: corrections that supersede, and erasures that keep the proof."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.errors import Refusal
from ledger.domain.fact import Digest, Fact, FactType, Id, Narrative, Position, When, Who, WordList, reference
from ledger.domain.roles import Role, matrix

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State


class Replacement(Struct, frozen=True, forbid_unknown_fields=True):
    """The fact that should have been recorded, of the same type as the one corrected."""

    type: FactType
    data: dict[str, Any]


class EntryCorrected(Fact, frozen=True, kw_only=True):
    """From here on the entry at that position reads as if it were absent, or were its replacement."""

    act: ClassVar[str] = "correctEntry"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    position: Annotated[Position, Meta(description="The entry corrected.")]
    reason: Narrative
    replacement: Annotated[
        Replacement | None, Meta(description="What should have been recorded; absent: nothing should.")
    ] = None


class ErasureRequested(Fact, frozen=True, kw_only=True):
    """Somebody asked that the free text of an entry be erased, under a named authority."""

    act: ClassVar[str] = "requestErasure"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    position: Annotated[Position, Meta(description="The entry whose free text is to go.")]
    reason: Narrative
    authority: Annotated[Narrative, Meta(description="The law or the policy that asks for it.")]


class NarrativeErased(Fact, frozen=True, kw_only=True):
    """The free text of an entry and its salts were destroyed; the entry and its proof stay."""

    act: ClassVar[str] = "eraseNarrative"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    position: Annotated[Position, Meta(description="The entry whose free text was erased.")]
    request: Annotated[Position, Meta(description="The entry that asked for it.")]


class SigningKeyRotated(Fact, frozen=True, kw_only=True):
    """Checkpoints are signed with another key from now on."""

    act: ClassVar[str] = "rotateSigningKey"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "key"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    key: Annotated[str, reference("key", "The key's name in signed notes.")]
    public_key: Annotated[Digest, Meta(description="The Ed25519 public key: 32 bytes in base64.")]


class Published(Fact, frozen=True, kw_only=True):
    """Something of this ledger was made public."""

    act: ClassVar[str] = "publish"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    subject: Annotated[Id, Meta(description="What: the id of a report, a plan version, evidence or the notice.")]
    where: Annotated[Narrative, Meta(description="Where it can be found.")]
    position: Annotated[Position | None, Meta(description="The position that it shows, if it shows one.")] = None


class Severity(WordList):
    """How grave an auditor's finding is."""

    NOTE = "NOTE"
    """Something to know."""
    MINOR = "MINOR"
    """Something to mend."""
    MAJOR = "MAJOR"
    """Something that puts the record in doubt."""


class AuditFindingRecorded(Fact, frozen=True, kw_only=True):
    """An auditor wrote down what the record shows, or fails to show."""

    act: ClassVar[str] = "recordAuditFinding"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "finding"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    finding: Annotated[str, reference("audit-finding", "An auditor's finding.")]
    severity: Severity
    text: Narrative
    positions: Annotated[list[Position], Meta(description="The entries that it rests on.")] = field(
        default_factory=list
    )


FACTS = (
    EntryCorrected,
    ErasureRequested,
    NarrativeErased,
    SigningKeyRotated,
    Published,
    AuditFindingRecorded,
)
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
        "AccessRevoked",
    }
)
"""What is mended otherwise, or not at all: the first entry, the record's own upkeep, what was destroyed or shown
to somebody already, and the end of an access."""
_CORRECTS_ALL = frozenset({Role.RECORDS_OFFICER, Role.OPERATOR})


def may_correct(role: Role, fact: str) -> bool:
    """Whether the role may correct a fact of that name: whoever may record one, and who keeps the records."""
    return role in _CORRECTS_ALL or matrix().may_record(role, fact)


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
                yield _no_entry(state, fact.position, "data.position")
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
        case Published() if fact.position is not None and fact.position > state.position:
            yield _no_entry(state, fact.position, "data.position")
        case AuditFindingRecorded():
            for index, position in enumerate(fact.positions):
                if position > state.position:
                    yield _no_entry(state, position, f"data.positions[{index}]")


def _no_entry(state: "State", position: int, path: str) -> Refusal:
    message = f"there is no entry {position} yet; the last one is {state.position}"
    return Refusal("NOT_FOUND", message, path)


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
