"""Test signing in behind a proxy: with its default settings, with forwarded headers, and from another site."""

from collections.abc import Iterator

import httpx
import pytest

from api.auth.sessions import FORM_FIELD
from tests.api.browsing import browser, fields, words
from tests.api.service import Service

BROWSER = {"Origin": "https://ledger.example", "Sec-Fetch-Site": "same-origin"}
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ledger.example"}


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with browser(service.url) as client:
        client.follow_redirects = False
        yield client


def post(client: httpx.Client, service: Service, headers: dict[str, str]) -> httpx.Response:
    """Send the form for signing in, as a browser whose request passes a proxy."""
    form = fields(client.get("/sign-in"))
    return client.post("/sign-in", data={**form, "token": service.notice.tokens["officer"]}, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**BROWSER, "Host": "127.0.0.1:8000"},
        {**BROWSER, "Host": "upstream"},
        {"Origin": "http://ledger.example", "Host": "ledger.example"},
        {"Origin": "https://ledger.example", "Host": "ledger.example:443"},
        {"Origin": "http://ledger.example", "Host": "Ledger.Example:80"},
        {"Origin": "http://ledger.example:8443", "Host": "LEDGER.example:8443"},
        {"Origin": "https://ledger.example", "Host": "upstream", **FORWARDED},
        {
            "Origin": "https://ledger.example",
            "Host": "upstream",
            "X-Forwarded-Host": "elsewhere, Ledger.example:443",
        },
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
    ],
    ids=str,
)
def test_a_person_signs_in_behind_any_proxy(
    client: httpx.Client, service: Service, headers: dict[str, str]
) -> None:
    answer = post(client, service, headers)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/"), words(answer)


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "https,https", "http, HTTPS"])
def test_a_session_is_for_tls_alone_however_a_proxy_writes_the_scheme(
    client: httpx.Client, service: Service, scheme: str
) -> None:
    answer = post(client, service, {"Host": "ledger.example", "X-Forwarded-Proto": scheme})
    cookie = answer.headers["set-cookie"]
    assert (cookie.startswith("__Host-"), "Secure" in cookie) == (True, True), cookie


@pytest.mark.parametrize(
    ("headers", "hosts"),
    [
        (
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Host": "ledger.example"},
            "evil.example",
        ),
        (
            {"Origin": "https://evil.example", "Host": "ledger.example"},
            "evil.example and this service is ledger.example",
        ),
        (
            {"Origin": "https://a.ledger.example", "Sec-Fetch-Site": "same-site", "Host": "ledger.example"},
            "a.ledger",
        ),
        ({"Origin": "null", "Host": "ledger.example"}, "null"),
        ({"Origin": "https://ledger.example:8443", "Host": "ledger.example"}, "ledger.example:8443"),
        (
            {"Origin": "https://ledger.example", "Host": "upstream", "X-Forwarded-Host": "a, b"},
            "this service is b",
        ),
        ({"Origin": "https://[broken", "Host": "ledger.example"}, "broken"),
        ({"Sec-Fetch-Site": "cross-site"}, "another site (cross-site)"),
    ],
    ids=str,
)
def test_a_form_from_another_site_is_refused_with_both_hosts(
    client: httpx.Client, service: Service, headers: dict[str, str], hosts: str
) -> None:
    answer = post(client, service, headers)
    assert answer.status_code == 403
    assert hosts in words(answer)
    assert "FORWARDED_ALLOW_IPS" in words(answer)


def test_a_form_needs_its_token_wherever_it_comes_from(client: httpx.Client, service: Service) -> None:
    data = {FORM_FIELD: "0" * 64, "token": service.notice.tokens["officer"]}
    assert client.post("/sign-in", data=data, headers=BROWSER).status_code == 403


def test_a_forwarded_header_of_an_untrusted_sender_does_not_count(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")
    with Service(service.database, service.notice) as other, browser(other.url) as client:
        answer = post(client, other, {"Origin": "https://ledger.example", "Host": "upstream", **FORWARDED})
        assert answer.status_code == 403
        assert "this service is upstream" in words(answer)
