"""Corrections: they give no actor a right that a new fact would not give."""

from typing import Any

import pytest

from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.domain.roles import Role
from tests.ledger.desk import Desk, at
from tests.ledger.history import DIGEST

OPERATOR = Credential("operator", role=Role.OPERATOR)


def correction(position: int, name: str | None = None, **data: object) -> dict[str, object]:
    event_data: dict[str, object] = {"position": position, "reason": "A mistake."}
    if name:
        event_data["replacement"] = {"type": f"improvement-ledger.{name}.v1", "data": data}
    return event_data


def corrects(desk: Desk, actor: str, data: dict[str, object]) -> object:
    desk.clock.advance(seconds=1)
    answer = desk._submit_fact("EntryCorrected", data, actor, {})
    desk.clock.advance(seconds=1)
    return answer


def with_access(desk: Desk) -> dict[str, object]:
    """Request access by Bob for himself, which only others may decide."""
    desk.record("RoleGranted", {"actor": "bob", "role": "COUNCIL_OFFICER"}, OPERATOR)
    request: dict[str, object] = {"request": "A1", "grantee": "bob", "review": "R1", "kind": "CASE_FILES"}
    request |= {"scope": "s", "purpose": "p", "from": at(0), "until": at(100)}
    desk.record("AccessRequested", request, "bob")
    return request


def test_nobody_corrects_himself_into_another_role() -> None:
    desk = Desk()
    grant = correction(4, "people.RoleGranted", actor="alice", role="RECORDS_OFFICER")
    assert isinstance(corrects(desk, "alice", grant), Refused)
    assert Role.RECORDS_OFFICER not in desk.state.people.roles_at("alice", desk.clock())


def test_a_revoked_role_stays_revoked_whatever_its_holder_corrects() -> None:
    desk = Desk()
    for role in ("CHAIR", "COUNCIL_OFFICER"):
        desk.record("RoleGranted", {"actor": "carl", "role": role}, OPERATOR)
    taken = {"actor": "carl", "role": "COUNCIL_OFFICER", "reason": "x"}
    revoked = desk.record("RoleRevoked", taken, OPERATOR)
    assert isinstance(corrects(desk, "carl", correction(revoked)), Refused)
    assert Role.COUNCIL_OFFICER not in desk.state.people.roles_at("carl", desk.clock())


def test_a_revoked_token_stays_revoked_whatever_its_holder_corrects() -> None:
    desk = Desk()
    desk.record("RoleGranted", {"actor": "carl", "role": "CHAIR"}, OPERATOR)
    desk.record("TokenIssued", {"token": "t1", "actor": "carl", "role": "CHAIR"}, OPERATOR)
    revoked = desk.record("TokenRevoked", {"token": "t1", "reason": "stolen"}, OPERATOR)
    assert isinstance(corrects(desk, "carl", correction(revoked)), Refused)
    assert desk.state.people.tokens["t1"].revoked


def test_a_grantee_does_not_widen_the_grant_by_a_correction() -> None:
    desk = Desk().reviewing()
    with_access(desk)
    granted = desk.record("AccessGranted", {"request": "A1", "from": at(0), "until": at(1)}, "alice")
    before = desk.state.access.requests["A1"].until
    wider = correction(granted, "access.AccessGranted", request="A1", **{"from": at(0), "until": at(100)})
    assert isinstance(corrects(desk, "bob", wider), Refused)
    assert desk.state.access.requests["A1"].until == before


def test_a_grant_does_not_pass_to_another_grantee_by_a_correction() -> None:
    desk = Desk().reviewing()
    request = with_access(desk)
    requested = desk.state.position
    desk.record("AccessGranted", {"request": "A1", "from": at(0), "until": at(100)}, "alice")
    other = correction(requested, "access.AccessRequested", **{**request, "grantee": "alice"})
    answer = corrects(desk, "bob", other)
    assert isinstance(answer, Refused)
    assert answer.refusals[0].code == "NOT_CORRECTABLE"


def test_a_revoked_access_is_not_revived_by_a_correction() -> None:
    desk = Desk().reviewing()
    with_access(desk)
    desk.record("AccessGranted", {"request": "A1", "from": at(0), "until": at(100)}, "alice")
    revoked = desk.record("AccessRevoked", {"request": "A1", "reason": "x"}, "alice")
    assert isinstance(corrects(desk, "alice", correction(revoked)), Refused)
    assert desk.state.access.requests["A1"].revoked


@pytest.mark.parametrize("change", [{"kind": "STAFF"}, {"documents": ["E1"]}])
def test_what_access_was_asked_to_is_not_changed_by_a_correction(change: dict[str, Any]) -> None:
    desk = Desk().reviewing()
    request = with_access(desk)
    answer = corrects(desk, "bob", correction(desk.state.position, "access.AccessRequested", **request | change))
    assert isinstance(answer, Refused)
    assert [(r.code, r.path) for r in answer.refusals] == [("NOT_CORRECTABLE", "data.replacement.data.kind")]


EVIDENCE = {"evidence": "E1", "digest": DIGEST, "mediaType": "text/csv", "size": 9, "title": "t"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (None, "data.position"),
        ({"evidence": "E2"}, "data.replacement.data.digest"),
        ({"size": 8}, "data.replacement.data.digest"),
        ({"mediaType": "text/html"}, "data.replacement.data.digest"),
        ({"digest": "B" * 43 + "="}, "data.replacement.data.digest"),
    ],
)
def test_a_document_is_neither_exchanged_nor_corrected_away(change: dict[str, Any] | None, path: str) -> None:
    desk = Desk()
    data = EVIDENCE | {"classification": "OFFICIAL"}
    submitted = desk.record("EvidenceSubmitted", data)
    new = {} if change is None else {"name": "evidence.EvidenceSubmitted", **data, **change}
    answer = corrects(desk, "alice", correction(submitted, **new))
    assert isinstance(answer, Refused)
    assert [(r.code, r.path) for r in answer.refusals] == [("NOT_CORRECTABLE", path)]
    stricter = correction(submitted, "evidence.EvidenceSubmitted", **data | {"classification": "RESTRICTED"})
    assert not isinstance(corrects(desk, "alice", stricter), Refused)
    assert desk.state.evidence.submitted["E1"].classification.value == "RESTRICTED"
