"""The evidence register, and the claims, objectives and decisions that rest on each document.

A fact's fields show which documents it rests on, so a new fact needs no code here.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache

from msgspec import Struct, structs

from ledger.domain.areas.evidence import (
    EvidenceAssessed,
    EvidenceErased,
    EvidenceOpened,
    EvidenceSubmitted,
    EvidenceSuperseded,
    EvidenceWithdrawn,
)
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import WITHIN, contains, of_table
from projections.query.snapshot import Snapshot


class Evidence(Struct, frozen=True):
    """A document of the register."""

    evidence: str
    position: int
    submitted_at: datetime
    actor: str
    digest: str
    """SHA-256 of the file's salt and the file, in base64."""
    media_type: str
    size: int
    """Bytes in the file."""
    title: NarrativeRef
    classification: str
    first: date | None
    """First day that it covers."""
    last: date | None
    supports: list[str]
    status: str = "CURRENT"
    """CURRENT, SUPERSEDED, WITHDRAWN or ERASED."""
    ended_position: int | None = None
    """Entry that set the status."""
    ended_at: datetime | None = None
    reason: NarrativeRef | None = None
    superseded_by: str | None = None
    judgement: str | None = None
    """Judgement with the latest time: SUFFICIENT, PARTIAL or INSUFFICIENT."""
    assessed_at: datetime | None = None
    assessed_position: int | None = None
    opened: int = 0
    """Number of recorded openings."""
    opened_at: datetime | None = None


class Assessment(Struct, frozen=True):
    """A judgement on a document."""

    evidence: str
    position: int
    assessed_at: datetime
    assessor: str
    judgement: str
    reason: NarrativeRef


class Basis(Struct, frozen=True):
    """A statement that rest on a document."""

    kind: str
    """Kind of the statement's subject, such as decision, claim or objective."""
    subject: str
    """Id of the subject; `report#number` for a claim, the position for a fact without a subject."""
    evidence: str
    position: int
    """Entry that makes the statement."""
    fact: str
    status_then: str = "CURRENT"
    """Status of the document when the statement was recorded."""
    judgement_then: str | None = None
    superseded_by_then: str | None = None


EVIDENCE = Table("evidence", Evidence, ("evidence",), lookups=(("position",),), by_position=False)
ASSESSMENTS = Table("assessments", Assessment, ("position",), in_memory=False)
BASES = Table(
    "bases", Basis, ("subject", "kind", "evidence", "position"), in_memory=False, lookups=(("evidence",),)
)
REGISTER: frozenset[type[Fact]] = frozenset(
    {
        EvidenceSubmitted,
        EvidenceSuperseded,
        EvidenceWithdrawn,
        EvidenceErased,
        EvidenceAssessed,
        EvidenceOpened,
    }
)
"""Facts about a document itself."""


class _Reliance(Struct, frozen=True):
    """The fields that show how a fact rests on evidence."""

    about: FieldPath | None
    kind: str
    documents: tuple[FieldPath, ...]


@cache
def _reliance_of(fact: type[Fact]) -> _Reliance | None:
    """Return how a fact rests on evidence; None if it names no evidence or is about a document."""
    references = [leaf for leaf in field_paths(fact) if leaf.kind is not None]
    documents = tuple(leaf for leaf in references if leaf.kind == "evidence" and leaf.known)
    if fact in REGISTER or not documents:
        return None
    about = next((leaf for leaf in references if leaf.attributes == (fact.about,)), None)
    return _Reliance(about, (about.kind or "") if about is not None else KIND_OF[fact].name, documents)


def bases(entry: Entry) -> Iterator[Basis]:
    """Yield the statements of an entry that rest on documents."""
    fact, position = entry.fact, entry.position
    if isinstance(fact, EvidenceSubmitted):
        for subject in dict.fromkeys(fact.supports):
            yield Basis("supported", subject, fact.evidence, position, "EvidenceSubmitted")
        return
    reliance = _reliance_of(type(fact))
    if reliance is None:
        return
    subject = str(position)
    if reliance.about is not None:
        ((subject, _),) = values_in(fact, reliance.about)
    name = KIND_OF[type(fact)].name
    earlier = set()
    for leaf in reliance.documents:
        for evidence, where in values_in(fact, leaf):
            basis = Basis(reliance.kind, subject, evidence, position, name)
            if ".impactEvidence[" in where:
                number = int(where.split("[")[1].split("]")[0]) + 1
                basis = Basis("claim", f"{subject}#{number}", evidence, position, name)
            if basis not in earlier:
                earlier.add(basis)
                yield basis


VIEW = View("evidence", 2, (EVIDENCE, ASSESSMENTS, BASES))


@VIEW.on(EvidenceSubmitted)
def _evidence_submitted(rows: Rows, entry: Entry, fact: EvidenceSubmitted) -> None:
    _add_bases(rows, entry, fact)
    period = fact.period
    submitted = Evidence(
        evidence=fact.evidence,
        position=entry.position,
        submitted_at=entry.occurred_at,
        actor=entry.actor,
        digest=fact.digest,
        media_type=fact.media_type,
        size=fact.size,
        title=rows.narrative("title"),
        classification=fact.classification.value,
        first=period.first if period is not None else None,
        last=period.last if period is not None else None,
        supports=list(fact.supports),
    )
    rows.put(EVIDENCE, submitted)


@VIEW.on(EvidenceSuperseded)
def _evidence_superseded(rows: Rows, entry: Entry, fact: EvidenceSuperseded) -> None:
    reason = rows.narrative("reason")
    _end(rows, entry, fact.evidence, "SUPERSEDED", reason=reason, superseded_by=fact.by)


@VIEW.on(EvidenceWithdrawn)
def _evidence_withdrawn(rows: Rows, entry: Entry, fact: EvidenceWithdrawn) -> None:
    _end(rows, entry, fact.evidence, "WITHDRAWN", reason=rows.narrative("reason"))


@VIEW.on(EvidenceErased)
def _evidence_erased(rows: Rows, entry: Entry, fact: EvidenceErased) -> None:
    _end(rows, entry, fact.evidence, "ERASED")


@VIEW.on(EvidenceOpened)
def _evidence_opened(rows: Rows, entry: Entry, fact: EvidenceOpened) -> None:
    document = rows.require(EVIDENCE, fact.evidence)
    latest = max(entry.occurred_at, document.opened_at) if document.opened_at is not None else entry.occurred_at
    rows.change(EVIDENCE, fact.evidence, opened=document.opened + 1, opened_at=latest)


def _add_bases(rows: Rows, entry: Entry, fact: Fact) -> None:
    for basis in bases(entry):
        rows.add(BASES, _with_status(rows, basis))


for _fact in KIND_OF:
    if _reliance_of(_fact) is not None:
        VIEW.on(_fact)(_add_bases)


def _with_status(rows: Rows, basis: Basis) -> Basis:
    """Return a statement with the document's current status and judgement."""
    document = rows.get(EVIDENCE, basis.evidence)
    if document is None or (document.status, document.judgement) == ("CURRENT", None):
        return basis
    return structs.replace(
        basis,
        status_then=document.status,
        judgement_then=document.judgement,
        superseded_by_then=document.superseded_by,
    )


def _end(rows: Rows, entry: Entry, evidence: str, status: str, **changes: object) -> None:
    """End a document with a status; an erased document stays erased."""
    document = rows.require(EVIDENCE, evidence)
    if document.status != "ERASED":
        at = entry.occurred_at
        rows.change(EVIDENCE, evidence, status=status, ended_position=entry.position, ended_at=at, **changes)


@VIEW.on(EvidenceAssessed)
def _assess(rows: Rows, entry: Entry, fact: EvidenceAssessed) -> None:
    at, position, judgement = entry.occurred_at, entry.position, fact.judgement.value
    rows.put(
        ASSESSMENTS, Assessment(fact.evidence, position, at, entry.actor, judgement, rows.narrative("reason"))
    )
    document = rows.require(EVIDENCE, fact.evidence)
    if document.assessed_at is None or at >= document.assessed_at:
        rows.change(EVIDENCE, fact.evidence, judgement=judgement, assessed_at=at, assessed_position=position)


DOCUMENT = of_table(
    "evidence",
    EVIDENCE,
    conditions={
        "ids": "t.evidence = ANY (:value)",
        "supports": ":value = ANY (t.supports)",
        "submitted_from": "t.submitted_at >= :value",
        "submitted_to": "t.submitted_at < :value",
        "text": contains("title"),
        **WITHIN,
    },
)
ASSESSMENT = of_table("evidence", ASSESSMENTS)
BASIS = of_table("evidence", BASES, order=("position", "kind", "subject", "evidence"))


class StoredDocument(Struct, frozen=True):
    """The stored file of a document."""

    content: str | None
    """SHA-256 of the file, its name in the store; None once destroyed."""
    upload: str | None
    """Name in the store until the upload is complete."""
    salt: bytes | None
    size: int
    media_type: str
    erased_by: int | None
    """Entry that erased it."""


async def stored_document(reading: Snapshot, position: int) -> StoredDocument | None:
    """Return the file that the entry at a position submitted; None if it came without one."""
    rows = await reading.fetch(
        "SELECT content, upload, salt, size, media_type, erased_by FROM ledger.files "
        "WHERE notice = %s AND position = %s",
        (reading.notice, position),
    )
    return StoredDocument(*rows[0]) if rows else None
