"""Entries and receipts. Imports strawberry, `ledger` and `projections`.

A reader without access to a notice's entries gets positions and leaf hashes only, enough to check proofs. Such a
reader can filter by position only: any other filter would reveal the content of entries.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

import msgspec
import strawberry

from ledger.append.receipt import Receipt as LedgerReceipt
from ledger.domain.registry import KINDS, find_kind, type_names
from ledger.intake.envelope import decode_data, decode_envelope, from_envelope
from projections.views import entries
from projections.views.entries import EntryRow
from schema.context import Standpoint, may
from schema.derive.connection import Connection, PageRequest, check_first, connection, decode_cursor
from schema.derive.node import Node, node_id, resolver
from schema.errors import BAD_USER_INPUT, FORBIDDEN, problem
from schema.types import proofs
from schema.types.enums import Role
from schema.types.scalars import Json


def base64(value: bytes) -> str:
    """Return bytes in base64."""
    return b64encode(value).decode()


@strawberry.type(
    description="Free text of an entry: stored apart from the entry, and bound to it by a salted SHA-256."
)
class Narrative:
    """Free text of an entry."""

    path: str = strawberry.field(description="Place in the entry's data, such as title or options[0].")
    text: str | None = strawberry.field(description="The free text; null if erased.")
    erased_by: int | None = strawberry.field(description="Position of the entry that erased it.")


@strawberry.type(
    description="One immutable record of one fact. A reader without access to entries gets position, leaf hash "
    "and `withheld` only."
)
class Entry(Node):
    """An entry, within the viewer's rights."""

    at: strawberry.Private[Standpoint]
    position: int = strawberry.field(description="Place in the notice's ledger: 1, 2, 3 … with no gap.")
    leaf_hash: str = strawberry.field(description="RFC 6962 leaf hash of the stored bytes, in base64.")
    withheld: bool = strawberry.field(description="True if the reader may not see its content.")
    event_id: str | None = strawberry.field(
        default=None, description="Id from its source; unique together with the source."
    )
    type: str | None = strawberry.field(
        default=None, description="Type name of its fact, such as improvement-ledger.plan.ObjectiveAdded.v1."
    )
    source: str | None = strawberry.field(default=None, description="Source.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="Instant of the event: the day stated by the fact, else the event's time or recording.",
    )
    recorded_at: datetime | None = strawberry.field(
        default=None, description="Instant at which the ledger recorded it."
    )
    actor: str | None = strawberry.field(default=None, description="Actor id of its recorder.")
    actor_role: Role | None = strawberry.field(default=None, description="Role in which the actor recorded it.")
    clauses: list[str] = strawberry.field(
        default_factory=list,
        description="Clauses that it concerns: those named by its recorder, else those whose rules apply. "
        "Empty if withheld.",
    )
    subject: str | None = strawberry.field(default=None, description="Subject, as named by its recorder.")
    data: Json | None = strawberry.field(
        default=None, description="The stored fact; each narrative is replaced by its digest."
    )
    narratives: list[Narrative] = strawberry.field(
        default_factory=list, description="Narratives; empty if withheld."
    )
    corrected_by: int | None = strawberry.field(
        default=None, description="Position of the entry that corrects it; null if none is recorded."
    )

    @resolver(
        "Proof that the ledger contains its leaf hash at the position read: C2SP tlog-proof, with the "
        "signed checkpoint."
    )
    async def proof(self) -> str | None:
        """Return the self-contained proof."""
        return await proofs.proof(self.at, self.position)


@strawberry.input(description="Conditions on the entries; all of them must hold.")
class EntryFilter:
    """Conditions on entries."""

    type: str | None = strawberry.field(
        default=None, description="Type name or name of the fact, such as ObjectiveAdded."
    )
    actor: str | None = strawberry.field(default=None, description="Actor id of its recorder.")
    subject: str | None = strawberry.field(default=None, description="Subject.")
    source: str | None = strawberry.field(default=None, description="Source.")
    clause: str | None = strawberry.field(
        default=None, description="Clause that it concerns, such as 5b; 9 includes 9a to 9d."
    )
    since_position: int | None = strawberry.field(
        default=None, description="Position after which it was recorded."
    )
    positions: list[int] | None = strawberry.field(default=None, description="Positions of the entries.")
    occurred_from: datetime | None = strawberry.field(
        default=None, name="from", description="Start of the period in which it happened, inclusive."
    )
    occurred_to: datetime | None = strawberry.field(
        default=None, name="to", description="End of the period in which it happened, exclusive."
    )
    recorded_from: datetime | None = strawberry.field(
        default=None, description="Start of the period in which it was recorded, inclusive."
    )
    recorded_to: datetime | None = strawberry.field(
        default=None, description="End of the period in which it was recorded, exclusive."
    )
    text: str | None = strawberry.field(
        default=None, description="Words in its narratives, in any order; put a phrase in quotes."
    )


@strawberry.type(description="Proof that a fact was recorded. Later entries never change it.")
class Receipt:
    """A receipt."""

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


def entry_of(at: Standpoint, row: EntryRow, *, visible: bool) -> Entry:
    """Return an entry as a GraphQL object; withhold its content unless `seen`."""
    leaf = base64(row.leaf_hash)
    global_id = strawberry.ID(node_id(at.global_id, "Entry", row.position))
    if not visible:
        return Entry(id=global_id, at=at, position=row.position, leaf_hash=leaf, withheld=True)
    envelope = decode_envelope(row.body)
    return Entry(
        id=global_id,
        at=at,
        position=row.position,
        leaf_hash=leaf,
        withheld=False,
        event_id=row.id,
        type=row.type,
        source=row.source,
        occurred_at=from_envelope(envelope, decode_data(envelope)).occurred_at,
        recorded_at=row.recorded_at,
        actor=envelope.actor,
        actor_role=Role(envelope.actorrole),
        clauses=row.clauses,
        subject=envelope.subject,
        data=msgspec.json.decode(envelope.data),
        narratives=[
            Narrative(path=path, text=text.body, erased_by=text.erased_by) for path, text in row.narratives.items()
        ],
        corrected_by=row.corrected_by,
    )


async def entry_page(
    at: Standpoint,
    conditions: EntryFilter | None,
    first: int | None,
    after: str | None,
    *,
    newest_first: bool = False,
) -> Connection[Entry]:
    """Return a page of a notice's entries."""
    visible = may(at.roles, "entries")
    of = f"newest-entries/{at.notice}" if newest_first else f"entries/{at.notice}"
    reader_conditions, limit = reader_filter(at, conditions), check_first(first)
    (end,) = decode_cursor(of, after, int) or (at.position + 1 if newest_first else 0,)
    since = (conditions.since_position if conditions is not None else None) or 0
    start, before = (since, end) if newest_first else (max(end, since), None)
    rows = await at.ask(
        lambda reading: entries.page(
            reading,
            filter=reader_conditions,
            first=limit + 1,
            after=start,
            before=before,
            newest_first=newest_first,
            content=visible,
        )
    )
    at.context.budget.spend(len(rows[:limit]))
    return connection(
        of,
        PageRequest(limit, after),
        rows,
        lambda row: [row.position],
        lambda row: entry_of(at, row, visible=visible),
        lambda: at.ask(lambda reading: entries.count(reading, reader_conditions, since)),
    )


def reader_filter(at: Standpoint, conditions: EntryFilter | None) -> entries.EntryFilter:
    """Return the filter in the form of the views.

    Raises:
        GraphQLError: FORBIDDEN, if the viewer may not read entries; BAD_USER_INPUT, for an unknown type.
    """
    if conditions is None:
        return entries.EntryFilter()
    positions = None if conditions.positions is None else tuple(conditions.positions)
    if conditions == EntryFilter(positions=conditions.positions):
        return entries.EntryFilter(positions=positions)
    if not may(at.roles, "entries"):
        raise problem(FORBIDDEN, f"your roles in {at.notice} do not read its entries, so they can't be searched")
    types: tuple[str, ...] | None = None
    if conditions.type is not None:
        kind = find_kind(conditions.type)
        if kind is None:
            names = ", ".join(kind.name for kind in KINDS.values())
            raise problem(BAD_USER_INPUT, f"no fact has the type {conditions.type[:160]!r}; the facts are {names}")
        types = type_names(kind)
    return entries.EntryFilter(
        positions=positions,
        types=types,
        source=conditions.source,
        subject=conditions.subject,
        clause=conditions.clause,
        actor=conditions.actor,
        occurred_from=conditions.occurred_from,
        occurred_to=conditions.occurred_to,
        recorded_from=conditions.recorded_from,
        recorded_to=conditions.recorded_to,
        text=conditions.text,
    )


async def entries_at(at: Standpoint, positions: Sequence[int]) -> list[Entry]:
    """Return the entries at these positions, in their order."""
    visible = may(at.roles, "entries")
    reader_conditions = entries.EntryFilter(positions=tuple(positions))
    rows = await at.ask(
        lambda reading: entries.page(reading, filter=reader_conditions, first=len(positions), content=visible)
    )
    by_position = {row.position: entry_of(at, row, visible=visible) for row in rows}
    return [by_position[position] for position in positions]


async def entry_at(at: Standpoint, position: str) -> Entry | None:
    """Return the entry at a position in the text of a global id; None if no entry is there."""
    if not position.isascii() or not position.isdecimal() or str(int(position)) != position:
        return None
    if not 1 <= int(position) <= at.position:
        return None
    return (await entries_at(at, [int(position)]))[0]
