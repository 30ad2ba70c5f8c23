"""Compare the origin of a form with the address of this service.

Letter case and default ports make no difference (RFC 6454). Imports starlette.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from ledger.domain.errors import Refused

_DEFAULT_PORTS = (None, 80, 443)
_LONGEST = 200


def host(request: Request) -> str:
    """Return the host that the client used, in lower case and without a default port."""
    return _normal(f"//{request.headers.get('host', '')}")


def address(request: Request) -> str:
    """Return the address of this service as the client used it, without a path."""
    return f"{request.url.scheme}://{host(request)}"


def check(request: Request) -> None:
    """Check that a page of this service sent a request.

    Browsers state it in Sec-Fetch-Site. They omit that header over plain HTTP; then the origin's host decides.

    Raises:
        Refused: Another site sent it (CROSS_ORIGIN).
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    same = site in ("same-origin", "none") if site else origin is None or _normal(origin) == host(request)
    if not same:
        sender, receiver = (origin or f"another site ({site})")[:_LONGEST], host(request)[:_LONGEST]
        raise Refused.because(
            "CROSS_ORIGIN",
            f"the form came from {sender} and this service is {receiver}; if they are the same, let the proxy "
            "send X-Forwarded-Host, and name the proxy in FORWARDED_ALLOW_IPS",
        )


def _normal(url: str) -> str:
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    name = f"[{name}]" if ":" in name else name
    return name if port in _DEFAULT_PORTS else f"{name}:{port}"
