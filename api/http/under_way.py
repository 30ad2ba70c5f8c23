"""Break off an answer that is under way when its reader may no longer have the rest.

A slow reader can take hours over one answer. Meanwhile a role, grant or token can end, or the document can be
erased. The client then sees an incomplete answer. Imports the standard library and `ledger`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from ledger.domain.errors import LedgerError, Refused, Unavailable

LOOK_SECONDS = 1.0
"""Seconds for which a check of the reader's rights is valid."""
T = TypeVar("T")


async def while_allowed(
    pieces: AsyncIterator[bytes], check: Callable[[], Awaitable[object]]
) -> AsyncIterator[bytes]:
    """Yield the pieces of an answer, and check between them that its reader may still have it.

    Raises:
        LedgerError: The check refused the reader, or was impossible.
    """
    clock = asyncio.get_running_loop().time
    checked = clock()
    async for piece in pieces:
        if clock() - checked >= LOOK_SECONDS:
            await still(check())
            checked = clock()
        yield piece


async def still(check: Awaitable[T]) -> T:
    """Return the result of a check of the reader's rights.

    Raises:
        LedgerError: The check refused the reader, or was impossible. No handler answers the error, so the
            connection ends.
    """
    try:
        return await check
    except (Refused, Unavailable):
        message = "an answer was broken off, because its reader lost the right to it or no check was possible"
        raise LedgerError(message) from None
