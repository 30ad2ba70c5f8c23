"""Upkeep of the record: erasures, publications, audit findings, losses and signing keys."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceErased
from ledger.domain.areas.records import (
    AuditFindingRecorded,
    ErasureRequested,
    LossAccepted,
    NarrativeErased,
    Published,
    Severity,
    SigningKeyRotated,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import OfEntry, OfFact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import of_table


class Erasure(Struct, frozen=True):
    """Request for erasure, and its fulfilment."""

    position: int
    """Position of the entry that requested the erasure."""
    target: Annotated[int, Meta(description="Position of the entry whose narratives or file are to be erased.")]
    requested_at: Annotated[datetime, Meta(description="Instant of the request.")]
    requested_by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the requester.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]
    authority: Annotated[NarrativeRef, Meta(description="Legal authority; null if erased.")]
    erased_position: Annotated[
        int | None, Meta(description="Position of the entry that fulfilled the request.")
    ] = None
    erased_at: Annotated[datetime | None, Meta(description="Instant of the erasure.")] = None
    erased_by: Annotated[str | None, ACTOR_ID, Meta(description="Actor id of the approver.")] = None


class Publication(Struct, frozen=True):
    """Publication of a thing of the notice, such as a report."""

    position: int
    subject: Annotated[str, ID, Meta(description="Id of what was published.")]
    published_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    where: Annotated[NarrativeRef, Meta(description="Place of publication; null if erased.")]
    shows: Annotated[int | None, Meta(description="Position of the ledger that it presents.")]


class AuditFinding(Struct, frozen=True):
    """Finding of an auditor."""

    finding: Annotated[str, ID, Meta(description="Id of the finding.")]
    position: int
    recorded_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    auditor: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person.")]
    severity: Annotated[str, words(Severity), Meta(description="Severity of the finding.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    positions: Annotated[list[int], Meta(description="Positions of the entries behind it.")]


class Loss(Struct, frozen=True):
    """Loss of entries in the database, after which recording resumed."""

    position: int
    accepted_at: Annotated[datetime, Meta(description="Instant at which it was accepted.")]
    accepted_by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who accepted it.")]
    size: Annotated[int, Meta(description="Number of entries before the loss.")]
    root_hash: Annotated[str, Meta(description="Root of the tree before the loss, in base64.")]
    resumed_at: Annotated[int, Meta(description="Position of the last entry when recording resumed.")]


class SigningKey(Struct, frozen=True):
    """Key that signs checkpoints, from the entry that records the key onwards."""

    key: Annotated[str, Meta(description="Name of the key in signed notes.")]
    position: int
    rotated_at: Annotated[datetime, Meta(description="Instant from which it signs.")]
    public_key: Annotated[str, Meta(description="Ed25519 public key: 32 bytes in base64.")]


ERASURES = Table("erasures", Erasure, ("position",))
PUBLICATIONS = Table("publications", Publication, ("position",), in_memory=False)
AUDIT_FINDINGS = Table("audit_findings", AuditFinding, ("finding",), in_memory=False)
LOSSES = Table("losses", Loss, ("position",), in_memory=False)
SIGNING_KEYS = Table("signing_keys", SigningKey, ("key",), in_memory=False)


VIEW = View("records", 2, (ERASURES, PUBLICATIONS, AUDIT_FINDINGS, LOSSES, SIGNING_KEYS))
VIEW.puts(SigningKeyRotated, SIGNING_KEYS)
VIEW.puts(ErasureRequested, ERASURES, target=OfFact("position"))
VIEW.puts(Published, PUBLICATIONS, shows=OfFact("position"))
VIEW.puts(AuditFindingRecorded, AUDIT_FINDINGS, recorded_at=OfEntry("occurred_at"), auditor=OfEntry("actor"))
VIEW.puts(LossAccepted, LOSSES)


def _erased(rows: Rows, entry: Entry, fact: NarrativeErased | EvidenceErased) -> None:
    rows.change(
        ERASURES, fact.request, erased_position=entry.position, erased_at=entry.occurred_at, erased_by=entry.actor
    )


VIEW.on(NarrativeErased)(_erased)
VIEW.on(EvidenceErased)(_erased)


ERASURE = of_table("records", ERASURES, conditions={"awaited": "(t.erased_position IS NULL) = :value"})
PUBLICATION = of_table("records", PUBLICATIONS)
AUDIT_FINDING = of_table("records", AUDIT_FINDINGS)
LOSS = of_table("records", LOSSES)
SIGNING_KEY = of_table("records", SIGNING_KEYS)
