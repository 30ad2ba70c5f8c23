"""uvicorn's WebSocket, with a time limit for a client that does not read. Imports uvicorn."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.http.graphql_socket import SLOW_SECONDS

STALLED_SECONDS = SLOW_SECONDS + 2
"""Seconds that a full send buffer may wait for its client, so that a close frame is tried first."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    _stalled: asyncio.TimerHandle | None = None

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
