"""Buffer answers for a client that may not be reading yet. Imports the standard library only.

A client may send a whole file of events before it reads the first answer. If the server then waited for the
client, both would wait for ever. So answers wait in memory, and beyond that on disk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator

IN_MEMORY = 1_000_000
"""Bytes of answers in memory before they move to a temporary file."""
ON_DISK = 500_000_000
"""Bytes of answers since the queue was last empty; beyond that the sender waits until it is empty again."""
_PIECE = 65_536


class Spool:
    """Queue of bytes, emptied whenever its reader catches up."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - close() closes it
        self._read = self._written = 0
        self._ended = False
        self._news = asyncio.Event()
        self._emptied = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Add bytes to the end of the queue; after more than ON_DISK bytes, wait until the queue is empty."""
        while self._written > ON_DISK:
            self._emptied.clear()
            await self._emptied.wait()
        self._file.seek(self._written)
        self._written += self._file.write(data)
        self._news.set()

    def end(self) -> None:
        """Note that nothing more will be written."""
        self._ended = True
        self._news.set()

    def close(self) -> None:
        """Discard the unread bytes."""
        self._file.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the written bytes as they come, until the end."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._read < self._written:
                self._file.seek(self._read)
                piece = self._file.read(_PIECE)
                self._read += len(piece)
                if self._read == self._written:
                    self._file.seek(0)
                    self._file.truncate()
                    self._read = self._written = 0
                    self._emptied.set()
                yield piece
            if self._ended:
                return
