"""Add time and size limits to uvicorn's HTTP/1.1: for a request's head, and for a client that does not read.

The parser, httptools, buffers incomplete input without limit, so the limit is here. `api.http.body` limits
bodies. The event `closing` in the lifespan's state signals requests that the server is stopping. Imports uvicorn.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
"""Seconds for a request's head after its first byte, and for the first byte of a new connection."""
STALLED_SECONDS = 60.0
"""Seconds that a client may neither read its answer nor send anything."""


HEAD_BYTES = 65_536
"""Bytes of a request's head, or of what follows a chunked body."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    _request_parsed = False
    """True once a request has been parsed, which is then `cycle`."""
    _in_head = True
    _unparsed = 0
    """Bytes received since the last complete element: a head, or a piece of a body."""
    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _last_received = 0.0

    # The type is uvicorn's, which is narrower than asyncio's.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit for the first request's head."""
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the time limits."""
        self._stop_head()
        self._stop_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes, and limit the head's size and time."""
        self._last_received = self.loop.time()
        if self._head is None and self._in_head:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
        self._unparsed += len(data)
        super().data_received(data)
        if not (self._in_head and self._unparsed):  # between two requests there is no time limit
            self._stop_head()
        if self._unparsed > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(
                f"The head of the request has more than {HEAD_BYTES} bytes; send a shorter one."
            )

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a line to the head; ignore trailers, which nothing reads."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request; raise ValueError, which the parser expects, when its head is too long."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise ValueError
        self._in_head = False
        self._unparsed = 0
        self._request_parsed = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the head of the next request."""
        self._in_head = True
        self._unparsed = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse unreadable input and all that follows it; answer a complete request before it first."""
        is_under_way = self._request_parsed and not self.cycle.response_complete
        if is_under_way and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif is_under_way and self.cycle.response_started:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket protocol."""
        self._stop_head()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Start the time limit for a client that does not read."""
        super().pause_writing()
        self._limit_reader()

    def resume_writing(self) -> None:
        """Stop the time limit for reading."""
        self._stop_stalled()
        super().resume_writing()

    def shutdown(self) -> None:
        """Stop the server: signal endless responses to end."""
        closing = self.app_state.get("closing")
        if isinstance(closing, asyncio.Event):
            closing.set()
        super().shutdown()

    def _limit_reader(self) -> None:
        started = self.loop.time()

        def look() -> None:
            if self._last_received > started:  # the client still sends, and may read after that
                self._limit_reader()
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
