"""Helpers of these tests: folding page by page, and waiting for a condition."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from msgspec import structs
from psycopg import sql

from ledger.store.database import connect
from projections.engine.follower import Follower, apply, read_page
from projections.engine.runner import Runner
from projections.engine.tables import Connection
from projections.engine.view import Handler, View
from projections.views.registry import ALL
from tests.ledger.history import NOTICE

Stored = dict[str, list[tuple[Any, ...]]]


def with_fold(view: View, fold: Handler[Any]) -> View:
    """Return a view that folds all its facts by one function."""
    return structs.replace(view, handlers=dict.fromkeys(view.handlers, fold))


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Return as soon as the condition holds; fail if it does not in time."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the database's state has no event to wait for
            await asyncio.sleep(0.01)


async def fold_all(
    url: str, notice: str, views: Sequence[View] = ALL, *, page: int = 1_000, restart: bool = False
) -> None:
    """Fold a notice to its end in pages of that size; `restart` reloads the stored rows before each page."""
    await Runner(url, views).open()
    async with await connect(url, "ledger_projector") as connection:
        followers = [Follower(view, notice) for view in views]
        while await fold_page(connection, followers, page):
            if restart:
                followers = [Follower(view, notice) for view in views]


async def fold_page(connection: Connection, followers: Sequence[Follower], page: int) -> bool:
    """Fold one page; return False if there was none."""
    notice = followers[0].notice
    cursor = await connection.execute(
        "SELECT coalesce(min(position), 0) FROM views.progress WHERE notice = %s", (notice,)
    )
    (after,) = await cursor.fetchone() or (0,)
    news = await read_page(connection, notice, after, [follower.view for follower in followers], page)
    if not news.entries:
        return False
    await apply(connection, followers, news)
    return True


def stored(url: str, notice: str, views: Sequence[View] = ALL) -> Stored:
    """Return every version of every row of a notice, by table."""
    tables: Stored = {}
    with psycopg.connect(url) as connection:
        for table in (table for view in views for table in view.tables):
            names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
            query = sql.SQL("SELECT lower(held), upper(held), {} FROM {} WHERE notice = %s ORDER BY 1, {}").format(
                names,
                sql.Identifier("views", table.name),
                sql.SQL(", ").join(map(sql.Identifier, table.key)),
            )
            tables[table.name] = connection.execute(query, (notice,)).fetchall()
    return tables


NEVER = 3600.0


@asynccontextmanager
async def running(url: str, views: Sequence[View] = ALL, poll: float = NEVER) -> AsyncIterator[Runner]:
    runner = await Runner(url, views, poll=poll).open()
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        await runner.close()
        assert task.done()


async def reached(runner: Runner, position: int, views: Sequence[str] = ()) -> None:
    async def all_have() -> bool:
        return all(
            status.positions.get(NOTICE) == position
            for status in await runner.status()
            if not views or status.view in views
        )

    await until(all_have)


async def owning(runner: Runner) -> None:
    async def owns() -> bool:
        return runner.is_owner

    await until(owns)
