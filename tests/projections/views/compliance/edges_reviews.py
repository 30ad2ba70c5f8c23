"""Edge cases of the rules on reviews, diagnostics, access and assessments."""

from ledger.domain.areas.reviews import (
    DiagnosticReported,
    DiagnosticRequired,
    Grade,
    ReviewCompleted,
    ReviewScheduled,
    Topic,
)
from ledger.domain.fact import Fact
from tests.projections.views.compliance.cases import DUE, LATE, MET, NONE, NOT, RISK
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
    asked_for,
    assessed,
    day,
    granted,
    provided,
    review_completed,
    scheduled,
    started,
)

HALF_YEARLY = {"at_most_months": 6}
TOPICS = {"topics": ["CULTURE", "EARLY_HELP"]}
SURVEY = {"part": "STAFF_SURVEY"}
REQUIRED: DatedFact = ("2022-08-01", DiagnosticRequired(diagnostic="D", scope=WORDS, due=day("2022-10-31")))
BOTH = [Topic.CULTURE, Topic.EARLY_HELP]
REQUESTED: list[DatedFact] = [
    ("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
    ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-21T18:00")),
]
PLANNED: DatedFact = ("2022-08-01", scheduled("R1", "2022-10-03"))


def inspected(body: str) -> Fact:
    """Return a review by a body."""
    return ReviewScheduled(review="R1", kind="k", by=body, from_=day("2022-10-03"), topics=[Topic.CULTURE])


def reported() -> Fact:
    """Return the report of the diagnostic."""
    return DiagnosticReported(diagnostic="D", findings=[WORDS])


def graded(grade: str, review: str = "R1") -> Fact:
    """Return the completion of a review with a grade of overall effectiveness."""
    return ReviewCompleted(review=review, findings=[], grades=[Grade(judgement="Overall", grade=grade)])


ADEQUATE = {"judgement": "overall", "grades": ["adequate", "good"], "by": "2022-12-31"}
INSPECTED: list[DatedFact] = [("2022-08-01", inspected("Ofsted")), ("2022-10-03", started("R1"))]
GRADED: list[DatedFact] = [*INSPECTED, ("2022-10-04", graded("adequate"))]


def access_edges(kinds: dict[str, list[str]]) -> Edges:
    """Return the edge cases of both rules on access."""
    within = {**kinds, "within_working_days": 2}
    return {
        NOTHING: Edge(kinds, [], [on("2022-10-03", DUE, "has been requested")]),
        DAY: Edge(
            kinds, REQUESTED,
            [on("2022-09-03", DUE, "has to be decided on by 3 October 2022", 11), on("2022-10-03T07:59", DUE, "is granted from 3 October 2022", 11, 12),
             on("2022-10-03T08:00", NONE, "no entry shows that it was opened", 11, 12), on("2022-10-21T17:59", NONE, "no entry shows", 11, 12),
             on("2022-10-21T18:00", NOT, "X was granted and ended without being opened", 11, 12)],
        ),
        "the day of the decision": Edge(
            kinds, REQUESTED[:1], [on("2022-10-03T07:59", DUE, "has to be decided on", 11), on("2022-10-03T08:00", NOT, "not decided on in time", 11)],
        ),
        "the day, counted in working days": Edge(
            within, [*REQUESTED, ("2022-10-05", provided("X", "2022-10-05"))],
            [on("2022-10-05T11:59", NONE, "no entry shows", 11, 12), on("2022-10-06T00:00", NOT, "had to be opened by 5 October 2022", 11, 12, known=2),
             on("2022-10-06T00:00", MET, "was opened", 11, 13)],
        ),
        "the day after, counted in working days": Edge(
            within, [*REQUESTED, ("2022-10-06", provided("X", "2022-10-06"))], [on("2022-10-06T12:00", LATE, "X 1 day late", 11, 13)],
        ),
        "the day on which the review ended": Edge(
            kinds, [*REQUESTED, ("2022-10-14", review_completed("R1"))],
            [on("2022-10-14T11:59", NONE, "no entry shows", 11, 12), on("2022-10-14T12:00", NOT, "X was not opened before the review ended", 11, 12, 13)],
        ),
        "the day of a later review's request, which lifts nothing until it is opened": Edge(
            kinds,
            [*REQUESTED, ("2022-10-14", review_completed("R1")),
             ("2023-03-01", asked_for("Y", "2023-04-03T08:00", "2023-04-21T18:00", review="R2")),
             ("2023-03-02", granted("Y", "2023-04-03T08:00", "2023-04-21T18:00")), ("2023-04-04", provided("Y", "2023-04-04")),
             ("2023-09-01", asked_for("Z", "2023-10-02T08:00", "2023-10-20T18:00", review="R3"))],
            [on("2023-03-01T12:00", NOT, "not given for review R1: X was granted and ended without being opened", 11, 12, 13),
             on("2023-04-03T08:00", NOT, "not given for review R1", 11, 12, 13), on("2023-04-05", MET, "Not given earlier: X for review R1", 14, 16),
             on("2023-09-01T12:00", DUE, "Not given earlier: X for review R1", 17)],
        ),
        LATE_RECORD: Edge(
            kinds, [*REQUESTED, ("2022-10-30", provided("X", "2022-10-21"))], [on("2022-10-25", NOT, "ended without being opened", 11, 12, known=2), on("2022-10-25", MET, "was opened", 11, 13)],
        ),
        CORRECTED: Edge(
            kinds, [*REQUESTED, ("2022-10-04", provided("Z")), ("2022-10-30", fix(2, provided("X")))],
            [on("2022-10-25", NOT, "ended without being opened", 11, 12, known=3), on("2022-10-25", MET, "was opened", 11, 13)],
        ),
    }  # fmt: skip


EDGES: dict[str, Edges] = {
    "review-interval": {
        NOTHING: Edge(
            HALF_YEARLY, [], [on("2022-12-08T23:59", DUE, "first review is due by 5 January 2023", 2), on("2022-12-09T00:00", RISK, "none is scheduled by then", 2),
                              on("2023-01-05T23:59", RISK, "5 January 2023", 2), on("2023-01-06T00:00", NOT, "had to begin by 5 January 2023", 2)],
        ),
        DAY: Edge(HALF_YEARLY, [("2023-01-05T23:59", started("R1"))], [on("2023-01-06", MET, "R1 began on 5 January 2023; the next is due by 5 July 2023", 11)]),
        "the day after": Edge(HALF_YEARLY, [("2023-01-06T00:00", started("R1"))], [on("2023-01-06", LATE, "1 day late", 11)]),
        LATE_RECORD: Edge(HALF_YEARLY, [("2023-01-20", started("R1"), "2023-01-05")], [on("2023-01-10", NOT, "had to begin", 2, known=0), on("2023-01-10", MET, "R1", 11)]),
        CORRECTED: Edge(
            {**HALF_YEARLY, "by": "DfE"}, [("2022-09-01", inspected("Ofsted")), ("2023-01-05", started("R1")), ("2023-01-20", fix(0, inspected("DfE")))],
            [on("2023-01-10", NOT, "A review by DfE had to begin", 2, known=2), on("2023-01-10", MET, "R1", 11, 12)],
        ),
    },
    "review-topics": {
        NOTHING: Edge(TOPICS, [], [on("2022-09-01", NONE, "No review has looked at culture and early help")]),
        "the day of a review of one topic": Edge(
            TOPICS, [("2022-08-01", scheduled("R1", "2022-09-01")), ("2022-09-01", started("R1"))],
            [on("2022-09-01T12:00", NONE, "Reviews have looked at culture. None has looked at early help.", 12)],
        ),
        DAY: Edge(
            TOPICS, [("2022-08-01", scheduled("R1", "2022-09-01", *BOTH)), ("2022-09-01", started("R1"))],
            [on("2022-09-01T11:59", NONE, "culture and early help"), on("2022-09-01T12:00", MET, "every topic", 12)],
        ),
        LATE_RECORD: Edge(
            TOPICS, [("2022-08-01", scheduled("R1", "2022-09-01", *BOTH)), ("2022-09-20", started("R1"), "2022-09-01")],
            [on("2022-09-10", NONE, "culture", known=1), on("2022-09-10", MET, "every topic", 12)],
        ),
        CORRECTED: Edge(
            TOPICS, [("2022-08-01", scheduled("R1", "2022-09-01")), ("2022-09-01", started("R1")), ("2022-09-20", fix(0, scheduled("R1", "2022-09-01", *BOTH)))],
            [on("2022-09-10", NONE, "early help", 12, known=2), on("2022-09-10", MET, "every topic", 12)],
        ),
    },
    "grade-reached": {
        NOTHING: Edge(
            ADEQUATE, [], [on("2022-12-03T23:59", DUE, "has to grade overall as adequate or good by 31 December 2022", 2), on("2022-12-04T00:00", RISK, "adequate or good", 2),
                           on("2022-12-31T23:59", RISK, "31 December 2022", 2), on("2023-01-01T00:00", NONE, "No review has graded overall", 2)],
        ),
        DAY: Edge(ADEQUATE, [*INSPECTED, ("2022-12-31", graded("Adequate"))], [on("2022-12-31T11:59", RISK, "adequate", 2), on("2022-12-31T12:00", MET, "R1 graded overall as adequate on 31 December 2022", 13)]),
        "the day after": Edge(ADEQUATE, [*INSPECTED, ("2023-01-01", graded("good"))], [on("2023-01-01T11:59", NONE, "No review", 2), on("2023-01-01T12:00", LATE, "1 day late", 13)]),
        "the day before, the day and the day after, graded early": Edge(
            ADEQUATE, GRADED,
            [on("2022-10-04T12:00", DUE, "R1 graded overall as adequate on 4 October 2022; the last day is 31 December 2022, and a later grade until then counts instead", 13),
             on("2022-12-30T23:59", DUE, "the last day is", 13), on("2022-12-31T23:59", DUE, "the last day is", 13), on("2023-01-01T00:00", MET, "adequate on 4 October 2022.", 13)],
        ),
        "the day, graded early and graded again": Edge(
            ADEQUATE, [*GRADED, ("2022-12-31", graded("inadequate", "R2"))],
            [on("2022-12-31T11:59", DUE, "the last day is", 13), on("2022-12-31T12:00", RISK, "adequate or good", 2, 14), on("2023-01-01T00:00", NOT, "R2 graded overall as inadequate", 14)],
        ),
        "the day, with a grade that is too low": Edge(
            ADEQUATE, [*INSPECTED, ("2022-10-31", graded("inadequate"))],
            [on("2022-11-01", DUE, "adequate or good", 2, 13), on("2023-01-01T00:00", NOT, "graded overall as inadequate; adequate or good had to be reached", 13)],
        ),
        LATE_RECORD: Edge(
            ADEQUATE, [*INSPECTED, ("2023-01-20", graded("good"), "2022-12-31")], [on("2023-01-10", NONE, "No review", 2, known=2), on("2023-01-10", MET, "good", 13)],
        ),
        CORRECTED: Edge(
            ADEQUATE, [*INSPECTED, ("2022-12-31", graded("inadequate")), ("2023-01-20", fix(2, graded("good")))],
            [on("2023-01-10", NOT, "inadequate", 13, known=3), on("2023-01-10", MET, "good", 13)],
        ),
    },
    "diagnostic-agreed": {
        NOTHING: Edge({}, [], [on("2022-11-01", DUE, "No diagnostic has been required")]),
        DAY: Edge(
            {}, [REQUIRED, ("2022-10-31T23:59", reported())],
            [on("2022-10-31T23:58", DUE, "no agreed provider", 11), on("2022-11-01T00:00", NOT, "was due on 31 October 2022", 11, known=1), on("2022-11-01T00:00", MET, "has reported", 12)],
        ),
        "the day after": Edge({}, [REQUIRED, ("2022-11-01", reported())], [on("2022-11-01T12:00", LATE, "D reported 1 day late", 12)]),
        LATE_RECORD: Edge(
            {}, [REQUIRED, ("2022-11-20", reported(), "2022-10-31")], [on("2022-11-10", NOT, "no report of it", 11, known=1), on("2022-11-10", MET, "has reported", 12)],
        ),
        CORRECTED: Edge(
            {}, [REQUIRED, ("2022-11-05", reported()), ("2022-11-20", fix(0, DiagnosticRequired(diagnostic="D", scope=WORDS, due=day("2022-11-30"))))],
            [on("2022-11-10", LATE, "5 days late", 12, known=2), on("2022-11-10", MET, "has reported", 12)],
        ),
    },
    "access-provided": access_edges({}),
    "access-of-kinds": {
        **access_edges({"kinds": ["CASE_FILES"]}),
        "the day, for one kind of two": Edge(
            {"kinds": ["DATA", "CASE_FILES"]}, [*REQUESTED, ("2022-10-04", provided("X"))], [on("2022-10-04T12:00", MET, "The access to case files requested for review R1 was opened.", 11, 13)],
        ),
    },
    "assessment-before-review": {
        NOTHING: Edge({}, [], [on("2022-10-03", DUE, "No review is scheduled")]),
        DAY: Edge(
            {}, [PLANNED, ("2022-10-03T08:59", assessed("R1")), ("2022-10-03T09:00", started("R1"))],
            [on("2022-09-18T23:59", DUE, "due before review R1, set for 3 October 2022", 11), on("2022-09-19T00:00", RISK, "due before review R1", 11),
             on("2022-10-03T08:58", RISK, "due before review R1", 11), on("2022-10-03T09:00", MET, "3 October 2022, before review R1", 12)],
        ),
        "the day, after the review began": Edge(
            {}, [PLANNED, ("2022-10-03T09:00", started("R1")), ("2022-10-03T09:01", assessed("R1"))],
            [on("2022-10-03T09:00", NOT, "began without", 12), on("2022-10-03T09:01", NOT, "after review R1 began", 12, 13)],
        ),
        "the day after": Edge(
            {}, [PLANNED, ("2022-10-03", started("R1")), ("2022-10-04", assessed("R1"))], [on("2022-10-04T12:00", NOT, "1 day after review R1 began", 12, 13)],
        ),
        "the day of a second review, after the first began without": Edge(
            {}, [PLANNED, ("2022-10-03", started("R1")), ("2022-10-20", scheduled("R2", "2023-04-03")), ("2023-03-31", assessed("R2")), ("2023-04-03", started("R2"))],
            [on("2022-10-21", NOT, "Review R1 began without", 12), on("2023-03-31T11:59", NOT, "Review R1 began without", 12),
             on("2023-03-31T12:00", MET, "before review R2. R1 began before the council's own assessment.", 12, 14), on("2023-04-03T12:00", MET, "R1 began before", 12, 14)],
        ),
        LATE_RECORD: Edge(
            {}, [PLANNED, ("2022-10-03", started("R1")), ("2022-10-20", assessed("R1"), "2022-10-02")],
            [on("2022-10-10", NOT, "began without", 12, known=2), on("2022-10-10", MET, "before review R1", 13)],
        ),
        CORRECTED: Edge(
            {"by": "DfE"}, [("2022-08-01", inspected("DfE")), ("2022-10-03", started("R1")), ("2022-10-20", fix(0, inspected("Ofsted")))],
            [on("2022-10-10", NOT, "began without", 12, known=2), on("2022-10-10", DUE, "No review by DfE is scheduled")],
        ),
    },
    "assessment-content": {
        NOTHING: Edge(SURVEY, [], [on("2022-10-03", DUE, "No assessment before a review")]),
        DAY: Edge(
            SURVEY, [PLANNED, ("2022-09-01", assessed("R1")), ("2022-09-05", assessed("R2", "E1"))],
            [on("2022-09-01T11:59", DUE, "No assessment"), on("2022-09-01T12:00", NOT, "leaves out staff survey", 12), on("2022-09-05T12:00", MET, "has its part on staff survey", 13)],
        ),
        LATE_RECORD: Edge(
            SURVEY, [PLANNED, ("2022-09-20", assessed("R1", "E1"), "2022-09-01")], [on("2022-09-10", DUE, "No assessment", known=1), on("2022-09-10", MET, "staff survey", 12)],
        ),
        CORRECTED: Edge(
            SURVEY, [PLANNED, ("2022-09-01", assessed("R1")), ("2022-09-20", fix(1, assessed("R1", "E1")))],
            [on("2022-09-10", NOT, "leaves out", 12, known=2), on("2022-09-10", MET, "staff survey", 12)],
        ),
    },
}  # fmt: skip
