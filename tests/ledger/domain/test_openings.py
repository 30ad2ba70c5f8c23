"""Every path to a document, for each role and classification, against the role matrix."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.domain.areas.access import AccessUsed, AccessUseRefused, UseFault
from ledger.domain.areas.evidence import Classification, EvidenceOpened
from ledger.domain.authorisation import Credential
from ledger.domain.duties import UNGRANTABLE
from ledger.domain.roles import Role, matrix
from ledger.evidence.access import decide_opening
from tests.ledger.desk import Desk, at
from tests.ledger.history import DIGEST, OPERATOR

SERVICE = Credential("service", role=Role.SERVICE)
GRANTABLE = [role for role in Role if role not in UNGRANTABLE]
EACH = pytest.mark.parametrize("role", GRANTABLE, ids=lambda role: role.value)
DAY = timedelta(days=1)


def document(name: str, classification: Classification) -> dict[str, Any]:
    return {
        "evidence": name,
        "digest": DIGEST,
        "mediaType": "text/csv",
        "size": 9,
        "title": "t",
        "classification": classification.value,
    }


def register(role: Role) -> Desk:
    """Return a desk with a document of each classification, named by it, and a reader in the role."""
    desk = Desk()
    desk.record("RoleGranted", {"actor": "reader", "role": role.value}, OPERATOR)
    desk.reviewing()
    for classification in Classification:
        desk.record("EvidenceSubmitted", document(classification.value, classification))
    desk.clock.advance(seconds=1)
    return desk


def granted(desk: Desk, documents: list[str]) -> None:
    """Record a grant of documents to the reader, from now for a day."""
    window = {"request": "A1", "from": at(0), "until": at(1)}
    more = {"grantee": "reader", "review": "R1", "kind": "DATA", "scope": "s", "purpose": "p"}
    desk.record("AccessRequested", window | more | {"documents": documents}, "bob")
    desk.record("AccessGranted", window)
    desk.clock.advance(seconds=1)


def opens(role: Role, classification: str) -> bool:
    return role in matrix().opens[classification]


def recorded(desk: Desk, role: Role, name: str, days: int = 0) -> tuple[bool, type | None]:
    """Return whether the document opens, and the type of the fact that the service records."""
    decision = decide_opening(desk.state, [role], "reader", name, desk.clock() + days * DAY)
    return decision.opens, type(decision.record.fact) if decision.record is not None else None


@EACH
def test_a_role_opens_the_classifications_of_the_matrix(role: Role) -> None:
    desk = register(role)
    for name in matrix().opens:
        opened = EvidenceOpened if opens(role, name) and name == "RESTRICTED" else None
        assert recorded(desk, role, name) == (opens(role, name), opened)


@EACH
def test_an_opening_is_recorded_only_for_a_role_that_opens_the_document(role: Role) -> None:
    desk = register(role)
    for name in matrix().opens:
        opening = {"evidence": name, "reader": "reader"}
        if opens(role, name):
            desk.record("EvidenceOpened", opening, SERVICE)
        else:
            assert desk.refused("EvidenceOpened", opening, SERVICE) == [("NOT_GRANTED", "data.reader")]


@EACH
def test_a_grant_opens_its_documents_in_its_time_only(role: Role) -> None:
    desk = register(role)
    granted(desk, ["OFFICIAL", "RESTRICTED"])
    for name in matrix().opens:
        covered = name in ("OFFICIAL", "RESTRICTED")
        live, _ = recorded(desk, role, name)
        assert live is (covered or opens(role, name)), name
        if not opens(role, name):
            assert recorded(desk, role, name) == (covered, AccessUsed if covered else AccessUseRefused)
            assert recorded(desk, role, name, days=2) == (False, AccessUseRefused)


@EACH
def test_a_use_is_recorded_only_of_what_the_grant_covers(role: Role) -> None:
    desk = register(role)
    granted(desk, ["RESTRICTED"])
    for name in matrix().opens:
        use = {"request": "A1", "document": name, "action": "VIEWED"}
        if name == "RESTRICTED":
            desk.record("AccessUsed", use, SERVICE)
        else:
            assert desk.refused("AccessUsed", use, SERVICE) == [("OUT_OF_SCOPE", "data.document")]


@EACH
def test_a_corrected_classification_applies_on_every_path(role: Role) -> None:
    desk = register(role)
    kind = "improvement-ledger.evidence.EvidenceSubmitted.v1"
    position = desk.state.evidence.submitted["OFFICIAL"].position
    data = document("OFFICIAL", Classification.RESTRICTED)
    correction = {"position": position, "reason": "x", "replacement": {"type": kind, "data": data}}
    desk.record("EntryCorrected", correction)
    assert recorded(desk, role, "OFFICIAL")[0] is opens(role, "RESTRICTED")


def test_a_revoked_grant_is_said_to_be_revoked_after_the_closure_too() -> None:
    for revoked, why in ((False, UseFault.EXPIRED), (True, UseFault.REVOKED)):
        desk = register(Role.REVIEWER)
        granted(desk, [])
        if revoked:
            desk.record("AccessRevoked", {"request": "A1", "reason": "A laptop was lost."})
        desk.state.notice.closed_at = desk.clock()
        decision = decide_opening(desk.state, [Role.REVIEWER], "reader", "OFFICIAL", desk.clock())
        assert not decision.opens
        assert decision.record is not None
        assert decision.record.fact == AccessUseRefused(request="A1", document="OFFICIAL", why=why)
