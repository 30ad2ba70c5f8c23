"""Test the refusal of documents: each has a code, and leaves neither entry nor file."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest
from prometheus_client import REGISTRY

from api.http import body
from ledger.evidence import object_store
from tests.api.documents import CSV, PDF, about, documented, docx, get, put, rows, stored
from tests.api.http.test_refusals import must_be_refused
from tests.api.service import NOTICE, Service

pytestmark = pytest.mark.database
LIMIT = 3_000_000
EXPECTED = "ledger-expected-position"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def service(template: str) -> Iterator[Service]:
    """Run a service that takes documents of at most 3 MB."""
    with documented(template, evidence_limit=LIMIT) as running:
        yield running


@pytest.fixture
def officer(service: Service) -> Iterator[httpx.Client]:
    """Return a council officer's client."""
    with service.client("officer") as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_is_left(service: Service) -> Iterator[None]:
    """Check after each test that there are as many entries and files as before it."""
    before = service.position()
    yield
    limit = time.monotonic() + 60
    while (left := (service.position(), stored(service))) != (before, []) and time.monotonic() < limit:
        time.sleep(0.01)  # the store removes what broke off in a thread of its own
    assert left == (before, [])


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in about("E1").items() if key != name}


BAD = {
    "no id of the event": (without("ce-id"), 422, "MISSING_FIELD", "id"),
    "no source": (without("ce-source"), 422, "MISSING_FIELD", "source"),
    "no id": (without("Evidence-Id"), 422, "MISSING_FIELD", "data.evidence"),
    "no title": (without("Evidence-Title"), 422, "MISSING_FIELD", "data.title"),
    "a blank title": (about("E1", Evidence_Title="%20"), 422, "BLANK", "data.title"),
    "a title that is no UTF-8": (about("E1", Evidence_Title="%ff"), 400, "NOT_UTF8", "evidence-title"),
    "a title that names a person's number": (
        about("E1", Evidence_Title="Plan for NHS number 943 476 5919"),
        422,
        "PERSONAL_DATA",
        "data.title",
    ),
    "no classification": (without("Evidence-Classification"), 422, "MISSING_FIELD", "data.classification"),
    "an unknown classification": (about("E1", "SECRET"), 422, "INVALID_FIELD", "data.classification"),
    "an invalid id": (about("E 1"), 422, "INVALID_FIELD", "data.evidence"),
    "an unknown header": (about("E1", Evidence_Colour="red"), 422, "UNKNOWN_FIELD", "evidence-colour"),
    "another fact": (about("E1", ce_type="improvement-ledger.board.MeetingHeld.v1"), 422, "WRONG_TYPE", "type"),
    "an attribute of the server's": (about("E1", ce_position="3"), 422, "SERVER_ATTRIBUTE", "position"),
    "half a period": (about("E1", Evidence_Period="2022-05-01"), 422, "INVALID_FIELD", "evidence-period"),
    "a period that ends before it begins": (
        about("E1", Evidence_Period="2022-05-02/2022-05-01"),
        422,
        "OUT_OF_RANGE",
        "data.period.last",
    ),
    "another's source": (about("E1", ce_source="operator"), 403, "FORBIDDEN", "source"),
    "the service's source": (about("E1", ce_source="service"), 403, "FORBIDDEN", "source"),
    "an invalid position": (about("E1", Ledger_Expected_Position="x"), 400, "INVALID_HEADER", EXPECTED),
    "a stale position": (about("E1", Ledger_Expected_Position="1"), 409, "EXPECTED_POSITION", ""),
    "an unknown encoding": (about("E1", Content_Encoding="br"), 415, "UNSUPPORTED_MEDIA_TYPE", ""),
    "no gzip": (about("E1", Content_Encoding="gzip"), 400, "INVALID_ENCODING", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_said_of_a_document_is_judged(officer: httpx.Client, name: str) -> None:
    headers, status, code, path = BAD[name]
    must_be_refused(put(officer, PDF, headers), status, code, path)


def test_all_faults_of_the_headers_are_named_at_once(officer: httpx.Client) -> None:
    headers = without("ce-id") | {
        "ce-time": "yesterday",
        "Evidence-Id": "E 1",
        "Evidence-Title": "%ff",
        "Evidence-Classification": "SECRET",
        "Evidence-Period": "2022-05-01",
        "Evidence-Colour": "red",
        "ce-type": "improvement-ledger.board.MeetingHeld.v1",
        "Ledger-Expected-Position": "x",
    }
    refused = put(officer, PDF, headers, "pdf")
    paths = [error["path"] for error in refused.json()["errors"]]
    assert sorted(paths) == sorted(
        [
            "evidence-title",
            "evidence-colour",
            "evidence-period",
            EXPECTED,
            "type",
            "id",
            "time",
            "data.evidence",
            "data.classification",
            "data.mediaType",
        ]
    )


def test_a_header_that_is_repeated_is_named_once_with_the_others(officer: httpx.Client) -> None:
    headers = [*without("ce-source").items(), ("ce-id", "again"), ("ce-data", "x"), ("Content-Type", "text/csv")]
    refused = officer.put(f"/ledgers/{NOTICE}/evidence", content=CSV, headers=headers)
    errors = {(error["code"], error["path"]) for error in refused.json()["errors"]}
    assert errors == {("DUPLICATE_KEY", "ce-id"), ("UNKNOWN_FIELD", "ce-data"), ("MISSING_FIELD", "source")}


@pytest.mark.parametrize(
    ("content", "declared", "looks"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "application/pdf", "image/png"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/csv", "text/html"),
        (b"<html><script>alert(1)</script>", "application/pdf", "text/html"),
        (PDF, "text/plain", "application/pdf"),
        (PDF, "application/octet-stream", "application/pdf"),
        (CSV, "image/png", "has another format"),
        (bytes(500), "text/plain", "has another format"),
        (docx("xl/workbook.xml"), DOCX, "spreadsheet"),
        (b"MZ" + bytes(200), "application/pdf", ""),
    ],
)
def test_a_lying_media_type_is_named(officer: httpx.Client, content: bytes, declared: str, looks: str) -> None:
    refused = put(officer, content, about("E1"), declared)
    must_be_refused(refused, 415, "MEDIA_TYPE_MISMATCH", "content-type")
    if looks != "spreadsheet":
        assert looks in refused.json()["detail"]
    assert f"declared as {declared}" in refused.json()["detail"]


@pytest.mark.parametrize("declared", ["pdf", "application/", "a b/c", "text/plain\u00e9"])
def test_a_media_type_that_is_none_is_refused(officer: httpx.Client, declared: str) -> None:
    headers = [(k.encode(), v.encode()) for k, v in {**about("E1"), "Content-Type": declared}.items()]
    refused = officer.put(f"/ledgers/{NOTICE}/evidence", content=PDF, headers=headers)
    must_be_refused(refused, 422, "INVALID_FIELD", "data.mediaType")


def test_without_a_media_type_nothing_is_taken(officer: httpx.Client) -> None:
    refused = officer.put(f"/ledgers/{NOTICE}/evidence", content=PDF, headers=about("E1"))
    must_be_refused(refused, 415, "UNSUPPORTED_MEDIA_TYPE", "content-type")


def test_an_empty_document_is_refused(officer: httpx.Client) -> None:
    must_be_refused(put(officer, b"", about("E1")), 422, "BLANK", "")


def test_a_document_over_the_limit_is_refused_before_it_is_sent_or_while_it_is(officer: httpx.Client) -> None:
    must_be_refused(put(officer, PDF + bytes(LIMIT), about("E1")), 413, "TOO_LARGE", "")

    def endless() -> Iterator[bytes]:
        for _ in range(2 * LIMIT // 10_000):
            yield bytes(10_000)

    refused = put(officer, endless(), about("E1"))
    must_be_refused(refused, 413, "TOO_LARGE", "")


@pytest.mark.parametrize("actor", ["chair", "partner", "reviewer", "auditor", "system"])
def test_who_may_not_submit_is_told_before_the_document_is_sent(service: Service, actor: str) -> None:
    """Wait for permission to send the body, and do not get it."""
    with connected(service) as wire:
        wire.sendall(head(service, actor, 10_000_000, Expect="100-continue", ce_source=actor))
        assert wire.recv(4096).startswith(b"HTTP/1.1 403")


def test_nobody_in_particular_may_not_submit(service: Service) -> None:
    with service.client() as client:
        assert put(client, PDF, about("E1")).status_code == 401
        assert client.put("/ledgers/nowhere/evidence", content=PDF, headers=about("E1")).status_code == 401


def connected(service: Service) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=120)


def head(service: Service, actor: str, length: int, **more: str) -> bytes:
    """Return the lines of a request before its body."""
    lines = about("E1", **more) | service.headers(actor)
    lines |= {"Host": "ledger", "Content-Type": "application/pdf", "Content-Length": str(length)}
    header_lines = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"PUT /ledgers/{NOTICE}/evidence HTTP/1.1\r\n{header_lines}\r\n".encode()


def broken_off() -> float:
    """Return the number of unfinished uploads that the server has cleaned up."""
    labels = {"route": "/ledgers/{notice}/evidence", "status": "400"}
    return REGISTRY.get_sample_value("ledger_request_seconds_count", labels) or 0


@contextmanager
def breaking_off(service: Service) -> Iterator[socket.socket]:
    """Open a connection, close it early, and wait until the server has cleaned up."""
    before = broken_off()
    with connected(service) as wire:
        yield wire
    limit = time.monotonic() + 120
    while broken_off() == before:
        assert time.monotonic() < limit, "the server has not heard that its client has gone"
        time.sleep(0.01)


@pytest.mark.parametrize("sent", [b"", PDF, PDF * 200])
def test_a_truncated_upload_leaves_nothing(service: Service, sent: bytes) -> None:
    """Send less than the Content-Length and disconnect."""
    with breaking_off(service) as wire:
        wire.sendall(head(service, "officer", len(sent) + 10) + sent)


def test_a_chunked_upload_that_breaks_off_leaves_nothing(service: Service) -> None:
    with breaking_off(service) as wire:
        lines = head(service, "officer", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        wire.sendall(lines + b"%x\r\n" % len(PDF) + PDF + b"\r\nffff\r\nhalf a chunk")


def test_a_length_that_is_too_short_is_held_to(service: Service, officer: httpx.Client) -> None:
    """Send more than the Content-Length; the rest is not part of the document."""
    with connected(service) as wire:
        wire.sendall(head(service, "officer", 3) + PDF)
        assert wire.recv(4096).startswith(b"HTTP/1.1 415")
    assert get(officer, "E1").status_code == 404


@pytest.mark.parametrize("pause", ["silent", "a byte at a time"])
def test_a_slow_sender_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch, pause: str) -> None:
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.5)
    with connected(service) as wire:
        wire.sendall(head(service, "officer", 100_000) + PDF[:100])
        wire.settimeout(0.05)
        begun = time.monotonic()
        answer = b""
        while not answer:
            try:
                if pause != "silent":
                    wire.sendall(b"x")
                answer = wire.recv(4096)
            except TimeoutError:
                assert time.monotonic() - begun < 120
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answer.lower()


def test_too_many_at_once_are_asked_to_come_again(
    service: Service, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "AT_ONCE", 1)
    with breaking_off(service) as wire:
        wire.sendall(head(service, "officer", len(PDF) + 1) + PDF)
        limit = time.monotonic() + 120
        answer = put(officer, b"", about("E9"))
        while answer.status_code == 422 and time.monotonic() < limit:
            answer = put(officer, b"", about("E9"))
    assert (answer.status_code, answer.json()["code"]) == (429, "BUSY")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/x",
        "/etc/passwd",
        "x%00y",
        "..",
        "a\\b",
        "é",
    ],
)
def test_a_name_leads_to_no_path(service: Service, name: str) -> None:
    path = f"/ledgers/{NOTICE}/evidence/{quote(name, safe='/%.')}"
    raw = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    token = service.headers("officer")["Authorization"]
    with connected(service) as wire:
        wire.sendall(f"{raw}Authorization: {token}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"root:" not in answer


def test_an_id_with_a_part_of_dots_or_an_empty_one_is_refused(template: str) -> None:
    with documented(template) as service, service.client("officer") as client:
        for name in ("../../../../tmp/x", "..", "a/../../b", ".", "a//b", "/etc/passwd"):
            assert put(client, PDF, about(name)).status_code == 422, name
            assert stored(service) == [], name


def test_an_id_that_looks_like_a_path_is_only_an_id(template: str) -> None:
    with documented(template) as service, service.client("officer") as client:
        for number, name in enumerate(("etc/passwd", "CON", "a/b..c"), 1):
            content = PDF + name.encode()  # the store has one file for equal documents
            assert put(client, content, about(name)).status_code == 201, name
            files = stored(service)
            assert len(files) == number, name
            assert all(file.startswith(f"documents/{NOTICE}/") for file in files), name
            raw = httpx.URL(service.url).copy_with(
                raw_path=f"/ledgers/{NOTICE}/evidence/{quote(name, safe='').replace('.', '%2E')}".encode()
            )
            answer = client.get(raw)
            assert (answer.status_code, answer.content) == (200, content), name
            disposition = answer.headers["content-disposition"]
            assert disposition.endswith('.pdf"')
            assert not {"/", "\\", ".."} & set(disposition.split('"')[1].removesuffix(".pdf"))


def test_what_the_rules_refuse_leaves_no_file(service: Service, officer: httpx.Client) -> None:
    """Check the rules that are judged only when the document has arrived."""
    ahead = put(officer, PDF, about("E1", ce_time="2199-01-01T00:00:00Z"))
    assert (ahead.status_code, ahead.json()["code"]) == (422, "TIME_AHEAD")
    assert rows(service, "SELECT FROM ledger.files") == []
