"""HTTP/1.1 as uvicorn speaks it, with an end to waiting: for a request's head, for a client that reads nothing.

The parser, httptools, keeps incomplete input without limit, so the limit is here. `api.http.body` limits bodies.
The event `closing` in the lifespan's state tells a request that the server is stopping. Imports uvicorn.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
"""How long the head of a request may take from the first byte, or a new connection may say nothing."""
STALLED_SECONDS = 60.0
"""How long a client may neither read its answer nor send anything."""


HEAD_BYTES = 65_536
"""How long the head of a request, or what comes behind a body in chunks, may be."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    _begun = False
    """Whether a request was made out yet, which is then `cycle`."""
    _in_head = True
    _unparsed = 0
    """Bytes that have come since they last made up something: a head, a piece of a body."""
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
        if self._head is None and self._in_head:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
        self._unparsed += len(data)
        super().data_received(data)
        if not (self._in_head and self._unparsed):  # between two requests no head is waited for
            self._stop_head()
        if self._unparsed > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"The head of the request has more than {HEAD_BYTES} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head; those behind a body are not read, as nobody waits for them."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; raises ValueError, which the parser takes for its own, when it is too long."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise ValueError
        self._in_head = False
        self._unparsed = 0
        self._begun = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is there."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; the head of another may follow."""
        self._in_head = True
        self._unparsed = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What came cannot be made out, nor can what is behind it; a whole request before it is answered first."""
        is_under_way = self._begun and not self.cycle.response_complete
        if is_under_way and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif is_under_way and self.cycle.response_started:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def handle_websocket_upgrade(self) -> None:
        """Another protocol goes on from here."""
        self._stop_head()
        super().handle_websocket_upgrade()

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
