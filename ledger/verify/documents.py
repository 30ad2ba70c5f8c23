"""Check stored documents: hash each file with its salt and compare it with its entry.

Documents come and go while the record is read on its snapshot. So a missing or unknown file is looked up again
before it is reported. The files are read through the object store, by the names in their rows.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, Protocol

from psycopg import AsyncConnection

from ledger.verify.attachments import ExpectedFile, FileRow
from ledger.verify.entries import Examination
from ledger.verify.findings import Damage


class Documents(Protocol):
    """The part of `ledger.evidence.object_store.ObjectStore` that checking needs."""

    async def size(self, notice: str, content: str, upload: str | None) -> int | None:
        """Return a document's size in bytes; None when it is missing."""
        ...

    async def read(self, notice: str, content: str, upload: str | None) -> AsyncIterator[bytes] | None:
        """Return a document's bytes; None when it is missing."""
        ...

    def contents(self, notice: str) -> AsyncIterator[str]:
        """Yield the SHA-256 of every document of the notice, which is the document's name in the store."""
        ...


async def compare(documents: Documents, examination: Examination, row: FileRow, promise: ExpectedFile) -> bool:
    """Return whether the store has a document. Report the document if it differs from its entry."""
    place = (examination.notice, row.content or "", row.upload)
    size = await documents.size(*place)
    if size is None:
        return False
    if size != promise.size:
        examination.flag(row.position, Damage.DOCUMENT_EDITED, f"the file has {size} bytes, not {promise.size}")
        return True
    digest = sha256(row.salt or b"")
    pieces = await documents.read(*place)
    if pieces is None:
        return False
    async for piece in pieces:
        digest.update(piece)
    if b64encode(digest.digest()).decode() != promise.digest:
        examination.flag(row.position, Damage.DOCUMENT_EDITED, "the file does not match the digest in the entry")
    return True


_SELECT_LIVE = """SELECT content, upload FROM ledger.files
    WHERE notice = %s AND position = %s AND erased_by IS NULL AND content IS NOT NULL"""
_SELECT_NAMED = "SELECT content FROM ledger.files WHERE notice = %s AND content = ANY (%s)"
# Files due for destruction, unless a live document has the same content.
_SELECT_ERASED = """SELECT f.position, f.content, f.upload, f.erased_by FROM ledger.files f
    WHERE f.notice = %s AND f.erased_by IS NOT NULL AND f.content IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger.files o WHERE o.notice = f.notice AND o.content = f.content AND o.erased_by IS NULL)"""


async def settle(
    documents: Documents,
    connection: AsyncConnection[Any],
    examination: Examination,
    missing: list[FileRow],
    known: set[str],
) -> None:
    """Check documents outside the snapshot; report missing, unknown and not yet destroyed documents.

    Args:
        documents: The store.
        connection: A connection outside the snapshot.
        examination: Examination that receives the findings.
        missing: Rows whose file was missing on the snapshot.
        known: SHA-256 of each document that the snapshot names.

    Raises:
        Unavailable: The store failed.
    """
    notice = examination.notice
    for row in missing:
        cursor = await connection.execute(_SELECT_LIVE, (notice, row.position), binary=True)
        if (place := await cursor.fetchone()) and await documents.size(notice, *place) is None:
            examination.flag(
                row.position, Damage.DOCUMENT_MISSING, "the store at LEDGER_EVIDENCE_URL does not have it"
            )
    unknown = {content async for content in documents.contents(notice)} - known
    cursor = await connection.execute(_SELECT_NAMED, (notice, list(unknown)), binary=True)
    unknown -= {content for (content,) in await cursor.fetchall()}
    for content in sorted({content async for content in documents.contents(notice)} & unknown if unknown else ()):
        last = examination.report.entries
        examination.flag(
            last, Damage.DOCUMENT_ORPHANED, f"the store has a file {content[:12]}… that belongs to no document"
        )
    for position, content, upload, by in await (await connection.execute(_SELECT_ERASED, (notice,))).fetchall():
        if await documents.size(notice, content, upload) is not None:
            detail = f"it should have been destroyed by the decision in entry {by}"
            examination.flag(position, Damage.DOCUMENT_KEPT, detail)
