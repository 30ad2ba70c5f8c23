"""Store documents in a directory or a bucket, each file named by its SHA-256. Imports obstore.

A file arrives whole under a temporary name. Once its entry is stored, the file is moved to its lasting name. So an
upload takes the same steps whether the same file was stored before or not.
"""

import asyncio
import hashlib
import logging
import os
import time
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from ledger.domain.errors import Busy, Damaged, LedgerError, Refused, Unavailable
from ledger.evidence import media_type as mediatypes
from ledger.intake.parse import SubmittedFile

LIMIT = 100_000_000
"""Bytes of the largest document, unless an operator sets another limit."""
SALT_BYTES = 32
UPLOADS = "uploads"
AT_ONCE = 32
"""Maximum number of documents that arrive at once in a process; each document has some parts in memory."""
EACH = 8
"""Maximum number of documents that one person or system sends at once to a process."""
STEP_SECONDS = 60.0
"""Seconds that the store may take for one step, such as a piece of a document or a move."""
LISTED = 1_000_000
"""Maximum files in a list of the store; a longer list is taken for endless."""
T = TypeVar("T")
logger = logging.getLogger(__name__)
_PART = 5_242_880  # the smallest part that S3 accepts
_PARTS_AT_ONCE = 2
_PIECE = 262_144


class Upload(Struct, frozen=True):
    """An upload in the store under its temporary name."""

    notice: str
    name: str


class ObjectStore:
    """The store of documents at a URL; `limit` is the size of the largest document in bytes."""

    def __init__(self, url: str, limit: int = LIMIT) -> None:
        """Open the store. Raise LedgerError if the URL cannot be used."""
        self.limit = limit
        self._arriving: Counter[str] = Counter()
        self._folder: Path | None = None
        try:
            if url.startswith("file:"):
                self._folder = Path(unquote(urlsplit(url).path))
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(self._folder) if self._folder else from_url(url)
        except (BaseError, OSError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise LedgerError(f"LEDGER_EVIDENCE_URL: {url} cannot be used for documents: {why}") from error

    async def receive(
        self,
        notice: str,
        media_type: str,
        pieces: AsyncIterator[bytes],
        *,
        sender: str = "",
        detect: bool = False,
    ) -> SubmittedFile:
        """Store a document while it arrives.

        If the call or `pieces` raises, at most an upload remains, which `EvidenceService.tidy` removes.

        Args:
            notice: The notice's id.
            media_type: Declared media type.
            pieces: The document's bytes.
            sender: Name under which the documents of the actor who sends this one are counted.
            detect: True to store the actual media type of a document whose declared type is wrong.

        Returns:
            The stored file, under its temporary name.

        Raises:
            Refused: The file is empty, over the limit, protected by a password, or not of the declared media type.
            Busy: Too many documents arrive at once, from all senders or from this sender.
            Unavailable: The store failed, or hangs.
        """
        if self._arriving.total() >= AT_ONCE:
            raise Busy("too many documents are arriving and this one was not stored: send it again in a moment")
        if self._arriving[sender] >= EACH:
            raise Busy(f"you are sending {EACH} documents already; send this one again when one of them is stored")
        arriving = _Arriving(pieces, self.limit, media_type, detect=detect)
        name = f"{UPLOADS}/{notice}/{uuid4().hex}"
        self._arriving[sender] += 1
        try:
            putting = obstore.put_async(
                self._store, name, arriving.checked(), chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )
            await _while_taken(putting, arriving)
            await self._sync(name)
        except (BaseError, OSError) as error:
            raise _failure("the document could not be stored; send it again in a moment", error) from error
        finally:
            self._arriving[sender] -= 1
            self._arriving += Counter()  # removes senders without a document
        return arriving.file(name)

    async def _sync(self, name: str) -> None:
        """Flush a file in a directory to disk, before an entry names it."""
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / name)

    async def move(self, upload: str, notice: str, content: str) -> None:
        """Give an upload its lasting name, unless it has that name. Raise Unavailable if the store fails."""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await obstore.rename_async(self._store, upload, _name(notice, content))
            await self._sync(_name(notice, content))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _failure(f"{upload} could not be moved to its lasting name", error) from error

    async def remove(self, upload: str) -> None:
        """Destroy an upload if it exists. Raise Unavailable if the store fails."""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await obstore.delete_async(self._store, upload)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _failure(f"{upload} could not be removed from the store", error) from error

    async def destroy(self, notice: str, content: str) -> None:
        """Destroy the notice's document with this SHA-256, if any. Raise Unavailable if the store fails."""
        await self.remove(_name(notice, content))

    async def read(self, notice: str, content: str, upload: str | None) -> AsyncIterator[bytes] | None:
        """Return a document's unchecked bytes; None if it is missing. Raise Unavailable if the store fails."""
        for name in ([upload] if upload else []) + [_name(notice, content)]:
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    stored = await obstore.get_async(self._store, name)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise _failure("the document cannot be read; try again in a moment", error) from error
            return _pieces(stored.stream(min_chunk_size=_PIECE))
        return None

    async def read_checked(
        self, notice: str, content: str, upload: str | None, part: slice
    ) -> AsyncIterator[bytes] | None:
        """Return a part of a document, checked against the SHA-256 of the whole while it is read.

        The last piece follows only if the whole file has this digest; otherwise Damaged is raised instead.

        Args:
            notice: The notice's id.
            content: SHA-256 of the document, in hexadecimal.
            upload: Name of the document's upload; None once it has its lasting name.
            part: Range of the bytes to return.

        Returns:
            The bytes, or None if the document is missing.

        Raises:
            Unavailable: The store failed.
        """
        pieces = await self.read(notice, content, upload)
        return None if pieces is None else _checked(pieces, content, part)

    async def size(self, notice: str, content: str, upload: str | None) -> int | None:
        """Return a document's size in bytes; None if it is missing. Raise Unavailable if the store fails."""
        for name in ([upload] if upload else []) + [_name(notice, content)]:
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    return (await obstore.head_async(self._store, name))["size"]
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise _failure("the document cannot be read; try again in a moment", error) from error
        return None

    async def contents(self, notice: str) -> AsyncIterator[str]:
        """Yield the SHA-256 of every document of the notice. Raise Unavailable if the store fails."""
        async for file in self._list(f"documents/{notice}/"):
            yield file["path"].rpartition("/")[2]

    async def uploads(self, age: timedelta) -> list[Upload]:
        """Remove old parts of unfinished uploads, and return the uploads older than `age`.

        Raises:
            Unavailable: The store failed.
        """
        if self._folder is not None:
            _remove_parts(self._folder / UPLOADS, age)
        oldest = datetime.now(UTC) - age
        names = [file["path"] async for file in self._list(f"{UPLOADS}/") if file["last_modified"] < oldest]
        return [Upload(name.split("/")[1], name) for name in names]

    async def _list(self, prefix: str) -> "AsyncIterator[obstore.ObjectMeta]":
        """Yield the files under a prefix. Raise Unavailable if the list fails, hangs or exceeds `LISTED`."""
        listed = 0
        pages = obstore.list(self._store, prefix=prefix)
        async for page in _in_time(pages, "the store of documents cannot be listed"):
            listed += max(len(page), 1)
            for file in page:
                yield file
            if listed > LISTED:
                raise Unavailable(
                    f"the store of documents lists more than {LISTED:,} files; check the bucket's server"
                )


def _failure(message: str, error: Exception) -> Unavailable:
    """Log why the store failed, for the operator, and return the error with the message for the caller."""
    reason = str(error).splitlines() or ["it did not answer in time"]
    logger.error("the store of documents failed: %s", reason[0])
    return Unavailable(message)


def _name(notice: str, content: str) -> str:
    return f"documents/{notice}/{content[:2]}/{content}"


async def _checked(pieces: AsyncIterator[bytes], content: str, part: slice) -> AsyncIterator[bytes]:
    """Yield a part of a document that arrives in pieces, the last piece only if the document is undamaged.

    Args:
        pieces: The document's bytes.
        content: SHA-256 digest of the document, in hexadecimal digits.
        part: Range of the bytes to yield.

    Raises:
        Damaged: The document has another digest.
    """
    digest, position, last = hashlib.sha256(), 0, b""
    async for piece in pieces:
        digest.update(piece)
        inside = piece[max(part.start - position, 0) : max(part.stop - position, 0)]
        position += len(piece)
        if inside:
            if last:
                yield last
            last = inside
    if digest.hexdigest() != content:
        raise Damaged("a stored file differs from its entry; run ledger verify, and restore it from a backup")
    yield last


async def _in_time(items: AsyncIterable[T], fault: str) -> AsyncIterator[T]:
    """Yield the store's items. Raise Unavailable with the message `fault` if the store fails or hangs."""
    iterator = aiter(items)
    while True:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                item = await anext(iterator)
        except StopAsyncIteration:
            return
        except (BaseError, OSError) as error:
            raise _failure(fault, error) from error
        yield item


async def _pieces(stream: AsyncIterable[bytes | memoryview]) -> AsyncIterator[bytes]:
    async for piece in _in_time(stream, "the document cannot be read on; try again in a moment"):
        yield bytes(piece)


async def _while_taken(putting: Awaitable[object], arriving: "_Arriving") -> None:
    """Wait until an upload is stored.

    Raises:
        TimeoutError: The store takes no piece for `STEP_SECONDS`, although a piece has arrived.
    """
    stored = asyncio.ensure_future(putting)
    try:
        while not stored.done():
            taken = arriving.taken
            await asyncio.wait([stored], timeout=STEP_SECONDS)
            if not stored.done() and arriving.taken == taken and not arriving.waits:
                raise TimeoutError
        await stored
    finally:
        stored.cancel()


def _sync(path: Path) -> None:
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_parts(folder: Path, age: timedelta) -> None:
    """Remove the parts `name#1`, older than `age`, that a killed process left of an unfinished upload."""
    oldest = time.time() - age.total_seconds()
    for part in folder.glob("*/*#*"):
        with suppress(FileNotFoundError):  # another process has removed it
            if part.stat().st_mtime < oldest:
                part.unlink()


class _Arriving:
    """A document in transit: hashed, counted, and examined at both ends."""

    def __init__(self, pieces: AsyncIterator[bytes], limit: int, media_type: str, *, detect: bool) -> None:
        self._pieces, self._limit, self._media_type, self._detect = pieces, limit, media_type, detect
        self._salt = os.urandom(SALT_BYTES)
        self._salted = hashlib.sha256(self._salt)
        self._plain = hashlib.sha256()
        self._size = 0
        self._head, self._tail = bytearray(), bytearray()
        self.taken, self.waits = 0, False
        """Number of pieces that the store has requested, and true while the store waits for the sender."""

    async def checked(self) -> AsyncIterator[bytes]:
        while (piece := await self._next()) is not None:
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            self._salted.update(piece)
            self._plain.update(piece)
            room = mediatypes.EDGE - len(self._head)
            self._head += piece[:room]
            self._tail = (self._tail + piece[room:])[-mediatypes.EDGE :]
            yield piece
        if not self._size:
            raise Refused.because("BLANK", "the file is empty; send one with content")
        head, tail = bytes(self._head), bytes(self._tail)
        if mediatypes.is_locked(head, tail):
            raise Refused.because(
                "MEDIA_TYPE_MISMATCH",
                "the file is protected by a password; save it without a password and send it again",
                "content-type",
            )
        actual = mediatypes.mismatch(self._media_type, head, tail)
        if actual is not None and self._detect:
            self._media_type = actual
        elif actual is not None:
            raise Refused.because(
                "MEDIA_TYPE_MISMATCH",
                f"the file is declared as {self._media_type} but {_look(actual)}; declare its actual type",
                "content-type",
            )

    async def _next(self) -> bytes | None:
        self.taken += 1
        self.waits = True
        try:
            return await anext(self._pieces, None)
        finally:
            self.waits = False

    def file(self, name: str) -> SubmittedFile:
        return SubmittedFile(
            content=self._plain.hexdigest(),
            upload=name,
            salt=self._salt,
            digest=b64encode(self._salted.digest()).decode(),
            size=self._size,
            media_type=self._media_type,
        )


def _look(actual: str) -> str:
    return "has another format" if actual == mediatypes.UNKNOWN else f"looks like {actual}"


def too_large(limit: int) -> Refused:
    """Return the refusal of a document over the limit."""
    return Refused.because(
        "TOO_LARGE", f"the document has more than {limit:,} bytes, the limit: send a smaller one"
    )
