"""Let pages of other origins send requests with a token, if LEDGER_CORS_ORIGINS names these origins.

No credentials of the browser are shared: a page of another origin has to have a token of its own. Imports
starlette.
"""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-None-Match",
    "Last-Event-ID",
    "Ledger-Expected-Position",
    "Prefer",
)
RESPONSE_HEADERS = ("ETag", "Ledger-Position", "Retry-After", "WWW-Authenticate")
PREFLIGHT_SECONDS = 600


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware that admits these origins; empty if there are no origins."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PUT"),
            allow_headers=REQUEST_HEADERS,
            expose_headers=RESPONSE_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
    ]
