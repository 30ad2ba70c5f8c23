"""The invented history's compliance, clause by clause, as worked out by hand from its entries.

Each line has the clause, its status, the day since which it holds, and the entry that brought it about. A passed
deadline has no entry: None. Then come the entries that the status rests on, and why. The day is in Greenwich
time; a deadline passes at midnight in London.
"""

from datetime import UTC, datetime

import pytest

from projections.engine.follower import refold
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.packs.test_history import played

Line = tuple[str, str, str, int | None, list[int], str]

# From 4 to 30 the clauses were registered; 61 appointed the first adviser, 73 to 82 added the objectives.
ON_31_DECEMBER_2022: list[Line] = [
    ("1", "NOT_APPLICABLE", "2022-07-04", 4, [], "The clause introduces other clauses and carries no obligation"),
    ("1a", "MET", "2022-11-30", 288, [238, 288], "288 approved plan-2, which answers SA1, published by 238"),
    ("1b", "AT_RISK", "2022-10-06", 219, [294],
     "Measure M1 has fewer than 12 readings, and does not hold its target yet"),
    ("2", "MET_LATE", "2022-12-09", 307, [147, 148, 306, 307],
     "No action or contribution is overdue; A6 was completed 9 days late and CB1 was received 9 days late"),
    ("3", "MET", "2022-07-10", None, [170],
     "the first adviser's first day was 11 July, British summer time; 170 put another in the same appointment"),
    ("4", "MET", "2022-11-24", 282, [73, 74, 134, 135, 136, 137, 224, 282],
     "73 and 74 serve the areas, 134 to 137 mapped F1 to F4, 224 mapped RC1, and 282 rejected RC2 with a reason"),
    ("5", "NOT_APPLICABLE", "2022-07-04", 10, [], "The clause introduces other clauses and carries no obligation"),
    ("5a", "MET", "2022-12-12", 311, [271],
     "141 made the limit 62 days; O5 was a day late when 311 recorded its progress; O10 has waited longest since, from 271 on 9 November"),
    ("5b", "MET", "2022-07-27", 140, [112, 113, 140, 230],
     "The board is chaired by chair, and the chair reported by each report day"),
    ("5c", "NOT_MET", "2022-10-12", 234, [234], "BRP1 in 234 gives no evidence of impact"),
    ("5d", "NOT_MET", "2022-08-31", 167,
     [158, 159, 160, 161, 185, 186, 187, 188, 191, 233, 312],
     "The board met with 312 without a highlight of any objective, and each was or is rated RED since the other entries"),
    ("5e", "MET", "2022-12-28", 317, [222, 247, 291, 317], "247 considered V1 of staff and 317 V2 of children"),
    ("6", "MET", "2022-10-03", 205, [163, 205],
     "Review R1 began on 3 October 2022; the next is due by 3 April 2023"),
    ("7", "POWER_USED", "2022-10-03", 205, [205],
     "Reviews have looked at performance and leadership and governance, and not at the other four topics"),
    ("8", "POWER_USED", "2022-10-11", 227, [227, 253], "Diagnostic DG1 is under way"),
    ("9", "MET", "2022-11-07", 266, [254, 266],
     "The access requested for diagnostic DG1 was opened. Not given earlier: X3 for review R1 and X4 for review R1"),
    ("9a", "MET", "2022-10-03", 204, [189, 204],
     "The access to staff and leadership requested for review R1 was opened"),
    ("9b", "MET", "2022-11-07", 266, [254, 266], "The access to data requested for diagnostic DG1 was opened"),
    ("9c", "NOT_DUE", "2022-07-04", 22, [], "No access to facilities has been requested"),
    ("9d", "NOT_MET", "2022-10-05", 210, [190, 193, 209, 210, 242],
     "210 refused X4; X3, asked for with 190, was granted and ended without being opened; 242 completed R1"),
    ("10", "MET", "2022-09-27", 197, [197], "197 came six days before R1 began"),
    ("10a", "POWER_USED", "2022-09-27", 197, [197], "The assessment for review R1 has its part on objectives"),
    ("10b", "POWER_UNUSED", "2022-07-04", 26, [197], "The assessment for review R1 leaves out staff survey"),
    ("10c", "POWER_UNUSED", "2022-07-04", 27, [197], "The assessment for review R1 leaves out supervision"),
    ("11", "NOT_DUE", "2022-12-09", 306, [103],
     "Every open action is due by 30 June 2023, or by an approved later date"),
    ("12", "NO_EVIDENCE", "2022-07-04", 29, [243],
     "The adviser's latest report, AR1, covers every topic; no interval between reports is agreed"),
    ("13", "POWER_UNUSED", "2022-07-04", 30, [], "No concern has been raised"),
]  # fmt: skip

ON_30_JUNE_2023: list[Line] = [
    ("1", "NOT_APPLICABLE", "2022-07-04", 4, [], "The clause introduces other clauses and carries no obligation"),
    ("1a", "MET", "2023-04-26", 441, [400, 441],
     "400 published SA2, which plan-2 does not answer; 441 approved plan-3, which does"),
    ("1b", "AT_RISK", "2022-10-06", 219, [468],
     "Measure M2 has fewer than 12 readings, and does not hold its target yet"),
    ("2", "NOT_MET", "2023-05-31", None, [147, 466], "CB4 was due on 31 May; 466 says that it was missed"),
    ("3", "MET", "2022-07-10", None, [170], "as before"),
    ("4", "MET", "2022-11-24", 282, [73, 74, 134, 135, 136, 137, 224, 282],
     "as before: O2 of 74 was achieved, and still answers area 1a"),
    ("5", "NOT_APPLICABLE", "2022-07-04", 10, [], "The clause introduces other clauses and carries no obligation"),
    ("5a", "MET", "2023-06-12", 481, [456],
     "the objective that has waited longest had its progress in 456, in May"),
    ("5b", "NOT_MET", "2023-03-31", None, [405, 409, 487, 488],
     "409: the chair's last day was 31 March; the next one, appointed by 486, begins on 3 July. The minutes of B9 (405), "
     "B10 (487) and B11 (488) were approved on 4 July only"),
    ("5c", "MET", "2023-04-12", 433, [433], "BRP3 in 433 has all four parts"),
    ("5d", "NOT_MET", "2022-08-31", 167,
     [158, 161, 185, 186, 187, 191, 432, 434, 490],
     "O7 is RED for impact since 434 and was for both before; 490 is the meeting of 28 June; 342 to 414 completed the actions of late objectives"),
    ("5e", "AT_RISK", "2023-06-14", 482, [482], "V4 of 482 were considered in July only"),
    ("6", "MET", "2022-10-03", 205, [359, 412],
     "Review R2 began on 3 April 2023; the next is due by 3 October 2023"),
    ("7", "POWER_USED", "2022-10-03", 205, [205, 412], "Reviews have looked at four topics, and not at early help and multi-agency"),
    ("8", "POWER_USED", "2022-10-11", 227, [349], "Every diagnostic has reported; DG1 reported 3 days late"),
    ("9", "NOT_MET", "2023-04-14", 435, [393, 398, 435],
     "435 completed R2 before X7 was opened"),
    ("9a", "MET", "2023-04-03", 411, [392, 411],
     "The access to staff and leadership requested for review R2 was opened"),
    ("9b", "MET", "2022-11-07", 266, [254, 266], "The access to data requested for diagnostic DG1 was opened"),
    ("9c", "NOT_DUE", "2022-07-04", 22, [], "No access to facilities has been requested"),
    ("9d", "NOT_MET", "2022-10-05", 210, [393, 398, 435],
     "210 refused X4, and 435 completed R2 before X7 was opened"),
    ("10", "NOT_MET", "2023-04-03", 412, [412, 426], "R2 began with 412 on 3 April, the assessment is of 6 April"),
    ("10a", "POWER_USED", "2022-09-27", 197, [426], "The assessment for review R2 has its part on objectives"),
    ("10b", "POWER_UNUSED", "2022-07-04", 26, [426], "The assessment for review R2 leaves out staff survey"),
    ("10c", "POWER_UNUSED", "2022-07-04", 27, [426], "The assessment for review R2 leaves out supervision"),
    ("11", "AT_RISK", "2023-05-15", 461, [114, 461],
     "A16 of 114 is overdue; 461 moved A12 past the target, approved by a chair who had left"),
    ("12", "NO_EVIDENCE", "2022-07-04", 29, [438],
     "The adviser's latest report, AR3, covers every topic; no interval between reports is agreed"),
    ("13", "POWER_UNUSED", "2022-07-04", 30, [], "No concern has been raised"),
]  # fmt: skip

# 694 closed the notice on 18 March 2024: each status stays as it was then.
ON_31_MARCH_2024: list[Line] = [
    ("1", "NOT_APPLICABLE", "2022-07-04", 4, [], "The clause introduces other clauses and carries no obligation"),
    ("1a", "NOT_MET", "2023-11-13", 615, [441, 615, 691],
     "Plan plan-3 cites SA2; the current self-assessment is SA3. Area 1a was closed on 12 March 2024"),
    ("1b", "NOT_DUE", "2024-03-12", 692, [692], "692 carried area 1b over to the direction"),
    ("2", "NOT_MET", "2023-05-31", None, [147, 466, 694],
     "Contribution CB4, due on 31 May 2023, has not been received"),
    ("3", "MET", "2022-07-10", None, [170, 694], "The post of adviser is held by adviser"),
    ("4", "NOT_MET", "2023-09-28", 564, [564, 694], "The plan has no objective for recommendation RC4"),
    ("5", "NOT_APPLICABLE", "2022-07-04", 10, [], "The clause introduces other clauses and carries no obligation"),
    ("5a", "NOT_MET", "2024-03-12", None, [655, 694],
     "Objective O10 has had no progress recorded for more than 62 days, since 9 January 2024"),
    ("5b", "NOT_MET", "2023-07-26", None, [407, 409, 486, 598, 658, 667, 694],
     "The chair has not reported for 26 July 2023, a report day of the timetable. 598 commissioned U4 for 29 November, "
     "never received; no entry approves the minutes of B17 (667)"),
    ("5c", "MET", "2023-10-12", 588, [660, 694],
     "Report BRP6, the latest to the board, has data, analysis, recommendations and impact evidence"),
    ("5d", "NOT_MET", "2022-08-31", 167,
     [158, 161, 185, 186, 187, 191, 305, 688, 694],
     "O1 was RED until December 2022, O9 until April 2023, and neither was ever highlighted; 305 ended the red of O1; 688 is the last meeting"),
    ("5e", "AT_RISK", "2023-10-11", 585, [585, 694],
     "Views V5, gathered on 11 October 2023, have not been considered"),
    ("6", "AT_RISK", "2024-03-13", None, [540, 577, 694],
     "A review by DfE has to begin by 9 April 2024; none is scheduled by then"),
    ("7", "POWER_USED", "2022-10-03", 205, [205, 412, 577, 627, 694],
     "Reviews have looked at every topic of the clause"),
    ("8", "POWER_USED", "2022-10-11", 227, [525, 541, 694],
     "Diagnostic DG2 was due on 31 October 2023; no report of it is recorded"),
    ("9", "MET", "2023-12-04", 626, [620, 626, 694],
     "The access requested for review R4 was opened. Not given earlier: X3 for review R1, X4 for review R1 and X7 for review R2"),
    ("9a", "MET", "2023-04-03", 411, [392, 411, 694],
     "The access to staff and leadership requested for review R2 was opened"),
    ("9b", "MET", "2022-11-07", 266, [254, 266, 694],
     "The access to data requested for diagnostic DG1 was opened"),
    ("9c", "MET", "2023-10-09", 576, [555, 576, 694],
     "The access to facilities requested for review R3 was opened"),
    ("9d", "MET", "2023-12-04", 626, [620, 626, 694],
     "The access to case files, minutes and supervision records requested for review R4 was opened. Not given earlier: X3 for review R1, X4 for review R1 and X7 for review R2"),
    ("10", "MET", "2023-09-29", 566, [412, 426, 566, 694],
     "566 came ten days before R3; 426 came three days after R2 began, by 412; R4 is an inspection by Ofsted"),
    ("10a", "POWER_USED", "2022-09-27", 197, [566, 694],
     "The assessment for review R3 has its part on objectives"),
    ("10b", "POWER_UNUSED", "2022-07-04", 26, [566, 694],
     "The assessment for review R3 leaves out staff survey"),
    ("10c", "POWER_UNUSED", "2022-07-04", 27, [566, 694],
     "The assessment for review R3 leaves out supervision"),
    ("11", "NOT_MET", "2024-01-01", None, [395, 461, 694],
     "A15 of 395 and A12 of 461 are open after the revised target of 31 December 2023"),
    ("12", "NO_EVIDENCE", "2022-07-04", 29, [663, 694],
     "The adviser's latest report, AR6, covers every topic; no interval between reports is agreed"),
    ("13", "POWER_USED", "2024-03-12", 689, [689, 694], "Ministers use their power (s497A)"),
    ("5f", "NOT_MET", "2023-08-17", None, [512, 694],
     "The first publication of caseloads was due by 17 August 2023"),
]  # fmt: skip

# As known on that day, what was to come if nothing more had been recorded: 30 June 2023 seen from 31 December 2022.
FORESEEN: list[Line] = [
    ("2", "NOT_MET", "2023-03-31", None, [147, 148], "CB5, due on 31 March, and CB4, due on 31 May, had not come"),
    ("5a", "NOT_MET", "2023-01-11", None, [271], "O10's 62 days after 9 November end on 10 January"),
    (
        "5d",
        "NOT_MET",
        "2022-08-31",
        167,
        [158, 159, 160, 161, 185, 186, 187, 188, 191, 233, 312],
        "O7 is RED for activity without a highlight, as the others were",
    ),
    ("6", "NOT_MET", "2023-04-03", None, [163, 205], "R2 had to begin by 3 April, summer time"),
    (
        "11",
        "AT_RISK",
        "2023-01-01",
        None,
        [98, 102, 103, 106, 109, 123, 124],
        "A8 of 31 December, A3, A7, A19, A13, A20 and A10 of the next months: overdue, until the notice's own date",
    ),
]
LAST = 741
KNOWN_ON_31_DECEMBER_2022 = 317
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
