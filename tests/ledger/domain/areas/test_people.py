"""Rights to record: roles with their times, tokens with their limits, and sources."""

from typing import Any

import pytest

from ledger.domain.authorisation import Credential, authorise
from ledger.domain.errors import Refusal
from ledger.domain.fact import Who
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role, matrix
from tests.ledger.desk import DAY, START, Desk, at
from tests.ledger.history import OPERATOR

CAROL = "carol"
PROGRESS = {"objective": "O1", "narrative": "Done.", "activityRating": "AMBER", "impactRating": "RED"}
SYSTEM = Credential("case-system", "t1")
TOKEN = {"token": "t1", "actor": "case-system", "role": "INTEGRATION"}
PROGRESS_TYPE = "improvement-ledger.plan.ProgressRecorded.v1"
FORBIDDEN = [("FORBIDDEN", "type")]


def role(actor: str = CAROL, name: str = "COUNCIL_OFFICER", **times: Any) -> dict[str, Any]:
    return {"actor": actor, "role": name, **times}


def with_carol() -> Desk:
    """Return a desk on which carol and the case system are registered."""
    desk = Desk()
    desk.register(CAROL, "case-system")
    return desk


def test_a_role_is_what_lets_one_record() -> None:
    desk = with_carol()
    assert desk.refused("ProgressRecorded", PROGRESS, CAROL) == FORBIDDEN
    desk.record("RoleGranted", role(), "rosa")
    desk.record("ProgressRecorded", PROGRESS, CAROL)
    desk.record("RoleRevoked", {**role(), "reason": "She left."}, "rosa")
    refused = desk.refusal("ProgressRecorded", PROGRESS, CAROL)
    assert str(refused) == "type: carol may not record ProgressRecorded (roles now: none)"


def test_a_role_holds_from_its_first_instant_to_before_its_last() -> None:
    desk = with_carol()
    desk.record("RoleGranted", role(**{"from": at(1), "until": at(3)}), "rosa")
    for days, is_live in ((0.999999, False), (1, True), (2.999999, True), (3, False)):
        assert (desk.state.people.roles_at(CAROL, START + days * DAY) == [Role.COUNCIL_OFFICER]) is is_live, days
    desk.clock.advance(days=1)
    desk.record("ProgressRecorded", PROGRESS, CAROL)
    desk.clock.advance(days=2)
    assert desk.refused("ProgressRecorded", PROGRESS, CAROL) == FORBIDDEN


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"from": at(2), "until": at(2)}, [("OUT_OF_RANGE", "data.until")]),
        ({"from": at(2), "until": at(1)}, [("OUT_OF_RANGE", "data.until")]),
        ({"until": at(0)}, [("OUT_OF_RANGE", "data.until")]),
        ({"role": "OPERATOR"}, [("NOT_GRANTABLE", "data.role")]),
        ({"role": "SERVICE"}, [("NOT_GRANTABLE", "data.role")]),
        ({"role": "PUBLIC"}, [("NOT_GRANTABLE", "data.role")]),
        ({"actor": "alice"}, [("ALREADY_EXISTS", "data.actor")]),
        ({"actor": "alice", "from": at(9)}, [("ALREADY_EXISTS", "data.actor")]),
    ],
)
def test_what_role_is_not_granted(times: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert with_carol().refused("RoleGranted", role() | times, "rosa") == expected


def test_one_role_is_granted_for_times_that_do_not_overlap() -> None:
    desk = with_carol()
    desk.record("RoleGranted", role(**{"from": at(10), "until": at(20)}), "rosa")
    assert desk.refused("RoleGranted", role(), "rosa") == [("ALREADY_EXISTS", "data.actor")]
    assert desk.refused("RoleGranted", role(until=at(10.5)), "rosa") == [("ALREADY_EXISTS", "data.actor")]
    desk.record("RoleGranted", role(until=at(10)), "rosa")
    desk.record("RoleGranted", role(**{"from": at(20)}), "rosa")
    desk.grant(CAROL, "CHAIR")


def test_a_revoked_role_does_not_come_back_by_itself() -> None:
    desk = with_carol()
    desk.record("RoleGranted", role(until=at(10)), "rosa")
    desk.record("RoleGranted", role(**{"from": at(10)}), "rosa")
    desk.grant(CAROL, "CHAIR")
    desk.record("RoleRevoked", {**role(), "reason": "She left."}, "rosa")
    desk.clock.advance(days=11)
    assert desk.state.people.roles_at(CAROL, desk.clock()) == [Role.CHAIR]
    assert desk.refused("RoleRevoked", {**role(), "reason": "x"}, "rosa") == [("NOT_FOUND", "data.actor")]
    desk.record("RoleGranted", role(), "rosa")
    desk.record("ProgressRecorded", PROGRESS, CAROL)


def test_a_role_that_is_still_to_come_can_be_revoked() -> None:
    desk = with_carol()
    desk.record("RoleGranted", role(**{"from": at(10)}), "rosa")
    desk.record("RoleRevoked", {**role(), "reason": "She won't come."}, "rosa")
    desk.clock.advance(days=11)
    assert desk.refused("ProgressRecorded", PROGRESS, CAROL) == FORBIDDEN


def test_the_matrix_decides_for_each_role_and_fact() -> None:
    desk = with_carol()
    grantable = [r for r in Role if r not in (Role.OPERATOR, Role.SERVICE, Role.PUBLIC)]
    for each in grantable:
        desk.record("RoleGranted", role(each.value.lower(), each.value), OPERATOR)
    for kind in KINDS.values():
        for each in grantable:
            actor = each.value.lower()
            judged = authorise(desk.state, Credential(actor), kind.name, kind.type, actor, desk.clock.at + DAY)
            assert isinstance(judged, Who) == (each in matrix().records[kind.name]), (kind.name, each)
            assert isinstance(judged, Refusal) or judged == Who(actor, each.value)


def with_token(**bounds: Any) -> Desk:
    desk = with_carol()
    desk.record("RoleGranted", role("case-system", "INTEGRATION"), "rosa")
    desk.record("TokenIssued", TOKEN | bounds, "rosa")
    return desk


def test_a_token_opens_what_its_role_may_record() -> None:
    desk = with_token()
    desk.record("ProgressRecorded", PROGRESS, SYSTEM)
    assert desk.refused("RoleGranted", role(), SYSTEM) == FORBIDDEN


def test_a_token_opens_one_of_its_actors_roles_only() -> None:
    desk = with_token()
    desk.grant("case-system", "CHAIR")
    decision = {"decision": "D1", "meeting": "M1", "title": "t", "outcome": "o", "rationale": "r"}
    assert desk.refused("BoardDecisionRecorded", decision, SYSTEM) == FORBIDDEN
    desk.record("BoardDecisionRecorded", decision, "case-system")


def test_a_token_whose_role_was_revoked_opens_nothing() -> None:
    desk = with_token()
    desk.record("RoleRevoked", {**role("case-system", "INTEGRATION"), "reason": "The contract ended."}, "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, SYSTEM) == FORBIDDEN


def test_a_token_records_from_its_source_only() -> None:
    desk = with_token(source="council/cases")
    desk.record("ProgressRecorded", PROGRESS, SYSTEM, source="council/cases")
    assert desk.refused("ProgressRecorded", PROGRESS, SYSTEM, source="other") == [("FORBIDDEN", "source")]
    assert desk.refused("ProgressRecorded", PROGRESS, "alice", source="council/cases") == [("FORBIDDEN", "source")]


def test_a_token_records_its_facts_only() -> None:
    desk = with_token(facts=[PROGRESS_TYPE])
    desk.record("ProgressRecorded", PROGRESS, SYSTEM)
    objective = {"objective": "O2", "title": "t", "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    assert desk.refused("ObjectiveAdded", objective, SYSTEM) == FORBIDDEN


def test_a_token_expires() -> None:
    desk = with_token(until=at(2))
    desk.clock.advance(days=1.9)
    desk.record("ProgressRecorded", PROGRESS, SYSTEM)
    desk.clock.advance(days=0.1)
    assert desk.refused("ProgressRecorded", PROGRESS, SYSTEM) == [("FORBIDDEN", "")]


def test_an_access_token_opens_nothing_from_its_end_on() -> None:
    desk = with_carol()
    desk.record("ProgressRecorded", PROGRESS, Credential("alice", until=desk.clock.at + DAY))
    assert desk.refused("ProgressRecorded", PROGRESS, Credential("alice", until=desk.clock.at)) == FORBIDDEN


def test_a_token_is_revoked_once() -> None:
    desk = with_token()
    revoke = {"token": "t1", "reason": "It leaked."}
    desk.record("TokenRevoked", revoke, "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, SYSTEM) == [("FORBIDDEN", "")]
    assert desk.refused("TokenRevoked", revoke, "rosa") == [("ALREADY_REVOKED", "data.token")]
    assert desk.refused("TokenRevoked", revoke | {"token": "t2"}, "rosa") == [("NOT_FOUND", "data.token")]


def test_a_token_is_nobody_elses() -> None:
    desk = with_token()
    desk.record("RoleGranted", role(CAROL, "INTEGRATION"), "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, Credential(CAROL, "t1")) == [("FORBIDDEN", "")]
    assert desk.refused("ProgressRecorded", PROGRESS, Credential(CAROL, "t9")) == [("FORBIDDEN", "")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"token": "t1"}, [("ALREADY_EXISTS", "data.token")]),
        ({"role": "COUNCIL_OFFICER"}, [("NOT_FOUND", "data.actor")]),
        ({"actor": "nobody"}, [("UNKNOWN_ACTOR", "data.actor")]),
        ({"actor": CAROL}, [("NOT_FOUND", "data.actor")]),
        ({"source": "rosa"}, [("ALREADY_EXISTS", "data.source")]),
        ({"until": at(0)}, [("OUT_OF_RANGE", "data.until")]),
        (
            {"actor": CAROL, "until": at(-1)},
            [("NOT_FOUND", "data.actor"), ("OUT_OF_RANGE", "data.until")],
        ),
    ],
)
def test_what_token_is_not_issued(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert with_token().refused("TokenIssued", TOKEN | {"token": "t2"} | change, "rosa") == expected


def test_a_source_is_its_first_users() -> None:
    desk = with_carol()
    desk.record("ProgressRecorded", PROGRESS, "alice", source="council/plan")
    desk.record("RoleGranted", role(), "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, CAROL, source="council/plan") == [("FORBIDDEN", "source")]
    desk.record("ProgressRecorded", PROGRESS, "alice", source="council/plan")


def test_a_source_stays_its_users_when_the_entry_is_corrected() -> None:
    desk = with_carol()
    first = desk.record("ProgressRecorded", PROGRESS, "alice", source="council/plan")
    desk.record("RoleGranted", role(), "rosa")
    desk.record("EntryCorrected", {"position": first, "reason": "Sent twice."}, "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, CAROL, source="council/plan") == [("FORBIDDEN", "source")]
