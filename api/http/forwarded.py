"""Take the client's address, scheme and host from a trusted proxy's headers.

Proxies whose addresses are in FORWARDED_ALLOW_IPS (unset: this machine) are trusted. Imports uvicorn.
"""

import os
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

VARIABLE = "FORWARDED_ALLOW_IPS"
_HEADER = b"x-forwarded-host"


class ForwardedHeaders:
    """Middleware for `X-Forwarded-For`, `-Proto` and `-Host`; uvicorn's own leaves the host out."""

    def __init__(self, app: ASGIApp) -> None:
        # uvicorn types the same protocol more narrowly than Starlette
        inner = ProxyHeadersMiddleware(app, os.environ.get(VARIABLE, "127.0.0.1"))  # type: ignore[arg-type]
        self._trusted, self._app = inner.trusted_hosts, cast(ASGIApp, inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replace the request's host, and let uvicorn's middleware do the rest (ASGI)."""
        client = scope.get("client")
        if client is not None and client[0] in self._trusted:
            hosts = [value for name, value in scope["headers"] if name == _HEADER]
            # Each proxy appends its value: the last one is the trusted proxy's own.
            host = b",".join(hosts).rpartition(b",")[2].strip()
            if host:
                others = [(name, value) for name, value in scope["headers"] if name != b"host"]
                scope["headers"] = [*others, (b"host", host)]
        await self._app(scope, receive, send)
