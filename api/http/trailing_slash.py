"""Redirect an address that ends in a slash to the one without.

Starlette's own redirection repeats the host of the request, which the sender can choose. Imports starlette.
"""

from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlash:
    """Middleware whose redirections name no host; the routers' own are switched off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect the request, or pass it on (ASGI)."""
        path = scope["path"] if scope["type"] == "http" else ""
        target = path.rstrip("/")
        # A path that begins with two slashes would lead to another host.
        if target == path or not target or target.startswith("//"):
            await self._app(scope, receive, send)
            return
        query = URL(scope=scope).query
        await RedirectResponse(f"{target}?{query}" if query else target)(scope, receive, send)
