"""Authors of a fact as it reads now: its recorder and those who corrected it decide nothing about it."""

from typing import Any

import pytest

from ledger.domain.corrections import effective, first_refused
from ledger.domain.registry import find_kind
from tests.ledger.desk import Desk, at
from tests.ledger.domain.areas.test_access import GRANTED, REQUEST, granted, requested

OWN, OTHER = ({"deliverable": name, "submittedOn": "2022-07-05"} for name in ("own", "other"))
NAMED = {"deliverable": "own"}
SAME_PERSON = [("SAME_PERSON", "")]


def desk_of_officials() -> Desk:
    """Return a desk with the department's officials olga and otto, who submit and accept deliverables."""
    desk = Desk()
    desk.register("olga", "otto")
    for actor in ("olga", "otto"):
        desk.grant(actor, "DEPARTMENT_OFFICIAL")
    return desk


def correction(position: int, name: str = "", data: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a correction that replaces the fact at a position, or removes it if there is no data."""
    kind = find_kind(name)
    replaced = {} if data is None or kind is None else {"replacement": {"type": kind.type, "data": data}}
    return {"position": position, "reason": "A slip."} | replaced


def test_nobody_accepts_a_submission_that_they_corrected() -> None:
    desk = desk_of_officials()
    position = desk.record("DeliverableSubmitted", OTHER)
    desk.record("EntryCorrected", correction(position, "DeliverableSubmitted", OWN), "olga")
    refused = desk.refusal("DeliverableAccepted", NAMED, "olga").refusals
    assert [(refusal.code, refusal.path) for refusal in refused] == SAME_PERSON
    assert "olga cannot accept a deliverable whose submission they corrected" in refused[0].message
    desk.record("DeliverableAccepted", NAMED, "otto")
    assert first_refused(effective(desk.history)) is None


@pytest.mark.parametrize("corrector", ["olga", "rosa"])
def test_a_corrected_submission_is_still_its_recorders(corrector: str) -> None:
    desk = desk_of_officials()
    position = desk.record("DeliverableSubmitted", OWN, "olga")
    corrected = correction(position, "DeliverableSubmitted", OWN | {"to": "DfE"})
    desk.record("EntryCorrected", corrected, corrector)
    assert desk.refused("DeliverableAccepted", NAMED, "olga") == [("SAME_PERSON", "data.deliverable")]
    desk.record("DeliverableSubmitted", OWN)
    desk.record("DeliverableAccepted", NAMED, "olga")


@pytest.mark.parametrize("data", [None, OTHER])
def test_nobody_corrects_their_submission_away_to_accept_an_earlier_one(data: dict[str, Any] | None) -> None:
    desk = desk_of_officials()
    desk.record("DeliverableSubmitted", OWN)
    position = desk.record("DeliverableSubmitted", OWN, "olga")
    away = correction(position, "DeliverableSubmitted", data)
    assert desk.refused("EntryCorrected", away, "olga") == SAME_PERSON
    desk.record("EntryCorrected", away, "rosa")
    desk.record("DeliverableAccepted", NAMED, "olga")


def test_a_submission_without_an_earlier_one_is_withdrawn_by_its_recorder() -> None:
    desk = desk_of_officials()
    position = desk.record("DeliverableSubmitted", OWN, "olga")
    desk.record("EntryCorrected", correction(position), "olga")
    assert desk.refused("DeliverableAccepted", NAMED, "olga") == [("NOT_FOUND", "data.deliverable")]


def test_nobody_corrects_a_submission_that_they_accepted() -> None:
    desk = desk_of_officials()
    position = desk.record("DeliverableSubmitted", OWN)
    desk.record("DeliverableAccepted", NAMED, "olga")
    corrected = correction(position, "DeliverableSubmitted", OWN | {"to": "DfE"})
    assert desk.refused("EntryCorrected", corrected, "olga") == [("DEPENDED_ON", "data.position")]
    desk.record("EntryCorrected", corrected, "otto")
    assert first_refused(effective(desk.history)) is None


def test_nobody_confirms_an_instruction_whose_answer_they_corrected() -> None:
    desk, named = desk_of_officials(), {"instruction": "I1"}
    answer = named | {"answeredOn": "2022-07-05", "answer": "No post is advertised."}
    desk.record("InstructionGiven", named | {"text": "Hold all senior posts."}, "bob")
    position = desk.record("InstructionAnswered", answer)
    desk.record("RoleGranted", {"actor": "bob", "role": "COUNCIL_OFFICER"}, "rosa")
    corrected = correction(position, "InstructionAnswered", answer | {"answer": "One post."})
    desk.record("EntryCorrected", corrected, "bob")
    assert desk.refused("InstructionConfirmed", named, "bob") == SAME_PERSON
    desk.record("InstructionConfirmed", named, "olga")


def test_nobody_grants_access_whose_request_they_corrected() -> None:
    desk = requested()
    desk.register("carol")
    desk.grant("carol", "RECORDS_OFFICER")
    corrected = REQUEST | {"until": at(19)}
    position = desk.state.access.requests["A1"].position
    desk.record("EntryCorrected", correction(position, "AccessRequested", corrected), "carol")
    desk.record("RoleGranted", {"actor": "carol", "role": "COUNCIL_OFFICER"}, "rosa")
    grant = GRANTED | {"until": at(15)}
    refused = {"request": "A1", "reason": "x"}
    assert desk.refused("AccessRefused", refused, "carol") == SAME_PERSON
    assert desk.refused("AccessGranted", grant, "carol") == SAME_PERSON
    desk.record("AccessGranted", grant)
    longer = refused | {"until": at(18)}
    assert desk.refused("AccessExtended", longer, "carol") == SAME_PERSON
    desk.record("AccessExtended", longer)


def test_who_corrected_a_grant_of_access_does_not_correct_its_request() -> None:
    """Judge each author of a decision, not only its recorder."""
    desk = granted()
    desk.register("carol")
    desk.record("RoleGranted", {"actor": "carol", "role": "COUNCIL_OFFICER"}, "rosa")
    access = desk.state.access.requests["A1"]
    shorter = correction(access.granted or 0, "AccessGranted", GRANTED | {"until": at(15)})
    desk.record("EntryCorrected", shorter, "carol")
    desk.grant("carol", "RECORDS_OFFICER")
    corrected = correction(access.position, "AccessRequested", REQUEST | {"until": at(16)})
    assert desk.refused("EntryCorrected", corrected, "carol") == [("DEPENDED_ON", "data.position")]
    desk.record("EntryCorrected", corrected, "rosa")
