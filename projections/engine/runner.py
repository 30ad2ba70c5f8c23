"""Keeps all views up to date: one process at a time follows the entries, the others stand by.

The owner holds an advisory lock on the very connection that it writes by, so that whoever has lost the lock
cannot write either. A fold that raises stops its own view of its own notice, until the next owner tries again.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import psycopg
from cachetools import LRUCache
from msgspec import Struct, field

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine import tables
from projections.engine.follower import Follower, Page, apply, first_line, read_page
from projections.engine.notifications import Notifications, within
from projections.engine.rebuild import ProgressCallback, rebuild, sweep
from projections.engine.tables import Connection
from projections.engine.view import View
from projections.views.registry import ALL

PAGE = 1_000
"""Entries folded in one transaction at most."""
POLL_SECONDS = 1.0
"""How often the heads are looked at when nothing was heard."""
NOTICES_IN_MEMORY = 256
_LOCK = 0x1ED6E3
_PASS_ON_SECONDS = 0.01
_log = logging.getLogger(__name__)


class StoppedView(Struct, frozen=True):
    """A view of a notice that cannot be folded any further."""

    notice: str
    entry: int
    """The position of the entry at which it stopped."""
    reason: str


class ViewStatus(Struct):
    """How far a view is."""

    view: str
    positions: dict[str, int] = field(default_factory=dict)
    """Notice → the last position folded in."""
    stopped: list[StoppedView] = field(default_factory=list)


class Lag(Struct, frozen=True):
    """How far a view is behind, over all notices."""

    view: str
    entries: int
    """Entries that it has not folded."""
    stopped: int
    """Notices in which it cannot go on."""


class Runner:
    """Follows all notices of one database. `wake` may be given to a Writer as its `on_commit`."""

    def __init__(
        self,
        url: str,
        projections: Sequence[View] = ALL,
        *,
        poll: float = POLL_SECONDS,
        page: int = PAGE,
        told: ProgressCallback | None = None,
    ) -> None:
        self._url = url
        self._views = tuple(projections)
        self._poll = poll
        self._page = page
        self._told = told
        self._bell = Notifications(url, "ledger_projector", "ledger_entries")
        self._followers: LRUCache[str, list[Follower]] = LRUCache(NOTICES_IN_MEMORY)
        self._followed: list[View] = []
        self._task: asyncio.Task[None] | None = None
        self._owns = False
        self._woken = asyncio.Event()

    async def open(self) -> "Runner":
        """Makes the tables that are missing; raises Unavailable when the database cannot be reached."""
        async with await connect(self._url, "ledger_projector") as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK + 1,))
            for view in self._views:
                for table in view.tables:
                    await tables.make(connection, table)
        return self

    async def run(self) -> None:
        """Follows until it is cancelled or closed; a lost database is waited for."""
        self._task = asyncio.current_task()
        self._bell.open()
        passing = asyncio.create_task(self._pass_on(), name="ledger-entries")
        try:
            while True:
                try:
                    await self._follow()
                except (psycopg.OperationalError, Unavailable) as error:
                    _log.warning("views are not being followed, the database is gone: %s", error)
                    await within(self._bell.next(), self._poll)
        finally:
            passing.cancel()
            with suppress(asyncio.CancelledError):
                await passing
            await self._bell.close()

    async def close(self) -> None:
        """Stops `run`, wherever it is."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def wake(self, *_: object) -> None:
        """Says that something was recorded; whoever follows hears of it, in whatever process."""
        if self._owns:
            self._bell.ring()
        else:
            self._woken.set()

    @property
    def owns(self) -> bool:
        """Whether this process follows, rather than stands by."""
        return self._owns

    async def status(self) -> list[ViewStatus]:
        """How far each view is in each notice, and where one has stopped, whoever follows."""
        found = {view.name: ViewStatus(view.name) for view in self._views}
        async with await connect(self._url, "ledger_projector") as connection:
            cursor = await connection.execute(
                "SELECT view, notice, position, failed_at, failure FROM views.progress "
                "WHERE view = ANY (%s) ORDER BY notice",
                (list(found),),
            )
            for view, notice, position, failed_at, failure in await cursor.fetchall():
                found[view].positions[notice] = position
                if failed_at is not None:
                    found[view].stopped.append(StoppedView(notice, failed_at, failure))
        return list(found.values())

    async def lag(self) -> list[Lag]:
        """How far each view is behind the entries; none while there is no notice."""
        async with await connect(self._url, "ledger_projector") as connection:
            cursor = await connection.execute(
                "SELECT v.view, sum(h.size - coalesce(p.position, 0))::bigint, count(p.failed_at) "
                "FROM unnest(%s::text[]) v(view) CROSS JOIN ledger.heads h "
                "LEFT JOIN views.progress p ON p.notice = h.notice AND p.view = v.view GROUP BY v.view",
                ([view.name for view in self._views],),
            )
            return [Lag(*row) for row in await cursor.fetchall()]

    async def _pass_on(self) -> None:
        """While another process follows, tells it by NOTIFY: at most every few milliseconds, for its sake."""
        connection: Connection | None = None
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                with suppress(psycopg.Error, Unavailable):
                    if connection is None or connection.closed:
                        connection = await connect(self._url, "ledger_projector")
                    await connection.execute("NOTIFY ledger_entries")
                await asyncio.sleep(_PASS_ON_SECONDS)
        finally:
            if connection is not None:
                await connection.close()

    # --- the owner's part

    async def _follow(self) -> None:
        async with await connect(self._url, "ledger_projector") as connection:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            self._followers.clear()
            self._owns = True
            try:
                await self._prepare(connection)
                while True:
                    rung = self._bell.next()
                    behind = await self._behind(connection)
                    for notice, views in behind.items():
                        await self._advance(connection, notice, views)
                    if not behind:
                        await within(rung, self._poll)
            finally:
                self._owns = False

    async def _prepare(self, connection: Connection) -> None:
        """Gives views that had stopped another try, and rebuilds those of an earlier version."""
        await sweep(connection, self._views)
        await connection.execute(
            "UPDATE views.progress SET failed_at = NULL, failure = NULL WHERE failed_at IS NOT NULL"
        )
        cursor = await connection.execute(
            "SELECT view, min(version), max(version) FROM views.progress GROUP BY view"
        )
        kept = {view: (least, most) for view, least, most in await cursor.fetchall()}
        self._followed = []
        stale: list[View] = []
        for view in self._views:
            least, most = kept.get(view.name, (view.version, view.version))
            if most > view.version:
                _log.warning("the view %s was built by a newer ledger; upgrade this one to follow it", view.name)
                continue
            if least < view.version:
                stale.append(view)
            self._followed.append(view)
        for rebuilt in (await rebuild(self._url, stale, told=self._told)).views if stale else ():
            if rebuilt.failure is not None:
                _log.warning("%s", rebuilt.failure)
                await connection.execute(
                    "UPDATE views.progress SET failed_at = %s, failure = %s WHERE view = %s",
                    (rebuilt.failed_at, rebuilt.failure, rebuilt.view),
                )

    async def _behind(self, connection: Connection) -> dict[str, dict[str, int]]:
        """The notices that have entries to fold: view → its position."""
        cursor = await connection.execute(
            "SELECT h.notice, v.view, coalesce(p.position, 0) FROM ledger.heads h "
            "CROSS JOIN unnest(%s::text[]) v(view) "
            "LEFT JOIN views.progress p ON p.notice = h.notice AND p.view = v.view "
            "WHERE p.position IS NULL OR (p.position < h.size AND p.failed_at IS NULL) ORDER BY h.notice",
            ([view.name for view in self._followed],),
            prepare=True,
        )
        found: dict[str, dict[str, int]] = {}
        for notice, view, position in await cursor.fetchall():
            found.setdefault(notice, {})[view] = position
        return found

    async def _advance(self, connection: Connection, notice: str, behind: dict[str, int]) -> None:
        """Folds the next page of a notice; what the database refuses is narrowed down to its view and entry."""
        followers = [f for f in self._following(notice) if f.view.name in behind]
        views = [follower.view for follower in followers]
        page = await read_page(connection, notice, min(behind.values()), views, self._page)
        try:
            await apply(connection, followers, page)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - also what Python says of a row that cannot be sent
            _log.warning("a page of %s is folded view by view: %s", notice, first_line(error))
            for follower in followers:
                await _narrow(connection, follower, page)
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


async def _narrow(connection: Connection, follower: Follower, page: Page) -> None:
    """Folds as much of a page into one view as can be stored; stops the view where nothing can."""
    size = len(page.entries)
    while True:
        try:
            return await apply(connection, [follower], Page(page.after, page.entries[:size]))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the entry is named, whatever refused its row
            if size <= 1:
                refused = LedgerError(f"its rows cannot be stored: {first_line(error)}")
                return await apply(connection, [follower], Page(page.after, [refused]))
            size //= 2
