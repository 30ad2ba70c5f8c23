"""Judges of rules on the plan's content: citation, coverage, currency and approval."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct, field

from ledger.domain.areas.plan import (
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveOutcome,
    ObjectiveRevised,
    PlanVersionApproved,
    ProgressRecorded,
    SelfAssessmentPublished,
)
from ledger.domain.areas.recommendations import (
    CoverageMapped,
    FindingRegistered,
    RecommendationAccepted,
    RecommendationMade,
    RecommendationRejected,
)
from ledger.domain.roles import Role
from ledger.domain.rules import plan
from ledger.domain.rules.rule import CoverageKind
from projections.views.compliance.verdict import (
    DAY,
    WARNING_DAYS,
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    in_words,
    is_near,
    verdict,
    warned,
    word_in_text,
)


class PlanCitesSelfAssessment(Judge[plan.PlanCitesSelfAssessment]):
    """Judge of the rule that the latest approved plan cites the council's current self-assessment."""

    assessment: tuple[str, int] | None = None
    """Current self-assessment and its entry; None without a self-assessment."""
    plan: tuple[str, str | None, int] | None = None
    """Latest approved plan, the self-assessment that it cites, and the plan's entry; None without a plan."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the latest self-assessment and the latest plan."""
        fact = occurrence.fact
        match fact:
            case SelfAssessmentPublished():
                self.assessment = (fact.assessment, occurrence.position)
            case PlanVersionApproved():
                self.plan = (fact.plan_version, fact.assessment, occurrence.position)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET while the plan cites the current self-assessment, else NOT_MET.

        Until both are recorded, return NO_EVIDENCE.
        """
        if self.assessment is None:
            position = self.plan[2] if self.plan else None
            return verdict(Status.NO_EVIDENCE, "No self-assessment has been published.", position)
        if self.plan is None:
            return verdict(Status.NO_EVIDENCE, "No plan has been approved.", self.assessment[1])
        (assessment, published), (name, cited, approved) = self.assessment, self.plan
        if cited == assessment:
            return verdict(Status.MET, f"Plan {name} cites self-assessment {assessment}.", published, approved)
        cites = f"cites {cited}" if cited else "cites none"
        reason = f"Plan {name} {cites}; the current self-assessment is {assessment}."
        return verdict(Status.NOT_MET, reason, published, approved)


class _Objective(Struct):
    areas: list[str]
    position: int
    """Position of the entry that set the objective's areas."""
    mapped: list[str] = field(default_factory=list)
    """Other matters that the objective answers: `finding F1`, `recommendation RC1`, `area 1a`."""
    mapping: int = 0
    """Position of the entry that mapped the other matters; 0 if none are mapped."""
    is_live: bool = True
    """True while the objective is open, and after it was achieved."""


class _Recommendation(Struct):
    position: int
    role: str
    """Role of the person who recorded the recommendation."""


class PlanCoverage(Judge[plan.PlanCoverage]):
    """Judge of the rule that every matter of the named kinds has a live objective, or a reasoned rejection."""

    objectives: dict[str, _Objective] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    """Finding → its entry."""
    recommendations: dict[str, _Recommendation] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Recommendation → the entry of its answer, and the answer."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the matters to answer, and the objectives that answer them."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ObjectiveAdded():
                self.objectives[fact.objective] = _Objective(list(fact.areas), position)
            case ObjectiveRevised() if fact.areas is not None and fact.objective in self.objectives:
                objective = self.objectives[fact.objective]
                objective.areas, objective.position = list(fact.areas), position
            case ObjectiveClosed() if fact.objective in self.objectives:
                self.objectives[fact.objective].is_live = fact.outcome is ObjectiveOutcome.ACHIEVED
            case CoverageMapped() if fact.objective in self.objectives:
                mapped = [f"area {area}" for area in fact.areas]
                mapped += [f"finding {finding}" for finding in fact.findings]
                mapped += [f"recommendation {recommendation}" for recommendation in fact.recommendations]
                self.objectives[fact.objective].mapped, self.objectives[fact.objective].mapping = mapped, position
            case FindingRegistered():
                self.findings[fact.finding] = position
            case RecommendationMade():
                self.recommendations[fact.recommendation] = _Recommendation(position, occurrence.role)
            case RecommendationAccepted():
                self.answers[fact.recommendation] = (position, "ACCEPTED")
            case RecommendationRejected():
                self.answers[fact.recommendation] = (position, "REJECTED")

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET if nothing answers a matter, and AT_RISK if a recommendation has no answer yet."""
        live = [objective for objective in self.objectives.values() if objective.is_live]
        if not live:
            reason = "The plan has no live objective."
            return verdict(Status.NO_EVIDENCE, reason, *(each.position for each in self.objectives.values()))
        covered = _covered(live)
        matters, kinds = (
            self._matters(clause),
            enumerate_names(word_in_text(kind.value) for kind in self.rule.covers),
        )
        if not matters and not self._recommendations():
            return verdict(Status.NO_EVIDENCE, f"No {kinds} are recorded that the plan has to answer.")
        uncovered = {name: entry for name, entry in matters.items() if name not in covered}
        if uncovered:
            reason = f"The plan has no objective for {enumerate_names(uncovered)}."
            return verdict(Status.NOT_MET, reason, *uncovered.values())
        unanswered = {name: entry for name, entry in self._unanswered().items() if name not in covered}
        if unanswered:
            reason = f"The council has not yet accepted or rejected {enumerate_names(unanswered)}."
            return verdict(Status.AT_RISK, reason, *unanswered.values())
        reason = f"All {kinds} have a live objective or a reasoned rejection."
        counted = self._recommendations()
        required = [*matters, *(f"recommendation {name}" for name in counted)]
        rejections = [
            self.answers[name][0] for name in counted if self.answers.get(name, (0, ""))[1] == "REJECTED"
        ]
        return verdict(Status.MET, reason, *(covered[name] for name in required if name in covered), *rejections)

    def _matters(self, clause: JudgedClause) -> dict[str, int]:
        """Return each matter that needs an objective, with its entry."""
        covers = self.rule.covers
        matters: dict[str, int] = {}
        if CoverageKind.AREAS in covers:
            matters |= {f"area {area}": clause.areas[area] for area in clause.open_areas()}
        if CoverageKind.FINDINGS in covers:
            matters |= {f"finding {finding}": position for finding, position in self.findings.items()}
        for name in self._recommendations():
            position, answer = self.answers.get(name, (0, "MADE"))
            if answer == "ACCEPTED":
                matters[f"recommendation {name}"] = position
        return matters

    def _recommendations(self) -> list[str]:
        """Return the recommendations that the clause covers, from the roles that it names or from every role."""
        if CoverageKind.RECOMMENDATIONS not in self.rule.covers:
            return []
        roles = [role.value for role in self.rule.recommended_by] or [role.value for role in Role]
        return [name for name, known in self.recommendations.items() if known.role in roles]

    def _unanswered(self) -> dict[str, int]:
        names = [name for name in self._recommendations() if name not in self.answers]
        return {f"recommendation {name}": self.recommendations[name].position for name in names}


def _covered(live: list[_Objective]) -> dict[str, int]:
    """Return each matter that an objective answers, with the entry of the first answer."""
    covered: dict[str, int] = {}
    for objective in live:
        for matter in objective.mapped:
            covered.setdefault(matter, objective.mapping)
        for area in objective.areas:
            covered.setdefault(f"area {area}", objective.position)
    return covered


class PlanKeptCurrent(Judge[plan.PlanKeptCurrent]):
    """Judge of the rule that every open objective was added, or had progress recorded, within the limit."""

    last: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Open objective → the instant and the entry of its latest progress, or of its addition without progress."""
    recorded: bool = False
    """True once any progress was recorded."""
    oldest: str | None = None
    """Open objective with the oldest progress; None if not determined yet."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the latest progress of each open objective."""
        fact = occurrence.fact
        match fact:
            case ObjectiveAdded():
                self.last[fact.objective] = (occurrence.at, occurrence.position)
            case ObjectiveClosed():
                self.last.pop(fact.objective, None)
            case ProgressRecorded() if fact.objective in self.last:
                # The verdict rests on the objective that waits longest: another one's progress does not change it.
                is_first, self.recorded = not self.recorded, True
                self.last[fact.objective] = (occurrence.at, occurrence.position)
                if self.oldest not in (None, fact.objective):
                    return None if is_first else False
            case _:
                return False
        self.oldest = None
        return None

    def _limits(self, clause: JudgedClause) -> tuple[str, int, date, date] | None:
        """Return the limits of the open objective with the oldest progress, or None without an open objective.

        Returns:
            The objective, its latest entry, the last day without a warning, and the last day of the limit.
        """
        if not self.last:
            return None
        if self.oldest is None:
            self.oldest = min(self.last, key=lambda name: self.last[name])
        at, position = self.last[self.oldest]
        days = self.rule.stale_after_days
        current = clause.day(at) + days * DAY
        return self.oldest, position, current - min(days, WARNING_DAYS) * DAY, current

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET while all progress is recent, AT_RISK a week before the limit, and NOT_MET after it."""
        limits = self._limits(clause)
        if limits is None:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        name, position, fresh, current = limits
        today, days = clause.day(at), days_in_words(self.rule.stale_after_days)
        if today > current:
            last = in_words(current - self.rule.stale_after_days * DAY)
            reason = f"Objective {name} has had no progress recorded for more than {days}, since {last}."
            return verdict(Status.NOT_MET, reason, position)
        if not self.recorded:
            return verdict(Status.NO_EVIDENCE, "No progress has been recorded against the plan.", position)
        if today > fresh:
            reason = f"Objective {name} needs progress recorded by {in_words(current)}."
            return verdict(Status.AT_RISK, reason, position)
        return verdict(
            Status.MET, f"Every open objective was added, or had progress recorded, within {days}.", position
        )

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which the objective with the oldest progress nears the limit, and passes it."""
        limits = self._limits(clause)
        return () if limits is None else (clause.after(limits[2]), clause.after(limits[3]))


class PlanApproved(Judge[plan.PlanApproved]):
    """Judge of the rule that a body approves a version of the plan by the named day."""

    approved: dict[str, tuple[datetime, int, str]] = field(default_factory=dict)
    """Body → the instant and the entry of its first approval, and the version."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember each body's first approval."""
        fact = occurrence.fact
        if isinstance(fact, PlanVersionApproved):
            self.approved.setdefault(fact.body, (occurrence.at, occurrence.position, fact.plan_version))

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET or MET_LATE after an approval.

        Before an approval, return NOT_DUE until a fortnight before the named day, AT_RISK until that day, then
        NOT_MET.
        """
        body, by, today = self.rule.body, self.rule.by, clause.day(at)
        approvals = [approval for name, approval in self.approved.items() if body in (None, name)]
        if approvals:
            when, position, name = min(approvals)
            approved = f"Plan {name} was approved on {in_words(clause.day(when))}"
            late = (clause.day(when) - by).days
            if late > 0:
                reason = f"{approved}, {days_in_words(late)} after {in_words(by)}."
                return verdict(Status.MET_LATE, reason, position)
            return verdict(Status.MET, f"{approved}.", position)
        approver = f"The {body}" if body else "A body"
        if today > by:
            reason = f"{approver} had to approve a plan by {in_words(by)}; no approval is recorded."
            return verdict(Status.NOT_MET, reason, clause.position)
        reason = f"{approver} has to approve a plan by {in_words(by)}."
        return verdict(Status.AT_RISK if is_near(today, by, 2) else Status.NOT_DUE, reason, clause.position)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which the approval is due within a fortnight, and overdue."""
        return warned(clause, self.rule.by, 2)
