"""The store of documents: a directory or a bucket beside the database, each file named by its SHA-256.

A file arrives under a name of its own, always whole, and is moved to its lasting name once its entry is stored;
so an upload takes the same steps whether the same file was there or not. Imports obstore.
"""

import asyncio
import hashlib
import os
import time
from base64 import b64encode
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from ledger.evidence import media_type as mediatypes
from ledger.intake.parse import SubmittedFile

LIMIT = 100_000_000
"""The largest document, in bytes, unless an operator sets another."""
SALT_BYTES = 32
UPLOADS = "uploads"
AT_ONCE = 32
"""How many documents may arrive at once in a process; each holds some parts in memory."""
_PART = 5_242_880  # S3 takes no smaller parts
_PARTS_AT_ONCE = 2
_PIECE = 262_144


class Upload(Struct, frozen=True):
    """An upload that lies in the store under its first name."""

    notice: str
    name: str


class ObjectStore:
    """The store at a URL; `limit` is the size of the largest document in bytes."""

    def __init__(self, url: str, limit: int = LIMIT) -> None:
        """Raises LedgerError when the URL leads nowhere."""
        self.limit = limit
        self._arriving = 0
        self._folder: Path | None = None
        try:
            if url.startswith("file:"):
                self._folder = Path(unquote(urlsplit(url).path))
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(self._folder) if self._folder else from_url(url)
        except (BaseError, OSError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise LedgerError(f"LEDGER_EVIDENCE_URL: {url} cannot be used for documents: {why}") from error

    async def receive(self, notice: str, media_type: str, pieces: AsyncIterator[bytes]) -> SubmittedFile:
        """Stores a document while it arrives; when this or `pieces` raises, nothing of it is left.

        Raises Refused for an empty file, one over the limit, and one that is not of the media type declared;
        Busy when too many arrive at once, and Unavailable when the store fails.
        """
        if self._arriving >= AT_ONCE:
            raise Busy("too many documents are arriving; nothing of this one was kept: send it again in a moment")
        arriving = _Arriving(pieces, self.limit, media_type)
        name = f"{UPLOADS}/{notice}/{uuid4().hex}"
        self._arriving += 1
        try:
            await obstore.put_async(
                self._store, name, arriving.checked(), chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )
            await self._sync(name)
        except (BaseError, OSError) as error:
            raise Unavailable("the document could not be stored; send it again in a moment") from error
        finally:
            self._arriving -= 1
        return arriving.file(name)

    async def _sync(self, name: str) -> None:
        """Makes sure that a directory's store has the file on disk, before an entry says that it is there."""
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / name)

    async def move(self, upload: str, notice: str, content: str) -> None:
        """Gives an upload its lasting name, also when it has it already; raises Unavailable."""
        try:
            await obstore.rename_async(self._store, upload, _name(notice, content))
            await self._sync(_name(notice, content))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise Unavailable(f"{upload} could not be moved to its lasting name") from error

    async def remove(self, upload: str) -> None:
        """Destroys an upload, if it is there; raises Unavailable."""
        try:
            await obstore.delete_async(self._store, upload)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise Unavailable(f"{upload} could not be removed from the store") from error

    async def destroy(self, notice: str, content: str) -> None:
        """Destroys the document of that SHA-256, if it is there; raises Unavailable."""
        await self.remove(_name(notice, content))

    async def read(
        self, notice: str, content: str, upload: str | None, start: int, end: int
    ) -> AsyncIterator[bytes] | None:
        """The bytes from `start` up to `end` (excluded); None when the document is not there.

        Raises Unavailable.
        """
        for name in ([upload] if upload else []) + [_name(notice, content)]:
            try:
                found = await obstore.get_async(self._store, name, options={"range": (start, end)})
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise Unavailable("the document cannot be read; try again in a moment") from error
            return _pieces(found.stream(min_chunk_size=_PIECE))
        return None

    async def size(self, notice: str, content: str, upload: str | None) -> int | None:
        """The bytes that a document has; None when it is not there. Raises Unavailable."""
        for name in ([upload] if upload else []) + [_name(notice, content)]:
            try:
                return (await obstore.head_async(self._store, name))["size"]
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise Unavailable("the document cannot be read; try again in a moment") from error
        return None

    async def contents(self, notice: str) -> AsyncIterator[str]:
        """The SHA-256, by which it is named, of every document of the notice; raises Unavailable."""
        try:
            async for page in obstore.list(self._store, prefix=f"documents/{notice}/"):
                for each in page:
                    yield each["path"].rpartition("/")[2]
        except (BaseError, OSError) as error:
            raise Unavailable("the store of documents cannot be listed") from error

    async def uploads(self, age: timedelta) -> list[Upload]:
        """The uploads older than `age`, after removing what a crash left unfinished; raises Unavailable."""
        if self._folder is not None:
            _remove_parts(self._folder / UPLOADS, age)
        oldest = datetime.now(UTC) - age
        found = []
        try:
            async for page in obstore.list(self._store, prefix=f"{UPLOADS}/"):
                found += [each["path"] for each in page if each["last_modified"] < oldest]
        except (BaseError, OSError) as error:
            raise Unavailable("the store of documents cannot be listed") from error
        return [Upload(name.split("/")[1], name) for name in found]


def _name(notice: str, content: str) -> str:
    return f"documents/{notice}/{content[:2]}/{content}"


async def _pieces(stream: AsyncIterable[bytes | memoryview]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)


def _sync(path: Path) -> None:
    for each in (path, path.parent):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _remove_parts(folder: Path, age: timedelta) -> None:
    """A directory's store writes to `name#1` before `name` is there; a killed process leaves it."""
    oldest = time.time() - age.total_seconds()
    for part in folder.glob("*/*#*"):
        if part.stat().st_mtime < oldest:
            part.unlink(missing_ok=True)


class _Arriving:
    """A document as its bytes pass: hashed, counted, and looked at on both ends."""

    def __init__(self, pieces: AsyncIterator[bytes], limit: int, media_type: str) -> None:
        self._pieces, self._limit, self._media_type = pieces, limit, media_type
        self._salt = os.urandom(SALT_BYTES)
        self._salted = hashlib.sha256(self._salt)
        self._plain = hashlib.sha256()
        self._size = 0
        self._head, self._tail = bytearray(), bytearray()

    async def checked(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
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
            raise Refused.because("BLANK", "the file is empty; send the document as the body")
        found = mediatypes.mismatch(self._media_type, bytes(self._head), bytes(self._tail))
        if found is not None:
            raise Refused.because(
                "MEDIA_TYPE_MISMATCH",
                f"the file is declared as {self._media_type} and {_look(found)}; declare what it is",
                "content-type",
            )

    def file(self, name: str) -> SubmittedFile:
        return SubmittedFile(
            content=self._plain.hexdigest(),
            upload=name,
            salt=self._salt,
            digest=b64encode(self._salted.digest()).decode(),
            size=self._size,
            media_type=self._media_type,
        )


def _look(found: str) -> str:
    return "is nothing of the kind" if found == "application/octet-stream" else f"looks like {found}"


def too_large(limit: int) -> Refused:
    """The refusal of a document that is larger than the limit."""
    return Refused.because("TOO_LARGE", f"the document has more than {limit:,} bytes, the most that is taken")
