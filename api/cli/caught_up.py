"""Read the views of a notice for a command, whether or not a server keeps them up to date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from projections.engine.runner import Runner
from projections.query.reader import Reader
from projections.views.registry import ALL

WAIT_SECONDS = 3_600.0
"""Seconds that the views may take to catch up when no server has kept them up to date."""


@asynccontextmanager
async def caught_up(url: str, notice: str) -> AsyncIterator[Reader]:
    """Yield a reader of the views, once they have reached the notice's last entry.

    Raise the errors of `Reader.at`.
    """
    async with Reader(url, ALL) as reader, _following(url):
        (head,) = await reader.notices([notice])
        async with reader.at(notice, at_least=head.position, wait=WAIT_SECONDS):
            pass
        yield reader


@asynccontextmanager
async def _following(url: str) -> AsyncIterator[None]:
    """Keep the views up to date while the context is open, unless a server does."""
    runner = await Runner(url, ALL).open()
    following = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        await runner.close()
        await asyncio.wait([following])
