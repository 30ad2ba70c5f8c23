"""Add time and size limits to uvicorn's HTTP/1.1: for a request's head, and for a client that does not read.

An answer of unknown length to HTTP/1.0 is ended by the end of its connection.

The parser, httptools, buffers incomplete input without limit, so the limit is here. `api.http.body` limits
bodies. The event `closing` in the lifespan's state signals requests that the server is stopping. Imports uvicorn
and httptools.
"""

import asyncio
from typing import Any

import httptools
from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 20.0
"""Seconds for a request's head from its first byte; for the first head, from the start of the connection."""
FIRST_SECONDS = 1.0
"""Seconds that a connection without a request may still have for its first one when the server stops."""
STALLED_SECONDS = 60.0
"""Seconds that a client may neither read its answer nor send anything."""


_FRAMING = (b"content-length", b"transfer-encoding")
HEAD_BYTES = 65_536
"""Maximum bytes of a request's head, or of the trailer after a chunked body."""


class _Parser(httptools.HttpRequestParser):
    """Parser that ignores the offer of another protocol than WebSocket, such as h2c, and reads the body.

    httptools takes the bytes after such a head for the other protocol. This parser reads the bytes as the body of
    a new message.
    """

    def __init__(self, protocol: "Protocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: Any) -> None:  # noqa: ANN401 - bytes, of a type that is httptools' own
        """Parse the bytes; raise HttpParserUpgrade for a WebSocket only."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._protocol.ignores_upgrade():
                raise
            self.feed_data(self._protocol.body_head() + data[upgrade.args[0] :])


def _without_chunks(cycle: RequestResponseCycle) -> Send:
    """Return the ASGI `send` of an answer to HTTP/1.0, which has no chunks (RFC 9112, section 6.1)."""
    send_framed, has_length = cycle.send, True

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message, of a type that is uvicorn's own
        nonlocal has_length
        if message["type"] == "http.response.start":
            has_length = any(name == b"content-length" for name, _ in message["headers"])
            cycle.chunked_encoding = None if has_length else False
        elif not has_length:
            cycle.expected_content_length = len(message.get("body", b""))
        await send_framed(message)

    return send


class Protocol(HttpToolsProtocol):
    """Protocol of one HTTP/1.1 connection, with limits of time and size."""

    _upgrade_ignored = False
    """True from the head of a request that offers another protocol until the parser reads its body."""
    _in_body_head = False
    """True while the parser reads `body_head`, which repeats a head."""

    _request_parsed = False
    """True once a request has been parsed; `cycle` is then the latest request."""
    _in_head = True
    _unparsed = 0
    """Bytes received since the last complete element: a head, or a piece of a body."""
    _head: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _last_received = 0.0

    def ignores_upgrade(self) -> bool:
        """Return True if the request's offer of another protocol is ignored."""
        return not self._should_upgrade()

    def body_head(self) -> bytes:
        """Return the head under which the parser reads the body of a request whose upgrade is ignored."""
        self._in_body_head = True
        framing = (name + b": " + value for name, value in self.headers if name in _FRAMING)
        return b"\r\n".join([b"POST / HTTP/1.1", *framing, b"", b""])

    def on_message_begin(self) -> None:
        """Begin a request, unless the parser reads a repeated head."""
        if not self._in_body_head:
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Add a piece to the request's target, unless the parser reads a repeated head."""
        if not self._in_body_head:
            super().on_url(url)

    # The type is uvicorn's, which is narrower than asyncio's.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit for the first request's head."""
        super().connection_made(transport)
        self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._head = self.loop.call_later(HEAD_SECONDS, transport.abort)
        if self._stops():  # the connection was made just before the stop
            self._close_if_unused_soon()

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
        if self._in_head and not self._in_body_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request; raise ValueError, which the parser expects, when its head is too long."""
        if self._in_body_head:
            self._in_body_head = self._in_head = False
            self._unparsed = 0
            return
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise ValueError
        self._in_head = False
        self._unparsed = 0
        self._upgrade_ignored = self.parser.should_upgrade() and self.ignores_upgrade()
        super().on_headers_complete()  # fails for a target without a path, such as that of CONNECT
        if self.scope["http_version"] == "1.0":
            # uvicorn has no other place for it, and a type of its own for messages.
            self.cycle.send = _without_chunks(self.cycle)  # type: ignore[method-assign, assignment]
        if self._stops():
            self.cycle.keep_alive = False
        self._request_parsed = True

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the head of the next request."""
        self._in_head = True
        self._unparsed = 0
        if self._upgrade_ignored:  # the parser has not read the body yet
            self._upgrade_ignored = False
            return
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse unreadable input and all input after it; first answer a request that was complete before it."""
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
        """Tell endless responses to end, and close the connection once its response is complete.

        A client that has just connected, or has sent a part of a request's head, still gets its answer.
        """
        closing = self.app_state.get("closing")
        if isinstance(closing, asyncio.Event):
            closing.set()
        if not self._request_parsed:
            self._close_if_unused_soon()
        elif not (self._in_head and self._unparsed and self.cycle.response_complete):
            super().shutdown()

    def _stops(self) -> bool:
        closing = self.app_state.get("closing")
        return isinstance(closing, asyncio.Event) and closing.is_set()

    def _close_if_unused_soon(self) -> None:
        def close() -> None:
            if not (self._request_parsed or self._unparsed):
                self.transport.close()

        self.loop.call_later(FIRST_SECONDS, close)

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
