"""Edge cases of the rules on the board, reports, partners, views and ministers' powers."""

from typing import Any

from ledger.domain.areas.actions import ActionAdded
from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased
from ledger.domain.areas.engagement import Group
from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided
from ledger.domain.areas.partners import ContributionReceived
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import BoardReportSubmitted
from ledger.domain.fact import Fact
from tests.projections.views.compliance.cases import DUE, LATE, MET, NONE, NOT, REPORTING, RISK, UNUSED, USED
from tests.projections.views.compliance.dated_facts import WORDS
from tests.projections.views.compliance.edge import (
    CORRECTED,
    DAY,
    LATE_RECORD,
    NOTHING,
    DatedFact,
    Edge,
    Edges,
    fix,
    on,
)
from tests.projections.views.compliance.facts import (
    BOARD,
    PARTNER,
    STAFF,
    adviser_report,
    area,
    chair,
    chair_report,
    closed,
    committed,
    completed,
    considered,
    day,
    dropped,
    gathered,
    met,
    rebaselined,
    reopened,
    timetable,
)

SEATED: list[DatedFact] = [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-11"))]
AGREED: list[DatedFact] = [*SEATED, ("2022-07-12", timetable("2022-12-14", reports=("2022-09-28",)))]
PARTS = {"parts": ["DATA", "ANALYSIS"]}
QUARTERLY = {"covers": ["AREAS"], "every_months": 3}
YEARLY = {"what": "plan", "every_months": 12}
VIEWS = {"groups": [STAFF.value]}
OWED: list[DatedFact] = [("2022-07-06", PARTNER), ("2022-07-08", committed("C1", "2022-08-31"))]

PARTNERS_ACTION: list[DatedFact] = [
    OWED[0],
    ("2022-07-08", ActionAdded(action="A1", objective="O1", title=WORDS, owner="pat", due=day("2022-08-31"), partner="P1")),
]  # fmt: skip


def appointed(first: str, last: str | None = None, *, name: str = "AP") -> Fact:
    """Return the appointment of an adviser."""
    end = None if last is None else day(last)
    return AdviserAppointed(appointment=name, adviser="ann", first=day(first), last=end, terms=WORDS)


def released(last: str) -> Fact:
    """Return the release of the adviser."""
    return AdviserReleased(appointment="AP", last=day(last), reason=WORDS)


def received(on_: str, contribution: str = "C1") -> Fact:
    """Return the receipt of a contribution."""
    return ContributionReceived(contribution=contribution, received_on=day(on_))


def board_report(name: str, **parts: Any) -> Fact:
    """Return a report to the board."""
    return BoardReportSubmitted(report=name, meeting="B1", data=["E"], **parts)


def published(subject: str = "plan") -> Fact:
    """Return a publication."""
    return Published(subject=subject, where=WORDS)


def intervention(power: str) -> Fact:
    """Return a decision of ministers."""
    return InterventionDecided(intervention="I1", power=power, decision=WORDS)


KINSHIP = {"groups": ["OTHER"], "other_groups": ["kinship carers"]}

EDGES: dict[str, Edges] = {
    "partner-actions-owned": {
        NOTHING: Edge({}, [], [on("2022-08-01", NONE, "No partner of this clause is registered")]),
        "nothing recorded but the partner": Edge({}, [OWED[0]], [on("2022-08-01", NONE, "No action or contribution is recorded for P1", 11)]),
        DAY: Edge(
            {}, [*OWED, ("2022-08-31T23:59", received("2022-08-31"))],
            [on("2022-08-31T23:58", MET, "none is overdue", 12), on("2022-09-01T00:00", NOT, "C1, due on 31 August 2022", 12, known=2),
             on("2022-09-01T00:00", MET, "none is overdue", 12)],
        ),
        "the day after, for two contributions": Edge(
            {}, [*OWED, ("2022-07-08", committed("C2", "2022-08-31")), ("2022-09-01", received("2022-09-01")), ("2022-09-03", received("2022-09-03", "C2"))],
            [on("2022-09-04", LATE, "C1 was received 1 day late and C2 was received 3 days late", 13, 14, 15)],
        ),
        "the day after": Edge({}, [*OWED, ("2022-09-01", received("2022-09-01"))], [on("2022-09-01T12:00", LATE, "C1 was received 1 day late", 12, 13)]),
        LATE_RECORD: Edge(
            {}, [*OWED, ("2022-09-10", received("2022-08-31"))], [on("2022-09-05", NOT, "C1", 12, known=2), on("2022-09-05", MET, "none is overdue", 12)],
        ),
        "the day, for a partner's action": Edge(
            {}, [PARTNERS_ACTION[0], PARTNERS_ACTION[1], ("2022-09-03", completed("A1", "2022-09-02"))],
            [on("2022-08-31T23:59", MET, "none is overdue", 12), on("2022-09-01T00:00", NOT, "Action A1, due on 31 August 2022, has not been completed", 12, known=2),
             on("2022-09-01T00:00", NOT, "Action A1", 12), on("2022-09-03T12:00", LATE, "A1 was completed 2 days late", 12, 13)],
        ),
        "the day, for a partner's action with another date": Edge(
            {}, [*PARTNERS_ACTION, ("2022-08-20", rebaselined("A1", "2022-08-31", "2022-09-30"))],
            [on("2022-09-30T23:59", MET, "none is overdue", 12), on("2022-10-01T00:00", NOT, "Action A1, due on 30 September 2022", 13)],
        ),
        "the day, for a partner's action dropped, then reopened": Edge(
            {}, [*PARTNERS_ACTION, ("2022-08-20", dropped("A1")), ("2022-09-05", reopened("A1"))],
            [on("2022-09-01T00:00", MET, "none is overdue", 12), on("2022-09-05T12:00", NOT, "Action A1", 14)],
        ),
        "the day, for a partner's action of an objective that was dropped": Edge(
            {}, [*PARTNERS_ACTION, ("2022-08-20", closed("O1", "DROPPED"))], [on("2022-09-01T00:00", NOT, "Action A1", 12)],
        ),
        "recorded late, a partner's action before its addition": Edge(
            {}, [PARTNERS_ACTION[0], ("2022-07-09", completed("A1", "2022-07-07")), PARTNERS_ACTION[1]], [on("2022-09-01T00:00", MET, "none is overdue", 13)],
        ),
        "recorded late, a partner's action after its day": Edge(
            {}, [*PARTNERS_ACTION, ("2022-09-10", completed("A1", "2022-08-31"))],
            [on("2022-09-05", NOT, "Action A1", 12, known=2), on("2022-09-05", MET, "none is overdue", 12)],
        ),
        CORRECTED: Edge(
            {}, [*OWED, ("2022-09-02", received("2022-09-02")), ("2022-09-08", fix(2, received("2022-08-30")))],
            [on("2022-09-05", LATE, "2 days late", 12, 13, known=3), on("2022-09-05", MET, "none is overdue", 12)],
        ),
    },
    "adviser-in-post": {
        "the day of a second adviser, after a vacancy": Edge(
            {}, [("2022-07-08", appointed("2022-07-11", "2022-12-31")), ("2023-02-01", appointed("2023-02-06", name="AP2"))],
            [on("2023-02-05T23:59", NOT, "vacant since 1 January 2023, without a release", 11),
             on("2023-02-06T00:00", MET, "held by ann; it was vacant from 1 January 2023 to 5 February 2023.", 11, 12)],
        ),
        "the day of a second adviser, without a vacancy": Edge(
            {}, [("2022-07-08", appointed("2022-07-11", "2022-12-31")), ("2022-12-01", appointed("2023-01-01", name="AP2"))],
            [on("2023-01-01T00:00", MET, "The post of adviser is held by ann.", 12)],
        ),
        NOTHING: Edge({}, [], [on("2022-08-01", NONE, "No adviser has been appointed")]),
        DAY: Edge(
            {}, [("2022-07-08", appointed("2022-07-11", "2022-12-31"))],
            [on("2022-07-10T23:59", DUE, "begins on 11 July 2022", 11), on("2022-07-11T00:00", MET, "held by ann", 11),
             on("2022-12-31T23:59", MET, "held by ann", 11), on("2023-01-01T00:00", NOT, "vacant since 1 January 2023", 11)],
        ),
        LATE_RECORD: Edge({}, [("2022-08-10", appointed("2022-07-11"))], [on("2022-08-01", NONE, "No adviser", known=0), on("2022-08-01", MET, "held by ann", 11)]),
        CORRECTED: Edge(
            {}, [("2022-07-08", appointed("2022-08-11")), ("2022-08-10", fix(0, appointed("2022-07-11")))],
            [on("2022-08-01", DUE, "begins on 11 August 2022", 11, known=1), on("2022-08-01", MET, "held by ann", 11)],
        ),
    },
    "board-and-chair": {
        "the day of a second chair, after a vacancy": Edge(
            {}, [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-11", "2022-08-31")), ("2022-09-10", chair("2022-09-12", name="cy"))],
            [on("2022-08-31T23:59", MET, "chaired by chair.", 11, 12), on("2022-09-01T00:00", NOT, "no chair since 1 September 2022", 12),
             on("2022-09-12T00:00", MET, "chaired by cy. The chair was vacant from 1 September 2022 to 11 September 2022.", 11, 12, 13)],
        ),
        "the day of a second chair, without a vacancy": Edge(
            {}, [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-11", "2022-08-31")), ("2022-08-10", chair("2022-09-01", name="cy"))],
            [on("2022-09-01T00:00", MET, "The board is chaired by cy.", 11, 13)],
        ),
        NOTHING: Edge(REPORTING, [], [on("2022-08-01", NONE, "No board has been established")]),
        "nothing recorded but the board": Edge(REPORTING, SEATED[:1], [on("2022-08-01", NONE, "No chair has been appointed", 11)]),
        "nothing recorded but the board and its chair": Edge(REPORTING, SEATED, [on("2022-08-01", NONE, "No timetable has been agreed", 11, 12)]),
        DAY: Edge(
            REPORTING, [*AGREED, ("2022-09-28T23:59", chair_report())],
            [on("2022-07-10T23:59", DUE, "first chair begins on 11 July 2022", 12), on("2022-09-21T23:59", MET, "no report of the chair is due yet", 11, 12, 13),
             on("2022-09-22T00:00", RISK, "due by 28 September 2022", 13), on("2022-09-28T23:58", RISK, "due by 28 September 2022", 13),
             on("2022-09-29T00:00", NOT, "has not reported for 28 September 2022", 13, known=3), on("2022-09-29T00:00", MET, "by each report day", 11, 12, 13, 14)],
        ),
        "the day after": Edge(
            REPORTING, [*AGREED, ("2022-09-29", chair_report())], [on("2022-09-29T12:00", LATE, "the report for 28 September 2022 came 1 day late", 11, 12, 13, 14)],
        ),
        LATE_RECORD: Edge(
            REPORTING, [*AGREED, ("2022-10-10", chair_report(), "2022-09-27")],
            [on("2022-10-05", NOT, "28 September 2022", 13, known=3), on("2022-10-05", MET, "by each report day", 11, 12, 13, 14)],
        ),
        CORRECTED: Edge(
            REPORTING, [*AGREED, ("2022-09-27", chair_report("C1", "2022-09-30")), ("2022-10-10", fix(3, chair_report("C1", "2022-08-31")))],
            [on("2022-10-05", NOT, "28 September 2022", 13, 14, known=4), on("2022-10-05", MET, "by each report day", 11, 12, 13, 14)],
        ),
    },
    "board-report-complete": {
        NOTHING: Edge(
            PARTS, [],
            [on("2022-10-05T23:59", DUE, "The board has not met yet"),
             on("2022-10-06T00:00", NONE, "was to meet by 5 October 2022; no meeting of it and no report to it are recorded", 2)],
        ),
        "nothing recorded but a timetable, and a later one": Edge(
            PARTS, [("2022-07-12", timetable("2022-09-28")), ("2022-09-20", timetable("2022-11-30"))],
            [on("2022-09-28T23:59", DUE, "The board has not met yet"), on("2022-09-29T00:00", NONE, "was to meet by 28 September 2022", 11)],
        ),
        "the day of a first meeting that is late": Edge(
            PARTS, [("2022-07-12", timetable("2022-09-28")), ("2022-10-12", met())],
            [on("2022-10-12T11:59", NONE, "was to meet by 28 September 2022", 11), on("2022-10-12T12:00", NONE, "has met, and no report to it", 12)],
        ),
        DAY: Edge(
            PARTS, [("2022-08-01", met()), ("2022-08-03", board_report("1")), ("2022-08-05", board_report("2", analysis=WORDS))],
            [on("2022-08-01T11:59", DUE, "has not met"), on("2022-08-01T12:00", NONE, "no report to it", 11), on("2022-08-03T12:00", NOT, "Report 1, the latest to the board, lacks analysis", 12),
             on("2022-08-05T11:59", NOT, "Report 1", 12), on("2022-08-05T12:00", MET, "Report 2", 13)],
        ),
        LATE_RECORD: Edge(
            PARTS, [("2022-08-01", met()), ("2022-08-20", board_report("1", analysis=WORDS), "2022-08-01")],
            [on("2022-08-10", NONE, "no report", 11, known=1), on("2022-08-10", MET, "Report 1", 12)],
        ),
        CORRECTED: Edge(
            PARTS, [("2022-08-01", met()), ("2022-08-03", board_report("1")), ("2022-08-09", fix(1, board_report("1", analysis=WORDS)))],
            [on("2022-08-05", NOT, "lacks analysis", 12, known=2), on("2022-08-05", MET, "has data and analysis", 12)],
        ),
    },
    "views-considered": {
        "nothing recorded, of a group by name": Edge(KINSHIP, [], [on("2022-08-01", NONE, "No views of kinship carers have been gathered.")]),
        "the day, of a group by name": Edge(
            KINSHIP, [("2022-08-01", gathered("V1", Group.OTHER, "foster families")), ("2022-08-02", considered("V1")),
                      ("2022-08-03", gathered("V2", Group.OTHER, "kinship carers")), ("2022-08-10", considered("V2"))],
            [on("2022-08-03T11:59", NONE, "No views of kinship carers have been gathered."), on("2022-08-03T12:00", RISK, "Views V2, gathered on 3 August 2022, have not been considered", 13),
             on("2022-08-10T12:00", MET, "each group were considered", 13, 14)],
        ),
        "the day, of a group by name and of one of the list": Edge(
            {"groups": ["FRONTLINE_STAFF", "OTHER"], "other_groups": ["kinship carers"]}, [("2022-08-01", gathered("V1", Group.OTHER, "kinship carers")), ("2022-08-02", considered("V1"))],
            [on("2022-08-02T12:00", NONE, "No views of frontline staff have been gathered.", 11)],
        ),
        NOTHING: Edge(VIEWS, [], [on("2022-08-01", NONE, "No views of frontline staff")]),
        DAY: Edge(
            VIEWS, [("2022-08-01", gathered("V1", STAFF)), ("2022-08-05", considered("V1"))],
            [on("2022-08-01T11:59", NONE, "No views"), on("2022-08-01T12:00", RISK, "Views V1, gathered on 1 August 2022", 11), on("2022-08-05T11:59", RISK, "V1", 11),
             on("2022-08-05T12:00", MET, "were considered", 11, 12)],
        ),
        LATE_RECORD: Edge(
            VIEWS, [("2022-08-01", gathered("V1", STAFF)), ("2022-08-20", considered("V1"), "2022-08-05")],
            [on("2022-08-10", RISK, "V1", 11, known=1), on("2022-08-10", MET, "were considered", 11, 12)],
        ),
        CORRECTED: Edge(
            VIEWS, [("2022-08-01", gathered("V1", STAFF)), ("2022-08-05", considered("V0")), ("2022-08-09", fix(1, considered("V1")))],
            [on("2022-08-06", RISK, "V1", 11, known=2), on("2022-08-06", MET, "were considered", 11, 12)],
        ),
    },
    "adviser-reports": {
        NOTHING: Edge(
            QUARTERLY, [], [on("2022-09-21T23:59", DUE, "first report is due by 5 October 2022", 2), on("2022-09-22T00:00", RISK, "first report is due", 2),
                            on("2022-10-05T23:59", RISK, "first report is due", 2), on("2022-10-06T00:00", NOT, "first report was due by 5 October 2022", 2)],
        ),
        DAY: Edge(
            QUARTERLY, [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1a"))],
            [on("2022-11-16T23:59", MET, "the next is due by 30 November 2022", 12), on("2022-11-17T00:00", RISK, "30 November 2022", 12),
             on("2022-11-30T23:59", RISK, "30 November 2022", 12), on("2022-12-01T00:00", NOT, "after 1 was due by 30 November 2022", 12)],
        ),
        "the day of the first report": Edge(
            QUARTERLY, [("2022-07-05", area("1a")), ("2022-10-05T23:59", adviser_report("1", "1a"))], [on("2022-10-06", MET, "covers every topic", 12)],
        ),
        "the day after the adviser's release": Edge(
            QUARTERLY, [("2022-07-08", appointed("2022-07-11")), ("2022-08-31", adviser_report("1", "1a")), ("2022-10-31", released("2022-11-29"))],
            [on("2022-11-29T23:59", RISK, "due by 30 November 2022", 12), on("2022-11-30T00:00", DUE, "released the adviser on 29 November 2022; no report is to come", 12, 13)],
        ),
        "the day of a report, and the adviser's release after it": Edge(
            QUARTERLY, [("2022-07-08", appointed("2022-07-11")), ("2022-08-31", adviser_report("1", "1a")), ("2022-10-31", released("2022-11-30"))],
            [on("2022-12-01T00:00", NOT, "was due by 30 November 2022", 12)],
        ),
        "the day after the adviser's release, with another adviser": Edge(
            QUARTERLY, [("2022-07-08", appointed("2022-07-11")), ("2022-08-31", adviser_report("1", "1a")), ("2022-10-31", released("2022-10-31")), ("2022-11-15", appointed("2022-11-15"))],
            [on("2022-11-14", DUE, "no report is to come", 12, 13), on("2022-12-01T00:00", NOT, "was due by 30 November 2022", 12)],
        ),
        "the day after, and a second report in time": Edge(
            QUARTERLY, [("2022-07-05", area("1a")), ("2022-10-06", adviser_report("1", "1a")), ("2022-12-01", adviser_report("2", "1a"))],
            [on("2022-10-06T12:00", LATE, "1 day late; the next is due by 6 January 2023", 12), on("2022-12-02", MET, "covers every topic", 13)],
        ),
        LATE_RECORD: Edge(
            QUARTERLY, [("2022-07-05", area("1a")), ("2022-10-20", adviser_report("1", "1a"), "2022-10-05")],
            [on("2022-10-10", NOT, "first report was due", 2, known=1), on("2022-10-10", MET, "covers every topic", 12)],
        ),
        CORRECTED: Edge(
            QUARTERLY, [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1b")), ("2022-09-10", fix(1, adviser_report("1", "1a")))],
            [on("2022-09-05", NOT, "leaves out area 1a", 12, known=2), on("2022-09-05", MET, "covers every topic", 12)],
        ),
    },
    "published": {
        NOTHING: Edge(
            YEARLY, [], [on("2023-06-21T23:59", NONE, "No publication of plan is recorded"), on("2023-06-22T00:00", RISK, "first publication of plan is due by 5 July 2023", 2),
                         on("2023-07-05T23:59", RISK, "5 July 2023", 2), on("2023-07-06T00:00", NOT, "first publication of plan was due by 5 July 2023", 2)],
        ),
        DAY: Edge(
            YEARLY, [("2022-08-31", published())],
            [on("2022-08-31T11:59", NONE, "No publication of plan"), on("2022-08-31T12:00", MET, "plan", 11), on("2023-08-31T23:59", RISK, "31 August 2023", 11),
             on("2023-09-01T00:00", NOT, "next publication of plan was due by 31 August 2023", 11)],
        ),
        "the day after, and a second publication in time": Edge(
            YEARLY, [("2023-07-06", published()), ("2024-06-01", published())],
            [on("2023-07-06T12:00", LATE, "was on 6 July 2023, 1 day late", 11), on("2024-06-02", MET, "1 June 2024", 12)],
        ),
        "the day after, for a second publication": Edge(
            YEARLY, [("2022-08-31", published()), ("2023-09-01", published())], [on("2023-09-01T12:00", LATE, "1 day late", 12)],
        ),
        LATE_RECORD: Edge(
            YEARLY, [("2023-07-20", published(), "2023-07-05")], [on("2023-07-10", NOT, "was due", 2, known=0), on("2023-07-10", MET, "plan", 11)],
        ),
        CORRECTED: Edge(
            YEARLY, [("2022-08-31", published("report")), ("2022-09-10", fix(0, published()))],
            [on("2022-09-05", NONE, "No publication of plan", known=1), on("2022-09-05", MET, "plan", 11)],
        ),
    },
    "escalation": {
        NOTHING: Edge({"power": "s497A"}, [], [on("2022-08-01", UNUSED, "No concern has been raised")]),
        DAY: Edge(
            {"power": "s497A"}, [("2022-08-03", intervention("s497A"))],
            [on("2022-08-03T11:59", UNUSED, "No concern"), on("2022-08-03T12:00", USED, "s497A", 11)],
        ),
        "the day of another power": Edge(
            {"power": "s497A"},
            [("2022-08-01", ConcernRaised(concern="C1", text=WORDS)), ("2022-08-02", ConcernRaised(concern="C2", text=WORDS)), ("2022-08-03", intervention("s7"))],
            [on("2022-08-01T12:00", UNUSED, "A concern was raised (C1), without an intervention by the power s497A.", 11),
             on("2022-08-03T12:00", UNUSED, "Concerns were raised (C1 and C2), without an intervention by the power s497A.", 11, 12)],
        ),
        LATE_RECORD: Edge(
            {"power": "s497A"}, [("2022-08-20", intervention("s497A"), "2022-08-03")], [on("2022-08-10", UNUSED, "", known=0), on("2022-08-10", USED, "s497A", 11)],
        ),
        CORRECTED: Edge(
            {"power": "s497A"}, [("2022-08-03", intervention("s7")), ("2022-08-20", fix(0, intervention("s497A")))],
            [on("2022-08-10", UNUSED, "", known=1), on("2022-08-10", USED, "s497A", 11)],
        ),
    },
}  # fmt: skip
