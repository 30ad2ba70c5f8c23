"""Rules of the improvement plan: what it answers, what it covers, whether it is kept up to date and delivered."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

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
from ledger.domain.fact import Fact
from projections.views.compliance.verdict import (
    DAY,
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    listed,
    said,
    verdict,
)

WARNING_DAYS = 7
"""Days before a limit at which what nears it is at risk."""


class PlanCitesSelfAssessment(Rule):
    """The plan approved last answers the council's current self-assessment."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({SelfAssessmentPublished, PlanVersionApproved})
    assessment: tuple[str, int] | None = None
    plan: tuple[str, str | None, int] | None = None

    def take(self, happening: Occurrence) -> None:
        """The latest of each counts."""
        fact = happening.fact
        match fact:
            case SelfAssessmentPublished():
                self.assessment = (fact.assessment, happening.position)
            case PlanVersionApproved():
                self.plan = (fact.plan_version, fact.assessment, happening.position)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NO_EVIDENCE until there are both; MET while they are linked."""
        if self.assessment is None or self.plan is None:
            missing = [
                name
                for name, known in (("self-assessment published", self.assessment), ("plan approved", self.plan))
                if known is None
            ]
            there = [known[-1] for known in (self.assessment, self.plan) if known is not None]
            reason = f"There is no {' and no '.join(missing)}."
            return Verdict(Status.NO_EVIDENCE, reason, tuple(int(position) for position in there))
        (assessment, published), (plan, cites, approved) = self.assessment, self.plan
        if cites == assessment:
            return verdict(Status.MET, f"Plan {plan} answers self-assessment {assessment}.", published, approved)
        answers = f"answers {cites}" if cites else "answers none"
        reason = f"Plan {plan} {answers}; the current self-assessment is {assessment}."
        return verdict(Status.NOT_MET, reason, published, approved)


class _Objective(Struct):
    areas: list[str]
    position: int
    mapped: list[str] = field(default_factory=list)
    """What it answers beside its areas: `finding F1`, `recommendation RC1`, `area 1a`."""
    live: bool = True
    """Whether it is open or was achieved; a dropped or merged one answers nothing."""


class PlanCoverage(Rule):
    """Every area, finding and recommendation has a live objective, or was rejected with a reason."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            ObjectiveAdded,
            ObjectiveRevised,
            ObjectiveClosed,
            CoverageMapped,
            FindingRegistered,
            RecommendationMade,
            RecommendationAccepted,
            RecommendationRejected,
        }
    )
    objectives: dict[str, _Objective] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    recommendations: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Recommendation → its entry, and MADE, ACCEPTED or REJECTED."""

    def take(self, happening: Occurrence) -> None:
        """Keeps what has to be answered and what answers it."""
        fact, position = happening.fact, happening.position
        match fact:
            case ObjectiveAdded():
                self.objectives[fact.objective] = _Objective(list(fact.areas), position)
            case ObjectiveRevised() if fact.areas is not None and fact.objective in self.objectives:
                self.objectives[fact.objective].areas = list(fact.areas)
            case ObjectiveClosed() if fact.objective in self.objectives:
                self.objectives[fact.objective].live = fact.outcome is ObjectiveOutcome.ACHIEVED
            case CoverageMapped() if fact.objective in self.objectives:
                mapped = [f"area {area}" for area in fact.areas]
                mapped += [f"finding {finding}" for finding in fact.findings]
                mapped += [f"recommendation {recommendation}" for recommendation in fact.recommendations]
                self.objectives[fact.objective].mapped = mapped
            case FindingRegistered():
                self.findings[fact.finding] = position
            case RecommendationMade():
                self.recommendations.setdefault(fact.recommendation, (position, "MADE"))
            case RecommendationAccepted():
                self.recommendations[fact.recommendation] = (position, "ACCEPTED")
            case RecommendationRejected():
                self.recommendations[fact.recommendation] = (position, "REJECTED")

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_MET names what nothing answers; a recommendation still to be decided on is AT_RISK."""
        live = [objective for objective in self.objectives.values() if objective.live]
        if not live:
            reason = "The plan has no live objective."
            return verdict(Status.NO_EVIDENCE, reason, *(each.position for each in self.objectives.values()))
        answered = {f"area {area}" for objective in live for area in objective.areas}
        answered |= {what for objective in live for what in objective.mapped}
        uncovered, undecided = self._open(asked, answered)
        if uncovered:
            reason = f"Nothing in the plan answers {listed(uncovered)}."
            return verdict(Status.NOT_MET, reason, *uncovered.values())
        if undecided:
            reason = f"The council has still to answer {listed(undecided)}."
            return verdict(Status.AT_RISK, reason, *undecided.values())
        covers = listed(word.lower() for word in asked.words("covers") or ["AREAS"])
        reason = f"All {covers} have a live objective or a reasoned rejection."
        return verdict(Status.MET, reason, *(objective.position for objective in live))

    def _open(self, asked: ClauseQuestion, answered: set[str]) -> tuple[dict[str, int], dict[str, int]]:
        """What is uncovered, and which recommendations are undecided, each with its entry."""
        covers = asked.words("covers") or ["AREAS"]
        wanted: dict[str, int] = {}
        undecided: dict[str, int] = {}
        if "AREAS" in covers:
            wanted |= {f"area {area}": asked.areas[area] for area in asked.open_areas()}
        if "FINDINGS" in covers:
            wanted |= {f"finding {finding}": position for finding, position in self.findings.items()}
        if "RECOMMENDATIONS" in covers:
            for name, (position, state) in self.recommendations.items():
                if state == "ACCEPTED":
                    wanted[f"recommendation {name}"] = position
                elif state == "MADE" and f"recommendation {name}" not in answered:
                    undecided[f"recommendation {name}"] = position
        return {what: position for what, position in wanted.items() if what not in answered}, undecided


class PlanKeptCurrent(Rule):
    """No open objective has gone without progress for longer than the limit."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({ObjectiveAdded, ObjectiveClosed, ProgressRecorded})
    last: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Open objective → its latest progress, or its adding while there is none."""
    recorded: bool = False
    """Whether any progress was."""
    oldest: str | None = None
    """The objective that waits longest; None: it is to be found out."""

    def take(self, happening: Occurrence) -> bool | None:
        """Remembers the latest progress of each open objective; that of one that waits less changes nothing."""
        fact = happening.fact
        match fact:
            case ObjectiveAdded():
                self.last[fact.objective] = (happening.at, happening.position)
            case ObjectiveClosed():
                self.last.pop(fact.objective, None)
            case ProgressRecorded() if fact.objective in self.last:
                self.last[fact.objective] = (happening.at, happening.position)
                if self.recorded and self.oldest not in (None, fact.objective):
                    return False
                self.recorded = True
            case _:
                return False
        self.oldest = None
        return None

    def _limits(self, asked: ClauseQuestion) -> tuple[str, int, date, date] | None:
        """The objective that waits longest, its entry, the last day on which it is fresh, and on which current."""
        if not self.last:
            return None
        if self.oldest is None:
            self.oldest = min(self.last.items(), key=lambda item: (item[1], item[0]))[0]
        at, position = self.last[self.oldest]
        current = asked.day(at) + asked.number_of("stale_after_days", 31) * DAY
        return self.oldest, position, current - WARNING_DAYS * DAY, current

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """By the objective that has waited longest: fresh, nearly stale (a week before the limit) or stale."""
        limits = self._limits(asked)
        if limits is None:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        name, position, fresh, current = limits
        today = asked.day(at)
        days = asked.number_of("stale_after_days", 31)
        if today > current:
            stale = f"Objective {name} has had no progress recorded for more than {days} days"
            return verdict(Status.NOT_MET, f"{stale}, since {said(current - days * DAY)}.", position)
        if not self.recorded:
            return verdict(Status.NO_EVIDENCE, "No progress has been recorded against the plan.", position)
        if today > fresh:
            reason = f"Objective {name} needs progress recorded by {said(current)}."
            return verdict(Status.AT_RISK, reason, position)
        reason = f"Every open objective has had progress recorded within {days} days."
        return verdict(Status.MET, reason, position)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """When the objective that waits longest nears the limit, and passes it."""
        limits = self._limits(asked)
        return () if limits is None else (asked.after(limits[2]), asked.after(limits[3]))


class PlanApproved(Rule):
    """A body approved a version of the plan by a day."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({PlanVersionApproved})
    approved: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)
    """Body → the first version that it approved, when, and the entry."""

    def take(self, happening: Occurrence) -> None:
        """Remembers each body's first approval."""
        fact = happening.fact
        if isinstance(fact, PlanVersionApproved):
            self.approved.setdefault(fact.body, (fact.plan_version, happening.at, happening.position))

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE until a fortnight before the day, NOT_MET after it; late approval is MET, and says so."""
        body, by = asked.word("body"), asked.date("by")
        found = [known for name, known in self.approved.items() if body in (None, name)]
        if found:
            plan, when, position = min(found, key=lambda known: known[1:])
            late = ", later than asked" if by is not None and asked.day(when) > by else ""
            reason = f"Plan {plan} was approved on {said(asked.day(when))}{late}."
            return verdict(Status.MET, reason, position)
        who = f"The {body}" if body else "Nobody"
        negation = "has not" if body else "has"
        if by is None:
            return verdict(Status.NO_EVIDENCE, f"{who} {negation} approved a plan.")
        today = asked.day(at)
        reason = f"{who} {negation} approved a plan, asked for by {said(by)}."
        if today > by:
            return verdict(Status.NOT_MET, reason)
        return verdict(Status.AT_RISK if today > by - 2 * WARNING_DAYS * DAY else Status.NOT_DUE, reason)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """A fortnight before the day, and the day after it."""
        by = asked.date("by")
        return () if by is None else (asked.after(by - 2 * WARNING_DAYS * DAY), asked.after(by))
