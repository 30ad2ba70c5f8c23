"""Rules of deliverables and instructions: each role answers a submission or confirms an instruction once."""

from tests.ledger.desk import Desk

PLAN = {"deliverable": "plan", "submittedOn": "2022-07-05"}
NAMED = {"deliverable": "plan"}


def submitted() -> Desk:
    """Return a desk with a submitted plan, a chair and a department official."""
    desk = Desk()
    for actor, role in (("carl", "CHAIR"), ("olga", "DEPARTMENT_OFFICIAL")):
        desk.register(actor)
        desk.grant(actor, role)
    desk.record("DeliverableSubmitted", PLAN)
    return desk


def test_an_answer_of_one_role_leaves_the_submission_open_to_another() -> None:
    desk = submitted()
    desk.record("DeliverableAccepted", NAMED, "carl")
    desk.record("DeliverableReturned", NAMED | {"reason": "No owners."}, "bob")
    assert desk.record("DeliverableAccepted", NAMED, "olga") == len(desk.history)


def test_a_role_answers_a_submission_once() -> None:
    desk = submitted()
    position = desk.record("DeliverableAccepted", NAMED, "carl")
    refused = [("ALREADY_RECORDED", "data.deliverable")]
    assert desk.refused("DeliverableAccepted", NAMED, "carl") == refused
    assert desk.refused("DeliverableReturned", NAMED | {"reason": "No owners."}, "carl") == refused
    assert desk.state.duties.answers == {"plan": {"CHAIR": position}}
    desk.record("DeliverableSubmitted", PLAN)
    desk.record("DeliverableReturned", NAMED | {"reason": "No owners."}, "carl")


def test_nobody_accepts_a_deliverable_that_they_submitted() -> None:
    desk = submitted()
    desk.record("DeliverableSubmitted", PLAN, "bob")
    assert desk.refused("DeliverableAccepted", NAMED, "bob") == [("SAME_PERSON", "data.deliverable")]
    desk.record("DeliverableAccepted", NAMED, "carl")
    desk.record("DeliverableSubmitted", PLAN)
    desk.record("DeliverableAccepted", NAMED, "bob")
    desk.record("DeliverableSubmitted", PLAN, "bob")
    desk.record("DeliverableReturned", NAMED | {"reason": "A page is missing."}, "bob")


def test_an_answer_needs_a_submission() -> None:
    desk = submitted()
    assert desk.refused("DeliverableAccepted", {"deliverable": "protocol"}, "carl") == [
        ("NOT_FOUND", "data.deliverable")
    ]


def test_an_instruction_is_confirmed_once_by_each_role_and_not_by_the_person_who_answered() -> None:
    desk = submitted()
    named = {"instruction": "I1"}
    desk.record("InstructionGiven", named | {"text": "Hold all senior posts."}, "bob")
    assert desk.refused("InstructionConfirmed", named, "bob") == [("TOO_EARLY", "data.instruction")]
    desk.grant("alice", "COMMISSIONER")
    desk.record("InstructionAnswered", named | {"answeredOn": "2022-07-05", "answer": "No post is advertised."})
    assert desk.refused("InstructionConfirmed", named) == [("SAME_PERSON", "data.instruction")]
    position = desk.record("InstructionConfirmed", named, "bob")
    assert desk.refused("InstructionConfirmed", named, "bob") == [("ALREADY_RECORDED", "data.instruction")]
    desk.record("InstructionConfirmed", named, "olga")
    assert desk.state.duties.confirmations["I1"] == {"ADVISER": position, "DEPARTMENT_OFFICIAL": position + 1}
