"""Notices in parallel: links recorded, refused and ended, and their rows."""

from typing import Any

import pytest

from projections.engine.follower import refold
from projections.views import notice
from tests.ledger.desk import Desk, at
from tests.ledger.history import NOTICE, OPERATOR

LINK = {"parallel": "tameside-send-2023", "reason": "Both concern the timeliness of plans."}
UNLINK = {"parallel": "tameside-send-2023", "reason": "The other notice was closed."}


def rows(desk: Desk) -> tuple[list[str], list[Any]]:
    """Return the notice's parallel notices and the rows of the links."""
    tables = refold(notice.VIEW, desk.history).versions()
    (issued,) = tables[notice.NOTICES.name].values()
    return issued.row.parallel_notices, [version.row for version in tables[notice.PARALLEL_LINKS.name].values()]


def test_a_link_is_recorded_and_ended_and_recorded_again() -> None:
    desk = Desk()
    desk.clock.advance(days=9)
    first = desk.record("ParallelNoticeLinked", LINK, OPERATOR, time=at(1))
    others, (link,) = rows(desk)
    assert others == ["tameside-send-2023"]
    assert (link.position, link.linked_at.isoformat(), link.unlinked_position) == (first, at(1), None)
    ended = desk.record("ParallelNoticeUnlinked", UNLINK, OPERATOR)
    others, (link,) = rows(desk)
    assert (others, link.unlinked_position) == ([], ended)
    again = desk.record("ParallelNoticeLinked", LINK, OPERATOR)
    desk.record("ParallelNoticeLinked", LINK | {"parallel": "another-2020"}, OPERATOR)
    others, links = rows(desk)
    assert others == ["another-2020", "tameside-send-2023"]
    assert [(link.position, link.unlinked_position) for link in links] == [(again, None), (again + 1, None)]


def test_a_link_is_refused_to_itself_and_twice() -> None:
    desk = Desk()
    itself = desk.refusal("ParallelNoticeLinked", LINK | {"parallel": NOTICE}, OPERATOR)
    assert [(each.code, each.path) for each in itself.refusals] == [("SAME_THING", "data.parallel")]
    desk.record("ParallelNoticeLinked", LINK, OPERATOR)
    assert desk.refused("ParallelNoticeLinked", LINK, OPERATOR) == [("ALREADY_RECORDED", "data.parallel")]
    near = desk.refusal("ParallelNoticeUnlinked", UNLINK | {"parallel": "tameside-send-2032"}, OPERATOR)
    (refusal,) = near.refusals
    assert (refusal.code, refusal.path) == ("NOT_FOUND", "data.parallel")
    assert "did you mean tameside-send-2023?" in refusal.message
    desk.record("ParallelNoticeUnlinked", UNLINK, OPERATOR)
    assert desk.refused("ParallelNoticeUnlinked", UNLINK, OPERATOR) == [("NOT_FOUND", "data.parallel")]


@pytest.mark.parametrize("name", ["Tameside-2023", "tameside 2023", ""])
def test_a_link_names_a_notice_by_a_valid_id(name: str) -> None:
    with pytest.raises(Exception, match="parallel"):
        Desk().record("ParallelNoticeLinked", LINK | {"parallel": name}, OPERATOR)


def test_a_council_officer_links_no_notice() -> None:
    assert [code for code, _ in Desk().refused("ParallelNoticeLinked", LINK)] == ["FORBIDDEN"]


def test_a_corrected_link_counts_no_longer() -> None:
    desk = Desk()
    wrong = desk.record("ParallelNoticeLinked", LINK, OPERATOR)
    replacement = {
        "type": "improvement-ledger.lineage.ParallelNoticeLinked.v1",
        "data": LINK | {"parallel": "right-2023"},
    }
    correction = {"position": wrong, "reason": "The wrong notice.", "replacement": replacement}
    desk.record("EntryCorrected", correction, OPERATOR)
    assert rows(desk)[0] == ["right-2023"]


@pytest.mark.parametrize(
    ("fact", "data"),
    [
        ("AreaCarriedOver", {"area": "1a", "successor": NOTICE}),
        ("NoticeClosed", {"closedOn": "2022-07-05", "outcome": "REPLACED", "reason": "x", "successor": NOTICE}),
    ],
)
def test_a_notice_does_not_follow_itself(fact: str, data: dict[str, Any]) -> None:
    desk = Desk()
    desk.register("max")
    desk.grant("max", "DEPARTMENT_OFFICIAL")
    assert desk.refused(fact, data, "max") == [("SAME_THING", "data.successor")]
