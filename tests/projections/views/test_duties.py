"""The view of duties: answers to submissions, tenures in posts, and instructions."""

from datetime import date
from typing import Any

from projections.engine.follower import refold
from projections.engine.rows import Table
from projections.views import duties, people, records
from tests.ledger.desk import Desk
from tests.ledger.history import DIGEST, OPERATOR

PLAN = {"deliverable": "plan", "submittedOn": "2022-07-05", "to": "DfE"}


def rows(desk: Desk, table: Table[Any], view: Any = duties.VIEW) -> list[Any]:
    """Return the current rows of a table, in order of position."""
    versions = refold(view, desk.history).versions()[table.name].values()
    return sorted((version.row for version in versions), key=lambda row: row.position)


def test_an_answer_belongs_to_the_latest_submission() -> None:
    desk = Desk()
    first = desk.record("DeliverableSubmitted", PLAN)
    returned = desk.record("DeliverableReturned", {"deliverable": "plan", "reason": "No owners."}, "bob")
    desk.record("DeliverableSubmitted", {"deliverable": "protocol", "submittedOn": "2022-07-05"})
    again = desk.record("DeliverableSubmitted", PLAN)
    accepted = desk.record("DeliverableAccepted", {"deliverable": "plan"}, "bob")
    standings = {row.position: (row.standing, row.answered_position) for row in rows(desk, duties.SUBMISSIONS)}
    assert standings == {
        first: ("RETURNED", returned),
        first + 2: ("SUBMITTED", None),
        again: ("ACCEPTED", accepted),
    }


def test_a_person_leaves_one_post_on_the_day_stated() -> None:
    desk = Desk()
    for post in ("commissioner", "improvement director"):
        desk.record("PostFilled", {"post": post, "holder": "bob", "first": "2022-07-05", "last": "2023-07-04"})
    left = {"post": "commissioner", "holder": "bob", "last": "2022-12-31", "reason": "A new appointment."}
    vacated = desk.record("PostVacated", left)
    commissioner, director = rows(desk, duties.POST_TENURES)
    assert (commissioner.last, commissioner.vacated_position) == (date(2022, 12, 31), vacated)
    assert (director.last, director.vacated_position) == (date(2023, 7, 4), None)


def test_a_person_with_a_later_term_leaves_in_the_first() -> None:
    desk = Desk()
    first, later = {"first": "2022-07-05", "last": "2023-07-04"}, {"first": "2023-09-01"}
    for days in (first, later):
        desk.record("PostFilled", {"post": "commissioner", "holder": "bob"} | days)
    left = {"post": "commissioner", "holder": "bob", "last": "2023-07-05", "reason": "A new appointment."}
    assert desk.refused("PostVacated", left) == [("ALREADY_ENDED", "data.last")]
    vacated = desk.record("PostVacated", left | {"last": "2022-12-31"})
    ends = [(row.last, row.vacated_position) for row in rows(desk, duties.POST_TENURES)]
    assert ends == [(date(2022, 12, 31), vacated), (None, None)]


def test_an_instruction_names_who_gave_it_and_its_answer() -> None:
    desk = Desk()
    position = desk.record("InstructionGiven", {"instruction": "IS1", "text": "Hold all senior posts."}, "bob")
    (row,) = rows(desk, duties.INSTRUCTIONS)
    assert (row.position, row.by, row.role, row.answered_on) == (position, "bob", "ADVISER", None)
    answer = {"instruction": "IS1", "answeredOn": "2022-07-05", "answer": "No post is advertised."}
    answered = desk.record("InstructionAnswered", answer)
    (row,) = rows(desk, duties.INSTRUCTIONS)
    assert (row.answered_on, row.answered_position) == (date(2022, 7, 5), answered)
    confirmed = desk.record("InstructionConfirmed", {"instruction": "IS1"}, "bob")
    (row,) = rows(desk, duties.INSTRUCTIONS)
    assert (row.confirmed_position, row.confirmed_role) == (confirmed, "ADVISER")


def test_judgements_consents_acts_and_co_operation_are_listed_with_their_roles() -> None:
    desk = Desk()
    desk.register("olga")
    desk.grant("olga", "DEPARTMENT_OFFICIAL")
    clause = {"number": "9", "text": "t", "obligor": "COUNCIL", "modality": "MUST", "rule": "context"}
    desk.record("ClauseRegistered", clause | {"parameters": {}}, OPERATOR)
    desk.record("ClauseAssessed", {"number": "9", "status": "AT_RISK", "reason": "Two are late."}, "bob")
    desk.record("ConsentGiven", {"matter": "senior appointment", "reason": "Needed now."}, "olga")
    desk.record("ActReported", {"matter": "senior appointment", "doneOn": "2022-07-05", "text": "Done."})
    desk.record("CooperationReported", {"cooperated": False, "reason": "Files came late."}, "bob")
    (assessment,), (consent,) = rows(desk, duties.ASSESSMENTS), rows(desk, duties.CONSENTS)
    (act,), (report,) = rows(desk, duties.REPORTED_ACTS), rows(desk, duties.COOPERATIONS)
    assert (assessment.clause, assessment.judgement, assessment.role) == ("9", "AT_RISK", "ADVISER")
    assert (consent.matter, consent.by, consent.role) == ("senior appointment", "olga", "DEPARTMENT_OFFICIAL")
    assert (act.matter, act.done_on) == ("senior appointment", date(2022, 7, 5))
    assert (report.cooperated, report.by) == (False, "bob")


def test_a_request_for_a_role_is_open_until_its_grant() -> None:
    desk = Desk()
    desk.register("olga")
    role_request = {"actor": "olga", "role": "CHAIR", "reason": "The board has a new chair."}
    request = desk.record("RoleRequested", role_request, "dan")
    (row,) = rows(desk, people.ROLE_REQUESTS, people.VIEW)
    assert (row.actor, row.role, row.requested_by, row.granted_position) == ("olga", "CHAIR", "dan", None)
    granted = desk.record("RoleGranted", {"actor": "olga", "role": "CHAIR", "request": request}, "rosa")
    (row,) = rows(desk, people.ROLE_REQUESTS, people.VIEW)
    assert row.granted_position == granted


def test_a_loss_is_listed() -> None:
    desk = Desk()
    loss = desk.record("LossAccepted", {"size": 12, "rootHash": DIGEST, "resumedAt": 7}, OPERATOR)
    (row,) = rows(desk, records.LOSSES, records.VIEW)
    assert (row.position, row.size, row.resumed_at, row.accepted_by) == (loss, 12, 7, "operator")
