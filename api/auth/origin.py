"""Compare the hosts and origins of requests with the address of this service.

Letter case and default ports make no difference (RFC 6454). Imports starlette.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from api.settings import Settings
from ledger.domain.errors import Refused

_DEFAULT_PORTS = (None, 80, 443)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_LONGEST = 200


def host(request: Request) -> str:
    """Return the host that the client used, in lower case and without a default port."""
    return normal(f"//{request.headers.get('host', '')}")


def is_known(settings: Settings, name: str) -> bool:
    """Return whether people may open this service under the name of a host.

    Known are the hosts of LEDGER_PUBLIC_URL (or else of LEDGER_ORIGIN) and of LEDGER_BIND, and the loopback hosts.
    """
    public = normal(settings.public_url) if settings.public_url is not None else _name(f"//{settings.origin}")
    # a public URL names its port; LEDGER_ORIGIN is only a name
    used = name if settings.public_url is not None else _name(f"//{name}")
    return used == public or _name(f"//{name}") in (*_LOOPBACK, _name(f"//{_bracketed(settings.bind.host)}"))


def address(request: Request) -> str:
    """Return the address of this service without a path, for links that lead back to it.

    Raises:
        Refused: LEDGER_PUBLIC_URL is not set, and the host of the request is unknown (UNKNOWN_HOST).
    """
    settings: Settings = request.app.state.ledger.settings
    if settings.public_url is not None:
        return settings.public_url
    if not is_known(settings, host(request)):
        raise Refused.because("UNKNOWN_HOST", unknown(host(request)))
    return f"{request.url.scheme}://{host(request)}"


def unknown(name: str) -> str:
    """Return the message that refuses an unknown host."""
    return (
        f"this service is not known as {name[:_LONGEST] or 'that host'}; use its public address, "
        "which its operator sets as LEDGER_PUBLIC_URL"
    )


def check(request: Request) -> None:
    """Check that a page of this service sent a request.

    Browsers state the sender in Sec-Fetch-Site. They omit that header over plain HTTP; then the origin's host
    decides.

    Raises:
        Refused: Another site sent the request (CROSS_ORIGIN).
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    public_url = request.app.state.ledger.settings.public_url
    own = {host(request), *([normal(public_url)] if public_url is not None else [])}
    same = site in ("same-origin", "none") if site else origin is None or normal(origin) in own
    if not same:
        sender, receiver = (origin or f"another site ({site})")[:_LONGEST], host(request)[:_LONGEST]
        raise Refused.because(
            "CROSS_ORIGIN",
            f"the form came from {sender} and this service is {receiver}; if they are the same, let the proxy "
            "send X-Forwarded-Host, and name the proxy in FORWARDED_ALLOW_IPS",
        )


def normal(url: str) -> str:
    """Return the host of a URL in lower case, with its port unless the port is a default.

    Return an empty string if the URL is not valid.
    """
    try:
        port = urlsplit(url).port
    except ValueError:
        return ""
    return _name(url) if port in _DEFAULT_PORTS else f"{_name(url)}:{port}"


def _name(url: str) -> str:
    """Return the host of a URL in lower case, without a port; empty if the URL is not valid."""
    try:
        return _bracketed(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
