"""Access for reviewers: requested for a review and a time, granted by another actor, revoked once."""

from typing import Any

import pytest

from ledger.domain.areas.access import MAXIMUM_DAYS
from tests.ledger.desk import Desk, Refusals, at
from tests.ledger.history import OPERATOR

REQUEST = {
    "request": "A1",
    "grantee": "rita",
    "review": "R1",
    "kind": "CASE_FILES",
    "scope": "Ten files",
    "purpose": "The review",
    "from": at(10),
    "until": at(20),
}
GRANTED = {"request": "A1", "from": at(10), "until": at(20)}
REVOKED = {"request": "A1", "reason": "The review ended."}
PARAMETER = {"number": "9", "obligor": "COUNCIL", "modality": "MUST", "rule": "access-provided", "text": "Access."}


def requested(**changed: Any) -> Desk:
    desk = Desk().reviewing()
    desk.record("AccessRequested", REQUEST | changed, "bob")
    return desk


def granted() -> Desk:
    desk = requested()
    desk.record("AccessGranted", GRANTED)
    return desk


def test_access_is_asked_for_granted_and_revoked() -> None:
    desk = granted()
    desk.record("AccessRevoked", REVOKED)
    access = desk.state.access.requests["A1"]
    assert (access.requested_by.recorder, access.grantee, access.position) == ("bob", "rita", 11)
    assert (access.granted, access.revoked) == (12, 13)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"review": None}, [("ONE_OF", "data.review")]),
        ({"diagnostic": "D1"}, [("ONE_OF", "data.review")]),
        ({"until": at(10)}, [("OUT_OF_RANGE", "data.until")]),
        ({"until": at(9)}, [("OUT_OF_RANGE", "data.until")]),
        ({"until": at(10 + MAXIMUM_DAYS + 0.001)}, [("OUT_OF_RANGE", "data.until")]),
        ({"diagnostic": "D1", "until": at(9)}, [("ONE_OF", "data.review"), ("OUT_OF_RANGE", "data.until")]),
    ],
)
def test_what_access_is_not_asked_for(change: dict[str, Any], expected: Refusals) -> None:
    assert Desk().reviewing().refused("AccessRequested", REQUEST | change, "bob") == expected


def test_a_diagnostic_will_do_instead_of_a_review() -> None:
    requested(review=None, diagnostic="D1")


def test_a_request_is_made_once() -> None:
    assert requested().refused("AccessRequested", REQUEST, "bob") == [("ALREADY_EXISTS", "data.request")]


@pytest.mark.parametrize(
    ("parameters", "longest"),
    [
        ({}, MAXIMUM_DAYS),
        ({"maximum_days": 30}, 30),
    ],
)
def test_the_longest_access_is_what_the_notice_says(parameters: dict[str, Any], longest: int) -> None:
    desk = Desk().reviewing()
    desk.record("ClauseRegistered", PARAMETER | {"parameters": parameters}, OPERATOR)
    over = REQUEST | {"until": at(10 + longest + 0.001)}
    assert f"{longest} days" in str(desk.refusal("AccessRequested", over, "bob"))
    desk.record("AccessRequested", REQUEST | {"until": at(10 + longest)}, "bob")


def test_the_longest_access_may_be_a_hundred_years() -> None:
    desk = Desk().reviewing()
    desk.record("ClauseRegistered", PARAMETER | {"parameters": {"maximum_days": 36_600}}, OPERATOR)
    desk.record(
        "AccessRequested", REQUEST | {"from": "2100-01-01T00:00:00Z", "until": "2199-01-01T00:00:00Z"}, "bob"
    )


def test_access_is_granted_for_a_shorter_time() -> None:
    desk = requested()
    desk.record("AccessGranted", GRANTED | {"from": at(11), "until": at(12)})
    assert desk.state.access.requests["A1"].until.isoformat() == at(12)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"request": "A2"}, [("NOT_FOUND", "data.request")]),
        ({"from": at(9.9)}, [("OUT_OF_RANGE", "data.from")]),
        ({"until": at(20.1)}, [("OUT_OF_RANGE", "data.until")]),
        ({"from": at(9.9), "until": at(20.1)}, [("OUT_OF_RANGE", "data.until")]),
        ({"from": at(15), "until": at(15)}, [("OUT_OF_RANGE", "data.until")]),
    ],
)
def test_what_is_not_granted(change: dict[str, Any], expected: Refusals) -> None:
    assert requested().refused("AccessGranted", GRANTED | change) == expected


def test_a_grant_is_made_once() -> None:
    assert granted().refused("AccessGranted", GRANTED) == [("ALREADY_GRANTED", "data.request")]


@pytest.mark.parametrize("party", ["bob", "rita"])
def test_who_asked_or_would_receive_does_not_decide(party: str) -> None:
    desk = requested()
    desk.record("RoleGranted", {"actor": party, "role": "COUNCIL_OFFICER"}, "rosa")
    assert desk.refused("AccessGranted", GRANTED, party) == [("SAME_PERSON", "data.request")]
    desk.record("AccessGranted", GRANTED)


def test_only_what_was_granted_is_revoked_and_once() -> None:
    desk = requested()
    assert desk.refused("AccessRevoked", REVOKED) == [("NOT_GRANTED", "data.request")]
    assert desk.refused("AccessRevoked", REVOKED | {"request": "A2"}) == [("NOT_FOUND", "data.request")]
    desk.record("AccessGranted", GRANTED)
    desk.record("AccessRevoked", REVOKED)
    assert desk.refused("AccessRevoked", REVOKED) == [("ALREADY_REVOKED", "data.request")]
    assert desk.refused("AccessGranted", GRANTED) == [("ALREADY_GRANTED", "data.request")]
