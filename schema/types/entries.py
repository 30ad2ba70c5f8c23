"""Entries as they were recorded, and their receipts. Imports strawberry, `ledger` and `projections`.

Who may not see a notice's entries gets their positions and leaf hashes: positions have no gaps anyway, and the
hashes let them check proofs. Such a reader can filter by position only: all else would tell what the entries hold.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

import msgspec
import strawberry

from ledger.append.receipt import Receipt as LedgerReceipt
from ledger.domain.registry import KINDS, find_kind
from ledger.intake.envelope import decode_data, decode_envelope, from_envelope
from projections.views import entries
from projections.views.entries import EntryRow
from schema.context import Standpoint, may
from schema.derive.connection import Connection, checked, connection, place_after
from schema.derive.node import resolved
from schema.errors import BAD_USER_INPUT, FORBIDDEN, problem
from schema.types import proofs
from schema.types.enums import Role
from schema.types.scalars import Json


def base64(value: bytes) -> str:
    """Bytes as the interface writes them."""
    return b64encode(value).decode()


@strawberry.type(description="Free text of an entry: kept beside it and bound to it by a salted SHA-256.")
class Narrative:
    """A narrative of an entry."""

    path: str = strawberry.field(description="Where it stands in the entry's data, such as title or options[0].")
    text: str | None = strawberry.field(description="The text; null once it was erased.")
    erased_by: int | None = strawberry.field(description="The position of the entry that erased it.")


@strawberry.type(
    description="One immutable record of one fact. A reader without sight of entries gets its position, leaf hash "
    "and `withheld` only."
)
class Entry:
    """An entry as the viewer may see it."""

    at: strawberry.Private[Standpoint]
    position: int = strawberry.field(description="Its place in the notice's ledger: 1, 2, 3 … with no gap.")
    leaf_hash: str = strawberry.field(description="RFC 6962 leaf hash of its stored bytes, in base64.")
    withheld: bool = strawberry.field(description="Whether the reader may not see what it holds.")
    id: str | None = strawberry.field(
        default=None, description="The id that its source gave it; (source, id) is unique in the notice."
    )
    type: str | None = strawberry.field(
        default=None, description="Its fact's type name, such as improvement-ledger.plan.ObjectiveAdded.v1."
    )
    source: str | None = strawberry.field(default=None, description="Where it came from.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When it happened: on the day stated by the fact, else at the event's time or recording.",
    )
    recorded_at: datetime | None = strawberry.field(default=None, description="When the ledger recorded it.")
    actor: str | None = strawberry.field(default=None, description="Who recorded it.")
    actor_role: Role | None = strawberry.field(default=None, description="The role in which they did.")
    clauses: list[str] = strawberry.field(
        default_factory=list, description="The clauses of the notice that it answers; empty when withheld."
    )
    subject: str | None = strawberry.field(default=None, description="What it is about, as its recorder said.")
    data: Json | None = strawberry.field(
        default=None, description="The fact as it is stored; free text stands in it as a digest."
    )
    narratives: list[Narrative] = strawberry.field(
        default_factory=list, description="Its free text; empty when withheld."
    )
    corrected_by: int | None = strawberry.field(
        default=None, description="The position of the entry that corrected it, when one had been recorded."
    )

    @resolved(
        "The proof that its leaf hash is in the ledger at the position that was read: C2SP tlog-proof, with the "
        "signed checkpoint."
    )
    async def proof(self) -> str | None:
        """A text that stands by itself."""
        return await proofs.proof(self.at, self.position)


@strawberry.input(description="Which entries are asked for; all that is named must hold.")
class EntryFilter:
    """A filter of entries."""

    type: str | None = strawberry.field(
        default=None, description="The fact's type name or its name, such as ObjectiveAdded."
    )
    actor: str | None = strawberry.field(default=None, description="Who recorded it.")
    subject: str | None = strawberry.field(default=None, description="What it is about.")
    source: str | None = strawberry.field(default=None, description="Where it came from.")
    clause: str | None = strawberry.field(default=None, description="A clause that it answers, such as 5b.")
    since_position: int | None = strawberry.field(
        default=None, description="It was recorded after the entry at this position."
    )
    positions: list[int] | None = strawberry.field(default=None, description="It is at one of these positions.")
    occurred_from: datetime | None = strawberry.field(
        default=None, name="from", description="It happened at this instant or later."
    )
    occurred_to: datetime | None = strawberry.field(
        default=None, name="to", description="It happened before this instant."
    )
    text: str | None = strawberry.field(
        default=None, description="Its free text holds these words, in whatever case."
    )


@strawberry.type(description="The proof that a fact was recorded; it is final, whatever is recorded later.")
class Receipt:
    """A receipt."""

    id: str = strawberry.field(description="The entry's id.")
    source: str = strawberry.field(description="The entry's source.")
    position: int = strawberry.field(description="The entry's position.")
    leaf_hash: str = strawberry.field(description="RFC 6962 leaf hash of the stored bytes, in base64.")
    tree_size: int = strawberry.field(description="The size of the tree that `rootHash` is of.")
    root_hash: str = strawberry.field(description="RFC 6962 root of the tree that ends with the entry, in base64.")
    recorded_at: datetime = strawberry.field(description="When the ledger recorded it.")
    duplicate: bool = strawberry.field(description="Whether an earlier try had recorded it already.")


def receipt(given: LedgerReceipt) -> Receipt:
    """A receipt of the ledger's, as it is answered."""
    return Receipt(**msgspec.structs.asdict(given))


def entry(at: Standpoint, row: EntryRow, *, seen: bool) -> Entry:
    """An entry as it is answered; `seen`: the viewer reads entries of the notice."""
    leaf = base64(row.leaf_hash)
    if not seen:
        return Entry(at=at, position=row.position, leaf_hash=leaf, withheld=True)
    envelope = decode_envelope(row.body)
    return Entry(
        at=at,
        position=row.position,
        leaf_hash=leaf,
        withheld=False,
        id=row.id,
        type=row.type,
        source=row.source,
        occurred_at=from_envelope(envelope, decode_data(envelope)).occurred_at,
        recorded_at=row.recorded_at,
        actor=envelope.actor,
        actor_role=Role(envelope.actorrole),
        clauses=envelope.clauses.split() if envelope.clauses else [],
        subject=envelope.subject,
        data=msgspec.json.decode(envelope.data),
        narratives=[
            Narrative(path=path, text=text.body, erased_by=text.erased_by) for path, text in row.narratives.items()
        ],
        corrected_by=row.corrected_by,
    )


async def entry_page(
    at: Standpoint, asked: EntryFilter | None, first: int, after: str | None
) -> Connection[Entry]:
    """A page of a notice's entries."""
    seen = may(at.roles, "entries")
    of = f"entries/{at.notice}"
    wanted, limit, (start,) = asked_of(at, asked), checked(first), place_after(of, after, int) or (0,)
    if asked is not None and asked.since_position is not None:
        start = max(start, asked.since_position)
    rows = await at.ask(
        lambda reading: entries.page(reading, filter=wanted, first=limit + 1, after=start, narratives=seen)
    )
    at.context.budget.spend(len(rows[:limit]))
    return connection(of, rows, limit, after, lambda row: [row.position], lambda row: entry(at, row, seen=seen))


def asked_of(at: Standpoint, asked: EntryFilter | None) -> entries.EntryFilter:
    """The filter as readings have it; raises GraphQLError (FORBIDDEN) for a viewer who does not see entries."""
    if asked is None:
        return entries.EntryFilter()
    positions = None if asked.positions is None else tuple(asked.positions)
    if asked == EntryFilter(positions=asked.positions):
        return entries.EntryFilter(positions=positions)
    if not may(at.roles, "entries"):
        raise problem(FORBIDDEN, f"your roles in {at.notice} do not read its entries, so they can't be searched")
    types: tuple[str, ...] | None = None
    if asked.type is not None:
        kind = find_kind(asked.type)
        if kind is None:
            known = ", ".join(kind.name for kind in KINDS.values())
            raise problem(BAD_USER_INPUT, f"no fact has the type {asked.type[:160]!r}; the facts are {known}")
        types = (kind.type,)
    return entries.EntryFilter(
        positions=positions,
        types=types,
        source=asked.source,
        subject=asked.subject,
        clause=asked.clause,
        actor=asked.actor,
        occurred_from=asked.occurred_from,
        occurred_to=asked.occurred_to,
        text=asked.text,
    )


async def entries_at(at: Standpoint, positions: Sequence[int]) -> list[Entry]:
    """The entries at these positions, in their order."""
    seen = may(at.roles, "entries")
    wanted = entries.EntryFilter(positions=tuple(positions))
    rows = await at.ask(
        lambda reading: entries.page(reading, filter=wanted, first=len(positions), narratives=seen)
    )
    found = {row.position: entry(at, row, seen=seen) for row in rows}
    return [found[position] for position in positions]
