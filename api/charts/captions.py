"""A chart in words: its values, limits and signals. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, takewhile

from api.charts.series import ChartReading, Series
from api.charts.variation import BETTER
from projections.narrate.sentence import join_items
from projections.views.spc import FIRM

_ASSURANCES = {
    "ASSURED": "The process will meet the target every time.",
    "INCONSISTENT": "The process will meet or miss the target by chance.",
    "FAILING": "The process will miss the target: both limits are {side} it.",
}


def number(value: float | None, unit: str) -> str:
    """Return a value in its unit to at most one decimal place, such as 71.4%; return "none" for None."""
    if value is None:
        return "none"
    plain = f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")
    return f"{plain}%" if unit == "PERCENT" else plain


def counts(point: ChartReading, unit: str) -> str:
    """Return a reading's counts in words, such as 61 of 85, or the reason why it has no counts."""
    if point.hidden:
        return "hidden because the counts are small"
    if point.numerator is None:
        return "nothing counted" if point.value is None else "as published"
    if point.denominator is None:
        return f"{point.numerator:,}"
    return f"{point.numerator:,} {'to' if unit == 'AVERAGE' else 'of'} {point.denominator:,}"


def reading_text(point: ChartReading, unit: str) -> str:
    """Return a reading's value and counts in words, such as 71.8% (61 of 85)."""
    if point.value is None or (unit == "COUNT" and point.numerator is not None):
        return counts(point, unit)
    return f"{number(point.value, unit)} ({counts(point, unit)})"


def summary(series: Series) -> str:
    """Return the text alternative of a chart."""
    series = series.chart()
    points = series.points
    if not points:
        return "No readings yet."
    many = f"{len(points)} {'reading' if len(points) == 1 else 'readings'}"
    sentences = [f"{many}, the latest for {points[-1].label}: {reading_text(points[-1], series.unit)}."]
    if series.hidden:
        return f"{sentences[0]} Values and limits are hidden because some counts are too small to publish."
    if series.mean is not None:
        since = "" if series.reset_on is None else f" since {series.points[series.counted_from].label}"
        sentences.append(f"The mean{since} is {number(series.mean, series.unit)}{_limits(series)}.")
    sentences += _targets(series)
    marked = sum(bool(point.signals) for point in points)
    if marked:
        sentences.append(f"{marked} {'reading is a signal' if marked == 1 else 'readings are signals'}.")
    return " ".join(sentences)


def _targets(series: Series) -> Iterator[str]:
    """Yield one sentence about the target and any earlier targets; yield nothing without a target."""
    steps = series.target_steps
    target = steps[-1][1] if steps else series.target
    if target is not None:
        since = f" since {series.points[steps[-1][0]].label}" if len(steps) > 1 else ""
        before = [f"{number(level, series.unit)} from {series.points[index].label}" for index, level in steps[:-1]]
        earlier = f"; before it was {join_items(before)}" if before else ""
        yield f"The target is {number(target, series.unit)}{since}{earlier}."


def _limits(series: Series) -> str:
    """Return the end of a sentence that states the limits, or an empty string without limits.

    A lower limit below zero is left out.
    """
    if series.lower is None or series.upper is None:
        return ""
    upper = number(series.upper, series.unit)
    if series.lower < 0:
        return f", the upper limit is {upper}"
    return f", the limits are {number(series.lower, series.unit)} and {upper}"


def signals_in_words(series: Series) -> list[str]:
    """Return the chart's signals, assurance and caveats, one sentence each."""
    series = series.chart()
    if not series.points:
        return ["No readings yet."]
    if series.hidden:
        return ["Values and limits are hidden because some counts are too small to publish."]
    sentences = [*_signals(series)] or ["No signal: the variation within the limits is common cause."]
    if series.assurance is not None:
        sentences += _assurance(series, series.assurance)
    if series.provisional:
        sentences.append(f"The limits are provisional: there are fewer than {FIRM} readings.")
    if series.reset_on is not None and series.counted_from < len(series.points):
        start = series.points[series.counted_from].label
        sentences.append(f"The mean and limits are calculated from {start}, when the baseline was reset.")
    return sentences


def _assurance(series: Series, assurance: str) -> Iterator[str]:
    """Yield a sentence about the target's assurance.

    Yield a second sentence if the process fails the target but the latest readings meet it.
    """
    good = BETTER.get(series.direction, 0)
    yield _ASSURANCES[assurance].format(side="below" if good > 0 else "above")
    target = series.target
    if assurance != "FAILING" or target is None:
        return
    values = [point.value for point in series.points[series.counted_from :] if point.value is not None]
    met = sum(1 for _ in takewhile(lambda value: good * value >= good * target, reversed(values)))
    if met:
        latest = "The last reading meets" if met == 1 else f"The last {met} readings meet"
        yield f"{latest} the target; recalculate the limits."


def _signals(series: Series) -> Iterator[str]:
    start = series.counted_from
    earlier = [point.label for point in series.points[:start] if point.signals]
    if earlier:
        verb = "was a signal" if len(earlier) == 1 else "were signals"
        yield f"Under the earlier limits, {join_items(earlier)} {verb}."
    for signal, say in _SENTENCES.items():
        for side, stretch in _stretches(series, signal):
            first, last = stretch[0].label, stretch[-1].label
            one = first == last
            when = (
                f"The reading for {first} is"
                if one
                else f"From {first} to {last}, {len(stretch)} readings in a row"
            )
            yield f"{say(when, side, one)}{_verdict(series, side)}."


def _outside(when: str, side: int, one: bool) -> str:
    return f"{when}{'' if one else ' are'} {'above the upper' if side > 0 else 'below the lower'} limit"


def _shift(when: str, side: int, _one: bool) -> str:
    return f"{when} are {'above' if side > 0 else 'below'} the mean"


def _trend(when: str, side: int, _one: bool) -> str:
    return f"{when} {'rise' if side > 0 else 'fall'}"


def _near(when: str, side: int, one: bool) -> str:
    limit = "upper" if side > 0 else "lower"
    return f"{when}{'' if one else ' are'} near the {limit} limit, as are two of three neighbours"


_SENTENCES: dict[str, Callable[[str, int, bool], str]] = {
    "OUTSIDE": _outside,
    "SHIFT": _shift,
    "TREND": _trend,
    "NEAR_LIMIT": _near,
}


def _stretches(series: Series, signal: str) -> Iterator[tuple[int, Sequence[ChartReading]]]:
    """Yield the direction and the readings of each run of neighbouring readings with a signal.

    A run is on one side of the mean, or in one trend. The direction is 1 above the mean or rising, -1 below or
    falling, and otherwise 0.
    """
    mean = series.mean or 0
    sides = [
        (0 if point.value is None else (point.value > mean) - (point.value < mean), point)
        for point in series.points[series.counted_from :]
    ]
    for (marked, side), group in groupby(
        sides, lambda pair: (_names(signal, pair[1]), 0 if signal == "TREND" else pair[0])
    ):
        stretch = [point for _, point in group]
        if marked:
            yield (_rises(stretch) if signal == "TREND" else side), stretch


def _names(signal: str, point: ChartReading) -> bool:
    """Return whether a signal's sentence names the point.

    The sentence on points near a limit does not name a point outside a limit.
    """
    return signal in point.signals and not (signal == "NEAR_LIMIT" and "OUTSIDE" in point.signals)


def _rises(stretch: Sequence[ChartReading]) -> int:
    first, last = stretch[0].value or 0, stretch[-1].value or 0
    return (last > first) - (last < first)


def _verdict(series: Series, side: int) -> str:
    """Return the words for an improvement or a concern; empty if neither direction is better."""
    better = BETTER.get(series.direction, 0) * side
    return {1: ": improvement", -1: ": concern"}.get(better, "")
