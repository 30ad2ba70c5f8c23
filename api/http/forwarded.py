"""Take the client's address, scheme and host from a trusted proxy's headers.

Proxies whose addresses are in FORWARDED_ALLOW_IPS (unset: this machine) are trusted. Imports uvicorn.
"""

import os
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

VARIABLE = "FORWARDED_ALLOW_IPS"
_HOST, _SCHEME = b"x-forwarded-host", b"x-forwarded-proto"


class ForwardedHeaders:
    """Middleware for `X-Forwarded-For`, `-Proto` and `-Host`; uvicorn's own middleware ignores the host."""

    def __init__(self, app: ASGIApp) -> None:
        # uvicorn types the same protocol more narrowly than Starlette
        inner = ProxyHeadersMiddleware(app, os.environ.get(VARIABLE, "127.0.0.1"))  # type: ignore[arg-type]
        self._trusted, self._app = inner.trusted_hosts, cast(ASGIApp, inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the request's host and scheme from a trusted proxy, and run uvicorn's middleware (ASGI)."""
        client = scope.get("client")
        if client is not None and client[0] in self._trusted:
            read = {b"host": _last(scope, _HOST), _SCHEME: _last(scope, _SCHEME).lower()}
            others = [(name, value) for name, value in scope["headers"] if not read.get(name)]
            scope["headers"] = [*others, *((name, value) for name, value in read.items() if value)]
        await self._app(scope, receive, send)


def _last(scope: Scope, header: bytes) -> bytes:
    """Return the last value of a header: each proxy appends a value, and the last proxy is trusted."""
    return b",".join(value for name, value in scope["headers"] if name == header).rpartition(b",")[2].strip()
