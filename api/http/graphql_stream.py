"""Server-sent events with which the GraphQL endpoint answers. Imports strawberry's stream transport."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from strawberry.http.streaming import SSETransport

from projections.engine.tasks import end


class EventStream(SSETransport):
    """Server-sent events with LF line ends.

    The id of an event is the position of its entry, if the subscription selects the position.
    """

    def encode_next(self, response: Any, encode_json: Any) -> str:  # noqa: ANN401 - strawberry's own
        """Return one result of an operation as a server-sent event."""
        position = _position(response.get("data"))
        head = "" if position is None else f"id: {position}\n"
        return head + self.encode_event("next", encode_json(response))

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Return a server-sent event, whose data is one line of JSON, or empty for None."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        """Return a comment of the stream, which keeps the connection open."""
        return f": {comment}\n\n"


def _position(data: object) -> int | None:
    """Return the position of the entry in a subscription's data, or None if the data has no position."""
    if not isinstance(data, dict):
        return None
    roots = [root.get("position") for root in data.values() if isinstance(root, dict)]
    return next((position for position in roots if isinstance(position, int)), None)


async def until(closing: asyncio.Event, pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Yield the pieces of a stream, until the stream ends or the server stops."""
    ended = asyncio.ensure_future(closing.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(pieces, None))
            try:
                await asyncio.wait([following, ended], return_when=asyncio.FIRST_COMPLETED)
                piece = following.result() if following.done() else None
            finally:
                await end(following)
            if piece is None:
                return
            yield piece
    finally:
        ended.cancel()
