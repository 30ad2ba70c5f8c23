"""Answers on their way to a client that may not be reading yet. Imports the standard library only.

A client may send a whole file of events before it reads the first answer. If we then waited for it to read
before reading on, both sides would wait for ever; so answers wait in memory, and beyond that on disk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator

IN_MEMORY = 1_000_000
"""How many bytes of answers wait in memory before they go to a temporary file."""
ON_DISK = 500_000_000
"""How many wait in all; beyond that the sender waits, until it reads."""
_PIECE = 65_536


class Spool:
    """Bytes written at one end and read in the same order at the other; emptied whenever the reader catches up."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - close() closes it
        self._read = self._written = 0
        self._ended = False
        self._news = asyncio.Event()
        self._emptied = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Adds to the end; waits while too much is unread."""
        while self._written > ON_DISK:
            self._emptied.clear()
            await self._emptied.wait()
        self._file.seek(self._written)
        self._written += self._file.write(data)
        self._news.set()

    def end(self) -> None:
        """Says that nothing more will be written."""
        self._ended = True
        self._news.set()

    def close(self) -> None:
        """Gives up what was not read."""
        self._file.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        """What was written, as it comes, until the end."""
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
