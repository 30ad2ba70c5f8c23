"""Repetitions: a fact whose (source, id) the ledger holds already, compared with the stored entry."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ledger.append.outcome import Doubtful, Outcome, Placed, Repeated
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.errors import Refused
from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS, STORED_TYPES, put_at, value_at
from ledger.intake.envelope import Envelope, decode_data, decode_envelope
from ledger.intake.parse import SubmittedFact, digest
from ledger.store import entries
from ledger.store.entries import Connection, EntryRow


class Attachments(Struct, frozen=True):
    """Salts of an entry's narratives and digest of its document, for comparison with a repetition."""

    salts: Mapping[str, bytes | None] = {}
    """Salt of each narrative, by path; None for an erased narrative."""
    has_file: bool = False
    content: str | None = None
    """SHA-256 of the document; None for an erased document and without a document."""


def attachments_of(item: SubmittedFact) -> Attachments:
    """Return the attachments that a submitted fact will have."""
    content = item.file.content if item.file is not None else None
    return Attachments({text.path: text.salt for text in item.narratives}, item.file is not None, content)


class StoredKeys(Struct, frozen=True):
    """The stored entries that have the keys of some submitted facts."""

    rows: Mapping[tuple[str, str], EntryRow]
    attachments: Mapping[int, Attachments]

    def outcome(self, item: SubmittedFact) -> Repeated | Refused | None:
        """Return the outcome of a fact whose key is stored; None when the key is new.

        Raises:
            Damaged: The stored bytes are not an entry.
        """
        row = self.rows.get((item.source, item.id))
        if row is None:
            return None
        return repeated(decode_envelope(row.body), self.attachments[row.position], item, row)


async def stored_keys(connection: Connection, notice: str, items: Sequence[SubmittedFact]) -> StoredKeys:
    """Return the stored entries that have the keys of submitted facts."""
    rows = await entries.find_keys(connection, notice, [(item.source, item.id) for item in items])
    positions = [row.position for row in rows.values()]
    salts = await entries.read_salts(connection, notice, positions) if positions else {}
    contents: dict[int, str | None] = {}
    if positions and any(item.file is not None for item in items):
        contents = await entries.read_contents(connection, notice, positions)
    return StoredKeys(
        rows, {at: Attachments(salts.get(at, {}), at in contents, contents.get(at)) for at in positions}
    )


async def settle(
    connection: Connection, notice: str, items: Sequence[SubmittedFact], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """Return the outcomes, with a repetition or a refusal in place of each doubtful outcome."""
    doubtful = [item for item, outcome in zip(items, outcomes, strict=True) if isinstance(outcome, Doubtful)]
    if not doubtful:
        return list(outcomes)
    stored = await stored_keys(connection, notice, doubtful)
    return [
        (stored.outcome(item) or outcome.refused) if isinstance(outcome, Doubtful) else outcome
        for item, outcome in zip(items, outcomes, strict=True)
    ]


def repeated(
    envelope: Envelope, attachments: Attachments, item: SubmittedFact, first: EntryRow | Placed
) -> Repeated | Refused:
    """Return the outcome of a fact whose key an entry has: a repetition, or a refusal if the content differs.

    Raise the errors of `same_content`.
    """
    if same_content(envelope, attachments, item):
        return Repeated(first)
    return Refused.because(
        "KEY_REUSED",
        f"entry {envelope.position} has this source and id with other content; use a new id for a new fact",
        "id",
    )


def same_content(stored: Envelope, attachments: Attachments, submitted: SubmittedFact) -> bool:
    """Return whether a submission equals the stored entry with its key; erased content is not compared.

    Raises:
        Damaged: The stored data is not valid.
    """
    stored_type = STORED_TYPES.get(stored.type)
    kind = stored_type.kind.type if stored_type is not None else stored.type
    if (kind, stored.subject, stored.time, stored.clauses, stored.confirm) != (
        submitted.type,
        submitted.subject,
        submitted.time,
        submitted.clauses,
        submitted.confirm,
    ):
        return False
    data: Any = msgspec.json.decode(submitted.data)
    stored_data: Any = msgspec.json.decode(stored.data)
    for text in submitted.narratives:
        salt = attachments.salts.get(text.path)
        reference = value_at(stored_data, text.path)
        if reference is None or (salt is not None and reference != {"sha256": digest(salt, text.body)}):
            return False
        put_at(data, text.path, reference)
    if submitted.file is not None:  # each upload has a salt of its own, so that the digests differ
        if not attachments.has_file or attachments.content not in (None, submitted.file.content):
            return False
        data["digest"] = stored_data["digest"]
    fact: Fact = msgspec.convert(data, KINDS[submitted.type].struct)
    return _without_file(fact) == _without_file(decode_data(stored))


def _without_file(fact: Fact) -> Fact:
    """Return a fact without the field `stored`, which the ledger itself sets for evidence."""
    return msgspec.structs.replace(fact, stored=None) if isinstance(fact, EvidenceSubmitted) else fact
