"""The WebSocket of the GraphQL endpoint: graphql-transport-ws. Imports strawberry's ASGI view."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any, cast

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage

from api.http.graphql_documents import Documents
from schema.context import Context

JOINING_CHARACTERS = 65_536
"""Maximum number of characters in a message of a client not yet identified; a token has at most a quarter."""
SLOW_SECONDS = 20.0
"""Seconds that sending a message may take before a slow client is disconnected."""
SLOW = 4413
"""WebSocket close code: the client reads too slowly."""
MALFORMED = 4400
"""WebSocket close code: the message is not of the protocol."""
FORBIDDEN = 4403
"""WebSocket close code: the token is not valid."""
TOO_MANY = 4429
"""WebSocket close code: too many sockets are open."""
TRY_AGAIN = 1013
"""WebSocket close code: the service cannot answer now."""


class JoiningSocket(WebSocket):
    """A WebSocket that accepts no long message until its viewer is known, because decoding holds up others."""

    async def receive_text(self) -> str:
        """Return the next message; raise WebSocketDisconnect after closing the connection for a long message."""
        message = await super().receive_text()
        if len(message) > JOINING_CHARACTERS and not getattr(self.state, "joined", False):
            await self.close(
                MALFORMED, f"a message before connection_ack has more than {JOINING_CHARACTERS:,} characters"
            )
            raise WebSocketDisconnect(MALFORMED)
        return message


class GraphqlSocket(ASGIWebSocketAdapter):
    """A WebSocket that accepts well-formed messages only, and disconnects a client that does not read."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Yield the client's messages; close the connection at a malformed message."""
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not _well_formed(message):
                await self.close(MALFORMED, "not a graphql-transport-ws message")
                return
            yield _without_null(message)

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, with the reason for refusing the viewer if the viewer was refused."""
        code, reason = getattr(self.ws.state, "refusal", None) or (code, reason)
        await super().close(code, reason)

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message; raise WebSocketDisconnected if the client has left, or does not read it in time."""
        if self.ws.application_state is WebSocketState.DISCONNECTED:  # closed while this message waited
            raise WebSocketDisconnected
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                await super().send_json(message)
                await asyncio.sleep(0)  # hundreds of subscribers may get the same page at the same moment
        except TimeoutError:
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await self.close(SLOW, "the client reads too slowly; resume after the last position received")
            raise WebSocketDisconnected from None


class GraphqlHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Handler of the protocol's messages, which finds the document that an operation names by an id."""

    async def handle_task_exception(self, error: Exception) -> None:
        """Log why an operation ended, unless the client has left or reads too slowly."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, or send an error if its document cannot be determined."""
        if self.connection_acknowledged:  # otherwise the message closes the connection
            documents: Documents = cast(Any, self.view).documents
            payload: dict[str, Any] = dict(message["payload"])
            try:
                document = documents.find(
                    payload.get("query"), payload.get("documentId"), payload.get("extensions")
                )
            except GraphQLError as error:
                await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
                return
            if document is None:
                await self.websocket.close(MALFORMED, "the operation has no query")
                return
            message = cast(SubscribeMessage, {**message, "payload": {**payload, "query": document}})
        await super().handle_subscribe(message)


def _without_null(message: object) -> object:
    """Return a message without a null payload: null and absent mean the same."""
    if isinstance(message, dict) and message.get("payload", ...) is None:
        return {name: value for name, value in message.items() if name != "payload"}
    return message


def _well_formed(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] not in ("subscribe", "complete"):
        return True
    if not isinstance(message.get("id"), str) or not 0 < len(message["id"]) <= 128:
        return False
    if message["type"] == "complete":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and all(isinstance(payload.get(name), str | None) for name in ("query", "documentId"))
        and all(isinstance(payload.get(name), dict | None) for name in ("variables", "extensions"))
        and isinstance(payload.get("operationName"), str | None)
    )
