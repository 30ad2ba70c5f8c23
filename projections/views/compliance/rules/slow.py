"""Judge of the rule on slow objectives: each is highlighted to the board by its next meeting."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct, field, structs

from ledger.domain.areas.actions import ActionAdded, ActionCompleted, ActionDropped, ActionReopened
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.plan import (
    DEFAULT_SCALE,
    Dimension,
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
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_some,
    in_words,
    verdict,
)


class _Sign(Struct, frozen=True):
    """A sign that an objective makes slow progress, from an instant on."""

    since: datetime
    position: int
    """Entry that shows it as the words state it."""
    words: str
    """Predicate of the objective, such as `is rated RED for activity`."""
    from_: datetime
    """Instant from which a highlight of the objective counts."""
    ended: datetime | None = None
    end_position: int | None = None
    """Entry that ended it."""

    def past(self, ended: datetime, position: int) -> "_Sign":
        """Return the sign as it was until an instant, at which an entry ended it."""
        words = f"was{self.words[2:]}" if self.words.startswith("is ") else self.words
        return structs.replace(self, words=words, ended=ended, end_position=position)


class _Shown(Struct, frozen=True):
    """A sign of slow progress, and how the board was told."""

    sign: _Sign
    is_missed: bool
    """True if the board met without the highlight."""
    is_highlighted: bool


class _TrackedObjective(Struct):
    """An open objective."""

    due: date
    position: int
    """Entry that set the date."""
    dated: datetime
    """Instant at which the date was set."""
    highlights: list[tuple[datetime, int]] = field(default_factory=list)
    """Instants and entries of its highlights to the board, in order."""
    ratings: dict[str, list[str]] = field(default_factory=dict)
    """ACTIVITY and IMPACT → the latest three ratings."""
    signs: dict[str, _Sign] = field(default_factory=dict)
    """Signs of slow progress that its ratings show."""
    past: dict[str, _Sign] = field(default_factory=dict)
    """Kind of sign → the earliest that the board met without, and that ended before a highlight."""
    open: dict[str, datetime] = field(default_factory=dict)
    """Actions that are neither completed nor dropped, and the instants from which they are open."""
    done: set[str] = field(default_factory=set)
    """Completed actions; an objective whose actions were all dropped is not finished."""

    def highlight(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the first highlight from an instant on."""
        index = bisect_left(self.highlights, (since, 0))
        return self.highlights[index] if index < len(self.highlights) else None


def _by_entry(sign: _Sign) -> tuple[datetime, int]:
    return sign.since, sign.position


_Slow = tuple[_Sign, str]
"""A sign of slow progress, and the objective's id."""


def _by_instant(slow: _Slow) -> tuple[bool, datetime, str]:
    """Return the order of signs: those that hold before those that ended, then the earliest."""
    sign, name = slow
    return sign.ended is not None, sign.since, name


class SlowObjectivesHighlighted(Judge[plan.SlowObjectivesHighlighted]):
    """A slow objective is highlighted to the board by its next meeting.

    An objective whose actions are all completed is not late; it waits to be closed. A meeting without the
    highlight counts until the objective is highlighted or closed, even if the objective recovers.
    """

    objectives: dict[str, _TrackedObjective] = field(default_factory=dict)
    """Open objectives."""
    scales: dict[str, Sequence[str]] = field(default_factory=dict)
    """ACTIVITY and IMPACT → the codes of the scale, the worst first."""
    meetings: list[tuple[datetime, int]] = field(default_factory=list)
    """Instants and entries of the board's meetings, in order."""
    actions: dict[str, str] = field(default_factory=dict)
    """Action → its objective."""
    completed: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Completed action → the instant and the entry."""
    finished: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Open objective without an open action → instant and entry of the last completion."""
    dates: list[tuple[date, str]] = field(default_factory=list)
    """Dates of the open objectives, in order."""
    shown: dict[str, _Shown] = field(default_factory=dict)
    """Objective → the sign that decides, as of `day`."""
    day: date | None = None
    """Day of the latest judgement; None before the first, and after new parameters."""
    judged_rule: plan.SlowObjectivesHighlighted | None = None
    changed: set[str] = field(default_factory=set)
    """Objectives whose sign may have changed since."""
    latest: Verdict | None = None
    """Verdict on the shown signs; None after a change of one, and after a meeting."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the open objectives with their dates, ratings and actions, and the board's meetings."""
        fact, position = occurrence.fact, occurrence.position
        name = getattr(fact, "objective", None) or ""
        objective = self.objectives.get(name)
        self.changed.add(name)
        match fact:
            case ObjectiveAdded():
                self.objectives[name] = _TrackedObjective(fact.due, position, occurrence.at)
                insort(self.dates, (fact.due, name))
            case ObjectiveRevised() if fact.due is not None and objective is not None:
                self.dates.remove((objective.due, name))
                insort(self.dates, (fact.due, name))
                objective.due, objective.position, objective.dated = fact.due, position, occurrence.at
            case ObjectiveClosed() if objective is not None:
                self.dates.remove((objective.due, name))
                del self.objectives[name]
                self.finished.pop(name, None)
            case SlowProgressHighlighted() if objective is not None:
                objective.highlights.append((occurrence.at, position))
                objective.past.clear()
            case ProgressRecorded():
                return objective is not None and fact.action is None and self._rate(objective, fact, occurrence)
            case RatingScaleAdopted():
                levels = sorted(fact.levels, key=lambda level: level.order)
                self.scales[fact.dimension.value] = [level.code for level in levels]
            case MeetingHeld():
                self.meetings.append((occurrence.at, position))
                self.latest = None
                self.changed.update(
                    slow for slow, each in self.shown.items() if self._is_changed_by_meeting(slow, each)
                )
            case ActionAdded() | ActionCompleted() | ActionDropped() | ActionReopened():
                return self._take_action(fact, (occurrence.at, occurrence.position))
        return None

    def _take_action(self, fact: Fact, entry: tuple[datetime, int]) -> bool:
        """Remember an action. Return True if its objective is finished by it, or open again."""
        match fact:
            case ActionAdded():
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
                return self._set_open(self.actions.get(fact.action, ""), fact.action, entry, is_open=True)
        return False

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> bool:
        """Take a completed action if another has been open since; then its objective is not finished by it."""
        fact = occurrence.fact
        if not isinstance(fact, ActionCompleted):
            return False
        objective = self.objectives.get(self.actions.get(fact.action, ""))
        if objective is None or fact.action not in objective.open:
            return False
        open_since = [name for name, since in objective.open.items() if since <= occurrence.at]
        if fact.action not in open_since or len(open_since) == 1:
            return False
        del objective.open[fact.action]
        objective.done.add(fact.action)
        return True

    def _set_open(
        self, name: str, action: str, entry: tuple[datetime, int], *, is_open: bool = False, is_done: bool = True
    ) -> bool:
        """Note that an action is open, or was completed or dropped. Return True if its objective changes by it."""
        objective = self.objectives.get(name)
        if objective is None:
            return False
        before = self.finished.pop(name, None)
        objective.done.discard(action)
        if is_open:
            objective.open[action] = entry[0]
        else:
            objective.open.pop(action, None)
            if is_done:
                objective.done.add(action)
            if not objective.open and objective.done:
                self.finished[name] = entry if before is None else max(before, entry)
        self.changed.add(name)
        return self.finished.get(name) != before

    def _rate(self, objective: _TrackedObjective, fact: ProgressRecorded, occurrence: Occurrence) -> bool:
        """Take an objective's ratings. Return True if they change its signs."""
        before = dict(objective.signs)
        ratings = {Dimension.ACTIVITY.value: fact.activity_rating, Dimension.IMPACT.value: fact.impact_rating}
        shown: dict[str, str] = {}
        for dimension, rating in ratings.items():
            known_ratings = objective.ratings.get(dimension, [])
            # Without a rating the latest one still holds.
            latest = known_ratings if rating is None else [*known_ratings, rating][-3:]
            objective.ratings[dimension] = latest
            scale = self.scales.get(dimension, DEFAULT_SCALE)
            places = [scale.index(code) for code in latest if code in scale]
            if scale and latest[-1:] == [scale[0]]:
                shown.setdefault(SlowSign.LOWEST_RATING.value, f"is rated {latest[-1]} for {dimension.lower()}")
            if len(places) == 3 and places[0] > places[1] > places[2]:
                shown.setdefault(SlowSign.FALLING.value, f"fell twice in its rating for {dimension.lower()}")
        objective.signs = {}
        for sign, words in shown.items():
            known = before.get(sign)
            if known is None or known.words != words:
                # A sign dates from the first of the updates in a row that show it.
                since = occurrence.at if known is None else known.since
                known = _Sign(since, occurrence.position, words, since)
            objective.signs[sign] = known
        for sign, known in before.items():
            if sign not in shown and sign not in objective.past and self._is_missed(objective, known):
                objective.past[sign] = known.past(occurrence.at, occurrence.position)
        return objective.signs != before

    def _is_missed(self, objective: _TrackedObjective, sign: _Sign) -> bool:
        """Return True if the board met while the objective showed the sign, and was not told by a highlight."""
        meeting = self._meeting(sign.since)
        is_seen = meeting is not None and (sign.ended is None or meeting[0] < sign.ended)
        return is_seen and objective.highlight(sign.from_) is None

    def _is_changed_by_meeting(self, name: str, shown: _Shown) -> bool:
        """Return True if another meeting may bring a sign to be missed: one that holds and is not highlighted."""
        if shown.is_highlighted:
            return False
        if shown.sign.ended is None:
            return not shown.is_missed
        objective = self.objectives.get(name)
        if objective is None:
            return False
        return bool(objective.signs) or (name not in self.finished and objective.due < (self.day or date.max))

    def _meeting(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the first meeting from an instant on."""
        index = bisect_left(self.meetings, (since, 0))
        return self.meetings[index] if index < len(self.meetings) else None

    def _late(self, clause: JudgedClause, name: str, today: date) -> _Sign | None:
        """Return the sign that the objective's date has passed; None if its actions were completed by then."""
        objective = self.objectives[name]
        if SlowSign.LATE not in self.rule.signs or objective.due >= today:
            return None
        ended, entry = self.finished.get(name, (None, None))
        if ended is not None and clause.day(ended) <= objective.due:
            return None
        due = f"was due on {in_words(objective.due)}"
        return _Sign(clause.after(objective.due), objective.position, due, objective.dated, ended, entry)

    def _sign(self, clause: JudgedClause, name: str, today: date) -> _Sign | None:
        """Return the sign that decides: one that the board met without, else the earliest; None without a sign."""
        objective, late = self.objectives[name], self._late(clause, name, today)
        current = [known for sign, known in objective.signs.items() if SlowSign(sign) in self.rule.signs]
        missed = [known for sign, known in objective.past.items() if SlowSign(sign) in self.rule.signs]
        if late is not None and late.ended is None:
            current.append(late)
        elif late is not None and self._is_missed(objective, late):
            missed.append(late)
        earliest = min(current, key=_by_entry, default=None)
        if earliest is not None and self._is_missed(objective, earliest):
            return earliest
        return min(missed, key=_by_entry, default=earliest)

    def _look(self, clause: JudgedClause, today: date) -> None:
        """Bring the shown signs up to a day: look again at objectives with new facts or a date that passed."""
        if self.day is None or self.judged_rule is not self.rule:
            self.changed.update(self.objectives)
        elif self.day != today:
            first, last = sorted((self.day, today))
            begin, end = bisect_left(self.dates, (first, "")), bisect_left(self.dates, (last, ""))
            self.changed.update(name for _, name in self.dates[begin:end])
        self.day, self.judged_rule = today, self.rule
        for name in self.changed:
            objective = self.objectives.get(name)
            before = self.shown.pop(name, None)
            sign = None if objective is None else self._sign(clause, name, today)
            now = None
            if objective is not None and sign is not None:
                is_highlighted = objective.highlight(sign.from_) is not None
                now = self.shown[name] = _Shown(sign, self._is_missed(objective, sign), is_highlighted)
            if now != before:
                self.latest = None
        self.changed.clear()

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return AT_RISK until the board's next meeting, NOT_MET if the board met without a highlight."""
        if not self.objectives:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        today = clause.day(at)
        self._look(clause, today)
        result = self.latest = self.latest or self._judge(clause)
        waiting = {} if self._is_highlight_missing() else self._waiting(today)
        if not waiting:
            return result
        names, wait = enumerate_some(sorted(waiting)), "waits" if len(waiting) == 1 else "wait"
        reason = f"{result.reason} {names} {wait} to be closed, with no action open."
        return verdict(result.status, reason, *result.entries, *waiting.values())

    def _judge(self, clause: JudgedClause) -> Verdict:
        missed = [(each.sign, name) for name, each in self.shown.items() if each.is_missed]
        if missed:
            return self._missed(clause, sorted(missed, key=_by_instant))
        waiting = [(each.sign, name) for name, each in self.shown.items() if not each.is_highlighted]
        if waiting:
            sign, name = min(waiting, key=_by_instant)
            reason = f"Objective {name} {sign.words}; highlight it at the board's next meeting."
            return verdict(Status.AT_RISK, reason, sign.position)
        if self.shown:
            slow = sorted(((each.sign, name) for name, each in self.shown.items()), key=_by_instant)
            return self._highlighted(clause, slow)
        return verdict(Status.NOT_DUE, "No open objective makes slow progress.")

    def _missed(self, clause: JudgedClause, missed: list[_Slow]) -> Verdict:
        """Return the verdict when the board met without highlights."""
        (sign, name), (met, entry) = missed[0], self.meetings[-1]
        slow = f"objective {name} {sign.words}"
        if sign.ended is not None:
            slow = f"{slow} until {in_words(clause.day(sign.ended))}"
        if len(missed) > 1:
            slow = f"{slow}, or that {enumerate_some([name for _, name in missed[1:]])} made slow progress"
        reason = f"The board met on {in_words(clause.day(met))} without a highlight that {slow}."
        return verdict(Status.NOT_MET, reason, entry, sign.end_position, *(sign.position for sign, _ in missed))

    def _highlighted(self, clause: JudgedClause, slow: list[_Slow]) -> Verdict:
        """Return the verdict when every slow objective was highlighted: MET_LATE if the board had met before."""
        late, entries = [], []
        for sign, name in slow:
            meeting, highlight = self._meeting(sign.since), self.objectives[name].highlight(sign.from_)
            if highlight is None:
                continue
            entries.append(highlight[1])
            days = 0 if meeting is None else (clause.day(highlight[0]) - clause.day(meeting[0])).days
            if days > 0:
                late.append((days, name))
        names = enumerate_some(sorted(name for _, name in slow))
        reason = f"Slow progress was highlighted to the board for {names}"
        if late:
            days, name = max(late)
            reason = f"{reason}; {name} {days_in_words(days)} after the first meeting to highlight it at."
            return verdict(Status.MET_LATE, reason, *entries)
        return verdict(Status.MET, f"{reason}.", *entries)

    def _waiting(self, today: date) -> dict[str, int]:
        """Return the objectives past their date with no action open, and the entries of the last ones."""
        if SlowSign.LATE not in self.rule.signs:
            return {}
        return {name: entry for name, (_, entry) in self.finished.items() if self.objectives[name].due < today}

    def _is_highlight_missing(self) -> bool:
        """Return True if a slow objective is not highlighted; then no other date changes the verdict."""
        return any(not each.is_highlighted for each in self.shown.values())

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the day after the next date that may change the verdict."""
        if SlowSign.LATE not in self.rule.signs:
            return ()
        today = clause.day(at)
        self._look(clause, today)
        if self._is_highlight_missing():
            return ()
        following = bisect_left(self.dates, (today, ""))
        return () if following == len(self.dates) else (clause.after(self.dates[following][0]),)
