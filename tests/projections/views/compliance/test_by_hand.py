"""The invented history's compliance, clause by clause, as worked out by hand from its entries.

Each line: the clause, its status, the day since which it holds (in Greenwich time; a deadline passes at midnight in
London), the entry that brought it about (None: a deadline passed), the entries it rests on, and why.
"""

from datetime import UTC, datetime

import pytest

from projections.engine.follower import refold
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.packs.test_history import played

Line = tuple[str, str, str, int | None, list[int], str]

# From 4 to 30 the clauses were registered; 61 appointed the first adviser, 73 to 82 added the objectives.
ON_31_DECEMBER_2022: list[Line] = [
    ("1", "NOT_DUE", "2022-07-04", 4, [], "it introduces the others"),
    ("1a", "MET", "2022-11-30", 286, [236, 286], "286 approved plan-2, which answers SA1, published by 236"),
    ("1b", "AT_RISK", "2022-08-08", 156, [292],
     "since 156 all eight measures of 1b's objectives have a reading, of five or fewer points and no signal"),
    ("2", "MET", "2022-12-09", 305, [146, 147, 148],
     "CB1, missed in 288, came by 305 and CB2 by 283; CB3, CB4 and CB5 are due in 2023"),
    ("3", "MET", "2022-07-10", None, [170],
     "the first adviser's first day was 11 July, British summer time; 170 put another in the same appointment"),
    ("4", "MET", "2022-11-24", 280, [73, 74, 75, 76, 77, 78, 79, 80, 81, 82],
     "134 to 137 mapped F1 to F4, 222 mapped RC1, and 280 rejected RC2 with a reason"),
    ("5", "NOT_DUE", "2022-07-04", 10, [], "it introduces 5a to 5e"),
    ("5a", "MET", "2022-12-12", 309, [269],
     "141 made the limit 62 days; O5 was a day late when 309 recorded its progress; O10 has waited longest since, "
     "from 269 on 9 November"),
    ("5b", "NOT_MET", "2022-12-01", None, [140, 228],
     "140 set 30 November and 14 December; the chair's only report, 228, is of 12 October, for 26 October"),
    ("5c", "NOT_MET", "2022-10-12", 232, [232], "BRP1 in 232 gives no evidence of impact"),
    ("5d", "NOT_DUE", "2022-07-14", 73, [], "105 corrected the date of O2, the first to come, to 31 December itself"),
    ("5e", "MET", "2022-12-28", 315, [220, 245, 289, 315], "245 considered V1 of staff and 315 V2 of children"),
    ("6", "MET", "2022-10-03", 205, [205], "R1 began on 3 October, within six months of 5 July; the next: 3 April"),
    ("7", "NOT_DUE", "2022-07-04", 17, [205], "R1 looked at performance and leadership, so four topics remain"),
    ("8", "NOT_DUE", "2022-07-04", 18, [225, 251], "DG1, required by 225, runs until 31 January"),
    ("9", "MET", "2022-11-07", 264, [251, 264], "DG1 is under way since 251; its one request, X5, was opened by 264"),
    ("9a", "NO_EVIDENCE", "2022-11-01", 251, [251], "for DG1 nobody recorded access to staff or leadership"),
    ("9b", "MET", "2022-11-07", 264, [251, 264], "X5 is for data"),
    ("9c", "NO_EVIDENCE", "2022-10-03", 205, [251], "no facilities are recorded, neither for R1 nor for DG1"),
    ("9d", "NO_EVIDENCE", "2022-11-01", 251, [251], "R1's files were opened by 203; for DG1 none are recorded"),
    ("10", "MET", "2022-09-27", 197, [197], "197 came six days before R1 began"),
    ("10a", "MET", "2022-09-27", 197, [197], "197 speaks of O1 and O3"),
    ("10b", "NOT_DUE", "2022-07-04", 26, [197], "197 has no survey, and need not"),
    ("10c", "NOT_DUE", "2022-07-04", 27, [197], "197 has no audit of supervision, and need not"),
    ("11", "NOT_DUE", "2022-12-09", 304, [],
     "304: A6, due on 30 November and the last overdue, was completed on 9 December; the others are due by June"),
    ("12", "MET", "2022-10-19", 241, [241], "AR1 in 241 speaks of 1a, of 1b and of two requirements"),
    ("13", "NOT_DUE", "2022-07-04", 30, [], "the first concern is that of October 2023"),
]  # fmt: skip

ON_30_JUNE_2023: list[Line] = [
    ("1", "NOT_DUE", "2022-07-04", 4, [], "it introduces the others"),
    ("1a", "MET", "2023-04-26", 439, [398, 439],
     "398 published SA2, which plan-2 does not answer; 439 approved plan-3, which does"),
    ("1b", "AT_RISK", "2022-08-08", 156, [466],
     "458 reset the baseline of M2 to February: four readings since, the last in 466, show no signal"),
    ("2", "NOT_MET", "2023-05-31", None, [147, 464], "CB4 was due on 31 May; 464 says that it was missed"),
    ("3", "MET", "2022-07-10", None, [170], "as before"),
    ("4", "NOT_MET", "2023-05-04", 443, [443], "443 accepted RC3, and no objective was mapped to it"),
    ("5", "NOT_DUE", "2022-07-04", 10, [], "it introduces 5a to 5e"),
    ("5a", "MET", "2023-06-12", 479, [454], "the objective that has waited longest had its progress in 454, in May"),
    ("5b", "NOT_MET", "2023-03-31", None, [407],
     "407: the chair's last day was 31 March; the next one, appointed by 484, begins on 3 July"),
    ("5c", "MET", "2023-04-12", 431, [431], "BRP3 in 431 has all four parts"),
    ("5d", "NOT_MET", "2023-01-25", 342, [73, 488],
     "O1 was due on 28 February by 73; 368, 403 and the meetings up to 488 (28 June) were not told; the status is "
     "that of 342 on: O2 had been due on 31 December"),
    ("5e", "AT_RISK", "2023-06-14", 480, [480], "V4 of 480 were considered in July only"),
    ("6", "MET", "2022-10-03", 205, [410], "R2 began on 3 April, the last day for it; the next: 3 October"),
    ("7", "NOT_DUE", "2022-07-04", 17, [205, 410], "early help and multi-agency arrangements are left"),
    ("8", "MET", "2023-02-03", 347, [347], "DG1 reported in 347"),
    ("9", "NOT_MET", "2023-04-21", None, [391, 396],
     "X7, to minutes, was asked for by 391 and granted by 396 until 21 April; nothing opened it"),
    ("9a", "MET", "2023-04-03", 410, [409, 410], "409 opened X6, to leadership, for R2"),
    ("9b", "NO_EVIDENCE", "2023-04-03", 410, [410], "no data are recorded for R2"),
    ("9c", "NO_EVIDENCE", "2022-10-03", 205, [410], "no facilities are recorded for R2 either"),
    ("9d", "NOT_MET", "2023-04-21", None, [391, 396], "minutes belong here: X7, as under 9"),
    ("10", "NOT_MET", "2023-04-03", 410, [410, 424], "R2 began with 410 on 3 April, the assessment is of 6 April"),
    ("10a", "MET", "2022-09-27", 197, [424], "424 speaks of O1 and O3, like 197"),
    ("10b", "NOT_DUE", "2022-07-04", 26, [424], "424 has no survey"),
    ("10c", "NOT_DUE", "2022-07-04", 27, [424], "424 has no audit of supervision"),
    ("11", "AT_RISK", "2023-05-31", None, [114],
     "A16 of 114 was due on 31 May; the notice's date is this very day, and has not passed"),
    ("12", "MET", "2022-10-19", 241, [436], "AR3 in 436 speaks of both areas"),
    ("13", "NOT_DUE", "2022-07-04", 30, [], "no concern yet"),
]  # fmt: skip

# 692 closed the notice on 18 March 2024: each status stays as it was then.
ON_31_MARCH_2024: list[Line] = [
    ("1", "NOT_DUE", "2022-07-04", 4, [], "it introduces the others"),
    ("1a", "MET", "2024-03-12", 689, [689], "689 closed area 1a"),
    ("1b", "NOT_DUE", "2024-03-12", 690, [690], "690 carried area 1b over to the direction"),
    ("2", "NOT_MET", "2023-05-31", None, [147, 464], "CB4 never came"),
    ("3", "MET", "2022-07-10", None, [170], "the adviser's last day, 18 March by 691, is that on which 692 closed the notice"),
    ("4", "NOT_MET", "2023-05-04", 443, [443, 562], "neither RC3 nor RC4, accepted by 562, was mapped"),
    ("5", "NOT_DUE", "2022-07-04", 10, [], "it introduces 5a to 5f"),
    ("5a", "NOT_MET", "2024-03-12", None, [653],
     "O10 has had no progress since 653 on 9 January, and the 62nd day after that was 11 March"),
    ("5b", "NOT_MET", "2024-02-29", None, [405, 656],
     "the chair's last report, 656 of 12 January, was for 31 January; none came for 28 February"),
    ("5c", "MET", "2023-10-12", 586, [658], "BRP5 and BRP6 have all four parts; BRP4 before them lacked one"),
    ("5d", "NOT_MET", "2023-01-25", 342, [73, 686], "O1 is open still, and 686 was not told either"),
    ("5e", "AT_RISK", "2023-10-11", 583, [583], "V5 of staff, 583, was never considered; V6 of children was, by 678"),
    ("6", "MET", "2023-10-09", 575, [625],
     "R3 began with 575 on 9 October, six days late; R4 began with 625 on 4 December"),
    ("7", "MET", "2023-10-09", 575, [205, 410, 575, 625], "R3 looked at the last two topics"),
    ("8", "NOT_DUE", "2023-08-01", 523, [523, 539], "DG2 is overdue since October; of a MAY that is no breach"),
    ("9", "MET", "2023-10-09", 575, [624, 625], "R4 is judged now: X9 was opened by 624"),
    ("9a", "NO_EVIDENCE", "2023-08-22", 539, [625], "nothing of staff or leadership for R4"),
    ("9b", "NO_EVIDENCE", "2023-04-03", 410, [625], "no data for R4"),
    ("9c", "NO_EVIDENCE", "2023-12-04", 625, [625], "R3 had facilities (574), R4 has none recorded"),
    ("9d", "MET", "2023-12-04", 625, [624, 625], "X9 is for case files"),
    ("10", "NOT_MET", "2023-12-04", 625, [625], "R4 began without an assessment"),
    ("10a", "MET", "2022-09-27", 197, [564], "the last assessment is R3's, 564"),
    ("10b", "NOT_DUE", "2022-07-04", 26, [564], "without a survey"),
    ("10c", "NOT_DUE", "2022-07-04", 27, [564], "without an audit of supervision"),
    ("11", "NOT_MET", "2024-01-01", None, [393],
     "509 made the date 31 December 2023; A15, given until 30 September by 393, is open"),
    ("12", "MET", "2022-10-19", 241, [661], "AR6 in 661 speaks of both areas"),
    ("13", "MET", "2024-02-07", 677, [599, 662, 687],
     "677 decided on targeted support, 688 ended it and 687 took its place: s497A"),
    ("5f", "NOT_DUE", "2023-07-17", 510, [], "510 added a clause that asks nothing by itself"),
]  # fmt: skip

# As known on that day, what was to come if nothing more had been recorded: 30 June 2023 seen from 31 December 2022.
FORESEEN: list[Line] = [
    ("2", "NOT_MET", "2023-03-01", None, [146], "CB3, due on 28 February, had not come"),
    ("5a", "NOT_MET", "2023-01-11", None, [269], "O10's 62 days after 9 November end on 10 January"),
    ("5d", "AT_RISK", "2023-01-01", None, [74], "O2 was due on 31 December, and the board had not met again"),
    ("6", "NOT_MET", "2023-04-03", None, [205], "R2 had to begin by 3 April, summer time"),
    (
        "11",
        "AT_RISK",
        "2023-01-01",
        None,
        [103],
        "A8 was due on 31 December: overdue, until the notice's own date",
    ),
]
LAST = 693
KNOWN_ON_31_DECEMBER_2022 = 315
"""The last entry recorded by then."""


def table(to: int, on: datetime) -> dict[str, StatusPeriod]:
    versions = refold(VIEW, played()[0].history[:to]).versions()
    rows = [version.row for table in (STANDINGS, PROSPECTS) for version in versions[table.name].values()]
    return {row.number: row for row in sorted(rows, key=lambda row: row.begins) if row.begins <= on}


@pytest.mark.parametrize(
    ("to", "on", "lines"),
    [
        (LAST, datetime(2022, 12, 31, tzinfo=UTC), ON_31_DECEMBER_2022),
        (LAST, datetime(2023, 6, 30, tzinfo=UTC), ON_30_JUNE_2023),
        (LAST, datetime(2024, 3, 31, tzinfo=UTC), ON_31_MARCH_2024),
        (KNOWN_ON_31_DECEMBER_2022, datetime(2022, 12, 31, tzinfo=UTC), ON_31_DECEMBER_2022),
    ],
    ids=["2022-12-31", "2023-06-30", "2024-03-31", "known at 2022-12-31"],
)
def test_the_table_is_the_one_worked_out_by_hand(to: int, on: datetime, lines: list[Line]) -> None:
    found = table(to, on)
    shown = [
        (row.number, row.status, f"{row.since:%Y-%m-%d}", row.since_position, row.entries)
        for row in found.values()
    ]
    assert sorted(shown) == sorted(line[:5] for line in lines)


def test_what_was_to_come_is_foreseen() -> None:
    found = table(KNOWN_ON_31_DECEMBER_2022, datetime(2023, 6, 30, 12, tzinfo=UTC))
    for number, status, since, position, entries, why in FORESEEN:
        row = found[number]
        shown = (row.status, f"{row.since:%Y-%m-%d}", row.since_position, row.entries)
        assert shown == (status, since, position, entries), (number, why, row.reason)


def test_the_day_by_which_it_was_known_is_that_of_the_last_entry_then() -> None:
    history = played()[0].history
    last = max(entry.position for entry in history if entry.recorded_at <= datetime(2022, 12, 31, tzinfo=UTC))
    assert (last, len(history)) == (KNOWN_ON_31_DECEMBER_2022, LAST)


def test_reasons_are_sentences() -> None:
    for on in (
        datetime(2022, 12, 31, tzinfo=UTC),
        datetime(2023, 6, 30, tzinfo=UTC),
        datetime(2024, 3, 31, tzinfo=UTC),
    ):
        for row in table(LAST, on).values():
            assert row.reason[0].isupper(), row.reason
            assert row.reason.endswith("."), row.reason
