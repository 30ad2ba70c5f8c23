"""Judge of the rule on slow objectives: each is highlighted to the board by its next meeting."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct, field, structs

from ledger.domain.areas.actions import ActionAdded, ActionCompleted
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

    def past(self, ended: datetime) -> "_Sign":
        """Return the sign as it was until an instant."""
        words = f"was{self.words[2:]}" if self.words.startswith("is ") else self.words
        return structs.replace(self, words=words, ended=ended)


class _Shown(Struct, frozen=True):
    """A sign of slow progress, and how the board was told."""

    sign: _Sign
    is_missed: bool
    """True if the board met without the highlight."""
    is_highlighted: bool


class _Finding(Struct, frozen=True):
    """The decisive sign of an objective, as long as its facts, its lateness and the meetings stay as they are."""

    rule: plan.SlowObjectivesHighlighted
    is_past_due: bool
    meetings: int
    """Meetings held by then; -1: no later meeting changes the finding."""
    shown: "_Shown | None"
    """None without a sign."""


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
    past: list[tuple[str, _Sign]] = field(default_factory=list)
    """Signs that the board met without, and that ended before a highlight."""
    open: set[str] = field(default_factory=set)
    """Actions that are not completed."""
    finished: tuple[datetime, int] | None = None
    """Instant and entry at which the last open action was completed; None: none was, or one is open."""
    finding: _Finding | None = None
    """The latest finding; None after a fact about the objective."""

    def highlight(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the first highlight from an instant on."""
        index = bisect_left(self.highlights, since, key=lambda each: each[0])
        return self.highlights[index] if index < len(self.highlights) else None


class _DayFindings(Struct, frozen=True):
    """Signs of all objectives that show one, on a day."""

    rule: plan.SlowObjectivesHighlighted
    day: date
    findings: list[tuple[str, _TrackedObjective, _Shown]]


_Slow = tuple[_Sign, str, _TrackedObjective]
"""A sign of slow progress, the objective's id, and the objective."""


def _by_instant(slow: _Slow) -> tuple[bool, datetime, str]:
    """Return the order of signs: those that hold before those that ended, then the earliest."""
    sign, name, _ = slow
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
    latest: "_DayFindings | None" = None
    """Findings of the latest judgement; None after a fact."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the open objectives with their dates, ratings and actions, and the board's meetings."""
        fact, position = occurrence.fact, occurrence.position
        self.latest = None
        objective = self.objectives.get(getattr(fact, "objective", ""))
        if objective is not None:
            objective.finding = None
        match fact:
            case ObjectiveAdded():
                self.objectives[fact.objective] = _TrackedObjective(fact.due, position, occurrence.at)
            case ObjectiveRevised() if fact.due is not None and objective is not None:
                objective.due, objective.position, objective.dated = fact.due, position, occurrence.at
            case ObjectiveClosed():
                self.objectives.pop(fact.objective, None)
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
            case ActionAdded() | ActionCompleted():
                return self._take_action(fact, occurrence)
        return None

    def _take_action(self, fact: Fact, occurrence: Occurrence) -> bool:
        """Remember an action. Return True if its objective is finished by it, or open again."""
        match fact:
            case ActionAdded():
                self.actions[fact.action] = fact.objective
                objective = self.objectives.get(fact.objective)
                done = self.completed.get(fact.action)
                if objective is None:
                    return False
                if done is None:
                    objective.open.add(fact.action)
                before, objective.finished = objective.finished, None
                if not objective.open:
                    objective.finished = max(filter(None, (before, done)))
                return objective.finished != before
            case ActionCompleted():
                done = self.completed[fact.action] = (occurrence.at, occurrence.position)
                objective = self.objectives.get(self.actions.get(fact.action, ""))
                if objective is None or fact.action not in objective.open:
                    return False
                objective.open.discard(fact.action)
                objective.finding = None
                objective.finished = None if objective.open else done
                return not objective.open
        return False

    def _rate(self, objective: _TrackedObjective, fact: ProgressRecorded, occurrence: Occurrence) -> bool:
        """Take an objective's ratings. Return True if they change its signs."""
        before = dict(objective.signs)
        ratings = {Dimension.ACTIVITY.value: fact.activity_rating, Dimension.IMPACT.value: fact.impact_rating}
        shown: dict[str, str] = {}
        for dimension, rating in ratings.items():
            latest = objective.ratings[dimension] = [*objective.ratings.get(dimension, []), rating][-3:]
            scale = self.scales.get(dimension, DEFAULT_SCALE)
            places = [scale.index(code) for code in latest if code in scale]
            if scale and rating == scale[0]:
                shown.setdefault(SlowSign.LOWEST_RATING.value, f"is rated {rating} for {dimension.lower()}")
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
        objective.past += [
            (sign, known.past(occurrence.at))
            for sign, known in before.items()
            if sign not in shown and self._is_missed(objective, known)
        ]
        return objective.signs != before

    def _is_missed(self, objective: _TrackedObjective, sign: _Sign) -> bool:
        """Return True if the board met while the objective showed the sign, and was not told by a highlight."""
        meeting = self._meeting(sign.since)
        is_seen = meeting is not None and (sign.ended is None or meeting[0] < sign.ended)
        return is_seen and objective.highlight(sign.from_) is None

    def _meeting(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the first meeting from an instant on."""
        index = bisect_left(self.meetings, since, key=lambda each: each[0])
        return self.meetings[index] if index < len(self.meetings) else None

    def _late(self, clause: JudgedClause, objective: _TrackedObjective, today: date) -> _Sign | None:
        """Return the sign that the objective's date has passed; None if its actions were completed by then."""
        if SlowSign.LATE not in self.rule.signs or objective.due >= today:
            return None
        ended = None if objective.finished is None else objective.finished[0]
        if ended is not None and clause.day(ended) <= objective.due:
            return None
        due = f"was due on {in_words(objective.due)}"
        return _Sign(clause.after(objective.due), objective.position, due, objective.dated, ended)

    def _sign(self, clause: JudgedClause, objective: _TrackedObjective, today: date) -> _Sign | None:
        """Return the sign that decides: one that the board met without, else the earliest; None without a sign."""
        late = self._late(clause, objective, today)
        current = [known for sign, known in objective.signs.items() if SlowSign(sign) in self.rule.signs]
        past = [known for sign, known in objective.past if SlowSign(sign) in self.rule.signs]
        if late is not None:
            (current if late.ended is None else past).append(late)
        earliest = min(current, key=lambda sign: (sign.since, sign.position), default=None)
        if earliest is not None and self._is_missed(objective, earliest):
            return earliest
        missed = [sign for sign in past if self._is_missed(objective, sign)]
        return min(missed, key=lambda sign: (sign.since, sign.position), default=earliest)

    def _findings(self, clause: JudgedClause, today: date) -> list[tuple[str, _TrackedObjective, _Shown]]:
        """Return the objectives that show a sign, each with the finding that holds on a day."""
        if self.latest is not None and self.latest.day == today and self.latest.rule is self.rule:
            return self.latest.findings
        findings, meetings = [], len(self.meetings)
        for name, objective in self.objectives.items():
            finding = objective.finding
            if (
                finding is None
                or finding.is_past_due is not (objective.due < today)
                or finding.meetings not in (-1, meetings)
                or finding.rule is not self.rule
            ):
                finding = objective.finding = self._find(clause, objective, today)
            if finding.shown is not None:
                findings.append((name, objective, finding.shown))
        self.latest = _DayFindings(self.rule, today, findings)
        return findings

    def _find(self, clause: JudgedClause, objective: _TrackedObjective, today: date) -> _Finding:
        sign = self._sign(clause, objective, today)
        shown, is_settled = None, not objective.past
        if sign is not None:
            is_missed = self._is_missed(objective, sign)
            shown = _Shown(sign, is_missed, objective.highlight(sign.from_) is not None)
            is_settled = is_missed and sign.ended is None
        return _Finding(self.rule, objective.due < today, -1 if is_settled else len(self.meetings), shown)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return AT_RISK until the board's next meeting, NOT_MET if the board met without a highlight."""
        if not self.objectives:
            return verdict(Status.NO_EVIDENCE, "The plan has no open objective.")
        today = clause.day(at)
        result, waiting = self._judge(clause, today), self._waiting(today)
        if not waiting:
            return result
        names, wait = enumerate_some(sorted(waiting)), "waits" if len(waiting) == 1 else "wait"
        reason = f"{result.reason} {names} {wait} to be closed, with all actions completed."
        return verdict(result.status, reason, *result.entries, *waiting.values())

    def _judge(self, clause: JudgedClause, today: date) -> Verdict:
        findings = self._findings(clause, today)
        missed = [(each.sign, name, objective) for name, objective, each in findings if each.is_missed]
        if missed:
            return self._missed(clause, sorted(missed, key=_by_instant))
        waiting = [(each.sign, name, objective) for name, objective, each in findings if not each.is_highlighted]
        if waiting:
            sign, name, _ = min(waiting, key=_by_instant)
            reason = f"Objective {name} {sign.words}; highlight it at the board's next meeting."
            return verdict(Status.AT_RISK, reason, sign.position)
        if findings:
            slow = sorted(((each.sign, name, objective) for name, objective, each in findings), key=_by_instant)
            return self._highlighted(clause, slow)
        return verdict(Status.NOT_DUE, "No open objective makes slow progress.")

    def _missed(self, clause: JudgedClause, missed: list[_Slow]) -> Verdict:
        """Return the verdict when the board met without highlights."""
        (sign, name, _), (met, entry) = missed[0], self.meetings[-1]
        slow = f"objective {name} {sign.words}"
        if sign.ended is not None:
            slow = f"{slow} until {in_words(clause.day(sign.ended))}"
        if len(missed) > 1:
            slow = f"{slow}, or that {enumerate_some([name for _, name, _ in missed[1:]])} made slow progress"
        reason = f"The board met on {in_words(clause.day(met))} without a highlight that {slow}."
        return verdict(Status.NOT_MET, reason, entry, *(sign.position for sign, _, _ in missed))

    def _highlighted(self, clause: JudgedClause, slow: list[_Slow]) -> Verdict:
        """Return the verdict when every slow objective was highlighted: MET_LATE if the board had met before."""
        late, entries = [], []
        for sign, name, objective in slow:
            meeting, highlight = self._meeting(sign.since), objective.highlight(sign.from_)
            if highlight is None:
                continue
            entries.append(highlight[1])
            days = 0 if meeting is None else (clause.day(highlight[0]) - clause.day(meeting[0])).days
            if days > 0:
                late.append((days, name))
        names = enumerate_some(sorted(name for _, name, _ in slow))
        reason = f"Slow progress was highlighted to the board for {names}"
        if late:
            days, name = max(late)
            reason = f"{reason}; {name} {days_in_words(days)} after the first meeting to highlight it at."
            return verdict(Status.MET_LATE, reason, *entries)
        return verdict(Status.MET, f"{reason}.", *entries)

    def _waiting(self, today: date) -> dict[str, int]:
        """Return the objectives past their date with all actions completed, and the entries of the last ones."""
        return {
            name: each.finished[1]
            for name, each in self.objectives.items()
            if each.finished is not None and each.due < today and SlowSign.LATE in self.rule.signs
        }

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the day after the next date that may change the verdict.

        While a highlight is missing, another objective's date only counts if its actions are completed.
        """
        if SlowSign.LATE not in self.rule.signs:
            return ()
        today = clause.day(at)
        is_decided = any(not each.is_highlighted for _, _, each in self._findings(clause, today))
        dates = (each.due for each in self.objectives.values() if each.finished is not None or not is_decided)
        coming = min((due for due in dates if due >= today), default=None)
        return () if coming is None else (clause.after(coming),)
