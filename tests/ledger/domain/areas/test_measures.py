"""Rules of measures: targets and baselines are figures that a reading can reach."""

from tests.ledger.domain.areas.test_areas import measure, prepared


def test_a_target_or_baseline_that_no_reading_can_reach_is_refused() -> None:
    desk = prepared((measure(),))
    for name, beyond in (("target", 101), ("baseline", -1)):
        defined = measure("M2")[2] | {name: beyond}
        assert desk.refused("MeasureDefined", defined, "alice") == [("OUT_OF_RANGE", f"data.{name}")]
    revised = {"measure": "M1", "target": 100.5, "first": "2022-07-05", "reason": "x"}
    assert desk.refused("MeasureRevised", revised, "alice") == [("OUT_OF_RANGE", "data.target")]
    reset = {"measure": "M1", "baseline": 100.5, "first": "2022-07-05", "reason": "x"}
    assert desk.refused("MeasureBaselineReset", reset, "alice") == [("OUT_OF_RANGE", "data.baseline")]
    rate = measure("M3", "RATE", per=10_000)[2]
    desk.record("MeasureDefined", rate | {"target": 450, "baseline": 600}, "alice")
