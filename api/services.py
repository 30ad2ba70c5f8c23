"""Start and stop the parts of a service process, in order and in reverse order.

Only this module connects a service's writer to its views; `api.app` adds the routes.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Self

from api.auth.identity import Identity
from api.auth.oidc import Issuer
from api.auth.session_key import session_key
from api.database import WATCH_SECONDS, Database
from api.http.feed import SOCKETS_AT_ONCE, Feeds, SharedPages
from api.http.metrics import RebuildProgress, observe_append
from api.http.turns import Turns
from api.settings import Settings
from ledger.append import snapshots
from ledger.append.clock import Clock, now
from ledger.append.writer import Writer
from ledger.domain.entry import Entry
from ledger.domain.errors import RolledBack
from ledger.evidence.object_store import ObjectStore
from ledger.evidence.service import EvidenceService
from ledger.follow.monitor import FollowMonitor
from ledger.mutable.drafts import Drafts
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.high_water import HighWaterMarks, open_marks
from ledger.store.database import connect
from ledger.store.entries import EntryRow, read_head
from projections.engine.runner import Runner
from projections.engine.tasks import end
from projections.query.reader import Reader
from projections.views.registry import ALL

TIDY_SECONDS = 3_600.0
"""Seconds between removals of incomplete uploads; the first removal runs at the start."""
logger = logging.getLogger(__name__)


class Ledger:
    """Parts of a server process: writer, reader, runner of the views, identity, evidence and signer."""

    writer: Writer
    reader: Reader
    feed_pages: SharedPages
    runner: Runner
    identity: Identity
    evidence: EvidenceService
    session_key: bytes
    log: CheckpointSigner
    marks: HighWaterMarks
    follow: FollowMonitor
    drafts: Drafts
    url: str
    """URL of the database, for modules that open their own connection."""

    def __init__(self, settings: Settings, clock: Clock = now) -> None:
        self.settings = settings
        self.clock = clock
        self.feeds = Feeds()
        self.sockets = Feeds(SOCKETS_AT_ONCE, "WebSockets")
        self.downloads = Feeds(name="downloads of documents", remedy="complete one, and try again")
        self.turns = Turns()
        self.is_open = False
        self._stack = AsyncExitStack()

    async def open(self) -> Self:
        """Start the parts, or stop them all when one part fails.

        Raises:
            LedgerError: A part cannot be started.
            psycopg.OperationalError: The database cannot be reached.
        """
        async with AsyncExitStack() as stack:
            database = Database(self.settings)
            stack.callback(database.close)
            url = await database.open()
            self.url = url
            self.session_key = session_key(self.settings)
            _run(stack, database.keep_running())
            self.drafts = Drafts(url)
            self.runner = Runner(url, ALL, progress=RebuildProgress())
            await self.runner.open()
            self.reader = Reader(url, ALL, standbys_url=self.settings.read_url, lag=self.settings.read_lag)
            stack.push_async_callback(self.reader.close)
            await self.reader.open()
            self.feed_pages = SharedPages(self.reader)
            self.evidence = EvidenceService(url, ObjectStore(self.settings.store, self.settings.evidence_limit))
            stack.push_async_callback(self.evidence.close)
            await self.evidence.open()
            self.marks = await open_marks(self.settings.high_water_file, url)
            await self._check_marks()
            self.follow = FollowMonitor(self.marks)
            self.log = CheckpointSigner(url, self.settings.origin, self.settings.signer(), self.marks)
            stack.push_async_callback(self.log.close)
            await self.log.open()
            snapshot_key = self.settings.signer().derive_key(snapshots.PURPOSE)
            self.writer = Writer(url, self.clock, self._committed, snapshot_key, self.marks, observe_append)
            stack.push_async_callback(self.writer.close)
            await self.writer.open()
            self.identity = Identity(url, self.writer.state, self.writer.recalled, _issuer(self.settings))
            stack.push_async_callback(self.identity.close)
            await self.identity.open()
            _run(stack, self._again(self.runner.run, "following the entries"))
            _run(stack, self._again(self.log.run, "signing checkpoints"))
            _run(stack, self._again(partial(self.follow.run, url), "watching followed ledgers"))
            _run(stack, self._tidy())
            self._stack = stack.pop_all()
        self.is_open = True
        return self

    async def close(self) -> None:
        """Stop the parts after pending receipts are delivered."""
        self.is_open = False
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _committed(self, notice: str, entries: Sequence[Entry], rows: Sequence[EntryRow]) -> None:
        self.runner.wake(notice, entries, rows)
        self.evidence.committed(notice, entries)
        self.log.wake()

    async def _check_marks(self) -> None:
        """Compare the head of each notice that has a high-water mark, and log each notice that lost entries.

        Raise the errors of `connect`.
        """
        async with await connect(self.url, "ledger_writer") as connection:
            for notice in self.marks.notices:
                with suppress(RolledBack):
                    await self.marks.check(connection, notice, await read_head(connection, notice))

    async def _tidy(self) -> None:
        """Remove incomplete uploads at intervals; log a failure and try again later."""
        while True:
            try:
                await self.evidence.tidy()
            except Exception:
                logger.exception("tidying the documents failed; it is tried again in an hour")
            await asyncio.sleep(TIDY_SECONDS)

    async def _again(self, work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
        """Run work until cancelled; log an unforeseen error and start the work again."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("%s failed; it starts again", name)
            await asyncio.sleep(WATCH_SECONDS)


def _issuer(settings: Settings) -> Issuer | None:
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    return Issuer(settings.oidc_issuer, settings.oidc_audience)


def _run(stack: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
    """Run work in a task until the stack is closed."""
    stack.push_async_callback(end, asyncio.create_task(work))
