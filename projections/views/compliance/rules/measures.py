"""Rules of measures: whether those of an area really improve, by their XmR charts, and whether a target is met."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.measures import (
    Direction,
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
)
from ledger.domain.areas.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveOutcome, ObjectiveRevised
from ledger.domain.fact import Fact
from projections.views.compliance.rules.plan import WARNING_DAYS
from projections.views.compliance.verdict import (
    DAY,
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    said,
    verdict,
)
from projections.views.measures import value_of
from projections.views.spc import FIRM, RUN, SIGNALS, Signal, last_mark, limits


class _Measure(Struct):
    unit: str
    higher: bool | None
    """Whether higher is better; None: neither is."""
    target: float | None
    per: int
    position: int
    first: date | None = None
    """The first day that counts, since the baseline was reset."""
    days: list[date] = field(default_factory=list)
    """The first days of the periods read, in order."""
    values: list[float] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    """The entry that stated each value last."""
    standing: str | None = None
    """IMPROVED, WORSENED or UNSETTLED; None: nothing counts."""

    def put(self, day: date, value: float, position: int) -> None:
        """Takes a reading in, or what was stated in its place."""
        index = bisect_left(self.days, day)
        if index < len(self.days) and self.days[index] == day:
            self.values[index], self.entries[index] = value, position
        else:
            self.days.insert(index, day)
            self.values.insert(index, value)
            self.entries.insert(index, position)

    def counted(self) -> list[float]:
        """The values that count, by period."""
        return self.values if self.first is None else self.values[bisect_left(self.days, self.first) :]

    @property
    def latest(self) -> int | None:
        """The entry of the latest reading that counts."""
        counts = self.days and (self.first is None or self.days[-1] >= self.first)
        return self.entries[-1] if counts else None


_READINGS: frozenset[type[Fact]] = frozenset({MeasureReadingReported, MeasureReadingRestated})


class _Measures(Rule):
    facts: ClassVar[frozenset[type[Fact]]] = _READINGS.union({MeasureDefined, MeasureBaselineReset})
    measures: dict[str, _Measure] = field(default_factory=dict)

    def take(self, happening: Occurrence) -> bool | None:
        """Keeps each measure's readings."""
        fact = happening.fact
        match fact:
            case MeasureDefined():
                higher = {Direction.HIGHER_IS_BETTER: True, Direction.LOWER_IS_BETTER: False}.get(fact.direction)
                self.measures[fact.measure] = _Measure(
                    fact.unit.value, higher, fact.target, fact.per or 1, happening.position
                )
            case MeasureBaselineReset() if fact.measure in self.measures:
                self.measures[fact.measure].first = fact.first
                self.measures[fact.measure].standing = standing_of(self.measures[fact.measure])
            case MeasureReadingReported() | MeasureReadingRestated() if fact.measure in self.measures:
                measure = self.measures[fact.measure]
                value = value_of(measure.unit, fact.numerator, fact.denominator, measure.per)
                if value is None:
                    return False
                measure.put(fact.period.first, value, happening.position)
                before, measure.standing = measure.standing, standing_of(measure)
                return self._changes(fact.measure, before == measure.standing)
            case _:
                return False
        return None

    def _changes(self, measure: str, is_same: bool) -> bool | None:
        """Whether a reading may change what is said, if the measure's standing is the same as before."""
        return None


def standing_of(measure: _Measure) -> str | None:
    """IMPROVED, WORSENED or UNSETTLED, by the measure's chart; None: nothing counts.

    Improved: its limits lie on the good side of the target, or a signal that lasts to the latest reading lies on
    the good side of the mean or rises towards it. Worsened: the same on the bad side, the first before the latter.
    """
    values = measure.counted()
    if not values:
        return None
    lines = limits(values)
    signals = SIGNALS[last_mark(values, lines)]
    good = 1 if measure.higher else -1
    side = good * ((values[-1] > lines.mean) - (values[-1] < lines.mean))
    if Signal.TREND in signals:
        side = good * ((values[-1] > values[-RUN]) - (values[-1] < values[-RUN]))
    if signals and side:
        return "IMPROVED" if side > 0 else "WORSENED"
    if measure.target is not None and lines.lower is not None and lines.upper is not None and len(values) >= FIRM:
        worst, best = sorted((good * lines.lower, good * lines.upper))
        if worst >= good * measure.target:
            return "IMPROVED"
        if best < good * measure.target:
            return "WORSENED"
    return "UNSETTLED"


_OBJECTIVES = (ObjectiveAdded, ObjectiveRevised, ObjectiveClosed)


class MeasuresImprove(_Measures):
    """The measures of an area's objectives improve, told from noise by their charts."""

    facts: ClassVar[frozenset[type[Fact]]] = _Measures.facts.union(
        {ObjectiveAdded, ObjectiveRevised, ObjectiveClosed}
    )
    objectives: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Objective that is open or achieved → its areas and its measures."""
    named: dict[str, list[str]] = field(default_factory=dict)
    """Area → the measures of its objectives, as far as they were looked up."""
    decides: str | None = None
    """The measure that decided what was said last; None: they all did, or the standings have changed since."""

    def take(self, happening: Occurrence) -> bool | None:
        """Keeps which measures stand for which areas, and their readings."""
        fact = happening.fact
        if not isinstance(fact, _OBJECTIVES):
            return super().take(happening)
        self.named.clear()
        self.decides = None
        match fact:
            case ObjectiveAdded():
                self.objectives[fact.objective] = (list(fact.areas), list(fact.measures))
            case ObjectiveRevised() if fact.objective in self.objectives:
                areas, measures = self.objectives[fact.objective]
                kept = areas if fact.areas is None else list(fact.areas)
                self.objectives[fact.objective] = (
                    kept,
                    measures if fact.measures is None else list(fact.measures),
                )
            case ObjectiveClosed() if fact.outcome is not ObjectiveOutcome.ACHIEVED:
                self.objectives.pop(fact.objective, None)

        return None

    def _changes(self, measure: str, is_same: bool) -> bool | None:
        if not is_same:
            self.decides = None
        return None if self.decides in (None, measure) else False

    def _named(self, area: str) -> list[str]:
        if area not in self.named:
            served = (measures for areas, measures in self.objectives.values() if not area or area in areas)
            self.named[area] = sorted({measure for measures in served for measure in measures})
        return self.named[area]

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_MET names a measure that worsened; NO_EVIDENCE one without readings; AT_RISK one unsettled."""
        area = asked.word("area")
        named, self.decides = self._named(area or ""), None
        if not named:
            return verdict(Status.NO_EVIDENCE, f"No objective of area {area} names a measure.")
        known = {name: self.measures.get(name) for name in named}
        if all(measure is not None and measure.higher is None for measure in known.values()):
            return verdict(Status.NO_EVIDENCE, f"No measure of area {area} says which way is better.")
        found: dict[str, str] = {}
        for name, measure in known.items():
            if measure is None or measure.standing is None:
                found.setdefault("WITHOUT", name)
            elif measure.higher is not None:
                found.setdefault(measure.standing, name)
        for standing, status, sentence in _STANDINGS:
            if standing in found:
                name = self.decides = found[standing]
                chosen = known[name]
                entries = [] if chosen is None else [chosen.latest or chosen.position]
                return verdict(status, f"Measure {name} {sentence}", *entries)
        latest = [measure.latest for measure in known.values() if measure is not None]
        reason = f"Every measure of area {area} improves, or keeps to its target."
        return verdict(Status.MET, reason, *(entry for entry in latest if entry is not None))


_STANDINGS = (
    ("WORSENED", Status.NOT_MET, "worsens, or cannot reach its target as things are."),
    ("WITHOUT", Status.NO_EVIDENCE, "has no reading."),
    ("UNSETTLED", Status.AT_RISK, "moves by chance: neither better nor worse than before."),
)


class TargetMet(_Measures):
    """A measure reaches a value by a day."""

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """MET while the latest reading reaches it; NOT_DUE before the day and NOT_MET after it otherwise."""
        name, by = asked.word("measure") or "", asked.date("by")
        asks, measure = asked.parameters.get("target"), self.measures.get(name)
        target = asks if isinstance(asks, int) else 0
        is_over = by is not None and asked.day(at) > by
        if measure is None or measure.latest is None:
            status = Status.NO_EVIDENCE if is_over or by is None else Status.NOT_DUE
            return verdict(status, f"Measure {name} has no reading.")
        value, position = measure.values[-1], measure.latest
        reaches = value <= target if measure.higher is False else value >= target
        when = f" by {said(by)}" if by is not None else ""
        if reaches:
            return verdict(Status.MET, f"Measure {name} reaches {target}, asked for{when}.", position)
        reason = f"Measure {name} does not reach {target}, asked for{when}."
        if is_over or by is None:
            return verdict(Status.NOT_MET, reason, position)
        near = asked.day(at) > by - 2 * WARNING_DAYS * DAY
        return verdict(Status.AT_RISK if near else Status.NOT_DUE, reason, position)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """A fortnight before the day, and the day after it."""
        by = asked.date("by")
        return () if by is None else (asked.after(by - 2 * WARNING_DAYS * DAY), asked.after(by))
