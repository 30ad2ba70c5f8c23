"""uvicorn's WebSocket, with limits for a client that does not read or sends many small frames.

Imports uvicorn and websockets.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from api.http.graphql_socket import SLOW_SECONDS

STALLED_SECONDS = SLOW_SECONDS + 2
"""Seconds that a full send buffer may wait for its client, so that a close frame is tried first."""
FRAGMENTS = 1_000
"""Maximum fragments of one message; an empty one has six bytes and takes as long as a whole message."""
CONTROL_FRAMES = 600
"""Maximum pings and pongs of one client in a minute."""
CONTROL_SECONDS = 60.0
TOO_MANY = 1008
"""WebSocket close code: the client sends too many pings or pongs."""
TOO_BIG = 1009
"""WebSocket close code: the message is longer than the limit, or has too many fragments."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    _stalled: asyncio.TimerHandle | None = None
    _control_frames = 0
    """Number of pings and pongs since `_counted_since`."""
    _counted_since = 0.0

    def handle_ping(self) -> None:
        """Answer a ping, unless the client sends too many."""
        if self._is_within_limit():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Note a pong, unless the client sends too many."""
        if self._is_within_limit():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment to its message; close the connection if the message has too many."""
        if len(self.frames) < FRAGMENTS:
            super().handle_cont(event)
        else:
            self._fail(TOO_BIG, f"the message has more than {FRAGMENTS:,} fragments")

    async def send(self, message: Any) -> None:  # noqa: ANN401 - an ASGI message, of a type that is uvicorn's own
        """Send a message, and wait until the client has taken enough; uvicorn waits before the next one only."""
        await super().send(message)
        if message["type"] == "websocket.send":
            await self.writable.wait()

    def pause_writing(self) -> None:
        """Start the time limit for a client that does not read."""
        super().pause_writing()
        self._stop_stalled()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the time limit for reading."""
        self._stop_stalled()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the time limit."""
        self._stop_stalled()
        super().connection_lost(exc)

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _is_within_limit(self) -> bool:
        """Count a ping or pong; return False, and close the connection, if there are too many in a minute."""
        now = self.loop.time()
        if now - self._counted_since > CONTROL_SECONDS:
            self._control_frames, self._counted_since = 0, now
        self._control_frames += 1
        if self._control_frames > CONTROL_FRAMES:
            self._fail(TOO_MANY, f"more than {CONTROL_FRAMES} pings and pongs came in a minute")
            return False
        return True

    def _fail(self, code: int, reason: str) -> None:
        """Close the connection at a fault of the client, unless it is closing."""
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()
