"""XmR charts (statistical process control for single values): mean, limits and signals. Pure.

Limits are the mean ± 2.66 times the mean moving range; 2.66 is 3 / 1.128 (Wheeler, Understanding Variation). A
signal shows that the process changed. A point between the limits without a signal is noise of the process.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import repeat
from operator import add, ge, gt, lt, sub
from statistics import fmean

from msgspec import Struct

from ledger.domain.fact import WordList

LIMIT_FACTOR = 2.66
SCREEN_FACTOR = 3.267
"""Multiple of the mean moving range above which a moving range is itself an outlier."""
RUN = 7
"""Number of consecutive points that make a signal: all on one side of the mean, all rising, or all falling."""
FIRM = 12
"""Number of points from which limits are firm; with fewer points the limits are provisional."""
NEAR = 2 / 3
"""Fraction of the distance from the mean to a limit beyond which a point is near the limit."""


class Signal(WordList):
    """A reason why a point is not noise."""

    OUTSIDE = "OUTSIDE"
    """The point lies outside the limits."""
    SHIFT = "SHIFT"
    """The point is one of seven or more in a row on one side of the mean."""
    TREND = "TREND"
    """The point is one of seven or more in a row that rise, or that fall."""
    NEAR_LIMIT = "NEAR_LIMIT"
    """The point is one of two, among three in a row, near a limit on the same side."""


class Point(Struct, frozen=True):
    """A value and its signals."""

    value: float
    signals: tuple[Signal, ...] = ()


class Chart(Struct, frozen=True):
    """An XmR chart, in the unit of its values."""

    mean: float
    lower: float | None
    """Lower limit; None while there is a single point."""
    upper: float | None
    mean_moving_range: float | None
    points: tuple[Point, ...]
    provisional: bool
    """True while there are fewer than 12 points."""

    @property
    def signals(self) -> tuple[tuple[int, Signal], ...]:
        """All signals, as (index of the point from 0, signal)."""
        return tuple((index, signal) for index, point in enumerate(self.points) for signal in point.signals)


class Limits(Struct, frozen=True):
    """The mean and limits of a chart."""

    mean: float
    reach: float | None
    """Distance from the mean to the limits; None while there is a single point."""
    mean_moving_range: float | None

    @property
    def lower(self) -> float | None:
        """Lower limit; None while there is a single point."""
        return None if self.reach is None else self.mean - self.reach

    @property
    def upper(self) -> float | None:
        """Upper limit; None while there is a single point."""
        return None if self.reach is None else self.mean + self.reach


def limits(values: Sequence[float], screen: bool = False) -> Limits:
    """Return the mean and limits of one or more values in order of time.

    `screen` excludes moving ranges above 3.267 times their mean from the mean moving range.
    """
    ranges = list(map(abs, map(sub, values[1:], values)))
    if screen and ranges:
        highest = SCREEN_FACTOR * fmean(ranges)
        ranges = [moved for moved in ranges if moved <= highest]
    spread = fmean(ranges) if ranges else None
    return Limits(fmean(values), None if spread is None else LIMIT_FACTOR * spread, spread)


_BITS = {signal: 1 << index for index, signal in enumerate(Signal)}
SIGNALS = tuple(tuple(signal for signal, bit in _BITS.items() if mask & bit) for mask in range(1 << len(_BITS)))
"""Signals by the masks that `marks` returns."""
_OUTSIDE, _SHIFT, _TREND, _NEAR = (_BITS[signal] for signal in Signal)


_BELOW, _ABOVE = bytes(1), bytes([2])
"""Signs of a value below or above a line, or lower or higher than the value before. Byte 1 means neither."""
_PAIRS = re.compile(rb"(?=(\x00[\x00-\x02]?\x00|\x02[\x00-\x02]?\x02))")
"""Pattern of two equal signs, both below or both above, among up to three neighbours."""


def _sides(values: Sequence[float], low: float, high: float) -> bytes:
    """Return the sign of each value: below the low line, above the high line, or neither."""
    return bytes(map(add, map(gt, values, repeat(high)), map(ge, values, repeat(low))))


def _runs(signs: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Yield the first index and the end index of each run of at least `least` equal signs."""
    for sign in (_BELOW, _ABOVE):
        run = sign * least
        first = signs.find(run)
        while first >= 0:
            end = len(signs) - len(signs[first:].lstrip(sign))
            yield first, end
            first = signs.find(run, end)


def marks(values: Sequence[float], limits: Limits) -> list[int]:
    """Return the signals of each value, as masks that index `SIGNALS`."""
    mean, reach = limits.mean, limits.reach
    masks = [0] * len(values)
    for first, end in _runs(_sides(values, mean, mean), RUN):
        _mark(masks, _SHIFT, range(first, end))
    later = values[1:]
    steps = bytes(map(add, map(gt, later, values), map(ge, later, values)))
    for first, end in _runs(steps, RUN - 1):
        _mark(masks, _TREND, range(first, end + 1))
    if reach is None:
        return masks
    least, most, low, high = min(values), max(values), mean - NEAR * reach, mean + NEAR * reach
    if least < low or most > high:
        upper, lower = mean + reach, mean - reach
        if most > upper or least < lower:
            _mark(masks, _OUTSIDE, (index for index, value in enumerate(values) if not lower <= value <= upper))
        for pair in _PAIRS.finditer(_sides(values, low, high)):
            _mark(masks, _NEAR, (pair.start(1), pair.end(1) - 1))
    return masks


def _mark(masks: list[int], bit: int, indexes: Iterable[int]) -> None:
    for index in indexes:
        masks[index] |= bit


def latest_shift(values: Sequence[float], mean: float) -> int:
    """Return the index at which the latest shift begins, or 0 without a shift."""
    signs = _sides(values, mean, mean)
    end = max(signs.rfind(_BELOW * RUN), signs.rfind(_ABOVE * RUN)) + RUN
    return 0 if end < RUN else len(signs[:end].rstrip(signs[end - 1 : end]))


def last_mark(values: Sequence[float], limits: Limits) -> int:
    """Return the last of the masks that `marks` returns, for more than `RUN` values without the other masks."""
    return _last_of(values, limits) if len(values) > RUN else marks(values, limits)[-1]


def _last_of(values: Sequence[float], limits: Limits) -> int:
    mean, reach, last = limits.mean, limits.reach, values[-1]
    end = values[-RUN:]
    mask = _SHIFT if min(end) > mean or max(end) < mean else 0
    if all(map(lt, end, end[1:])) or all(map(gt, end, end[1:])):
        mask |= _TREND
    if reach is None:
        return mask
    if last > mean + reach or last < mean - reach:
        mask |= _OUTSIDE
    side = (last > mean + NEAR * reach) - (last < mean - NEAR * reach)
    before = [(value > mean + NEAR * reach) - (value < mean - NEAR * reach) for value in values[-3:-1]]
    return mask | _NEAR if side and side in before else mask


def decimal_mean(values: Sequence[float]) -> float:
    """Return the mean of values in decimal arithmetic, so that the mean of 0.1, 0.2 and 0.3 is 0.2."""
    return float(sum(Fraction(str(value)) for value in values) / len(values))


def xmr(values: Sequence[float], screen: bool = False) -> Chart:
    """Return the chart of values in order of time.

    `screen` excludes moving ranges above 3.267 times their mean from the mean moving range.

    Raises:
        ValueError: There is no value, or a value is not a finite number.
    """
    if not values:
        raise ValueError("a chart needs at least one value")
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise ValueError(f"value {index} is {value}, and a chart needs finite numbers")
    lines = limits(values, screen)
    masks = marks(values, lines)
    return Chart(
        mean=lines.mean,
        lower=lines.lower,
        upper=lines.upper,
        mean_moving_range=lines.mean_moving_range,
        points=tuple(Point(value, SIGNALS[mask]) for value, mask in zip(values, masks, strict=True)),
        provisional=len(values) < FIRM,
    )
