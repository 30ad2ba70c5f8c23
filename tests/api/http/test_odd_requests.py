"""Test requests with odd numbers, dates and lengths: each is refused in a sentence, and none is a failure."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.api.browsing import browser, sign_in
from tests.api.service import NOTICE, Service

pytestmark = pytest.mark.database
HUGE = "1" + "0" * 5_000
"""A number of more digits than Python reads."""
LOG = f"/ledgers/{NOTICE}"
PREVIEW = f"{LOG}/reports/preview.json"


@pytest.fixture(scope="module")
def person(service: Service) -> Iterator[httpx.Client]:
    """Return the browser of a council officer who has signed in."""
    with browser(service.url) as client:
        sign_in(client, service.notice.tokens["officer"])
        yield client


@pytest.mark.parametrize(
    "number", [HUGE, "9" * 20, "4294967296", "0" * 10 + HUGE, "0" * 5_000 + "1", "-1", "1.5", "²", "1e3", "0x1"]
)
@pytest.mark.parametrize(
    "address",
    [
        LOG + "/entries?after={}",
        LOG + "/entries?limit={}",
        LOG + "/notifications?start={}",
        LOG + "/notifications/{},{}",
        LOG + "/proof/{}",
        LOG + "/proof/1?size={}",
        LOG + "/consistency?from={}",
        LOG + "/consistency?from=1&to={}",
        LOG + "/tile/0/{}",
        LOG + "/tile/{}/000",
        LOG + "/tile/0/000.p/{}",
        PREVIEW + "?from=2022-07-05&to=2022-08-05&position={}",
    ],
)
def test_a_number_that_is_no_position_is_refused(officer: httpx.Client, address: str, number: str) -> None:
    answer = officer.get(address.replace("{}", number))
    beyond_the_end = answer.status_code == 200 and answer.json()["items"] == []
    assert beyond_the_end or 400 <= answer.status_code < 500, (answer.status_code, answer.text[:200])


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2022-02-30", "20220705", "2022-W01-1", "", "5 July"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_report_on_odd_days_is_refused_or_written(officer: httpx.Client, name: str, day: str) -> None:
    days = {"from": "2022-07-05", "to": "2022-08-05", name: day}
    assert officer.get(PREVIEW, params=days).status_code < 500


@pytest.mark.parametrize("number", [HUGE, "9" * 20, "4294967296", "0", "-1", "²"])
@pytest.mark.parametrize(
    "path",
    [
        "/entries/{}",
        "/issued/{}",
        "/record/ObjectiveAdded/{}",
        "/replay?from={}",
        "/changes?from={}",
        "/entries?after={}",
        "/plan?position={}",
        "/plan?on={}",
        "/plan?knownAt={}",
        "/proofs/{}",
        "/record/EntryCorrected?data.position={}",
        "/entries?since={}",
    ],
)
def test_a_page_with_an_odd_number_is_no_failure(person: httpx.Client, path: str, number: str) -> None:
    answer = person.get(f"/notices/{NOTICE}{path.replace('{}', number)}")
    assert answer.status_code < 500, answer.text[:500]


@pytest.mark.parametrize("length", ["0" * 5_000 + "5", "1" + "0" * 5_000, "9" * 30, "+5", "5, 5"])
@pytest.mark.parametrize("path", [f"POST {LOG}/entries", f"PUT {LOG}/evidence", "POST /graphql", "POST /sign-in"])
def test_an_odd_content_length_is_no_failure(service: Service, path: str, length: str) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    lines = {
        "Host": "x",
        "Connection": "close",
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "Content-Length": length,
        **service.headers("officer"),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall(f"{path} HTTP/1.1\r\n{head}\r\n12345".encode())
        wire.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert b" 500 " not in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("target", ["CONNECT ledger.example:443", "GET http://:", "GET ?x", "GET /\xff", "GET *"])
def test_a_target_without_a_path_is_answered(service: Service, target: str) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as wire:
        wire.sendall(f"{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.split(b" ")[1] in (b"400", b"404", b"405")


@pytest.mark.parametrize("boundary", ["x" * 300, "", "é", '"', "a b"])
@pytest.mark.parametrize("path", ["/sign-in", f"/notices/{NOTICE}/record/EvidenceSubmitted?id=f-1"])
def test_a_form_with_an_odd_boundary_is_no_failure(person: httpx.Client, path: str, boundary: str) -> None:
    kind = f"multipart/form-data; boundary={boundary}".encode("latin-1")
    answer = person.post(path, content=b"--x\r\n", headers=[(b"Content-Type", kind)])
    assert answer.status_code < 500, answer.text[:500]


@pytest.mark.parametrize(
    "path", ["/healthz/", f"/notices/{NOTICE}/?knownAt=2023-01-01", "/graphql/?query=%7Bme%7D"]
)
def test_a_redirection_of_a_trailing_slash_names_no_host(service: Service, path: str) -> None:
    answer = httpx.get(service.url + path, headers={"Host": "another.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, path.replace("/?", "?").rstrip("/"))


@pytest.mark.parametrize("path", ["//another.example/", "/%2Fanother.example/", "/%5Canother.example/"])
def test_no_path_redirects_to_another_host(service: Service, path: str) -> None:
    answer = httpx.get(httpx.URL(service.url).copy_with(raw_path=path.encode()))
    assert answer.headers.get("location", "/%5Canother.example") == "/%5Canother.example"
