"""What a client is told of an entry that is recorded, for ever the same; and when a second try is the first."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from ledger.domain.registry import KINDS, put_at, value_at
from ledger.intake.envelope import Envelope, decode_data
from ledger.intake.parse import SubmittedFact, digest
from ledger.store.entries import EntryRow


class Receipt(Struct, frozen=True, rename="camel"):
    """The proof of recording: it is final, whatever is recorded later."""

    id: str
    source: str
    position: int
    leaf_hash: str
    """RFC 6962 leaf hash of the stored bytes, in base64."""
    tree_size: int
    """The size of the tree that `root_hash` is of: the entry's own position."""
    root_hash: str
    recorded_at: datetime
    duplicate: bool = False
    """True when the entry had been recorded before, by an earlier try."""


def receipt(row: EntryRow, *, duplicate: bool = False) -> Receipt:
    """The receipt of a stored entry."""
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


class StoredContent(Struct, frozen=True):
    """What is kept beside a stored entry, as far as a repetition is compared with it."""

    salts: Mapping[str, bytes | None] = {}
    """Path → the narrative's salt; None where it was erased."""
    has_file: bool = False
    content: str | None = None
    """SHA-256 of its document; None once that was erased."""


def same_content(stored: Envelope, kept: StoredContent, submitted: SubmittedFact) -> bool:
    """Whether a submission says what the stored entry of the same key says; what was erased is not compared."""
    if (stored.type, stored.subject, stored.time, stored.clauses, stored.confirm) != (
        submitted.type,
        submitted.subject,
        submitted.time,
        submitted.clauses,
        submitted.confirm,
    ):
        return False
    mine: Any = msgspec.json.decode(submitted.data)
    theirs: Any = msgspec.json.decode(stored.data)
    for text in submitted.texts:
        salt = kept.salts.get(text.path)
        held = value_at(theirs, text.path)
        if held is None or (salt is not None and held != {"sha256": digest(salt, text.body)}):
            return False
        put_at(mine, text.path, held)
    if submitted.file is not None:  # its digest has a salt of its own
        if not kept.has_file or kept.content not in (None, submitted.file.content):
            return False
        mine["digest"] = theirs["digest"]
    kind = KINDS[submitted.type]
    return bool(msgspec.convert(mine, kind.struct) == decode_data(stored))
