"""Runner that keeps all views up to date: one process follows the entries, the other processes stand by.

The process that follows, the owner, folds pages on the connection that holds its advisory lock. So a process that
lost the lock cannot fold pages. A fold that fails stops its own view of its own notice. The next owner, or a
rebuild, tries again.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import psycopg
from cachetools import LRUCache
from msgspec import Struct

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine import tables
from projections.engine.follower import Follower, Page, apply, first_line, read_page
from projections.engine.notifications import Notifications
from projections.engine.rebuild import ProgressCallback, rebuild, sweep
from projections.engine.tables import Connection
from projections.engine.tasks import end, within
from projections.engine.view import View

PAGE = 1_000
"""Maximum number of entries folded in one transaction."""
POLL_SECONDS = 1.0
"""Seconds between polls of the ledger's heads when no notification arrives."""
NOTICES_IN_MEMORY = 256
_LOCK = 0x1ED6E3
_NOTIFY_SECONDS = 0.01
_log = logging.getLogger(__name__)


class StoppedView(Struct, frozen=True):
    """A view of a notice whose fold stopped."""

    notice: str
    entry: int
    """Position of the entry at which the fold stopped."""
    reason: str


class ViewStatus(Struct):
    """Positions that a view has reached, and the notices in which it stopped."""

    view: str
    positions: dict[str, int] = {}
    """Notice → position of the last folded entry."""
    stopped: list[StoppedView] = []


class Lag(Struct, frozen=True):
    """Backlog of a view over all notices."""

    view: str
    entries: int
    """Number of entries that the view has not folded yet."""
    stopped: int
    """Number of notices in which the view has stopped."""


class Runner:
    """Runner that keeps all views of one database up to date. Pass `wake` to a Writer as its `on_commit`."""

    def __init__(
        self,
        url: str,
        views: Sequence[View],
        *,
        poll: float = POLL_SECONDS,
        page: int = PAGE,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._url = url
        self._views = tuple(views)
        self._poll = poll
        self._page = page
        self._progress = progress
        self._notifications = Notifications(url, "ledger_projector", "ledger_entries")
        self._followers: LRUCache[str, list[Follower]] = LRUCache(NOTICES_IN_MEMORY)
        self._followed: list[View] = []
        self._task: asyncio.Task[None] | None = None
        self._is_owner = False
        self._woken = asyncio.Event()

    async def open(self) -> "Runner":
        """Create the views' missing tables, and return this runner.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with await connect(self._url, "ledger_projector") as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK + 1,))
            await tables.create_missing(connection, [table for view in self._views for table in view.tables])
        return self

    async def run(self) -> None:
        """Keep the views up to date until cancelled or closed; retry while the database is unreachable."""
        self._task = asyncio.current_task()
        self._notifications.open()
        notifying = asyncio.create_task(self._notify_owner(), name="ledger-entries")
        try:
            while True:
                try:
                    await self._follow()
                except (psycopg.OperationalError, Unavailable) as error:
                    _log.warning("cannot follow the views, as the database is unreachable: %s", error)
                    await within(self._notifications.next(), self._poll)
        finally:
            await end(notifying)
            await self._notifications.close()

    async def close(self) -> None:
        """Stop `run` and wait for its end."""
        if self._task is not None:
            await end(self._task)

    def wake(self, *_: object) -> None:
        """Report new entries to the process that keeps the views up to date, which may be another process."""
        if self._is_owner:
            self._notifications.notify()
        else:
            self._woken.set()

    @property
    def is_owner(self) -> bool:
        """True while this process is the one that keeps the views up to date."""
        return self._is_owner

    async def status(self) -> list[ViewStatus]:
        """Return each view's position in each notice, and the entries at which views stopped.

        Raises:
            Unavailable: The database cannot be reached.
        """
        statuses = {view.name: ViewStatus(view.name) for view in self._views}
        async with await connect(self._url, "ledger_projector") as connection:
            cursor = await connection.execute(
                "SELECT view, notice, position, failed_at, failure FROM views.progress "
                "WHERE view = ANY (%s) ORDER BY notice",
                (list(statuses),),
            )
            for view, notice, position, failed_at, failure in await cursor.fetchall():
                statuses[view].positions[notice] = position
                if failed_at is not None:
                    statuses[view].stopped.append(StoppedView(notice, failed_at, failure))
        return list(statuses.values())

    async def lag(self) -> list[Lag]:
        """Return the backlog of each view; an empty list while no notice exists.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with await connect(self._url, "ledger_projector") as connection:
            cursor = await connection.execute(
                "SELECT v.view, sum(h.size - coalesce(p.position, 0))::bigint, count(p.failed_at) "
                "FROM unnest(%s::text[]) v(view) CROSS JOIN ledger.heads h "
                "LEFT JOIN views.progress p ON p.notice = h.notice AND p.view = v.view GROUP BY v.view",
                ([view.name for view in self._views],),
            )
            return [Lag(*row) for row in await cursor.fetchall()]

    async def _notify_owner(self) -> None:
        """Send NOTIFY after calls of `wake` while another process keeps the views up to date.

        A pause between notifications limits their number.
        """
        connection: Connection | None = None
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                with suppress(psycopg.Error, Unavailable):
                    if connection is None or connection.closed:
                        connection = await connect(self._url, "ledger_projector")
                    await connection.execute("NOTIFY ledger_entries")
                await asyncio.sleep(_NOTIFY_SECONDS)
        finally:
            if connection is not None:
                await connection.close()

    # --- the owner's part

    async def _follow(self) -> None:
        async with await connect(self._url, "ledger_projector") as connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            self._followers.clear()
            self._is_owner = True
            try:
                await self._prepare(connection)
                while True:
                    event = self._notifications.next()
                    behind = await self._behind(connection)
                    for notice, views in behind.items():
                        await self._advance(connection, notice, views)
                    if not behind:
                        await within(event, self._poll)
            finally:
                self._is_owner = False

    async def _prepare(self, connection: Connection) -> None:
        """Drop leftover shadow tables, retry stopped views, and rebuild views of an earlier version.

        Raise the errors of `rebuild`.
        """
        await sweep(connection, self._views)
        await connection.execute(
            "UPDATE views.progress SET failed_at = NULL, failure = NULL WHERE failed_at IS NOT NULL"
        )
        cursor = await connection.execute(
            "SELECT view, min(version), max(version) FROM views.progress GROUP BY view"
        )
        versions = {view: (lowest, highest) for view, lowest, highest in await cursor.fetchall()}
        self._followed = []
        stale: list[View] = []
        for view in self._views:
            lowest, highest = versions.get(view.name, (view.version, view.version))
            if highest > view.version:
                _log.warning("a newer release built the view %s; upgrade this one to follow it", view.name)
                continue
            if lowest < view.version:
                stale.append(view)
            self._followed.append(view)
        for result in (await rebuild(self._url, stale, progress=self._progress)).views if stale else ():
            if result.failure is not None:
                _log.warning("%s", result.failure)
                await connection.execute(
                    "UPDATE views.progress SET failed_at = %s, failure = %s WHERE view = %s",
                    (result.failed_at, result.failure, result.view),
                )

    async def _behind(self, connection: Connection) -> dict[str, dict[str, int]]:
        """Return the notices with entries to fold: notice → view → the view's position."""
        cursor = await connection.execute(
            "SELECT h.notice, v.view, coalesce(p.position, 0) FROM ledger.heads h "
            "CROSS JOIN unnest(%s::text[]) v(view) "
            "LEFT JOIN views.progress p ON p.notice = h.notice AND p.view = v.view "
            "WHERE p.position IS NULL OR (p.position < h.size AND p.failed_at IS NULL) ORDER BY h.notice",
            ([view.name for view in self._followed],),
            prepare=True,
        )
        behind: dict[str, dict[str, int]] = {}
        for notice, view, position in await cursor.fetchall():
            behind.setdefault(notice, {})[view] = position
        return behind

    async def _advance(self, connection: Connection, notice: str, behind: dict[str, int]) -> None:
        """Fold the next page of a notice; if the database refuses the rows, find the view and entry at fault."""
        followers = [f for f in self._following(notice) if f.view.name in behind]
        views = [follower.view for follower in followers]
        page = await read_page(connection, notice, min(behind.values()), views, self._page)
        try:
            await apply(connection, followers, page)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - psycopg raises Python's errors for a row that it cannot send
            _log.warning("folding a page of %s view by view: %s", notice, first_line(error))
            for follower in followers:
                await _fold_what_fits(connection, follower, page)
        for follower in followers:
            if follower.failure is not None:
                _log.error(
                    "the view %s of %s stopped at entry %d: %s", follower.view.name, notice, *follower.failure
                )

    def _following(self, notice: str) -> list[Follower]:
        followers = self._followers.get(notice)
        if followers is None:
            followers = self._followers[notice] = [Follower(view, notice) for view in self._followed]
        return followers


async def _fold_what_fits(connection: Connection, follower: Follower, page: Page) -> None:
    """Fold a part of a page that the database accepts into one view.

    If the database refuses even the page's first entry, stop the view there.
    """
    size = len(page.entries)
    while True:
        try:
            return await apply(connection, [follower], Page(page.after, page.entries[:size]))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - any error stops the view at its entry
            if size <= 1:
                refusal = LedgerError(f"its rows cannot be stored: {first_line(error)}")
                return await apply(connection, [follower], Page(page.after, [refusal]))
            size //= 2
