"""Rules of delivery: what is late is told to the board, and every action is completed by the notice's date."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.actions import ActionAdded, ActionCompleted, ActionRebaselined
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.plan import (
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveOutcome,
    ObjectiveRevised,
    SlowProgressHighlighted,
)
from ledger.domain.fact import Fact
from projections.views.compliance.verdict import (
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    listed,
    said,
    verdict,
)


class _Due(Struct):
    due: date
    position: int
    """The entry that set the date."""
    highlighted: int | None = None
    """The entry that told the board of it, since the date was set."""


class SlowObjectivesHighlighted(Rule):
    """An open objective past its date is pointed out to the board by its next meeting."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {ObjectiveAdded, ObjectiveRevised, ObjectiveClosed, SlowProgressHighlighted, MeetingHeld}
    )
    open: dict[str, _Due] = field(default_factory=dict)
    meeting: tuple[datetime, int] | None = None
    """The latest meeting."""

    def take(self, happening: Occurrence) -> None:
        """Keeps the open objectives' dates and what the board was told of them."""
        fact, position = happening.fact, happening.position
        match fact:
            case ObjectiveAdded():
                self.open[fact.objective] = _Due(fact.due, position)
            case ObjectiveRevised() if fact.due is not None and fact.objective in self.open:
                self.open[fact.objective] = _Due(fact.due, position)
            case ObjectiveClosed():
                self.open.pop(fact.objective, None)
            case SlowProgressHighlighted() if fact.objective in self.open:
                self.open[fact.objective].highlighted = position
            case MeetingHeld():
                self.meeting = (happening.at, position)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """AT_RISK from the day after an objective's date, NOT_MET once the board has met without hearing of it."""
        if not self.open:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        late = self._late(asked.day(at))
        hidden = [each for each in late if each[2].highlighted is None]
        if hidden:
            day, name, due = hidden[0]
            what = f"objective {name}, due on {said(day)}, is late"
            if self.meeting is not None and self.meeting[0] >= asked.after(day):
                met = said(asked.day(self.meeting[0]))
                reason = f"The board met on {met} and was not told that {what}."
                return verdict(Status.NOT_MET, reason, self.meeting[1], due.position)
            return verdict(Status.AT_RISK, f"The board's next meeting has to hear that {what}.", due.position)
        if late:
            told = [due.highlighted for _, _, due in late if due.highlighted is not None]
            reason = f"The board was told that {listed(sorted(name for _, name, _ in late))} made slow progress."
            return verdict(Status.MET, reason, *told)
        return verdict(Status.NOT_DUE, "No open objective is past its date.")

    def _late(self, today: date) -> list[tuple[date, str, _Due]]:
        return sorted(
            ((due.due, name, due) for name, due in self.open.items() if due.due < today), key=lambda late: late[:2]
        )

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """The day after the next date of an open objective, until one is late that the board did not hear of."""
        today = asked.day(at)
        if any(due.due < today and due.highlighted is None for due in self.open.values()):
            return ()
        coming = min((due.due for due in self.open.values() if due.due >= today), default=None)
        return () if coming is None else (asked.after(coming),)


class _Action(Struct):
    objective: str
    due: date
    position: int
    """The entry that set the date."""
    approved: bool = False
    """Whether another date was approved for it."""


class DeliveredBy(Rule):
    """Every action is completed by the notice's date, or by a later one that was approved with a reason."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {ActionAdded, ActionRebaselined, ActionCompleted, ObjectiveAdded, ObjectiveRevised, ObjectiveClosed}
    )
    areas: dict[str, list[str]] = field(default_factory=dict)
    """Objective → the areas that it serves."""
    dropped: list[str] = field(default_factory=list)
    """Objectives that were dropped or merged; their actions are asked for no longer."""
    open: dict[str, _Action] = field(default_factory=dict)
    coming: list[tuple[date, str]] = field(default_factory=list)
    """The open actions by their dates."""
    completed: int = 0
    last: int | None = None
    """The entry that completed the last one."""

    def take(self, happening: Occurrence) -> None:
        """Keeps the open actions' dates."""
        fact, position = happening.fact, happening.position
        match fact:
            case ObjectiveAdded() | ObjectiveRevised():
                if fact.areas is not None:
                    self.areas[fact.objective] = list(fact.areas)
            case ObjectiveClosed() if fact.outcome is not ObjectiveOutcome.ACHIEVED:
                self.dropped.append(fact.objective)
            case ActionAdded():
                self._open(fact.action, _Action(fact.objective, fact.due, position))
            case ActionRebaselined() if fact.action in self.open:
                objective = self._close(fact.action).objective
                self._open(fact.action, _Action(objective, fact.to, position, approved=True))
            case ActionCompleted() if fact.action in self.open:
                self._close(fact.action)
                self.completed += 1
                self.last = position

    def _open(self, name: str, action: _Action) -> None:
        if name in self.open:
            self._close(name)
        self.open[name] = action
        insort(self.coming, (action.due, name))

    def _close(self, name: str) -> _Action:
        action = self.open.pop(name)
        del self.coming[bisect_left(self.coming, (action.due, name))]
        return action

    def _asked_for(self, asked: ClauseQuestion, after: date = date.min) -> Iterator[tuple[str, _Action]]:
        """The open actions that the clause is about, due after a day, the one due first at the head."""
        area = asked.word("area")
        begin = bisect_right(self.coming, after, key=lambda each: each[0])
        for _, name in islice(self.coming, begin, None):
            action = self.open[name]
            if action.objective not in self.dropped and (
                area is None or area in self.areas.get(action.objective, ())
            ):
                yield name, action

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """On track (NOT_DUE), overdue or forecast late (AT_RISK) until the date; late (NOT_MET) after it."""
        target = asked.date("target_date")
        if target is None:
            return verdict(Status.NO_EVIDENCE, "The notice names no date to deliver by.")
        if not self.open and not self.completed:
            return verdict(Status.NO_EVIDENCE, "The plan has no action.")
        first = next(self._asked_for(asked), None)
        if first is None:
            return verdict(Status.MET, "Every action is completed.", *([self.last] if self.last else []))
        late = self._late(asked, first, asked.day(at), target)
        if late is not None:
            return late
        name, action = first
        if action.due > target:
            reason = f"Every action is completed but those with an approved later date, {name} the first of them"
            return verdict(Status.MET, f"{reason}, on {said(action.due)}.", action.position)
        return verdict(
            Status.NOT_DUE, f"Every open action is due by {said(target)}, or by an approved later date."
        )

    def _late(
        self, asked: ClauseQuestion, first: tuple[str, _Action], today: date, target: date
    ) -> Verdict | None:
        """The action that is late, overdue or forecast late, whichever is gravest; None: each is on track."""
        for name, action in self._asked_for(asked) if today > target else ():
            if not action.approved or action.due < today:
                reason = f"Action {name}, due on {said(action.due)}, is not completed; the notice's date was "
                return verdict(Status.NOT_MET, f"{reason}{said(target)}.", action.position)
        name, action = first
        if action.due < today:
            reason = f"Action {name} was due on {said(action.due)} and is not completed; the notice's date is "
            return verdict(Status.AT_RISK, f"{reason}{said(target)}.", action.position)
        for name, action in self._asked_for(asked, after=target):
            if not action.approved:
                reason = (
                    f"Action {name} is due on {said(action.due)}, after {said(target)}, and nobody approved that."
                )
                return verdict(Status.AT_RISK, reason, action.position)
        return None

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """The day after the notice's date, and that after the next date of an action while none is late."""
        today, target = asked.day(at), asked.date("target_date")
        if target is None:
            return ()
        found = [target]
        first = next(self._asked_for(asked), None)
        if first is not None and first[1].due >= today:
            found.append(first[1].due)
        return [asked.after(day) for day in found]
