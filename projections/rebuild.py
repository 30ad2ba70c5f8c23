"""Building a view again from the entries, in shadow tables beside the live ones, then swapping in one transaction.

Readers and the runner go on meanwhile; a runner notices the swap by the progress row that it locks.
"""

from collections.abc import Callable
from typing import Any

from ledger.database import connect
from ledger.errors import LedgerError
from projections import tables
from projections.following import Follower, read_page
from projections.tables import Connection
from projections.view import View

PAGE = 2_000


class RebuildFailed(LedgerError):
    """A view could not be rebuilt; what was built before is still in use."""

    def __init__(self, view: View, notice: str, entry: int, reason: str) -> None:
        self.entry = entry
        super().__init__(f"{view.name} of {notice} cannot be folded past entry {entry}: {reason}")


async def rebuild(
    url: str, view: View, told: Callable[[str, int], None] = lambda _notice, _position: None
) -> None:
    """Folds every notice anew and takes the rows into use; `told` hears of each page.

    Raises RebuildFailed when the fold raises: the live rows then stay as they are.
    """
    async with await connect(url, "ledger_projector") as connection:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended('views.' || %s, 0))", (view.name,))
        for table in view.tables:
            await tables.make(connection, table, shadow=True)
        followers: dict[str, Follower] = {}
        await _fold_all(connection, view, followers, told)
        for table in view.tables:
            await tables.index(connection, table.name + tables.SHADOW)
        async with connection.transaction():
            # Whoever follows or begins a notice waits here, so that the shadow can reach the very end.
            await connection.execute("LOCK TABLE views.progress IN EXCLUSIVE MODE")
            await _fold_all(connection, view, followers, told)
            for follower in followers.values():
                await follower.write(connection)
            for table in view.tables:
                await connection.execute("SELECT views.swap_table(%s)", (table.name,))
            await _note(connection, view, followers)


async def _fold_all(
    connection: Connection, view: View, followers: dict[str, Follower], told: Callable[[str, int], None]
) -> None:
    cursor = await connection.execute("SELECT notice, size FROM ledger.heads ORDER BY notice")
    for notice, size in await cursor.fetchall():
        follower = followers.setdefault(notice, Follower(view, notice, shadow=True))
        while follower.position < size:
            page = await read_page(connection, notice, follower.position, (view,), PAGE)
            if not page.entries:
                break
            async with connection.transaction():
                await follower.fold(connection, page)
                await follower.write(connection, settled=True)
            if follower.failure is not None:
                raise RebuildFailed(view, notice, *follower.failure)
            told(notice, follower.position)


async def _note(connection: Connection, view: View, followers: dict[str, Follower]) -> None:
    reached: list[tuple[Any, ...]] = [
        (notice, view.name, view.version, follower.position) for notice, follower in followers.items()
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO views.progress (notice, view, version, position) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (notice, view) DO UPDATE SET version = excluded.version, "
            "position = excluded.position, built_at = clock_timestamp(), failed_at = NULL, failure = NULL",
            reached,
        )
    await connection.execute("SELECT pg_notify('ledger_views', '')")
