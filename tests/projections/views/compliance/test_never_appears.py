"""Clauses on a thing that never appears: the verdict names it, and is never MET."""

from typing import Any, NamedTuple

import pytest

from ledger.domain.areas.board import BoardEstablished
from ledger.domain.areas.duties import DeliverableSubmitted, PostFilled
from ledger.domain.areas.records import Published
from tests.projections.views.compliance.cases import DUE, NONE, NOT
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact, instant, timeline
from tests.projections.views.compliance.edges_oversight import PARTS, board_report
from tests.projections.views.compliance.facts import BOARD, chair, day, defined, met, month, objective


class Case(NamedTuple):
    """A clause on one thing, facts about another, and the verdict before and after the last day."""

    rule: str
    parameters: dict[str, Any]
    dated: list[DatedFact]
    before: tuple[str, str]
    after: tuple[str, str]


CHAIRED: list[DatedFact] = [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-06"))]
READ: list[DatedFact] = [
    ("2022-07-06", defined("M1")),
    *[(f"2022-{number + 1:02}-10", month(number, 90)) for number in (7, 8, 9, 10, 11)],
]
CASES = {
    "a measure": Case(
        "target-met", {"measure": "M2", "steps": [{"by": "2022-09-30", "target": 80}]}, READ,
        (NONE, "Measure M2 is not defined"), (NONE, "Measure M2 is not defined"),
    ),
    "a measure without readings": Case(
        "target-met", {"measure": "M2", "steps": [{"by": "2022-09-30", "target": 80}]}, [*READ, ("2022-07-06", defined("M2"))],
        (DUE, "M2 has to reach 80 by 30 September 2022"), (NONE, "M2 has no reading for a period that ended by 30 September 2022"),
    ),
    "the measures of an area": Case(
        "measures-improve", {"area": "1b"}, [*READ, ("2022-07-06", objective("O1", "2023-06-30", "1a", measures=("M1",)))],
        (NONE, "No objective of area 1b names a measure"), (NONE, "No objective of area 1b names a measure"),
    ),
    "a post": Case(
        "in-post", {"post": "director", "by": "2022-09-30"},
        [("2022-07-06", PostFilled(post="deputy director", holder="dee", first=day("2022-07-06")))],
        (DUE, "The post of director has to be filled by 30 September 2022"), (NOT, "The post of director had to be filled by 30 September 2022"),
    ),
    "a post without a day": Case(
        "in-post", {"post": "director"}, [("2022-07-06", PostFilled(post="Director", holder="dee", first=day("2022-07-06")))],
        (NONE, "No holder of the post of director is recorded"), (NONE, "No holder of the post of director is recorded"),
    ),
    "a board": Case(
        "board-and-chair", {"board": "SEND"}, CHAIRED,
        (NONE, "No board SEND has been established"), (NONE, "No board SEND has been established"),
    ),
    "the improvement board": Case(
        "board-and-chair", {}, [("2022-07-06", BoardEstablished(terms_of_reference=WORDS, board="SEND"))],
        (NONE, "No board has been established"), (NONE, "No board has been established"),
    ),
    "a board's reports": Case(
        "board-report-complete", {**PARTS, "board": "SEND"}, [*CHAIRED, ("2022-07-20", board_report("1", analysis=WORDS)), ("2022-07-21", met())],
        (DUE, "Board SEND has not met yet"),
        (NONE, "Board SEND was to meet by 5 October 2022; no meeting of it and no report to it are recorded"),
    ),
    "a deliverable": Case(
        "done-by", {"deliverable": "plan", "by": "2022-09-30"}, [("2022-08-01", DeliverableSubmitted(deliverable="Plan", submitted_on=day("2022-08-01")))],
        (DUE, "Deliverable plan is due by 30 September 2022"), (NOT, "Deliverable plan had to be submitted by 30 September 2022"),
    ),
    "a publication": Case(
        "published", {"what": "progress", "every_months": 3}, [("2022-08-01", Published(subject="budget", where=WORDS))],
        (NONE, "No publication of progress is recorded"), (NOT, "The first publication of progress was due by 5 October 2022"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_thing_that_never_appears_is_named_and_never_meets_a_clause(name: str) -> None:
    rule, parameters, dated, before, after = CASES[name]
    of = timeline(rule, *dated, **parameters)
    for at, (status, words) in (("2022-08-31", before), ("2023-06-30", after)):
        span = of.on(instant(at))
        assert span is not None
        assert (at, span.verdict.status.value) == (at, status), span.verdict.reason
        assert words in span.verdict.reason
    assert not {span.verdict.status.value for span in of.spans} & {"MET", "MET_LATE"}
