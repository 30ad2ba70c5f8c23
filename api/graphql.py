"""Where GraphQL arrives: each request with its viewer, one operation a request. Imports strawberry's ASGI view."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

import schema
from api import body
from api.identity import viewer_of
from api.services import Ledger
from schema.context import Context


class _Endpoint(GraphQL[Context, None]):
    """Strawberry's view; by GET it takes queries only, and batches it does not take."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; raises Refused when the body is longer than a single event may be."""
        whole = await body.whole(Request(scope, receive), body.MAXIMUM_EVENT, "the request")
        unread: list[Message] = [{"type": "http.request", "body": whole, "more_body": False}]

        async def read() -> Message:
            return unread.pop() if unread else await receive()

        await super().__call__(scope, read, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002 - strawberry's signature
        """What resolvers are given; raises Refused when nobody can be recognised."""
        viewer = await viewer_of(request)
        ledger: Ledger = request.app.state.ledger
        return Context(ledger.reader, ledger.writer.append, viewer)


def endpoint() -> GraphQL[Context, None]:
    """The ASGI application of `/graphql`."""
    return _Endpoint(schema.build(), graphql_ide=None, subscription_protocols=())
