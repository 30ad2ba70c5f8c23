"""Parallel notices, read from the notice with the link and from the other one."""

import pytest

from ledger.domain.roles import Role
from tests.schema.compiled.by_fields import evaluate
from tests.schema.conftest import HEAD, HISTORY, NOTICE, World

pytestmark = pytest.mark.database
OTHER = "send-2023"
LINK = {"parallel": OTHER, "reason": "Both concern plans for children."}
OWN = """query($notice: ID!) { notice(id: $notice) {
  parallelNotices parallelLinks { parallel position reason unlinkedPosition unlinkedReason } } }"""
NAMING = """query($notice: ID!) { notices(filter: {parallelTo: $notice}) { totalCount nodes { id: notice } } }"""


async def naming(world: World, actor: str, notice: str = OTHER) -> list[str]:
    """Return the notices that the actor may read and that name a notice as parallel."""
    page = (await world.data(NAMING, actor, notice=notice))["notices"]
    assert page["totalCount"] == len(page["nodes"])
    return [node["id"] for node in page["nodes"]]


async def test_a_link_is_read_from_both_notices_by_those_who_may(world: World) -> None:
    await world.record("notice.NoticeIssued", HISTORY[0][1] | {"council": "E08000001"}, "issue", OTHER)
    for actor in ("alice", "sendonly"):
        await world.record("people.RoleGranted", {"actor": actor, "role": "AUDITOR"}, f"role-{actor}", OTHER)
    world.notices.append(OTHER)
    assert await naming(world, "alice") == []
    linked = await world.record("lineage.ParallelNoticeLinked", LINK, "link")
    await world.caught_up(linked.position)
    await world.caught_up(3, OTHER)

    own = (await world.data(OWN, "alice", notice=NOTICE))["notice"]
    assert own["parallelNotices"] == [OTHER]
    assert own["parallelLinks"] == [
        {
            "parallel": OTHER, "position": HEAD + 1, "reason": LINK["reason"],
            "unlinkedPosition": None, "unlinkedReason": None,
        }
    ]  # fmt: skip
    assert await naming(world, "alice") == [NOTICE]
    assert await naming(world, "sendonly") == [], (
        "without a role in a notice, a reader does not learn that it exists"
    )
    assert await naming(world, "alice", NOTICE) == [], "the other notice names none"
    assert (await world.data(OWN, "sendonly", notice=OTHER))["notice"] == {
        "parallelNotices": [], "parallelLinks": [],
    }  # fmt: skip
    expected, _ = await evaluate(world.reader, [Role.OPERATOR], world.notices, NAMING, {"notice": OTHER})
    assert [node["id"] for node in expected["data"]["notices"]["nodes"]] == [NOTICE]

    back = await world.record("lineage.ParallelNoticeLinked", LINK | {"parallel": NOTICE}, "back", OTHER)
    await world.caught_up(back.position, OTHER)
    assert await naming(world, "sendonly", NOTICE) == [OTHER]

    ended = await world.record("lineage.ParallelNoticeUnlinked", LINK | {"reason": "Closed."}, "end")
    await world.caught_up(ended.position)
    assert await naming(world, "alice") == []
    own = (await world.data(OWN, "alice", notice=NOTICE))["notice"]
    assert own["parallelNotices"] == []
    assert own["parallelLinks"][0]["unlinkedReason"] == "Closed."
    before = "query($notice: ID!, $at: Int!) { notice(id: $notice, asOf: {position: $at}) { parallelNotices } }"
    assert (await world.data(before, "alice", notice=NOTICE, at=linked.position))["notice"] == {
        "parallelNotices": [OTHER]
    }


async def test_a_link_to_a_notice_that_is_not_here_is_its_id_only(world: World) -> None:
    linked = await world.record("lineage.ParallelNoticeLinked", LINK | {"parallel": "elsewhere-2023"}, "link")
    await world.caught_up(linked.position)
    assert (await world.data(OWN, "alice", notice=NOTICE))["notice"]["parallelNotices"] == ["elsewhere-2023"]
    assert await naming(world, "alice", "elsewhere-2023") == [NOTICE]
    code, _ = await world.error('{ notice(id: "elsewhere-2023") { id } }', "alice")
    assert code == "NOT_FOUND"
