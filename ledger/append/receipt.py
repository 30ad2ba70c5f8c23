"""Receipts of recorded entries. A repetition gets the first receipt again, marked as a duplicate."""

from base64 import b64encode
from datetime import datetime

from msgspec import Struct

from ledger.store.entries import EntryRow


class Receipt(Struct, frozen=True, rename="camel"):
    """The proof that an entry was recorded; later entries do not change it."""

    id: str
    source: str
    position: int
    leaf_hash: str
    """RFC 6962 leaf hash of the stored bytes, in base64."""
    tree_size: int
    """Size of the tree with `root_hash`: the entry's own position."""
    root_hash: str
    recorded_at: datetime
    duplicate: bool = False
    """True when the entry was recorded for an earlier fact with the same key and content."""


def receipt(row: EntryRow, *, duplicate: bool = False) -> Receipt:
    """Return the receipt of a stored entry."""
    return Receipt(
        row.id,
        row.source,
        row.position,
        b64encode(row.leaf_hash).decode(),
        row.position,
        b64encode(row.root_hash).decode(),
        row.recorded_at,
        duplicate,
    )
