"""Measures and their readings, and the judge of their improvement, by XmR charts."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

from msgspec import Struct, field

from ledger.domain.areas.measures import (
    Direction,
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
    MeasureRevised,
)
from ledger.domain.areas.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveOutcome, ObjectiveRevised
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.areas.reviews import AreaJudgement, ReviewCompleted, ReviewScheduled
from ledger.domain.fact import Fact
from ledger.domain.rules import plan
from ledger.domain.rules.rule import Rule
from projections.views.compliance.verdict import (
    DAY,
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    enumerate_names,
    in_words,
    months_after,
    verdict,
)
from projections.views.measures import value_of
from projections.views.spc import FIRM, RUN, SIGNALS, Limits, Signal, last_mark, latest_shift, limits

R = TypeVar("R", bound=Rule)
LAST = 3
"""Number of consecutive readings that show that a measure holds its target, or is worse than its baseline."""


class TrackedMeasure(Struct):
    """A measure and its readings, in order of their periods."""

    unit: str
    higher: bool | None
    """True if higher values are better, False if lower values are, None if neither are."""
    target: float | None
    baseline: float | None
    per: int
    position: int
    first: date | None = None
    """First day whose readings count since the baseline was reset; None without a reset."""
    days: list[date] = field(default_factory=list)
    """First days of the readings' periods, in order."""
    ends: list[date] = field(default_factory=list)
    """Last days of the readings' periods, in order."""
    values: list[float] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    """Positions of the entries that stated the values last, in the order of the values."""
    standing: str | None = None
    """Standing by which the measure is judged, such as a key of `_STANDINGS`; None if no reading counts."""

    def put(self, first: date, last: date, value: float, position: int) -> None:
        """Insert a reading in order of its period, or replace the value of that period.

        If a period contains another, only the inner period counts. So no period contains another, and the periods
        are in order by their first and by their last days.
        """
        if not self.days or (first > self.days[-1] and last > self.ends[-1]):
            self._insert(len(self.days), first, last, value, position)
            return
        index = bisect_left(self.days, first)
        if (self.days[index : index + 1], self.ends[index : index + 1]) == ([first], [last]):
            self.values[index], self.entries[index] = value, position
            return
        if index < len(self.days) and self.ends[index] <= last:
            return
        begin, end = bisect_left(self.ends, last), bisect_right(self.days, first)
        for column in (self.days, self.ends, self.values, self.entries):
            del column[begin:end]
        self._insert(min(index, begin), first, last, value, position)

    def _insert(self, index: int, first: date, last: date, value: float, position: int) -> None:
        """Insert a reading before the reading at an index."""
        self.days.insert(index, first)
        self.ends.insert(index, last)
        self.values.insert(index, value)
        self.entries.insert(index, position)

    def counted(self) -> list[float]:
        """Return the values since the baseline was reset, in order of their periods."""
        return self.values if self.first is None else self.values[bisect_left(self.days, self.first) :]

    def reaches(self, value: float, target: float) -> bool:
        """Return True if a value equals a target or is better."""
        return value <= target if self.higher is False else value >= target

    def follows(self, index: int) -> bool:
        """Return True if a period begins the day after the previous period ends, or is a single day.

        The first period follows none.
        """
        first, last, before = self.days[index], self.ends[index], self.ends[index - 1]
        return index > 0 and (first == before + DAY or first == last)

    def next_end(self, index: int, count: int = 1) -> date | None:
        """Return the last day of the period `count` periods after an index; None if periods are single days."""
        first, after = self.days[index], self.ends[index] + DAY
        if first.day == after.day == 1:
            months = 12 * (after.year - first.year) + after.month - first.month
            return months_after(after, months * count) - DAY
        return None if after == first + DAY else after + count * (after - first) - DAY

    @property
    def latest(self) -> int | None:
        """Position of the entry with the latest reading that counts; None if no reading counts."""
        counts = self.days and (self.first is None or self.days[-1] >= self.first)
        return self.entries[-1] if counts else None


class MeasureJudge(Judge[R]):
    """A judge that remembers measures and their readings."""

    measures: dict[str, TrackedMeasure] = field(default_factory=dict)

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember each measure's readings."""
        fact = occurrence.fact
        match fact:
            case MeasureDefined():
                higher = {Direction.HIGHER_IS_BETTER: True, Direction.LOWER_IS_BETTER: False}.get(fact.direction)
                self.measures[fact.measure] = TrackedMeasure(
                    fact.unit.value, higher, fact.target, fact.baseline, fact.per or 1, occurrence.position
                )
            case MeasureBaselineReset() if fact.measure in self.measures:
                measure = self.measures[fact.measure]
                measure.first = fact.first
                measure.baseline = measure.baseline if fact.baseline is None else fact.baseline
                measure.standing = standing_of(measure)
            case MeasureRevised() if fact.measure in self.measures:
                measure = self.measures[fact.measure]
                measure.target = fact.target
                before, measure.standing = measure.standing, standing_of(measure)
                return self._changes(fact.measure, before == measure.standing)
            case MeasureReadingReported() | MeasureReadingRestated() if fact.measure in self.measures:
                measure = self.measures[fact.measure]
                value = value_of(measure.unit, fact, measure.per)
                if value is None:
                    return False
                measure.put(fact.period.first, fact.period.last, value, occurrence.position)
                before, measure.standing = measure.standing, standing_of(measure)
                return self._changes(fact.measure, before == measure.standing)
            case _:
                return False
        return None

    def _changes(self, measure: str, is_same: bool) -> bool | None:
        """Return False if a new reading or target of a measure can change no verdict.

        Args:
            measure: Id of the measure.
            is_same: True if the measure's standing is unchanged.
        """
        return None


def standing_of(measure: TrackedMeasure) -> str | None:
    """Return a measure's standing, or None if no reading counts.

    The standing is a key of `_STANDINGS`, IMPROVED or HELD.
    """
    values = measure.counted()
    if not values:
        return None
    count, good = len(values), 1 if measure.higher else -1
    lines = limits(values)
    if count >= RUN:
        signalled = _signalled(values, lines, good)
        if signalled is not None:
            return signalled
    target = measure.target
    if target is not None and count >= LAST and all(measure.reaches(value, target) for value in values[-LAST:]):
        return "HELD"
    if count >= FIRM:
        # Only the values since the latest step count.
        start = latest_shift(values, lines.mean)
        return _by_limits(limits(values[start:]) if start else lines, good, target)
    baseline = measure.baseline
    if baseline is not None and count >= LAST and all(good * value < good * baseline for value in values[-LAST:]):
        return "BELOW_BASELINE"
    return "SINGLE" if count < LAST else "FEW"


def _signalled(values: list[float], lines: Limits, good: int) -> str | None:
    """Return IMPROVED or WORSENED if a signal lasts to the latest reading, else None."""
    signals = SIGNALS[last_mark(values, lines)]
    side = good * ((values[-1] > lines.mean) - (values[-1] < lines.mean))
    if Signal.TREND in signals:
        side = good * ((values[-1] > values[-RUN]) - (values[-1] < values[-RUN]))
    if not signals or not side:
        return None
    return "IMPROVED" if side > 0 else "WORSENED"


def _by_limits(lines: Limits, good: int, target: float | None) -> str:
    """Return IMPROVED if both limits of the chart reach the target, OUT_OF_REACH if neither does, else CHANCE."""
    if target is None or lines.lower is None or lines.upper is None:
        return "CHANCE"
    worst, best = sorted((good * lines.lower, good * lines.upper))
    if worst >= good * target:
        return "IMPROVED"
    return "OUT_OF_REACH" if best < good * target else "CHANCE"


_STANDINGS = (
    ("WORSENED", Status.NOT_MET, "worsens: a signal of its chart is on the bad side."),
    ("OUT_OF_REACH", Status.NOT_MET, "cannot reach its target within the limits of its chart."),
    ("BELOW_BASELINE", Status.NOT_MET, "is worse than its baseline in its last 3 readings."),
    ("WITHOUT", Status.NO_EVIDENCE, "has no reading."),
    ("SINGLE", Status.NO_EVIDENCE, "has fewer than 3 readings, too few to judge."),
    ("FEW", Status.AT_RISK, "has fewer than 12 readings, and does not hold its target yet."),
    ("CHANCE", Status.AT_RISK, "varies by chance: its chart of 12 or more readings shows no change."),
)
"""Standings that rule out MET, the gravest first, each with its status and its reason."""


class _AreaOpinion(Struct):
    by: str
    """Report or review that states the opinion, and its author."""
    judgement: AreaJudgement
    at: datetime
    position: int


class MeasuresImprove(MeasureJudge[plan.MeasuresImprove]):
    """Judge of the rule that the measures of an area's objectives improve. Charts tell improvement from chance."""

    objectives: dict[str, tuple[Sequence[str], Sequence[str]]] = field(default_factory=dict)
    """Objective that is open or achieved → its areas and its measures."""
    by_area: dict[str, list[str]] = field(default_factory=dict)
    """Area → the measures of its objectives; filled when an area is first judged."""
    deciding: str | None = None
    """Measure that decided the latest verdict; None if every measure did, or after a change of standings."""
    judgements: dict[tuple[str, str], _AreaOpinion] = field(default_factory=dict)
    """Area, and the adviser or a reviewing body → the latest judgement of the area by that person or body."""
    reviewers: dict[str, str] = field(default_factory=dict)
    """Review → the body that reviews."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the measures of each area, their readings, and the judgements of adviser and reviewers."""
        fact = occurrence.fact
        match fact:
            case ObjectiveAdded() | ObjectiveRevised() | ObjectiveClosed():
                self._take_objective(fact)
            case AdviserReportIssued() | ReviewCompleted():
                return self._take_judgement(fact, occurrence)
            case ReviewScheduled():
                self.reviewers[fact.review] = fact.by
                return False
            case _:
                return super().take(occurrence)
        return None

    def _take_judgement(self, fact: AdviserReportIssued | ReviewCompleted, occurrence: Occurrence) -> bool:
        """Remember judgements of areas. Return True if the clause's area is among them."""
        if isinstance(fact, AdviserReportIssued):
            judge, by = "adviser", f"report {fact.report} of the adviser"
        else:
            judge = self.reviewers.get(fact.review, fact.review)
            by = f"review {fact.review} by {judge}"
        for item in fact.per_area:
            self.judgements[item.area, judge] = _AreaOpinion(
                by, item.judgement, occurrence.at, occurrence.position
            )
        return any(item.area == self.rule.area for item in fact.per_area)

    def _take_objective(self, fact: Fact) -> None:
        self.by_area.clear()
        self.deciding = None
        match fact:
            case ObjectiveAdded():
                self.objectives[fact.objective] = (list(fact.areas), list(fact.measures))
            case ObjectiveRevised() if fact.objective in self.objectives:
                areas, measures = self.objectives[fact.objective]
                areas = areas if fact.areas is None else list(fact.areas)
                measures = measures if fact.measures is None else list(fact.measures)
                self.objectives[fact.objective] = (areas, measures)
            case ObjectiveClosed() if fact.outcome is not ObjectiveOutcome.ACHIEVED:
                self.objectives.pop(fact.objective, None)

    def _changes(self, measure: str, is_same: bool) -> bool | None:
        if not is_same:
            self.deciding = None
        return None if self.deciding in (None, measure) else False

    def _measures_of(self, area: str) -> list[str]:
        if area not in self.by_area:
            served = (measures for areas, measures in self.objectives.values() if area in areas)
            self.by_area[area] = sorted({measure for measures in served for measure in measures})
        return self.by_area[area]

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the area's gravest measure, and name the judgements that disagree with it.

        If a judgement disagrees with MET, return AT_RISK.
        """
        figures, area = self._figures(), self.rule.area
        contrary = {Status.MET: AreaJudgement.CONCERN, Status.NOT_MET: AreaJudgement.PROGRESS}.get(figures.status)
        others = [each for (of, _), each in self.judgements.items() if of == area and each.judgement is contrary]
        if not others:
            return figures
        stated = "a concern about" if contrary is AreaJudgement.CONCERN else "progress in"
        states = "states" if len(others) == 1 else "state"
        by = enumerate_names(f"{each.by} ({in_words(clause.day(each.at))})" for each in others)
        disagreement = f"Figures and judgement disagree: {by} {states} {stated} area {area}."
        entries = [*figures.entries, *(each.position for each in others)]
        if figures.status is Status.MET:
            return verdict(Status.AT_RISK, f"{disagreement} {figures.reason}", *entries)
        return verdict(Status.NOT_MET, f"{figures.reason} {disagreement}", *entries)

    def _figures(self) -> Verdict:
        area = self.rule.area
        names, self.deciding = self._measures_of(area), None
        if not names:
            return verdict(Status.NO_EVIDENCE, f"No objective of area {area} names a measure.")
        known = {name: self.measures.get(name) for name in names}
        if all(measure is not None and measure.higher is None for measure in known.values()):
            return verdict(Status.NO_EVIDENCE, f"No measure of area {area} says which way is better.")
        standings: dict[str, str] = {}
        for name, measure in known.items():
            if measure is None or measure.standing is None:
                standings.setdefault("WITHOUT", name)
            elif measure.higher is not None:
                standings.setdefault(measure.standing, name)
        for standing, status, words in _STANDINGS:
            if standing in standings:
                name = self.deciding = standings[standing]
                chosen = known[name]
                entry = None if chosen is None else chosen.latest or chosen.position
                return verdict(status, f"Measure {name} {words}", entry)
        entries = (measure.latest for measure in known.values() if measure is not None)
        return verdict(Status.MET, f"Every measure of area {area} improves, or holds its target.", *entries)
