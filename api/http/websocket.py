"""uvicorn's WebSocket, with limits for a client that does not read, or that sends fragments. Imports uvicorn."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from api.http.graphql_socket import SLOW_SECONDS

STALLED_SECONDS = SLOW_SECONDS + 2
"""Seconds that a full send buffer may wait for its client, so that a close frame is tried first."""
FRAGMENTS = 1_000
"""Maximum fragments of one message; an empty one has six bytes and takes as long as a whole message."""
TOO_BIG = 1009
"""WebSocket close code: the message is longer than the limit, or has too many fragments."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    _stalled: asyncio.TimerHandle | None = None

    def handle_cont(self, event: Frame) -> None:
        """Add a fragment to its message; close the connection if the message has too many."""
        if len(self.frames) < FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(TOO_BIG, f"the message has more than {FRAGMENTS:,} fragments")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()

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
