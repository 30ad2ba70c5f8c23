"""Compress the answers of the routes that choose it, in Zstandard, Brotli or gzip.

The length of a compressed answer tells whether two of its parts are alike (BREACH). A site that makes a browser
send a reader's cookie, with a guess in the request, could find a secret so. Therefore a route may be compressed
only in two cases: its answers are public, or its reader has to send a token in a header. No other site can send
that token. Pages and documents, which a cookie opens, are not compressed. One case remains: a person who records
guesses and watches another reader's connection. Each guess is then an entry under their name. Imports
starlette-compress.
"""

from starlette.middleware import Middleware
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

MINIMUM = 1_000
"""Bytes of the smallest answer that is compressed; a smaller one fits into one packet anyway."""
_LEVEL = 1
"""Level of each method. Level 4 takes two to ten times as long and saves little more."""

for _media_type in ("application/graphql-response+json", "application/x-ndjson"):
    add_compress_type(_media_type)
remove_compress_type("text/event-stream")  # each event has to arrive at once

COMPRESSED = [
    Middleware(
        CompressMiddleware, minimum_size=MINIMUM, zstd_level=_LEVEL, brotli_quality=_LEVEL, gzip_level=_LEVEL
    )
]
"""Middleware of a route whose answers are compressed."""
