"""Several boards: a clause is judged on the facts of its own board, and the reason names the board's health."""

import pytest
from msgspec import structs

from ledger.domain.areas.board import BoardEstablished, ChairAppointed, ChairEnded, TimetableAgreed
from ledger.domain.areas.meetings import MeetingHeld, MinutesApproved
from ledger.domain.areas.partners import PartnerUpdateCommissioned, PartnerUpdateReceived
from ledger.domain.areas.reports import BoardReportSubmitted, ChairReportDelivered
from ledger.domain.fact import Fact
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import judge_of
from tests.projections.views.compliance.cases import DUE, LATE, MET, NONE, NOT, REPORTING, RISK
from tests.projections.views.compliance.dated_facts import WORDS, clause_of, instant, occurrences
from tests.projections.views.compliance.duty_cases import submitted
from tests.projections.views.compliance.edge import DatedFact, Edge, Line, fix, history, on, verdict_on
from tests.projections.views.compliance.edges_oversight import PARTS, board_report
from tests.projections.views.compliance.facts import (
    BOARD,
    action,
    chair,
    chair_report,
    completed,
    day,
    interpreted,
    met,
    objective,
    rebaselined,
    timetable,
)

OfBoard = (
    BoardEstablished | ChairAppointed | ChairEnded | TimetableAgreed | MeetingHeld | ChairReportDelivered
    | BoardReportSubmitted
)  # fmt: skip
SEND = {"board": "SEND"}


def of_send(fact: Fact) -> Fact:
    """Return a fact as one about another board."""
    assert isinstance(fact, OfBoard)
    return structs.replace(fact, board="SEND")


def held(name: str, *, quorate: bool = True) -> Fact:
    """Return a meeting."""
    return MeetingHeld(meeting=name, attendance=["chair"], quorate=quorate)


def asked(update: str, due: str) -> Fact:
    """Return the commission of an update."""
    return PartnerUpdateCommissioned(update=update, partner="P1", topic=WORDS, due=day(due))


def received(update: str, on_: str) -> Fact:
    """Return the receipt of an update."""
    return PartnerUpdateReceived(update=update, received_on=day(on_), summary=WORDS)


ESTABLISHED: DatedFact = ("2022-07-06", BOARD)
SEND_ESTABLISHED: DatedFact = ("2022-07-06", of_send(BOARD))
SEATED: list[DatedFact] = [ESTABLISHED, ("2022-07-06", chair("2022-07-06"))]
SEND_SEATED: list[DatedFact] = [SEND_ESTABLISHED, ("2022-07-06", of_send(chair("2022-07-06")))]
AGREED = timetable("2022-12-14", reports=("2022-09-28",))
LEFT: DatedFact = ("2022-08-01", ChairEnded(chair="chair", last=day("2022-07-31"), reason=WORDS))
FULL = board_report("1", analysis=WORDS)
PERIOD = {"deliverable": "plan", "within": {"count": 4, "unit": "WEEKS", "after": "BOARD_ESTABLISHED"}}

CASES: dict[str, tuple[str, Edge]] = {
    "the chair leaves before the last day that the appointment states": (
        "board-and-chair",
        Edge(
            {}, [ESTABLISHED, ("2022-07-06", chair("2022-07-06", "2023-07-05")), LEFT],
            [on("2022-07-31T23:59", MET, "chaired by chair", 11, 12), on("2022-08-01T00:00", NOT, "no chair since 1 August 2022", 13)],
        ),
    ),
    "another board is not the improvement board": (
        "board-and-chair", Edge({}, SEND_SEATED, [on("2022-08-01", NONE, "No board has been established")]),
    ),
    "the improvement board is not another board": (
        "board-and-chair", Edge(SEND, SEATED, [on("2022-08-01", NONE, "No board SEND has been established")]),
    ),
    "the chair of another board fills no vacancy": (
        "board-and-chair",
        Edge({}, [*SEATED, LEFT, *SEND_SEATED], [on("2022-08-02", NOT, "The board has had no chair since 1 August 2022", 13)]),
    ),
    "the end of another board's chair opens no vacancy": (
        "board-and-chair",
        Edge({}, [*SEATED, *SEND_SEATED, ("2022-08-01", of_send(LEFT[1]))], [on("2022-08-02", MET, "The board is chaired by chair.", 11, 12)]),
    ),
    "another board has its own chair": (
        "board-and-chair",
        Edge(SEND, [*SEATED, *SEND_SEATED, LEFT], [on("2022-08-02", MET, "Board SEND is chaired by chair.", 13, 14)]),
    ),
    "the timetable and the report of another board's chair are its own": (
        "board-and-chair",
        Edge(
            REPORTING,
            [*SEATED, *SEND_SEATED, ("2022-07-12", AGREED), ("2022-07-13", of_send(AGREED)), ("2022-09-20", of_send(chair_report()))],
            [on("2022-09-29", NOT, "has not reported for 28 September 2022", 15)],
        ),
    ),
    "a board is named by a later decision on the clause": (
        "board-and-chair",
        Edge(
            {}, [*SEATED, *SEND_SEATED, LEFT, ("2022-08-03", interpreted(board="SEND"))],
            [on("2022-08-02", NOT, "no chair", 15), on("2022-08-04", MET, "Board SEND is chaired by chair.", 13, 14)],
        ),
    ),
    "a chair's board is corrected": (
        "board-and-chair",
        Edge(
            {}, [ESTABLISHED, SEND_ESTABLISHED, ("2022-07-06", chair("2022-07-06")), ("2022-08-01", fix(2, of_send(chair("2022-07-06"))))],
            [on("2022-07-20", MET, "chaired by chair", 11, 13, known=3), on("2022-07-20", NONE, "No chair has been appointed", 11)],
        ),
    ),
    "the term of another board's chair runs out": (
        "board-and-chair",
        Edge(
            SEND, [SEND_ESTABLISHED, ("2022-07-06", of_send(chair("2022-07-06", "2022-08-31")))],
            [on("2022-08-31T23:59", MET, "chaired by chair", 11, 12), on("2022-09-01T00:00", NOT, "no chair since 1 September 2022", 12)],
        ),
    ),
    "partners owe their updates to the improvement board": (
        "board-and-chair",
        Edge(
            SEND, [*SEND_SEATED, ("2022-08-01", asked("U1", "2022-08-20")), ("2022-08-25", of_send(met("S1")))],
            [on("2022-08-26", MET, "Board SEND is chaired by chair.", 11, 12)],
        ),
    ),
    "the first meeting of another board": (
        "board-report-complete",
        Edge(
            {**PARTS, **SEND}, [("2022-08-01", met()), ("2022-08-02", of_send(met("S1"))), ("2022-08-03", of_send(met("S2")))],
            [on("2022-08-04", NONE, "Board SEND has met, and no report to it is recorded", 12)],
        ),
    ),
    "the first meeting after one of another board": (
        "board-report-complete",
        Edge(PARTS, [("2022-08-01", of_send(met("S1"))), ("2022-08-02", met())], [on("2022-08-03", NONE, "The board has met", 12)]),
    ),
    "a report to another board": (
        "board-report-complete",
        Edge(
            PARTS, [("2022-08-01", met()), ("2022-08-02", of_send(met("S1"))), ("2022-08-03", of_send(FULL))],
            [on("2022-08-04", NONE, "The board has met, and no report to it is recorded", 11)],
        ),
    ),
    "a meeting of another board": (
        "board-report-complete", Edge(PARTS, [("2022-08-02", of_send(met("S1")))], [on("2022-08-04", DUE, "The board has not met yet")]),
    ),
    "another board's reports": (
        "board-report-complete",
        Edge(
            {**PARTS, **SEND}, [("2022-08-02", of_send(met("S1"))), ("2022-08-03", of_send(FULL)), ("2022-08-05", board_report("2"))],
            [on("2022-08-06", MET, "Report 1, the latest to board SEND, has data and analysis", 12)],
        ),
    ),
    "the chair of another board approves no later date": (
        "delivered-by",
        Edge(
            {"target_date": "2023-06-30", "later_date_by": ["CHAIR"]},
            [("2022-07-06", objective()), *SEND_SEATED, ("2022-07-10", action("A1", "2023-06-30")),
             ("2022-08-01", rebaselined("A1", "2023-06-30", "2024-12-31")), ("2024-06-30", completed("A1", "2024-06-30"))],
            [on("2024-07-01", LATE, "A1", 16)],
        ),
    ),
    "a meeting of another board needs no highlight": (
        "slow-objectives-highlighted",
        Edge(
            {}, [("2022-07-14", objective("O1", "2022-07-20")), ("2022-07-27", of_send(met("S1")))],
            [on("2022-07-28", RISK, "highlight it at the board's next meeting", 11)],
        ),
    ),
    "a period runs from the improvement board's establishment": (
        "done-by",
        Edge(
            PERIOD, [SEND_ESTABLISHED, ("2022-09-01", BOARD), ("2022-09-20", submitted("2022-09-20"))],
            [on("2022-09-21", MET, "plan", 13)],
        ),
    ),
}  # fmt: skip
"""Case → the rule, the facts and the verdicts."""


@pytest.mark.parametrize("name", CASES)
def test_a_clause_is_judged_on_its_own_board(name: str) -> None:
    rule, edge = CASES[name]
    for line in edge.lines:
        row = verdict_on(line.on, history(rule, edge, line.known))
        assert (row.status, tuple(row.entries)) == (line.status, line.entries), row.reason
        assert line.words in row.reason


@pytest.mark.parametrize("name", CASES)
def test_a_clause_registered_last_is_judged_on_its_own_board_too(name: str) -> None:
    rule, edge = CASES[name]
    issued, clause, *facts = history(rule, edge, None)
    registered = structs.replace(clause, position=99, time=clause.recorded_at)
    line = edge.lines[-1]
    row = verdict_on(line.on, [issued, *facts, registered])
    assert (row.status, tuple(row.entries)) == (line.status, line.entries), row.reason


TERMS: list[tuple[str, Fact]] = [
    ("2022-07-06", BOARD),
    ("2022-07-06", of_send(BOARD)),
    ("2022-07-06", chair("2022-07-06", "2022-08-31")),
    ("2022-07-06", of_send(chair("2022-07-07", "2022-09-30"))),
    ("2022-07-12", AGREED),
    ("2022-07-12", of_send(timetable("2022-11-09", reports=("2022-10-19",)))),
    ("2022-08-01", asked("U1", "2022-10-05")),
]
"""The terms and the timetables of two boards, and an update for the improvement board."""


@pytest.mark.parametrize(
    ("parameters", "days"),
    [
        ({}, "2022-07-06 2022-09-01 2022-09-22 2022-09-29 2022-10-06 2022-12-15"),
        (SEND, "2022-07-07 2022-10-01 2022-10-13 2022-10-20 2022-11-10"),
    ],
)
def test_the_deadlines_are_those_of_the_clauses_own_board(parameters: dict[str, str], days: str) -> None:
    clause = clause_of("board-and-chair", "2022-07-05T00:00", "MUST", {**REPORTING, **parameters})
    judge = judge_of(clause, JUDGES)
    for occurrence in occurrences(*TERMS):
        judge.take(occurrence)
    expected = [instant(f"{day}T00:00") for day in days.split()]
    assert sorted(judge.moments(clause, instant("2022-08-02"))) == expected


HEALTH: dict[str, tuple[list[DatedFact], Line]] = {
    "a last meeting without a quorum": ([("2022-08-01", held("B1", quorate=False))],
     on("2022-08-02", MET, "chaired by chair. The last meeting, B1, had no quorum.", 11, 12, 13)),
    "a later meeting with a quorum": ([("2022-08-01", held("B1", quorate=False)), ("2022-08-02", MinutesApproved(meeting="B1")), ("2022-09-01", held("B2"))],
     on("2022-09-02", MET, "The board is chaired by chair.", 11, 12)),
    "minutes that the next meeting did not approve": ([("2022-08-01", held("B1")), ("2022-09-01", held("B2"))],
     on("2022-09-02", MET, "chaired by chair. The minutes of B1 are not approved.", 11, 12, 13)),
    "minutes approved at the next meeting": ([("2022-08-01", held("B1")), ("2022-09-01", held("B2")), ("2022-09-01", MinutesApproved(meeting="B1"))],
     on("2022-09-02", MET, "The board is chaired by chair.", 11, 12)),
    "a meeting of another board": ([("2022-07-07", of_send(BOARD)), ("2022-08-01", of_send(held("S1", quorate=False)))],
     on("2022-08-02", MET, "The board is chaired by chair.", 11, 12)),
    "an update on its day": ([("2022-08-01", asked("U1", "2022-08-20"))], on("2022-08-20T23:59", MET, "The board is chaired by chair.", 11, 12)),
    "an update a day later": ([("2022-08-01", asked("U1", "2022-08-20"))],
     on("2022-08-21T00:00", MET, "chaired by chair. The day for update U1 of a partner has passed.", 11, 12, 13)),
    "an update received late": ([("2022-08-01", asked("U1", "2022-08-20")), ("2022-08-25", received("U1", "2022-08-25"))],
     on("2022-08-26", MET, "The board is chaired by chair.", 11, 12)),
}  # fmt: skip
"""Case → facts after the chair's appointment, and the verdict."""


@pytest.mark.parametrize(("dated", "line"), HEALTH.values(), ids=HEALTH)
def test_the_reason_names_the_boards_health(dated: list[DatedFact], line: Line) -> None:
    row = verdict_on(line.on, history("board-and-chair", Edge({}, [*SEATED, *dated], []), None))
    assert (row.status, tuple(row.entries)) == (line.status, line.entries), row.reason
    assert row.reason.endswith(line.words)
