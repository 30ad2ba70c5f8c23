"""Days that nobody covers: the day before, the day and the day after."""

from datetime import date

import pytest

from projections.gaps import Gap, gaps


def day(number: int) -> date:
    return date(2022, 7, number)


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ([], [Gap(day(5), None)]),
        ([(5, None)], []),
        ([(6, None)], [Gap(day(5), day(5))]),
        ([(1, 4)], [Gap(day(5), None)]),
        ([(1, 5)], [Gap(day(6), None)]),
        ([(5, 10), (11, 20)], []),
        ([(5, 10), (12, 20)], [Gap(day(11), day(11))]),
        ([(12, 20), (5, 10)], [Gap(day(11), day(11))]),
        ([(5, 15), (8, 10), (16, 20)], []),
        ([(5, 19)], [Gap(day(20), None)]),
        ([(5, 20)], []),
        ([(5, 10), (21, None)], [Gap(day(11), None)]),
        ([(5, 10), (20, 20)], [Gap(day(11), day(19))]),
    ],
)
def test_gaps_from_the_5th_to_the_20th(held: list[tuple[int, int | None]], found: list[Gap]) -> None:
    times = [(day(first), None if last is None else day(last)) for first, last in held]
    assert gaps(times, day(5), day(20)) == found
