"""Other instruments are data: packs of other kinds run from issue to end without new code."""

from typing import Any

import pytest

from ledger.domain.areas.notice import Obligor
from ledger.intake.pack import Pack, check, read
from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR
from tests.ledger.packs.instruments import NAMES, PACKS, issued

ROLES = {
    "dora": "DEPARTMENT_OFFICIAL",
    "alice": "COUNCIL_OFFICER",
    "cole": "CHAIR",
    "ann": "ADVISER",
    "ben": "ADVISER",
}


def begun(name: str) -> tuple[Desk, Pack]:
    """Return a desk with the pack and its people."""
    desk = issued(name).desk
    desk.clock.at = max(desk.clock.at, desk.clock.at.replace(year=2024, month=4, day=3))
    for actor, role in ROLES.items():
        desk.record("RoleGranted", {"actor": actor, "role": role}, OPERATOR)
    return desk, read((PACKS / f"{name}.toml").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_the_packs_are_sound_and_recorded_whole(name: str) -> None:
    assert check((PACKS / f"{name}.toml").read_bytes()) == []
    desk, pack = begun(name)
    assert list(desk.state.notice.clauses) == [clause.number for clause in pack.clauses]
    assert list(desk.state.lifecycles["area"]) == [area.id for area in pack.areas]


def test_a_commissioner_chairs_and_instructs_later() -> None:
    desk, _ = begun("fellshire-2024")
    desk.record("ChairAppointed", {"chair": "cole", "first": "2024-04-03"}, "dora")
    instruction: dict[str, Any] = {
        "number": "1.1",
        "obligor": "COUNCIL",
        "modality": "MUST",
        "rule": "delivered-by",
        "parameters": {"target_date": "2024-06-30"},
        "text": "Move the front door into one building.",
        "under": "1",
    }
    desk.record("ClauseRegistered", instruction, "dora")
    assert desk.state.notice.clauses["1.1"].obligor is Obligor.COUNCIL
    desk.record("PlanVersionApproved", {"planVersion": "1", "body": "regulator"}, "dora")
    desk.record("Published", {"subject": "progress-report", "where": "The council's pages."}, "alice")


def test_areas_close_one_by_one_and_the_rest_goes_on_under_a_milder_notice() -> None:
    desk, _ = begun("fellshire-2024")
    objective = {"title": "x", "owner": "alice", "due": "2024-09-30"}
    desk.record("ObjectiveAdded", objective | {"objective": "O1", "areas": ["3"]})
    desk.record("AreaClosed", {"area": "3", "closedOn": "2024-04-03", "reason": "Better."}, "dora")
    again = desk.refused("AreaClosed", {"area": "3", "closedOn": "2024-04-03", "reason": "Better."}, "dora")
    assert again == [("ALREADY_ENDED", "data.area")]
    for area in ("1", "2"):
        desk.record(
            "AreaCarriedOver", {"area": area, "successor": "fellshire-2025", "successorArea": f"n{area}"}, "dora"
        )
    closed = {
        "closedOn": "2024-04-03",
        "outcome": "STEPPED_DOWN",
        "reason": "Better.",
        "successor": "fellshire-2025",
    }
    desk.record("NoticeClosed", closed, "dora")
    ended = {name: lifecycle.outcome for name, lifecycle in desk.state.lifecycles["area"].items()}
    assert ended == {"1": "carried over", "2": "carried over", "3": "closed"}


def test_two_advisers_two_reviewing_bodies_and_a_chair_from_within() -> None:
    desk, pack = begun("wharfeton-2023")
    for number, adviser in enumerate(("ann", "ben"), 1):
        post = {"appointment": f"AP{number}", "adviser": adviser, "first": "2024-04-03", "terms": "Advise."}
        desk.record("AdviserAppointed", post, "dora")
    assert {post.adviser for post in desk.state.adviser.posts.values()} == {"ann", "ben"}
    for number, by in enumerate(("DfE", "NHS England"), 1):
        review = {
            "review": f"R{number}",
            "kind": "review",
            "by": by,
            "from": "2024-06-01",
            "topics": ["PERFORMANCE"],
        }
        desk.record("ReviewScheduled", review, "dora")
    desk.record("ChairAppointed", {"chair": "cole", "first": "2024-04-03"}, "alice")
    dates = [clause.parameters["target_date"] for clause in pack.clauses if clause.rule == "delivered-by"]
    assert dates == ["2023-09-30", "2024-03-31"]
    later = {
        "revisedOn": "2024-04-03",
        "reason": "Later.",
        "clauses": [{"number": "8b", "parameters": {"target_date": "2024-12-31"}}],
    }
    desk.record("NoticeRevised", later, "dora")
    assert desk.state.notice.clauses["8b"].parameters["target_date"] == "2024-12-31"
    assert desk.state.notice.clauses["8a"].parameters["target_date"] == "2023-09-30"
