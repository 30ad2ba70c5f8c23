"""Judge of the rule on delivery: actions are completed by the clause's day, or by an approved later day."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice, takewhile

from msgspec import Struct, field, structs

from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionDropped,
    ActionRebaselined,
    ActionReopened,
)
from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveOutcome, ObjectiveRevised
from ledger.domain.roles import Role
from ledger.domain.rules import plan
from projections.views.compliance.rules.posts import RolesHeld, Tenures
from projections.views.compliance.verdict import (
    DAY,
    Judge,
    JudgedClause,
    LateEffect,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    in_words,
    verdict,
)


class _Action(Struct, frozen=True):
    objective: str
    due: date
    position: int
    """Position of the entry that set the date, dropped the action or reopened it."""
    since: datetime
    """Instant from which the action is open with its due date."""
    approver: tuple[str, datetime] | None = None
    """Person who approved the due date, and the instant; None for the original date."""
    dropped: tuple[str, datetime] | None = None
    """Person who approved that the action was dropped, and the instant; None if it was not dropped."""


class _Completion(Struct, frozen=True):
    name: str
    day: date
    position: int
    action: _Action | None = None
    """The action before its completion; None if its addition is dated later."""

    @property
    def objective(self) -> str:
        """Objective of the action; empty if not known."""
        return "" if self.action is None else self.action.objective


_Named = tuple[str, _Action]
"""An action with its id."""
_MOST = 6
"""Maximum number of actions that a verdict names."""


def _first(actions: Iterable[_Named]) -> list[_Named]:
    """Return the first actions, at most one more than a verdict names."""
    return list(islice(actions, _MOST + 1))


def _listed(actions: list[_Named]) -> str:
    """Return the beginning of a sentence: actions with their due dates, and the verb."""
    names = [f"{name} (due {in_words(action.due)})" for name, action in actions[:_MOST]]
    if len(actions) == 1:
        return f"Action {names[0]} is"
    return f"Actions {enumerate_names([*names, 'others'] if len(actions) > _MOST else names)} are"


def _by(actions: list[_Named]) -> str:
    """Return words on the people who approved due dates without the role to do so; empty without such people."""
    approvers = sorted({action.approver[0] for _, action in actions if action.approver is not None})
    return f"; {enumerate_names(approvers)} could not approve that" if approvers else ""


class DeliveredBy(Judge[plan.DeliveredBy]):
    """Judge of the rule that actions are completed by the named day, or by a later day with eligible approval."""

    areas: dict[str, list[str]] = field(default_factory=dict)
    """Objective → the areas that it serves."""
    dropped: list[str] = field(default_factory=list)
    """Objectives that were dropped or merged; their open actions still count."""
    open: dict[str, _Action] = field(default_factory=dict)
    coming: list[tuple[date, str]] = field(default_factory=list)
    """Due date and id of each open action, in order."""
    completions: dict[str, _Completion] = field(default_factory=dict)
    chairs: Tenures = field(default_factory=Tenures)
    roles: RolesHeld = field(default_factory=RolesHeld)

    def take(self, occurrence: Occurrence) -> bool | None:  # noqa: C901 - one case a fact
        """Remember the actions, their dates, and the people who may approve other dates."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ObjectiveAdded() | ObjectiveRevised():
                if fact.areas is not None:
                    self.areas[fact.objective] = list(fact.areas)
            case ObjectiveClosed() if fact.outcome is not ObjectiveOutcome.ACHIEVED:
                self.dropped.append(fact.objective)
            case ActionAdded():
                action = _Action(fact.objective, fact.due, position, occurrence.at)
                if fact.action in self.completions:
                    # It is recorded as completed on a day before that of its addition.
                    done = self.completions[fact.action]
                    self.completions[fact.action] = structs.replace(done, action=action)
                else:
                    self._open(fact.action, action)
                    return not self._is_beyond_named(fact.action)
            case ActionRebaselined() if fact.action in self.open:
                objective = self._close(fact.action).objective
                approver = (fact.approver, occurrence.at)
                self._open(fact.action, _Action(objective, fact.to, position, occurrence.at, approver))
            case ActionCompleted():
                is_beyond = fact.action in self.open and self._is_beyond_named(fact.action)
                closed = self._close(fact.action) if fact.action in self.open else None
                self.completions[fact.action] = _Completion(fact.action, fact.completed_on, position, closed)
                return not is_beyond
            case ActionDropped() if fact.action in self.open:
                dropped = (fact.approver, occurrence.at)
                self.open[fact.action] = structs.replace(
                    self.open[fact.action], dropped=dropped, position=position
                )
            case ActionReopened():
                self._reopen(fact.action, occurrence)
            case ChairAppointed() | ChairEnded():
                self.chairs.take(fact, position)
            case RoleGranted() | RoleRevoked():
                self.roles.take(fact, occurrence.at)
        return None

    def _reopen(self, name: str, occurrence: Occurrence) -> None:
        """Open a completed or dropped action again, with its last due date."""
        done = self.completions.pop(name, None)
        if done is not None and done.action is not None:
            self._open(name, done.action)
        if name in self.open:
            self.open[name] = structs.replace(
                self.open[name], dropped=None, position=occurrence.position, since=occurrence.at
            )

    def _open(self, name: str, action: _Action) -> None:
        if name in self.open:
            self._close(name)
        self.open[name] = action
        insort(self.coming, (action.due, name))

    def _close(self, name: str) -> _Action:
        action = self.open.pop(name)
        del self.coming[bisect_left(self.coming, (action.due, name))]
        return action

    def _counts(self, objective: str) -> bool:
        """Return True if the objective serves the clause's area, or if the clause names no area."""
        area = self.rule.area
        return area is None or area in self.areas.get(objective, ())

    def _is_beyond_named(self, name: str) -> bool:
        """Return True if more open actions are due before this action than a verdict names.

        Then no verdict depends on the action until an earlier action changes. Return False for an action that is
        due after the clause's last day.
        """
        due = self.open[name].due
        if due > self.rule.target_date:
            return False
        before = islice(self.coming, bisect_left(self.coming, (due, name)))
        earlier = (self.open[each] for _, each in before)
        counted = (each for each in earlier if each.dropped is None and self._counts(each.objective))
        return len(list(islice(counted, _MOST + 1))) > _MOST

    def _counted(self, clause: JudgedClause, after: date = date.min) -> Iterator[_Named]:
        """Yield the open actions that are due after a day, earliest first.

        Actions of other areas are left out, and so are actions that were dropped with eligible approval.
        """
        begin = bisect_left(self.coming, (after + DAY, ""))
        for _, name in islice(self.coming, begin, None):
            action = self.open[name]
            dropped = action.dropped
            if self._counts(action.objective) and not (dropped and self._may_approve(clause, *dropped)):
                yield name, action

    def _is_approved(self, clause: JudgedClause, action: _Action | None) -> bool:
        """Return True if an eligible person approved the action's date."""
        return action is not None and action.approver is not None and self._may_approve(clause, *action.approver)

    def _may_approve(self, clause: JudgedClause, actor: str, at: datetime) -> bool:
        """Return True if, at an instant, a person had a role that may approve later dates for the clause.

        If the clause names no role, everyone may approve.
        """
        roles = self.rule.later_date_by
        if Role.CHAIR in roles and self.chairs.chairs(actor, clause.day(at)):
            return True
        return not roles or any(role is not Role.CHAIR and self.roles.holds(actor, role, at) for role in roles)

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Take a late-recorded completion, if the verdicts since the completion depend on other actions."""
        fact, at = occurrence.fact, occurrence.at
        action = self.open.get(fact.action) if isinstance(fact, ActionCompleted) else None
        if action is None or action.dropped or action.since > at or self.rule.area is not None:
            return LateEffect.ANY
        first, today, target = clause.day(at), clause.day(latest), self.rule.target_date
        if first <= target < today or (today <= target and not today <= action.due <= target):
            return LateEffect.ANY
        earlier = (
            each
            for _, each in takewhile(lambda each: each[1] is not action, self._counted(clause))
            if each.since <= at and (first <= target or each.due < first or not self._is_approved(clause, each))
        )
        least = 1 if today <= target else _MOST + 1
        if sum(1 for _ in islice(earlier, least)) < least:
            return LateEffect.ANY
        return LateEffect.FROM_LATEST if self.take(occurrence) else LateEffect.NONE

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_DUE while actions are on time.

        If an action is late, return AT_RISK until the clause's last day, then NOT_MET. Once every action is
        completed, return MET or MET_LATE. Without actions, return NO_EVIDENCE.
        """
        if not self.open and not self.completions:
            return verdict(Status.NO_EVIDENCE, "The plan has no action.")
        target, today = self.rule.target_date, clause.day(at)
        first = next(self._counted(clause), None)
        if first is None:
            return self._completed(clause)
        late = self._late(clause, today)
        if late is not None:
            return late
        name, action = first
        if today > target:
            reason = f"Every action is completed except those with an approved later date, the first {name}"
            return verdict(Status.NOT_DUE, f"{reason}, due on {in_words(action.due)}.", action.position)
        reason = f"Every open action is due by {in_words(target)}, or by an approved later date."
        return verdict(Status.NOT_DUE, reason, action.position)

    def _completed(self, clause: JudgedClause) -> Verdict:
        """Return MET or MET_LATE once every action is completed, or NO_EVIDENCE if no action serves the clause."""
        done = [each for each in self.completions.values() if self._counts(each.objective)]
        if not done:
            return verdict(Status.NO_EVIDENCE, "The plan has no action that counts.")
        last = max(done, key=lambda each: (each.day, each.position))
        late = [(days, each) for each in done if (days := (each.day - self._limit(clause, each)).days) > 0]
        if not late:
            reason = f"Every action is completed, the last ({last.name}) on {in_words(last.day)}."
            return verdict(Status.MET, reason, last.position)
        days, latest = max(late, key=lambda each: (each[1].day, each[1].position))
        limit = in_words(self._limit(clause, latest))
        reason = f"Every action is completed; {latest.name} was completed on {in_words(latest.day)}"
        return verdict(Status.MET_LATE, f"{reason}, {days_in_words(days)} after {limit}.", latest.position)

    def _limit(self, clause: JudgedClause, done: _Completion) -> date:
        """Return the last day by which a completed action had to be completed."""
        target, action = self.rule.target_date, done.action
        return max(target, action.due) if action is not None and self._is_approved(clause, action) else target

    def _late(self, clause: JudgedClause, today: date) -> Verdict | None:
        """Return the verdict on actions that are overdue or planned too late; None without such actions."""
        target = self.rule.target_date
        if today > target:
            late = _first(
                each
                for each in self._counted(clause)
                if each[1].due < today or not self._is_approved(clause, each[1])
            )
            if not late:
                return None
            invalid = [each for each in late if each[1].due > target and not self._is_approved(clause, each[1])]
            reason = f"{_listed(late)} not completed; the last day was {in_words(target)}."
            if invalid:
                reason = f"{reason} {_listed(invalid)} without an eligible approval of that date{_by(invalid)}."
            dropped = [each for each in late if each[1].dropped]
            if dropped:
                reason = f"{reason} {_listed(dropped)} dropped without an eligible approval."
            left = [each for each in late if each[1].objective in self.dropped and not each[1].dropped]
            if left:
                reason = f"{reason} {_listed(left)} still open, though the objective was dropped or merged."
            return verdict(Status.NOT_MET, reason, *(action.position for _, action in late))
        overdue = _first(takewhile(lambda each: each[1].due < today, self._counted(clause)))
        later = _first(
            each for each in self._counted(clause, after=target) if not self._is_approved(clause, each[1])
        )
        if not overdue and not later:
            return None
        reasons = []
        if overdue:
            reasons.append(f"{_listed(overdue)} overdue; the last day is {in_words(target)}.")
        if later:
            after = f"to be completed after {in_words(target)}, without an eligible approval"
            reasons.append(f"{_listed(later)} {after}{_by(later)}.")
        return verdict(Status.AT_RISK, " ".join(reasons), *(action.position for _, action in [*overdue, *later]))

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants after the clause's last day, and after the next due date of a named action."""
        today = clause.day(at)
        named = islice(self._counted(clause), _MOST + 1)
        coming = next((action.due for _, action in named if action.due >= today), self.rule.target_date)
        return [clause.after(day) for day in (self.rule.target_date, coming)]
