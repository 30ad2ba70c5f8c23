"""A measure with its readings, as GraphQL answers it to one reader. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from projections.narrate.sentence import day


class ChartReading(Struct, frozen=True, rename="camel", kw_only=True):
    """A point of a chart."""

    first: date
    last: date
    value: float | None
    """None: there was nothing to divide by, or it is hidden from this reader."""
    numerator: int | None
    denominator: int | None
    signals: tuple[str, ...]
    is_hidden: bool
    """Whether its counts are too small to be shown to everybody."""
    restated: int = 0
    reason: str | None = None
    """Why it was stated anew."""
    position: int = 0
    restated_position: int | None = None

    @property
    def label(self) -> str:
        """Its period: a month by its name, else its days."""
        first, last = self.first, self.last
        whole = first.day == 1 and last == first.replace(day=monthrange(first.year, first.month)[1])
        return f"{first:%B %Y}" if whole else f"{day(first)} to {day(last)}"

    @property
    def hidden(self) -> bool:
        """Whether its counts are hidden from this reader."""
        return self.is_hidden and self.numerator is None


class Readings(Struct, frozen=True, rename="camel"):
    """The readings of a measure, in the order of their periods."""

    nodes: tuple[ChartReading, ...]


class Spc(Struct, frozen=True, rename="camel"):
    """The lines of a measure's chart; values are in its unit."""

    mean: float
    lower: float | None
    upper: float | None
    provisional: bool | None
    """Whether it has fewer than 12 points."""


class Series(Struct, frozen=True, rename="camel", kw_only=True):
    """A measure and its chart; values are in its unit."""

    measure: str
    title: str | None
    """None: it was erased."""
    unit: str
    direction: str
    target: float | None
    baseline: float | None
    spc: Spc | None
    """None: there is no reading yet, or the chart is kept from this reader."""
    assurance: str | None
    reset_on: date | None
    is_hidden: bool
    per: int | None = None
    position: int = 0
    readings: Readings

    @property
    def mean(self) -> float | None:
        """The mean of the chart."""
        return None if self.spc is None else self.spc.mean

    @property
    def lower(self) -> float | None:
        """The lower limit."""
        return None if self.spc is None else self.spc.lower

    @property
    def upper(self) -> float | None:
        """The upper limit."""
        return None if self.spc is None else self.spc.upper

    @property
    def provisional(self) -> bool:
        """Whether the limits rest on fewer than 12 points."""
        return self.spc is not None and bool(self.spc.provisional)

    @property
    def points(self) -> tuple[ChartReading, ...]:
        """Its readings."""
        return self.readings.nodes

    @property
    def counted_from(self) -> int:
        """The index of the first point that the mean and the limits count."""
        reset = self.reset_on
        return 0 if reset is None else sum(point.first < reset for point in self.points)

    @property
    def suppressed(self) -> bool:
        """Whether the chart is kept from this reader, because counts in it are too small."""
        return self.is_hidden and all(point.value is None for point in self.points)


def series_of(answer: Mapping[str, Any]) -> Series:
    """The series of a `Measure` of a GraphQL answer; the query asks for the fields named here."""
    return msgspec.convert(answer, Series)
