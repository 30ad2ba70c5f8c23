"""Judge of the rule that slow objectives are highlighted to the board by the board's next meeting."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache

from msgspec import field, structs

from ledger.domain.areas.actions import ActionAdded, ActionCompleted, ActionDropped, ActionReopened
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.plan import (
    DEFAULT_SCALE,
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveRevised,
    ProgressRecorded,
    RatingScaleAdopted,
    SlowProgressHighlighted,
)
from ledger.domain.fact import Fact
from ledger.domain.rules import plan
from ledger.domain.rules.rule import SlowSign
from projections.views.compliance.rules.slow_signs import (
    Ratings,
    Sign,
    SlowObjective,
    TrackedObjective,
    TrackedSign,
    TrackedSigns,
    by_entry,
)
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    LateEffect,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_some,
    in_words,
    verdict,
)


@lru_cache(4_096)
def _predicates_of(dimension: str, latest: tuple[str, ...], scale: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the signs of slow progress in an objective's ratings of a dimension, each with its predicate.

    Results are cached, because few combinations of ratings occur.
    """
    signs = []
    if latest and scale and latest[-1] == scale[0]:
        signs.append(("LOWEST_RATING", f"is rated {latest[-1]} for {dimension.lower()}"))
    if len(latest) == 3 and _falls(latest, scale):
        signs.append(("FALLING", f"fell twice in its rating for {dimension.lower()}"))
    return tuple(signs)


def _falls(latest: Sequence[str], scale: Sequence[str]) -> bool:
    """Return True if three ratings, all of the scale, fall twice in a row."""
    first, second, third = latest
    if second in (first, third) or not {first, second, third} <= set(scale):
        return False
    return scale.index(first) > scale.index(second) > scale.index(third)


class SlowObjectivesHighlighted(Judge[plan.SlowObjectivesHighlighted]):
    """Judge of the rule that a slow objective is highlighted to the board by the board's next meeting.

    An objective whose actions are all completed is not late; it waits to be closed. A meeting without the
    highlight counts until the objective is highlighted or closed, even if the objective recovers.
    """

    objectives: dict[str, TrackedObjective] = field(default_factory=dict)
    """Open objectives by their ids."""
    scales: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """ACTIVITY and IMPACT → the codes of the scale, the worst first."""
    meetings: list[tuple[datetime, int]] = field(default_factory=list)
    """Instants and entries of the board's meetings, in order."""
    actions: dict[str, str] = field(default_factory=dict)
    """Action → its objective."""
    added_once: set[str] = field(default_factory=set)
    """Actions that were added once and never reopened."""
    completed: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Action that was completed before it was added → the instant and the entry of its completion."""
    finished: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Open objective with completed but no open actions → the instant and entry that ended its last action."""
    dates: list[tuple[date, str]] = field(default_factory=list)
    """Due date and id of each open objective, in order."""
    tracked: TrackedSigns = field(default_factory=TrackedSigns)
    """Deciding sign of each slow objective, as of `day`."""
    day: date | None = None
    """Day of the latest judgement; None before the first judgement."""
    judged_rule: plan.SlowObjectivesHighlighted | None = None
    judged_signs: frozenset[str] = frozenset()
    """Kinds of signs that `judged_rule` names."""
    changed: set[str] = field(default_factory=set)
    """Objectives whose deciding sign may have changed since the latest judgement."""
    latest: Verdict | None = None
    """Verdict on the tracked signs; None if a sign has changed or the board has met since."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the open objectives with their dates, ratings and actions, and the board's meetings."""
        fact, position = occurrence.fact, occurrence.position
        name = getattr(fact, "objective", None) or ""
        objective = self.objectives.get(name)
        match fact:
            case ProgressRecorded():
                return objective is not None and fact.action is None and self._rate(objective, fact, occurrence)
            case MeetingHeld():
                self.meetings.append((occurrence.at, position))
                self.latest = None
                self.changed |= self.tracked.open
                return None
            case RatingScaleAdopted():
                levels = sorted(fact.levels, key=lambda level: level.order)
                self.scales[fact.dimension.value] = tuple(level.code for level in levels)
                return None
            case ActionAdded() | ActionCompleted() | ActionDropped() | ActionReopened():
                return self._take_action(fact, (occurrence.at, position))
            case ObjectiveAdded():
                self.objectives[name] = TrackedObjective(fact.due, position, occurrence.at)
                insort(self.dates, (fact.due, name))
            case ObjectiveRevised() if fact.due is not None and objective is not None:
                self.dates.remove((objective.due, name))
                insort(self.dates, (fact.due, name))
                self._change(name, due=fact.due, position=position, dated=occurrence.at)
            case ObjectiveClosed() if objective is not None:
                self.dates.remove((objective.due, name))
                del self.objectives[name]
                self.finished.pop(name, None)
            case SlowProgressHighlighted() if objective is not None:
                highlights = (*objective.highlights, (occurrence.at, position))
                self._change(name, highlights=highlights, past={})
        self.changed.add(name)
        return None

    def _change(self, name: str, **changes: object) -> None:
        """Replace fields of an open objective."""
        self.objectives[name] = structs.replace(self.objectives[name], **changes)

    def _take_action(self, fact: Fact, entry: tuple[datetime, int]) -> bool:
        """Remember a fact on an action. Return True if `finished` changes for the action's objective."""
        match fact:
            case ActionAdded():
                if fact.action in self.actions:
                    self.added_once.discard(fact.action)
                else:
                    self.added_once.add(fact.action)
                self.actions[fact.action] = fact.objective
                done = self.completed.pop(fact.action, None)
                return self._set_open(fact.objective, fact.action, done or entry, is_open=done is None)
            case ActionCompleted() if fact.action not in self.actions:
                # It is recorded as completed on a day before that of its addition.
                self.completed[fact.action] = entry
            case ActionCompleted() | ActionDropped():
                is_done = isinstance(fact, ActionCompleted)
                return self._set_open(self.actions.get(fact.action, ""), fact.action, entry, is_done=is_done)
            case ActionReopened():
                self.added_once.discard(fact.action)
                return self._set_open(self.actions.get(fact.action, ""), fact.action, entry, is_open=True)
        return False

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Take the late-recorded completion of an action, unless it finishes an objective that is due."""
        fact, entry = occurrence.fact, (occurrence.at, occurrence.position)
        if not isinstance(fact, ActionCompleted):
            return LateEffect.ANY
        name = self.actions.get(fact.action, "")
        objective = self.objectives.get(name)
        if objective is None or fact.action not in objective.open:
            return LateEffect.ANY
        opened = objective.open[fact.action]
        # A completion from before the addition: the action was never open. Another one since would come after it.
        if opened > occurrence.at and (fact.action not in self.added_once or (objective.closed or entry) > entry):
            return LateEffect.ANY
        begin = max(opened, occurrence.at)
        is_due = objective.dated > occurrence.at or objective.due < clause.day(latest)
        if is_due and not any(since <= begin for action, since in objective.open.items() if action != fact.action):
            return LateEffect.ANY
        is_changed = self._set_open(name, fact.action, max(entry, objective.closed or entry))
        return LateEffect.FROM_LATEST if is_changed else LateEffect.NONE

    def _set_open(
        self, name: str, action: str, entry: tuple[datetime, int], *, is_open: bool = False, is_done: bool = True
    ) -> bool:
        """Note an action as open, completed or dropped. Return True if `finished` changes for its objective."""
        objective = self.objectives.get(name)
        if objective is None:
            return False
        before = self.finished.pop(name, None)
        done = objective.done - {action}
        others = {name: since for name, since in objective.open.items() if name != action}
        open_ = {**others, action: entry[0]} if is_open else others
        done = done | {action} if is_done and not is_open else done
        closed = objective.closed if is_open else max(entry, objective.closed or entry)
        self._change(name, open=open_, done=done, closed=closed)
        if not open_ and done:
            self.finished[name] = entry if before is None else max(before, entry)
        if self.finished.get(name) == before:
            return False
        self.changed.add(name)
        return True

    def _rate(self, objective: TrackedObjective, fact: ProgressRecorded, occurrence: Occurrence) -> bool:
        """Take an objective's ratings. Return True if the ratings change the objective's signs."""
        before, past, ratings = objective.signs, objective.past, self._ratings(objective, fact)
        predicates = self._predicates(ratings)
        if not predicates and not before:
            self._change(fact.objective, ratings=ratings)
            return False
        signs: dict[str, Sign] = {}
        for sign, words in predicates.items():
            known = before.get(sign)
            if known is None or known.words != words:
                # A sign dates from the first of the updates in a row that show it.
                since = occurrence.at if known is None else known.since
                known = Sign(since, occurrence.position, words, since)
            signs[sign] = known
        for sign, known in before.items():
            if sign not in predicates and sign not in past and self._is_missed(objective, known):
                past = {**past, sign: known.past(occurrence.at, occurrence.position)}
        self._change(fact.objective, ratings=ratings, signs=signs, past=past)
        if signs == before:
            return False
        self.changed.add(fact.objective)
        return True

    @staticmethod
    def _ratings(objective: TrackedObjective, fact: ProgressRecorded) -> Ratings:
        """Return an objective's latest ratings, with the ratings of a progress fact added."""
        (_, activity), (_, impact) = objective.ratings
        if fact.activity_rating is not None:
            activity = (*activity[-2:], fact.activity_rating)
        if fact.impact_rating is not None:
            impact = (*impact[-2:], fact.impact_rating)
        return ("ACTIVITY", activity), ("IMPACT", impact)

    def _predicates(self, ratings: Ratings) -> dict[str, str]:
        """Return the signs that ratings show, each with its predicate."""
        predicates: dict[str, str] = {}
        for dimension, latest in ratings:
            for sign, words in _predicates_of(dimension, latest, self.scales.get(dimension, DEFAULT_SCALE)):
                predicates.setdefault(sign, words)
        return predicates

    def _is_missed(self, objective: TrackedObjective, sign: Sign) -> bool:
        """Return True if the board met while the objective showed the sign, and no highlight reported the sign."""
        meeting = self._meeting(sign.since)
        is_seen = meeting is not None and (sign.ended is None or meeting[0] < sign.ended)
        return is_seen and objective.highlight(sign.from_) is None

    def _meeting(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the instant and the entry of the first meeting from an instant on, or None without a meeting."""
        index = bisect_left(self.meetings, (since, 0))
        return self.meetings[index] if index < len(self.meetings) else None

    def _late(self, clause: JudgedClause, name: str, today: date) -> Sign | None:
        """Return the sign that an objective is late, or None if it is not late or the rule ignores lateness."""
        objective = self.objectives[name]
        if objective.due >= today or "LATE" not in self.judged_signs:
            return None
        ended, entry = self.finished.get(name, (None, None))
        if ended is not None and clause.day(ended) <= objective.due:
            return None
        due = f"was due on {in_words(objective.due)}"
        return Sign(clause.after(objective.due), objective.position, due, objective.dated, ended, entry)

    def _look(self, clause: JudgedClause, today: date) -> None:
        """Update the tracked signs to a day.

        Only objectives with new facts, or due between the latest judged day and this day, are judged again. After
        a change of the rule, all are.
        """
        if self.day is None or self.judged_rule is not self.rule:
            self.changed.update(self.objectives)
            self.judged_rule, self.judged_signs = self.rule, frozenset(sign.value for sign in self.rule.signs)
        elif self.day != today:
            first, last = sorted((self.day, today))
            begin, end = bisect_left(self.dates, (first, "")), bisect_left(self.dates, (last, ""))
            self.changed.update(name for _, name in self.dates[begin:end])
        self.day = today
        for name in self.changed:
            if self.tracked.put(name, self._deciding_sign(clause, name, today)):
                self.latest = None
        self.changed.clear()

    def _deciding_sign(self, clause: JudgedClause, name: str, today: date) -> TrackedSign | None:
        """Return the sign that decides the verdict on an objective, or None without a sign.

        A sign for which the board met without a highlight comes first, then the earliest sign.
        """
        objective = self.objectives.get(name)
        if objective is None:
            return None
        late = self._late(clause, name, today)
        current = [known for sign, known in objective.signs.items() if sign in self.judged_signs]
        missed = [known for sign, known in objective.past.items() if sign in self.judged_signs]
        if late is not None and late.ended is None:
            current.append(late)
        elif late is not None and self._is_missed(objective, late):
            missed.append(late)
        earliest = min(current, key=by_entry, default=None)
        is_open = earliest is not None and objective.highlight(earliest.from_) is None
        if earliest is not None and is_open and self._meeting(earliest.since) is not None:
            return TrackedSign(earliest, is_missed=True, is_highlighted=False, is_open=False)
        if missed:
            sign = min(missed, key=by_entry)
            is_highlighted = objective.highlight(sign.from_) is not None
            return TrackedSign(sign, self._is_missed(objective, sign), is_highlighted, is_open)
        return None if earliest is None else TrackedSign(earliest, False, not is_open, is_open)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return AT_RISK until the board's next meeting, and NOT_MET if the board met without a highlight."""
        if not self.objectives:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        today = clause.day(at)
        self._look(clause, today)
        result = self.latest = self.latest or self._judge(clause)
        waiting = {} if self.tracked.unhighlighted else self._waiting(today)
        if not waiting:
            return result
        names, wait = enumerate_some(sorted(waiting)), "waits" if len(waiting) == 1 else "wait"
        reason = f"{result.reason} {names} {wait} to be closed, with no action open."
        return verdict(result.status, reason, *result.entries, *waiting.values())

    def _judge(self, clause: JudgedClause) -> Verdict:
        if self.tracked.missed:
            return self._missed(clause, self.tracked.missed)
        first = self.tracked.first_unhighlighted()
        if first is not None:
            *_, name, sign = first
            reason = f"Objective {name} {sign.words}; highlight it at the board's next meeting."
            return verdict(Status.AT_RISK, reason, sign.position)
        if self.tracked.signs:
            return self._highlighted(clause, self.tracked.all())
        return verdict(Status.NOT_DUE, "No open objective makes slow progress.")

    def _missed(self, clause: JudgedClause, missed: Sequence[SlowObjective]) -> Verdict:
        """Return NOT_MET for slow objectives that were not highlighted when the board met."""
        (*_, name, sign), (met, entry) = missed[0], self.meetings[-1]
        slow = f"objective {name} {sign.words}"
        if sign.ended is not None:
            slow = f"{slow} until {in_words(clause.day(sign.ended))}"
        if len(missed) > 1:
            slow = f"{slow}, or that {enumerate_some([each[2] for each in missed[1:]])} made slow progress"
        reason = f"The board met on {in_words(clause.day(met))} without a highlight that {slow}."
        return verdict(Status.NOT_MET, reason, entry, sign.end_position, *[each[3].position for each in missed])

    def _highlighted(self, clause: JudgedClause, slow: Sequence[SlowObjective]) -> Verdict:
        """Return MET for slow objectives that were highlighted, MET_LATE if the board met before a highlight."""
        late, entries = [], []
        for *_, name, sign in slow:
            meeting, highlight = self._meeting(sign.since), self.objectives[name].highlight(sign.from_)
            if highlight is None:
                continue
            entries.append(highlight[1])
            days = 0 if meeting is None else (clause.day(highlight[0]) - clause.day(meeting[0])).days
            if days > 0:
                late.append((days, name))
        names = enumerate_some(sorted(name for *_, name, _ in slow))
        reason = f"Slow progress was highlighted to the board for {names}"
        if late:
            days, name = max(late)
            delay = f"{days_in_words(days)} after the meeting that needed it"
            reason = f"{reason}; the highlight of {name} came {delay}."
            return verdict(Status.MET_LATE, reason, *entries)
        return verdict(Status.MET, f"{reason}.", *entries)

    def _waiting(self, today: date) -> dict[str, int]:
        """Return each overdue objective without an open action, and the entry that ended its last action."""
        if SlowSign.LATE not in self.rule.signs:
            return {}
        return {name: entry for name, (_, entry) in self.finished.items() if self.objectives[name].due < today}

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instant after the next due date that may change the verdict; empty without such a date."""
        if SlowSign.LATE not in self.rule.signs:
            return ()
        today = clause.day(at)
        self._look(clause, today)
        # While a highlight is missing, no other date changes the verdict.
        if self.tracked.unhighlighted:
            return ()
        following = bisect_left(self.dates, (today, ""))
        return () if following == len(self.dates) else (clause.after(self.dates[following][0]),)
