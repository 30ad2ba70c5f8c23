"""The examination of documents: streamed from the store, and hashed with their salts against the entries.

What the store lacks, and what it has that no row names, is looked at again before it is told of: documents come
and go while the record is read on its snapshot. Shares nothing with what stores them but the store's names.
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
    """A store of documents, as far as examining needs it: `ledger.files.Files`."""

    async def size(self, notice: str, content: str, upload: str | None) -> int | None:
        """The bytes that a document has; None when it is not there."""
        ...

    async def read(
        self, notice: str, content: str, upload: str | None, start: int, end: int
    ) -> AsyncIterator[bytes] | None:
        """The bytes of a document; None when it is not there."""
        ...

    def contents(self, notice: str) -> AsyncIterator[str]:
        """The SHA-256, by which it is named, of every document of the notice."""
        ...


async def compare(documents: Documents, examination: Examination, row: FileRow, promise: ExpectedFile) -> bool:
    """Whether the store has the document; if it is not the one that the entry promised, that is a finding."""
    place = (examination.notice, row.content or "", row.upload)
    size = await documents.size(*place)
    if size is None:
        return False
    if size != promise.size:
        examination.found(row.position, Damage.FILE_EDITED, f"the file has {size} bytes, not {promise.size}")
        return True
    digest = sha256(row.salt or b"")
    pieces = await documents.read(*place, 0, size)
    if pieces is None:
        return False
    async for piece in pieces:
        digest.update(piece)
    if b64encode(digest.digest()).decode() != promise.digest:
        examination.found(row.position, Damage.FILE_EDITED, "the file does not match the digest in the entry")
    return True


_STANDS = """SELECT content, upload FROM ledger.files
    WHERE notice = %s AND position = %s AND erased_by IS NULL AND content IS NOT NULL"""
_NAMED = "SELECT content FROM ledger.files WHERE notice = %s AND content = ANY (%s)"
# What waits to be destroyed, unless a document that stands has the same content.
_WAITING = """SELECT f.position, f.content, f.upload, f.erased_by FROM ledger.files f
    WHERE f.notice = %s AND f.erased_by IS NOT NULL AND f.content IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger.files o WHERE o.notice = f.notice AND o.content = f.content AND o.erased_by IS NULL)"""


async def settle(
    documents: Documents,
    connection: AsyncConnection[Any],
    examination: Examination,
    missing: list[FileRow],
    known: set[str],
) -> None:
    """Tells of what is missing or too much by now; `known`: the contents that the snapshot names."""
    notice = examination.notice
    for row in missing:
        cursor = await connection.execute(_STANDS, (notice, row.position), binary=True)
        if (place := await cursor.fetchone()) and await documents.size(notice, *place) is None:
            examination.found(
                row.position, Damage.FILE_MISSING, "the store of LEDGER_EVIDENCE_URL does not have it"
            )
    strays = {content async for content in documents.contents(notice)} - known
    cursor = await connection.execute(_NAMED, (notice, list(strays)), binary=True)
    strays -= {content for (content,) in await cursor.fetchall()}
    for content in sorted({content async for content in documents.contents(notice)} & strays if strays else ()):
        last = examination.report.entries
        examination.found(last, Damage.FILE_ORPHANED, f"the store has a file {content[:12]}… of no document")
    for position, content, upload, by in await (await connection.execute(_WAITING, (notice,))).fetchall():
        if await documents.size(notice, content, upload) is not None:
            detail = f"it should have been destroyed by the decision in entry {by}"
            examination.found(position, Damage.FILE_KEPT, detail)
