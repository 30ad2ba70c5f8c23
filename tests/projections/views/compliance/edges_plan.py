"""Edge cases of the rules on the plan, its delivery and its measures."""

from calendar import monthrange
from datetime import UTC, date, datetime

from msgspec import structs

from ledger.domain.areas.measures import MeasureReadingReported
from ledger.domain.areas.plan import SlowProgressHighlighted
from ledger.domain.areas.recommendations import CoverageMapped, FindingRegistered
from ledger.domain.fact import Fact, Period
from tests.projections.views.compliance.cases import DUE, LATE, MET, NEVER, NONE, NOT, RISK
from tests.projections.views.compliance.dated_facts import WORDS
from tests.projections.views.compliance.edge import (
    CORRECTED,
    DAY,
    LATE_RECORD,
    NOTHING,
    STEP,
    SUSTAINED,
    DatedFact,
    Edge,
    Edges,
    fix,
    on,
)
from tests.projections.views.compliance.facts import (
    SA1,
    SA2,
    action,
    closed,
    completed,
    day,
    defined,
    dropped,
    met,
    month,
    objective,
    plan,
    progress,
    read,
    reopened,
)

CABINET = {"body": "cabinet", "by": "2022-09-30"}
JUNE = {"target_date": "2023-06-30"}
DECEMBER = {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}]}
TWO_STEPS = {"measure": "M1", "steps": [{"by": "2022-09-30", "target": 40}, {"by": "2022-12-31", "target": 80}]}
FINDINGS = {"covers": ["FINDINGS"]}
DATED: DatedFact = ("2022-07-18", action("A1", "2023-06-30"))
OCTOBER: list[DatedFact] = [("2022-07-14", objective("O1", "2022-10-31")), ("2022-07-14", objective("O2"))]
MEASURED: list[DatedFact] = [
    ("2022-07-06", objective("O1", "2023-06-30", "1b", measures=("M1",))),
    ("2022-07-07", defined("M1", target=60)),
    ("2022-08-01", read("M1", 1, 60)),
    ("2022-08-02", read("M1", 2, 72)),
]
DEFINED: DatedFact = ("2022-07-06", defined("M1"))


def finding(name: str) -> Fact:
    """Return a finding."""
    return FindingRegistered(finding=name, origin="o", text=WORDS)


def quarter(first: int, value: int) -> Fact:
    """Return a reading for the quarter of 2022 that begins with a month."""
    end = date(2022, first + 2, monthrange(2022, first + 2)[1])
    return structs.replace(month(first, value), period=Period(date(2022, first, 1), end))


def mapped(*findings: str) -> Fact:
    """Return the findings that objective O1 answers."""
    return CoverageMapped(objective="O1", findings=list(findings))


def january(value: int) -> Fact:
    """Return measure M1's reading for January 2023."""
    period = Period(day("2023-01-01"), day("2023-01-31"))
    return MeasureReadingReported(
        measure="M1", period=period, numerator=value, system="s", extracted_at=datetime(2022, 1, 1, tzinfo=UTC)
    )


def slow(name: str) -> Fact:
    """Return a highlight of an objective to the board."""
    return SlowProgressHighlighted(objective=name, cause=WORDS, remedy=WORDS)


EDGES: dict[str, Edges] = {
    "context": {NOTHING: Edge({}, [], [on("2022-07-05T00:00", NEVER, "carries no obligation")])},
    "plan-cites-self-assessment": {
        NOTHING: Edge({}, [], [on("2022-08-01", NONE, "No self-assessment has been published")]),
        DAY: Edge(
            {}, [("2022-08-01", SA1), ("2022-09-01", plan("1", "SA1")), ("2022-10-01", SA2)],
            [on("2022-09-01T11:59", NONE, "No plan has been approved", 11), on("2022-09-01T12:00", MET, "cites self-assessment SA1", 11, 12),
             on("2022-10-01T11:59", MET, "cites self-assessment SA1", 11, 12), on("2022-10-01T12:00", NOT, "the current self-assessment is SA2", 12, 13)],
        ),
        LATE_RECORD: Edge(
            {}, [("2022-08-01", SA1), ("2022-09-01", plan("1", "SA1")), ("2022-10-20", SA2, "2022-10-01")],
            [on("2022-10-05", MET, "SA1", 11, 12, known=2), on("2022-10-05", NOT, "SA2", 12, 13)],
        ),
        CORRECTED: Edge(
            {}, [("2022-08-01", SA1), ("2022-09-01", plan("1")), ("2022-09-10", fix(1, plan("1", "SA1")))],
            [on("2022-09-05", NOT, "cites none", 11, 12, known=2), on("2022-09-05", MET, "cites self-assessment SA1", 11, 12)],
        ),
    },
    "plan-coverage": {
        NOTHING: Edge(FINDINGS, [], [on("2022-08-01", NONE, "no live objective")]),
        DAY: Edge(
            FINDINGS, [("2022-08-01", objective()), ("2022-08-02", finding("F1")), ("2022-08-04", mapped("F1"))],
            [on("2022-08-02T11:59", NONE, "No findings are recorded"), on("2022-08-02T12:00", NOT, "no objective for finding F1", 12),
             on("2022-08-04T11:59", NOT, "finding F1", 12), on("2022-08-04T12:00", MET, "All findings", 13)],
        ),
        LATE_RECORD: Edge(
            FINDINGS, [("2022-08-01", objective()), ("2022-08-02", finding("F1")), ("2022-08-20", mapped("F1"), "2022-08-04")],
            [on("2022-08-10", NOT, "finding F1", 12, known=2), on("2022-08-10", MET, "All findings", 13)],
        ),
        CORRECTED: Edge(
            FINDINGS, [("2022-08-01", objective()), ("2022-08-02", finding("F1")), ("2022-08-02", finding("F2")), ("2022-08-04", mapped("F1")),
                       ("2022-08-09", fix(3, mapped("F1", "F2")))],
            [on("2022-08-05", NOT, "finding F2", 13, known=4), on("2022-08-05", MET, "All findings", 14)],
        ),
    },
    "plan-kept-current": {
        NOTHING: Edge({"stale_after_days": 31}, [], [on("2022-08-01", NONE, "no open objective")]),
        DAY: Edge(
            {"stale_after_days": 31}, [("2024-01-20", objective()), ("2024-02-01", progress())],
            [on("2024-02-25T23:59", MET, "within 31 days", 12), on("2024-02-26T00:00", RISK, "needs progress recorded by 3 March 2024", 12),
             on("2024-03-03T23:59", RISK, "3 March 2024", 12), on("2024-03-04T00:00", NOT, "for more than 31 days, since 1 February 2024", 12)],
        ),
        "the day, for an objective without progress of its own": Edge(
            {"stale_after_days": 31}, [("2024-01-20", objective()), ("2024-02-01", progress()), ("2024-02-01", objective("O2"))],
            [on("2024-02-25T23:59", MET, "was added, or had progress recorded, within 31 days", 12), on("2024-03-04T00:00", NOT, "Objective O1", 12)],
        ),
        LATE_RECORD: Edge(
            {"stale_after_days": 31}, [("2024-01-20", objective()), ("2024-02-01", progress()), ("2024-03-10", progress(), "2024-03-01")],
            [on("2024-03-05", NOT, "since 1 February 2024", 12, known=2), on("2024-03-05", MET, "within 31 days", 13)],
        ),
        CORRECTED: Edge(
            {"stale_after_days": 31},
            [("2024-01-20", objective()), ("2024-01-20", objective("O2")), ("2024-02-20", progress()), ("2024-02-21", progress()),
             ("2024-02-23", fix(3, progress("O2")))],
            [on("2024-02-22", NOT, "Objective O2", 12, known=4), on("2024-02-22", MET, "within 31 days", 13)],
        ),
    },
    "plan-approved": {
        NOTHING: Edge(
            CABINET, [], [on("2022-09-16T23:59", DUE, "has to approve a plan by 30 September 2022", 2), on("2022-09-17T00:00", RISK, "has to approve", 2),
                          on("2022-09-30T23:59", RISK, "has to approve", 2), on("2022-10-01T00:00", NOT, "no approval is recorded", 2)],
        ),
        DAY: Edge(CABINET, [("2022-09-30T23:59", plan("1"))], [on("2022-10-01", MET, "Plan 1 was approved on 30 September 2022", 11)]),
        "the day after": Edge(CABINET, [("2022-10-01T00:00", plan("1"))], [on("2022-10-01", LATE, "1 day after 30 September 2022", 11)]),
        LATE_RECORD: Edge(
            CABINET, [("2022-10-10", plan("1"), "2022-09-30")], [on("2022-10-05", NOT, "no approval", 2, known=0), on("2022-10-05", MET, "30 September", 11)],
        ),
        CORRECTED: Edge(
            CABINET, [("2022-09-20", plan("1", body="board")), ("2022-10-10", fix(0, plan("1")))],
            [on("2022-10-05", NOT, "no approval", 2, known=1), on("2022-10-05", MET, "20 September 2022", 11)],
        ),
    },
    "delivered-by": {
        NOTHING: Edge(JUNE, [], [on("2023-07-01", NONE, "The plan has no action")]),
        DAY: Edge(
            JUNE, [DATED, ("2023-06-30T23:59", completed("A1", "2023-06-30"))],
            [on("2023-06-30", DUE, "due by 30 June 2023", 11, known=1), on("2023-06-30T23:58", DUE, "due by 30 June 2023", 11),
             on("2023-07-01T00:00", NOT, "Action A1 (due 30 June 2023) is not completed", 11, known=1), on("2023-07-01T00:00", MET, "A1", 12)],
        ),
        "the day after": Edge(
            JUNE, [DATED, ("2023-07-01", completed("A1", "2023-07-01"))], [on("2023-07-01T12:00", LATE, "1 day after 30 June 2023", 12)],
        ),
        LATE_RECORD: Edge(
            JUNE, [DATED, ("2023-07-10", completed("A1", "2023-06-30"))],
            [on("2023-07-05", NOT, "not completed", 11, known=1), on("2023-07-05", MET, "on 30 June 2023", 12)],
        ),
        CORRECTED: Edge(
            JUNE, [DATED, ("2023-07-03", completed("A1", "2023-07-03")), ("2023-07-08", fix(1, completed("A1", "2023-06-30")))],
            [on("2023-07-05", LATE, "3 days after", 12, known=2), on("2023-07-05", MET, "on 30 June 2023", 12)],
        ),
        "the day after that of a second action, while the first is overdue": Edge(
            JUNE, [("2022-07-10", action("A1", "2022-09-30")), ("2022-07-10", action("A2", "2022-10-31"))],
            [on("2022-10-31T23:59", RISK, "Action A1 (due 30 September 2022) is overdue", 11),
             on("2022-11-01T00:00", RISK, "Actions A1 (due 30 September 2022) and A2 (due 31 October 2022) are overdue", 11, 12)],
        ),
        "the day, of an objective that was dropped": Edge(
            JUNE, [DATED, ("2023-06-01", closed("O1", "DROPPED"))],
            [on("2023-06-30", DUE, "due by 30 June 2023", 11), on("2023-07-01T00:00", NOT, "is still open, though the objective was dropped", 11)],
        ),
    },
    "slow-objectives-highlighted": {
        NOTHING: Edge({}, [], [on("2022-08-01", NONE, "no open objective")]),
        DAY: Edge(
            {}, [*OCTOBER, ("2022-11-01T10:00", met())],
            [on("2022-10-31T23:59", DUE, "No open objective makes slow progress"), on("2022-11-01T00:00", RISK, "highlight it", 11),
             on("2022-11-01T10:00", NOT, "The board met on 1 November 2022 without a highlight", 11, 13)],
        ),
        "the day, with an action completed, then reopened": Edge(
            {}, [*OCTOBER, ("2022-07-15", action("A1", "2022-10-31")), ("2022-10-20", completed("A1", "2022-10-20")), ("2022-11-30", met()),
                 ("2022-12-05", reopened("A1")), ("2022-12-20", completed("A1", "2022-12-20"))],
            [on("2022-11-01T00:00", DUE, "O1 waits to be closed", 14), on("2022-12-05T11:59", DUE, "O1 waits to be closed", 14),
             on("2022-12-05T12:00", NOT, "O1 was due on 31 October 2022", 11, 15), on("2022-12-21", NOT, "until 20 December 2022.", 11, 15, 17)],
        ),
        "the day, with one action completed and the other dropped": Edge(
            {}, [*OCTOBER, ("2022-07-15", action("A1", "2022-10-31")), ("2022-07-15", action("A2", "2022-10-31")),
                 ("2022-10-20", completed("A1", "2022-10-20")), ("2022-10-21", dropped("A2"))],
            [on("2022-10-31T23:59", DUE, "No open objective"), on("2022-11-01T00:00", DUE, "O1 waits to be closed, with no action open", 16)],
        ),
        "the day, with every action dropped": Edge(
            {}, [*OCTOBER, ("2022-07-15", action("A1", "2022-10-31")), ("2022-10-21", dropped("A1"))],
            [on("2022-11-01T00:00", RISK, "O1 was due on 31 October 2022", 11)],
        ),
        "the day of the meeting": Edge(
            {}, [*OCTOBER, ("2022-11-30T10:00", met()), ("2022-11-30T16:00", slow("O1"))], [on("2022-12-01", MET, "for O1", 14)],
        ),
        "the day after the meeting": Edge(
            {}, [*OCTOBER, ("2022-11-30T10:00", met()), ("2022-12-01T09:00", slow("O1"))], [on("2022-12-01", LATE, "O1 came 1 day after", 14)],
        ),
        LATE_RECORD: Edge(
            {}, [*OCTOBER, ("2022-11-30", met()), ("2022-12-10", slow("O1"), "2022-11-20")],
            [on("2022-12-05", NOT, "O1 was due on 31 October 2022", 11, 13, known=3), on("2022-12-05", MET, "for O1", 14)],
        ),
        CORRECTED: Edge(
            {}, [*OCTOBER, ("2022-11-20", slow("O2")), ("2022-11-30", met()), ("2022-12-10", fix(2, slow("O1")))],
            [on("2022-12-05", NOT, "O1", 11, 14, known=4), on("2022-12-05", MET, "for O1", 13)],
        ),
    },
    "measures-improve": {
        NOTHING: Edge({"area": "1b"}, [], [on("2022-08-01", NONE, "No objective of area 1b names a measure")]),
        "the day of the third reading": Edge(
            {"area": "1b"}, [*MEASURED, ("2022-08-03", read("M1", 3, 81))],
            [on("2022-07-31", NONE, "has no reading", 12), on("2022-08-03T11:59", NONE, "fewer than 3 readings", 14), on("2022-08-03T12:00", MET, "holds its target", 15)],
        ),
        LATE_RECORD: Edge(
            {"area": "1b"}, [*MEASURED, ("2022-08-20", read("M1", 3, 81), "2022-08-03")],
            [on("2022-08-10", NONE, "fewer than 3", 14, known=4), on("2022-08-10", MET, "holds its target", 15)],
        ),
        CORRECTED: Edge(
            {"area": "1b"}, [*MEASURED, ("2022-08-03", read("M1", 3, 81)), ("2022-08-20", fix(4, read("M1", 3, 18)))],
            [on("2022-08-10", MET, "holds its target", 15, known=5), on("2022-08-10", RISK, "does not hold its target", 15)],
        ),
        SUSTAINED: Edge(
            {"area": "1b"}, [*MEASURED, ("2022-08-03", read("M1", 3, 81)), ("2022-08-04", read("M1", 4, 59))],
            [on("2022-08-04T11:59", MET, "holds its target", 15), on("2022-08-04T12:00", RISK, "does not hold its target", 16)],
        ),
    },
    "target-met": {
        NOTHING: Edge(DECEMBER, [], [on("2023-01-01", NONE, "Measure M1 is not defined", 2)]),
        "nothing recorded but the measure": Edge(
            DECEMBER, [DEFINED],
            [on("2022-12-17T23:59", DUE, "has to reach 80 by 31 December 2022", 11), on("2022-12-18T00:00", RISK, "has to reach 80", 11),
             on("2022-12-31T23:59", RISK, "has to reach 80", 11), on("2023-01-01T00:00", NONE, "no reading for a period that ended by 31 December 2022", 11)],
        ),
        DAY: Edge(DECEMBER, [DEFINED, ("2023-01-05", read("M1", 31, 80, 2022, 12))], [on("2023-01-05T12:00", MET, "reached 80 by 31 December 2022", 12)]),
        "the day after": Edge(
            DECEMBER, [DEFINED, ("2023-01-05", read("M1", 1, 80, 2023, 1))], [on("2023-01-05T12:00", LATE, "in the period to 1 January 2023, 1 day after", 12)],
        ),
        LATE_RECORD: Edge(
            DECEMBER, [DEFINED, ("2022-12-01", read("M1", 30, 70, 2022, 11)), ("2023-01-20", read("M1", 31, 80, 2022, 12), "2023-01-05")],
            [on("2023-01-10", NOT, "did not reach 80", 12, known=2), on("2023-01-10", MET, "reached 80", 13)],
        ),
        CORRECTED: Edge(
            DECEMBER, [DEFINED, ("2023-01-05", read("M1", 31, 80, 2022, 12)), ("2023-01-20", fix(1, read("M1", 31, 79, 2022, 12)))],
            [on("2023-01-10", MET, "reached 80", 12, known=2), on("2023-01-10", NOT, "did not reach 80", 12)],
        ),
        STEP: Edge(
            TWO_STEPS, [DEFINED, ("2022-09-30", read("M1", 30, 40, 2022, 9)), ("2023-01-05", read("M1", 31, 80, 2022, 12))],
            [on("2022-09-30T11:59", RISK, "40 by 30 September 2022", 11), on("2022-09-30T12:00", DUE, "80 by 31 December 2022", 12),
             on("2022-12-18T00:00", RISK, "80 by 31 December 2022", 12), on("2023-01-01T00:00", NOT, "did not reach 80", 12), on("2023-01-06", MET, "80", 12, 13)],
        ),
        "a step's boundary, the first step missed": Edge(
            TWO_STEPS, [DEFINED, ("2022-09-30", read("M1", 30, 39, 2022, 9)), ("2023-01-05", read("M1", 31, 80, 2022, 12))],
            [on("2022-10-01T00:00", NOT, "did not reach 40 by 30 September 2022", 12), on("2023-01-06", LATE, "reached 40 in the period to 31 December 2022, 92 days after", 13)],
        ),
        "the day of a month without its reading": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 70)), ("2023-01-10", month(12, 80))],
            [on("2023-01-10T11:59", NONE, "no reading for the period to 31 December 2022, which decides on 80 by 31 December 2022", 12), on("2023-01-10T12:00", MET, "reached 80", 13)],
        ),
        "the day of a month without its reading, after it was reached": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 85)), ("2023-01-10", month(12, 79))],
            [on("2022-12-31T23:59", DUE, "reached 80 in the period to 30 November 2022; the day is 31 December 2022, and a figure for a later period until then counts instead", 12),
             on("2023-01-01T00:00", NONE, "period to 31 December 2022, which decides", 12), on("2023-01-10T12:00", NOT, "did not reach 80", 13)],
        ),
        "the day before, the day and the day after, reached early": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 85)), ("2022-12-30", month(12, 81))],
            [on("2022-12-10T11:59", DUE, "has to reach 80", 11), on("2022-12-30T11:59", DUE, "the day is 31 December 2022", 12, known=2),
             on("2022-12-31T23:59", DUE, "the day is 31 December 2022", 12, known=2), on("2023-01-01T00:00", NONE, "which decides", 12, known=2),
             on("2022-12-30T12:00", MET, "reached 80 by 31 December 2022", 13), on("2023-01-01T00:00", MET, "reached 80 by 31 December 2022", 13)],
        ),
        "the day, of months and of the quarter that contains them": Edge(
            {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}]},
            [DEFINED, ("2022-11-10", month(10, 70)), ("2022-12-10", month(11, 85)), ("2023-01-05", quarter(10, 85)), ("2023-01-10", month(12, 79))],
            [on("2023-01-05T12:00", NONE, "no reading for the period to 31 December 2022, which decides", 13), on("2023-01-10T12:00", NOT, "did not reach 80", 15)],
        ),
        "the day, of a quarter and then of its first month": Edge(
            {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}]},
            [DEFINED, ("2023-01-05", quarter(10, 85)), ("2023-01-10", month(10, 90)), ("2023-01-11", month(11, 90)), ("2023-01-12", month(12, 79))],
            [on("2023-01-05T12:00", MET, "reached 80", 12), on("2023-01-10T12:00", NONE, "no reading for the period to 30 November 2022", 13),
             on("2023-01-12T12:00", NOT, "did not reach 80", 15)],
        ),
        "the day, of quarters after months": Edge(
            {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, ("2022-10-10", month(9, 81)), ("2023-01-05", quarter(10, 85))], [on("2023-01-05T12:00", MET, "reached 80 by 31 December 2022 for 2 periods", 12, 13)],
        ),
        "the day, in the middle of a month": Edge(
            {"measure": "M1", "steps": [{"by": "2022-12-15", "target": 80}]}, [DEFINED, ("2022-12-10", month(11, 85)), ("2023-01-10", month(12, 79))],
            [on("2022-12-10T12:00", MET, "reached 80 by 15 December 2022", 12), on("2022-12-16T00:00", MET, "reached 80", 12), on("2023-01-11", MET, "reached 80", 12)],
        ),
        "the day before, the day and the day after, of figures for single days": Edge(
            DECEMBER, [DEFINED, ("2022-12-30", read("M1", 30, 80, 2022, 12)), ("2022-12-31", read("M1", 31, 80, 2022, 12))],
            [on("2022-12-30T12:00", DUE, "in the period to 30 December 2022; the day is 31 December 2022", 12), on("2022-12-31T23:59", DUE, "the day is", 12, known=2),
             on("2022-12-31T12:00", MET, "reached 80", 13), on("2023-01-01T00:00", MET, "reached 80", 12, known=2), on("2023-01-01T00:00", MET, "reached 80", 13)],
        ),
        "sustained and broken before its day": Edge(
            {**DECEMBER, "sustained_periods": 2}, [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, value)) for number, value in ((8, 80), (9, 80), (10, 79))]],
            [on("2022-10-10T12:00", DUE, "reached 80 for 2 periods in the period to 30 September 2022; the day is 31 December 2022", 12, 13),
             on("2022-11-10T12:00", DUE, "has to reach 80 by 31 December 2022 for 2 periods", 14), on("2023-01-01T00:00", NONE, "which decides", 14)],
        ),
        "a step's boundary, both steps reached early": Edge(
            TWO_STEPS, [DEFINED, ("2022-09-10", month(8, 85)), ("2022-10-10", month(9, 85)), ("2023-01-10", month(12, 79))],
            [on("2022-09-30T23:59", DUE, "reached 40 in the period to 31 August 2022; the day is 30 September 2022", 12), on("2022-10-01T00:00", NONE, "which decides on 40", 12),
             on("2022-10-10T12:00", DUE, "reached 80 in the period to 30 September 2022; the day is 31 December 2022", 13), on("2023-01-11", NOT, "did not reach 80", 14)],
        ),
        "the day of a month, and its reading falls short": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 70)), ("2023-01-10", month(12, 79))], [on("2023-01-10T12:00", NOT, "did not reach 80", 13)],
        ),
        "sustained and broken by a month without a reading": Edge(
            {**DECEMBER, "sustained_periods": 2}, [DEFINED, ("2022-11-10", month(10, 80)), ("2023-01-10", month(12, 81))],
            [on("2023-01-11", NOT, "did not reach 80 by 31 December 2022 for 2 periods", 13)],
        ),
        "sustained and broken, and sustained again": Edge(
            {"measure": "M1", "steps": [{"by": "2022-08-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, value)) for number, value in ((7, 80), (8, 80), (9, 79), (10, 80), (11, 80))]],
            [on("2022-10-11", NOT, "no longer does", 12, 13, 14), on("2022-11-11", NOT, "no longer does", 12, 13, 15), on("2022-12-11", LATE, "by 31 August 2022 for 2 periods. It fell short later, and reached it again for 2 periods in the period to 30 November 2022, 91 days after 31 August 2022.", 12, 13, 14, 15, 16)],
        ),
        "sustained and broken again, after it was restored": Edge(
            {"measure": "M1", "steps": [{"by": "2022-07-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, value)) for number, value in ((6, 80), (7, 80), (8, 79), (9, 80), (10, 80), (11, 79))]],
            [on("2022-11-11", LATE, "reached it again for 2 periods in the period to 31 October 2022, 92 days after 31 July 2022.", 12, 13, 14, 15, 16),
             on("2022-12-11", NOT, "by 31 July 2022 for 2 periods, and no longer does.", 12, 13, 17)],
        ),
        "sustained and broken, restored, and then without a reading": Edge(
            {"measure": "M1", "steps": [{"by": "2022-07-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, value)) for number, value in ((6, 80), (7, 80), (8, 79), (9, 80), (10, 80))], ("2023-01-10", month(12, 80))],
            [on("2022-12-31T23:59", LATE, "fell short later", 12, 13, 14, 15, 16), on("2023-01-01T00:00", NONE, "no reading for the period to 30 November 2022", 12, 13, 16, known=6),
             on("2023-01-11", NONE, "no reading for the period to 30 November 2022", 12, 13, 17)],
        ),
        "sustained and broken by silence": Edge(
            {"measure": "M1", "steps": [{"by": "2022-08-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, 80)) for number in (7, 8)], ("2022-12-10", month(11, 80)), ("2023-01-10", month(12, 80))],
            [on("2022-10-31T23:59", MET, "for 2 periods.", 12, 13), on("2022-11-01T00:00", NONE, "by 31 August 2022 for 2 periods. It has no reading for the period to 30 September 2022, "
                "so it is unknown if it still does.", 12, 13), on("2022-12-11", NONE, "no reading for the period to 30 September 2022", 12, 13, 14, known=4),
             on("2023-01-11", MET, "by 31 August 2022 for 2 periods. It had no reading for the period to 30 September 2022, and reaches it in the period to 31 December 2022.", 12, 13, 14, 15)],
        ),
        "sustained and broken, after it was reached late": Edge(
            {"measure": "M1", "steps": [{"by": "2022-07-31", "target": 80}], "sustained_periods": 2},
            [DEFINED, *[(f"2022-{number + 1:02}-10", month(number, value)) for number, value in ((7, 79), (8, 80), (9, 80), (10, 79), (11, 80))]],
            [on("2022-11-11", NOT, "reached 80 for 2 periods in the period to 30 September 2022, 61 days after 31 July 2022, and no longer does", 13, 14, 15)],
        ),
        "the day, on average over months that are not in a row": Edge(
            {**DECEMBER, "average_of": 2}, [DEFINED, ("2022-11-10", month(10, 85)), ("2023-01-10", month(12, 80))],
            [on("2023-01-11", NONE, "fewer than 2 readings in a row by 31 December 2022, too few for a mean", 13)],
        ),
        "the day, on average, and the mean before the day would do": Edge(
            {**DECEMBER, "average_of": 2}, [DEFINED, ("2022-10-10", month(9, 80)), ("2022-11-10", month(10, 85)), ("2023-01-10", month(12, 70)), ("2023-02-10", january(90))],
            [on("2022-12-31", DUE, "reached 80", 12, 13), on("2023-01-11", NONE, "too few for a mean", 14), on("2023-02-11", LATE, "in the period to 31 January 2023, 31 days after", 14, 15)],
        ),
        "the day of a month that is never reported, and the next falls short": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 85)), ("2023-02-10", january(70))],
            [on("2023-02-11", NONE, "no reading for the period to 31 December 2022, which decides", 12)],
        ),
        "the day of a month that is never reported, and the next reaches the target": Edge(
            DECEMBER, [DEFINED, ("2022-12-10", month(11, 85)), ("2023-02-10", january(80))],
            [on("2023-02-11", LATE, "reached 80 in the period to 31 January 2023, 31 days after 31 December 2022", 13)],
        ),
        "sustained and broken, with the month that decides never reported": Edge(
            {**DECEMBER, "sustained_periods": 2}, [DEFINED, ("2022-11-10", month(10, 85)), ("2022-12-10", month(11, 85)), ("2023-02-10", january(70))],
            [on("2023-01-11", NONE, "no reading for the period to 31 December 2022", 13), on("2023-02-11", NOT, "for 2 periods, and no longer does", 12, 13, 14)],
        ),
        "a step's boundary, both steps reached late": Edge(
            TWO_STEPS, [DEFINED, ("2022-10-31", read("M1", 31, 40, 2022, 10)), ("2023-01-31", read("M1", 31, 80, 2023, 1))],
            [on("2022-11-01", DUE, "has to reach 80 by 31 December 2022. Measure M1 reached 40 in the period to 31 October 2022, 31 days after", 12),
             on("2023-02-01", LATE, "reached 40 in the period to 31 October 2022, 31 days after 30 September 2022. Measure M1 reached 80 in the period to "
                "31 January 2023, 31 days after 31 December 2022.", 12, 13)],
        ),
        SUSTAINED: Edge(
            {**DECEMBER, "sustained_periods": 2},
            [DEFINED, ("2022-12-01", read("M1", 30, 80, 2022, 11)), ("2023-01-05", read("M1", 31, 81, 2022, 12)), ("2023-02-05", read("M1", 31, 79, 2023, 1))],
            [on("2022-12-31", RISK, "for 2 periods", 12), on("2023-01-05T12:00", MET, "for 2 periods", 12, 13), on("2023-02-05T12:00", NOT, "no longer does", 12, 13, 14)],
        ),
    },
}  # fmt: skip
