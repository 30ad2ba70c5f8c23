"""Documents and access recorded from pages: with their files, and by another person."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.browsing import words
from tests.api.filling import Inputs, Pairs, sent, with_values
from tests.api.recording import PDF, address, at, form, position_of, post, recorded
from tests.api.service import Service


def upload(
    client: httpx.Client,
    service: Service,
    pairs: Pairs,
    content: bytes,
    name: str = "plan.pdf",
    kind: str = "application/pdf",
) -> httpx.Response:
    data: dict[str, list[str]] = {"do": ["record"]}
    for key, value in pairs:
        data.setdefault(key, []).append(value)
    return client.post(address(service, "EvidenceSubmitted"), data=data, files={"file": (name, content, kind)})


def stored(service: Service) -> list[str]:
    """Return the names of the files in the store."""
    return [path.name for path in service.data.rglob("*") if path.is_file() and "evidence" in str(path)]


def test_evidence_comes_with_its_document(service: Service, people: dict[str, httpx.Client]) -> None:
    officer = people["officer"]
    typed: Inputs = {
        "data.evidence": "E1",
        "data.title": "The plan",
        "data.classification": "OFFICIAL",
        "data.supports": ["O1"],
    }
    pairs = form(officer, service, "EvidenceSubmitted", typed)
    answer = upload(officer, service, pairs, PDF)
    position = position_of(answer)
    fact = recorded(service, position)["data"]
    assert (fact["mediaType"], fact["size"], fact["supports"]) == ("application/pdf", len(PDF), ["O1"])
    with service.client("officer") as client:
        got = client.get(f"/ledgers/{service.notice.name}/evidence/E1")
    assert got.content == PDF
    files = stored(service)
    assert upload(officer, service, pairs, PDF).url == answer.url
    assert (service.position(), stored(service)) == (position, files)


@pytest.mark.parametrize(
    ("content", "name", "kind", "message"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600),
            "figures.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "Document: the file is protected by a password; save it without a password",
        ),
        (b"", "plan.pdf", "application/pdf", "Document: the file is empty"),
        (PDF, "", "application/pdf", "Select a document"),
    ],
)
def test_a_document_that_is_refused_leaves_nothing_and_loses_no_word(
    service: Service, people: dict[str, httpx.Client], content: bytes, name: str, kind: str, message: str
) -> None:
    officer, size, files = people["officer"], service.position(), stored(service)
    typed: Inputs = {
        "data.evidence": "E9",
        "data.title": "Not what it seems",
        "data.classification": "RESTRICTED",
    }
    pairs = form(officer, service, "EvidenceSubmitted", typed)
    answer = upload(officer, service, pairs, content, name, kind)
    assert answer.status_code == 422
    assert message in words(answer)
    assert set(pairs) <= set(sent(answer.text, "record"))
    assert (service.position(), stored(service)) == (size, files)


@pytest.mark.parametrize(
    ("name", "declared", "content", "actual"),
    [
        ("plan.png", "image/png", PDF, "application/pdf"),
        ("plan", "application/octet-stream", PDF, "application/pdf"),
        ("figures.csv", "application/vnd.ms-excel", b"Month,Visits\r\nMay,10\r\n", "application/vnd.ms-excel"),
        ("figures.csv", "", b"Month,Visits\r\nMay,10\r\n", "text/csv"),
        ("notes.abc", "application/octet-stream", b"\x01\x02\x03", "application/octet-stream"),
    ],
)
def test_nobody_is_asked_for_a_media_type(
    service: Service, people: dict[str, httpx.Client], name: str, declared: str, content: bytes, actual: str
) -> None:
    officer = people["officer"]
    inputs: Inputs = {"data.evidence": f"T{service.position()}", "data.title": "Typed by the service"}
    pairs = form(officer, service, "EvidenceSubmitted", {**inputs, "data.classification": "OFFICIAL"})
    answer = upload(officer, service, pairs, content, name, declared)
    assert recorded(service, position_of(answer))["data"]["mediaType"] == actual


def test_what_is_wrong_beside_a_document_is_said_before_it_is_kept(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    officer, files = people["officer"], stored(service)
    pairs = form(officer, service, "EvidenceSubmitted", {"data.evidence": "E 9", "data.classification": "PUBLIC"})
    answer = upload(officer, service, pairs, PDF * 100_000)
    assert "Reference must be text (an identifier: letters, digits" in words(answer)
    assert "Enter a title" in words(answer)
    assert stored(service) == files


def test_access_is_granted_by_another_person(service: Service, people: dict[str, httpx.Client]) -> None:
    adviser, officer = people["adviser"], people["officer"]

    def request_access(request: str, grantee: str) -> None:
        typed: Inputs = {
            "data.request": request,
            "data.grantee": grantee,
            "data.review": "V1",
            "data.kind": "DATA",
            "data.scope": "The weekly figures",
            "data.purpose": "To see what changed",
        }
        typed = {**typed, **at("from", "1", "12", "2026"), **at("until", "1", "1", "2027")}
        position_of(post(adviser, service, "AccessRequested", form(adviser, service, "AccessRequested", typed)))

    request_access("A1", "adviser")
    request_access("A2", "officer")
    page = officer.get(address(service, "AccessGranted"), params={"data.request": "A1"})
    inputs = sent(page.text, "record")
    assert dict(inputs)["data.request"] == "A1"
    assert ">A1: data, adviser<" in page.text
    assert set(at("until", "1", "1", "2027").items()) <= set(inputs), "it begins from what was asked for"
    window = {**at("from", "1", "12", "2026"), **at("until", "2", "1", "2027")}
    answer = post(officer, service, "AccessGranted", with_values(inputs, window))
    assert "stay within the request" in words(answer)
    answer = post(officer, service, "AccessGranted", with_values(inputs, {**window, "data.until.day": "1"}))
    assert position_of(answer) == service.position()
    own = with_values(inputs, {**window, "data.until.day": "1", "data.request": "A2", "id": "another"})
    answer = post(officer, service, "AccessGranted", own)
    assert "Request: officer requested this access or would receive it; another person must decide" in words(
        answer
    )
    left = people["officer"].get(address(service, "AccessGranted"))
    assert 'value="A1"' not in left.text, "it was decided on"
    assert 'value="A2"' not in left.text, "nobody is offered what they may not decide on"


def test_a_reader_with_a_grant_sees_its_documents_and_why_it_ended(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    adviser, officer, member = people["adviser"], people["officer"], people["member"]
    evidence: Inputs = {
        "data.evidence": "E77",
        "data.title": "Weekly figures",
        "data.classification": "RESTRICTED",
    }
    position_of(upload(officer, service, form(officer, service, "EvidenceSubmitted", evidence), PDF))
    assert "Opened Not opened yet" in words(officer.get(f"/notices/{service.notice.name}/evidence/E77"))
    begin, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=9)
    window = {
        **at("from", str(begin.day), str(begin.month), str(begin.year)),
        **at("until", str(end.day), str(end.month), str(end.year)),
    }
    asking: Inputs = {
        "data.request": "A7",
        "data.grantee": "member",
        "data.review": "V1",
        "data.kind": "DATA",
        "data.scope": "The weekly figures",
        "data.purpose": "To see what changed",
        **window,
    }
    position_of(post(adviser, service, "AccessRequested", form(adviser, service, "AccessRequested", asking)))
    reviews, file = f"/notices/{service.notice.name}/reviews", f"/notices/{service.notice.name}/files/E77"
    assert "A7: Data Not decided Waiting for a decision." in words(member.get(reviews))
    assert member.get(file).status_code == 403
    granting = form(officer, service, "AccessGranted", {"data.request": "A7", **window})
    position_of(post(officer, service, "AccessGranted", granting))
    page = member.get(reviews)
    assert "A7: Data Live Open until" in words(page)
    assert f'href="{file}">Weekly figures</a>' in page.text
    assert member.get(file).content == PDF
    revoking = form(
        officer, service, "AccessRevoked", {"data.request": "A7", "data.reason": "The review is finished."}
    )
    position_of(post(officer, service, "AccessRevoked", revoking))
    page = member.get(reviews)
    assert "because it was revoked: The review is finished." in words(page)
    assert file not in page.text
    assert member.get(file).status_code == 403
    assert "Your access" not in words(people["chair"].get(reviews)), "others do not see it as theirs"
