"""Documents and access recorded from pages: with their files, and by another person."""

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
    data: dict[str, list[str]] = {}
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
    found = recorded(service, position)["data"]
    assert (found["mediaType"], found["size"], found["supports"]) == ("application/pdf", len(PDF), ["O1"])
    with service.client("officer") as client:
        got = client.get(f"/ledgers/{service.notice.name}/evidence/E1")
    assert got.content == PDF
    files = stored(service)
    assert upload(officer, service, pairs, PDF).url == answer.url
    assert (service.position(), stored(service)) == (position, files)


@pytest.mark.parametrize(
    ("content", "name", "kind", "said"),
    [
        (
            PDF,
            "plan.png",
            "image/png",
            "Document: the file is declared as image/png and looks like application/pdf",
        ),
        (b"", "plan.pdf", "application/pdf", "Document: the file is empty"),
        (PDF, "", "application/pdf", "Select a document"),
    ],
)
def test_a_document_that_is_refused_leaves_nothing_and_loses_no_word(
    service: Service, people: dict[str, httpx.Client], content: bytes, name: str, kind: str, said: str
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
    assert said in words(answer)
    assert set(pairs) <= set(sent(answer.text, "record"))
    assert (service.position(), stored(service)) == (size, files)


def test_what_is_wrong_beside_a_document_is_said_before_it_is_kept(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    officer, files = people["officer"], stored(service)
    pairs = form(officer, service, "EvidenceSubmitted", {"data.evidence": "E 9", "data.classification": "PUBLIC"})
    answer = upload(officer, service, pairs, PDF * 100_000)
    assert "Reference: expected text (an identifier: letters, digits" in words(answer)
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
    shown = sent(page.text, "record")
    assert dict(shown)["data.request"] == "A1"
    assert ">A1: DATA, adviser<" in page.text
    assert set(at("until", "1", "1", "2027").items()) <= set(shown), "it begins from what was asked for"
    window = {**at("from", "1", "12", "2026"), **at("until", "2", "1", "2027")}
    answer = post(officer, service, "AccessGranted", with_values(shown, window))
    assert "stay within the request" in words(answer)
    answer = post(officer, service, "AccessGranted", with_values(shown, {**window, "data.until.day": "1"}))
    assert position_of(answer) == service.position()
    own = with_values(shown, {**window, "data.until.day": "1", "data.request": "A2", "id": "another"})
    answer = post(officer, service, "AccessGranted", own)
    assert "Request: officer requested this access or would receive it; another person must decide" in words(
        answer
    )
    left = people["officer"].get(address(service, "AccessGranted"))
    assert 'value="A1"' not in left.text, "it was decided on"
    assert 'value="A2"' not in left.text, "nobody is offered what they may not decide on"
