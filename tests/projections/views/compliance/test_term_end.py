"""The end of a notice's term: verdicts stay as they are from its closure as EXPIRED on, and not before."""

import pytest

from ledger.domain.areas.duties import PostVacated
from ledger.domain.areas.notice import NoticeClosed, Outcome
from tests.projections.views.compliance.cases import MET, NOT
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact, instant, timeline
from tests.projections.views.compliance.duty_cases import filled
from tests.projections.views.compliance.facts import day

CLOSED = NoticeClosed(closed_on=day("2022-12-31"), outcome=Outcome.EXPIRED, reason=WORDS)
POST = {"post": "director"}
FILLED: DatedFact = ("2022-07-06", filled("2022-07-06"))


def left(last: str) -> DatedFact:
    """Return the end of the director's time in post."""
    return (f"{last}T18:00", PostVacated(post="director", holder="dee", last=day(last), reason=WORDS))


@pytest.mark.parametrize(
    ("last", "lines"),
    [
        ("2022-12-29", [("2022-12-29", MET), ("2022-12-30", NOT), ("2022-12-31", NOT), ("2023-01-01", NOT)]),
        ("2022-12-31", [("2022-12-30", MET), ("2022-12-31", MET), ("2023-01-01", MET), ("2023-06-30", MET)]),
    ],
    ids=["left before the term's end", "left on the last day"],
)
def test_a_verdict_changes_until_the_term_ends_and_stays_from_then_on(
    last: str, lines: list[tuple[str, str]]
) -> None:
    of = timeline("in-post", FILLED, left(last), ("2022-12-31T23:00", CLOSED), **POST)
    for at, status in lines:
        span = of.on(instant(at))
        assert span is not None
        assert (at, span.verdict.status.value) == (at, status), span.verdict.reason
        assert ("closed on 31 December 2022 (expired)" in span.verdict.reason) == (at >= "2023-01-01"), at


def test_a_term_that_is_over_closes_nothing_by_itself() -> None:
    of = timeline("in-post", FILLED, **POST)
    span = of.on(instant("2024-01-01"))
    assert span is not None
    assert span.verdict.reason == "The post of director is held by dee."
