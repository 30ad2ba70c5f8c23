"""Blocking calls to the asynchronous parts of the ledger: the one writer and the snapshots."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

from eventsourcing.persistence import InternalError, OperationalError, ProgrammingError

from ledger.append import snapshots, tokens
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Busy, LedgerError, Refused, Stopped, Unavailable
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact
from ledger.proof.high_water import open_marks
from ledger.store.database import connect
from ledger.store.entries import Connection

T = TypeVar("T")


class RecordingStoppedError(InternalError):
    """Recording has stopped until an operator acts; the message names the remedy. Retrying does not help."""


class WriterThread:
    """The writer and the snapshots of one notice, behind calls that block.

    The thread starts with the first call, and `close` ends it. `_lock` guards the start and the end. `_writer` and
    `_connection` are only used in the thread.

    Args:
        url: The database.
        notice: The id of the notice.
        token: The token of the recorder; None if each call names a credential.
        marks: File of this host's high-water marks, which show that a database lost entries.
    """

    def __init__(self, url: str, notice: str, token: str | None, marks: Path) -> None:
        self._url, self._notice, self._token, self._marks = url, notice, token, marks
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._writer: Writer | None = None
        self._connection: Connection | None = None

    def submit(
        self, items: Sequence[SubmittedFact], expected: int, credential: Credential | None
    ) -> list[Receipt | Refused]:
        """Record all facts or none.

        Args:
            items: The facts, in order.
            expected: Position of the notice's last entry just before the first fact.
            credential: The recorder's credential; None for the credential of the token.

        Returns:
            One receipt or refusal per fact, in the same order.

        Raises:
            OperationalError: The database is unreachable or the queue is full. Retrying is safe.
            RecordingStoppedError: The database lost entries, or a clock is wrong.
            ProgrammingError: There is no credential, or the token was not issued in the notice.
        """
        return self._run(self._submit(items, expected, credential))

    def snapshot(self, position: int) -> State:
        """Return the state of the latest snapshot, or an empty state if it is missing or after the position.

        Raise OperationalError while the database is unreachable.
        """
        return self._run(self._snapshot(position))

    def write_snapshot(self, state: State) -> None:
        """Store a snapshot, unless one of this or a later position is stored already.

        Raise OperationalError while the database is unreachable.
        """
        self._run(self._write_snapshot(state))

    def close(self) -> None:
        """Answer the waiting calls, close the connections and end the thread."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._closed(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=self._loop.run_forever, name="ledger-writer", daemon=True)
                self._thread.start()
            loop = self._loop
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result()
        except Stopped as error:
            raise RecordingStoppedError(str(error)) from error
        except (Busy, Unavailable) as error:
            raise OperationalError(str(error)) from error
        except LedgerError as error:
            raise ProgrammingError(str(error)) from error

    async def _submit(
        self, items: Sequence[SubmittedFact], expected: int, credential: Credential | None
    ) -> list[Receipt | Refused]:
        if self._writer is None:
            marks = await open_marks(self._marks, self._url)
            self._writer = await Writer(self._url, marks=marks).open()
        if credential is None:
            credential = await self._credential(self._writer)
        strict = len(items) > 1
        answers = await self._writer.append_all(self._notice, items, credential, expected=expected, strict=strict)
        return list(answers)

    async def _credential(self, writer: Writer) -> Credential:
        if not self._token:
            raise LedgerError(
                "recording needs a credential: set LEDGER_TOKEN to a token of this notice, or pass credential="
            )
        return await tokens.credential_of(self._url, writer, self._notice, self._token)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url, "ledger_writer")
        return self._connection

    async def _snapshot(self, position: int) -> State:
        return await snapshots.read(await self._connected(), self._notice, position)

    async def _write_snapshot(self, state: State) -> None:
        await snapshots.write(await self._connected(), self._notice, state)

    async def _closed(self) -> None:
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
