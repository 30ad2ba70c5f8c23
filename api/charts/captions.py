"""What a chart says, in words: its values, its limits and each signal. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, takewhile

from api.charts.series import ChartReading, Series
from projections.narrate.sentence import listed
from projections.views.spc import FIRM

_ASSURANCES = {
    "ASSURED": "As things are, the target will be met each time.",
    "INCONSISTENT": "As things are, the target will be met or missed by chance.",
    "FAILING": "As things are, the target will not be met: both limits lie {side} it.",
}
_BETTER = {"HIGHER_IS_BETTER": 1, "LOWER_IS_BETTER": -1}


def number(value: float | None, unit: str) -> str:
    """A value in its unit, to one decimal place: 71.4%, 17.3, 12."""
    if value is None:
        return "none"
    plain = f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")
    return f"{plain}%" if unit == "PERCENT" else plain


def counts(point: ChartReading, unit: str) -> str:
    """What a reading counted: 61 of 85; of an average, whose counts are of two kinds, 1,998 to 96."""
    if point.hidden:
        return "hidden, as the counts are small"
    if point.numerator is None:
        return "nothing counted"
    if point.denominator is None:
        return f"{point.numerator:,}"
    return f"{point.numerator:,} {'to' if unit == 'AVERAGE' else 'of'} {point.denominator:,}"


def told(point: ChartReading, unit: str) -> str:
    """A reading: 71.8% (61 of 85)."""
    if point.value is None or unit == "COUNT":
        return counts(point, unit)
    return f"{number(point.value, unit)} ({counts(point, unit)})"


def summary(series: Series) -> str:
    """What the chart shows, for whoever does not see it."""
    points = series.points
    if not points:
        return "No reading has been reported."
    many = f"{len(points)} {'reading' if len(points) == 1 else 'readings'}"
    sentences = [f"{many}, the last for {points[-1].label}: {told(points[-1], series.unit)}."]
    if series.suppressed:
        return f"{sentences[0]} Some counts are too small to be shown, so neither values nor limits are."
    if series.mean is not None:
        since = "" if series.reset_on is None else f" since {series.points[series.counted_from].label}"
        sentences.append(f"The mean{since} is {number(series.mean, series.unit)}{_limits(series)}.")
    if series.target is not None:
        sentences.append(f"The target is {number(series.target, series.unit)}.")
    marked = sum(bool(point.signals) for point in points)
    if marked:
        sentences.append(f"{marked} {'point is' if marked == 1 else 'points are'} marked as signals.")
    return " ".join(sentences)


def _limits(series: Series) -> str:
    """The limits; there is none where nothing can be counted: below nothing."""
    if series.lower is None or series.upper is None:
        return ""
    upper = number(series.upper, series.unit)
    if series.lower < 0:
        return f", the upper limit is {upper}"
    return f", the limits are {number(series.lower, series.unit)} and {upper}"


def signals_in_words(series: Series) -> list[str]:
    """What the chart says, a sentence each: its signals, whether it assures the target, and how firm it is."""
    if not series.points:
        return ["No reading has been reported."]
    if series.suppressed:
        return ["Some counts are too small to be shown, so neither values nor limits are."]
    found = [*_signals(series)] or ["No signal: what the points do between the limits is chance."]
    if series.assurance is not None:
        found += _assured(series, series.assurance)
    if series.provisional:
        found.append(f"With fewer than {FIRM} points the limits are provisional.")
    if series.reset_on is not None and series.counted_from < len(series.points):
        start = series.points[series.counted_from].label
        found.append(f"The mean and the limits count from {start} on, when the baseline was reset.")
    return found


def _assured(series: Series, assurance: str) -> Iterator[str]:
    """Whether the target will be met; if not, whether it is met of late all the same."""
    good = _BETTER.get(series.direction, 0)
    yield _ASSURANCES[assurance].format(side="below" if good > 0 else "above")
    target = series.target
    if assurance != "FAILING" or target is None:
        return
    values = [point.value for point in series.points[series.counted_from :] if point.value is not None]
    met = sum(1 for _ in takewhile(lambda value: good * value >= good * target, reversed(values)))
    if met:
        last = "The last reading meets" if met == 1 else f"The last {met} readings meet"
        yield f"{last} the target all the same: the limits are those of before; consider a new baseline."


def _signals(series: Series) -> Iterator[str]:
    start = series.counted_from
    earlier = [point.label for point in series.points[:start] if point.signals]
    if earlier:
        yield f"By the limits of then, {listed(earlier)} stood out."
    for signal, say in _SENTENCES.items():
        for side, stretch in _stretches(series, signal):
            first, last = stretch[0].label, stretch[-1].label
            one = first == last
            when = (
                f"In {first} the point lies" if one else f"From {first} to {last} {len(stretch)} points in a row"
            )
            yield f"{say(when, side, one)}{_judged(series, side)}."


def _outside(when: str, side: int, one: bool) -> str:
    return f"{when}{'' if one else ' lie'} {'above the upper' if side > 0 else 'below the lower'} limit"


def _shift(when: str, side: int, _one: bool) -> str:
    return f"{when} lie {'above' if side > 0 else 'below'} the mean"


def _trend(when: str, side: int, _one: bool) -> str:
    return f"{when} {'rise' if side > 0 else 'fall'}"


def _near(when: str, side: int, one: bool) -> str:
    limit = "upper" if side > 0 else "lower"
    return f"{when}{'' if one else ' lie'} near the {limit} limit, as two of three neighbours do"


_SENTENCES: dict[str, Callable[[str, int, bool], str]] = {
    "OUTSIDE": _outside,
    "SHIFT": _shift,
    "TREND": _trend,
    "NEAR_LIMIT": _near,
}


def _stretches(series: Series, signal: str) -> Iterator[tuple[int, Sequence[ChartReading]]]:
    """The stretches of neighbours with a signal, each on one side of the mean, or rising or falling."""
    mean = series.mean or 0
    sides = [
        (0 if point.value is None else (point.value > mean) - (point.value < mean), point)
        for point in series.points[series.counted_from :]
    ]
    for (marked, side), group in groupby(
        sides, lambda pair: (_said_by(signal, pair[1]), 0 if signal == "TREND" else pair[0])
    ):
        stretch = [point for _, point in group]
        if marked:
            yield (_rises(stretch) if signal == "TREND" else side), stretch


def _said_by(signal: str, point: ChartReading) -> bool:
    """Whether a sentence on the signal names the point: outside a limit, it is not said to be near it too."""
    return signal in point.signals and not (signal == "NEAR_LIMIT" and "OUTSIDE" in point.signals)


def _rises(stretch: Sequence[ChartReading]) -> int:
    first, last = stretch[0].value or 0, stretch[-1].value or 0
    return (last > first) - (last < first)


def _judged(series: Series, side: int) -> str:
    """Whether a signal on that side is for the better."""
    better = _BETTER.get(series.direction, 0) * side
    return {1: ", for the better", -1: ", for the worse"}.get(better, "")
