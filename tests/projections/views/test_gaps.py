"""Uncovered days: the day before, the day itself and the day after."""

from datetime import date

import pytest

from ledger.store.database import connect
from projections.query.relation import named
from projections.views.gaps import Gap, gaps

pytestmark = pytest.mark.database


def day(number: int) -> date:
    return date(2022, 7, number)


@pytest.mark.parametrize(
    ("terms", "expected"),
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
async def test_gaps_from_the_5th_to_the_20th(
    database: str, terms: list[tuple[int, int | None]], expected: list[Gap]
) -> None:
    firsts = [day(first) for first, _ in terms]
    lasts = [None if last is None else day(last) for _, last in terms]
    times = "(SELECT 'n' AS notice, * FROM unnest(:firsts::date[], :lasts::date[]) u(first, last))"
    query = gaps(times, "date '2022-07-05'", "date '2022-07-20'")
    async with await connect(database) as connection:
        parameters = {"notice": "n", "firsts": firsts, "lasts": lasts}
        cursor = await connection.execute(named(f"{query[1:-1]} ORDER BY 2").encode(), parameters)
        assert [Gap(*row[1:]) for row in await cursor.fetchall()] == expected
