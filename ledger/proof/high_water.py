"""High-water marks: the size and the root of each notice's tree, known outside the database.

After a restored backup or a failover, a tree may end before its mark or have another root there.
The process then records and signs nothing for that notice, so that no size gets two signed roots.

Memory has every commit of this process, and within a second those of other hosts. The file has both for a new
process, each signed head before its signature. Entries of the last second before a crash may be missing in it.

The file keeps marks by the database's address and by its server's identifier. A failover changes the former, a
restored dump the latter. A dump restored under another name changes both. So a later mark of another database
applies too if both have the same first entry. If both have a mark, as many losses must have been accepted in both.
If the first entries differ and this database has no mark, the log warns. This database is then another ledger, or
a copy from before the notice began.
"""

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import psycopg
from msgspec import Struct

from ledger.domain.errors import LedgerError, RolledBack, Stopped
from ledger.store import entries
from ledger.store.database import connect
from ledger.store.entries import Connection, Head

LOCK_SECONDS = 5.0
"""Seconds to wait for another process that writes the file of marks; then nothing is signed."""
_LOCK_PAUSE = 0.01
"""Seconds between attempts to lock the file."""
logger = logging.getLogger(__name__)


class Mark(Struct, frozen=True, order=True):
    """The end of a notice's tree, known to be committed."""

    generation: int
    """Number of losses accepted for the notice.

    A mark with a higher number replaces the same database's marks with lower numbers.
    """
    size: int
    root_hash: bytes
    first: bytes = b""
    """Root of the first entry, which tells histories apart; empty if unknown."""


_decoder = msgspec.json.Decoder(dict[str, dict[str, Mark]])


class HighWaterMarks:
    """High-water marks of one process. Processes of one host share them through a file.

    Args:
        path: File of the marks; without it, the marks end with the process.
        databases: Names of the database in the file, as from `names_of`.
    """

    def __init__(self, path: Path | None = None, databases: Sequence[str] = ()) -> None:
        self._path = path
        self._databases = databases
        self._marks: dict[str, Mark] = {}
        self._others: dict[str, list[Mark]] = {}
        """Marks of other databases in the file, by notice."""
        self._warned: set[str] = set()
        """Notices with other entries in another database, for which the warning has been logged."""
        self._version: tuple[int, int] | None = None
        self.stopped: dict[str, str] = {}
        """Notices that are neither recorded nor signed → the reason and the remedy."""
        self.fault: str | None = None
        """Reason why the file cannot be read, so that nothing is recorded or signed; None if there is no fault."""

    def mark(self, notice: str) -> Mark | None:
        """Return the later of a notice's marks in memory and in the file; None without any mark.

        Raises:
            LedgerError: The file of marks cannot be read.
        """
        self._refresh()
        return self._marks.get(notice)

    @property
    def notices(self) -> list[str]:
        """Notices with a mark, of this or of another database."""
        self._refresh()
        return sorted({*self._marks, *self._others})

    def advance(self, notice: str, size: int, root_hash: bytes) -> None:
        """Raise the mark of a notice to a committed head, in memory."""
        mark = self._marks.get(notice)
        if mark is None or size > mark.size:
            generation, first = (mark.generation, mark.first) if mark else (0, b"")
            self._marks[notice] = Mark(generation, size, root_hash, first)

    async def check(self, connection: Connection, notice: str, head: Head | None) -> None:
        """Compare a notice's head with its mark, and advance the mark.

        Raises:
            RolledBack: The head is behind the mark, or the tree has another root at the mark.
            Stopped: The file of marks cannot be read.
        """
        self._require_readable(notice)
        mark = await self.expected(connection, notice)
        if mark is not None and not await _extends(connection, notice, mark, head):
            head = await entries.read_head(connection, notice)  # the mark may be younger than the caller's head
            if not await _extends(connection, notice, mark, head):
                await self._stop(notice, head.size if head is not None else 0, mark)
        self.stopped.pop(notice, None)
        if head is not None:
            self.advance(notice, head.size, head.root_hash)
            mark = self._marks[notice]
            if not mark.first:
                first = await entries.read_root(connection, notice, 1)
                self._marks[notice] = msgspec.structs.replace(mark, first=first or b"")

    async def expected(self, connection: Connection, notice: str) -> Mark | None:
        """Return the mark that a notice's tree must extend: its own, or a later one of another copy; or None.

        Raises:
            LedgerError: The file of marks cannot be read.
        """
        own, others = self.mark(notice), self._others.get(notice)
        return await self._latest(connection, notice, own, others) if others else own

    def _require_readable(self, notice: str) -> None:
        """Raise Stopped if the file of marks is unreadable, and log this once."""
        try:
            self.mark(notice)
        except LedgerError as error:
            if self.fault != str(error):
                self.fault = str(error)
                logger.error("%s", error)  # noqa: TRY400 - the message says enough
            raise Stopped(str(error)) from None
        self.fault = None

    async def _latest(
        self, connection: Connection, notice: str, own: Mark | None, others: Sequence[Mark]
    ) -> Mark | None:
        """Take over and return the latest of a database's own mark and the marks of its copies.

        Copies have the same first entry. They share their losses, so an own mark gives way only to its generation.
        Log a warning if there is no own mark and the others have other first entries.
        """
        first = own.first if own is not None and own.first else await entries.read_root(connection, notice, 1)
        copies = [mark for mark in others if mark.first and mark.first == first]
        if own is not None:
            copies = [mark for mark in copies if mark.generation == own.generation and mark.size > own.size]
        if copies:
            self._marks[notice] = max(copies)
        elif own is None and notice not in self._warned:
            self._warned.add(notice)
            logger.warning("%s", _other_record_warning(notice, max(others)))
        return self._marks.get(notice)

    async def _stop(self, notice: str, size: int, mark: Mark) -> None:
        difference = "it ends earlier" if size < mark.size else "its entries up to there are not the same"
        message = (
            f"{notice} had {mark.size} entries, and in this database {difference} (now {size} entries). The "
            "database was restored from an older copy, or a standby took over without the last entries. Recording "
            f"and signing of {notice} have stopped. Restore the newest copy of the database, or accept the loss: "
            f"ledger resume {notice} --accept-loss"
        )
        if self.stopped.get(notice) != message:
            self.stopped[notice] = message
            logger.error("%s", message)
            await asyncio.to_thread(self.save)  # so that `ledger resume` knows the mark
        raise RolledBack(message)

    def accept_loss(self, notice: str, head: Head | None) -> None:
        """Replace the mark of a notice by the notice's present head, in memory and in the file.

        Raises:
            LedgerError: The file cannot be read.
            Stopped: The file cannot be written.
        """
        mark = self.mark(notice)
        generation, first = (mark.generation + 1, mark.first) if mark else (1, b"")
        self._marks[notice] = Mark(generation, head.size if head else 0, head.root_hash if head else b"", first)
        self.stopped.pop(notice, None)
        self.write()

    def save(self) -> None:
        """Merge the marks into the file as `write` does, but log a failure."""
        try:
            self.write()
        except Stopped as error:
            logger.error("%s", error)  # noqa: TRY400 - the message says enough

    def write(self) -> None:
        """Merge the marks into the file, and wait until they are on the disk.

        A damaged file is left as it is, because it may have marks that this process lacks.

        Raises:
            Stopped: The file cannot be read or written.
        """
        if self._path is None:
            return
        try:
            with self._locked(self._path) as path:
                saved = self._merge(path) | dict.fromkeys(self._databases, self._marks)
                draft = path.with_suffix(".new")
                with draft.open("wb") as file:
                    file.write(msgspec.json.encode(saved, order="sorted"))
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
                self._version = _version(path)
        except OSError as error:
            raise Stopped(
                f"the high-water marks cannot be written to {self._path} ({error.strerror}); nothing is signed. "
                "Give the service's account the right to write the file and its folder, or free space there"
            ) from None
        except LedgerError as error:
            raise Stopped(str(error)) from None

    def _refresh(self) -> None:
        """Read the file unless this process has its present version. Raise LedgerError if that fails."""
        if self._path is not None and _version(self._path) != self._version:
            version = _version(self._path)
            self._merge(self._path)
            self._version = version

    def _merge(self, path: Path) -> dict[str, dict[str, Mark]]:
        """Take over later marks of this database and all marks of others from the file, and return its content.

        Raises:
            LedgerError: The file is damaged, or cannot be read.
        """
        try:
            saved = _decoder.decode(path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise LedgerError(
                f"the file of high-water marks {path} cannot be read ({error.strerror}); nothing is recorded or "
                "signed. Give the service's account the right to read and write it"
            ) from None
        except msgspec.MsgspecError as error:
            raise LedgerError(
                f"the file of high-water marks {path} is damaged ({error}); nothing is recorded or signed. "
                "Restore it from the backup of the signing key, or remove it if the database has lost no entry"
            ) from None
        self._others = {}
        for name, marks in saved.items():
            for notice, mark in marks.items() if name not in self._databases else ():
                self._others.setdefault(notice, []).append(mark)
        for name in self._databases:
            for notice, mark in saved.get(name, {}).items():
                own = self._marks.get(notice)
                if own is None or (mark.generation, mark.size) > (own.generation, own.size):
                    self._marks[notice] = mark
        return saved

    @contextmanager
    def _locked(self, path: Path) -> Iterator[Path]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("wb") as lock:
            _lock(lock, path)
            yield path


def _lock(lock: BinaryIO, path: Path) -> None:
    """Lock the file of marks; raise LedgerError if another process has it locked for LOCK_SECONDS."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LedgerError(
                    f"the high-water marks cannot be written to {path}: another process has locked {lock.name} "
                    f"for more than {LOCK_SECONDS:.0f} s; nothing is signed. Find that process with lslocks, and "
                    "end it if it hangs"
                ) from None
            time.sleep(_LOCK_PAUSE)
        else:
            return


def marks_file(data: Path, signing_key_file: Path | None = None) -> Path:
    """Return the file of a host's marks: next to the signing key if that folder is writable, else in `data`."""
    folder = signing_key_file.parent if signing_key_file is not None else data
    return (folder if os.access(folder, os.W_OK) else data) / "high-water.json"


async def names_of(url: str) -> list[str]:
    """Return the names of a database in the file of marks: by its address, and by its server's identifier.

    Raises:
        Unavailable: The database cannot be reached.
    """
    async with await connect(url, "ledger_writer") as connection:
        parts = psycopg.conninfo.conninfo_to_dict(url)
        cursor = await connection.execute("SELECT current_database(), system_identifier FROM pg_control_system()")
        row = await cursor.fetchone()
    name, system = row or ("", 0)
    return [f"{parts.get('host', '')}:{parts.get('port', '')}/{name}", f"{system}/{name}"]


async def open_marks(path: Path, url: str) -> HighWaterMarks:
    """Return the marks of a database, shared through a file.

    Raises:
        Unavailable: The database cannot be reached.
    """
    return HighWaterMarks(path, await names_of(url))


def _other_record_warning(notice: str, mark: Mark) -> str:
    """Return the warning that this host signed the notice in another database, with another first entry."""
    return (
        f"this host signed {mark.size} entries of {notice} in another database, and this one has none of them. "
        f"If it is a copy from before {notice} began, stop the service and restore the newest copy. If it is "
        "another ledger, give it a LEDGER_DATA and a signing key of its own: one key then signs one record"
    )


async def _extends(connection: Connection, notice: str, mark: Mark, head: Head | None) -> bool:
    """Return whether a notice's tree has the mark's root at the mark's size."""
    if head is None or head.size <= mark.size:
        return mark.size == 0 or (head is not None and (head.size, head.root_hash) == (mark.size, mark.root_hash))
    return mark.size == 0 or await entries.read_root(connection, notice, mark.size) == mark.root_hash


def _version(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino
