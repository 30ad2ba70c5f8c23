"""Answer HEAD with the headers of GET alone, also where the answer to GET has no end. Imports starlette."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.engine.tasks import end


class HeadResponses:
    """Middleware that ends the answer to a HEAD request after its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application until it has sent its headers (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answered = asyncio.Event()

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                answered.set()

        async def respond() -> None:
            await self._app(scope, receive, send_headers)

        response = asyncio.create_task(respond())
        headers = asyncio.create_task(answered.wait())
        try:
            await asyncio.wait([response, headers], return_when=asyncio.FIRST_COMPLETED)
            if not answered.is_set():
                await response  # it failed before its headers: the error is the caller's
        finally:
            for task in (response, headers):
                await end(task)
