"""Test that one host is one host, however a client, a proxy or an operator spells it."""

import pytest
from starlette.requests import Request

from api.auth import origin
from api.settings import Bind, Settings
from ledger.domain.errors import Refused

PUBLIC = Settings(public_url="https://ledger.example")
PLAIN = Settings(origin="ledger.example/councils")
SIX = Settings(public_url="https://[2001:db8::a]:8443", bind=Bind("2001:db8:0::1", 8000))


class _App:
    def __init__(self, settings: Settings) -> None:
        self.state = self.ledger = self
        self.settings = settings


def request(settings: Settings, **headers: str) -> Request:
    """Return a request with these headers to a service with these settings."""
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "scheme": "http", "path": "/", "query_string": b"", "server": ("s", 1)}
    return Request({**scope, "headers": lines, "app": _App(settings)})


@pytest.mark.parametrize(
    "name",
    [
        *("ledger.example", "LEDGER.example", "ledger.example.", "ledger.example.:443", "ledger.example:80"),
        *(
            "ledger.example:",
            "ledger.example:0443",
            " ledger.example\t",
            "localhost.",
            "[0:0::0:1]:9",
            "[::1%25lo]",
        ),
    ],
)
def test_every_spelling_of_the_host_is_known(name: str) -> None:
    assert (origin.is_known(PUBLIC, name), origin.is_known(PLAIN, name)) == (True, True)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            ".",
            "evil.example",
            "ledger.example..evil",
            "evil@ledger.example",
            "ledger.example/evil",
            "[",
            "[]",
        ),
        *("ledger.example?", "ledger.example#", "ledger\t.example", "ledger.example:x", "ledger.example:80:80"),
        *("ledger.example..", "a, ledger.example", "ledger.example\\", "[::g]", "::1", "ledger.example%2e"),
    ],
)
def test_what_only_resembles_the_host_is_unknown(name: str) -> None:
    assert (origin.is_known(PUBLIC, name), origin.is_known(PLAIN, name)) == (False, False)


@pytest.mark.parametrize("name", ["[2001:DB8:0:0::A]:8443", "[2001:db8::000a%25eth0]:8443", "[2001:db8::1]"])
def test_an_address_of_ipv6_has_many_spellings(name: str) -> None:
    assert origin.is_known(SIX, name)
    assert not origin.is_known(SIX, "[2001:db8::a]")  # the port is missing


@pytest.mark.parametrize(
    ("host", "sender"),
    [
        ("ledger.example.", "https://ledger.example"),
        ("Ledger.Example:443", "https://ledger.example."),
        ("[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8000"),
    ],
)
def test_a_form_of_this_service_is_taken_under_every_spelling(host: str, sender: str) -> None:
    origin.check(request(Settings(), host=host, origin=sender))


@pytest.mark.parametrize(
    ("host", "sender"), [("[", "null"), ("", "null"), ("a b", "https://[broken"), ("a", "https://a@evil")]
)
def test_two_names_that_are_no_hosts_are_not_the_same(host: str, sender: str) -> None:
    with pytest.raises(Refused, match="the form came from"):
        origin.check(request(Settings(), host=host, origin=sender))


def test_a_refusal_names_the_host_and_what_to_do_without_repeating_what_is_no_host() -> None:
    sent = f"<script>\r\n\x1b[31m{'x' * 300}"
    with pytest.raises(Refused) as refused:
        origin.address(request(PLAIN, host=sent))
    message = str(refused.value)
    assert f"the host ?script????[31m{'x' * 85}; sign in with a token" in message
    assert "set LEDGER_PUBLIC_URL to the address at which people open the service" in message
    assert "X-Forwarded-Host" in message
    assert "host (empty); open https://ledger.example." in origin.unknown(PUBLIC, "")
    with pytest.raises(Refused, match=r"came from \?b\? and this service is \?i\?a;"):
        origin.check(request(PLAIN, host="<i>a", origin="<b>"))
