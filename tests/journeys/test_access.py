"""Follow a request for access from its start to its end, over HTTP, with a movable clock.

A reviewer requests case files and an officer decides. The documents open and close at the granted instants. The
auditor then reads each opening and its approval.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

import httpx
import pytest

from tests.api.documents import PDF, MovedClock, about, at, documented, docx, get, put
from tests.api.service import NOTICE, Service, event

pytestmark = pytest.mark.database
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LOG = """query ($notice: ID!) { notice(id: $notice) { access(first: 10) { edges { node {
    request grantee decidedBy documents grant { live } use { edges { node { document action why } } }
} } } } }"""


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def service(template: str, clock: MovedClock) -> Iterator[Service]:
    with documented(template, clock) as running:
        yield running


class Person:
    """A person with a client of their own, who records and reads."""

    def __init__(self, service: Service, name: str) -> None:
        self.name = name
        self.client = service.client(name)
        self.service = service

    def says(self, name: str, data: dict[str, Any], expect: int = 201) -> None:
        """Record a fact about access."""
        answer = self.service.post(self.client, event(f"access.{name}", data, self.name))
        assert answer.status_code == expect, answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def opens(self, name: str) -> int:
        return get(self.client, name).status_code

    def history(self) -> list[tuple[str, Any]]:
        """Return the entries that the person may read: the name of each fact, and its data."""
        entries = self.client.get(self.service.entries).text.splitlines()
        events = [httpx.Response(200, content=line).json() for line in entries]
        return [(each["type"].split(".")[2], each["data"]) for each in events if "type" in each]


def test_the_life_of_a_request_for_access(service: Service, clock: MovedClock) -> None:
    names = ("officer", "officer2", "reviewer", "auditor", "inspector")
    with ExitStack() as stack:
        people = {name: stack.enter_context(Person(service, name)) for name in names}
        live(clock, **people)


def live(
    clock: MovedClock, officer: Person, officer2: Person, reviewer: Person, auditor: Person, inspector: Person
) -> None:
    """Follow the request, from the arrival of the files to the auditor's queries."""
    # The council has two restricted files and an open one.
    for name, content, kind in (("case-1", PDF, "application/pdf"), ("case-2", docx(), DOCX)):
        assert put(officer.client, content, about(name, "RESTRICTED"), kind).status_code == 201
    assert put(officer.client, b"%PDF-1.7 minutes", about("minutes")).status_code == 201
    assert [reviewer.opens(name) for name in ("case-1", "case-2", "minutes")] == [403, 403, 403]

    # The reviewer asks, for herself and one file; until it is decided nothing opens, and she cannot decide.
    window = {"from": at(clock, hours=1), "until": at(clock, hours=5)}
    request: dict[str, Any] = {"request": "A1", "grantee": "reviewer", "review": "R1", "kind": "CASE_FILES"}
    request |= {"documents": ["case-1"]}
    reviewer.says("AccessRequested", {**request, "scope": "One file", "purpose": "The review", **window})
    reviewer.says("AccessGranted", {"request": "A1", **window}, 403)
    assert reviewer.opens("case-1") == 403

    # An officer grants it for less than was asked, and provides it.
    granted = {**window, "until": at(clock, hours=3)}
    officer.says("AccessGranted", {"request": "A1", **granted})
    today = clock().date().isoformat()
    officer.says("AccessProvided", {"request": "A1", "kind": "CASE_FILES", "what": "The file", "on": today})
    assert reviewer.opens("case-1") == 403, "not yet"

    clock.advance(hours=1)
    opened = get(reviewer.client, "case-1")
    assert (opened.status_code, opened.content) == (200, PDF)
    assert reviewer.opens("case-2") == 403, "another file than was asked for"
    assert inspector.opens("case-1") == 403, "another person"

    # It is extended by somebody else than who benefits, and ends of itself: nobody records it.
    officer.says("AccessExtended", {"request": "A1", "until": at(clock, hours=3), "reason": "More to read."})
    clock.advance(hours=2, minutes=59)
    assert reviewer.opens("case-1") == 200
    clock.advance(minutes=1)
    assert reviewer.opens("case-1") == 403
    officer.says("AccessExtended", {"request": "A1", "until": at(clock, hours=1), "reason": "Too late."}, 409)

    # A second one, for all case files, is revoked in the middle.
    window = {"from": at(clock), "until": at(clock, hours=8)}
    request = {"request": "A2", "grantee": "reviewer", "review": "R1", "kind": "CASE_FILES"}
    reviewer.says("AccessRequested", {**request, "scope": "All files", "purpose": "The review", **window})
    officer2.says("AccessGranted", {"request": "A2", **window})
    assert [reviewer.opens(name) for name in ("case-1", "case-2", "minutes")] == [200, 200, 200]
    officer2.says("AccessRevoked", {"request": "A2", "reason": "The files are wanted elsewhere."})
    assert [reviewer.opens(name) for name in ("case-1", "case-2")] == [403, 403]

    # The officers' own reading of restricted files is on record too.
    assert get(officer.client, "case-2").content == docx()

    facts = [
        entry for entry in auditor.history() if entry[0] in ("AccessUsed", "AccessUseRefused", "EvidenceOpened")
    ]
    assert facts == [
        ("AccessUseRefused", {"request": "A1", "document": "case-1", "why": "NOT_YET"}),
        ("AccessUsed", {"request": "A1", "document": "case-1", "action": "DOWNLOADED"}),
        ("AccessUseRefused", {"request": "A1", "document": "case-2", "why": "OUT_OF_SCOPE"}),
        ("AccessUsed", {"request": "A1", "document": "case-1", "action": "DOWNLOADED"}),
        ("AccessUseRefused", {"request": "A1", "document": "case-1", "why": "EXPIRED"}),
        ("AccessUsed", {"request": "A2", "document": "case-1", "action": "DOWNLOADED"}),
        ("AccessUsed", {"request": "A2", "document": "case-2", "action": "DOWNLOADED"}),
        ("AccessUsed", {"request": "A2", "document": "minutes", "action": "DOWNLOADED"}),
        ("AccessUseRefused", {"request": "A2", "document": "case-1", "why": "REVOKED"}),
        ("AccessUseRefused", {"request": "A2", "document": "case-2", "why": "REVOKED"}),
        ("EvidenceOpened", {"evidence": "case-2", "reader": "officer"}),
    ]
    assert who_opened_what(auditor) == {
        "A1": ("reviewer", "officer", ["case-1"], 2, 3),
        "A2": ("reviewer", "officer2", [], 3, 2),
    }


def who_opened_what(auditor: Person) -> dict[str, tuple[str, str, list[str], int, int]]:
    """Return the grantee, approver, documents, and numbers of uses and refusals of each request."""
    headers = {"Content-Type": "application/json"}
    position = auditor.service.position()
    query = LOG.replace("id: $notice", f"id: $notice, atLeast: {position}")
    body = {"query": query, "variables": {"notice": NOTICE}}
    answer = auditor.client.post("/graphql", json=body, headers=headers).json()
    assert "errors" not in answer, answer
    openings = {}
    for edge in answer["data"]["notice"]["access"]["edges"]:
        node = edge["node"]
        uses = [each["node"] for each in node["use"]["edges"]]
        assert node["grant"]["live"] is False
        refused = [use for use in uses if use["why"]]
        openings[node["request"]] = (
            node["grantee"],
            node["decidedBy"],
            node["documents"],
            len(uses) - len(refused),
            len(refused),
        )
    return openings
