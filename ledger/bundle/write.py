"""Write a bundle from the database: entries in their stored bytes, narratives, documents and hash tiles.

Everything streams from one snapshot, so memory stays flat. The same order gives the same bytes, until something is
erased or reclassified, or the software is upgraded. The record is checked against its signed checkpoint while it
is written.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed

from ledger.bundle.archive import Archive, Member
from ledger.domain.areas.evidence import Classification, EvidenceSubmitted
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import effects
from ledger.domain.errors import Damaged, LedgerError
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role, matrix
from ledger.evidence.object_store import ObjectStore
from ledger.intake.envelope import decode, decode_data, decode_envelope
from ledger.proof.checkpoint import Checkpoint, VerifierKey, parse
from ledger.proof.merkle import Frontier, leaf_hash, root_hash
from ledger.proof.paths import TILE_WIDTH, tile_path
from ledger.store.database import connect, consistent_read

UNSIGNED, SIGNED = "improvement-ledger bundle 1", "improvement-ledger bundle 2"
"""Formats of a bundle, without and with a signature of its manifest."""
PAGE = 500
"""Number of entries fetched together, at most 65,535 bytes each."""
NARRATIVES_PAGE = 64
"""Number of narratives fetched together, at most 1 MB each."""

ProgressCallback = Callable[[str, int, int], None]
"""Function called with the notice, the number of entries written, and the number of all entries."""

_ENTRIES = SQL("""SELECT position, body, leaf_hash FROM ledger.entries
    WHERE notice = %s AND position <= %s ORDER BY position""").format()
_LEAVES = SQL("""SELECT leaf_hash FROM ledger.entries
    WHERE notice = %s AND position <= %s ORDER BY position""").format()
_NARRATIVES = SQL("""SELECT position, path, salt, body, erased_by FROM ledger.narratives
    WHERE notice = %s AND position <= %s ORDER BY position, path COLLATE "C" """).format()
_FILES = SQL("""SELECT f.position, f.content, f.upload, f.salt, f.size, f.erased_by, e.body
    FROM ledger.files f JOIN ledger.entries e ON e.notice = f.notice AND e.position = f.position
    WHERE f.notice = %s AND f.position <= %s ORDER BY f.position""").format()
_CORRECTIONS = SQL("""SELECT position, body FROM ledger.entries
    WHERE notice = %s AND position <= %s AND type = {} ORDER BY position""").format(KIND_OF[EntryCorrected].type)
_ALL = 2**31 - 1
_ERASED_BY = "SELECT erased_by FROM ledger.files WHERE notice = %s AND position = %s"


class ViewStateLine(Struct, frozen=True):
    """Line of `views.json`: the digest of a view's stored state at a position."""

    view: str
    version: int
    """Version of the code that folds the view."""
    position: int
    digest: str
    """Digest of the state by `projections.engine.digest`, in base64."""


class BundleOrder(Struct, frozen=True):
    """Contents of a bundle to write."""

    notice: str
    note: str
    """Signed checkpoint of the position at which the bundle ends."""
    key: str
    """Verifier key of the checkpoint's signer."""
    role: Role
    """Role of the recipient. The bundle withholds what the role may not see."""
    sign_note: Callable[[str], str] | None = None
    """Function that signs a text with the checkpoint's key; None leaves the manifest unsigned."""
    views: tuple[ViewStateLine, ...] = ()
    documents: ObjectStore | None = None
    """Store of the documents, to include documents that the role may open; None includes no documents."""

    @property
    def sees(self) -> bool:
        """True if the role sees entries. Raise LedgerError if it may not read the notice."""
        if self.role not in matrix().reads["notice"]:
            raise LedgerError(f"the role {self.role.value} may not read notices; choose one that may")
        return self.role in matrix().reads["entries"]


class ManifestFile(Struct, frozen=True, rename="camel"):
    """The manifest, which describes the bundle and lists its members."""

    format: str
    software: str
    notice: str
    origin: str
    size: int
    root_hash: str
    role: str
    withheld: bool
    files: list[Member]


class NarrativeLine(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Line of `narratives.ndjson`: a narrative, or the entry that erased it."""

    position: int
    path: str
    salt: str | None = None
    text: str | None = None
    erased_by: int | None = None


class DocumentLine(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Line of `documents.ndjson`: a document's salt, its erasure or its withholding."""

    position: int
    salt: str | None = None
    included: bool = False
    """True if the bundle has the file, as `evidence/POSITION`."""
    erased_by: int | None = None
    withheld: bool = False


class WithheldLine(Struct, frozen=True, rename="camel"):
    """A line of `entries.ndjson` for an entry that the reader may not see."""

    position: int
    leaf_hash: str
    withheld: bool = True


async def write(url: str, file: BinaryIO, order: BundleOrder, progress: ProgressCallback) -> str:
    """Write a bundle and return its SHA-256, in hexadecimal.

    Raises:
        Damaged: The record differs from its signed checkpoint, or a document is missing.
        LedgerError: The role may not read notices, or a document was erased while the bundle was written.
    """
    checkpoint = parse(order.note, [order.key])
    sees = order.sees
    with Archive(file) as archive:
        archive.put("README.txt", _packaged("README.txt"))
        archive.put("verify.py", _packaged("verify_bundle.py"))
        archive.put("checkpoint", order.note.encode())
        archive.put("key", f"{VerifierKey.parse(order.key)}\n".encode())
        async with consistent_read(url) as connection:
            writer = _BundleWriter(url, connection, archive, order, checkpoint.size)
            await writer.write_entries(checkpoint, progress, sees=sees)
            await writer.write_narratives(sees=sees)
            await writer.write_documents(sees=sees)
            await writer.write_tiles()
        archive.put("views.json", _lines(order.views if sees else ()))
        manifest = _line(_manifest(order, checkpoint, archive.members, withheld=not sees))
        archive.put("manifest.json", manifest)
        if order.sign_note is not None:
            note = order.sign_note(manifest_note(checkpoint.origin, manifest))
            archive.put("manifest.note", note.encode())
        return archive.seal()


def manifest_note(origin: str, manifest: bytes) -> str:
    """Return the text that is signed for a manifest. No checkpoint has this form."""
    return f"improvement-ledger bundle manifest\n{origin}\n{sha256(manifest).hexdigest()}\n"


def _manifest(
    order: BundleOrder, checkpoint: Checkpoint, members: list[Member], *, withheld: bool
) -> ManifestFile:
    return ManifestFile(
        SIGNED if order.sign_note is not None else UNSIGNED,
        version("improvement-ledger"),
        order.notice,
        checkpoint.origin,
        checkpoint.size,
        b64encode(checkpoint.root_hash).decode(),
        order.role.value,
        withheld,
        members,
    )


def _packaged(name: str) -> bytes:
    return files("ledger.bundle").joinpath(name).read_bytes()


def _line(value: Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _lines(values: Sequence[Struct]) -> bytes:
    return b"".join(map(_line, values))


class _BundleWriter:
    """Writer of the members that come from the database."""

    def __init__(
        self, url: str, connection: AsyncConnection[Any], archive: Archive, order: BundleOrder, size: int
    ) -> None:
        self._url = url
        self._connection = connection
        self._archive = archive
        self._order = order
        self._size = size

    async def write_entries(self, checkpoint: Checkpoint, progress: ProgressCallback, *, sees: bool) -> None:
        frontier = Frontier()
        with self._archive.member("entries.ndjson") as member:
            async for position, body, leaf in self._rows("entries", _ENTRIES, PAGE):
                if position != frontier.size + 1 or leaf_hash(body) != leaf:
                    raise self._damaged(f"entry {frontier.size + 1}")
                frontier.append(leaf)
                line = body + b"\n" if sees else _line(WithheldLine(position, b64encode(leaf).decode()))
                member.write(line)
                if position % PAGE == 0 or position == self._size:
                    progress(self._order.notice, position, self._size)
        if frontier.root() != checkpoint.root_hash:
            raise self._damaged(f"the tree of {self._size} entries")

    async def write_narratives(self, *, sees: bool) -> None:
        with self._archive.member("narratives.ndjson") as member:
            if not sees:
                return
            async for position, path, salt, body, erased_by in self._rows("texts", _NARRATIVES, NARRATIVES_PAGE):
                encoded = b64encode(salt).decode() if salt is not None else None
                member.write(_line(NarrativeLine(position, path, encoded, body, erased_by)))

    async def write_documents(self, *, sees: bool) -> None:
        """Write the documents' lines, then the documents that the role may open without a recorded opening.

        Raise Damaged if one is missing.
        """
        included: list[tuple[int, str, str | None, int]] = []
        reclassified = {
            effect.position: effect.fact.classification
            # also after the bundle's position: a document that was restricted since is not included
            async for position, body in self._rows("corrections", _CORRECTIONS, PAGE, last=_ALL)
            for effect in effects(decode(body))
            if isinstance(effect.fact, EvidenceSubmitted)
        }
        with self._archive.member("documents.ndjson") as member:
            if not sees:
                return
            async for row in self._rows("files", _FILES, PAGE):
                position, content, upload, salt, size, erased_by, body = row
                if erased_by is not None:
                    line = DocumentLine(position, erased_by=erased_by)
                elif not self._opens(body, reclassified.get(position)):
                    line = DocumentLine(position, withheld=True)
                else:
                    include = self._order.documents is not None
                    line = DocumentLine(position, b64encode(salt).decode(), include)
                    if include:
                        included.append((position, content, upload, size))
                member.write(_line(line))
        for position, content, upload, size in included:
            await self._document(position, content, upload, size)

    def _opens(self, body: bytes, corrected: Classification | None) -> bool:
        """Return whether the bundle may open a document to the role, by the classification as corrected.

        A restricted document is never in a bundle, because each opening of it is recorded.

        Raise Damaged for an unreadable entry.
        """
        fact = decode_data(decode_envelope(body))
        if not isinstance(fact, EvidenceSubmitted):
            return False
        classification = corrected or fact.classification
        if classification is Classification.RESTRICTED:
            return False
        return self._order.role in matrix().opens[classification.value]

    async def _document(self, position: int, content: str, upload: str | None, size: int) -> None:
        store = self._order.documents
        place = (self._order.notice, content, upload)
        pieces = await store.read_checked(*place, slice(0, size)) if store is not None else None
        if pieces is None:
            raise await self._missing(position)
        with self._archive.member(f"evidence/{position}") as member:
            async for piece in pieces:
                member.write(piece)

    async def _missing(self, position: int) -> LedgerError:
        """Return the error for a missing document, which may have been erased since the snapshot."""
        async with await connect(self._url, "ledger_writer") as now:
            cursor = await now.execute(_ERASED_BY, (self._order.notice, position))
            row = await cursor.fetchone()
        document = f"the document of entry {position}"
        if row is None or row[0] is None:
            return self._damaged(document)
        return LedgerError(
            f"{document} was erased while the bundle was written, by entry {row[0]}; write it again"
        )

    async def write_tiles(self) -> None:
        """Write the hash tiles, level by level: level 0 from the leaves, each other level from the level below."""
        roots: list[bytes] = []
        tile: list[bytes] = []
        number = 0
        async for (leaf,) in self._rows("leaves", _LEAVES, TILE_WIDTH):
            tile.append(leaf)
            if len(tile) == TILE_WIDTH:
                self._tile(0, number, tile)
                roots.append(root_hash(tile))
                tile, number = [], number + 1
        if tile:
            self._tile(0, number, tile)
        level = 1
        while roots:
            parents = []
            for start in range(0, len(roots), TILE_WIDTH):
                tile = roots[start : start + TILE_WIDTH]
                self._tile(level, start // TILE_WIDTH, tile)
                if len(tile) == TILE_WIDTH:
                    parents.append(root_hash(tile))
            roots, level = parents, level + 1

    def _tile(self, level: int, number: int, hashes: list[bytes]) -> None:
        self._archive.put(tile_path(level, number, len(hashes)), b"".join(hashes))

    def _damaged(self, part: str) -> Damaged:
        notice = self._order.notice
        return Damaged(f"{part} of {notice} is not what was recorded; run ledger verify {notice}")

    async def _rows(
        self, name: str, query: Composed, page: int, last: int | None = None
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Yield rows of a query up to `last`, by default the end of the bundle; one page is in memory."""
        async with self._connection.cursor(name, scrollable=False) as cursor:
            await cursor.execute(query, (self._order.notice, last or self._size), binary=True)
            while rows := await cursor.fetchmany(page):
                for row in rows:
                    yield row
