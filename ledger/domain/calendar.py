"""Days in England: when one ends, and working days, which are weekdays that are no bank holiday.

Imports the `holidays` library's calendar. Pure.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

ENGLAND = ZoneInfo("Europe/London")
DAY = timedelta(days=1)


def beginning(day: date) -> datetime:
    """Its first instant; raises OverflowError of a day that no calendar has."""
    return datetime.combine(day, time(), ENGLAND).astimezone(UTC)


def end(day: date) -> datetime:
    """Its last instant, to the microsecond; raises OverflowError of a day after which there is none."""
    return beginning(day + DAY) - timedelta(microseconds=1)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working(day: date) -> bool:
    """Whether people work on that day."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def working_from(day: date) -> date:
    """That day, or the first working day after it."""
    while not is_working(day):
        day += DAY
    return day


def working_days_after(day: date, count: int) -> date:
    """The day so many working days after `day`, which is day 0; raises ValueError if `count` is negative."""
    if count < 0:
        raise ValueError(f"working days are counted forward, not {count}")
    for _ in range(count):
        day = working_from(day + DAY)
    return day


def working_days_between(first: date, last: date) -> int:
    """How many working days after `first`, which is day 0, `last` is; 0 where it is not later."""
    days = range(1, (last - first).days + 1)
    return sum(is_working(first + timedelta(days=number)) for number in days)
