"""A clause's days are those of its notice's zone, also after those of another zone were looked up."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ledger.domain.areas.notice import Modality
from projections.views.compliance.verdict import JudgedClause

LAST_HOUR = datetime(2023, 6, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", date(2023, 6, 30), datetime(2023, 7, 1, tzinfo=UTC)),
        ("Europe/London", date(2023, 7, 1), datetime(2023, 6, 30, 23, tzinfo=UTC)),
    ],
)
def test_an_instant_has_the_day_of_the_zone_and_a_day_starts_there(zone: str, day: date, start: datetime) -> None:
    clause = JudgedClause("c", Modality.MUST, "delivered-by", {}, 1, LAST_HOUR, ZoneInfo(zone))
    assert clause.day(LAST_HOUR) == day
    assert clause.start(date(2023, 7, 1)) == start
    assert clause.after(date(2023, 6, 30)) == start
