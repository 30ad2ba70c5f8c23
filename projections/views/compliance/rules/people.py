"""Judges of rules on context clauses, partners, the views of staff and children, and ministers."""

from bisect import bisect_left, insort
from collections.abc import Container, Iterable
from datetime import date, datetime
from itertools import islice

from msgspec import Struct, field, structs

from ledger.domain.areas.actions import (
    ActionAdded,
    ActionCompleted,
    ActionDropped,
    ActionRebaselined,
    ActionReopened,
)
from ledger.domain.areas.engagement import Group, ViewsConsidered, ViewsGathered
from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided, InterventionEnded
from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
)
from ledger.domain.rules import oversight
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    LateEffect,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    enumerate_some,
    in_words,
    verdict,
    word_in_text,
)


class Context(Judge[oversight.Context]):
    """Judge of clauses that introduce other clauses and carry no obligation."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_APPLICABLE at every instant."""
        return verdict(Status.NOT_APPLICABLE, "The clause introduces other clauses and carries no obligation.")

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_APPLICABLE for a MAY clause, too."""
        return self.judge(clause, at)


_MOST = 5
"""Maximum number of overdue contributions and actions that a verdict names."""


class _Promise(Struct, frozen=True):
    """A contribution or an action that a partner owes."""

    partner: str
    due: date
    position: int
    """Position of the entry that set the due date, or reopened the action."""
    since: datetime
    """Instant from which the contribution or action is owed with this due date."""
    missed: int | None = None


class _Delivery(Struct, frozen=True):
    """A contribution or an action that is no longer owed."""

    day: date | None
    """Day of its receipt or completion; None if the action was dropped."""
    position: int
    promise: _Promise | None
    """Promise that the delivery fulfils; None if no partner's promise is recorded."""
    place: int
    """Place in the order in which contributions and actions were first delivered."""

    @property
    def days_late(self) -> int:
        """Days of delay after the due date; 0 for a dropped action, or without a promise."""
        return 0 if self.promise is None or self.day is None else max((self.day - self.promise.due).days, 0)


_ActionChange = ActionCompleted | ActionDropped | ActionRebaselined | ActionReopened


class PartnerActionsOwned(Judge[oversight.PartnerActionsOwned]):
    """Judge of the rule that every partner owns an action or a contribution, and leaves nothing overdue."""

    partners: dict[str, tuple[int, bool]] = field(default_factory=dict)
    """Partner → the entry of its registration, and True if section 11 binds it."""
    owned: dict[str, int] = field(default_factory=dict)
    """Partner → the entry of the latest action or contribution that it owns."""
    open: dict[str, _Promise] = field(default_factory=dict)
    """Contribution or action that is owed, such as `action A6` → the partner's promise."""
    dates: list[tuple[date, str]] = field(default_factory=list)
    """Due date and name of each contribution or action that is owed, in order."""
    done: dict[str, _Delivery] = field(default_factory=dict)
    """Contribution or action that is no longer owed → its delivery, including actions without a partner."""
    late: set[str] = field(default_factory=set)
    """Contributions and actions that were delivered after their due dates."""
    places: int = 0
    """Next place in the order of deliveries."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the partners, and the actions and contributions that partners own, owe or have delivered."""
        fact, position, at = occurrence.fact, occurrence.position, occurrence.at
        match fact:
            case PartnerRegistered():
                self.partners[fact.partner] = (position, fact.section11)
            case ContributionCommitted():
                promise = _Promise(fact.partner, fact.due, position, at)
                self._owe(f"contribution {fact.contribution}", promise)
            case ContributionReceived():
                self._deliver(f"contribution {fact.contribution}", fact.received_on, position)
            case ContributionMissed() if (
                missed := self.open.get(f"contribution {fact.contribution}")
            ) is not None:
                self._set(f"contribution {fact.contribution}", structs.replace(missed, missed=position))
            case ActionAdded():
                if fact.partner is None:
                    self._undo(f"action {fact.action}")
                    return False
                self._owe(f"action {fact.action}", _Promise(fact.partner, fact.due, position, at))
            case ActionCompleted() | ActionDropped() | ActionRebaselined() | ActionReopened():
                return self._take_change(fact, position, at)
        return None

    def _take_change(self, fact: _ActionChange, position: int, at: datetime) -> bool | None:
        """Remember a change to an action. Return False if no partner owns the action so far."""
        name = f"action {fact.action}"
        promise = self._promise(name)
        match fact:
            case ActionCompleted():
                self._deliver(name, fact.completed_on, position)
            case ActionDropped() if promise is not None:
                self._deliver(name, None, position)
            case ActionRebaselined() if promise is not None:
                self._set(name, structs.replace(promise, due=fact.to, position=position, since=at))
            case ActionReopened():
                self._undo(name)
                if promise is not None:
                    self._open(name, structs.replace(promise, position=position, since=at))
        return None if promise is not None else False

    def _promise(self, name: str) -> _Promise | None:
        """Return the promise of a contribution or action, owed or delivered, or None if no partner promised it."""
        done = self.done.get(name)
        return self.open.get(name) if done is None else done.promise

    def _owe(self, name: str, promise: _Promise) -> None:
        """Remember a promise, and that the partner owns its action or contribution."""
        self.owned[promise.partner] = promise.position
        self._set(name, promise)

    def _set(self, name: str, promise: _Promise) -> None:
        """Store a promise, as owed unless its delivery is already recorded."""
        if name in self.done:
            self._set_done(name, structs.replace(self.done[name], promise=promise))
        else:
            self._open(name, promise)

    def _open(self, name: str, promise: _Promise) -> None:
        """Store a promise as owed."""
        self._close(name)
        self.open[name] = promise
        insort(self.dates, (promise.due, name))

    def _close(self, name: str) -> None:
        """Remove a contribution or action from those that are owed, if it is owed."""
        if name in self.open:
            del self.dates[bisect_left(self.dates, (self.open.pop(name).due, name))]

    def _deliver(self, name: str, day: date | None, position: int) -> None:
        promise, before = self._promise(name), self.done.get(name)
        self._close(name)
        self._set_done(name, _Delivery(day, position, promise, self.places if before is None else before.place))
        self.places += before is None

    def _set_done(self, name: str, delivery: _Delivery) -> None:
        """Store a delivery, and note if it came after its due date."""
        self.done[name] = delivery
        if delivery.days_late:
            self.late.add(name)
        else:
            self.late.discard(name)

    def _undo(self, name: str) -> None:
        """Remove the delivery of a contribution or action, if there was a delivery."""
        self.done.pop(name, None)
        self.late.discard(name)

    def _overdue(self, today: date, partners: Container[str]) -> list[tuple[str, _Promise]]:
        """Return the first promises of some partners that are overdue or missed, in order of their due dates."""
        promises = ((name, self.open[name]) for _, name in self.dates)
        late = (each for each in promises if each[1].due < today or each[1].missed is not None)
        return list(islice((each for each in late if each[1].partner in partners), _MOST))

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Take a late-recorded delivery that was never overdue, or a change to an action without a partner."""
        fact, promise, since = occurrence.fact, None, occurrence.at
        if isinstance(fact, _ActionChange) and self._promise(f"action {fact.action}") is None:
            self.take(occurrence)
            return LateEffect.NONE
        match fact:
            case ActionAdded(partner=None):
                return LateEffect.NONE
            case ActionCompleted():
                promise = self.open.get(f"action {fact.action}")
            case ContributionReceived():
                promise = self.open.get(f"contribution {fact.contribution}")
                # A contribution may be received before it is promised: then it is never owed.
                since = max(since, promise.since) if promise is not None else since
        if promise is None or promise.since > since or promise.missed or promise.due < clause.day(latest):
            return LateEffect.ANY
        self.take(occurrence)
        return LateEffect.FROM_LATEST

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET if anything is overdue or missed, and NO_EVIDENCE if a partner owns nothing.

        If no partner of the clause is registered, return NO_EVIDENCE, too. Otherwise, return MET or MET_LATE.
        """
        section_11_only = self.rule.section_11_only
        counted = {name: entry for name, (entry, bound) in self.partners.items() if bound or not section_11_only}
        if not counted:
            return verdict(Status.NO_EVIDENCE, "No partner of this clause is registered.")
        today = clause.day(at)
        overdue = self._overdue(today, counted)
        if overdue:
            reasons = [
                f"{name[0].upper()}{name[1:]}, due on {in_words(each.due)}, has not been {_delivered(name)}."
                for name, each in overdue
            ]
            entries = [entry for _, each in overdue for entry in (each.position, each.missed)]
            return verdict(Status.NOT_MET, " ".join(reasons), *entries)
        without = {name: entry for name, entry in counted.items() if name not in self.owned}
        if without:
            reason = f"No action or contribution is recorded for {enumerate_names(sorted(without))}."
            return verdict(Status.NO_EVIDENCE, reason, *without.values())
        entries = [self.owned[name] for name in counted]
        deliveries = sorted(((name, self.done[name]) for name in self.late), key=lambda each: each[1].place)
        late = [(name, each) for name, each in deliveries if each.promise and each.promise.partner in counted]
        if late:
            names = [
                f"{name.split()[1]} was {_delivered(name)} {days_in_words(each.days_late)} late"
                for name, each in late
            ]
            reason = f"No action or contribution is overdue; {enumerate_some(names)}."
            return verdict(Status.MET_LATE, reason, *entries, *(each.position for _, each in late))
        return verdict(
            Status.MET, "Every partner owns an action or a contribution, and none is overdue.", *entries
        )

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instant at which the next contribution or action becomes overdue; empty without due dates."""
        following = bisect_left(self.dates, (clause.day(at), ""))
        return () if following == len(self.dates) else (clause.after(self.dates[following][0]),)


def _delivered(name: str) -> str:
    """Return `completed` for an action and `received` for a contribution."""
    return "completed" if name.startswith("action ") else "received"


class _Gathering(Struct):
    views: str
    at: datetime
    position: int


class ViewsTakenIntoAccount(Judge[oversight.ViewsTakenIntoAccount]):
    """Judge of the rule that the latest views of each group were considered."""

    gathered: dict[tuple[str, str | None], _Gathering] = field(default_factory=dict)
    """Group, and its name if the group is OTHER → its latest views."""
    considered: dict[str, int] = field(default_factory=dict)
    """Views → the entry that considered them last."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the latest views of each group, and the views that were considered."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ViewsGathered():
                group = (fact.group.value, fact.other_group)
                self.gathered[group] = _Gathering(fact.views, occurrence.at, position)
            case ViewsConsidered():
                self.considered[fact.views] = position

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NO_EVIDENCE without views of a group, AT_RISK while views wait, and MET after consideration."""
        groups: list[tuple[str, str | None]]
        groups = [(group.value, None) for group in self.rule.groups if group is not Group.OTHER]
        groups += [(Group.OTHER.value, name) for name in self.rule.other_groups]
        known = [self.gathered[group] for group in groups if group in self.gathered]
        missing = [name or word_in_text(word) for word, name in groups if (word, name) not in self.gathered]
        if missing:
            reason = f"No views of {enumerate_names(missing)} have been gathered."
            return verdict(Status.NO_EVIDENCE, reason, *(gathering.position for gathering in known))
        waiting = [gathering for gathering in known if gathering.views not in self.considered]
        if waiting:
            first = min(waiting, key=lambda gathering: gathering.position)
            day = in_words(clause.day(first.at))
            reason = f"Views {first.views}, gathered on {day}, have not been considered."
            return verdict(Status.AT_RISK, reason, first.position)
        entries = [gathering.position for gathering in known]
        entries += [self.considered[gathering.views] for gathering in known]
        return verdict(Status.MET, "The views gathered last of each group were considered.", *entries)


class Escalation(Judge[oversight.Escalation]):
    """Judge of the rule that ministers may use their power of intervention."""

    concerns: dict[str, int] = field(default_factory=dict)
    """Concern → its entry."""
    interventions: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Intervention → its power and entry."""
    ended: dict[str, int] = field(default_factory=dict)
    """Intervention that ended → the entry of its end."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the concerns and the interventions."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ConcernRaised():
                self.concerns[fact.concern] = position
            case InterventionDecided():
                self.interventions[fact.intervention] = (fact.power, position)
            case InterventionEnded():
                self.ended[fact.intervention] = position

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return POWER_USED once an intervention was decided, else POWER_UNUSED with the concerns raised."""
        power = self.rule.power
        decided = {name: known for name, known in self.interventions.items() if power in (None, known[0])}
        if decided:
            powers = enumerate_names(sorted({used for used, _ in decided.values()}))
            entries = [position for _, position in decided.values()]
            if all(name in self.ended for name in decided):
                reason = f"Ministers used their power ({powers}); the intervention has ended."
                return verdict(Status.POWER_USED, reason, *entries, *(self.ended[name] for name in decided))
            return verdict(Status.POWER_USED, f"Ministers use their power ({powers}).", *entries)
        if self.concerns:
            begin = "A concern was" if len(self.concerns) == 1 else "Concerns were"
            whose = f" by the power {power}" if power else ""
            reason = f"{begin} raised ({enumerate_names(sorted(self.concerns))}), without an intervention{whose}."
            return verdict(Status.POWER_UNUSED, reason, *self.concerns.values())
        return verdict(Status.POWER_UNUSED, "No concern has been raised.")

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the same verdict as `judge` for a MAY clause."""
        return self.judge(clause, at)
