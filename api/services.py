"""The parts that a process of the service runs, started in order and stopped in the reverse one.

The one place where ledger and projections are put together; `api.app` adds what is served.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Self

from api.identity import Identity
from api.settings import Settings
from ledger.batch import Clock, now
from ledger.database import migrate, pending
from ledger.embedded import EmbeddedPostgres, EmbeddedPostgresError
from ledger.errors import LedgerError
from ledger.writer import Writer
from projections.reading import Reader
from projections.runner import Runner

WATCH_SECONDS = 1.0
"""How often the embedded server is looked at, so that it is started again if it was killed."""
logger = logging.getLogger(__name__)
Progress = Callable[[str], None]


def _silent(_line: str) -> None:
    pass


class Database:
    """The database of the settings, with its schema up to date."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._embedded = None if self._url else EmbeddedPostgres(settings.data)

    async def open(self, progress: Progress = _silent) -> str:
        """Its URL, once it can be used; raises LedgerError when it cannot, saying what to do.

        An embedded database is started and migrated; a named one only if an operator says so.
        """
        if self._embedded is not None:
            try:
                url = await asyncio.to_thread(self._embedded.start, progress)
            except EmbeddedPostgresError as error:
                raise LedgerError(str(error)) from error
            await migrate(url, lambda name: progress(f"ran {name}"))
            return url
        url = self._url or ""
        waiting = await pending(url)
        if waiting:
            raise LedgerError(
                f"the database lacks {len(waiting)} migrations, the first is {waiting[0]}; run ledger migrate"
            )
        return url

    async def keep_running(self) -> None:
        """Looks after an embedded server until cancelled: one that was killed is started again."""
        while self._embedded is not None:
            await asyncio.sleep(WATCH_SECONDS)
            if self._embedded.pid is None:
                with suppress(EmbeddedPostgresError):  # the next look tries again; its log has the server's words
                    await asyncio.to_thread(self._embedded.ensure_running)

    def close(self) -> None:
        """Leaves the database; an embedded one stops when nobody uses it."""
        if self._embedded is not None:
            self._embedded.close()


class Ledger:
    """Everything that a server process needs: writer, reader, the views' runner, and who is who."""

    writer: Writer
    reader: Reader
    runner: Runner
    identity: Identity

    def __init__(self, settings: Settings, clock: Clock = now) -> None:
        self.settings = settings
        self._clock = clock
        self._stack = AsyncExitStack()

    async def open(self) -> Self:
        """Starts the parts; raises LedgerError when one cannot start, after stopping the others."""
        async with AsyncExitStack() as stack:
            database = Database(self.settings)
            stack.callback(database.close)
            url = await database.open()
            _run(stack, database.keep_running())
            self.runner = Runner(url)
            await self.runner.open()
            self.reader = Reader(url)
            stack.push_async_callback(self.reader.close)
            await self.reader.open()
            self.writer = Writer(url, self._clock, on_commit=self.runner.wake)
            stack.push_async_callback(self.writer.close)
            await self.writer.open()
            self.identity = Identity(url, self.writer.state)
            stack.push_async_callback(self.identity.close)
            await self.identity.open()
            _run(stack, self._follow())
            self._stack = stack.pop_all()
        return self

    async def close(self) -> None:
        """Stops the parts; whoever waits for a receipt gets it."""
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _follow(self) -> None:
        """The runner waits for a lost database by itself; what nobody foresaw is logged, and it starts again."""
        while True:
            try:
                await self.runner.run()
            except Exception:
                logger.exception("following the entries failed; it starts again")
            await asyncio.sleep(WATCH_SECONDS)


def _run(stack: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
    """Runs `work` beside the rest until the stack is closed."""
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(stop)
