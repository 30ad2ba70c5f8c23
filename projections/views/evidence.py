"""The evidence register, and the statements that rest on each document, such as claims and decisions.

A fact's fields show which documents it rests on, so a new fact needs no code here.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Annotated

from msgspec import Meta, Struct, structs

from ledger.domain.areas.evidence import (
    Classification,
    EvidenceAssessed,
    EvidenceErased,
    EvidenceOpened,
    EvidenceSubmitted,
    EvidenceSuperseded,
    EvidenceWithdrawn,
    Judgement,
)
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, COUNT, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import WITHIN, contains, of_table
from projections.query.snapshot import Snapshot
from projections.views.word_lists import BasisKind, EvidenceStatus


class Evidence(Struct, frozen=True):
    """A document of the register."""

    evidence: Annotated[str, ID, Meta(description="Id of the evidence.")]
    position: int
    submitted_at: Annotated[datetime, Meta(description="Instant at which it was submitted.")]
    actor: Annotated[str, ACTOR_ID, Meta(description="Actor id of its submitter.")]
    digest: Annotated[str, Meta(description="SHA-256 over the file's salt and the file, in base64.")]
    media_type: Annotated[str, Meta(description="Its media type.")]
    size: Annotated[int, COUNT, Meta(description="Its size in bytes.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    classification: Annotated[str, words(Classification), Meta(description="Classification.")]
    first: Annotated[date | None, Meta(description="First day of its period.")]
    last: Annotated[date | None, Meta(description="Last day of its period.")]
    supports: Annotated[list[str], ID, Meta(description="Ids of the things that it supports.")]
    status: Annotated[str, words(EvidenceStatus), Meta(description="Status of the document.")] = "CURRENT"
    ended_position: Annotated[int | None, Meta(description="Position of the entry that changed the status.")] = (
        None
    )
    ended_at: Annotated[
        datetime | None, Meta(description="Instant at which its present status began; null if it is current.")
    ] = None
    reason: Annotated[NarrativeRef | None, Meta(description="Reason for the status; null if erased.")] = None
    superseded_by: Annotated[str | None, ID, Meta(description="Id of the document that replaces it.")] = None
    judgement: Annotated[str | None, words(Judgement), Meta(description="Latest judgement on it.")] = None
    assessed_at: Annotated[datetime | None, Meta(description="Instant of the latest judgement.")] = None
    assessed_position: Annotated[int | None, Meta(description="Position of the entry that records it.")] = None
    opened: Annotated[int, Meta(description="Number of recorded openings; only for restricted documents.")] = 0
    opened_at: Annotated[datetime | None, Meta(description="Instant of the last opening.")] = None


class Assessment(Struct, frozen=True):
    """A judgement on a document."""

    evidence: Annotated[str, ID, Meta(description="Id of the document.")]
    position: int
    assessed_at: Annotated[datetime, Meta(description="Instant of the judgement.")]
    assessor: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who did this.")]
    judgement: Annotated[str, words(Judgement), Meta(description="Judgement on the document.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


class Basis(Struct, frozen=True):
    """A statement that rests on a document."""

    kind: Annotated[str, words(BasisKind), Meta(description="Kind of what rests on it.")]
    subject: Annotated[
        str,
        ID,
        Meta(
            description="Id of what rests on it: report#number for a claim, "
            "the entry's position for a fact without a subject."
        ),
    ]
    evidence: Annotated[str, ID, Meta(description="Id of the document.")]
    position: Annotated[int, Meta(description="Position of the entry that records this.")]
    fact: Annotated[str, Meta(description="Name of the fact that records this.")]
    status_then: Annotated[
        str, words(EvidenceStatus), Meta(description="Status of the document at the time of recording.")
    ] = "CURRENT"
    judgement_then: Annotated[
        str | None,
        words(Judgement),
        Meta(description="Latest judgement on the document at the time of recording."),
    ] = None
    superseded_by_then: Annotated[
        str | None, ID, Meta(description="Id of the document that had replaced it by then.")
    ] = None


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
    """Return the fields by which a fact rests on evidence.

    None means that the fact names no evidence, or is about a document itself.
    """
    references = [leaf for leaf in field_paths(fact) if leaf.kind is not None]
    documents = tuple(leaf for leaf in references if leaf.kind == "evidence" and leaf.known)
    if fact in REGISTER or not documents:
        return None
    about = next((leaf for leaf in references if leaf.attributes == (fact.about,)), None)
    kind = BasisKind.FACT if about is None else BasisKind((about.kind or "").upper().replace("-", "_"))
    return _Reliance(about, kind.value, documents)


def bases(entry: Entry) -> Iterator[Basis]:
    """Yield the statements of an entry that rest on documents."""
    fact, position = entry.fact, entry.position
    if isinstance(fact, EvidenceSubmitted):
        for subject in dict.fromkeys(fact.supports):
            yield Basis(BasisKind.SUPPORTED.value, subject, fact.evidence, position, "EvidenceSubmitted")
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
                basis = Basis(BasisKind.CLAIM.value, f"{subject}#{number}", evidence, position, name)
            if basis not in earlier:
                earlier.add(basis)
                yield basis


VIEW = View("evidence", 3, (EVIDENCE, ASSESSMENTS, BASES))


@VIEW.on(EvidenceSubmitted)
def _evidence_submitted(rows: Rows, entry: Entry, fact: EvidenceSubmitted) -> None:
    _add_bases(rows, entry, fact)
    put_from_fact(rows, EVIDENCE, entry)


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
    """Set the status with which a document ceases to be current. An erased document stays erased."""
    document = rows.require(EVIDENCE, evidence)
    if document.status != "ERASED":
        at = entry.occurred_at
        rows.change(EVIDENCE, evidence, status=status, ended_position=entry.position, ended_at=at, **changes)


@VIEW.on(EvidenceAssessed)
def _assess(rows: Rows, entry: Entry, fact: EvidenceAssessed) -> None:
    put_from_fact(rows, ASSESSMENTS, entry, assessor=entry.actor)
    at, document = entry.occurred_at, rows.require(EVIDENCE, fact.evidence)
    if document.assessed_at is None or at >= document.assessed_at:
        assessed = {"assessed_at": at, "assessed_position": entry.position}
        rows.change(EVIDENCE, fact.evidence, judgement=fact.judgement.value, **assessed)


DOCUMENT = of_table(
    "evidence",
    EVIDENCE,
    conditions={
        "supports": ":value = ANY (t.supports)",
        "text": contains("title"),
        **WITHIN,
    },
)
ASSESSMENT = of_table("evidence", ASSESSMENTS)
BASIS = of_table("evidence", BASES, order=("position", "kind", "subject", "evidence"))


class StoredDocument(Struct, frozen=True):
    """The stored file of a document."""

    content: str | None
    """Name of the file in the store, which is its SHA-256; None once the file is destroyed."""
    upload: str | None
    """Temporary name of the file in the store; None once the file has its lasting name."""
    salt: bytes | None
    size: int
    media_type: str
    erased_by: int | None
    """Position of the entry that erased the file; None if it is not erased."""


async def stored_document(snapshot: Snapshot, position: int) -> StoredDocument | None:
    """Return the file that the entry at a position submitted, or None if the entry came without a file.

    Raise the errors of `Snapshot.fetch`.
    """
    rows = await snapshot.fetch(
        "SELECT content, upload, salt, size, media_type, erased_by FROM ledger.files "
        "WHERE notice = %s AND position = %s",
        (snapshot.notice, position),
    )
    return StoredDocument(*rows[0]) if rows else None
