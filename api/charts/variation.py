"""Variation of a measure: improvement, concern or change for each signal, and common cause otherwise. Pure.

Colours and icons follow NHS Making Data Count. Shapes and letters repeat what the colours say.
"""

from collections.abc import Sequence
from enum import Enum
from statistics import fmean

from api.charts import colours
from api.charts.series import ChartReading, Series
from api.charts.svg import element, text_node

BETTER = {"HIGHER_IS_BETTER": 1, "LOWER_IS_BETTER": -1}
"""Sign of a change for the better, by the measure's direction."""
_ICON = 32
"""Pixels of an icon's width and height."""


class Variation(Enum):
    """Kind of variation of a reading."""

    IMPROVEMENT = "improvement"
    CONCERN = "concern"
    CHANGE = "change"
    """Signal that is neither for the better nor for the worse."""
    COMMON_CAUSE = "common cause"


COLOURS = {
    Variation.IMPROVEMENT: colours.GOOD,
    Variation.CONCERN: colours.BAD,
    Variation.CHANGE: colours.SIGNAL,
    Variation.COMMON_CAUSE: colours.USUAL,
}
_ASSURANCES = {
    "ASSURED": ("P", colours.GOOD, "The process will meet the target every time"),
    "INCONSISTENT": ("?", colours.USUAL, "The process will meet or miss the target by chance"),
    "FAILING": ("F", colours.BAD, "The process will miss the target"),
}


def side_of(series: Series, index: int) -> int:
    """Return 1 if a point's signal is above the mean or rises, -1 if below or falling, otherwise 0."""
    point = series.points[index]
    if not point.signals or point.value is None:
        return 0
    if point.signals == ("TREND",):
        return _slope(series.points, index)
    mean = series.mean if index >= series.counted_from else _earlier_mean(series)
    return 0 if mean is None else (point.value > mean) - (point.value < mean)


def _earlier_mean(series: Series) -> float | None:
    values = [point.value for point in series.points[: series.counted_from] if point.value is not None]
    return fmean(values) if values else None


def _slope(points: Sequence[ChartReading], index: int) -> int:
    """Return 1 if a trend rises at one of its points, -1 if it falls, otherwise 0."""
    neighbours = [point.value for point in points[max(index - 1, 0) : index + 2] if point.value is not None]
    return (neighbours[-1] > neighbours[0]) - (neighbours[-1] < neighbours[0])


def variation_of(series: Series, index: int) -> Variation:
    """Return the kind of variation of a reading."""
    if not series.points[index].signals:
        return Variation.COMMON_CAUSE
    better = BETTER.get(series.direction, 0) * side_of(series, index)
    return {1: Variation.IMPROVEMENT, -1: Variation.CONCERN}.get(better, Variation.CHANGE)


def marker(variation: Variation, x: float, y: float, *children: str) -> str:
    """Return the marker of a reading: diamond, square, triangle or disc, by its variation."""
    fill = COLOURS[variation]
    if variation is Variation.COMMON_CAUSE:
        return element("circle", *children, cx=x, cy=y, r=3.5, fill=fill)
    outlines = {
        Variation.IMPROVEMENT: f"M{x:.2f} {y - 7:.2f}l7 7l-7 7l-7 -7z",
        Variation.CONCERN: f"M{x - 5.5:.2f} {y - 5.5:.2f}h11v11h-11z",
        Variation.CHANGE: f"M{x:.2f} {y - 7:.2f}l7 12h-14z",
    }
    return element("path", *children, d=outlines[variation], fill=fill, stroke=colours.TEXT, stroke_width=1)


def variation_icon(series: Series) -> tuple[str, str]:
    """Return the icon of the latest reading's variation, and its meaning; both are empty without a value."""
    latest = next((i for i in reversed(range(len(series.points))) if series.points[i].value is not None), None)
    if latest is None:
        return "", ""
    variation = variation_of(series, latest)
    if variation is Variation.COMMON_CAUSE:
        return _icon("∿", COLOURS[variation], meaning := "Common cause variation"), meaning
    high = side_of(series, latest) > 0
    meaning = f"Special cause {variation.value}: {'high' if high else 'low'} values"
    return _icon("H" if high else "L", COLOURS[variation], meaning), meaning


def assurance_icon(series: Series) -> tuple[str, str]:
    """Return the icon of the target's assurance, and its meaning; both are empty without an assurance."""
    if series.assurance is None:
        return "", ""
    letter, colour, meaning = _ASSURANCES[series.assurance]
    return _icon(letter, colour, meaning), meaning


def _icon(letter: str, colour: str, meaning: str) -> str:
    middle = _ICON / 2
    circle = element(
        "circle", cx=middle, cy=middle, r=middle - 3, fill=colours.PAPER, stroke=colour, stroke_width=4
    )
    text = element("text", text_node(letter), x=middle, y=middle + 6, text_anchor="middle", font_weight="bold")
    return element(
        "svg", element("title", text_node(meaning)), circle, text, xmlns="http://www.w3.org/2000/svg",
        aria_hidden="true", viewBox=f"0 0 {_ICON} {_ICON}", width=_ICON, height=_ICON, font_size=16,
        font_family="Arial, sans-serif", fill=colours.TEXT,
    )  # fmt: skip
