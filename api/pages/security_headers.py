"""Response headers of the pages, which may load this server's own files only."""

from starlette.requests import Request
from starlette.responses import Response

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_YEAR = 31_536_000


def secured(request: Request, response: Response) -> Response:
    """Return the response with the security headers of the pages."""
    response.headers.update(
        {
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
    )
    response.headers.setdefault("Cache-Control", "private, no-store")
    if request.url.scheme == "https":
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    return response
