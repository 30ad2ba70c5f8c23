"""Refuse requests for an unknown host, once LEDGER_PUBLIC_URL names the service's host (RFC 9110, section 7.4)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import origin
from api.http.problem import Answer
from api.settings import Settings
from ledger.domain.errors import Refusal

_FOR_ANY_HOST = ("/healthz", "/readyz", "/metrics")
"""Paths that are answered for any host, because programs address a process directly."""


class KnownHosts:
    """Middleware that answers 421 to a request for another host than the service's own."""

    def __init__(self, app: ASGIApp, settings: Settings, answer: Answer) -> None:
        self._app, self._settings, self._answer = app, settings, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it (ASGI)."""
        if (
            self._settings.public_url is None
            or scope["type"] == "lifespan"
            or scope["path"] in _FOR_ANY_HOST
            or self._is_known(scope)
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            refusal = Refusal("UNKNOWN_HOST", origin.unknown(self._settings, " and ".join(_hosts(scope))))
            await self._answer(scope, refusal, None)(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        hosts = _hosts(scope)
        return len(hosts) == 1 and origin.is_known(self._settings, hosts[0])


def _hosts(scope: Scope) -> list[str]:
    """Return the values of the header `Host`; a proper request has one value."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
