"""The mean of periods, which is compared with a target in decimals."""

from fractions import Fraction

import pytest

from projections.views.spc import decimal_mean


@pytest.mark.parametrize(
    ("values", "mean"),
    [([0.1, 0.2, 0.3], 0.2), ([10.1, 10.2, 10.3], 10.2), ([28.4, 28.6], 28.5), ([12.5], 12.5), ([0.0, 0.0], 0.0)],
)
def test_a_mean_that_equals_a_target_in_decimals_equals_it_as_a_number(values: list[float], mean: float) -> None:
    assert decimal_mean(values) == mean


def test_every_mean_of_tenths_is_exact() -> None:
    """Compare with rational arithmetic, for means that have two decimals."""
    for count in (2, 4, 5):
        for first in range(100):
            tenths = [first + 3 * index for index in range(count)]
            mean = Fraction(sum(tenths), 10 * count)
            assert decimal_mean([tenth / 10 for tenth in tenths]) == float(mean)
