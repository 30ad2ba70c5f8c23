"""Folding whole notices into the shadows of views: the long part of a rebuild, and nothing else.

Notices know nothing of each other, so several processes may each fold some (`projections.engine.parallel_fold`).
"""

from collections.abc import Callable, Iterable, Sequence

import psycopg
from msgspec import Struct

from projections.engine.follower import Follower, Page, first_line, read_page
from projections.engine.tables import Connection
from projections.engine.view import View

PAGE = 10_000
"""Entries folded in one transaction: the more, the fewer and larger the COPYs."""


class EntryRange(Struct, frozen=True):
    """Entries of a notice that are to be folded: those after `after`, up to `to`."""

    notice: str
    after: int
    to: int


class FoldedNotice(Struct, frozen=True):
    """A page of a stretch that was folded into all views but those that failed."""

    stretch: EntryRange
    position: int
    """The page's last entry."""
    entries: int
    failures: dict[str, tuple[int, str]]
    """View → the entry that it cannot be folded past, and why."""


FoldedCallback = Callable[[FoldedNotice], None]


async def fold(
    connection: Connection, views: Iterable[View], stretches: Sequence[EntryRange], told: FoldedCallback
) -> None:
    """Folds stretch after stretch; a view that fails in one is left out of what follows."""
    going = list(views)
    for stretch in stretches:
        followers = [Follower(view, stretch.notice, shadow=True) for view in going]
        for follower in followers:
            await follower.load(connection, stretch.after, None)
        reached = stretch.after
        while reached < stretch.to and followers:
            page = await read_page(connection, stretch.notice, reached, going, PAGE)
            if not page.entries:
                break
            async with connection.transaction():
                for follower in followers:
                    await _fold(connection, follower, page, settled=page.last < stretch.to)
            reached = page.last
            failures = {each.view.name: each.failure for each in followers if each.failure is not None}
            followers = [follower for follower in followers if follower.failure is None]
            going = [follower.view for follower in followers]
            told(FoldedNotice(stretch, reached, len(page.entries), failures))


async def _fold(connection: Connection, follower: Follower, page: Page, *, settled: bool) -> None:
    """Folds a page into one view; it fails, and no other does, when its rows are refused."""
    try:
        async with connection.transaction():
            await follower.fold(connection, page)
            await follower.write(connection, settled=settled)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - also what Python says of a row that cannot be sent
        of = f"the rows of entries {page.after + 1} to {page.last} cannot be stored"
        follower.failure = (page.after + 1, f"{of}: {first_line(error)}")
