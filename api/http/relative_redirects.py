"""Make redirections of a trailing slash relative, so that they do not name a host.

Starlette redirects an address with a superfluous slash to the address without it, and repeats the host of the
request. The sender can choose that host. Imports starlette.
"""

from urllib.parse import unquote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RelativeRedirects:
    """Middleware that makes the redirections of a trailing slash relative."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and make a redirection in its answer relative (ASGI)."""

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 307:
                headers = MutableHeaders(scope=message)
                target = urlsplit(headers.get("location", ""))
                if target.netloc and unquote(target.path).rstrip("/") == scope["path"].rstrip("/"):
                    path = "/" + target.path.lstrip("/")  # two slashes would lead to another host
                    headers["location"] = f"{path}?{target.query}" if target.query else path
            await send(message)

        await self._app(scope, receive, send_relative if scope["type"] == "http" else send)
