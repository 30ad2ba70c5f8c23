"""Suppressed small counts, counts that would reveal them, and the assurance that limits give of a target."""

from datetime import date
from typing import Any

import pytest

from projections.engine.follower import refold
from projections.views import measures
from tests.ledger.desk import Desk


def defined(name: str, **more: Any) -> dict[str, Any]:
    return {"measure": name, "title": "t", "unit": "COUNT", "direction": "HIGHER_IS_BETTER"} | more


def read(name: str, month: int, numerator: int, denominator: int | None = None) -> dict[str, Any]:
    period = {"first": f"2022-{month:02}-01", "last": f"2022-{month:02}-28"}
    data = {"measure": name, "period": period, "numerator": numerator, "system": "s"}
    data |= {"extractedAt": "2022-06-30T00:00:00Z"}
    return data | ({} if denominator is None else {"denominator": denominator})


def hidden(desk: Desk) -> list[str]:
    rows = refold(measures.VIEW, desk.history).versions()["readings"].values()
    readings = [version.row for version in rows]
    return sorted(f"{row.measure} {row.first.month}" for row in readings if row.is_hidden)


@pytest.mark.parametrize(
    ("unit", "numerator", "denominator", "small"),
    [
        ("COUNT", 4, None, True),
        ("COUNT", 5, None, False),
        ("COUNT", 0, None, True),
        ("PERCENT", 5, 10, False),
        ("PERCENT", 6, 10, True),
        ("PERCENT", 4, 100, True),
        ("PERCENT", 96, 100, True),
        ("RATE", 8, 10, False),
        ("RATE", 8, 4, True),
        ("AVERAGE", 4, 900, True),
    ],
)
def test_what_is_a_small_count(unit: str, numerator: int, denominator: int | None, small: bool) -> None:
    assert measures.is_small(unit, numerator, denominator) is small


def test_a_hidden_reading_stays_hidden_when_it_is_stated_anew() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M"))
    desk.record("MeasureReadingReported", read("M", 1, 3))
    desk.record("MeasureReadingReported", read("M", 2, 30))
    desk.record("MeasureReadingRestated", read("M", 1, 33) | {"reason": "late returns"})
    assert hidden(desk) == ["M 1"]
    desk.record("MeasureReadingRestated", read("M", 2, 2) | {"reason": "counted twice"})
    assert hidden(desk) == ["M 1", "M 2"]


@pytest.mark.parametrize("order", [("T", "A", "B", "C"), ("C", "B", "A", "T"), ("B", "T", "C", "A")])
def test_where_one_part_of_a_total_is_hidden_the_smallest_other_is_too(order: tuple[str, ...]) -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("T"))
    for part in "ABC":
        desk.record("MeasureDefined", defined(part, partOf="T"))
    values = {"T": 60, "A": 3, "B": 27, "C": 30}
    for name in order:
        desk.record("MeasureReadingReported", read(name, 1, values[name]))
    assert hidden(desk) == ["A 1", "B 1"]


def test_where_two_parts_are_hidden_no_other_has_to_be() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("T"))
    for part in "ABC":
        desk.record("MeasureDefined", defined(part, partOf="T"))
    for name, value in {"A": 3, "B": 2, "C": 30, "T": 35}.items():
        desk.record("MeasureReadingReported", read(name, 1, value))
    assert hidden(desk) == ["A 1", "B 1"]


@pytest.mark.parametrize(
    ("direction", "lower", "upper", "assurance"),
    [
        ("HIGHER_IS_BETTER", 80.0, 90.0, "ASSURED"),
        ("HIGHER_IS_BETTER", 79.9, 90.0, "INCONSISTENT"),
        ("HIGHER_IS_BETTER", 70.0, 80.0, "INCONSISTENT"),
        ("HIGHER_IS_BETTER", 70.0, 79.9, "FAILING"),
        ("LOWER_IS_BETTER", 70.0, 80.0, "ASSURED"),
        ("LOWER_IS_BETTER", 80.0, 90.0, "INCONSISTENT"),
        ("LOWER_IS_BETTER", 80.1, 90.0, "FAILING"),
        ("NEITHER", 70.0, 80.0, None),
        ("HIGHER_IS_BETTER", None, None, None),
    ],
)
def test_what_limits_assure_of_a_target_of_80(
    direction: str, lower: float | None, upper: float | None, assurance: str | None
) -> None:
    assert measures.assurance_of(80.0, direction, lower, upper) == assurance


def revised(target: float, first: str) -> dict[str, Any]:
    """Return the data of a revision of M's target."""
    return {"measure": "M", "target": target, "first": first, "reason": "The board asked for more."}


def test_the_target_is_that_of_the_latest_day_whatever_is_recorded_last() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M", target=50))
    for month, value in enumerate((70, 71, 70, 72, 71), 1):
        desk.record("MeasureReadingReported", read("M", month, value))
    assert _measure(desk).assurance == "ASSURED"
    for target, first in ((90, "2022-06-01"), (60, "2022-03-01")):
        desk.record("MeasureRevised", revised(target, first))
    measure = _measure(desk)
    assert (measure.target, measure.first_target, measure.assurance) == (90, 50, "FAILING")


PERIODS = {
    "2022-04-01": "2022-04-30",
    "2022-05-01": "2022-05-31",
    "2022-06-01": "2022-06-30",
}


@pytest.mark.parametrize("place", range(4))
def test_a_quarter_does_not_count_next_to_its_months(place: int) -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M", target=50))
    months = [({"first": first, "last": last}, 10) for first, last in PERIODS.items()]
    readings = [*months[:place], ({"first": "2022-04-01", "last": "2022-06-30"}, 70), *months[place:]]
    for period, value in readings:
        desk.record("MeasureReadingReported", read("M", 4, value) | {"period": period})
    measure = _measure(desk)
    assert (measure.mean, measure.readings) == (10, 4)


def test_an_outer_period_loses_the_signals_that_it_had() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M"))
    months = [
        ({"first": f"2021-{month:02}-01", "last": f"2021-{month:02}-28"}, 10 + month) for month in range(1, 8)
    ]
    for period, value in [*months, ({"first": "2021-08-01", "last": "2021-10-31"}, 90)]:
        desk.record("MeasureReadingReported", read("M", 1, value) | {"period": period})
    assert _signals(desk, 90) == ["OUTSIDE", "TREND"]
    august = {"first": "2021-08-01", "last": "2021-08-31"}
    desk.record("MeasureReadingReported", read("M", 1, 18) | {"period": august})
    assert _signals(desk, 90) == []
    assert _measure(desk).mean == 14.5


def _signals(desk: Desk, value: int) -> list[str]:
    rows = refold(measures.VIEW, desk.history).versions()["readings"].values()
    return next(version.row.signals for version in rows if version.row.value == value)


def test_neither_of_two_periods_that_overlap_in_part_contains_the_other() -> None:
    year = [(date(2021, month, 1), date(2022, month, 1)) for month in range(1, 8)]
    assert measures.smallest_periods(year) == [*range(7)]


def test_a_target_of_a_day_to_come_is_refused() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M", target=50))
    assert desk.refused("MeasureRevised", revised(90, "2032-01-01")) == [("OUT_OF_RANGE", "data.first")]
    assert desk.refused("MeasureRevised", revised(90, "2022-06-01") | {"measure": "N"}) == [
        ("NOT_FOUND", "data.measure")
    ]


def _measure(desk: Desk) -> measures.Measure:
    """Return the row of the desk's only measure."""
    (version,) = refold(measures.VIEW, desk.history).versions()["measures"].values()
    row: measures.Measure = version.row
    return row


def test_earlier_readings_keep_their_signals_when_the_baseline_is_reset() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M"))
    for month, value in enumerate((50, 51, 50, 51, 90), 1):
        desk.record("MeasureReadingReported", read("M", month, value))
    rows = {v.row.first.month: v.row for v in refold(measures.VIEW, desk.history).versions()["readings"].values()}
    before = {month: row.signals for month, row in rows.items()}
    desk.record("MeasureBaselineReset", {"measure": "M", "first": "2022-05-01", "reason": "another system"})
    versions = refold(measures.VIEW, desk.history).versions()
    after = {v.row.first.month: v.row.signals for v in versions["readings"].values()}
    (measure,) = (v.row for v in versions["measures"].values())
    assert {month: after[month] for month in (1, 2, 3, 4)} == {month: before[month] for month in (1, 2, 3, 4)}
    assert (measure.mean, measure.lower, measure.readings) == (90.0, None, 5)


def published(name: str, month: int, value: float) -> dict[str, Any]:
    """Return a reading as published, without its counts."""
    data = read(name, month, 0)
    del data["numerator"]
    return data | {"published": value}


def test_a_figure_as_published_is_marked_and_charted() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("M", target=3))
    desk.record("MeasureReadingReported", published("M", 1, 2))
    desk.record("MeasureReadingReported", read("M", 2, 40))
    rows = [version.row for version in refold(measures.VIEW, desk.history).versions()["readings"].values()]
    assert [(row.value, row.numerator, row.as_published, row.is_hidden) for row in rows] == [
        (2, None, True, False),
        (40, 40, False, False),
    ]
    assert _measure(desk).mean == 21


def test_a_part_as_published_is_not_hidden_in_place_of_a_count() -> None:
    desk = Desk()
    desk.record("MeasureDefined", defined("T"))
    for part in ("A", "B", "C"):
        desk.record("MeasureDefined", defined(part, partOf="T"))
    desk.record("MeasureReadingReported", published("B", 1, 20))
    for name, numerator in (("C", 30), ("A", 3), ("T", 53)):
        desk.record("MeasureReadingReported", read(name, 1, numerator))
    assert hidden(desk) == ["A 1", "C 1"]
