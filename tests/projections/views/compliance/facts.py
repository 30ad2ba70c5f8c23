"""Facts of the rules' tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ledger.domain.areas.access import AccessGranted, AccessKind, AccessProvided, AccessRequested
from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionDropped,
    ActionRebaselined,
    ActionReopened,
)
from ledger.domain.areas.board import BoardEstablished, ChairAppointed, TimetableAgreed
from ledger.domain.areas.engagement import Group, ViewsConsidered, ViewsGathered
from ledger.domain.areas.measures import Direction, MeasureDefined, MeasureReadingReported, Unit
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.notice import AreaRegistered, InterpretationAdopted, NoticeRevised, Revision
from ledger.domain.areas.partners import ContributionCommitted, PartnerRegistered
from ledger.domain.areas.plan import (
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveOutcome,
    PlanVersionApproved,
    ProgressRecorded,
    SelfAssessmentPublished,
)
from ledger.domain.areas.recommendations import RecommendationMade
from ledger.domain.areas.reports import AdviserReportIssued, AreaReport, ChairReportDelivered
from ledger.domain.areas.reviews import (
    AreaJudgement,
    AreaProgress,
    ObjectiveView,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
    Topic,
)
from ledger.domain.fact import Fact, Period
from tests.projections.views.compliance.dated_facts import WORDS, instant


def day(text: str) -> date:
    return date.fromisoformat(text)


def objective(name: str = "O1", due: str = "2023-06-30", *areas: str, measures: tuple[str, ...] = ()) -> Fact:
    return ObjectiveAdded(
        objective=name,
        title=WORDS,
        areas=list(areas or ("1a",)),
        owner="bob",
        due=day(due),
        measures=list(measures),
    )


def progress(name: str = "O1") -> Fact:
    return ProgressRecorded(objective=name, narrative=WORDS, activity_rating="GREEN", impact_rating="RED")


def closed(name: str, outcome: str) -> Fact:
    return ObjectiveClosed(objective=name, outcome=ObjectiveOutcome(outcome), reason=WORDS)


def action(name: str, due: str, of: str = "O1") -> Fact:
    return ActionAdded(action=name, objective=of, title=WORDS, owner="bob", due=day(due))


def completed(name: str, on: str) -> Fact:
    return ActionCompleted(action=name, completed_on=day(on), result=WORDS)


def dropped(name: str, approver: str = "chair") -> Fact:
    return ActionDropped(action=name, reason=WORDS, approver=approver)


def reopened(name: str) -> Fact:
    return ActionReopened(action=name, reason=WORDS)


def rebaselined(name: str, due: str, later: str, approver: str = "chair") -> Fact:
    return ActionRebaselined(action=name, from_=day(due), to=day(later), reason=WORDS, approver=approver)


def met(name: str = "B1") -> Fact:
    return MeetingHeld(meeting=name, attendance=["chair"], quorate=True)


def chair(first: str, last: str | None = None, *, independent: bool = True, name: str = "chair") -> Fact:
    basis = WORDS if independent else None
    return ChairAppointed(chair=name, first=day(first), last=day(last) if last else None, independence_basis=basis)


def timetable(*dates: str, consent: bool = True, reports: tuple[str, ...] = ()) -> Fact:
    days, report_days = [day(each) for each in dates], [day(each) for each in reports]
    return TimetableAgreed(dates=days, department_consent=consent, report_dates=report_days)


def chair_report(name: str = "C1", last: str = "2022-07-31") -> Fact:
    period = Period(day("2022-06-01"), day(last))
    return ChairReportDelivered(report=name, period=period, objectives=[ObjectiveView(objective="O1", text=WORDS)])


def scheduled(name: str, first: str, *topics: Topic) -> Fact:
    return ReviewScheduled(
        review=name, kind="k", by="DfE", from_=day(first), topics=list(topics or (Topic.CULTURE,))
    )


def started(name: str) -> Fact:
    return ReviewStarted(review=name)


def review_completed(name: str, area: str | None = None, judgement: str = "CONCERN") -> Fact:
    areas = [AreaProgress(area=area, judgement=AreaJudgement(judgement), text=WORDS)] if area else []
    return ReviewCompleted(review=name, findings=[WORDS], per_area=areas)


def assessed(name: str, survey: str | None = None) -> Fact:
    views = [ObjectiveView(objective="O1", text=WORDS)]
    return PreReviewAssessmentSubmitted(review=name, objectives=views, staff_survey=survey)


def asked_for(name: str, first: str, last: str, kind: str = "CASE_FILES", review: str = "R1") -> Fact:
    return AccessRequested(
        request=name,
        grantee="ann",
        review=review,
        kind=AccessKind(kind),
        scope=WORDS,
        purpose=WORDS,
        from_=instant(first),
        until=instant(last),
    )


def granted(name: str, first: str, last: str) -> Fact:
    return AccessGranted(request=name, from_=instant(first), until=instant(last))


def provided(name: str, on: str = "2022-10-04") -> Fact:
    return AccessProvided(request=name, kind=AccessKind.CASE_FILES, what=WORDS, on=day(on))


def adviser_report(name: str, *areas: str, judgement: AreaJudgement = AreaJudgement.PROGRESS) -> Fact:
    period = Period(day("2022-07-01"), day("2022-09-30"))
    per_area = [AreaReport(area=area, judgement=judgement, text=WORDS) for area in areas]
    return AdviserReportIssued(report=name, period=period, per_area=per_area, position=1)


def defined(
    name: str, direction: str = "HIGHER_IS_BETTER", target: float | None = None, baseline: float | None = None
) -> Fact:
    return MeasureDefined(
        measure=name,
        title=WORDS,
        unit=Unit.COUNT,
        direction=Direction(direction),
        target=target,
        baseline=baseline,
    )


def read(name: str, number: int, value: int, year: int = 2022, month: int = 1) -> Fact:
    """Return a reading for one day, the `number`-th of a month."""
    period = Period(date(year, month, number), date(year, month, number))
    return MeasureReadingReported(
        measure=name, period=period, numerator=value, system="s", extracted_at=datetime(2022, 1, 1, tzinfo=UTC)
    )


def month(number: int, value: int) -> Fact:
    """Return measure M1's reading for a month of 2022."""
    first = date(2022, number, 1)
    following = date(2022 + number // 12, number % 12 + 1, 1)
    period = Period(first, following - timedelta(days=1))
    return MeasureReadingReported(
        measure="M1", period=period, numerator=value, system="s", extracted_at=datetime(2022, 1, 1, tzinfo=UTC)
    )


def area(name: str) -> Fact:
    return AreaRegistered(area=name, title=WORDS)


def committed(name: str, due: str) -> Fact:
    return ContributionCommitted(contribution=name, partner="P1", what=WORDS, owner="pat", due=day(due))


PARTNER = PartnerRegistered(partner="P1", organisation=WORDS, section11=True, lead="pat")
SA1 = SelfAssessmentPublished(assessment="SA1", edition="1", strengths=[], weaknesses=[])
SA2 = SelfAssessmentPublished(assessment="SA2", edition="2", strengths=[], weaknesses=[])
RC1 = RecommendationMade(recommendation="RC1", by="ann", text=WORDS)
BOARD = BoardEstablished(terms_of_reference=WORDS)


def plan(name: str, cites: str | None = None, body: str = "cabinet") -> Fact:
    return PlanVersionApproved(plan_version=name, body=body, assessment=cites)


def interpreted(**parameters: Any) -> Fact:
    return InterpretationAdopted(
        interpretation="I1", number="c", word="w", meaning=WORDS, adopted_by="board", parameters=parameters
    )


def revised(on: str, **parameters: Any) -> Fact:
    return NoticeRevised(revised_on=day(on), reason=WORDS, clauses=[Revision(number="c", parameters=parameters)])


STAFF, CHILDREN = Group.FRONTLINE_STAFF, Group.CHILDREN_AND_YOUNG_PEOPLE


def gathered(name: str, group: Group, other: str | None = None) -> Fact:
    return ViewsGathered(views=name, group=group, other_group=other, method="survey", count=9, themes=[WORDS])


def considered(name: str) -> Fact:
    return ViewsConsidered(views=name, standard="s", reason=WORDS)
