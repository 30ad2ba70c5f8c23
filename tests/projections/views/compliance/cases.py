"""Each rule at its edges, as data: the rule, its parameters, the facts, and the status on each day."""

from typing import Any

from ledger.domain.areas.access import AccessRefused
from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased
from ledger.domain.areas.board import ChairEnded
from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided
from ledger.domain.areas.notice import AreaCarriedOver, AreaClosed, NoticeClosed, Outcome
from ledger.domain.areas.partners import ContributionMissed, ContributionReceived
from ledger.domain.areas.plan import ObjectiveRevised, SlowProgressHighlighted
from ledger.domain.areas.recommendations import (
    CoverageMapped,
    FindingRegistered,
    RecommendationAccepted,
    RecommendationRejected,
)
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import BoardReportSubmitted, Claim, ReportRecommendation
from ledger.domain.areas.reviews import DiagnosticProviderAgreed, DiagnosticReported, DiagnosticRequired, Topic
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact
from tests.projections.views.compliance.facts import (
    BOARD,
    CHILDREN,
    PARTNER,
    RC1,
    SA1,
    SA2,
    STAFF,
    action,
    adviser_report,
    area,
    asked_for,
    assessed,
    chair,
    chair_report,
    closed,
    committed,
    completed,
    considered,
    day,
    defined,
    gathered,
    granted,
    interpreted,
    met,
    objective,
    plan,
    progress,
    provided,
    read,
    rebaselined,
    revised,
    scheduled,
    started,
    timetable,
)

MET, LATE, RISK, NOT, DUE, NONE = "MET", "MET_LATE", "AT_RISK", "NOT_MET", "NOT_DUE", "NO_EVIDENCE"
USED, UNUSED, NEVER = "POWER_USED", "POWER_UNUSED", "NOT_APPLICABLE"
Case = tuple[str, dict[str, Any], list[DatedFact], list[tuple[str, str]]]
BOTH = {"groups": [STAFF.value, CHILDREN.value]}
IN_POST: dict[str, Any] = {"appointment": "AP", "adviser": "ann", "terms": WORDS}
INDEPENDENT = {"independent_chair": True, "timetable_agreed_with": "DEPARTMENT"}
REPORTING = {**INDEPENDENT, "chair_reports": True}
SEATED: list[DatedFact] = [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-11"))]
COVERS = {"covers": ["AREAS", "FINDINGS", "RECOMMENDATIONS"]}
BY_JUNE = {"target_date": "2023-06-30"}

CASES: dict[str, Case] = {
    "a self-assessment and a plan, linked, then outdated": (
        "plan-cites-self-assessment", {},
        [("2022-08-01", SA1), ("2022-09-01", plan("1", "SA1")), ("2022-10-01", SA2), ("2022-11-01", plan("2", "SA2"))],
        [("2022-07-31", NONE), ("2022-08-02", NONE), ("2022-09-02", MET), ("2022-10-02", NOT), ("2022-11-02", MET)],
    ),
    "a plan that answers none": (
        "plan-cites-self-assessment", {}, [("2022-08-01", SA1), ("2022-09-01", plan("1"))], [("2022-09-02", NOT)],
    ),
    "an area uncovered, covered, its objective dropped": (
        "plan-coverage", COVERS,
        [("2022-07-05", area("1a")), ("2022-07-05", area("1b")), ("2022-08-01", objective("O1")),
         ("2022-08-03", objective("O2", "2023-01-01", "1b")), ("2022-08-05", closed("O2", "DROPPED"))],
        [("2022-07-30", NONE), ("2022-08-02", NOT), ("2022-08-04", MET), ("2022-08-06", NOT)],
    ),
    "an achieved objective still answers": (
        "plan-coverage", COVERS,
        [("2022-07-05", area("1a")), ("2022-08-01", objective("O1")), ("2022-08-05", closed("O1", "ACHIEVED"))],
        [("2022-08-06", MET)],
    ),
    "an area closed early is covered no longer": (
        "plan-coverage", COVERS,
        [("2022-07-05", area("1a")), ("2022-07-05", area("1b")), ("2022-08-01", objective("O1")),
         ("2022-09-01", AreaClosed(area="1b", closed_on=day("2022-09-01"), reason=WORDS))],
        [("2022-08-31", NOT), ("2022-09-02", MET)],
    ),
    "a finding is mapped": (
        "plan-coverage", COVERS,
        [("2022-08-01", objective("O1")), ("2022-08-02", FindingRegistered(finding="F1", origin="o", text=WORDS)),
         ("2022-08-04", CoverageMapped(objective="O1", findings=["F1"]))],
        [("2022-08-03", NOT), ("2022-08-05", MET)],
    ),
    "a recommendation made, accepted, mapped": (
        "plan-coverage", COVERS,
        [("2022-08-01", objective("O1")), ("2022-08-02", RC1),
         ("2022-08-04", RecommendationAccepted(recommendation="RC1", response=WORDS)),
         ("2022-08-06", CoverageMapped(objective="O1", recommendations=["RC1"]))],
        [("2022-08-03", RISK), ("2022-08-05", NOT), ("2022-08-07", MET)],
    ),
    "a recommendation rejected with a reason": (
        "plan-coverage", COVERS,
        [("2022-08-01", objective("O1")), ("2022-08-02", RC1),
         ("2022-08-04", RecommendationRejected(recommendation="RC1", reason=WORDS))],
        [("2022-08-05", MET)],
    ),
    "progress goes stale over a leap day": (
        "plan-kept-current", {"stale_after_days": 31},
        [("2024-01-20", objective()), ("2024-02-01", progress())],
        [("2024-01-21", NONE), ("2024-02-02", MET), ("2024-02-25", MET), ("2024-02-26", RISK),
         ("2024-03-03T23:59", RISK), ("2024-03-04T00:00", NOT)],
    ),
    "what happens on the last day finds it still current": (
        "plan-kept-current",
        {"stale_after_days": 31},
        [("2024-01-20", objective()), ("2024-02-01", progress()), ("2024-03-03T10:00", objective("O2"))],
        [("2024-03-03T12:00", RISK), ("2024-03-04T00:00", NOT)],
    ),
    "an objective without progress goes stale from its adding": (
        "plan-kept-current", {"stale_after_days": 31}, [("2022-07-14", objective())],
        [("2022-07-13", NONE), ("2022-08-14", NONE), ("2022-08-15", NOT)],
    ),
    "a limit interpreted again half-way": (
        "plan-kept-current", {"stale_after_days": 31},
        [("2022-07-14", objective()), ("2022-07-20", progress()), ("2022-08-25", interpreted(stale_after_days=62))],
        [("2022-08-20", RISK), ("2022-08-21", NOT), ("2022-08-25T11:59", NOT), ("2022-08-25T12:00", MET),
         ("2022-09-20", RISK), ("2022-09-21", NOT)],
    ),
    "the objective that waits longest decides": (
        "plan-kept-current", {"stale_after_days": 31},
        [("2022-07-14", objective()), ("2022-07-15", objective("O2")), ("2022-08-10", progress("O2")),
         ("2022-08-16", closed("O1", "DROPPED"))],
        [("2022-08-14", RISK), ("2022-08-15", NOT), ("2022-08-17", MET)],
    ),
    "actions on track, overdue, completed": (
        "delivered-by", BY_JUNE,
        [("2022-07-18", action("A1", "2022-10-31")), ("2022-11-05", completed("A1", "2022-11-05"))],
        [("2022-07-17", NONE), ("2022-10-31", DUE), ("2022-11-01T00:00", RISK), ("2022-11-06", MET)],
    ),
    "an action open when the notice's date passes in summer time": (
        "delivered-by", BY_JUNE, [("2022-07-18", action("A1", "2023-06-30"))],
        [("2023-06-30T23:59", DUE), ("2023-07-01T00:00", NOT)],
    ),
    "an action due later without approval, then with it": (
        "delivered-by", BY_JUNE,
        [("2022-07-18", action("A1", "2023-09-30")), ("2022-08-01", rebaselined("A1", "2023-09-30", "2023-08-31"))],
        [("2022-07-19", RISK), ("2022-08-02", DUE), ("2023-08-31", DUE), ("2023-09-01", NOT)],
    ),
    "the notice's own date moved": (
        "delivered-by", BY_JUNE,
        [("2022-07-18", action("A1", "2023-06-30")), ("2023-07-17", revised("2023-07-17", target_date="2023-12-31"))],
        [("2023-07-16", NOT), ("2023-07-18", RISK), ("2024-01-01", NOT)],
    ),
    "an action of a dropped objective is asked for until it is dropped itself": (
        "delivered-by", BY_JUNE,
        [("2022-07-18", objective()), ("2022-07-18", action("A1", "2022-07-30")),
         ("2022-07-19", action("A2", "2023-06-01", "O2")), ("2022-08-10", closed("O1", "DROPPED")),
         ("2023-05-31", completed("A2", "2023-05-31"))],
        [("2022-08-09", RISK), ("2022-08-11", RISK), ("2023-07-01", NOT)],
    ),
    "a late objective, reported to the board in time": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2022-10-31")), ("2022-10-31", met("B1")),
         ("2022-11-20", SlowProgressHighlighted(objective="O1", cause=WORDS, remedy=WORDS)), ("2022-11-30", met("B2"))],
        [("2022-10-31", DUE), ("2022-11-01T00:00", RISK), ("2022-11-21", MET), ("2022-12-01", MET)],
    ),
    "a late objective that the board did not hear of, then moved": (
        "slow-objectives-highlighted", {},
        [("2022-07-14", objective("O1", "2022-10-31")), ("2022-11-30", met("B2")),
         ("2022-12-10", ObjectiveRevised(objective="O1", reason=WORDS, due=day("2023-01-31")))],
        [("2022-11-29", RISK), ("2022-12-01", NOT), ("2022-12-11", DUE), ("2023-02-01", RISK)],
    ),
    "a plan approved on the last day": (
        "plan-approved", {"body": "cabinet", "by": "2022-09-30"},
        [("2022-09-01", plan("1", body="board")), ("2022-09-30", plan("2"))],
        [("2022-09-16", DUE), ("2022-09-17", RISK), ("2022-09-30T11:59", RISK), ("2022-09-30T12:00", MET)],
    ),
    "a plan approved late": (
        "plan-approved", {"by": "2022-09-30"}, [("2022-10-05", plan("2"))],
        [("2022-09-30", RISK), ("2022-10-01", NOT), ("2022-10-06", LATE)],
    ),
    "a chair in post on the first and the last day": (
        "board-and-chair", INDEPENDENT,
        [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-11", "2022-08-31")), ("2022-07-07", timetable("2023-01-01"))],
        [("2022-07-05", NONE), ("2022-07-10", DUE), ("2022-07-11T00:00", MET), ("2022-08-31T23:59", MET),
         ("2022-09-01T00:00", NOT)],
    ),
    "a chair of whom nobody says why they are independent": (
        "board-and-chair", INDEPENDENT, [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-06", independent=False))],
        [("2022-07-07", NOT)],
    ),
    "a timetable without the Department": (
        "board-and-chair", INDEPENDENT, [*SEATED, ("2022-07-12", timetable("2022-09-28", consent=False))],
        [("2022-07-11", NONE), ("2022-07-13", NOT)],
    ),
    "reports by the report days of the timetable": (
        "board-and-chair", REPORTING,
        [*SEATED, ("2022-07-12", timetable("2022-12-14", reports=("2022-07-12", "2022-09-28", "2022-10-26"))),
         ("2022-07-12T15:00", chair_report("C0", "2022-06-30")), ("2022-10-05", chair_report("C1", "2022-09-28")),
         ("2022-11-01", chair_report("C2", "2022-09-29"))],
        [("2022-07-14", MET), ("2022-09-21", MET), ("2022-09-22", RISK), ("2022-09-28", RISK), ("2022-09-29", NOT),
         ("2022-10-06", LATE), ("2022-10-19", LATE), ("2022-10-20", RISK), ("2022-10-26", RISK), ("2022-10-27", NOT),
         ("2022-11-02", LATE)],
    ),
    "a chair who left": (
        "board-and-chair", INDEPENDENT,
        [*SEATED, ("2022-07-12", timetable("2023-01-01")),
         ("2022-08-01", ChairEnded(chair="chair", last=day("2022-08-10"), reason=WORDS))],
        [("2022-08-10", MET), ("2022-08-11", NOT)],
    ),
    "reports to the board with and without their parts": (
        "board-report-complete", {"parts": ["DATA", "ANALYSIS", "RECOMMENDATIONS", "IMPACT_EVIDENCE"]},
        [("2022-08-01", met()), ("2022-08-03", BoardReportSubmitted(report="1", meeting="B1", data=["E"])),
         ("2022-08-05", BoardReportSubmitted(report="2", meeting="B2", data=["E"], analysis=WORDS,
          recommendations=[ReportRecommendation(recommendation="a", text=WORDS)],
          impact_evidence=[Claim(claim=WORDS, evidence=["E"])]))],
        [("2022-07-31", DUE), ("2022-08-02", NONE), ("2022-08-04", NOT), ("2022-08-06", MET)],
    ),
    "the adviser's reports, without an interval and with one over a month's end": (
        "adviser-reports", {"covers": ["AREAS"]},
        [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1a")),
         ("2022-09-05", interpreted(every_months=6))],
        [("2022-08-30", NONE), ("2022-09-01", NONE), ("2022-09-06", MET), ("2023-02-14", MET), ("2023-02-15", RISK), ("2023-02-28", RISK),
         ("2023-03-01", NOT)],
    ),
    "an adviser's report that leaves an area out": (
        "adviser-reports", {"covers": ["AREAS"]}, [("2022-07-05", area("1a")), ("2022-07-05", area("1b")),
                                ("2022-08-31", adviser_report("1", "1a"))],
        [("2022-09-01", NOT)],
    ),
    "something published every six months, from the end of August to that of February": (
        "published", {"what": "plan", "every_months": 6},
        [("2023-08-31", Published(subject="plan", where=WORDS))],
        [("2022-07-06", NONE), ("2023-01-05", RISK), ("2023-01-06", NOT), ("2023-09-01", LATE), ("2024-02-15", LATE),
         ("2024-02-16", RISK), ("2024-02-29", RISK), ("2024-03-01", NOT)],
    ),
    "an adviser's first day, and a release": (
        "adviser-in-post", {},
        [("2022-07-08", AdviserAppointed(first=day("2022-07-11"), **IN_POST)),
         ("2022-09-01", AdviserReleased(appointment="AP", last=day("2022-09-05"), reason=WORDS))],
        [("2022-07-07", NONE), ("2022-07-10T23:59", DUE), ("2022-07-11T00:00", MET), ("2022-09-05", MET),
         ("2022-09-06", DUE)],
    ),
    "an adviser whose appointment just ran out": (
        "adviser-in-post", {},
        [("2022-07-08", AdviserAppointed(first=day("2022-07-11"), last=day("2022-12-31"), **IN_POST))],
        [("2022-12-31T23:59", MET), ("2023-01-01T00:00", NOT)],
    ),
    "a contribution due, missed, received": (
        "partner-actions-owned", {},
        [("2022-07-06", PARTNER), ("2022-07-08", committed("C1", "2022-08-31")),
         ("2022-09-02", ContributionMissed(contribution="C1", reason=WORDS)),
         ("2022-09-10", ContributionReceived(contribution="C1", received_on=day("2022-09-10")))],
        [("2022-07-05", NONE), ("2022-07-07", NONE), ("2022-08-31", MET), ("2022-09-01", NOT), ("2022-09-03", NOT),
         ("2022-09-11", LATE)],
    ),
    "views of both groups, gathered and considered": (
        "views-considered", BOTH,
        [("2022-08-01", gathered("V1", STAFF)), ("2022-08-03", gathered("V2", CHILDREN)),
         ("2022-08-05", considered("V1")), ("2022-08-07", considered("V2")), ("2022-08-09", gathered("V3", STAFF))],
        [("2022-08-02", NONE), ("2022-08-04", RISK), ("2022-08-06", RISK), ("2022-08-08", MET), ("2022-08-10", RISK)],
    ),
    "concerns and an intervention": (
        "escalation", {},
        [("2022-08-01", ConcernRaised(concern="C1", text=WORDS)),
         ("2022-08-03", InterventionDecided(intervention="I1", power="s497A", decision=WORDS))],
        [("2022-07-30", UNUSED), ("2022-08-02", UNUSED), ("2022-08-04", USED)],
    ),
    "a review due six months after the notice, in summer time": (
        "review-interval", {"at_most_months": 6}, [],
        [("2022-12-08", DUE), ("2022-12-09", RISK), ("2023-01-05", RISK), ("2023-01-06", NOT)],
    ),
    "a review scheduled in time, and one from the end of August to that of February": (
        "review-interval", {"at_most_months": 6},
        [("2022-08-31", started("R1")), ("2023-01-02", scheduled("R2", "2023-02-28"))],
        [("2022-09-01", MET), ("2023-02-28", MET), ("2023-03-01", NOT)],
    ),
    "a review six months after the last of August in a leap year": (
        "review-interval", {"at_most_months": 6}, [("2023-08-31", started("R1"))],
        [("2024-02-29", RISK), ("2024-03-01", NOT)],
    ),
    "topics seen by reviews that began": (
        "review-topics", {"topics": ["CULTURE", "EARLY_HELP"]},
        [("2022-08-01", scheduled("R1", "2022-09-01", Topic.CULTURE, Topic.EARLY_HELP)), ("2022-09-01", started("R1"))],
        [("2022-08-31", NONE), ("2022-09-02", MET)],
    ),
    "a diagnostic that runs over its date": (
        "diagnostic-agreed", {},
        [("2022-08-01", DiagnosticRequired(diagnostic="D", scope=WORDS, due=day("2022-10-31"))),
         ("2022-09-01", DiagnosticProviderAgreed(diagnostic="D", provider="p", outside=False, department_consent=False)),
         ("2022-11-05", DiagnosticReported(diagnostic="D", findings=[WORDS]))],
        [("2022-07-31", DUE), ("2022-10-31", DUE), ("2022-11-01", NOT), ("2022-11-06", LATE)],
    ),
    "access asked for, granted and opened": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-20T18:00")),
         ("2022-10-03", started("R1")), ("2022-10-04", provided("X"))],
        [("2022-09-02", DUE), ("2022-10-03", NONE), ("2022-10-05", MET)],
    ),
    "access not decided on when it was to begin": (
        "access-provided", {}, [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00"))],
        [("2022-10-03T07:59", DUE), ("2022-10-03T08:00", NOT)],
    ),
    "access that ended without having been opened": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-20T18:00")), ("2022-10-03", started("R1"))],
        [("2022-10-20T17:59", NONE), ("2022-10-20T18:00", NOT)],
    ),
    "access refused, then granted again": (
        "access-provided", {},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", AccessRefused(request="X", reason=WORDS)),
         ("2022-09-07", asked_for("Y", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-09", granted("Y", "2022-10-03T08:00", "2022-10-20T18:00"))],
        [("2022-09-06", NOT), ("2022-09-10", DUE)],
    ),
    "access to be opened within two working days, over Christmas": (
        "access-provided", {"within_working_days": 2},
        [("2022-12-01", asked_for("X", "2022-12-23T08:00", "2023-01-21T18:00")),
         ("2022-12-02", granted("X", "2022-12-23T08:00", "2023-01-20T18:00")), ("2022-12-23", started("R1"))],
        # 24 and 25 December are a weekend, 26 and 27 bank holidays: the second working day is 29 December.
        [("2022-12-29", NONE), ("2022-12-30", NOT)],
    ),
    "one kind of access is not another": (
        "access-of-kinds", {"kinds": ["STAFF"]},
        [("2022-09-01", asked_for("X", "2022-10-03T08:00", "2022-10-21T18:00")),
         ("2022-09-05", granted("X", "2022-10-03T08:00", "2022-10-20T18:00")),
         ("2022-10-03", started("R1")), ("2022-10-04", provided("X"))],
        [("2022-10-05", DUE), ("2022-10-21", DUE)],
    ),
    "an assessment before a review": (
        "assessment-before-review", {},
        [("2022-08-01", scheduled("R1", "2022-10-03")), ("2022-10-02", assessed("R1")), ("2022-10-03", started("R1"))],
        [("2022-07-31", DUE), ("2022-09-18", DUE), ("2022-09-19T00:00", RISK), ("2022-10-02", MET), ("2022-10-04", MET)],
    ),
    "an assessment after a review began": (
        "assessment-before-review", {},
        [("2022-08-01", scheduled("R1", "2022-10-03")), ("2022-10-03T09:00", started("R1")), ("2022-10-03", assessed("R1"))],
        [("2022-10-03T08:59", RISK), ("2022-10-03T09:00", NOT), ("2022-10-04", NOT)],
    ),
    "an optional part of an assessment": (
        "assessment-content", {"part": "STAFF_SURVEY"},
        [("2022-08-01", scheduled("R1", "2022-10-03")), ("2022-09-01", assessed("R1")),
         ("2022-11-01", scheduled("R2", "2023-04-03")), ("2023-03-01", assessed("R2", "E1"))],
        [("2022-08-31", DUE), ("2022-09-02", NOT), ("2023-03-02", MET)],
    ),
    "a target met on the day": (
        "target-met", {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}]},
        [("2022-07-06", defined("M1")), ("2022-08-01", read("M1", 1, 79)),
         ("2023-01-05", read("M1", 31, 80, 2022, 12))],
        [("2022-07-05", NONE), ("2022-07-31", DUE), ("2022-12-17", DUE), ("2022-12-18", RISK), ("2022-12-31T23:59", RISK),
         ("2023-01-01T00:00", NOT), ("2023-01-06", MET)],
    ),
    "a target of which lower is better": (
        "target-met", {"measure": "M1", "steps": [{"by": "2022-12-31", "target": 80}]},
        [("2022-07-06", defined("M1", "LOWER_IS_BETTER")), ("2022-08-01", read("M1", 1, 80))],
        [("2022-08-02", DUE), ("2022-12-31T23:59", DUE), ("2023-01-01T00:00", MET)],
    ),
    "a clause that introduces others": ("context", {}, [], [("2022-07-04", ""), ("2022-07-05", NEVER)]),
    "an area closed early": (
        "plan-cites-self-assessment", {"area": "1a"},
        [("2022-07-05", area("1a")), ("2022-09-01", AreaClosed(area="1a", closed_on=day("2022-09-01"), reason=WORDS))],
        [("2022-08-31", NONE), ("2022-09-02", NONE)],
    ),
    "an area carried over": (
        "plan-cites-self-assessment", {"area": "1a"},
        [("2022-07-05", area("1a")), ("2022-09-01", AreaCarriedOver(area="1a", successor="n2"))],
        [("2022-09-02", DUE)],
    ),
    "a notice that was closed is judged as it stood then": (
        "plan-kept-current", {"stale_after_days": 31},
        [("2022-07-14", objective()), ("2022-07-20", progress()),
         ("2022-08-01", NoticeClosed(closed_on=day("2022-08-01"), outcome=Outcome.FULFILLED, reason=WORDS))],
        [("2022-08-01", MET), ("2025-01-01", MET)],
    ),
}  # fmt: skip
