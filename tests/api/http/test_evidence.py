"""Test documents over HTTP: stored with their entry in one step, opened by right, each use recorded."""

import asyncio
import gzip
import hashlib
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from ledger.evidence.object_store import ObjectStore
from tests.api.browsing import browser, sign_in
from tests.api.documents import (
    CSV,
    PDF,
    about,
    documented,
    docx,
    get,
    position_of,
    put,
    recorded,
    rows,
    stored,
)
from tests.api.service import DIGEST, NOTICE, Service

pytestmark = pytest.mark.database
LIMIT = 3_000_000


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


def nothing_left(service: Service) -> bool:
    return stored(service, "uploads") == []


def test_a_document_and_its_entry_come_in_one_step(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    more = {"Evidence_Supports": "O1", "Evidence_Period": "2022-05-01/2022-05-31", "ce_clauses": "1a"}
    headers = about("E/first.1", **more) | {
        "Evidence-Title": "Zo%C3%AB's%20report",
        "ce-time": "2022-06-01T09:00:00Z",
    }
    answer = put(officer, PDF, headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/ledgers/{NOTICE}/evidence/E/first.1"
    assert (answer.json()["position"], service.position()) == (before + 1, before + 1)
    data = recorded(service, "EvidenceSubmitted")[-1]
    ((content, salt, size, kind),) = rows(
        service, "SELECT content, salt, size, media_type FROM ledger.files WHERE position = %s", before + 1
    )
    assert (data["evidence"], data["mediaType"], data["size"]) == ("E/first.1", "application/pdf", len(PDF))
    assert (data["supports"], data["period"]) == (["O1"], {"first": "2022-05-01", "last": "2022-05-31"})
    assert (size, kind, content) == (len(PDF), "application/pdf", hashlib.sha256(PDF).hexdigest())
    assert data["digest"] == b64encode(hashlib.sha256(salt + PDF).digest()).decode()
    ((title,),) = rows(service, "SELECT body FROM ledger.narratives WHERE position = %s", before + 1)
    assert title == "Zoë's report"
    assert stored(service) == [f"documents/{NOTICE}/{content[:2]}/{content}"]


def test_what_was_sent_is_given_back(service: Service, officer: httpx.Client) -> None:
    put(officer, CSV, about("E2"), "text/csv; charset=utf-8")
    answer = get(officer, "E2")
    assert (answer.status_code, answer.content) == (200, CSV)
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"] == 'attachment; filename="E2.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"
    salted = hashlib.sha256(b64decode(answer.headers["evidence-salt"]) + answer.content).digest()
    assert recorded(service, "EvidenceSubmitted")[-1]["digest"] == b64encode(salted).decode()
    head = officer.head(f"/ledgers/{NOTICE}/evidence/E2")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CSV)))


def test_what_is_sent_again_is_recorded_once(service: Service, officer: httpx.Client) -> None:
    headers = about("E3")
    first = put(officer, PDF, headers)
    files, before = stored(service), service.position()
    again = put(officer, PDF, headers)
    assert (again.status_code, again.json()) == (200, {**first.json(), "duplicate": True})
    other = put(officer, PDF + b" ", headers)
    assert (other.status_code, other.json()["code"]) == (409, "KEY_REUSED")
    assert (stored(service), service.position()) == (files, before)
    assert get(officer, "E3").content == PDF


def test_an_upload_does_not_say_that_the_file_was_there(service: Service, officer: httpx.Client) -> None:
    """Check that two documents with the same content get the same answer and share one file."""
    put(officer, docx(), about("E4"), DOCX)
    files = stored(service)
    known = put(officer, docx(), about("E5"), DOCX)
    new = put(officer, docx() + b"more", about("E6"), DOCX)
    assert (known.status_code, set(known.json()), set(known.headers)) == (201, set(new.json()), set(new.headers))
    digests = [data["digest"] for data in recorded(service, "EvidenceSubmitted")[-3:]]
    assert len(set(digests)) == 3
    assert len(stored(service)) == len(files) + 1
    assert get(officer, "E4").content == get(officer, "E5").content == docx()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("byte_range", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=0-999999999", 206, 0, None),
        ("bytes=-999999999", 206, 0, None),
        ("bytes=5-2", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("bytes=0-1,3-4", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=999999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
    ],
)
def test_a_part_is_given_alone(
    service: Service, officer: httpx.Client, byte_range: str, status: int, start: int, end: int | None
) -> None:
    if not rows(service, "SELECT FROM ledger.entries WHERE id = 'parts'"):
        put(officer, PDF, about("E7") | {"ce-id": "parts"})
    answer = get(officer, "E7", Range=byte_range)
    assert answer.status_code == status
    expected = PDF[start:end]
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(PDF)}"
        assert answer.json()["code"] == "RANGE_NOT_SATISFIABLE"
        return
    assert (answer.content, answer.headers["content-length"]) == (expected, str(len(expected)))
    if status == 206:
        first = PDF.index(expected) if start else 0
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{len(PDF)}"


def test_a_part_of_what_has_changed_is_the_whole(officer: httpx.Client) -> None:
    put(officer, PDF, about("E8"))
    etag = get(officer, "E8").headers["etag"]
    assert get(officer, "E8", Range="bytes=0-1", If_Range=etag).status_code == 206
    assert get(officer, "E8", Range="bytes=0-1", If_Range='"other"').content == PDF


def test_gzip_is_undone_and_bounded_by_what_it_expands_to(service: Service, officer: httpx.Client) -> None:
    packed = put(officer, gzip.compress(CSV), about("E9") | {"Content-Encoding": "gzip"}, "text/csv")
    assert packed.status_code == 201
    assert get(officer, "E9").content == CSV
    bomb = gzip.compress(b"\n" * (LIMIT * 100))
    assert len(bomb) < LIMIT
    refused = put(officer, bomb, about("E10") | {"Content-Encoding": "gzip"}, "text/csv")
    assert (refused.status_code, refused.json()["code"]) == (413, "TOO_LARGE")
    assert nothing_left(service)


def test_the_file_of_an_entry_without_one_is_not_held(service: Service, officer: httpx.Client) -> None:
    data = {"evidence": "E11", "digest": DIGEST, "mediaType": "text/csv", "size": 1, "title": "t"}
    at = position_of(service, "officer", "evidence.EvidenceSubmitted", data | {"classification": "OFFICIAL"})
    answer = get(officer, "E11")
    assert (answer.status_code, answer.json()["code"]) == (404, "FILE_NOT_HELD")
    assert f"entry {at} has its digest only" in answer.json()["detail"]
    headers = about("E11") | {
        "ce-id": rows(service, "SELECT id FROM ledger.entries WHERE position = %s", at)[0][0]
    }
    assert put(officer, CSV, headers, "text/csv").json()["code"] == "KEY_REUSED"


def erase(service: Service, name: str) -> None:
    ((at,),) = rows(
        service,
        "SELECT position FROM ledger.entries WHERE convert_from(body, 'UTF8')::jsonb #>> '{data,evidence}' = %s "
        "AND type LIKE '%%EvidenceSubmitted%%'",
        name,
    )
    erasure_request = {"position": at, "reason": "A child is named.", "authority": "Article 17"}
    request = position_of(service, "protection", "records.ErasureRequested", erasure_request)
    position_of(service, "records", "evidence.EvidenceErased", {"evidence": name, "request": request})


def wait_until_finished(service: Service) -> None:
    """Wait until no erasure is unfinished; the store's work follows the entry."""
    waiting = "SELECT FROM ledger.files WHERE erased_by IS NOT NULL AND content IS NOT NULL"
    while rows(service, waiting):
        pass


def test_erasing_destroys_salt_and_file_unless_another_is_the_same(
    service: Service, officer: httpx.Client
) -> None:
    only, shared = b"%PDF-1.7 only", b"%PDF-1.7 shared"
    for name, content in (("E12", only), ("E13", shared), ("E14", shared)):
        assert put(officer, content, about(name)).status_code == 201
    files = stored(service)
    for name in ("E12", "E13"):
        erase(service, name)
        assert get(officer, name).status_code == 410
    with browser(service.url) as page:
        sign_in(page, service.notice.tokens["officer"])
        erased_page = page.get(f"/notices/{NOTICE}/files/E12")
    assert (erased_page.status_code, "This document was erased" in erased_page.text) == (410, True)
    wait_until_finished(service)
    assert [path for path in files if path not in stored(service)] == [
        path for path in files if path.endswith(hashlib.sha256(only).hexdigest())
    ]
    assert get(officer, "E14").content == shared
    erased = rows(service, "SELECT content, salt FROM ledger.files WHERE erased_by IS NOT NULL")
    assert erased == [(None, None)] * 2
    erase(service, "E14")
    wait_until_finished(service)
    assert not [path for path in stored(service) if path.endswith(hashlib.sha256(shared).hexdigest())]
    assert put(officer, shared, about("E15")).status_code == 201
    assert get(officer, "E15").content == shared


def test_a_document_erased_while_its_reader_is_served_is_not_called_missing(
    service: Service, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(officer, b"%PDF-1.7 brief", about("E20"))
    read_checked = ObjectStore.read_checked

    def erase_first() -> None:
        erase(service, "E20")
        wait_until_finished(service)

    async def erased_first(*arguments: Any) -> AsyncIterator[bytes] | None:
        await asyncio.to_thread(erase_first)
        return await read_checked(*arguments)

    monkeypatch.setattr(ObjectStore, "read_checked", erased_first)
    answer = get(officer, "E20")
    assert (answer.status_code, answer.json()["code"]) == (410, "ERASED")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_withdrawn_and_superseded_documents_stay_readable(service: Service, officer: httpx.Client) -> None:
    for name in ("E16", "E17"):
        put(officer, PDF, about(name))
    superseded = {"evidence": "E16", "by": "E17", "reason": "A newer one."}
    position_of(service, "officer", "evidence.EvidenceSuperseded", superseded)
    position_of(service, "officer", "evidence.EvidenceWithdrawn", {"evidence": "E17", "reason": "Wrong."})
    assert get(officer, "E16").content == get(officer, "E17").content == PDF


def test_a_file_with_a_flipped_byte_is_not_served_whole(
    service: Service, officer: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    content = b"%PDF-1.7 " + bytes(1_000_000)
    put(officer, content, about("E19"))
    (path,) = (service.data / "evidence").rglob(hashlib.sha256(content).hexdigest())
    path.write_bytes(content[:-1] + b"\x01")
    served = bytearray()

    def download() -> None:
        address = f"/ledgers/{service.notice.name}/evidence/E19"
        with service.client("officer") as client, client.stream("GET", address) as answer:
            for piece in answer.iter_bytes():
                served.extend(piece)

    with caplog.at_level("ERROR"), pytest.raises(httpx.RemoteProtocolError):
        download()
    assert len(served) < len(content)
    assert "a stored file differs from its entry" in caplog.messages


def test_a_file_that_the_store_has_lost_is_said_to_be_missing(service: Service, officer: httpx.Client) -> None:
    content = b"%PDF-1.7 lost"
    put(officer, content, about("E18", "RESTRICTED"))
    (path,) = (service.data / "evidence").rglob(hashlib.sha256(content).hexdigest())
    path.unlink()
    before = service.position()
    answer = get(officer, "E18")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert "E18" in answer.json()["detail"]
    assert service.position() == before, "nothing was opened"
