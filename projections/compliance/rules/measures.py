"""Rules of measures: whether those of an area really improve, by their XmR charts, and whether a target is met."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.facts.fact import Fact
from ledger.facts.measures import (
    Direction,
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
)
from ledger.facts.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveOutcome, ObjectiveRevised
from projections.compliance.rules.plan import WARNING_DAYS
from projections.compliance.verdict import DAY, Asked, Happening, Rule, Status, Verdict, said, verdict
from projections.measures import value_of
from projections.spc import RUN, Signal, xmr


class _Measure(Struct):
    unit: str
    higher: bool | None
    """Whether higher is better; None: neither is."""
    target: float | None
    per: int
    position: int
    first: date | None = None
    """The first day that counts, since the baseline was reset."""
    readings: dict[date, tuple[float, int]] = field(default_factory=dict)
    """First day of the period → value, and the entry that stated it last."""
    standing: str | None = None
    """IMPROVED, WORSENED or UNSETTLED; None: to be worked out."""

    def counted(self) -> list[tuple[float, int]]:
        """The readings that count, by period."""
        return [self.readings[day] for day in sorted(self.readings) if self.first is None or day >= self.first]


_READINGS: frozenset[type[Fact]] = frozenset({MeasureReadingReported, MeasureReadingRestated})


class _Measures(Rule):
    facts: ClassVar[frozenset[type[Fact]]] = _READINGS.union({MeasureDefined, MeasureBaselineReset})
    measures: dict[str, _Measure] = field(default_factory=dict)

    def take(self, happening: Happening) -> None:
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
                self.measures[fact.measure].standing = None
            case MeasureReadingReported() | MeasureReadingRestated() if fact.measure in self.measures:
                measure = self.measures[fact.measure]
                value = value_of(measure.unit, fact.numerator, fact.denominator, measure.per)
                if value is not None:
                    measure.readings[fact.period.first] = (value, happening.position)
                measure.standing = None


def standing_of(measure: _Measure) -> str:
    """IMPROVED, WORSENED or UNSETTLED, by the measure's chart.

    Improved: its limits lie on the good side of the target, or a signal that lasts to the latest reading lies on
    the good side of the mean or rises towards it. Worsened: the same on the bad side, the first before the latter.
    """
    values = [value for value, _ in measure.counted()]
    chart = xmr(values)
    good = 1 if measure.higher else -1
    side = good * ((values[-1] > chart.mean) - (values[-1] < chart.mean))
    signals = chart.points[-1].signals
    if Signal.TREND in signals:
        side = good * ((values[-1] > values[-RUN]) - (values[-1] < values[-RUN]))
    if signals and side:
        return "IMPROVED" if side > 0 else "WORSENED"
    if (
        measure.target is not None
        and chart.lower is not None
        and chart.upper is not None
        and not chart.provisional
    ):
        worst, best = sorted((good * chart.lower, good * chart.upper))
        if worst >= good * measure.target:
            return "IMPROVED"
        if best < good * measure.target:
            return "WORSENED"
    return "UNSETTLED"


class MeasuresImprove(_Measures):
    """The measures of an area's objectives improve, told from noise by their charts."""

    facts: ClassVar[frozenset[type[Fact]]] = _Measures.facts.union(
        {ObjectiveAdded, ObjectiveRevised, ObjectiveClosed}
    )
    objectives: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    """Objective that is open or achieved → its areas and its measures."""

    def take(self, happening: Happening) -> None:
        """Keeps which measures stand for which areas, and their readings."""
        fact = happening.fact
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
            case _:
                super().take(happening)

    def judge(self, asked: Asked, at: datetime) -> Verdict:
        """NOT_MET names a measure that worsened; NO_EVIDENCE one without readings; AT_RISK one unsettled."""
        area = asked.word("area")
        named = {
            measure
            for areas, measures in self.objectives.values()
            if area is None or area in areas
            for measure in measures
        }
        if not named:
            return verdict(Status.NO_EVIDENCE, f"No objective of area {area} names a measure.")
        known = {name: self.measures.get(name) for name in sorted(named)}
        if all(measure is not None and measure.higher is None for measure in known.values()):
            return verdict(Status.NO_EVIDENCE, f"No measure of area {area} says which way is better.")
        found: dict[str, list[str]] = {}
        for name, measure in known.items():
            if measure is None or not measure.counted():
                found.setdefault("WITHOUT", []).append(name)
            elif measure.higher is not None:
                measure.standing = measure.standing or standing_of(measure)
                found.setdefault(measure.standing, []).append(name)
        for standing, status, sentence in _STANDINGS:
            if standing in found:
                name = found[standing][0]
                chosen = known[name]
                entries = (
                    [] if chosen is None else [entry for _, entry in chosen.counted()[-1:]] or [chosen.position]
                )
                return verdict(status, f"Measure {name} {sentence}", *entries)
        latest = [measure.counted()[-1][1] for measure in known.values() if measure is not None]
        return verdict(Status.MET, f"Every measure of area {area} improves, or keeps to its target.", *latest)


_STANDINGS = (
    ("WORSENED", Status.NOT_MET, "worsens, or cannot reach its target as things are."),
    ("WITHOUT", Status.NO_EVIDENCE, "has no reading."),
    ("UNSETTLED", Status.AT_RISK, "moves by chance: neither better nor worse than before."),
)


class TargetMet(_Measures):
    """A measure reaches a value by a day."""

    def judge(self, asked: Asked, at: datetime) -> Verdict:
        """MET while the latest reading reaches it; NOT_DUE before the day and NOT_MET after it otherwise."""
        name, by = asked.word("measure") or "", asked.date("by")
        asks, measure = asked.parameters.get("target"), self.measures.get(name)
        target = asks if isinstance(asks, int) else 0
        counted = measure.counted() if measure is not None else []
        is_over = by is not None and asked.day(at) > by
        if measure is None or not counted:
            status = Status.NO_EVIDENCE if is_over or by is None else Status.NOT_DUE
            return verdict(status, f"Measure {name} has no reading.")
        value, position = counted[-1]
        reaches = value <= target if measure.higher is False else value >= target
        when = f" by {said(by)}" if by is not None else ""
        if reaches:
            return verdict(Status.MET, f"Measure {name} reaches {target}, asked for{when}.", position)
        reason = f"Measure {name} does not reach {target}, asked for{when}."
        if is_over or by is None:
            return verdict(Status.NOT_MET, reason, position)
        near = asked.day(at) > by - 2 * WARNING_DAYS * DAY
        return verdict(Status.AT_RISK if near else Status.NOT_DUE, reason, position)

    def moments(self, asked: Asked, at: datetime) -> Iterable[datetime]:
        """A fortnight before the day, and the day after it."""
        by = asked.date("by")
        return () if by is None else (asked.after(by - 2 * WARNING_DAYS * DAY), asked.after(by))
