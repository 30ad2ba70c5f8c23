"""Charts: their image, their text alternative, and what a strict policy must allow."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from api import charts
from api.charts import Series, Span
from projections.views.measures import assurance_of
from projections.views.spc import xmr

SVG = "{http://www.w3.org/2000/svg}"


def series(values: Sequence[float | None], **changes: Any) -> Series:
    """Return a measure with monthly readings from January 2023; None is hidden from the reader."""
    known = [value for value in values if value is not None]
    chart = xmr(known) if known else None
    signals = iter(chart.points if chart else ())
    nodes = []
    for index, value in enumerate(values):
        year, month = 2023 + index // 12, 1 + index % 12
        nodes.append(
            {
                "first": f"{year}-{month:02d}-01",
                "last": f"{year}-{month:02d}-{monthrange(year, month)[1]}",
                "value": value,
                "numerator": None if value is None else int(value),
                "denominator": None if value is None else 100,
                "signals": [] if value is None else [each.value for each in next(signals).signals],
                "suppressed": value is None,
            }
        )
    answer: dict[str, Any] = {
        "measure": "M1",
        "title": "Visits in time",
        "unit": "PERCENT",
        "direction": "HIGHER_IS_BETTER",
        "target": 90.0,
        "baseline": None,
        "spc": None
        if chart is None
        else {
            "mean": chart.mean,
            "lower": chart.lower,
            "upper": chart.upper,
            "provisional": chart.provisional,
        },
        "assurance": assurance_of(90.0, "HIGHER_IS_BETTER", chart.lower, chart.upper) if chart else None,
        "resetOn": None,
        "suppressed": None in values,
        "readings": {"nodes": nodes},
    }
    return charts.series_of(answer | changes)


CALM = [50.0, 45, 55, 50, 44, 56, 51, 49, 57, 43, 50, 45, 55]
SHIFTED = [50.0, 51, 49, 50, 51, 49, 50, 70, 71, 70, 71, 70, 71, 70]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text


def texts(root: ET.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_a_chart_names_and_describes_itself() -> None:
    root = parsed(charts.xmr_svg(series(SHIFTED)))
    assert root.get("role") == "img"
    title, description = (
        root.findtext(f".//*[@id='{root.get(name)}']") for name in ("aria-labelledby", "aria-describedby")
    )
    assert title == "Measure M1: Visits in time"
    assert description == " ".join([charts.summary(series(SHIFTED)), *charts.signals_in_words(series(SHIFTED))])


def test_nothing_in_a_chart_needs_more_than_a_strict_policy_allows() -> None:
    drawn = charts.xmr_svg(series([*SHIFTED, None], title="<b onload='x'>&\x07"), "chart-2")
    assert drawn == charts.xmr_svg(series([*SHIFTED, None], title="<b onload='x'>&\x07"), "chart-2")
    for element in parsed(drawn).iter():
        assert element.tag.removeprefix(SVG) not in {"style", "script", "foreignObject", "a", "image"}
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}
    assert parsed(drawn).findtext(f"{SVG}title") == "Measure M1: <b onload='x'>&\ufffd"


def test_a_signal_has_another_shape() -> None:
    chart = series([*CALM, 80])
    root = parsed(charts.xmr_svg(chart))
    marked = [point for point in chart.points if point.signals]
    assert marked
    assert len(marked) < len(chart.points)
    titles = {
        name: [each.findtext(f"{SVG}title") for each in root.iter(f"{SVG}{name}")] for name in ("path", "circle")
    }
    signals = [title for title in titles["path"] if title]
    assert len(signals) == len(marked)
    assert len([title for title in titles["circle"] if title]) == len(chart.points) - len(marked)
    assert all("outside the limits" in title for title in signals)


BLUE, ORANGE, PURPLE, GREY = "#005EB8", "#ED8B00", "#330072", "#768692"


@pytest.mark.parametrize(
    ("values", "direction", "colour"),
    [
        ([*CALM, 80.0], "HIGHER_IS_BETTER", BLUE),
        ([*CALM, 20.0], "HIGHER_IS_BETTER", ORANGE),
        ([*CALM, 80.0], "LOWER_IS_BETTER", ORANGE),
        ([*CALM, 20.0], "LOWER_IS_BETTER", BLUE),
        ([*CALM, 80.0], "NEITHER", PURPLE),
        ([10.0, 20, 30, 40, 50, 60, 70], "HIGHER_IS_BETTER", BLUE),
        ([10.0, 20, 30, 40, 50, 60, 70], "LOWER_IS_BETTER", ORANGE),
    ],
)
def test_a_signal_is_drawn_as_improvement_or_concern(values: list[float], direction: str, colour: str) -> None:
    measure = series(values, direction=direction)
    root = parsed(charts.xmr_svg(measure))
    latest = [path for path in root.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None][-1]
    assert latest.get("fill") == colour
    assert {disc.get("fill") for disc in root.iter(f"{SVG}circle")} <= {GREY}
    icon, meaning = charts.variation_icon(measure)
    assert colour in icon
    word = {BLUE: "improvement", ORANGE: "concern", PURPLE: "change"}[colour]
    assert f"Special cause {word}: {'low' if values[-1] == 20.0 else 'high'} values" == meaning
    assert word in texts(root), "the legend names the marker"


def test_improvement_and_concern_have_different_shapes() -> None:
    shapes = {
        path.get("d", "").split("l")[-1] if "l" in path.get("d", "") else path.get("d", "").split("h")[-1]
        for direction in ("HIGHER_IS_BETTER", "LOWER_IS_BETTER", "NEITHER")
        for path in parsed(charts.xmr_svg(series([*CALM, 80.0], direction=direction))).iter(f"{SVG}path")
    }
    assert len(shapes) == 3


def test_icons_of_common_cause_and_assurance() -> None:
    measure = series(CALM)
    assert charts.variation_icon(measure)[1] == "Common cause variation"
    assert charts.assurance_icon(measure)[1] == "The process will miss the target"
    assert charts.assurance_icon(series(CALM, assurance=None)) == ("", "")
    assert charts.variation_icon(series([])) == ("", "")


def test_a_hidden_point_is_a_gap_with_a_word() -> None:
    values: list[float | None] = [*SHIFTED]
    values[4] = None
    root = parsed(charts.xmr_svg(series(values)))
    assert "hidden" in texts(root)
    lines = [node.get("points", "").split() for node in root.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [4, 9]
    assert charts.signals_in_words(series(values))


def test_a_suppressed_chart_shows_no_figure() -> None:
    chart = series([None, None, None])
    drawn = charts.xmr_svg(chart)
    assert "All values are hidden." in texts(parsed(drawn))
    assert not list(parsed(drawn).iter(f"{SVG}circle"))
    assert charts.signals_in_words(chart) == [
        "Values and limits are hidden because some counts are too small to publish."
    ]


def test_a_chart_of_readings_without_a_value_does_not_say_that_they_are_hidden() -> None:
    drawn = texts(parsed(charts.xmr_svg(series([None, None, None], suppressed=False))))
    assert ("No reading has a value." in drawn, "All values are hidden." in drawn) == (True, False)


def test_limits_begin_where_the_baseline_was_reset() -> None:
    chart = series(SHIFTED, resetOn="2023-08-01")
    root = parsed(charts.xmr_svg(chart))
    assert "baseline reset" in texts(root)
    assert [len(each.get("points", "").split()) for each in root.iter(f"{SVG}polyline")] == [7, 7]
    assert "The mean and limits are calculated from August 2023, when the baseline was reset." in (
        charts.signals_in_words(chart)
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "No readings yet."),
        ([50.0, 51, 49, 50, 51, 49, 50], "No signal: the variation within the limits is common cause."),
        (
            [50.0] * 5 + [49, 51] * 4 + [80],
            "The reading for February 2024 is above the upper limit: improvement.",
        ),
        (SHIFTED, "From January 2023 to July 2023, 7 readings in a row are below the mean: concern."),
        ([10.0, 20, 30, 40, 50, 60, 70], "From January 2023 to July 2023, 7 readings in a row rise: improvement."),
        ([50.0, 51, 49], "The limits are provisional: there are fewer than 12 readings."),
        ([50.0, 51, 49], "The process will miss the target: both limits are below it."),
    ],
)
def test_signals_are_told(values: list[float | None], sentence: str) -> None:
    assert sentence in charts.signals_in_words(series(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([70.0, 72.0] * 6, []),
        ([70.0, 72.0] * 6 + [91.0], ["The last reading meets the target; recalculate the limits."]),
        ([70.0, 72.0] * 9 + [91.0, 90.0], ["The last 2 readings meet the target; recalculate the limits."]),
        ([70.0, 72.0] * 9 + [91.0, 80.0], []),
    ],
)
def test_a_failing_target_that_is_met_of_late_is_said_to_be(values: list[float], expected: list[str]) -> None:
    sentences = charts.signals_in_words(series(values))
    assert "The process will miss the target: both limits are below it." in sentences
    assert [sentence for sentence in sentences if "recalculate" in sentence] == expected


def test_a_lower_value_may_be_the_better_one() -> None:
    sentences = charts.signals_in_words(series(SHIFTED, direction="LOWER_IS_BETTER", assurance=None))
    assert "From January 2023 to July 2023, 7 readings in a row are below the mean: improvement." in sentences
    sentences = charts.signals_in_words(series(SHIFTED, direction="NEITHER", assurance=None))
    assert "From January 2023 to July 2023, 7 readings in a row are below the mean." in sentences


def test_no_limit_is_drawn_where_nothing_can_be() -> None:
    chart = series([3.0, 9, 1, 8, 2, 9], unit="COUNT", target=None)
    assert chart.lower is not None
    assert chart.lower < 0
    assert not [text for text in texts(parsed(charts.xmr_svg(chart))) if text.startswith("lower limit")]
    assert "the upper limit is" in charts.summary(chart)


def test_a_tenure_has_its_gaps() -> None:
    spans = [
        Span("chair", date(2022, 7, 20), date(2023, 3, 31)),
        Span(None, date(2023, 4, 1), date(2023, 6, 30)),
        Span("chair-2", date(2023, 7, 1), None),
    ]
    until = date(2023, 12, 31)
    coming = Span("chair-3", date(2024, 1, 1), None)
    visible = charts.visible_spans([*reversed(spans), coming], until)
    assert visible == spans
    drawn = charts.tenure_svg("chair", "Who chaired the board", visible, until)
    root = parsed(drawn)
    bars = list(root.iter(f"{SVG}rect"))
    assert len(bars) == 3
    assert [bar.get("stroke-dasharray") for bar in bars] == [None, "4 3", None]
    assert [text.text for text in root.iter(f"{SVG}text")] == ["1", "2", "3"]
    assert spans[1].sentence() == "Vacant from 1 April 2023 to 30 June 2023"
    widths = [float(bar.get("width") or 0) for bar in bars]
    assert widths[0] > widths[2] > widths[1]
    assert sum(widths) == pytest.approx(758, abs=0.1)


REVISED = [
    {"first": "2023-10-10", "target": 70.0, "position": 30},
    {"first": "2023-07-01", "target": 55.0, "position": 20},
    {"first": "2024-06-01", "target": 99.0, "position": 40},
]


def segments(root: ET.Element) -> list[tuple[float, ...]]:
    """Return the ends of each segment of the target's line."""
    lines = [each for each in root.iter(f"{SVG}line") if each.get("stroke-dasharray") == "10 4"]
    return [tuple(float(each.get(name, "0")) for name in ("x1", "y1", "x2", "y2")) for each in lines]


def test_a_revised_target_is_drawn_in_steps_at_its_days() -> None:
    measure = series([50.0 + index for index in range(12)], target=70.0, firstTarget=40.0, targets=REVISED)
    assert measure.target_steps == ((0, 40.0), (6, 55.0), (9, 70.0))
    root = parsed(charts.xmr_svg(measure))
    level, riser, second, *_, last = segments(root)
    assert level[1] == level[3] > second[1] == second[3] > last[1] == last[3]
    assert (riser[0], riser[1], riser[2], riser[3]) == (level[2], level[3], second[0], second[1])
    points = [float(each.get("x", "0")) for each in root.iter(f"{SVG}text") if each.get("y") == "314"]
    assert len(points) == 6
    assert points[2] < second[0] < points[3]
    labels = [each.text for each in root.iter(f"{SVG}text")]
    assert {"target 40%", "target 55%", "target 70%"} <= {*labels}
    assert (
        "The target is 70% since October 2023; before it was 40% from January 2023 and 55% from July 2023."
        in charts.summary(measure)
    )


def test_a_target_that_was_never_revised_is_one_line() -> None:
    measure = series([50.0, 51.0])
    assert len(segments(parsed(charts.xmr_svg(measure)))) == 1
    assert "The target is 90%." in charts.summary(measure)


@pytest.mark.parametrize("values", [[*CALM, 80.0], [*[1.0] * 12, 95.0]])
def test_the_legend_and_labels_are_at_the_right_and_do_not_overlap(values: list[float]) -> None:
    # A narrow screen begins with the right of the chart.
    root = parsed(charts.xmr_svg(series(values, target=2.0)))
    right = [text for text in root.iter(f"{SVG}text") if float(text.get("x", 0)) > 610]
    written = {(text.text or "").split(" ")[0] for text in right}
    assert {"mean", "target", "concern" if values[-1] > 90 else "common"} <= written
    heights = sorted(float(text.get("y", 0)) for text in right)
    assert min(below - above for above, below in pairwise(heights)) >= 14
    assert heights[-1] < charts.xmr.HEIGHT
