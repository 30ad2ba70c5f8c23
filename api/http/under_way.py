"""Break off an answer that is under way when its reader may no longer have the rest.

A slow reader can take hours over one answer. Meanwhile a role, grant or token can end, or the document can be
erased. The client then sees an incomplete answer. Imports starlette and `ledger`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.domain.errors import LedgerError, Refused, Unavailable

LOOK_SECONDS = 1.0
"""Seconds for which a check of the reader's rights is valid."""
T = TypeVar("T")


class Backpressure:
    """Middleware that waits after each piece of an answer until the client has taken enough of the answer.

    uvicorn waits only before it writes the next piece. The rights for that piece were then read before the wait.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request (ASGI)."""

        async def send_and_wait(message: Message) -> None:
            await send(message)
            if message.get("more_body"):
                await send({"type": "http.response.body", "body": b"", "more_body": True})

        await self._app(scope, receive, send_and_wait)


PIECES = [Middleware(Backpressure)]
"""Middleware of a route whose answers are sent in pieces."""


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
