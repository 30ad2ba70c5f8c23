"""HTTP/1.1 as uvicorn speaks it, with an end to waiting: for a request's head, for a client that reads nothing.

Bodies are bounded in `api.body`. A request under way hears of the server's stop by the event `closing` in the
lifespan's state. Imports uvicorn.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""How long the head of a request may take from the first byte, or a new connection may say nothing."""
STALLED_SECONDS = 60.0
"""How long a client may neither read its answer nor send anything."""


class Protocol(H11Protocol):
    """One connection."""

    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _heard = 0.0

    # As uvicorn has it: narrower than asyncio's own, which is what a checker compares it with.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop_head()
        self._stop_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes have come."""
        self._heard = self.loop.time()
        if self._head is None and self.conn.their_state is h11.IDLE:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_head()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Another protocol goes on from here."""
        self._stop_head()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """It reads again."""
        self._stop_stalled()
        super().resume_writing()

    def shutdown(self) -> None:
        """The server stops: what has no end of its own is told to end."""
        closing = self.app_state.get("closing")
        if isinstance(closing, asyncio.Event):
            closing.set()
        super().shutdown()

    def _wait_for_reader(self) -> None:
        began = self.loop.time()

        def look() -> None:
            if self._heard > began:  # it still sends, and may read when it has done
                self._wait_for_reader()
            else:
                self.transport.abort()

        self._stalled = self.loop.call_later(STALLED_SECONDS, look)

    def _stop_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
