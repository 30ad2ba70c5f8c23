"""Answer requests that the server cuts off while it stops. Imports starlette."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem import Answer
from ledger.domain.errors import Refusal

_STOPPING = "the server stops, and the request took too long; send it again (nothing is recorded twice)"


class CutRequests:
    """Middleware that answers 503 to a request that the server cancels before its answer starts.

    An answer that has started stays incomplete, so that its reader sees the end of the connection.
    """

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, and answer its cancellation (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_started
            await send(message)
            has_started = True

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            if not has_started:
                response = self._answer(scope, Refusal("UNAVAILABLE", _STOPPING), {"Connection": "close"})
                await response(scope, receive, send)
