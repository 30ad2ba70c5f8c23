"""The evidence register, and what rests on what: claims, objectives and decisions on documents, as they stood.

What rests on a document is read off every fact's declaration: a new fact that names evidence is covered as it is.
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
    """SHA-256 over the file's salt and the file, in base64."""
    media_type: str
    size: int
    """In bytes."""
    title: NarrativeRef
    classification: str
    first: date | None
    """The first day that it covers."""
    last: date | None
    supports: list[str]
    status: str = "CURRENT"
    """CURRENT, SUPERSEDED, WITHDRAWN or ERASED."""
    ended_position: int | None = None
    """The entry by which the status became what it is."""
    ended_at: datetime | None = None
    reason: NarrativeRef | None = None
    superseded_by: str | None = None
    judgement: str | None = None
    """The latest, by when it was given: SUFFICIENT, PARTIAL or INSUFFICIENT."""
    assessed_at: datetime | None = None
    assessed_position: int | None = None
    opened: int = 0
    """How often opening it was recorded."""
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
    """That something rests on a document."""

    kind: str
    """What rests: its kind, such as decision, claim or objective."""
    subject: str
    """Its id; of a claim `report#number`; of a fact about nothing in particular its position."""
    evidence: str
    position: int
    """The entry that says so."""
    fact: str
    status_then: str = "CURRENT"
    """How the document stood when that was recorded."""
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
"""The facts that are about a document itself."""


class _Rests(Struct, frozen=True):
    """How a fact rests on evidence."""

    about: FieldPath | None
    kind: str
    documents: tuple[FieldPath, ...]


@cache
def _rests(fact: type[Fact]) -> _Rests | None:
    """None: it names no evidence, or is about it."""
    found = [leaf for leaf in field_paths(fact) if leaf.kind is not None]
    documents = tuple(leaf for leaf in found if leaf.kind == "evidence" and leaf.known)
    if fact in REGISTER or not documents:
        return None
    about = next((leaf for leaf in found if leaf.attributes == (fact.about,)), None)
    return _Rests(about, (about.kind or "") if about is not None else KIND_OF[fact].name, documents)


def bases(entry: Entry) -> Iterator[Basis]:
    """What an entry says rests on which documents."""
    fact, position = entry.fact, entry.position
    if isinstance(fact, EvidenceSubmitted):
        for subject in dict.fromkeys(fact.supports):
            yield Basis("supported", subject, fact.evidence, position, "EvidenceSubmitted")
        return
    rests = _rests(type(fact))
    if rests is None:
        return
    subject = str(position)
    if rests.about is not None:
        ((subject, _),) = values_in(fact, rests.about)
    name = KIND_OF[type(fact)].name
    seen = set()
    for leaf in rests.documents:
        for evidence, where in values_in(fact, leaf):
            basis = Basis(rests.kind, subject, evidence, position, name)
            if ".impactEvidence[" in where:
                number = int(where.split("[")[1].split("]")[0]) + 1
                basis = Basis("claim", f"{subject}#{number}", evidence, position, name)
            if basis not in seen:
                seen.add(basis)
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
    known = rows.require(EVIDENCE, fact.evidence)
    latest = max(entry.occurred_at, known.opened_at) if known.opened_at is not None else entry.occurred_at
    rows.change(EVIDENCE, fact.evidence, opened=known.opened + 1, opened_at=latest)


def _add_bases(rows: Rows, entry: Entry, fact: Fact) -> None:
    for basis in bases(entry):
        rows.add(BASES, _as_it_stands(rows, basis))


for _fact in KIND_OF:
    if _rests(_fact) is not None:
        VIEW.on(_fact)(_add_bases)


def _as_it_stands(rows: Rows, basis: Basis) -> Basis:
    """With what the register says of the document now, so that it can be told what was known then."""
    held = rows.get(EVIDENCE, basis.evidence)
    if held is None or (held.status, held.judgement) == ("CURRENT", None):
        return basis
    return structs.replace(
        basis, status_then=held.status, judgement_then=held.judgement, superseded_by_then=held.superseded_by
    )


def _end(rows: Rows, entry: Entry, evidence: str, status: str, **more: object) -> None:
    """An erased document stays erased, whatever is said of it later."""
    known = rows.require(EVIDENCE, evidence)
    if known.status != "ERASED":
        at = entry.occurred_at
        rows.change(EVIDENCE, evidence, status=status, ended_position=entry.position, ended_at=at, **more)


@VIEW.on(EvidenceAssessed)
def _assess(rows: Rows, entry: Entry, fact: EvidenceAssessed) -> None:
    at, position, judgement = entry.occurred_at, entry.position, fact.judgement.value
    rows.put(
        ASSESSMENTS, Assessment(fact.evidence, position, at, entry.actor, judgement, rows.narrative("reason"))
    )
    known = rows.require(EVIDENCE, fact.evidence)
    if known.assessed_at is None or at >= known.assessed_at:
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
    """Where the file of a document lies."""

    content: str | None
    """SHA-256 of the file, by which the store has it; None: it was destroyed."""
    upload: str | None
    """Its name in the store until it has its lasting one."""
    salt: bytes | None
    size: int
    media_type: str
    erased_by: int | None
    """The entry that erased it."""


async def held(reading: Snapshot, position: int) -> StoredDocument | None:
    """The file of the document that the entry at `position` submitted; None when it came without one."""
    rows = await reading.fetch(
        "SELECT content, upload, salt, size, media_type, erased_by FROM ledger.files "
        "WHERE notice = %s AND position = %s",
        (reading.notice, position),
    )
    return StoredDocument(*rows[0]) if rows else None
