"""XmR chart, a line chart as SVG: readings by period, mean, limits, targets and latest baseline reset. Pure.

`variation` gives each reading its marker. A reading without a visible value is a labelled gap. The mean and the
limits span the readings that they use. Dashes and labels distinguish the lines.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from msgspec import Struct

from api.charts import colours
from api.charts.captions import number, reading_text, signals_in_words, summary
from api.charts.series import ChartReading, Series
from api.charts.svg import element, image, text_node
from api.charts.variation import Variation, marker, variation_of

WIDTH, HEIGHT = 760, 366
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 150, 14, 70
_TICKS = 5
_LABELS = 8
"""Maximum number of periods named along the axis."""
_LEGEND = 16
"""Pixels from one marker of the legend to the next, one below another."""
_APART = 15
"""Minimum pixels between labels, one below another."""
_SIGNALS = {
    "OUTSIDE": "outside the limits",
    "SHIFT": "one of seven or more on one side of the mean",
    "TREND": "one of seven or more that rise or fall",
    "NEAR_LIMIT": "one of two among three near a limit",
}


class _Line(Struct, frozen=True):
    """Line across the chart, at one level or at several levels one after another."""

    label: str
    value: float
    dashes: str | None
    steps: tuple[tuple[int, float], ...] = ()
    """Index of the first point of each level, with the level.

    If empty, the line is at `value`, from the first point that the limits use.
    """


class _Frame(Struct, frozen=True):
    """Scale of the chart's axes."""

    low: float
    high: float
    step: float
    points: int

    def x(self, index: float) -> float:
        """Return the x coordinate of a point's index.

        The chart's edges have the indexes -0.5 and `points` - 0.5.
        """
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (index + 0.5) / max(self.points, 1)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value."""
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (self.high - value) / (self.high - self.low)


def xmr_svg(series: Series, name: str = "") -> str:
    """Return the chart of a measure as SVG.

    Args:
        series: The measure.
        name: Prefix of the chart's ids, where a page shows several charts of one measure.
    """
    series = series.chart()
    lines = _lines(series)
    values = [point.value for point in series.points if point.value is not None]
    levels = [level for line in lines for _, level in line.steps or [(0, line.value)]]
    frame = _frame([*values, *levels], len(series.points))
    parts = [*_axes(series, frame)]
    if series.hidden:
        parts.append(_note("All values are hidden."))
    elif not values:
        parts.append(_note("No reading has a value." if series.points else "No readings yet."))
    else:
        parts += [*_gaps(series, frame), *_reset(series, frame), *_levels(series, frame, lines)]
        parts += [*_line(series, frame), *_points(series, frame), *_legend(series)]
    title = f"Measure {series.measure}: {series.title or 'title erased'}"
    description = " ".join([summary(series), *signals_in_words(series)])
    return image(name or f"chart-{series.measure}", title, description, WIDTH, HEIGHT, *parts)


def _lines(series: Series) -> list[_Line]:
    """Return the lines of the mean, the limits and the target.

    A line outside the unit's range is left out: counts and shares are never below zero.
    """
    highest = 100.0 if series.unit == "PERCENT" else math.inf
    steps = series.target_steps
    target = steps[-1][1] if steps else series.target
    candidates = (
        ("upper limit", series.upper, "3 3", ()),
        ("mean", series.mean, None, ()),
        ("lower limit", series.lower, "3 3", ()),
        ("target", target, "10 4", steps or ((0, target or 0),)),
    )
    return [
        _Line(f"{label} {number(value, series.unit)}", value, dashes, tuple(levels))
        for label, value, dashes, levels in candidates
        if value is not None and 0 <= value <= highest
    ]


def _frame(values: Sequence[float], points: int) -> _Frame:
    """Return the scale of a chart whose vertical axis has round steps and spans all values."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    minimum = max(high - low, abs(high) * 0.1, 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(minimum))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= minimum)
    bottom = math.floor(low / step) * step
    top = math.ceil(high / step) * step
    return _Frame(bottom, top if top > bottom else bottom + step, step, points)


def _axes(series: Series, frame: _Frame) -> Iterator[str]:
    right = frame.x(frame.points - 0.5)
    for index in range(round((frame.high - frame.low) / frame.step) + 1):
        value = frame.low + index * frame.step
        y = frame.y(value)
        yield element("line", x1=_LEFT, y1=y, x2=right, y2=y, stroke=colours.GRID, stroke_width=0.5)
        yield element("text", text_node(number(value, series.unit)), x=_LEFT - 8, y=y + 4, text_anchor="end")
    every = math.ceil(len(series.points) / _LABELS) or 1
    for index, point in enumerate(series.points):
        if index % every == 0:
            x, y = frame.x(index), HEIGHT - _BOTTOM + 18
            month, _, year = f"{point.first:%b %Y}".partition(" ")
            yield element("text", text_node(month), x=x, y=y, text_anchor="middle")
            yield element("text", text_node(year), x=x, y=y + 16, text_anchor="middle")


def _note(text: str) -> str:
    return element("text", text_node(text), x=WIDTH / 2, y=HEIGHT / 2, text_anchor="middle")


def _gaps(series: Series, frame: _Frame) -> Iterator[str]:
    """Yield a labelled band for each run of readings without a value."""
    for missing, group in groupby(enumerate(series.points), lambda pair: pair[1].value is None):
        if not missing:
            continue
        stretch = [*group]
        left, right = frame.x(stretch[0][0] - 0.5), frame.x(stretch[-1][0] + 0.5)
        hidden = any(point.hidden for _, point in stretch)
        x, y = (left + right) / 2 + 4, _TOP + (HEIGHT - _TOP - _BOTTOM) / 2
        yield element(
            "rect", x=left, y=_TOP, width=right - left, height=HEIGHT - _TOP - _BOTTOM, fill=colours.MISSING_VALUE
        )
        yield element(
            "text",
            text_node("hidden" if hidden else "no value"),
            x=x,
            y=y,
            text_anchor="middle",
            fill=colours.TEXT,
            transform=f"rotate(-90 {x:.2f} {y:.2f})",
        )


def _reset(series: Series, frame: _Frame) -> Iterator[str]:
    start = series.counted_from
    if series.reset_on is None or start >= len(series.points):
        return
    x = frame.x(start - 0.5)
    bottom = HEIGHT - _BOTTOM
    yield element("line", x1=x, y1=_TOP, x2=x, y2=bottom, stroke="currentColor", stroke_dasharray="1 3")
    yield element("text", text_node("baseline reset"), x=x + 4, y=_TOP + 11)


def _levels(series: Series, frame: _Frame, lines: Sequence[_Line]) -> Iterator[str]:
    """Yield the chart's lines, each with a label at the right; move labels apart where they would overlap."""
    right = frame.x(frame.points - 0.5)
    below, lowest = -math.inf, HEIGHT - _BOTTOM + 4 - _APART * (len(lines) - 1)
    for order, line in enumerate(sorted(lines, key=lambda each: -each.value)):
        y = frame.y(line.value)
        steps = line.steps or ((series.counted_from, line.value),)
        ends = [*(index for index, _ in steps[1:]), frame.points]
        corners = [
            (frame.x(index - 0.5), frame.y(level))
            for (start, level), end in zip(steps, ends, strict=True)
            for index in (start, end)
        ]
        for (x1, y1), (x2, y2) in pairwise(corners):
            yield element(
                "line", x1=x1, y1=y1, x2=x2, y2=y2,
                stroke=colours.TARGET_LINE if line.steps else colours.LEVEL_LINE,
                stroke_width=1.5, stroke_dasharray=line.dashes,
            )  # fmt: skip
        for (x, height), (_, level) in zip(corners[::2], steps[:-1], strict=False):
            yield element("text", text_node(f"target {number(level, series.unit)}"), x=x + 4, y=height - 5)
        below = min(max(y + 4, below + _APART), lowest + _APART * order)
        yield element("text", text_node(line.label), x=right + 8, y=below)


def _line(series: Series, frame: _Frame) -> Iterator[str]:
    """Yield the line through neighbouring readings, broken at gaps and at the latest baseline reset."""
    start = series.counted_from
    for (missing, _), group in groupby(
        enumerate(series.points), lambda pair: (pair[1].value is None, pair[0] >= start)
    ):
        stretch = [*group]
        if missing or len(stretch) < 2:
            continue
        coordinates = " ".join(f"{frame.x(index):.2f},{frame.y(point.value or 0):.2f}" for index, point in stretch)
        yield element("polyline", points=coordinates, fill="none", stroke=colours.READINGS_LINE, stroke_width=1)


def _points(series: Series, frame: _Frame) -> Iterator[str]:
    for index, point in enumerate(series.points):
        if point.value is None:
            continue
        x, y = frame.x(index), frame.y(point.value)
        title = element("title", text_node(_tooltip(point, series.unit)))
        yield marker(variation_of(series, index), x, y, title)


def _legend(series: Series) -> Iterator[str]:
    """Yield the legend of the chart: each marker in the chart, with its meaning.

    It is at the right below the labels, since a narrow screen begins with the right of the chart.
    """
    present = {variation_of(series, index) for index, point in enumerate(series.points) if point.value is not None}
    x, y = WIDTH - _RIGHT + 8, HEIGHT - 10 - _LEGEND * (len(present) - 1)
    for variation in Variation:
        if variation in present:
            yield marker(variation, x + 8, y - 4)
            yield element("text", text_node(variation.value), x=x + 22, y=y)
            y += _LEGEND


def _tooltip(point: ChartReading, unit: str) -> str:
    signals = "; ".join(_SIGNALS[signal] for signal in point.signals)
    return f"{point.label}: {reading_text(point, unit)}" + (f": {signals}" if signals else "")
