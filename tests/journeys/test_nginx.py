"""Run the block of docs/operating.md in a real nginx: sign-in, uploads, live entries and WebSockets pass."""

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from api.auth.sessions import FORM_FIELD
from tests.api.browsing import fields, words
from tests.api.documents import about, documented, put
from tests.api.service import NOTICE, Service, progress
from tests.journeys.documents import ROOT

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
pytestmark = [
    pytest.mark.long,
    pytest.mark.database,
    pytest.mark.skipif(PROGRAM is None or OPENSSL is None, reason="apt-get install nginx-light openssl"),
]
LIMIT = 45_000_000
PDF = b"%PDF-1.7\n"
FRAME = """daemon off;
{user}
pid {place}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    {paths}
    {block}
}}
"""
HOST = {"Host": "ledger.example.gov.uk"}


@pytest.fixture(scope="module")
def service(template: str) -> Iterator[Service]:
    """Run a service that takes documents of 45 MB, and that people open under its public address."""
    with documented(template, evidence_limit=LIMIT, public_url="https://ledger.example.gov.uk") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run nginx as the page says, on another port and with a certificate of its own; yield its address."""
    place = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (written,) = re.findall(
        r"^```nginx\n(.*?)^```$", (ROOT / "docs/operating.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    replaced = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/certs/ledger.pem": f"{place}/ledger.pem",
        "/etc/ssl/private/ledger.key": f"{place}/ledger.key",
        "http://127.0.0.1:8000": service.url,
    }
    for old, new in replaced.items():
        assert old in written
        written = written.replace(old, new)
    with running(place, written):
        yield f"https://127.0.0.1:{port}"


@contextmanager
def running(place: Path, block: str) -> Iterator[None]:
    """Run nginx with a block in its `http` context."""
    assert PROGRAM is not None
    assert OPENSSL is not None
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ledger", "-days", "1"]
    keys = ["-keyout", f"{place}/ledger.key", "-out", f"{place}/ledger.pem"]
    subprocess.run([OPENSSL, *made, *keys], check=True, capture_output=True)
    paths = " ".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if Path("/proc/self").owner() == "root" else ""
    (place / "nginx.conf").write_text(FRAME.format(place=place, paths=paths, block=block, user=user), "utf-8")
    command = [PROGRAM, "-c", str(place / "nginx.conf"), "-p", str(place)]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            while not (place / "pid").exists():
                assert process.poll() is None
            yield
        finally:
            process.terminate()


@pytest.fixture
def browser(proxy: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy, headers={"Accept": "text/html", **HOST}, timeout=60, verify=trust()) as one:
        yield one


@pytest.fixture
def officer(service: Service, proxy: str) -> Iterator[httpx.Client]:
    headers = {**service.headers("officer"), **HOST}
    with httpx.Client(base_url=proxy, headers=headers, timeout=60, verify=trust()) as one:
        yield one


def trust() -> ssl.SSLContext:
    """Return a context that takes the proxy's certificate, which nobody signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_person_signs_in_over_tls(service: Service, browser: httpx.Client) -> None:
    target = "/notices/tameside/entries?q=" + "x" * 4_500  # a long head of an answer
    form = fields(browser.get("/sign-in", params={"next": target}))
    sent = {**form, "token": service.notice.tokens["officer"]}
    answer = browser.post("/sign-in", data=sent, headers={"Origin": "https://ledger.example.gov.uk"})
    assert (answer.status_code, answer.headers["location"]) == (303, target), words(answer)
    assert answer.headers["set-cookie"].startswith("__Host-ledger-session=")
    assert FORM_FIELD in form
    refused = browser.post("/sign-in", data=sent, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert browser.get("/sign-in", headers={"Host": "evil.example"}).status_code == 421
    assert [browser.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [404] * 3


def test_documents_of_the_ledgers_own_limit_pass_and_larger_ones_are_refused_in_words(
    proxy: str, officer: httpx.Client
) -> None:
    assert put(officer, PDF + bytes(40_000_000), about("E1")).status_code == 201
    too_large = put(officer, (piece for piece in [PDF, *[bytes(1_000_000)] * 46]), about("E2"))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "TOO_LARGE")
    with httpx.Client(base_url=proxy, headers=HOST, timeout=60, verify=trust()) as nobody:
        unknown = put(nobody, PDF + bytes(40_000_000), about("E3"))
    assert (unknown.status_code, unknown.json()["code"]) == (401, "UNAUTHENTICATED")


def test_an_issuers_long_token_reaches_the_ledger(officer: httpx.Client) -> None:
    answer = officer.get(f"/ledgers/{NOTICE}/entries", headers={"Authorization": f"Bearer {'a.' * 8_000}"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_live_entries_come_at_once(service: Service, officer: httpx.Client) -> None:
    after = {"Accept": "text/event-stream", "Last-Event-ID": str(service.position())}
    with officer.stream("GET", service.entries, headers=after) as answer, service.client("officer") as other:
        lines = answer.iter_lines()
        for _ in range(2):
            position = service.post(other, progress()).json()["position"]
            assert f"id: {position}" in lines


async def test_a_subscription_over_a_websocket_stays_open(service: Service, proxy: str) -> None:
    transport = WebsocketsTransport(
        url=f"wss://{HOST['Host']}/graphql",
        headers=service.headers("officer"),
        ssl=trust(),
        connect_args={"host": "127.0.0.1", "port": httpx.URL(proxy).port},
    )
    document = gql("subscription($notice: ID!) { entries(notice: $notice, after: 0) { position } }")
    document.variable_values = {"notice": NOTICE}
    async with asyncio.timeout(60), Client(transport=transport) as session:
        async for answer in session.subscribe(document):
            if answer["entries"]["position"] == 3:
                break
