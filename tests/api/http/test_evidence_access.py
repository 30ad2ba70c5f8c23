"""Test the right to open documents, by role or by a live grant at its exact instants.

Uses are recorded once an hour.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pytest

from ledger.domain.roles import Role, matrix
from tests.api.browsing import browser, sign_in, words
from tests.api.documents import (
    OTHERS,
    PDF,
    MovedClock,
    about,
    ask,
    at,
    documented,
    get,
    grant,
    position_of,
    put,
    recorded,
    say,
)
from tests.api.service import NOTICE, ROLES, Service

pytestmark = pytest.mark.database
CLASSES = ("PUBLIC", "OFFICIAL", "OFFICIAL_SENSITIVE", "RESTRICTED")
PEOPLE = ROLES | OTHERS
_numbers = count(1)


@pytest.fixture(scope="module")
def service(template: str, clock: MovedClock) -> Iterator[Service]:
    """Run a service with a document of each classification, which has its name."""
    with documented(template, clock) as running:
        with running.client("officer") as client:
            for each in CLASSES:
                assert put(client, PDF + each.encode(), about(each, each)).status_code == 201
        yield running


@pytest.fixture
def request_id() -> str:
    """Return an unused id of a request for access."""
    return f"A{next(_numbers)}"


@pytest.fixture(autouse=True)
def another_hour(clock: MovedClock) -> None:
    """Move the clock, so that grants of earlier tests have ended and their uses are more than an hour old."""
    clock.advance(days=1)


def opens(service: Service, actor: str, name: str = "RESTRICTED") -> int:
    with service.client(actor) as client:
        return get(client, name).status_code


def used(service: Service, request: str) -> list[Any]:
    return [data for data in recorded(service, "AccessUsed") if data["request"] == request]


def refused(service: Service, request: str) -> list[str]:
    return [data["why"] for data in recorded(service, "AccessUseRefused") if data["request"] == request]


@pytest.mark.parametrize("actor", PEOPLE)
def test_a_role_opens_what_the_matrix_says(service: Service, actor: str) -> None:
    role = Role(PEOPLE[actor])
    opened = {name: opens(service, actor, name) for name in CLASSES}
    assert opened == {name: 200 if role in matrix().opens[name] else 403 for name in CLASSES}
    assert any(status == 403 for status in opened.values()) or role in matrix().opens["RESTRICTED"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_may_not_read_the_register_cannot_tell_what_is_in_it(service: Service, method: str) -> None:
    with service.client("reviewer") as client:
        there = client.request(method, f"/ledgers/{NOTICE}/evidence/RESTRICTED")
        absent = client.request(method, f"/ledgers/{NOTICE}/evidence/NOWHERE")
    assert (there.status_code, there.content) == (absent.status_code, absent.content)
    assert there.status_code == 403
    assert "etag" not in there.headers
    assert set(there.headers) == set(absent.headers)
    with service.client("officer") as client:
        assert get(client, "NOWHERE").json()["code"] == "UNKNOWN_EVIDENCE"


def test_whoever_has_no_part_in_the_notice_finds_nothing(service: Service) -> None:
    with service.client("reviewer") as client:
        elsewhere = client.get("/ledgers/other-2023/evidence/RESTRICTED")
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "UNKNOWN_NOTICE")
    with service.client() as client:
        assert get(client, "PUBLIC").status_code == 401


def test_opening_restricted_material_is_recorded_once_an_hour(service: Service, clock: MovedClock) -> None:
    before = service.position()
    for _ in range(3):
        assert opens(service, "auditor") == 200
    assert opens(service, "auditor", "OFFICIAL") == 200
    with service.client("auditor") as client:
        assert client.head(f"/ledgers/{NOTICE}/evidence/RESTRICTED").status_code == 200
        assert get(client, "RESTRICTED", Range="bytes=0-3").status_code == 206
    assert service.position() == before + 1
    assert recorded(service, "EvidenceOpened")[-1] == {"evidence": "RESTRICTED", "reader": "auditor"}
    clock.advance(minutes=61)
    assert opens(service, "auditor") == 200
    assert opens(service, "protection") == 200
    assert service.position() == before + 3


def test_a_head_asks_and_uses_nothing(service: Service, clock: MovedClock, request_id: str) -> None:
    grant(service, clock, request_id)
    before = service.position()
    with service.client("reviewer") as client:
        answer = client.head(f"/ledgers/{NOTICE}/evidence/RESTRICTED")
        assert (answer.status_code, "evidence-salt" in answer.headers) == (200, False)
        clock.advance(hours=2)
        assert client.head(f"/ledgers/{NOTICE}/evidence/RESTRICTED").status_code == 403
    assert service.position() == before


def test_a_grant_opens_from_its_first_instant_until_its_last(
    service: Service, clock: MovedClock, request_id: str
) -> None:
    """Judge a grant in another time zone than its own; nothing records that it ends."""
    east = timezone(timedelta(hours=5, minutes=45))
    start = (clock() + timedelta(hours=2)).astimezone(east)
    window = {"from": start.isoformat(), "until": (start + timedelta(hours=3)).isoformat()}
    grant(service, clock, request_id, **window)
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["NOT_YET"]
    clock.advance(hours=2)
    assert opens(service, "reviewer") == 200
    clock.advance(hours=2, minutes=59)
    assert opens(service, "reviewer", "OFFICIAL") == 200
    before = service.position()
    clock.advance(minutes=1)
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["NOT_YET", "EXPIRED"]
    assert service.position() == before + 1
    assert [data["document"] for data in used(service, request_id)] == ["RESTRICTED", "OFFICIAL"]


def test_a_use_is_recorded_once_an_hour_and_so_is_a_refused_one(
    service: Service, clock: MovedClock, request_id: str
) -> None:
    grant(service, clock, request_id, until=at(clock, hours=5))
    for _ in range(3):
        assert opens(service, "reviewer") == 200
    assert used(service, request_id) == [
        {"request": request_id, "document": "RESTRICTED", "action": "DOWNLOADED"},
    ]
    clock.advance(minutes=61)
    assert opens(service, "reviewer") == 200
    assert len(used(service, request_id)) == 2
    clock.advance(hours=5)
    for _ in range(3):
        assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["EXPIRED"]
    clock.advance(minutes=61)
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["EXPIRED", "EXPIRED"]


def test_only_whoever_held_a_grant_is_recorded_as_refused(service: Service) -> None:
    before = service.position()
    for actor in ("inspector", "adviser", "partner", "member"):
        assert opens(service, actor) == 403
    assert service.position() == before


def test_a_grant_is_for_its_grantee_alone(service: Service, clock: MovedClock, request_id: str) -> None:
    grant(service, clock, request_id)
    assert opens(service, "department") == 403, "who asked for somebody else"
    assert opens(service, "inspector") == 403


def test_a_request_opens_nothing_until_it_is_granted(service: Service, clock: MovedClock, request_id: str) -> None:
    before = ask(service, clock, request_id)
    assert opens(service, "reviewer") == 403
    answer = say(service, "officer", "access.AccessRefused", {"request": request_id, "reason": "Too wide."})
    assert answer.status_code == 201
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == []
    assert service.position() >= before + 1


def test_revoking_ends_a_grant_at_once(service: Service, clock: MovedClock, request_id: str) -> None:
    grant(service, clock, request_id)
    assert opens(service, "reviewer") == 200
    position_of(service, "officer", "access.AccessRevoked", {"request": request_id, "reason": "Lost a laptop."})
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["REVOKED"]


def test_an_extension_carries_on_from_the_end(service: Service, clock: MovedClock, request_id: str) -> None:
    grant(service, clock, request_id)
    longer = {"request": request_id, "until": at(clock, hours=4), "reason": "More files."}
    assert say(service, "reviewer", "access.AccessExtended", longer).status_code == 403
    position_of(service, "officer", "access.AccessExtended", longer)
    clock.advance(hours=2)
    assert opens(service, "reviewer") == 200
    clock.advance(hours=2)
    assert opens(service, "reviewer") == 403
    late = {**longer, "until": at(clock, hours=9)}
    answer = say(service, "officer", "access.AccessExtended", late)
    assert answer.json()["code"] == "ALREADY_ENDED"


@pytest.mark.parametrize("changed", [{"kind": "STAFF"}, {"documents": ["OFFICIAL"]}])
def test_a_grant_opens_what_it_was_asked_for(
    service: Service, clock: MovedClock, request_id: str, changed: dict[str, Any]
) -> None:
    grant(service, clock, request_id, **changed)
    assert opens(service, "reviewer") == 403
    assert refused(service, request_id) == ["OUT_OF_SCOPE"]
    assert opens(service, "reviewer", "OFFICIAL") == (200 if "documents" in changed else 403)


def test_who_asked_does_not_decide(service: Service, clock: MovedClock, request_id: str) -> None:
    """Check that neither the applicant nor the grantee can decide, with any role."""
    ask(service, clock, request_id, grantee="officer")
    grant = {"request": request_id, "from": at(clock, minutes=1), "until": at(clock, minutes=30)}
    assert say(service, "department", "access.AccessGranted", grant).json()["code"] == "FORBIDDEN"
    answer = say(service, "officer", "access.AccessGranted", grant)
    assert answer.json()["code"] == "SAME_PERSON"
    answer = say(service, "officer2", "access.AccessGranted", {**grant, "until": at(clock, hours=2)})
    assert answer.json()["code"] == "OUT_OF_RANGE", "longer than asked"
    position_of(service, "officer2", "access.AccessGranted", grant)


def test_what_two_tabs_use_at_once_is_recorded_once(service: Service, clock: MovedClock, request_id: str) -> None:
    grant(service, clock, request_id)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: opens(service, "reviewer"), range(24)))
    assert set(answers) == {200}
    assert len(used(service, request_id)) == 1


def test_with_the_notice_its_grants_end(template: str) -> None:
    clock = MovedClock()
    with documented(template, clock) as service:
        with service.client("officer") as client:
            put(client, PDF, about("E1", "RESTRICTED"))
        grant(service, clock, "A0")
        clock.advance(hours=2)
        grant(service, clock, "A1")
        assert opens(service, "reviewer", "E1") == 200
        assert "as granted. Request access again if you still need it." in own_access(service)
        clock.advance(minutes=1)
        day = datetime.fromisoformat(at(clock)).date().isoformat()
        closed = {"closedOn": day, "outcome": "FULFILLED", "reason": "Done."}
        answer = say(service, "department", "notice.NoticeClosed", closed)
        assert answer.status_code == 201, answer.text
        clock.advance(minutes=1)
        assert opens(service, "reviewer", "E1") == 403
        assert refused(service, "A1") == ["EXPIRED"]
        assert opens(service, "auditor", "E1") == 200
        assert "Request access again" not in own_access(service)


def own_access(service: Service) -> str:
    """Return the words of the reviewer's page of reviews and access."""
    with browser(service.url) as reviewer:
        sign_in(reviewer, service.notice.tokens["reviewer"])
        page = words(reviewer.get(f"/notices/{NOTICE}/reviews"))
    assert "Your access" in page
    return page
