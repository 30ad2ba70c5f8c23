"""Rules of deliverables: each role answers a submission once."""

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


def test_an_answer_needs_a_submission() -> None:
    desk = submitted()
    assert desk.refused("DeliverableAccepted", {"deliverable": "protocol"}, "carl") == [
        ("NOT_FOUND", "data.deliverable")
    ]
