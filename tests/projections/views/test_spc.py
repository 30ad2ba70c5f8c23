"""XmR charts against published figures, and each signal at its boundary."""

from itertools import combinations, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from projections.views.spc import SIGNALS, Limits, Signal, last_mark, latest_shift, limits, marks, xmr

SPIKE = [1.0, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


def marked(values: list[float], signal: Signal) -> list[int]:
    """Return the indices of the points with that signal."""
    return [index for index, signal_of in xmr(values).signals if signal_of is signal]


def test_known_limits_with_and_without_screening() -> None:
    plain, screened = xmr(SPIKE), xmr(SPIKE, screen=True)
    assert [round(value or 0, 4) for value in (plain.mean, plain.lower, plain.upper)] == [1.9444, -3.0626, 6.9515]
    assert [round(value or 0, 4) for value in (screened.lower, screened.upper)] == [-0.7156, 4.6044]
    assert plain.mean == screened.mean
    assert marked(SPIKE, Signal.OUTSIDE) == [4]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(6, []), (7, list(range(7, 14))), (8, list(range(8, 16)))],
)
def test_seven_on_one_side_of_the_mean_are_a_shift(count: int, expected: list[int]) -> None:
    values = [0.0, 1] * (count // 2) + [0.0] * (count % 2) + [5.0, 6] * (count // 2) + [5.0] * (count % 2)
    assert [index for index in marked(values, Signal.SHIFT) if index >= count] == expected


def test_a_point_on_the_mean_ends_a_run() -> None:
    assert marked([1.0, 1, 1, 0, 1, 1, 1, -1, -1, -1, 0, -1, -1, -1], Signal.SHIFT) == []


@pytest.mark.parametrize(("rises", "expected"), [(6, []), (7, list(range(3, 10)))])
def test_seven_rising_points_are_a_trend(rises: int, expected: list[int]) -> None:
    values = [9.0, 4, 6, *[float(n) for n in range(rises)], -1, 3]
    assert marked(values, Signal.TREND) == expected
    assert marked([-value for value in values], Signal.TREND) == expected


def test_equal_values_neither_rise_nor_fall() -> None:
    assert marked([1.0, 2, 3, 4, 4, 5, 6, 7], Signal.TREND) == []


def test_two_of_three_near_a_limit_on_one_side() -> None:
    calm = [0.0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    chart = xmr([*calm, 3.2, 0.5, 3.2, *calm])
    assert chart.upper is not None
    assert chart.mean + 2 / 3 * (chart.upper - chart.mean) < 3.2 < chart.upper
    assert [index for index, signal in chart.signals if signal is Signal.NEAR_LIMIT] == [10, 12]
    assert marked([*calm, 3.2, 0.5, 0.5, 3.2, *calm], Signal.NEAR_LIMIT) == []
    assert marked([*calm, 3.2, 0.5, -3.2, *calm], Signal.NEAR_LIMIT) == []


def test_fewer_than_twelve_points_are_provisional() -> None:
    assert xmr([1.0] * 11).provisional
    assert not xmr([1.0] * 12).provisional


def test_one_point_has_no_limits() -> None:
    chart = xmr([3])
    assert (chart.mean, chart.lower, chart.upper, chart.signals) == (3, None, None, ())


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_what_is_no_series_of_numbers_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="chart needs"):
        xmr(values)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=60), st.integers(-50, 50))
def test_a_chart_moves_with_its_values(values: list[int], by: int) -> None:
    chart, moved = xmr(values), xmr([value + by for value in values])
    assert moved.mean == pytest.approx(chart.mean + by)
    assert moved.mean_moving_range == chart.mean_moving_range


@given(st.lists(st.integers(0, 12).map(float), min_size=1, max_size=30))
def test_the_last_mark_is_the_last_of_all(values: list[float]) -> None:
    lines = limits(values)
    assert last_mark(values, lines) == marks(values, lines)[-1]


def in_a_row(signs: list[int], least: int) -> list[list[int]]:
    """Return the indices of each run of equal signs other than 0, at least so long."""
    runs: list[list[int]] = []
    for index, sign in enumerate(signs):
        if runs and sign == signs[runs[-1][0]]:
            runs[-1].append(index)
        else:
            runs.append([index])
    return [run for run in runs if signs[run[0]] and len(run) >= least]


def by_definition(values: list[float], lines: Limits) -> list[set[Signal]]:
    """Return the signals of each value, point by point."""
    mean, reach = lines.mean, lines.reach or 0.0
    signals: list[set[Signal]] = [set() for _ in values]
    for run in in_a_row([(value > mean) - (value < mean) for value in values], 7):
        for index in run:
            signals[index].add(Signal.SHIFT)
    for run in in_a_row([(after > before) - (after < before) for before, after in pairwise(values)], 6):
        for index in [*run, run[-1] + 1]:
            signals[index].add(Signal.TREND)
    for index, value in enumerate(values):
        if value < mean - reach or value > mean + reach:
            signals[index].add(Signal.OUTSIDE)
    near = [(value > mean + 2 / 3 * reach) - (value < mean - 2 / 3 * reach) for value in values]
    for first, second in combinations(range(len(values)), 2):
        if second - first <= 2 and near[first] and near[first] == near[second]:
            signals[first].add(Signal.NEAR_LIMIT)
            signals[second].add(Signal.NEAR_LIMIT)
    return signals


SERIES = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 12)).map(float), min_size=1, max_size=40)


@settings(max_examples=500)
@given(SERIES)
@example([0.0, 1.0] * 8 + [9.0, 9.0, 9.0])
@example([float(number) for number in range(12)])
@example([5.0] * 6 + [1.0] * 9 + [5.0] * 7)
def test_each_point_has_the_signals_of_their_definitions(values: list[float]) -> None:
    lines = limits(values)
    assert [set(SIGNALS[mask]) for mask in marks(values, lines)] == by_definition(values, lines)


@settings(max_examples=500)
@given(SERIES)
@example([1.0] * 7 + [5.0] * 8)
@example([1.0] * 9 + [5.0, 1.0] * 3)
def test_the_latest_shift_is_where_the_latest_of_the_runs_begins(values: list[float]) -> None:
    mean = limits(values).mean
    runs = in_a_row([(value > mean) - (value < mean) for value in values], 7)
    assert latest_shift(values, mean) == (runs[-1][0] if runs else 0)
