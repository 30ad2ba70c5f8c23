"""A measure and its readings, as GraphQL returns them to one reader. Pure."""

from calendar import monthrange
from datetime import date

import msgspec
from msgspec import Struct, structs

from projections.narrate.sentence import day
from projections.views.measures import smallest_periods


class ChartReading(Struct, frozen=True, rename="camel", kw_only=True):
    """Reading of a measure, as a point of the measure's chart."""

    first: date
    last: date
    value: float | None
    """Value of the point; None if nothing was counted, or if the reader may not see it."""
    numerator: int | None
    denominator: int | None
    signals: tuple[str, ...]
    suppressed: bool
    """True if the point's counts are too small to publish."""
    restated: int = 0
    reason: str | None = None
    """Reason for the reading's latest restatement; None without a restatement, or if the reason was erased."""
    position: int = 0
    restated_position: int | None = None

    @property
    def label(self) -> str:
        """Name of the period: a whole month by name, otherwise the first and last day."""
        first, last = self.first, self.last
        whole = first.day == 1 and last == first.replace(day=monthrange(first.year, first.month)[1])
        return f"{first:%B %Y}" if whole else f"{day(first)} to {day(last)}"

    @property
    def hidden(self) -> bool:
        """True if the point's counts are hidden from this reader."""
        return self.suppressed and self.numerator is None


class Reset(Struct, frozen=True, rename="camel"):
    """A reset of a measure's baseline."""

    first: date
    """First day of the readings that the new limits use."""
    position: int


class TargetRevision(Struct, frozen=True, rename="camel"):
    """A revision of a measure's target."""

    first: date
    """First day on which the target applies."""
    target: float
    position: int


class Readings(Struct, frozen=True, rename="camel"):
    """Readings of a measure, by period."""

    nodes: tuple[ChartReading, ...]


class Spc(Struct, frozen=True, rename="camel"):
    """Mean and limits of a measure's chart, in the measure's unit."""

    mean: float
    lower: float | None
    upper: float | None
    provisional: bool | None
    """True if the limits use fewer than 12 points; None if the chart has no limits."""


class Series(Struct, frozen=True, rename="camel", kw_only=True):
    """Measure with its readings and targets, and the mean and limits of its chart."""

    measure: str
    title: str | None
    """Title of the measure; None if it was erased."""
    unit: str
    direction: str
    target: float | None
    baseline: float | None
    spc: Spc | None
    """Mean and limits of the readings; None without a reading, or if the reader may not see them."""
    assurance: str | None
    reset_on: date | None
    suppressed: bool
    per: int | None = None
    position: int = 0
    readings: Readings
    resets: tuple[Reset, ...] = ()
    first_target: float | None = None
    """Target set when the measure was defined."""
    targets: tuple[TargetRevision, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean of the chart; None if the chart has no mean."""
        return None if self.spc is None else self.spc.mean

    @property
    def lower(self) -> float | None:
        """Lower limit of the chart; None if the chart has no limits."""
        return None if self.spc is None else self.spc.lower

    @property
    def upper(self) -> float | None:
        """Upper limit of the chart; None if the chart has no limits."""
        return None if self.spc is None else self.spc.upper

    @property
    def provisional(self) -> bool:
        """True if the limits use fewer than 12 points."""
        return self.spc is not None and bool(self.spc.provisional)

    @property
    def points(self) -> tuple[ChartReading, ...]:
        """Readings of the measure."""
        return self.readings.nodes

    @property
    def charted(self) -> frozenset[int]:
        """Indexes of the points in the chart, which omits a value whose period contains another value's period."""
        valued = [index for index, point in enumerate(self.points) if point.value is not None]
        periods = [(self.points[index].first, self.points[index].last) for index in valued]
        outer = {*valued} - {valued[place] for place in smallest_periods(periods)}
        return frozenset(index for index in range(len(self.points)) if index not in outer)

    def chart(self) -> "Series":
        """Return the measure with only the readings in its chart."""
        charted = self.charted
        if len(charted) == len(self.points):
            return self
        points = tuple(point for index, point in enumerate(self.points) if index in charted)
        return structs.replace(self, readings=Readings(points))

    @property
    def target_steps(self) -> tuple[tuple[int, float], ...]:
        """Index of the first point of each target in force at a point, with the target, in order of time.

        The target of a point is the target in force on the last day of the point's period.
        """
        steps: list[tuple[int, float]] = []
        for index, point in enumerate(self.points):
            target = self.target_on(point.last)
            if target is not None and (not steps or steps[-1][1] != target):
                steps.append((index, target))
        return tuple(steps)

    def target_on(self, day_: date) -> float | None:
        """Return the target in force on a day, or None if the measure had no target then."""
        known = [(each.first, each.position, each.target) for each in self.targets if each.first <= day_]
        return max(known)[2] if known else self.first_target if self.targets else self.target

    @property
    def counted_from(self) -> int:
        """Index of the first point that the mean and the limits use."""
        reset = self.reset_on
        return 0 if reset is None else sum(point.first < reset for point in self.points)

    @property
    def hidden(self) -> bool:
        """True if the chart is hidden from this reader because counts are too small."""
        return self.suppressed and all(point.value is None for point in self.points)


def series_of(answer: object) -> Series:
    """Return the series of a `Measure` in a GraphQL answer, which must select all fields without a default."""
    return msgspec.convert(answer, Series, from_attributes=True)
