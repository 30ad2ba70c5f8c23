"""Entries and receipts. Imports strawberry and `ledger`.

A reader without access to a notice's entries gets their positions, leaf hashes and proofs, but no content.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import strawberry

from ledger.append.receipt import Receipt as LedgerReceipt
from schema.derive.filters import combined
from schema.derive.node import Node
from schema.types.enums import Role
from schema.types.scalars import Json

if TYPE_CHECKING:
    from schema.types.people import Actor


@strawberry.type(
    description="Free text of an entry: stored apart from the entry, and bound to it by a salted SHA-256."
)
class Narrative:
    """Free text of an entry."""

    path: str = strawberry.field(description="Place in the entry's data, such as title or options[0].")
    text: str | None = strawberry.field(description="The free text; null if erased.")
    erased_by: int | None = strawberry.field(description="Position of the entry that erased the narrative.")


@strawberry.type(
    description="One immutable record of one fact. A reader without access to entries gets id, position, "
    "leaf hash, proof and `withheld` only."
)
class Entry(Node):
    """An entry, within the viewer's rights."""

    position: int = strawberry.field(description="Place in the notice's ledger: 1, 2, 3 … with no gap.")
    leaf_hash: str = strawberry.field(description="RFC 6962 leaf hash of the stored bytes, in base64.")
    withheld: bool = strawberry.field(description="True if the reader may not see its content.")
    event_id: str | None = strawberry.field(description="Id from its source; unique together with the source.")
    type: str | None = strawberry.field(
        description="Type name of its fact, such as improvement-ledger.plan.ObjectiveAdded.v1."
    )
    source: str | None = strawberry.field(description="Source of the event.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="Instant of the event: the day stated by the fact, else the event's time or recording.",
    )
    recorded_at: datetime | None = strawberry.field(description="Instant at which the ledger recorded it.")
    actor: str | None = strawberry.field(description="Actor id of its recorder.")
    actor_node: Annotated["Actor", strawberry.lazy("schema.types.people")] | None = strawberry.field(
        description="Its recorder. FORBIDDEN to roles that do not read people."
    )
    actor_role: Role | None = strawberry.field(description="Role in which the actor recorded it.")
    clauses: list[str] = strawberry.field(
        description="Clauses that it concerns: those named by its recorder, else those whose rules apply. "
        "Empty if withheld."
    )
    subject: str | None = strawberry.field(description="Subject, as named by its recorder.")
    data: Json | None = strawberry.field(description="The stored fact; each narrative is replaced by its digest.")
    narratives: list[Narrative] = strawberry.field(description="Narratives; empty if withheld.")
    corrected_by: int | None = strawberry.field(
        description="Position of the entry that corrects it; null if none is recorded."
    )

    proof: str | None = strawberry.field(
        description="Proof that the ledger contains its leaf hash at the position read: C2SP tlog-proof, with the "
        "signed checkpoint."
    )


class EntryFilter:
    """Conditions on entries."""

    type: str | None = strawberry.field(
        default=None, description="Type name or name of the fact, such as ObjectiveAdded."
    )
    actor: str | None = strawberry.field(default=None, description="Actor id of its recorder.")
    subject: str | None = strawberry.field(default=None, description="Subject, as named by its recorder.")
    source: str | None = strawberry.field(default=None, description="Source of the event.")
    clause: str | None = strawberry.field(
        default=None, description="Clause that it concerns, such as 5b; 9 includes 9a to 9d."
    )
    since_position: int | None = strawberry.field(
        default=None, description="Position after which it was recorded."
    )
    positions: list[int] | None = strawberry.field(default=None, description="Positions of the entries.")
    occurred_from: datetime | None = strawberry.field(
        default=None, description="Start of the period in which it happened, inclusive."
    )
    occurred_until: datetime | None = strawberry.field(
        default=None, description="End of the period in which it happened, exclusive."
    )
    recorded_from: datetime | None = strawberry.field(
        default=None, description="Start of the period in which it was recorded, inclusive."
    )
    recorded_until: datetime | None = strawberry.field(
        default=None, description="End of the period in which it was recorded, exclusive."
    )
    actor_in: list[str] | None = strawberry.field(default=None, description="Actor ids; one of them recorded it.")
    actor_role_in: list[Role] | None = strawberry.field(
        default=None, description="Roles; in one of them it was recorded."
    )
    subject_in: list[str] | None = strawberry.field(default=None, description="Subjects; one of them is its own.")
    source_in: list[str] | None = strawberry.field(default=None, description="Sources; one of them is its own.")
    text: str | None = strawberry.field(
        default=None, description="Words in its narratives, in any order; put a phrase in quotes."
    )


combined(EntryFilter, "Conditions on the entries; all of them must hold.")


@strawberry.type(description="Proof that a fact was recorded. Later entries never change it.")
class Receipt:
    """Receipt of a recorded fact."""

    id: str = strawberry.field(description="Id of the entry, from its source.")
    source: str = strawberry.field(description="Source of the entry.")
    position: int = strawberry.field(description="Position of the entry.")
    leaf_hash: str = strawberry.field(description="RFC 6962 leaf hash of the stored bytes, in base64.")
    tree_size: int = strawberry.field(description="Size of the tree with this root hash.")
    root_hash: str = strawberry.field(
        description="RFC 6962 root hash of the tree that ends with the entry, in base64."
    )
    recorded_at: datetime = strawberry.field(description="Instant at which the ledger recorded it.")
    duplicate: bool = strawberry.field(description="True if an earlier attempt had recorded it.")


def receipt_of(ledger_receipt: LedgerReceipt) -> Receipt:
    """Return a receipt of the ledger as a GraphQL object."""
    return Receipt(**msgspec.structs.asdict(ledger_receipt))
