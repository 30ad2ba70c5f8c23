"""XmR charts (statistical process control for single values): the mean, the limits, and the signals. Pure.

Limits are the mean ± 2.66 times the mean moving range; 2.66 is 3 / 1.128 (Wheeler, Understanding Variation).
A signal says that something changed; a point between the limits without one is the process's own noise.
"""

import math
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from statistics import fmean

from msgspec import Struct

LIMIT_FACTOR = 2.66
SCREEN_FACTOR = 3.267
"""A moving range above this many times their mean is itself out of the ordinary."""
RUN = 7
"""Points in a row, on one side of the mean or rising or falling, that are a signal."""
FIRM = 12
"""Points from which limits are firm; from fewer they are provisional."""
NEAR = 2 / 3
"""How far from the mean to a limit a point lies that is near the limit."""


class Signal(Enum):
    """Why a point is not noise."""

    OUTSIDE = "OUTSIDE"
    """It lies outside the limits."""
    SHIFT = "SHIFT"
    """It belongs to seven or more in a row on one side of the mean."""
    TREND = "TREND"
    """It belongs to seven or more that rise, or that fall, one after the other."""
    NEAR_LIMIT = "NEAR_LIMIT"
    """It is one of two, among three in a row, near a limit on the same side."""


class Point(Struct, frozen=True):
    """A value and why it stands out."""

    value: float
    signals: tuple[Signal, ...] = ()


class Chart(Struct, frozen=True):
    """An XmR chart; the values' own unit throughout."""

    mean: float
    lower: float | None
    """The lower limit; None while there is a single point."""
    upper: float | None
    mean_moving_range: float | None
    points: tuple[Point, ...]
    provisional: bool
    """Whether there are fewer than 12 points."""

    @property
    def signals(self) -> tuple[tuple[int, Signal], ...]:
        """Every signal as (index of the point from 0, signal)."""
        return tuple((index, signal) for index, point in enumerate(self.points) for signal in point.signals)


def xmr(values: Sequence[float], screen: bool = False) -> Chart:
    """The chart of values in order of time.

    With `screen`, moving ranges above 3.267 times their mean are left out of the mean that gives the limits.
    Raises ValueError when there is no value, or one that is not a finite number.
    """
    if not values:
        raise ValueError("a chart needs at least one value")
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise ValueError(f"value {index} is {value}, and a chart needs finite numbers")
    mean = fmean(values)
    ranges = [abs(later - earlier) for earlier, later in pairwise(values)]
    if screen and ranges:
        highest = SCREEN_FACTOR * fmean(ranges)
        ranges = [moved for moved in ranges if moved <= highest]
    spread = fmean(ranges) if ranges else None
    reach = LIMIT_FACTOR * spread if spread is not None else None
    found: list[set[Signal]] = [set() for _ in values]
    sides = [(value > mean) - (value < mean) for value in values]
    steps = [(later > earlier) - (later < earlier) for earlier, later in pairwise(values)]
    _mark(found, Signal.SHIFT, ((first, last) for first, last in _runs(sides) if last - first + 1 >= RUN))
    _mark(found, Signal.TREND, ((first, last + 1) for first, last in _runs(steps) if last - first + 2 >= RUN))
    if reach is not None:
        _mark(found, Signal.OUTSIDE, ((i, i) for i, value in enumerate(values) if abs(value - mean) > reach))
        near = [side if abs(value - mean) > NEAR * reach else 0 for value, side in zip(values, sides, strict=True)]
        _mark(found, Signal.NEAR_LIMIT, _two_of_three(near))
    return Chart(
        mean=mean,
        lower=None if reach is None else mean - reach,
        upper=None if reach is None else mean + reach,
        mean_moving_range=spread,
        points=tuple(
            Point(value, tuple(signal for signal in Signal if signal in signals))
            for value, signals in zip(values, found, strict=True)
        ),
        provisional=len(values) < FIRM,
    )


def _mark(found: list[set[Signal]], signal: Signal, stretches: Iterator[tuple[int, int]]) -> None:
    for first, last in stretches:
        for index in range(first, last + 1):
            found[index].add(signal)


def _runs(signs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last index of each stretch of equal signs; a zero ends one and begins none."""
    first = 0
    for index in range(1, len(signs) + 1):
        if index == len(signs) or signs[index] != signs[first]:
            if signs[first]:
                yield first, index - 1
            first = index


def _two_of_three(near: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The points near a limit of each three in a row that hold two on one side."""
    for start in range(len(near) - 1):
        window = near[start : start + 3]
        for side in (1, -1):
            if window.count(side) >= 2:
                yield from ((start + i, start + i) for i, found in enumerate(window) if found == side)
