"""Edge cases of the rules on duties: judged, done, instructed, not done, in post, co-operated with."""

from ledger.domain.areas.duties import CooperationReported, PostVacated
from ledger.domain.fact import Fact
from tests.projections.views.compliance.cases import DUE, LATE, MET, NONE, NOT, RISK
from tests.projections.views.compliance.dated_facts import WORDS
from tests.projections.views.compliance.duty_cases import (
    ACCEPTED,
    CONSENT,
    PLAN,
    RETURNED,
    SENIOR,
    answered,
    assessed_as,
    confirmed,
    filled,
    instructed,
    reported,
    submitted,
)
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
from tests.projections.views.compliance.facts import day

JUDGED = {"by": ["ADVISER"], "every_months": 3}
ORDERS = {"given_by": ["ADVISER"]}
POST = {"post": "director", "by": "2022-09-30"}
ACCEPTABLE = {**PLAN, "accepted_by": ["ADVISER"]}
OFFICIAL = {**PLAN, "accepted_by": ["DEPARTMENT_OFFICIAL"]}
REPORTED = {"reported_by": ["ADVISER"]}
TWENTIETH: DatedFact = ("2022-08-01", instructed("I1", "2022-08-20"))


def cooperation(cooperated: bool) -> Fact:
    """Return a report on co-operation."""
    return CooperationReported(cooperated=cooperated, reason=WORDS)


EDGES: dict[str, Edges] = {
    "judged": {
        NOTHING: Edge(
            JUDGED, [], [on("2022-10-05T23:59", NONE, "No assessment by the adviser is recorded."), on("2022-10-06T00:00", NONE, "is recorded; the first was due by 5 October 2022", 2)],
        ),
        "nothing recorded, without an interval": Edge({"by": ["ADVISER"]}, [], [on("2024-08-01", NONE, "No assessment by the adviser is recorded.")]),
        DAY: Edge(
            JUDGED, [("2022-08-01", assessed_as("MET"))],
            [on("2022-08-01T11:59", NONE, "No assessment"), on("2022-08-01T12:00", MET, "On 1 August 2022 the adviser assessed the clause as met", 11),
             on("2022-11-01T23:59", MET, "1 August 2022", 11), on("2022-11-02T00:00", NONE, "the next was due by 1 November 2022", 11)],
        ),
        LATE_RECORD: Edge(
            JUDGED, [("2022-08-01", assessed_as("MET")), ("2022-09-20", assessed_as("NOT_MET", "c", "2022-09-01"))],
            [on("2022-09-10", MET, "1 August 2022", 11, known=1), on("2022-09-10", NOT, "On 1 September 2022", 12)],
        ),
        CORRECTED: Edge(
            JUDGED, [("2022-08-01", assessed_as("MET")), ("2022-08-20", fix(0, assessed_as("NOT_MET")))],
            [on("2022-08-10", MET, "as met", 11, known=1), on("2022-08-10", NOT, "as not met", 11)],
        ),
    },
    "done-by": {
        NOTHING: Edge(
            PLAN, [], [on("2022-07-26T23:59", DUE, "plan is due by 2 August 2022", 2), on("2022-07-27T00:00", RISK, "plan is due by 2 August 2022", 2),
                       on("2022-08-02T23:59", RISK, "2 August 2022", 2), on("2022-08-03T00:00", NOT, "had to be submitted by 2 August 2022", 2)],
        ),
        DAY: Edge(PLAN, [("2022-08-02T23:59", submitted("2022-08-02"))], [on("2022-08-03", MET, "submitted on 2 August 2022", 11)]),
        "the day after": Edge(PLAN, [("2022-08-03", submitted("2022-08-03"))], [on("2022-08-03T12:00", LATE, "1 day late", 11)]),
        LATE_RECORD: Edge(PLAN, [("2022-08-20", submitted("2022-08-02"))], [on("2022-08-10", NOT, "had to be submitted", 2, known=0), on("2022-08-10", MET, "2 August 2022", 11)]),
        CORRECTED: Edge(
            PLAN, [("2022-08-05", submitted("2022-08-05")), ("2022-08-20", fix(0, submitted("2022-08-01")))],
            [on("2022-08-10", LATE, "3 days late", 11, known=1), on("2022-08-10", MET, "1 August 2022", 11)],
        ),
        "the day of an acceptance": Edge(
            ACCEPTABLE, [("2022-08-02", submitted("2022-08-02")), ("2022-08-09", ACCEPTED)],
            [on("2022-08-09T11:59", RISK, "submitted on 2 August 2022 and awaits acceptance", 11), on("2022-08-09T12:00", MET, "submitted on 2 August 2022.", 11, 12)],
        ),
        "the day after, and an acceptance": Edge(
            ACCEPTABLE, [("2022-08-03", submitted("2022-08-03")), ("2022-08-09", ACCEPTED)],
            [on("2022-08-09T11:59", RISK, "submitted on 3 August 2022, 1 day late, and awaits acceptance", 11), on("2022-08-09T12:00", LATE, "1 day late", 11, 12)],
        ),
        "the day of an acceptance, after one of another role": Edge(
            OFFICIAL, [("2022-08-02", submitted("2022-08-02")), ("2022-08-09", ACCEPTED, None, "CHAIR"), ("2022-08-12", ACCEPTED, None, "DEPARTMENT_OFFICIAL")],
            [on("2022-08-12T11:59", RISK, "submitted on 2 August 2022 and awaits acceptance by the department official", 11), on("2022-08-12T12:00", MET, "submitted on 2 August 2022.", 11, 13)],
        ),
        "the day of an acceptance, before one of another role": Edge(
            OFFICIAL, [("2022-08-02", submitted("2022-08-02")), ("2022-08-09", ACCEPTED, None, "DEPARTMENT_OFFICIAL"), ("2022-08-12", ACCEPTED, None, "CHAIR")],
            [on("2022-08-09T12:00", MET, "submitted on 2 August 2022.", 11, 12), on("2022-08-13", MET, "submitted on 2 August 2022.", 11, 12)],
        ),
        "the day of a return by another role": Edge(
            OFFICIAL, [("2022-08-02", submitted("2022-08-02")), ("2022-08-09", RETURNED, None, "CHAIR"), ("2022-08-12", ACCEPTED, None, "DEPARTMENT_OFFICIAL")],
            [on("2022-08-10", RISK, "awaits acceptance by the department official", 11), on("2022-08-13", MET, "submitted on 2 August 2022.", 11, 13)],
        ),
        "the day of a return by one role, and an acceptance by another": Edge(
            {**PLAN, "accepted_by": ["CHAIR", "DEPARTMENT_OFFICIAL"]},
            [("2022-08-02", submitted("2022-08-02")), ("2022-08-03", RETURNED, None, "CHAIR"), ("2022-08-12", ACCEPTED, None, "DEPARTMENT_OFFICIAL")],
            [on("2022-08-13", NOT, "returned on 3 August 2022; it had to be submitted again by 2 August 2022", 2, 12)],
        ),
        "the day of a return, after an acceptance": Edge(
            ACCEPTABLE, [("2022-07-20", submitted("2022-07-20")), ("2022-07-21", ACCEPTED), ("2022-07-25", RETURNED, None, "ADVISER")],
            [on("2022-07-25T11:59", MET, "submitted on 20 July 2022.", 11, 12), on("2022-07-25T12:00", DUE, "returned on 25 July 2022", 2, 13)],
        ),
        "the day of a return": Edge(
            PLAN, [("2022-07-20", submitted("2022-07-20")), ("2022-07-25", RETURNED)],
            [on("2022-07-25T12:00", DUE, "returned on 25 July 2022, and has to be submitted again by 2 August 2022", 2, 12),
             on("2022-08-03T00:00", NOT, "returned on 25 July 2022; it had to be submitted again by 2 August 2022", 2, 12)],
        ),
    },
    "instructions-followed": {
        NOTHING: Edge(ORDERS, [], [on("2022-08-01", DUE, "No instruction has been given", 2)]),
        DAY: Edge(
            ORDERS, [TWENTIETH, ("2022-08-20T23:59", answered("I1", "2022-08-20")), ("2022-08-22", confirmed("I1"))],
            [on("2022-08-13T23:59", DUE, "I1 has to be followed by 20 August 2022", 11), on("2022-08-14T00:00", RISK, "20 August 2022", 11),
             on("2022-08-20T23:58", RISK, "20 August 2022", 11), on("2022-08-21T00:00", NOT, "had to be followed by 20 August 2022", 11, known=1),
             on("2022-08-21T00:00", RISK, "I1 (reported as followed on 20 August 2022) awaits confirmation by the adviser", 12, known=2),
             on("2022-08-22T11:59", RISK, "awaits confirmation", 12), on("2022-08-22T12:00", MET, "Every instruction was followed", 12, 13)],
        ),
        "the day after": Edge(
            ORDERS, [TWENTIETH, ("2022-08-21", answered("I1", "2022-08-21")), ("2022-08-22", confirmed("I1"))],
            [on("2022-08-21T12:00", RISK, "(reported as followed on 21 August 2022, 1 day late) awaits", 12), on("2022-08-22T12:00", LATE, "I1 was followed 1 day late", 12, 13)],
        ),
        "the day of a confirmation by another role": Edge(
            ORDERS, [TWENTIETH, ("2022-08-19", answered("I1", "2022-08-19")), ("2022-08-22", confirmed("I1"), None, "COMMISSIONER"), ("2022-08-25", confirmed("I1"))],
            [on("2022-08-23", RISK, "awaits confirmation by the adviser", 12), on("2022-08-26", MET, "Every instruction was followed", 12, 14)],
        ),
        "the day of a confirmation, with another instruction open or overdue": Edge(
            ORDERS, [TWENTIETH, ("2022-08-02", instructed("I2", "2022-09-20")), ("2022-08-19", answered("I1", "2022-08-19")), ("2022-08-22", confirmed("I1"))],
            [on("2022-08-21", RISK, "I1 (reported as followed on 19 August 2022) awaits", 13), on("2022-08-23", DUE, "I2 has to be followed by 20 September 2022", 12),
             on("2022-09-21T00:00", NOT, "I2 had to be followed", 12), on("2022-09-21T00:00", NOT, "I2 had to be followed", 12, known=3)],
        ),
        "the day after, and another instruction open": Edge(
            ORDERS, [TWENTIETH, ("2022-08-21", answered("I1", "2022-08-21")), ("2022-09-01", instructed("I2", "2022-09-30")), ("2022-09-01", confirmed("I1"))],
            [on("2022-09-02", DUE, "I2 has to be followed by 30 September 2022. Instruction I1 was followed 1 day late.", 12, 13)],
        ),
        LATE_RECORD: Edge(
            ORDERS, [TWENTIETH, ("2022-08-30", answered("I1", "2022-08-20")), ("2022-09-01", confirmed("I1"), "2022-08-24")],
            [on("2022-08-25", NOT, "I1", 11, known=1), on("2022-08-25", RISK, "awaits", 12, known=2), on("2022-08-25", MET, "was followed", 12, 13)],
        ),
        CORRECTED: Edge(
            ORDERS, [TWENTIETH, ("2022-08-22", answered("I1", "2022-08-22")), ("2022-08-23", confirmed("I1")), ("2022-08-30", fix(1, answered("I1", "2022-08-19")))],
            [on("2022-08-25", LATE, "2 days late", 12, 13, known=3), on("2022-08-25", MET, "was followed", 12, 13)],
        ),
    },
    "not-done": {
        NOTHING: Edge(SENIOR, [], [on("2022-08-01", NONE, "that does not show that there was none")]),
        DAY: Edge(
            SENIOR, [("2022-08-05T10:00", CONSENT), ("2022-08-05T11:00", reported("2022-08-05"))],
            [on("2022-08-05T10:30", NONE, "No act"), on("2022-08-05T11:00", MET, "had consent", 11, 12)],
        ),
        "the day, consent after the act": Edge(
            SENIOR, [("2022-08-05T10:00", reported("2022-08-05")), ("2022-08-05T11:00", CONSENT)], [on("2022-08-06", NOT, "on 5 August 2022 had no consent", 11)],
        ),
        LATE_RECORD: Edge(
            SENIOR, [("2022-08-05", reported("2022-08-05")), ("2022-08-20", CONSENT, "2022-08-04")], [on("2022-08-10", NOT, "no consent", 11, known=1), on("2022-08-10", MET, "had consent", 11, 12)],
        ),
        CORRECTED: Edge(
            SENIOR, [("2022-08-04", CONSENT), ("2022-08-05", reported("2022-08-05")), ("2022-08-20", fix(1, reported("2022-08-03")))],
            [on("2022-08-10", MET, "had consent", 11, 12, known=2), on("2022-08-10", NOT, "on 3 August 2022 had no consent", 12)],
        ),
    },
    "in-post": {
        NOTHING: Edge(
            POST, [], [on("2022-09-16T23:59", DUE, "has to be filled by 30 September 2022", 2), on("2022-09-17T00:00", RISK, "30 September 2022", 2),
                       on("2022-09-30T23:59", RISK, "30 September 2022", 2), on("2022-10-01T00:00", NOT, "had to be filled by 30 September 2022", 2)],
        ),
        DAY: Edge(POST, [("2022-09-20", filled("2022-09-30"))], [on("2022-09-29T23:59", DUE, "is filled from 30 September 2022", 11), on("2022-09-30T00:00", MET, "held by dee", 11)]),
        "the day after": Edge(POST, [("2022-09-20", filled("2022-10-01"))], [on("2022-09-30T23:59", RISK, "filled from 1 October 2022, 1 day after 30 September 2022", 11), on("2022-10-01T00:00", LATE, "first filled 1 day late", 11)]),
        "the day after, and filled again": Edge(
            POST, [("2022-09-20", filled("2022-10-01", "2022-10-31")), ("2022-11-07", filled("2022-11-14"))],
            [on("2022-11-06T23:59", NOT, "vacant since 1 November 2022.", 11), on("2022-11-13T23:59", NOT, "vacant since 1 November 2022 and is filled from 14 November 2022.", 11, 12),
             on("2022-11-14T00:00", LATE, "held by dee; it was first filled 1 day late, and was vacant from 1 November 2022 to 13 November 2022", 11, 12)],
        ),
        "the day, after a vacancy between two holders": Edge(
            POST, [("2022-09-20", filled("2022-09-01")), ("2022-11-10", PostVacated(post="director", holder="dee", last=day("2022-11-10"), reason=WORDS)),
                   ("2022-12-01", filled("2022-12-05", holder="eve"))],
            [on("2022-11-10T23:59", MET, "held by dee.", 11), on("2022-11-11T00:00", NOT, "vacant since 11 November 2022", 12),
             on("2022-12-04T23:59", NOT, "vacant since 11 November 2022 and is filled from 5 December 2022", 12, 13),
             on("2022-12-05T00:00", MET, "held by eve; it was vacant from 11 November 2022 to 4 December 2022.", 12, 13)],
        ),
        "the day, of a holder with a later term who leaves in the first": Edge(
            POST, [("2022-09-20", filled("2022-09-01", "2023-08-31")), ("2022-09-21", filled("2023-09-01")),
                   ("2022-11-10", PostVacated(post="director", holder="dee", last=day("2022-11-10"), reason=WORDS))],
            [on("2022-11-10T23:59", MET, "held by dee.", 11), on("2022-11-11T00:00", NOT, "vacant since 11 November 2022 and is filled from 1 September 2023", 12, 13),
             on("2023-09-01T00:00", MET, "held by dee; it was vacant from 11 November 2022 to 31 August 2023.", 12, 13)],
        ),
        "the day, of a holder who follows another at once": Edge(
            POST, [("2022-09-20", filled("2022-09-01", "2022-11-10")), ("2022-11-01", filled("2022-11-11", holder="eve"))],
            [on("2022-11-10T23:59", MET, "held by dee.", 11), on("2022-11-11T00:00", MET, "held by eve.", 12)],
        ),
        "the day, after two vacancies": Edge(
            POST, [("2022-09-20", filled("2022-09-01", "2022-10-10")), ("2022-10-12", filled("2022-10-12", "2022-10-20", holder="eve")), ("2022-11-01", filled("2022-11-01"))],
            [on("2022-11-02", MET, "held by dee; it was vacant on 11 October 2022, and from 21 October 2022 to 31 October 2022.", 11, 12, 13)],
        ),
        LATE_RECORD: Edge(POST, [("2022-10-20", filled("2022-09-30"))], [on("2022-10-10", NOT, "had to be filled", 2, known=0), on("2022-10-10", MET, "held by dee", 11)]),
        CORRECTED: Edge(
            POST, [("2022-09-20", filled("2022-10-05")), ("2022-10-20", fix(0, filled("2022-09-28")))],
            [on("2022-10-10", LATE, "5 days late", 11, known=1), on("2022-10-10", MET, "held by dee", 11)],
        ),
    },
    "co-operated-with": {
        NOTHING: Edge(REPORTED, [], [on("2022-08-01", NONE, "No report on co-operation by the adviser")]),
        DAY: Edge(
            REPORTED, [("2022-08-01", cooperation(True)), ("2022-09-01", cooperation(False))],
            [on("2022-08-01T11:59", NONE, "No report"), on("2022-08-01T12:00", MET, "state co-operation", 11), on("2022-09-01T11:59", MET, "state co-operation", 11),
             on("2022-09-01T12:00", NOT, "On 1 September 2022 the adviser reported a lack", 12)],
        ),
        LATE_RECORD: Edge(
            REPORTED, [("2022-08-01", cooperation(True)), ("2022-08-20", cooperation(False), "2022-08-05")],
            [on("2022-08-10", MET, "state co-operation", 11, known=1), on("2022-08-10", NOT, "On 5 August 2022", 12)],
        ),
        CORRECTED: Edge(
            REPORTED, [("2022-08-01", cooperation(True)), ("2022-08-20", fix(0, cooperation(False)))],
            [on("2022-08-10", MET, "state co-operation", 11, known=1), on("2022-08-10", NOT, "lack of co-operation", 11)],
        ),
    },
}  # fmt: skip
