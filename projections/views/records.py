"""Upkeep of the record: erasures, publications, audit findings and signing keys."""

from datetime import datetime

from msgspec import Struct

from ledger.domain.areas.evidence import EvidenceErased
from ledger.domain.areas.records import (
    AuditFindingRecorded,
    ErasureRequested,
    NarrativeErased,
    Published,
    SigningKeyRotated,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import of_table


class Erasure(Struct, frozen=True):
    """A request to erase, and its fulfilment."""

    position: int
    """Entry that requested it."""
    target: int
    """Entry whose narratives or file are to be erased."""
    requested_at: datetime
    requested_by: str
    reason: NarrativeRef
    authority: NarrativeRef
    erased_position: int | None = None
    erased_at: datetime | None = None
    erased_by: str | None = None


class Publication(Struct, frozen=True):
    """A publication."""

    position: int
    subject: str
    published_at: datetime
    where: NarrativeRef
    shows: int | None
    """Position that it shows."""


class AuditFinding(Struct, frozen=True):
    """A finding of an auditor."""

    finding: str
    position: int
    recorded_at: datetime
    auditor: str
    severity: str
    text: NarrativeRef
    positions: list[int]
    """Positions of the entries that it cites."""


class SigningKey(Struct, frozen=True):
    """A key that signs checkpoints from its entry on."""

    key: str
    position: int
    rotated_at: datetime
    public_key: str
    """Ed25519 public key, 32 bytes in base64."""


ERASURES = Table("erasures", Erasure, ("position",))
PUBLICATIONS = Table("publications", Publication, ("position",), in_memory=False)
AUDIT_FINDINGS = Table("audit_findings", AuditFinding, ("finding",), in_memory=False)
SIGNING_KEYS = Table("signing_keys", SigningKey, ("key",), in_memory=False)


VIEW = View("records", 1, (ERASURES, PUBLICATIONS, AUDIT_FINDINGS, SIGNING_KEYS))


@VIEW.on(ErasureRequested)
def _erasure_requested(rows: Rows, entry: Entry, fact: ErasureRequested) -> None:
    reason, authority = rows.narrative("reason"), rows.narrative("authority")
    rows.put(ERASURES, Erasure(entry.position, fact.position, entry.occurred_at, entry.actor, reason, authority))


@VIEW.on(NarrativeErased)
def _narrative_erased(rows: Rows, entry: Entry, fact: NarrativeErased) -> None:
    rows.change(
        ERASURES, fact.request, erased_position=entry.position, erased_at=entry.occurred_at, erased_by=entry.actor
    )


@VIEW.on(EvidenceErased)
def _evidence_erased(rows: Rows, entry: Entry, fact: EvidenceErased) -> None:
    rows.change(
        ERASURES, fact.request, erased_position=entry.position, erased_at=entry.occurred_at, erased_by=entry.actor
    )


@VIEW.on(Published)
def _published(rows: Rows, entry: Entry, fact: Published) -> None:
    rows.put(
        PUBLICATIONS,
        Publication(entry.position, fact.subject, entry.occurred_at, rows.narrative("where"), fact.position),
    )


@VIEW.on(AuditFindingRecorded)
def _audit_finding_recorded(rows: Rows, entry: Entry, fact: AuditFindingRecorded) -> None:
    text, severity = rows.narrative("text"), fact.severity.value
    finding = AuditFinding(
        fact.finding, entry.position, entry.occurred_at, entry.actor, severity, text, list(fact.positions)
    )
    rows.put(AUDIT_FINDINGS, finding)


@VIEW.on(SigningKeyRotated)
def _signing_key_rotated(rows: Rows, entry: Entry, fact: SigningKeyRotated) -> None:
    rows.put(SIGNING_KEYS, SigningKey(fact.key, entry.position, entry.occurred_at, fact.public_key))


ERASURE = of_table("records", ERASURES, conditions={"awaited": "(t.erased_position IS NULL) = :value"})
PUBLICATION = of_table("records", PUBLICATIONS)
AUDIT_FINDING = of_table("records", AUDIT_FINDINGS)
SIGNING_KEY = of_table("records", SIGNING_KEYS)
