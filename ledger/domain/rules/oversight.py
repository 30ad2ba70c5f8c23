"""Rules on oversight: partners, adviser, board, views, reviews, access, reports, publication and powers."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from ledger.domain.areas.access import (
    AccessExtended,
    AccessGranted,
    AccessKind,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
    AccessUseRefused,
)
from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionDropped,
    ActionRebaselined,
    ActionReopened,
)
from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.areas.board import (
    BoardDecisionRecorded,
    BoardEstablished,
    ChairAppointed,
    ChairEnded,
    DecisionRescinded,
    InterestDeclared,
    MemberJoined,
    MemberLeft,
    TimetableAgreed,
)
from ledger.domain.areas.engagement import Group, ViewsConsidered, ViewsGathered
from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided, InterventionEnded
from ledger.domain.areas.meetings import (
    BoardActionAgreed,
    BoardActionDone,
    BoardPackCirculated,
    MeetingHeld,
    MinutesApproved,
)
from ledger.domain.areas.notice import NoticeClosed
from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import (
    AdviserReportIssued,
    BoardReportSubmitted,
    ChairReportDelivered,
    ReportRecommendationDecided,
)
from ledger.domain.areas.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
    Topic,
)
from ledger.domain.fact import Code, Fact, Id
from ledger.domain.roles import Role
from ledger.domain.rules.rule import (
    AssessmentPart,
    Consent,
    Days,
    JudgedBoard,
    Months,
    ReportPart,
    ReportTopic,
    Rule,
    RuleFault,
)

Facts = frozenset[type[Fact]]
_ACTIONS: Facts = frozenset({ActionAdded, ActionCompleted, ActionDropped, ActionRebaselined, ActionReopened})


class Context(Rule, frozen=True):
    """The clause introduces other clauses and carries no obligation."""

    kind: ClassVar[str] = "context"
    wordings: ClassVar[tuple[str, ...]] = ("The following requirements ensure that progress can be demonstrated.",)
    example: ClassVar[str] = ""


class PartnerActionsOwned(Rule, frozen=True):
    """Every partner owns an action or a contribution, and none of these is overdue."""

    kind: ClassVar[str] = "partner-actions-owned"
    wordings: ClassVar[tuple[str, ...]] = ("The council takes the actions together with its partner agencies.",)
    example: ClassVar[str] = "section_11_only = true"
    retired: ClassVar[frozenset[str]] = frozenset({"law"})
    reads: ClassVar[Facts] = frozenset(
        {PartnerRegistered, ContributionCommitted, ContributionReceived, ContributionMissed, *_ACTIONS}
    )
    background: ClassVar[Facts] = _ACTIONS

    section_11_only: Annotated[
        bool, Meta(description="True: only partners bound by section 11 of the Children Act 2004 count.")
    ] = False


class AdviserInPost(Rule, frozen=True):
    """An adviser is in post until the Department releases the adviser."""

    kind: ClassVar[str] = "adviser-in-post"
    wordings: ClassVar[tuple[str, ...]] = ("The council works with the adviser until this is no longer needed.",)
    example: ClassVar[str] = ""
    retired: ClassVar[frozenset[str]] = frozenset({"released_by"})
    reads: ClassVar[Facts] = frozenset({AdviserAppointed, AdviserReplaced, AdviserReleased})


class BoardAndChair(Rule, frozen=True):
    """A board has a chair without a vacancy, and meets the clause's other requirements."""

    kind: ClassVar[str] = "board-and-chair"
    wordings: ClassVar[tuple[str, ...]] = (
        "The council must set up a board; its independent chair reports to a timetable agreed with ministers.",
    )
    example: ClassVar[str] = 'independent_chair = true, timetable_agreed_with = "DEPARTMENT", chair_reports = true'
    reads: ClassVar[Facts] = frozenset(
        {
            BoardEstablished,
            ChairAppointed,
            ChairEnded,
            TimetableAgreed,
            ChairReportDelivered,
            MeetingHeld,
            MinutesApproved,
            PartnerUpdateCommissioned,
            PartnerUpdateReceived,
            RoleGranted,
            RoleRevoked,
        }
    )
    background: ClassVar[Facts] = frozenset({RoleGranted, RoleRevoked})
    related: ClassVar[Facts] = frozenset(
        {
            InterestDeclared,
            MemberJoined,
            MemberLeft,
            BoardActionAgreed,
            BoardActionDone,
            BoardPackCirculated,
            BoardDecisionRecorded,
            DecisionRescinded,
        }
    )

    board: JudgedBoard = None
    independent_chair: Annotated[bool, Meta(description="True: the chair's independence has to be explained.")] = (
        False
    )
    chaired_by: Annotated[Role | None, Meta(description="Role that the chair has to hold.")] = None
    timetable_agreed_with: Annotated[
        Consent | None,
        Meta(description="Body that agrees to the timetable; absent: the clause requires no timetable."),
    ] = None
    chair_reports: Annotated[
        bool,
        Meta(
            description="True: the chair reports by each report day of the timetable; "
            "a report is for the first one after its period."
        ),
    ] = False


class BoardReportComplete(Rule, frozen=True):
    """The latest report to a board has all parts. The first is due once the board has met, or was to meet."""

    kind: ClassVar[str] = "board-report-complete"
    wordings: ClassVar[tuple[str, ...]] = ("Reports to the board should hold data, analysis and recommendations.",)
    example: ClassVar[str] = 'parts = ["DATA", "ANALYSIS"]'
    reads: ClassVar[Facts] = frozenset({BoardReportSubmitted, MeetingHeld, TimetableAgreed})
    background: ClassVar[Facts] = frozenset({MeetingHeld, TimetableAgreed})
    related: ClassVar[Facts] = frozenset({ReportRecommendationDecided})

    parts: Annotated[list[ReportPart], Meta(min_length=1, description="Parts of each report.")]
    board: JudgedBoard = None


class ViewsTakenIntoAccount(Rule, frozen=True):
    """The latest views of each group were considered."""

    kind: ClassVar[str] = "views-considered"
    wordings: ClassVar[tuple[str, ...]] = ("The views of frontline staff and of children will be considered.",)
    example: ClassVar[str] = 'groups = ["FRONTLINE_STAFF"]'
    reads: ClassVar[Facts] = frozenset({ViewsGathered, ViewsConsidered})
    matches: ClassVar[Mapping[str, str]] = {"groups": "group", "other_groups": "other_group"}

    groups: Annotated[list[Group], Meta(min_length=1, description="Groups whose views count.")]
    other_groups: Annotated[
        list[Code], Meta(description="Names of the other groups, as gatherings name them; needed with OTHER.")
    ] = []

    @property
    def bounds(self) -> tuple[RuleFault, ...]:
        """A fault if `groups` has OTHER without `other_groups`, or `other_groups` without OTHER; else empty."""
        if (Group.OTHER in self.groups) == bool(self.other_groups):
            return ()
        message = "other_groups: name the other groups if and only if groups has OTHER"
        return (RuleFault("other_groups" if self.other_groups else "groups", message, ("groups",)),)


class ReviewInterval(Rule, frozen=True):
    """Reviews begin at intervals of no more than the months named."""

    kind: ClassVar[str] = "review-interval"
    wordings: ClassVar[tuple[str, ...]] = ("The Department will review progress at least every six months.",)
    example: ClassVar[str] = 'at_most_months = 6, by = "DfE"'
    reads: ClassVar[Facts] = frozenset({ReviewScheduled, ReviewStarted})
    related: ClassVar[Facts] = frozenset({ReviewCompleted})
    matches: ClassVar[Mapping[str, str]] = {"by": "by"}

    at_most_months: Annotated[Months, Meta(description="Months between two reviews, at most.")]
    by: Annotated[Code | None, Meta(description="Body that reviews, as reviews name it; absent: any body.")] = None


class ReviewTopics(Rule, frozen=True):
    """Reviews have looked at every topic named."""

    kind: ClassVar[str] = "review-topics"
    wordings: ClassVar[tuple[str, ...]] = (
        "Reviews may look at culture, leadership and early help.",
        "Ofsted may visit again, to look at joint work.",
    )
    example: ClassVar[str] = 'topics = ["CULTURE", "EARLY_HELP"], by = "DfE"'
    retired: ClassVar[frozenset[str]] = frozenset({"open_list"})
    reads: ClassVar[Facts] = frozenset({ReviewScheduled, ReviewStarted})
    background: ClassVar[Facts] = frozenset({ReviewStarted})
    matches: ClassVar[Mapping[str, str]] = {"topics": "topics", "by": "by"}

    topics: Annotated[list[Topic], Meta(min_length=1, description="Topics to look at.")]
    by: Annotated[Code | None, Meta(description="Body that reviews, as reviews name it; absent: any body.")] = None


class GradeReached(Rule, frozen=True):
    """A review gives a judgement one of the grades named, by the day named; the latest grade by then decides."""

    kind: ClassVar[str] = "grade-reached"
    wordings: ClassVar[tuple[str, ...]] = (
        "Inspectors must judge the services to be at least adequate by December 2010.",
    )
    example: ClassVar[str] = (
        'judgement = "overall", grades = ["adequate", "good"], by = 2010-12-31, reviewed_by = "Ofsted"'
    )
    reads: ClassVar[Facts] = frozenset({ReviewScheduled, ReviewCompleted})
    background: ClassVar[Facts] = frozenset({ReviewScheduled})
    matches: ClassVar[Mapping[str, str]] = {"judgement": "judgement", "reviewed_by": "by"}

    judgement: Annotated[Code, Meta(description="Judgement, as reviews name it.")]
    grades: Annotated[list[Code], Meta(min_length=1, description="Grades that meet the clause.")]
    by: Annotated[date, Meta(description="Last day for the grade.")]
    reviewed_by: Annotated[
        Code | None, Meta(description="Body that reviews, as reviews name it; absent: any body.")
    ] = None


class DiagnosticAgreed(Rule, frozen=True):
    """Every diagnostic that was required has reported by its due date."""

    kind: ClassVar[str] = "diagnostic-agreed"
    wordings: ClassVar[tuple[str, ...]] = ("The adviser may ask for a diagnostic review of a service area.",)
    example: ClassVar[str] = ""
    retired: ClassVar[frozenset[str]] = frozenset({"consent_of"})
    reads: ClassVar[Facts] = frozenset({DiagnosticRequired, DiagnosticProviderAgreed, DiagnosticReported})


class AccessIsProvided(Rule, frozen=True):
    """Access that reviewers requested is granted and opened in time."""

    kind: ClassVar[str] = "access-provided"
    wordings: ClassVar[tuple[str, ...]] = (
        "The council must give reviewers access to staff, data and case files.",
    )
    example: ClassVar[str] = "maximum_days = 184, within_working_days = 5"
    reads: ClassVar[Facts] = frozenset(
        {
            AccessRequested,
            AccessGranted,
            AccessRefused,
            AccessExtended,
            AccessRevoked,
            AccessProvided,
            AccessUsed,
            ReviewCompleted,
            DiagnosticReported,
        }
    )
    background: ClassVar[Facts] = frozenset[type[Fact]]((ReviewCompleted, DiagnosticReported))
    related: ClassVar[Facts] = frozenset({AccessUseRefused})

    maximum_days: Annotated[
        Days | None, Meta(description="Days that one grant may last; a longer grant is refused.")
    ] = None
    within_working_days: Annotated[
        Days | None, Meta(description="Working days within which the council opens an access after its start.")
    ] = None


class AccessOfKinds(Rule, frozen=True):
    """Access of the kinds named is granted and opened in time."""

    kind: ClassVar[str] = "access-of-kinds"
    wordings: ClassVar[tuple[str, ...]] = ("The council must give reviewers accurate and up-to-date data.",)
    example: ClassVar[str] = 'kinds = ["DATA"]'
    reads: ClassVar[Facts] = AccessIsProvided.reads
    background: ClassVar[Facts] = AccessIsProvided.background
    matches: ClassVar[Mapping[str, str]] = {"kinds": "kind"}

    kinds: Annotated[list[AccessKind], Meta(min_length=1, description="Kinds of access.")]
    within_working_days: Annotated[
        Days | None, Meta(description="Working days within which the council opens an access after its start.")
    ] = None


class AssessmentBeforeReview(Rule, frozen=True):
    """The council assesses itself before each review begins."""

    kind: ClassVar[str] = "assessment-before-review"
    wordings: ClassVar[tuple[str, ...]] = ("Before a review the council should submit its own assessment.",)
    example: ClassVar[str] = 'by = "DfE"'
    reads: ClassVar[Facts] = frozenset({ReviewScheduled, ReviewStarted, PreReviewAssessmentSubmitted})
    background: ClassVar[Facts] = frozenset({ReviewScheduled, ReviewStarted})
    matches: ClassVar[Mapping[str, str]] = {"by": "by"}

    by: Annotated[Code | None, Meta(description="Body that reviews, as reviews name it; absent: any body.")] = None


class AssessmentContent(Rule, frozen=True):
    """The council's latest assessment before a review has the part named."""

    kind: ClassVar[str] = "assessment-content"
    wordings: ClassVar[tuple[str, ...]] = ("The assessment may include surveys of staff.",)
    example: ClassVar[str] = 'part = "STAFF_SURVEY"'
    reads: ClassVar[Facts] = AssessmentBeforeReview.reads
    background: ClassVar[Facts] = AssessmentBeforeReview.background

    part: Annotated[AssessmentPart, Meta(description="Part of the assessment.")]


class AdviserReports(Rule, frozen=True):
    """The adviser reports at the agreed interval, on every topic named."""

    kind: ClassVar[str] = "adviser-reports"
    wordings: ClassVar[tuple[str, ...]] = ("The adviser will report regularly on progress in each area.",)
    example: ClassVar[str] = 'covers = ["AREAS"], every_months = 3'
    reads: ClassVar[Facts] = frozenset({AdviserReportIssued, AdviserAppointed, AdviserReleased})
    background: ClassVar[Facts] = frozenset({AdviserAppointed, AdviserReleased})

    covers: Annotated[list[ReportTopic], Meta(min_length=1, description="Topics of each report.")]
    every_months: Annotated[
        Months | None, Meta(description="Months between two reports; absent until an interval is agreed.")
    ] = None


class Escalation(Rule, frozen=True):
    """Ministers use their power of intervention, or leave it unused."""

    kind: ClassVar[str] = "escalation"
    wordings: ClassVar[tuple[str, ...]] = ("Ministers may use their statutory powers of intervention.",)
    example: ClassVar[str] = 'power = "s497A"'
    reads: ClassVar[Facts] = frozenset({ConcernRaised, InterventionDecided, InterventionEnded})
    related: ClassVar[Facts] = frozenset({NoticeClosed})
    matches: ClassVar[Mapping[str, str]] = {"power": "power"}

    power: Annotated[Code | None, Meta(description="Power, as interventions name it; absent: any power.")] = None


class PublishedRegularly(Rule, frozen=True):
    """A subject is published, and published again at the interval named."""

    kind: ClassVar[str] = "published"
    wordings: ClassVar[tuple[str, ...]] = ("The council must publish its progress each quarter.",)
    example: ClassVar[str] = 'what = "progress-report", every_months = 3'
    reads: ClassVar[Facts] = frozenset({Published})
    matches: ClassVar[Mapping[str, str]] = {"what": "subject"}

    what: Annotated[Id, Meta(description="Subject, as publications name it.")]
    every_months: Annotated[Months | None, Meta(description="Months between two publications; absent: once.")] = (
        None
    )
