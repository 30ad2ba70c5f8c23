"""Serve while the database cannot be reached at the start; open the ledger as soon as possible.

Imports starlette and psycopg.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.problem import Answer
from api.services import Ledger
from ledger.domain.errors import LedgerError, Refusal, Unavailable
from projections.engine.tasks import end

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
_ALWAYS = "/healthz"
_CLOSE_AGAIN_LATER = 1013
logger = logging.getLogger(__name__)


@asynccontextmanager
async def opened(ledger: Ledger) -> AsyncIterator[None]:
    """Open the ledger, or keep trying in a task while the database cannot be reached; close it at the end.

    Raises:
        LedgerError: A part cannot start for another reason.
    """
    opening = None
    try:
        await ledger.open()
    except (Unavailable, psycopg.OperationalError) as error:
        logger.warning("%s; the ledger opens once it can", error)
        opening = asyncio.create_task(_open(ledger))
    try:
        yield
    finally:
        if opening is not None:
            await end(opening)
        await ledger.close()


async def _open(ledger: Ledger) -> None:
    """Open the ledger, with growing pauses between attempts."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        await asyncio.sleep(pause)
        try:
            await ledger.open()
        except (LedgerError, psycopg.OperationalError) as error:
            logger.warning("the ledger cannot open: %s", error)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            logger.info("the ledger is open")
            return


class UntilOpen:
    """Middleware that answers 503 until the ledger is open, except for the check that the process lives."""

    def __init__(self, app: ASGIApp, ledger: Ledger, answer: Answer) -> None:
        self._app, self._ledger, self._answer = app, ledger, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it (ASGI)."""
        if self._ledger.is_open or scope["type"] == "lifespan" or scope.get("path") == _ALWAYS:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _CLOSE_AGAIN_LATER})
        else:
            refusal = Refusal("UNAVAILABLE", "the database cannot be reached yet; try again shortly")
            await self._answer(scope, refusal, None)(scope, receive, send)
