"""Compare the hosts and origins of requests with the address of this service.

One host has many spellings (RFC 3986 and 4291). Letter case, a final dot and a default port make no difference.
Nor do the zeros and the zone of an IPv6 address.
"""

import re
from ipaddress import IPv6Address

from starlette.requests import Request

from api.settings import Settings
from ledger.domain.errors import Refused

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//[ \t]*"
    r"(?:\[(?P<address>[0-9a-f:.]+)(?:%[\w.~-]+)?\]|(?P<name>[\w.-]*?)\.?)(?::(?P<port>[0-9]{0,5}))?/?[ \t]*",
    re.ASCII | re.IGNORECASE,
)
_DEFAULT_PORTS = ("", "80", "443")
_FINAL_DOT = re.compile(r"\.(?::[0-9]*)?[ \t]*$")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_LONGEST = 100
_UNUSUAL = re.compile(r"[^A-Za-z0-9.:/\[\]_ -]")


def host(request: Request) -> str:
    """Return the host that the client used, in lower case and without a default port; empty if not valid."""
    return normal(f"//{request.headers.get('host', '')}")


def is_dotted(request: Request) -> bool:
    """Return whether the client wrote the host with a final dot, for which a browser has cookies of its own."""
    return _FINAL_DOT.search(request.headers.get("host", "")) is not None


def is_known(settings: Settings, name: str) -> bool:
    """Return whether people may open this service under the name of a host, in any spelling.

    The host of LEDGER_PUBLIC_URL, or else of LEDGER_ORIGIN, is known. So are that of LEDGER_BIND and the loopback
    hosts.
    """
    bare = _without_port(name)
    if settings.public_url is not None:
        is_public = normal(f"//{name}") == normal(settings.public_url)
    else:  # a public URL names its port; LEDGER_ORIGIN is only a name
        is_public = bare == _without_port(settings.origin.partition("/")[0])
    bind = settings.bind.host
    return bare != "" and (is_public or bare in (*_LOOPBACK, _without_port(f"[{bind}]" if ":" in bind else bind)))


def address(request: Request) -> str:
    """Return the address of this service without a path, for links that lead back to it.

    Raises:
        Refused: LEDGER_PUBLIC_URL is not set, and the host of the request is unknown (UNKNOWN_HOST).
    """
    settings: Settings = request.app.state.ledger.settings
    if settings.public_url is not None:
        return settings.public_url
    sent = request.headers.get("host", "")
    if not is_known(settings, sent):
        raise Refused.because("UNKNOWN_HOST", unknown(settings, sent))
    return f"{request.url.scheme}://{host(request)}"


def unknown(settings: Settings, name: str) -> str:
    """Return the message that refuses an unknown host: its name, and what a visitor and the operator can do."""
    public = settings.public_url
    visitor = f"open {public}" if public is not None else "sign in with a token, or tell its operator"
    return (
        f"this service does not answer to the host {_printable(name)}; {visitor}. For its operator: if the host "
        "is right, set LEDGER_PUBLIC_URL to the address at which people open the service; if a proxy changed the "
        "host, let the proxy send X-Forwarded-Host, and name the proxy in FORWARDED_ALLOW_IPS"
    )


def check(request: Request) -> None:
    """Check that no other site sent a request.

    Browsers state the sender in Sec-Fetch-Site. They omit that header over plain HTTP; then the origin's host
    decides. A request without either header passes.

    Raises:
        Refused: Another site sent the request (CROSS_ORIGIN).
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    public_url = request.app.state.ledger.settings.public_url
    own = {host(request), normal(public_url or "")} - {""}
    same = site in ("same-origin", "none") if site else origin is None or normal(origin) in own
    if not same:
        sender = _printable(origin) if origin else f"another site ({_printable(site or '')})"
        receiver = _printable(request.headers.get("host", ""))
        raise Refused.because(
            "CROSS_ORIGIN",
            f"the form came from {sender} and this service is {receiver}; if they are the same, let the proxy "
            "send X-Forwarded-Host, and name the proxy in FORWARDED_ALLOW_IPS",
        )


def normal(url: str) -> str:
    """Return the host of an address in its one spelling, with its port unless that is a default.

    Return an empty string if the address is not valid, or has a path.
    """
    name, port = _parts(url)
    return name if port in _DEFAULT_PORTS else f"{name}:{port}"


def _without_port(name: str) -> str:
    return _parts(f"//{name}")[0]


def _parts(url: str) -> tuple[str, str]:
    """Return the host and the port of an address in one spelling; both are empty if it is not valid."""
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return "", ""
    port = (match["port"] or "").lstrip("0")
    if match["address"] is None:
        return (match["name"].lower(), port) if match["name"] else ("", "")
    try:
        return f"[{IPv6Address(match['address'])}]", port
    except ValueError:
        return "", ""


def _printable(text: str) -> str:
    """Return a header's value for a message: shortened, with a mark for each character that no host has."""
    return _UNUSUAL.sub("?", text)[:_LONGEST] or "(empty)"
