"""Cases that trials on real notices found wrong: the status on each day, and words of its reason."""

from typing import Any

from ledger.domain.areas.access import AccessRefused
from ledger.domain.areas.board import ChairEnded
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.notice import AreaClosed, NoticeClosed, Outcome
from ledger.domain.areas.plan import (
    Dimension,
    Level,
    ProgressRecorded,
    RatingScaleAdopted,
    SlowProgressHighlighted,
)
from ledger.domain.areas.recommendations import RecommendationAccepted
from ledger.domain.areas.reviews import AreaJudgement, ReviewCompleted, ReviewScheduled, Topic
from ledger.domain.fact import Fact
from tests.projections.views.compliance.cases import BOTH, DUE, LATE, MET, NONE, NOT, REPORTING, RISK, SEATED
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact
from tests.projections.views.compliance.facts import (
    BOARD,
    RC1,
    SA1,
    SA2,
    action,
    adviser_report,
    area,
    asked_for,
    assessed,
    chair,
    chair_report,
    completed,
    day,
    defined,
    dropped,
    granted,
    met,
    objective,
    plan,
    provided,
    read,
    rebaselined,
    reopened,
    review_completed,
    started,
    timetable,
)

Line = tuple[str, str, str]
"""A day, the status on it, and words of the reason."""
Case = tuple[str, dict[str, Any], list[DatedFact], list[Line]]
BY_JUNE = {"measure": "M1", "steps": [{"by": "2024-06-30", "target": 40}]}
LAST_DAY = {"target_date": "2023-06-30"}
CHAIRED = {**LAST_DAY, "later_date_by": ["CHAIR"]}
SCALE = RatingScaleAdopted(
    dimension=Dimension.ACTIVITY,
    levels=[
        Level(code=code, label=code, meaning=WORDS, order=place)
        for place, code in enumerate(["RED", "AMBER", "GREEN"])
    ],
)


def of_month(value: int, month: int, year: int = 2024) -> Fact:
    """Return a reading for the last week of a month."""
    return read("M1", 28, value, year, month)


def rated(activity: str, name: str = "O1") -> Fact:
    """Return progress with a rating for activity."""
    return ProgressRecorded(objective=name, narrative=WORDS, activity_rating=activity, impact_rating="GREEN")


def by(name: str, body: str, first: str) -> Fact:
    """Return a review by a body."""
    return ReviewScheduled(review=name, kind="k", by=body, from_=day(first), topics=[Topic.CULTURE])


MEASURED = [
    ("2022-07-06", objective("O1", "2023-06-30", "1b", measures=("M1",))),
    ("2022-07-07", defined("M1", target=60)),
]

TRIALS: dict[str, Case] = {
    "W1: a target missed by its day and reached later": (
        "target-met", BY_JUNE,
        [("2024-01-02", defined("M1")), ("2024-07-10", of_month(13, 6)), ("2024-10-10", of_month(52, 9))],
        [("2024-06-30T23:59", RISK, "by 30 June 2024"), ("2024-07-01T00:00", NONE, "no reading"),
         ("2024-07-11", NOT, "did not reach 40 by 30 June 2024"),
         ("2024-10-11", LATE, "in the period to 28 September 2024, 90 days after")],
    ),
    "W1: a later slip does not undo a target": (
        "target-met", BY_JUNE,
        [("2024-01-02", defined("M1")), ("2024-07-10", of_month(45, 6)), ("2024-10-10", of_month(30, 9))],
        [("2024-07-11", MET, "reached 40"), ("2024-10-11", MET, "reached 40")],
    ),
    "W1: the latest period by the day counts": (
        "target-met", BY_JUNE,
        [("2024-01-02", defined("M1")), ("2024-05-10", of_month(45, 4)), ("2024-07-10", of_month(13, 6))],
        [("2024-05-11", DUE, "reached 40 in the period to 28 April 2024; the day is 30 June 2024"),
         ("2024-07-11", NOT, "did not reach 40")],
    ),
    "W1: a sustained target is broken": (
        "target-met", {**BY_JUNE, "sustained_periods": 2},
        [("2024-01-02", defined("M1")), ("2024-05-10", of_month(41, 4)), ("2024-07-10", of_month(42, 6)),
         ("2024-10-10", of_month(30, 9))],
        [("2024-05-11", DUE, "for 2 periods"), ("2024-07-11", MET, "for 2 periods"), ("2024-10-11", NOT, "no longer")],
    ),
    "W1: an average of periods": (
        "target-met", {**BY_JUNE, "average_of": 2},
        [("2024-01-02", defined("M1")), ("2024-05-10", of_month(30, 4)), ("2024-07-10", of_month(50, 6))],
        [("2024-07-11", MET, "reached 40")],
    ),
    "W1: one step after the other": (
        "target-met", {"measure": "M1", "steps": [{"by": "2024-03-31", "target": 40}, {"by": "2024-06-30", "target": 62.5}]},
        [("2024-01-02", defined("M1")), ("2024-04-03", of_month(45, 3)), ("2024-07-10", of_month(62, 6))],
        [("2024-03-16", DUE, "40"), ("2024-04-04", DUE, "62.5"), ("2024-06-17", RISK, "62.5"), ("2024-07-11", NOT, "62.5")],
    ),
    "W1: a measure that is not defined": ("target-met", BY_JUNE, [], [("2024-07-01", NONE, "M1 is not defined")]),
    "W4: a target reached and held": (
        "measures-improve", {"area": "1b"},
        [*MEASURED, *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((13, 28, 45, 60, 72, 81), 1))],
        [("2022-08-01T13:00", NONE, "too few to judge"), ("2022-08-04", RISK, "fewer than 12"), ("2022-08-07", MET, "holds")],
    ),
    "W4: a fall against the baseline": (
        "measures-improve", {"area": "1b"},
        [MEASURED[0], ("2022-07-07", defined("M1", baseline=50)),
         *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((49, 48, 47), 1))],
        [("2022-08-04", NOT, "worse than its baseline")],
    ),
    "W5: a board that only needs a chair": (
        "board-and-chair", {}, [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-06", independent=False))],
        [("2022-07-07", MET, "chaired by chair")],
    ),
    "W6: finished ten weeks late": (
        "delivered-by", LAST_DAY,
        [("2022-07-18", action("A1", "2023-06-30")), ("2022-07-18", action("A2", "2023-05-31")),
         ("2023-05-30", completed("A2", "2023-05-30")), ("2023-09-11", completed("A1", "2023-09-08"))],
        [("2023-06-30", DUE, "30 June 2023"), ("2023-07-01", NOT, "A1"),
         ("2023-09-09", LATE, "A1 was completed on 8 September 2023, 70 days after 30 June 2023")],
    ),
    "J1: completed on the day, recorded later": (
        "delivered-by", LAST_DAY,
        [("2022-07-18", action("A14", "2022-10-31")), ("2022-07-18", action("A1", "2023-06-30")),
         ("2022-11-03", completed("A14", "2022-10-31"))],
        [("2022-10-31T23:00", DUE, ""), ("2022-11-01", DUE, "due by 30 June 2023")],
    ),
    "J1: completed on a day before that of its addition": (
        "delivered-by", LAST_DAY,
        [("2022-07-20", action("A1", "2022-10-31")), ("2022-07-21", completed("A1", "2022-07-19"))],
        [("2022-07-22", MET, "A1"), ("2022-11-01", MET, "A1")],
    ),
    "J2: an area closed is judged as it was": (
        "plan-cites-self-assessment", {"area": "1a"},
        [("2022-07-05", area("1a")), ("2022-08-01", SA1), ("2022-09-01", plan("1", "SA1")), ("2022-10-01", SA2),
         ("2022-11-01", AreaClosed(area="1a", closed_on=day("2022-11-01"), reason=WORDS))],
        [("2022-09-02", MET, "cites"), ("2022-10-02", NOT, "SA2"), ("2022-11-02", NOT, "Area 1a was closed on 1 November 2022")],
    ),
    "J2: a closed notice is judged as it was, however long ago": (
        "delivered-by", LAST_DAY,
        [("2022-07-18", action("A1", "2023-06-30")),
         ("2023-03-02", NoticeClosed(closed_on=day("2023-03-01"), outcome=Outcome.ESCALATED, reason=WORDS, successor="n"))],
        [("2023-03-02", DUE, ". The notice was closed on 1 March 2023 (escalated)."), ("2025-01-01", DUE, ". The notice was closed")],
    ),
    "J3: the adviser's concern against a good chart": (
        "measures-improve", {"area": "1b"},
        [*MEASURED, *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((60, 72, 81), 1)),
         ("2022-09-01", adviser_report("AR1", "1b", judgement=AreaJudgement.CONCERN))],
        [("2022-08-31", MET, "holds"), ("2022-09-02", RISK, "Figures and judgement disagree: report AR1")],
    ),
    "J3: a reviewer's concern against a good chart lasts until the same body sees progress": (
        "measures-improve", {"area": "1b"},
        [*MEASURED, *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((60, 72, 81), 1)),
         ("2022-08-20", by("R1", "Ofsted", "2022-09-01")), ("2022-08-20", by("R2", "DfE", "2022-09-01")),
         ("2022-08-20", by("R3", "Ofsted", "2022-11-01")), ("2022-08-20", by("R4", "Ofsted", "2022-12-01")),
         ("2022-09-10", review_completed("R1", "1b")), ("2022-10-01", review_completed("R2", "1b", "PROGRESS")),
         ("2022-11-10", review_completed("R3", "1a", "PROGRESS")), ("2022-12-10", review_completed("R4", "1b", "PROGRESS"))],
        [("2022-09-09", MET, "holds"), ("2022-09-11", RISK, "review R1 by Ofsted (10 September 2022) states a concern about area 1b"),
         ("2022-10-02", RISK, "R1"), ("2022-11-11", RISK, "R1"), ("2022-12-11", MET, "holds")],
    ),
    "J3: two concerns against a good chart are both named": (
        "measures-improve", {"area": "1b"},
        [*MEASURED, *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((60, 72, 81), 1)),
         ("2022-08-20", by("R1", "Ofsted", "2022-09-01")), ("2022-09-10", review_completed("R1", "1b")),
         ("2022-09-20", adviser_report("AR1", "1b", judgement=AreaJudgement.CONCERN))],
        [("2022-09-21", RISK, "review R1 by Ofsted (10 September 2022) and report AR1 of the adviser (20 September 2022) state")],
    ),
    "J3: progress that reviewers see against a bad chart is named": (
        "measures-improve", {"area": "1b"},
        [MEASURED[0], ("2022-07-07", defined("M1", baseline=50)),
         *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((49, 48, 47), 1)),
         ("2022-08-20", by("R1", "Ofsted", "2022-09-01")), ("2022-09-10", review_completed("R1", "1b", "PROGRESS"))],
        [("2022-09-09", NOT, "worse than its baseline"), ("2022-09-11", NOT, "R1 by Ofsted (10 September 2022) states progress in area 1b")],
    ),
    "J3: a review without a judgement of the area changes nothing": (
        "measures-improve", {"area": "1b"},
        [*MEASURED, *((f"2022-08-0{number}", read("M1", number, value)) for number, value in enumerate((60, 72, 81), 1)),
         ("2022-08-20", by("R1", "Ofsted", "2022-09-01")), ("2022-09-10", review_completed("R1"))],
        [("2022-09-11", MET, "holds")],
    ),
    "J4: a new timetable does not cure a missed report": (
        "board-and-chair", REPORTING,
        [*SEATED, ("2022-07-12", timetable("2022-12-14", reports=("2022-09-28",))),
         ("2022-10-05", timetable("2023-12-13", reports=("2023-01-25",))), ("2022-11-01", chair_report())],
        [("2022-09-28", RISK, "28 September 2022"), ("2022-09-29", NOT, "28 September 2022"),
         ("2022-10-06", NOT, "28 September 2022"), ("2022-11-02", LATE, "the report for 28 September 2022 came 34 days late")],
    ),
    "J4: a meeting is no report day, and an exhausted timetable is named": (
        "board-and-chair", REPORTING,
        [*SEATED, ("2022-07-12", timetable("2022-08-31", reports=("2022-09-28",)))],
        [("2022-08-31", MET, "no report of the chair is due"), ("2022-09-01", RISK, "no day after 31 August 2022")],
    ),
    "J5: a new review does not wipe out an unmet request": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", AccessRefused(request="X", reason=WORDS)), ("2022-10-03", started("R1")), ("2022-10-10", started("R2"))],
        [("2022-08-31", DUE, "No access has been requested"), ("2022-10-11", NOT, "Access X was refused")],
    ),
    "J5: an unmet request is named after its review": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", AccessRefused(request="X", reason=WORDS)), ("2022-10-03", started("R1")),
         ("2022-11-01", ReviewCompleted(review="R1", findings=[])),
         ("2023-03-01", asked_for("Y", "2023-04-03T08:00", "2023-04-21T18:00", review="R2")),
         ("2023-03-02", granted("Y", "2023-04-03T08:00", "2023-04-21T18:00")), ("2023-04-03", provided("Y", "2023-04-03"))],
        [("2022-11-02", NOT, "not given for review R1"),
         ("2023-03-03", NOT, "not given for review R1: X was refused"),
         ("2023-04-04", MET, "Not given earlier: X for review R1")],
    ),
    "J5: access not opened when its review ended": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-21T18:00")), ("2022-10-03", started("R1")),
         ("2022-10-14", review_completed("R1"))],
        [("2022-10-13", NONE, "no entry shows that it was opened"),
         ("2022-10-15", NOT, "not given for review R1: X was not opened before the review ended"),
         ("2022-10-22", NOT, "X was granted and ended without being opened")],
    ),
    "J5: access opened on the day on which its review ended": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-21T18:00")), ("2022-10-03", started("R1")),
         ("2022-10-14", review_completed("R1")), ("2022-10-17", provided("X", "2022-10-14"))],
        [("2022-10-18", MET, "was opened")],
    ),
    "J5: access opened a day after its review ended, and access not decided on": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-21T18:00")), ("2022-10-03", started("R1")),
         ("2022-10-10", asked_for("Y", "2022-10-20T08:00", "2022-10-21T18:00")),
         ("2022-10-14", review_completed("R1")), ("2022-10-15", provided("X", "2022-10-15"))],
        [("2022-10-16", NOT, "X was opened 1 day after the end; Y was not decided on before the review ended")],
    ),
    "J5: a refusal is not cured by a grant before the request": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-21T18:00")), ("2022-10-03", provided("X", "2022-10-03")),
         ("2022-10-04", asked_for("Y", "2022-10-06T08:00", "2022-10-21T18:00")),
         ("2022-10-05", AccessRefused(request="Y", reason=WORDS))],
        [("2022-10-03T23:00", MET, "was opened"), ("2022-10-06", NOT, "Access Y was refused")],
    ),
    "J6: an inspection is no review of the Department": (
        "review-interval", {"at_most_months": 6, "by": "DfE"},
        [("2022-08-01", by("R1", "DfE", "2022-10-03")), ("2022-10-03", started("R1")),
         ("2022-11-01", by("R2", "Ofsted", "2022-12-04")), ("2022-12-04", started("R2"))],
        [("2022-10-04", MET, "R1"), ("2022-12-05", MET, "R1"), ("2023-04-03", RISK, "by DfE"), ("2023-04-04", NOT, "after R1")],
    ),
    "J6: no assessment is due before an inspection": (
        "assessment-before-review", {"by": "DfE"},
        [("2022-08-01", by("R1", "Ofsted", "2022-10-03")), ("2022-10-03", started("R1")),
         ("2022-11-01", by("R2", "DfE", "2023-04-03")), ("2023-03-28", assessed("R2")), ("2023-04-03", started("R2")),
         ("2023-05-01", by("R3", "Ofsted", "2023-06-05")), ("2023-06-05", started("R3"))],
        [("2022-10-04", DUE, "No review by DfE is scheduled"), ("2023-03-20", RISK, "before review R2"),
         ("2023-06-06", MET, "on 28 March 2023, before review R2")],
    ),
    "J6: without a body, every review counts": (
        "assessment-before-review", {},
        [("2022-08-01", by("R1", "Ofsted", "2022-10-03")), ("2022-10-03", started("R1"))],
        [("2022-10-04", NOT, "Review R1 began without")],
    ),
    "a review six days late": (
        "review-interval", {"at_most_months": 6}, [("2023-01-11", started("R1"))],
        [("2023-01-10", NOT, "by 5 January 2023"), ("2023-01-12", LATE, "6 days late")],
    ),
    "J7: an objective rated red is slow before its date": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2023-06-30")), ("2022-07-15", SCALE), ("2022-08-01", rated("RED")),
         ("2022-08-10", SlowProgressHighlighted(objective="O1", cause=WORDS, remedy=WORDS)), ("2022-08-31", met("B1"))],
        [("2022-07-31", DUE, ""), ("2022-08-02", RISK, "rated RED for activity"), ("2022-09-01", MET, "O1")],
    ),
    "J7: an objective that fell twice, and the board met": (
        "slow-objectives-highlighted", {"signs": ["FALLING"]},
        [("2022-07-14", objective("O1", "2022-07-20")), ("2022-07-15", SCALE), ("2022-08-01", rated("GREEN")),
         ("2022-08-10", rated("AMBER")), ("2022-08-20", rated("RED")), ("2022-08-31", met("B1"))],
        [("2022-08-11", DUE, ""), ("2022-08-21", RISK, "fell twice"), ("2022-09-01", NOT, "fell twice")],
    ),
    "J7: a late objective with all actions completed waits to be closed": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2022-10-31")), ("2022-07-15", action("A1", "2022-10-31")),
         ("2022-10-20", completed("A1", "2022-10-20")), ("2022-11-30", met("B1")), ("2022-12-05", action("A2", "2023-01-31"))],
        [("2022-10-31", DUE, "No open objective makes slow progress."), ("2022-12-01", DUE, "O1 waits to be closed, with no action open"),
         ("2022-12-06", NOT, "without a highlight that objective O1 was due on 31 October 2022")],
    ),
    "J7: actions completed after a meeting do not make up for the highlight": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2022-10-31")), ("2022-07-15", action("A1", "2022-10-31")),
         ("2022-11-30", met("B1")), ("2022-12-05", completed("A1", "2022-12-05")),
         ("2022-12-10", SlowProgressHighlighted(objective="O1", cause=WORDS, remedy=WORDS))],
        [("2022-11-29", RISK, "was due on 31 October 2022"), ("2022-12-01", NOT, "without a highlight"),
         ("2022-12-06", NOT, "was due on 31 October 2022 until 5 December 2022."), ("2022-12-11", DUE, "waits to be closed")],
    ),
    "J7: a rating that recovers does not make up for the highlight": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2023-06-30")), ("2022-07-15", SCALE), ("2022-08-01", rated("RED")),
         ("2022-08-31", met("B1")), ("2022-09-10", rated("AMBER")),
         ("2022-09-20", SlowProgressHighlighted(objective="O1", cause=WORDS, remedy=WORDS))],
        [("2022-09-01", NOT, "is rated RED"), ("2022-09-11", NOT, "was rated RED for activity until 10 September 2022"), ("2022-09-21", DUE, "")],
    ),
    "J7: a rating that recovers before the board meets needs no highlight": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2023-06-30")), ("2022-07-15", SCALE), ("2022-08-01", rated("RED")),
         ("2022-08-20", rated("AMBER")), ("2022-08-31", met("B1"))],
        [("2022-08-02", RISK, "is rated RED"), ("2022-09-01", DUE, "")],
    ),
    "J7: a highlight five days after the meeting": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2022-10-31")), ("2022-11-30", met("B1")),
         ("2022-12-05", SlowProgressHighlighted(objective="O1", cause=WORDS, remedy=WORDS))],
        [("2022-12-04", NOT, "O1"), ("2022-12-06", LATE, "the highlight of O1 came 5 days after the meeting that needed it")],
    ),
    "J10: every late action is named, with a later date that nobody could approve": (
        "delivered-by", CHAIRED,
        [("2022-07-18", action("A1", "2023-05-31")), ("2022-07-18", action("A2", "2023-06-30")),
         ("2023-05-15", rebaselined("A2", "2023-06-30", "2023-10-31"))],
        [("2023-06-30", RISK, "Action A1 (due 31 May 2023) is overdue; the last day is 30 June 2023. Action A2 (due 31 October 2023)"),
         ("2023-07-01", NOT, "Actions A1 (due 31 May 2023) and A2 (due 31 October 2023) are not completed"),
         ("2023-07-02", NOT, "Action A2 (due 31 October 2023) is without an eligible approval of that date; chair could not approve that.")],
    ),
    "J8: a recommendation of another role": (
        "plan-coverage", {"covers": ["RECOMMENDATIONS"], "recommended_by": ["REVIEWER"]},
        [("2022-08-01", objective()), ("2022-08-02", RC1),
         ("2022-08-04", RecommendationAccepted(recommendation="RC1", response=WORDS))],
        [("2022-08-05", NONE, "No recommendations")],
    ),
    "J9: regular reports without an interval": (
        "adviser-reports", {"covers": ["AREAS"]}, [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1a"))],
        [("2022-09-01", NONE, "no interval between reports is agreed")],
    ),
    "J10: a later date approved by a chair who had left": (
        "delivered-by", CHAIRED,
        [("2022-07-06", chair("2022-07-11")), ("2022-07-18", action("A1", "2023-06-30")),
         ("2023-03-01", ChairEnded(chair="chair", last=day("2023-03-31"), reason=WORDS)),
         ("2023-05-15", rebaselined("A1", "2023-06-30", "2023-10-31"))],
        [("2023-05-16", RISK, "chair could not approve that"), ("2023-07-01", NOT, "A1")],
    ),
    "J10: a later date approved by the chair": (
        "delivered-by", CHAIRED,
        [("2022-07-06", chair("2022-07-11")), ("2022-07-18", action("A1", "2023-06-30")),
         ("2023-05-15", rebaselined("A1", "2023-06-30", "2023-10-31"))],
        [("2023-05-16", DUE, ""), ("2023-10-31", DUE, "A1"), ("2023-11-01", NOT, "A1")],
    ),
    "an action dropped with the chair's approval no longer counts": (
        "delivered-by", CHAIRED,
        [("2022-07-06", chair("2022-07-11")), ("2022-07-18", action("A1", "2023-06-01")),
         ("2022-07-18", action("A2", "2023-06-30")), ("2023-06-10", dropped("A1"))],
        [("2023-06-09", RISK, "A1"), ("2023-06-11", DUE, ""), ("2023-07-01", NOT, "A2")],
    ),
    "an action that someone else dropped still counts": (
        "delivered-by", CHAIRED,
        [("2022-07-06", chair("2022-07-11")), ("2022-07-18", action("A1", "2023-06-30")),
         ("2023-06-10", dropped("A1", "eve"))],
        [("2023-06-30", DUE, ""), ("2023-07-01", NOT, "dropped without an eligible approval")],
    ),
    "a reopened action has to be completed again": (
        "delivered-by", LAST_DAY,
        [("2022-07-18", action("A1", "2023-06-30")), ("2023-06-01", completed("A1", "2023-06-01")),
         ("2023-06-20", reopened("A1")), ("2023-07-10", completed("A1", "2023-07-10"))],
        [("2023-06-02", MET, ""), ("2023-06-21", DUE, ""), ("2023-07-01", NOT, "A1"), ("2023-07-11", LATE, "10 days")],
    ),
    "a dropped action that was reopened counts again": (
        "delivered-by", CHAIRED,
        [("2022-07-06", chair("2022-07-11")), ("2022-07-18", action("A1", "2023-06-30")),
         ("2023-06-10", dropped("A1")), ("2023-06-20", reopened("A1"))],
        [("2023-06-11", NONE, "no action that counts"), ("2023-07-01", NOT, "A1")],
    ),
    "W3: no views recorded": ("views-considered", BOTH, [], [("2022-08-01", NONE, "frontline staff")]),
    "W3: a stored clause without what its rule needs": (
        "views-considered", {}, [], [("2022-08-01", NONE, "needs groups")],
    ),
    "W3: a stored clause with a word that is not in its list": (
        "plan-coverage", {"covers": ["AREA"]}, [("2022-08-01", objective())], [("2022-08-02", NONE, "did you mean AREAS?")],
    ),
    "a stored clause of version 1": (
        "target-met", {"measure": "M1", "target": 40, "by": "2024-06-30"},
        [("2024-01-02", defined("M1")), ("2024-07-10", of_month(45, 6))], [("2024-07-11", MET, "reached 40")],
    ),
    "a meeting before any objective": ("slow-objectives-highlighted", {}, [("2022-08-01", MeetingHeld(meeting="B", attendance=["a"], quorate=True))],
        [("2022-08-02", NONE, "no open objective")]),
}  # fmt: skip
