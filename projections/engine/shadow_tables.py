"""Folding of whole notices into shadow tables: the longest step of a rebuild.

Notices are independent of each other, so `projections.engine.parallel_fold` can share them among processes.
"""

from collections.abc import Callable, Iterable, Sequence

import psycopg
from msgspec import Struct

from projections.engine.follower import Follower, Page, first_line, read_page
from projections.engine.tables import Connection
from projections.engine.view import View

PAGE = 10_000
"""Maximum number of entries folded in one transaction; a larger page means fewer and larger COPYs."""


class EntryRange(Struct, frozen=True):
    """Entries of a notice still to be folded: those after `after`, up to and including `to`."""

    notice: str
    after: int
    to: int


class FoldedPage(Struct, frozen=True):
    """A page of entries folded into all views except those that failed."""

    entry_range: EntryRange
    position: int
    """Position of the page's last entry."""
    entries: int
    failures: dict[str, tuple[int, str]]
    """View → position of the entry at which its fold stopped, and the reason."""


PageCallback = Callable[[FoldedPage], None]


async def fold(
    connection: Connection, views: Iterable[View], ranges: Sequence[EntryRange], report: PageCallback
) -> None:
    """Fold each range of entries into shadow tables, and report each page.

    A view that fails in one range is left out of the later ranges.
    """
    folding = list(views)
    for entry_range in ranges:
        followers = [Follower(view, entry_range.notice, shadow=True) for view in folding]
        for follower in followers:
            await follower.load(connection, entry_range.after, None)
        position = entry_range.after
        while position < entry_range.to and followers:
            page = await read_page(connection, entry_range.notice, position, folding, PAGE)
            if not page.entries:
                break
            async with connection.transaction():
                for follower in followers:
                    await _fold(connection, follower, page, settled=page.last < entry_range.to)
            position = page.last
            failures = {f.view.name: f.failure for f in followers if f.failure is not None}
            followers = [follower for follower in followers if follower.failure is None]
            folding = [follower.view for follower in followers]
            report(FoldedPage(entry_range, position, len(page.entries), failures))


async def _fold(connection: Connection, follower: Follower, page: Page, *, settled: bool) -> None:
    """Fold a page into one view; if the database refuses its rows, only this view fails."""
    try:
        async with connection.transaction():
            await follower.fold(connection, page)
            await follower.write(connection, settled=settled)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - psycopg raises Python's errors for a row that it cannot send
        failure = f"the rows of entries {page.after + 1} to {page.last} cannot be stored: {first_line(error)}"
        follower.failure = (page.after + 1, failure)
