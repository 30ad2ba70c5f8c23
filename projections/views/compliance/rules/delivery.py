"""Judges of rules on delivery: slow objectives are highlighted, and actions are completed by their date."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice

from msgspec import Struct, field

from ledger.domain.areas.actions import ActionAdded, ActionCompleted, ActionRebaselined
from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.plan import (
    Dimension,
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveOutcome,
    ObjectiveRevised,
    ProgressRecorded,
    RatingScaleAdopted,
    SlowProgressHighlighted,
)
from ledger.domain.roles import Role
from ledger.domain.rules import plan
from ledger.domain.rules.rule import SlowSign
from projections.views.compliance.rules.posts import RolesHeld, Tenures
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    in_words,
    verdict,
)


class _Sign(Struct, frozen=True):
    since: datetime
    position: int
    """Entry that shows it first."""
    words: str


class _DatedObjective(Struct):
    due: date
    position: int
    """Entry that set the date."""
    highlighted: tuple[datetime, int] | None = None
    """Latest highlight to the board since the date was set."""
    ratings: dict[str, list[str]] = field(default_factory=dict)
    """ACTIVITY and IMPACT → the latest three ratings."""
    signs: dict[str, _Sign] = field(default_factory=dict)
    """Signs of slow progress that its ratings show."""


class SlowObjectivesHighlighted(Judge[plan.SlowObjectivesHighlighted]):
    """A slow objective is highlighted to the board by its next meeting."""

    open: dict[str, _DatedObjective] = field(default_factory=dict)
    scales: dict[str, list[str]] = field(default_factory=dict)
    """ACTIVITY and IMPACT → the codes of the scale, the worst first."""
    meeting: tuple[datetime, int] | None = None
    """The latest meeting."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the open objectives with their dates and ratings, and the board's meetings."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ObjectiveAdded():
                self.open[fact.objective] = _DatedObjective(fact.due, position)
            case ObjectiveRevised() if fact.due is not None and fact.objective in self.open:
                objective = self.open[fact.objective]
                objective.due, objective.position, objective.highlighted = fact.due, position, None
            case ObjectiveClosed():
                self.open.pop(fact.objective, None)
            case SlowProgressHighlighted() if fact.objective in self.open:
                self.open[fact.objective].highlighted = (occurrence.at, position)
            case ProgressRecorded():
                if fact.objective not in self.open or fact.action is not None:
                    return False
                return self._rate(self.open[fact.objective], fact, occurrence)
            case RatingScaleAdopted():
                levels = sorted(fact.levels, key=lambda level: level.order)
                self.scales[fact.dimension.value] = [level.code for level in levels]
            case MeetingHeld():
                self.meeting = (occurrence.at, position)
        return None

    def _rate(self, objective: _DatedObjective, fact: ProgressRecorded, occurrence: Occurrence) -> bool:
        """Take an objective's ratings. Return True if they change its signs."""
        before = dict(objective.signs)
        ratings = {Dimension.ACTIVITY.value: fact.activity_rating, Dimension.IMPACT.value: fact.impact_rating}
        shown: dict[str, str] = {}
        for dimension, rating in ratings.items():
            latest = objective.ratings[dimension] = [*objective.ratings.get(dimension, []), rating][-3:]
            scale = self.scales.get(dimension, [])
            places = [scale.index(code) for code in latest if code in scale]
            if scale and rating == scale[0]:
                shown.setdefault(SlowSign.LOWEST_RATING.value, f"is rated {rating} for {dimension.lower()}")
            if len(places) == 3 and places[0] > places[1] > places[2]:
                shown.setdefault(SlowSign.FALLING.value, f"fell twice in its rating for {dimension.lower()}")
        # A sign dates from the update that shows it first.
        objective.signs = {
            sign: before.get(sign) or _Sign(occurrence.at, occurrence.position, words)
            for sign, words in shown.items()
        }
        return objective.signs != before

    def _slow(self, clause: JudgedClause, today: date) -> Iterator[tuple[_Sign, str, _DatedObjective]]:
        """Yield each slow objective with its earliest sign."""
        for name, objective in self.open.items():
            signs = [known for sign, known in objective.signs.items() if SlowSign(sign) in self.rule.signs]
            if SlowSign.LATE in self.rule.signs and objective.due < today:
                words = f"was due on {in_words(objective.due)}"
                signs.append(_Sign(clause.after(objective.due), objective.position, words))
            if signs:
                yield min(signs, key=lambda sign: (sign.since, sign.position)), name, objective

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return AT_RISK until the board's next meeting, NOT_MET if the board met without a highlight."""
        if not self.open:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        slow = sorted(self._slow(clause, clause.day(at)), key=lambda each: (each[0].since, each[1]))
        for sign, name, objective in slow:
            if _is_highlighted(objective, sign):
                continue
            if self.meeting is not None and self.meeting[0] >= sign.since:
                met = in_words(clause.day(self.meeting[0]))
                reason = f"The board met on {met} without a highlight that objective {name} {sign.words}."
                return verdict(Status.NOT_MET, reason, self.meeting[1], sign.position)
            reason = f"Objective {name} {sign.words}; highlight it at the board's next meeting."
            return verdict(Status.AT_RISK, reason, sign.position)
        if slow:
            names = enumerate_names(sorted(name for _, name, _ in slow))
            entries = [objective.highlighted[1] for _, _, objective in slow if objective.highlighted]
            return verdict(Status.MET, f"Slow progress was highlighted to the board for {names}.", *entries)
        return verdict(Status.NOT_DUE, "No open objective makes slow progress.")

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the day after the next date of an open objective."""
        if SlowSign.LATE not in self.rule.signs:
            return ()
        today = clause.day(at)
        coming = min((each.due for each in self.open.values() if each.due >= today), default=None)
        return () if coming is None else (clause.after(coming),)


def _is_highlighted(objective: _DatedObjective, sign: _Sign) -> bool:
    """Return True if the sign was highlighted to the board; a passed date may be highlighted beforehand."""
    if objective.highlighted is None:
        return False
    return sign.words.startswith("was due") or objective.highlighted[0] >= sign.since


class _Action(Struct):
    objective: str
    due: date
    position: int
    """Entry that set the date."""
    approver: tuple[str, datetime] | None = None
    """Person who approved the date, and when; None: it is the first date."""


class _Completion(Struct):
    action: str
    day: date
    position: int
    objective: str = ""
    later: _Action | None = None
    """The action, if its date was approved later than first set."""


class DeliveredBy(Judge[plan.DeliveredBy]):
    """Every action is completed by the day named, or by a later day that an eligible person approved."""

    areas: dict[str, list[str]] = field(default_factory=dict)
    """Objective → the areas that it serves."""
    dropped: list[str] = field(default_factory=list)
    """Objectives that were dropped or merged; their actions no longer count."""
    open: dict[str, _Action] = field(default_factory=dict)
    coming: list[tuple[date, str]] = field(default_factory=list)
    """Open actions by their dates."""
    completions: dict[str, _Completion] = field(default_factory=dict)
    chairs: Tenures = field(default_factory=Tenures)
    roles: RolesHeld = field(default_factory=RolesHeld)

    def take(self, occurrence: Occurrence) -> None:  # noqa: C901 - one case a fact
        """Remember the actions, their dates, and the people who may approve other dates."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ObjectiveAdded() | ObjectiveRevised():
                if fact.areas is not None:
                    self.areas[fact.objective] = list(fact.areas)
            case ObjectiveClosed() if fact.outcome is not ObjectiveOutcome.ACHIEVED:
                self.dropped.append(fact.objective)
            case ActionAdded():
                if fact.action in self.completions:
                    # It is recorded as completed on a day before that of its addition.
                    self.completions[fact.action].objective = fact.objective
                else:
                    self._open(fact.action, _Action(fact.objective, fact.due, position))
            case ActionRebaselined() if fact.action in self.open:
                objective = self._close(fact.action).objective
                approver = (fact.approver, occurrence.at)
                self._open(fact.action, _Action(objective, fact.to, position, approver))
            case ActionCompleted():
                done = _Completion(fact.action, fact.completed_on, position)
                if fact.action in self.open:
                    action = self._close(fact.action)
                    done.objective, done.later = action.objective, action if action.approver else None
                self.completions[fact.action] = done
            case ChairAppointed() | ChairEnded():
                self.chairs.take(fact, position)
            case RoleGranted() | RoleRevoked():
                self.roles.take(fact, occurrence.at)

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
        """Return True if the actions of an objective count."""
        area = self.rule.area
        return objective not in self.dropped and (area is None or area in self.areas.get(objective, ()))

    def _counted(self, after: date = date.min) -> Iterator[tuple[str, _Action]]:
        """Yield the open actions that count and are due after a day, the one due first at the head."""
        begin = bisect_right(self.coming, after, key=lambda each: each[0])
        for _, name in islice(self.coming, begin, None):
            action = self.open[name]
            if self._counts(action.objective):
                yield name, action

    def _is_approved(self, clause: JudgedClause, action: _Action | None) -> bool:
        """Return True if an eligible person approved the action's date."""
        if action is None or action.approver is None:
            return False
        actor, at = action.approver
        roles = self.rule.later_date_by
        if Role.CHAIR in roles and self.chairs.chairs(actor, clause.day(at)):
            return True
        return not roles or any(role is not Role.CHAIR and self.roles.holds(actor, role, at) for role in roles)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_DUE while actions are on track, AT_RISK if one is overdue, NOT_MET if one is late."""
        if not self.open and not self.completions:
            return verdict(Status.NO_EVIDENCE, "The plan has no action.")
        target, today = self.rule.target_date, clause.day(at)
        first = next(self._counted(), None)
        if first is None:
            return self._completed(clause)
        late = self._late(clause, first, today)
        if late is not None:
            return late
        name, action = first
        if today > target:
            reason = f"Every action is completed except those with an approved later date, the first {name}"
            return verdict(Status.NOT_DUE, f"{reason}, due on {in_words(action.due)}.", action.position)
        reason = f"Every open action is due by {in_words(target)}, or by an approved later date."
        return verdict(Status.NOT_DUE, reason, action.position)

    def _completed(self, clause: JudgedClause) -> Verdict:
        """Return the verdict when every action that counts is completed."""
        done = [each for each in self.completions.values() if self._counts(each.objective)]
        if not done:
            return verdict(Status.NO_EVIDENCE, "The plan has no action that counts.")
        last = max(done, key=lambda each: (each.day, each.position))
        late = [(days, each) for each in done if (days := (each.day - self._limit(clause, each)).days) > 0]
        if not late:
            reason = f"Every action is completed, the last ({last.action}) on {in_words(last.day)}."
            return verdict(Status.MET, reason, last.position)
        days, latest = max(late, key=lambda each: (each[1].day, each[1].position))
        limit = in_words(self._limit(clause, latest))
        reason = f"Every action is completed; {latest.action} was completed on {in_words(latest.day)}"
        return verdict(Status.MET_LATE, f"{reason}, {days_in_words(days)} after {limit}.", latest.position)

    def _limit(self, clause: JudgedClause, done: _Completion) -> date:
        """Return the last day for a completed action."""
        target = self.rule.target_date
        later = done.later
        return max(target, later.due) if later is not None and self._is_approved(clause, later) else target

    def _late(self, clause: JudgedClause, first: tuple[str, _Action], today: date) -> Verdict | None:
        """Return the gravest verdict on a late, overdue or forecast late action; None: each is on track."""
        target = self.rule.target_date
        for name, action in self._counted() if today > target else ():
            if not self._is_approved(clause, action) or action.due < today:
                due = "" if action.due == target else f", due on {in_words(action.due)},"
                reason = f"Action {name}{due} is not completed; the last day was {in_words(target)}."
                return verdict(Status.NOT_MET, reason, action.position)
        name, action = first
        if action.due < today:
            reason = f"Action {name} was due on {in_words(action.due)}; the last day is {in_words(target)}."
            return verdict(Status.AT_RISK, reason, action.position)
        for name, action in self._counted(after=target):
            if not self._is_approved(clause, action):
                reason = f"Action {name} is due on {in_words(action.due)}, after {in_words(target)}"
                who = f"; {action.approver[0]} could not approve that" if action.approver else ""
                return verdict(Status.AT_RISK, f"{reason}, without an eligible approval{who}.", action.position)
        return None

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the day after the last day, and the day after the next date of an action that counts."""
        today = clause.day(at)
        days = [self.rule.target_date]
        first = next(self._counted(), None)
        if first is not None and first[1].due >= today:
            days.append(first[1].due)
        return [clause.after(day) for day in days]
