"""The end of a notice's term: EXPIRED closes it on the last day or later."""

import pytest

from tests.ledger.desk import Desk, Refusals
from tests.ledger.history import DIGEST, OPERATOR, setting

NOTICE = {
    "kind": "BEST_VALUE_NOTICE",
    "council": "E07000110",
    "issuer": "MHCLG",
    "issuedOn": "2022-07-05",
    "title": "A notice",
    "trigger": "An audit",
    "packDigest": DIGEST,
}
EARLY: Refusals = [("OUT_OF_RANGE", "data.outcome")]


def issued(expires_on: str | None) -> Desk:
    """Return a desk six months after the issue of a notice with that last day."""
    desk = Desk(with_setting=False)
    desk.record("NoticeIssued", NOTICE if expires_on is None else NOTICE | {"expiresOn": expires_on}, OPERATOR)
    for fact in setting()[1:]:
        desk.submit(fact, OPERATOR)
    desk.register("dora")
    desk.grant("dora", "DEPARTMENT_OFFICIAL")
    desk.clock.advance(days=183)
    return desk


@pytest.mark.parametrize(
    ("day", "refusals"),
    [("2022-12-30", EARLY), ("2022-12-31", []), ("2023-01-01", [])],
    ids=["before", "on", "after"],
)
def test_a_notice_expires_from_the_last_day_of_its_term_on(day: str, refusals: Refusals) -> None:
    desk = issued("2022-12-31")
    closed = {"closedOn": day, "outcome": "EXPIRED", "reason": "The term is over."}
    if refusals:
        assert desk.refused("NoticeClosed", closed, "dora") == refusals
        desk.record("NoticeClosed", closed | {"outcome": "WITHDRAWN"}, "dora")
    else:
        desk.record("NoticeClosed", closed, "dora")


def test_a_notice_without_a_term_does_not_expire() -> None:
    closed = {"closedOn": "2022-12-31", "outcome": "EXPIRED", "reason": "The term is over."}
    assert issued(None).refused("NoticeClosed", closed, "dora") == EARLY
