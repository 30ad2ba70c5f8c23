"""Keep documents and entries in step: a file without an entry, or of an erased document, is destroyed.

The order is fixed. The file arrives. Its entry is stored with a row that names it. The file gets its lasting name.
`tidy` finishes what a crash interrupted. Files of equal content in one notice are one file, which is destroyed
with its last document. An advisory lock keeps a new document from joining a file that is about to be destroyed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from ledger.domain.areas.evidence import EvidenceErased
from ledger.domain.entry import Entry
from ledger.domain.errors import LedgerError, Unavailable
from ledger.evidence.object_store import ObjectStore
from ledger.intake.parse import SubmittedFile
from ledger.store.database import open_pool, pool

ABANDONED = timedelta(hours=1)
"""Age at which an upload without an entry counts as abandoned."""
CONNECTIONS = 2
_PATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '10min'"  # a bucket may take longer than a database
logger = logging.getLogger(__name__)


class EvidenceService:
    """Service that moves and destroys the files of documents, for one database and one store."""

    def __init__(self, url: str, files: ObjectStore) -> None:
        self.files = files
        self._pool = pool(url, "ledger_writer", CONNECTIONS)
        self._erasing: set[asyncio.Task[None]] = set()

    async def open(self) -> Self:
        """Connect to the database.

        Raises:
            Unavailable: The database cannot be reached.
            LedgerError: A connection lacks a setting.
        """
        await open_pool(self._pool)
        return self

    async def close(self) -> None:
        """Finish running erasures and disconnect."""
        if self._erasing:
            await asyncio.wait(self._erasing)
        await self._pool.close()

    async def settle(self, notice: str, file: SubmittedFile) -> None:
        """Give the file its lasting name if an entry names it, and destroy the upload otherwise.

        The writer's answer is not consulted, because an answer may be lost after a commit. Raise nothing: what
        cannot be done now is left to `tidy`.
        """
        with suppress(LedgerError, psycopg.Error, PoolTimeout):
            await self._settle(notice, file.upload)

    async def _settle(self, notice: str, upload: str) -> None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT position FROM ledger.files WHERE notice = %s AND upload = %s", (notice, upload)
            )
            row = await cursor.fetchone()
        if row is None:
            await self.files.remove(upload)
        else:
            await self._finish(notice, row[0])

    def committed(self, notice: str, entries: Sequence[Entry]) -> None:
        """Start destroying the files that these committed entries erase."""
        if any(isinstance(entry.fact, EvidenceErased) for entry in entries):
            task = asyncio.create_task(self._erase(notice))
            self._erasing.add(task)
            task.add_done_callback(self._erasing.discard)

    async def _erase(self, notice: str) -> None:
        with suppress(LedgerError, psycopg.Error, PoolTimeout):
            await self._finish_all(notice, [])

    async def tidy(self) -> None:
        """Finish what a crash or an unreachable store interrupted.

        Raises:
            Unavailable: The database cannot be reached, or the store hangs, or a document could not be finished.
                A document that fails does not keep the others from being finished.
        """
        failures: list[Unavailable] = []
        try:
            await self._finish_all(None, failures)
            for upload in await self.files.uploads(ABANDONED):
                with _noted(failures):
                    await self._settle(upload.notice, upload.name)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable("the database cannot be reached") from error
        if failures:
            raise failures[0]

    async def _finish_all(self, notice: str | None, failures: list[Unavailable]) -> None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT notice, position FROM ledger.files WHERE (%s::text IS NULL OR notice = %s) "
                "AND (upload IS NOT NULL OR (erased_by IS NOT NULL AND content IS NOT NULL))",
                (notice, notice),
            )
            rows = await cursor.fetchall()
        for of_notice, position in rows:
            with _noted(failures):
                await self._finish(of_notice, position)

    async def _finish(self, notice: str, position: int) -> None:
        """Move the file of an entry to its lasting name, or destroy the file if the document was erased.

        Raise Unavailable if the store fails.
        """
        async with self._locked(notice, position) as connection:
            cursor = await connection.execute(
                "SELECT content, upload, erased_by IS NOT NULL FROM ledger.files "
                "WHERE notice = %s AND position = %s",
                (notice, position),
            )
            row = await cursor.fetchone()
            if row is None or row[0] is None:
                return
            content, upload, erased = row
            if erased:
                await self._destroy(connection, notice, content, upload)
            elif upload is not None:
                await self.files.move(upload, notice, content)
            await connection.execute(
                "UPDATE ledger.files SET upload = NULL, content = CASE WHEN erased_by IS NULL THEN content END "
                "WHERE notice = %s AND position = %s",
                (notice, position),
            )

    async def _destroy(
        self, connection: AsyncConnection[Any], notice: str, content: str, upload: str | None
    ) -> None:
        if upload is not None:
            await self.files.remove(upload)
        cursor = await connection.execute(
            "SELECT FROM ledger.files WHERE notice = %s AND content = %s AND erased_by IS NULL LIMIT 1",
            (notice, content),
        )
        if await cursor.fetchone() is None:
            await self.files.destroy(notice, content)
            logger.info("a file was destroyed", extra={"fields": {"notice": notice}})

    @asynccontextmanager
    async def _locked(self, notice: str, position: int) -> AsyncIterator[AsyncConnection[Any]]:
        """Open a transaction that excludes other moves and destructions of a file of the same content."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_PATIENCE)
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(notice || ' ' || content, 0)) FROM ledger.files "
                "WHERE notice = %s AND position = %s AND content IS NOT NULL",
                (notice, position),
            )
            yield connection


@contextmanager
def _noted(failures: list[Unavailable]) -> Iterator[None]:
    """Note a failure of the store, so that other documents are finished; raise it if the store hangs."""
    try:
        yield
    except Unavailable as error:
        if isinstance(error.__cause__, TimeoutError):
            raise
        failures.append(error)
