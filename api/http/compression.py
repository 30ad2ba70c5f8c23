"""Compress the answers of some routes, in Zstandard, Brotli or gzip.

The length of a compressed answer tells whether two of its parts are alike (BREACH). A site can make a browser
send a reader's cookie with a guess, and so learn a secret. Therefore a route may be compressed only in two cases.
The route's answers are public, or its readers send a token in a header, which no other site can send. Pages and
documents, which a cookie opens, are not compressed. One risk remains: a person who records guesses and watches
another reader's connection. Each guess is then an entry under that person's name. Imports starlette,
starlette-compress and isal.
"""

from collections.abc import Iterable
from zlib import Z_FINISH, Z_SYNC_FLUSH

from isal import isal_zlib
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type
from starlette_compress._gzip import GZipResponder
from starlette_compress._utils import parse_accept_encoding

from api.http.under_way import PIECES

MINIMUM = 1_000
"""Bytes of the smallest answer that is compressed; a smaller answer fits into one packet anyway."""
_LEVEL = 1
"""Compression level of each method. Level 4 takes two to ten times as long and saves little more."""
_GZIP_FORMAT = 31
"""Value of zlib's window bits that selects gzip's header and checksum."""

for _media_type in ("application/graphql-response+json", "application/x-ndjson"):
    add_compress_type(_media_type)
remove_compress_type("text/event-stream")  # each event has to arrive at once


class GzipEncoder:
    """Gzip encoder of one answer that is sent in parts."""

    def __init__(self) -> None:
        self._stream = isal_zlib.compressobj(_LEVEL, wbits=_GZIP_FORMAT)

    def feed(self, data: bytes, flush: bool) -> Iterable[bytes]:
        """Compress some bytes, and return the compressed bytes that are ready, in at most one piece."""
        part = self._stream.compress(data) + (self._stream.flush(Z_SYNC_FLUSH) if flush else b"")
        return (part,) if part else ()

    def finish(self) -> Iterable[bytes]:
        """Return the rest of the compressed bytes, in one piece."""
        return (self._stream.flush(Z_FINISH),)


class _GzipResponder(GZipResponder):
    """Responder that compresses with gzip by ISA-L, in a fifth of the time that zlib takes."""

    __slots__ = ()

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, MINIMUM, _LEVEL)
        self.oneshot = lambda body: isal_zlib.compress(body, _LEVEL, _GZIP_FORMAT)
        self.create_encoder = lambda _: GzipEncoder()


class _Compression(CompressMiddleware):
    """Compression middleware with gzip by ISA-L, which prefers Brotli to Zstandard."""

    __slots__ = ()

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=MINIMUM, zstd_level=_LEVEL, brotli_quality=_LEVEL, gzip_level=_LEVEL)
        self._gzip = _GzipResponder(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Compress the answer, with Brotli if the client accepts Brotli.

        A popular client of Node 20 accepts Zstandard as well, but cannot read it.
        """
        if scope["type"] == "http":
            codings = ",".join(Headers(scope=scope).getlist("accept-encoding"))
            if "br" in parse_accept_encoding(codings):
                return await self._brotli(scope, receive, send)
        return await super().__call__(scope, receive, send)


COMPRESSED = [*PIECES, Middleware(_Compression)]
"""Middleware of a route whose answers are compressed; each compressed piece waits for the client."""
