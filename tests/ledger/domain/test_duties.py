"""Separation of duties: nobody decides for themselves, and powerful roles take two people."""

from typing import Any

import msgspec
import pytest

from ledger.domain.actors import PROGRAMS, RoleTenure
from ledger.domain.areas.people import RoleGranted
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.authorisation import Credential
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.domain.near_matches import misspells
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role, matrix
from tests.ledger.desk import START, Desk, at
from tests.ledger.history import DIGEST, OPERATOR, submit

POWERFUL = sorted(role.value for role in matrix().second_person["RoleGranted"])
ORDINARY = ["COUNCIL_OFFICER", "BOARD_MEMBER", "PARTNER", "AUDITOR", "REVIEWER"]


def in_use() -> Desk:
    """Return a desk on which a person has recorded, so that the set-up is over."""
    desk = Desk()
    desk.register("carol")
    desk.record("ObjectiveClosed", {"objective": "O1", "outcome": "DROPPED", "reason": "x"})
    return desk


def roles(desk: Desk, actor: str) -> list[Role]:
    return desk.state.people.roles_at(actor, desk.history[-1].recorded_at)


def request(desk: Desk, role: str, by: Any = "dan", **more: Any) -> int:
    return desk.record("RoleRequested", {"actor": "carol", "role": role, "reason": "Needed.", **more}, by)


def granted(role: str, **more: Any) -> dict[str, Any]:
    return {"actor": "carol", "role": role, **more}


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_nobody_has_the_id_of_a_program_of_the_ledger(program: str) -> None:
    for desk, recorders in ((Desk(), (OPERATOR,)), (in_use(), ("rosa", OPERATOR))):
        for by in recorders:
            registered = {"actor": program, "kind": "PERSON"}
            assert desk.refused("ActorRegistered", registered, by) == [("RESERVED", "data.actor")]
    desk, data = Desk(), {"actor": program, "role": "COUNCIL_OFFICER"}
    assert ("RESERVED", "data.actor") in desk.refused("RoleGranted", data, OPERATOR)
    assert ("RESERVED", "data.actor") in desk.refused("RoleRequested", data | {"reason": "x"}, OPERATOR)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_person_registered_earlier_under_the_id_of_a_program_records_nothing(program: str) -> None:
    desk = in_use()
    desk.state.people.persons.add(program)
    desk.state.people.roles[program] = [RoleTenure(Role.COUNCIL_OFFICER, START, None)]
    closed = {"objective": "O2", "outcome": "DROPPED", "reason": "x"}
    item = submit("ObjectiveClosed", closed, program)
    refused = desk.submit(item, Credential(program))
    assert isinstance(refused, Refused)
    assert [refusal.code for refusal in refused.refusals] == ["FORBIDDEN"]


def test_nobody_uses_the_source_of_another_persons_forms() -> None:
    desk, dropped = in_use(), {"objective": "O2", "outcome": "DROPPED", "reason": "x"}
    item = submit("ObjectiveClosed", dropped, source="pages/bob")
    refused = desk.submit(item, Credential("alice"))
    assert isinstance(refused, Refused)
    assert [(refusal.code, refusal.path) for refusal in refused.refusals] == [("FORBIDDEN", "source")]
    facts = [KIND_OF[ProgressRecorded].type]
    claimed = {"integration": "I1", "actor": "alice", "source": "pages/bob", "facts": facts}
    assert ("RESERVED", "data.source") in desk.refused("IntegrationRegistered", claimed, "rosa")
    token = {"token": "t9", "actor": "alice", "role": "COUNCIL_OFFICER", "source": "pages/bob"}
    assert ("RESERVED", "data.source") in desk.refused("TokenIssued", token, OPERATOR)


def test_a_persons_forms_record_although_another_used_their_source_earlier() -> None:
    desk = in_use()
    desk.state.people.sources["pages/alice"] = "bob"
    risk = {"risk": "K1", "text": "Staff leave", "owner": "alice"}
    item = submit("RiskRaised", risk, source="pages/alice")
    assert isinstance(desk.submit(item, Credential("alice")), Entry)


@pytest.mark.parametrize("role", POWERFUL)
def test_a_powerful_role_takes_a_request_and_a_grant_by_two_people(role: str) -> None:
    desk = in_use()
    for by in ("rosa", OPERATOR):
        assert desk.refused("RoleGranted", granted(role), by) == [("SECOND_PERSON", "data.request")]
    position = request(desk, role)
    desk.record("RoleGranted", granted(role, request=position), "rosa")
    assert roles(desk, "carol") == [Role(role)]


@pytest.mark.parametrize("role", POWERFUL + ORDINARY)
def test_nobody_grants_a_role_to_themselves(role: str) -> None:
    desk = in_use()
    refused = desk.refused("RoleGranted", {"actor": "rosa", "role": role}, "rosa")
    assert ("SAME_PERSON", "data.actor") in refused


def test_nobody_requests_a_role_for_themselves() -> None:
    data = {"actor": "rosa", "role": "ADVISER", "reason": "x"}
    assert in_use().refused("RoleRequested", data, "rosa") == [("SAME_PERSON", "data.actor")]


def test_the_requester_does_not_grant() -> None:
    desk = in_use()
    position = request(desk, "ADVISER", "rosa")
    assert desk.refused("RoleGranted", granted("ADVISER", request=position), "rosa") == [
        ("SAME_PERSON", "data.request")
    ]
    desk.record("RoleGranted", granted("ADVISER", request=position), OPERATOR)


def test_a_request_is_granted_once_and_for_what_it_asks() -> None:
    desk = in_use()
    position = request(desk, "ADVISER", until=at(10))
    other = desk.refused("RoleGranted", granted("CHAIR", request=position, until=at(5)), "rosa")
    assert other == [("NOT_FOUND", "data.request")]
    assert desk.refused("RoleGranted", {"actor": "alice", "role": "ADVISER", "request": position}, "rosa") == [
        ("NOT_FOUND", "data.request")
    ]
    assert desk.refused("RoleGranted", granted("ADVISER", request=1), "rosa") == [("NOT_FOUND", "data.request")]
    for until in ({}, {"until": at(11)}):
        data = granted("ADVISER", request=position, **until)
        assert desk.refused("RoleGranted", data, "rosa") == [("OUT_OF_RANGE", "data.until")]
    desk.record("RoleGranted", granted("ADVISER", request=position, until=at(10)), "rosa")
    again = granted("ADVISER", request=position, **{"from": at(10), "until": at(10.5)})
    refused = desk.refused("RoleGranted", again, "rosa")
    assert ("ALREADY_GRANTED", "data.request") in refused


def test_a_grant_does_not_begin_before_its_request_says() -> None:
    desk = in_use()
    position = request(desk, "ADVISER", **{"from": at(5)})
    assert desk.refused("RoleGranted", granted("ADVISER", request=position), "rosa") == [
        ("OUT_OF_RANGE", "data.from")
    ]
    desk.record("RoleGranted", granted("ADVISER", request=position, **{"from": at(6)}), "rosa")


@pytest.mark.parametrize("role", ORDINARY)
def test_an_ordinary_role_takes_one_person(role: str) -> None:
    in_use().record("RoleGranted", granted(role), "rosa")


def test_the_operator_sets_a_notice_up_alone() -> None:
    desk = Desk()
    desk.record("RoleGranted", granted("CHAIR"), OPERATOR)
    assert desk.refused("RoleGranted", granted("ADVISER"), "rosa") == [("SECOND_PERSON", "data.request")]


def test_the_operator_fills_a_post_when_nobody_is_left_to_request_or_grant() -> None:
    desk = in_use()
    for actor, role in (("rosa", "RECORDS_OFFICER"), ("dan", "DATA_PROTECTION_OFFICER")):
        desk.record("RoleRevoked", {"actor": actor, "role": role, "reason": "Left."}, OPERATOR)
    desk.record("RoleGranted", granted("RECORDS_OFFICER"), OPERATOR)


def test_nobody_issues_a_token_or_an_integration_to_themselves() -> None:
    desk = in_use()
    token = {"token": "t1", "actor": "rosa", "role": "RECORDS_OFFICER"}
    assert desk.refused("TokenIssued", token, "rosa") == [("SAME_PERSON", "data.actor")]
    desk.record("TokenIssued", token, OPERATOR)
    integration = {
        "integration": "I1",
        "actor": "rosa",
        "source": "rosas",
        "facts": ["improvement-ledger.plan.ProgressRecorded.v1"],
    }
    assert desk.refused("IntegrationRegistered", integration, "rosa") == [("SAME_PERSON", "data.actor")]


@pytest.mark.parametrize("role", POWERFUL)
def test_only_the_operator_issues_a_token_with_which_its_issuer_could_be_the_second_person(role: str) -> None:
    desk = in_use()
    desk.record("RoleGranted", granted(role, request=request(desk, role)), "rosa")
    token = {"token": "t1", "actor": "carol", "role": role}
    assert desk.refused("TokenIssued", token, "rosa") == [("SECOND_PERSON", "data.role")]
    desk.record("TokenIssued", token, OPERATOR)


UNREGISTERED: list[tuple[str, dict[str, Any], Any, str]] = [
    ("RoleGranted", {"actor": "jane.smiht", "role": "PARTNER"}, "rosa", "data.actor"),
    ("RoleRequested", {"actor": "jane.smiht", "role": "CHAIR", "reason": "x"}, "rosa", "data.actor"),
    ("TokenIssued", {"token": "t1", "actor": "jane.smiht", "role": "PARTNER"}, "rosa", "data.actor"),
    (
        "ObjectiveAdded",
        {"objective": "O2", "title": "x", "areas": ["1a"], "owner": "jane.smiht", "due": "2023-01-31"},
        "alice",
        "data.owner",
    ),
    ("MemberJoined", {"member": "jane.smiht", "post": "police", "first": "2022-07-25"}, "alice", "data.member"),
    (
        "MeetingHeld",
        {"meeting": "B1", "attendance": ["alice", "jane.smiht"], "quorate": True},
        OPERATOR,
        "data.attendance[1]",
    ),
]


@pytest.mark.parametrize(("fact", "data", "by", "path"), UNREGISTERED, ids=[case[0] for case in UNREGISTERED])
def test_an_actor_who_is_not_registered_is_refused_with_near_matches(
    fact: str, data: dict[str, Any], by: Any, path: str
) -> None:
    desk = in_use()
    desk.register("jane.smith")
    refused = desk.refusal(fact, data, by)
    assert [(refusal.code, refusal.path) for refusal in refused.refusals] == [("UNKNOWN_ACTOR", path)]
    assert "did you mean jane.smith?" in str(refused)


def test_the_operator_names_new_actors_while_a_notice_is_set_up_but_misspells_none() -> None:
    desk = Desk()
    desk.record("RoleGranted", {"actor": "first", "role": "PARTNER"}, OPERATOR)
    desk.record("MeetingHeld", {"meeting": "B1", "attendance": ["second"], "quorate": True}, OPERATOR)
    misspelt = {"meeting": "B2", "attendance": ["frist"], "quorate": True}
    assert "did you mean first?" in str(desk.refusal("MeetingHeld", misspelt, OPERATOR))
    desk.record("MemberJoined", {"member": "first", "post": "police", "first": "2022-07-25"})
    assert desk.refused("RoleGranted", {"actor": "next", "role": "PARTNER"}, OPERATOR) == [
        ("UNKNOWN_ACTOR", "data.actor")
    ]


def test_an_unknown_id_comes_with_near_matches() -> None:
    progress = {"objective": "O11", "narrative": "x", "activityRating": "RED", "impactRating": "RED"}
    assert "did you mean O1?" in str(Desk().refusal("ProgressRecorded", progress))


@pytest.mark.parametrize(
    ("name", "other", "near"),
    [
        ("jane.smiht", "jane.smith", True),
        ("jan.smith", "jane.smith", True),
        ("janet.smith", "jane.smith", True),
        ("jame.smith", "jane.smith", True),
        ("chair-2", "chair-3", False),
        ("chair-2", "chair", False),
        ("officer-a", "officer-b", False),
        ("ann", "anna", False),
        ("partner-health", "partner-police", False),
    ],
)
def test_a_misspelling_is_told_from_another_id(name: str, other: str, near: bool) -> None:
    assert misspells(name, other) is misspells(other, name) is near


def test_nobody_appoints_themselves() -> None:
    desk = Desk()
    desk.record("RoleGranted", {"actor": "dora", "role": "DEPARTMENT_OFFICIAL"}, OPERATOR)
    chair = {"chair": "dora", "first": "2022-07-25"}
    assert desk.refused("ChairAppointed", chair, "dora") == [("SAME_PERSON", "data.chair")]
    adviser = {"appointment": "AP1", "adviser": "dora", "first": "2022-07-25", "terms": "x"}
    assert desk.refused("AdviserAppointed", adviser, "dora") == [("SAME_PERSON", "data.adviser")]


def correct(desk: Desk, position: int, by: Any = "rosa") -> list[tuple[str, str]]:
    return desk.refused("EntryCorrected", {"position": position, "reason": "x"}, by)


def test_a_request_is_not_corrected() -> None:
    desk = in_use()
    assert correct(desk, request(desk, "ADVISER")) == [("NOT_CORRECTABLE", "data.position")]


def test_a_correction_alone_does_not_give_back_a_powerful_role() -> None:
    desk = in_use()
    position = desk.record("RoleRevoked", {"actor": "bob", "role": "ADVISER", "reason": "x"}, "rosa")
    assert correct(desk, position) == [("SECOND_PERSON", "data.position")]


def test_nobody_corrects_a_revocation_of_their_own_role() -> None:
    desk = Desk()
    desk.record("RoleGranted", {"actor": "rosa", "role": "AUDITOR"}, OPERATOR)
    position = desk.record("RoleRevoked", {"actor": "rosa", "role": "AUDITOR", "reason": "x"}, OPERATOR)
    assert correct(desk, position) == [("SAME_PERSON", "data.position")]
    desk.record("EntryCorrected", {"position": position, "reason": "x"}, OPERATOR)


def test_nobody_opens_a_document_by_a_correction_of_its_classification() -> None:
    desk = in_use()
    document = {"evidence": "E1", "digest": DIGEST, "mediaType": "text/csv", "size": 9, "title": "t"}
    position = desk.record("EvidenceSubmitted", document | {"classification": "OFFICIAL"})
    public: dict[str, Any] = {"type": "improvement-ledger.evidence.EvidenceSubmitted.v1"}
    public |= {"data": document | {"classification": "PUBLIC"}}
    data = {"position": position, "reason": "x", "replacement": public}
    assert desk.refused("EntryCorrected", data, "rosa") == [("SAME_PERSON", "data.position")]
    desk.record("EntryCorrected", data, "alice")


def test_an_old_entry_that_todays_rules_refuse_does_not_bar_corrections() -> None:
    desk = in_use()
    old = RoleGranted(actor="rosa", role=Role.CHAIR)
    entry = msgspec.structs.replace(desk.history[-1], position=desk.state.position + 1, actor="rosa", fact=old)
    entry = msgspec.structs.replace(entry, type=KIND_OF[RoleGranted].type, actor_role="RECORDS_OFFICER")
    desk.history.append(entry)
    desk.state = fold(effective(desk.history))
    position = desk.record("AreaRegistered", {"area": "1z", "title": "x"}, OPERATOR)
    desk.record("EntryCorrected", {"position": position, "reason": "x"}, OPERATOR)
    assert roles(desk, "rosa") == [Role.RECORDS_OFFICER, Role.CHAIR]
