"""Documents and their entries, kept in step: a file whose entry was stored stays, any other goes.

The order is always: the file arrives, its entry is stored with a row that names it, the file gets its lasting
name. Whatever a crash leaves half done is found by `tidy`. Files of equal content in one notice are one file,
which goes with the last document that it is of; an advisory lock keeps the last from being joined meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
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
"""The age at which an upload without an entry is one that nobody will record any more."""
_CONNECTIONS = 2
_PATIENCE = "SET LOCAL idle_in_transaction_session_timeout = '10min'"  # a bucket may take longer than a database
logger = logging.getLogger(__name__)


class EvidenceService:
    """The documents of one database and one store."""

    def __init__(self, url: str, files: ObjectStore) -> None:
        self.files = files
        self._pool = pool(url, "ledger_writer", _CONNECTIONS)
        self._erasing: set[asyncio.Task[None]] = set()

    async def open(self) -> Self:
        """Connects; raises Unavailable when the database cannot be reached."""
        await open_pool(self._pool)
        return self

    async def close(self) -> None:
        """Finishes what it has begun, and disconnects."""
        if self._erasing:
            await asyncio.wait(self._erasing)
        await self._pool.close()

    async def settle(self, notice: str, file: SubmittedFile) -> None:
        """Gives the file its lasting name if an entry holds it, and destroys the upload if none does.

        Whatever the writer answered: an answer may have been lost after its commit. What cannot be done now is
        left to `tidy`; nothing is raised.
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
        """Begins to destroy the files that these entries, just committed, say were erased."""
        if any(isinstance(entry.fact, EvidenceErased) for entry in entries):
            task = asyncio.create_task(self._erase(notice))
            self._erasing.add(task)
            task.add_done_callback(self._erasing.discard)

    async def _erase(self, notice: str) -> None:
        with suppress(LedgerError, psycopg.Error, PoolTimeout):
            await self._finish_all(notice)

    async def tidy(self) -> None:
        """Finishes what a crash, or a store out of reach, left half done; raises Unavailable."""
        try:
            await self._finish_all(None)
            for upload in await self.files.uploads(ABANDONED):
                await self._settle(upload.notice, upload.name)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable("the database cannot be reached") from error

    async def _finish_all(self, notice: str | None) -> None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT notice, position FROM ledger.files WHERE (%s::text IS NULL OR notice = %s) "
                "AND (upload IS NOT NULL OR (erased_by IS NOT NULL AND content IS NOT NULL))",
                (notice, notice),
            )
            rows = await cursor.fetchall()
        for of_notice, position in rows:
            await self._finish(of_notice, position)

    async def _finish(self, notice: str, position: int) -> None:
        """Moves the file of an entry to its lasting name; or destroys it, if it was erased."""
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
            logger.info("a file was destroyed", extra={"notice": notice})

    @asynccontextmanager
    async def _locked(self, notice: str, position: int) -> AsyncIterator[AsyncConnection[Any]]:
        """A transaction that nobody else shares who moves or destroys a file of the same content."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_PATIENCE)
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(notice || ' ' || content, 0)) FROM ledger.files "
                "WHERE notice = %s AND position = %s AND content IS NOT NULL",
                (notice, position),
            )
            yield connection
