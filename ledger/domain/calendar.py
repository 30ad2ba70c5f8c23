"""Days in England: their first and last instants, and working days.

A working day is a weekday that is not a bank holiday by the `holidays` library's calendar. Pure.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

ENGLAND = ZoneInfo("Europe/London")
DAY = timedelta(days=1)


def start_of_day(day: date) -> datetime:
    """Return a day's first instant, in UTC."""
    return datetime.combine(day, time(), ENGLAND).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return a day's last instant, in UTC and to the microsecond.

    Raises:
        OverflowError: No day follows this one in the calendar.
    """
    return start_of_day(day + DAY) - timedelta(microseconds=1)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


@cache
def bank_holidays() -> list[date]:
    """Return the bank holidays of 1970 to 2099 that are weekdays, in order."""
    days = (day for year in range(1970, 2100) for day in _bank_holidays(year))
    return sorted(day for day in days if day.weekday() < 5)


def is_working(day: date) -> bool:
    """Return whether a day is a working day."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def working_day_from(day: date) -> date:
    """Return a day if it is a working day, else the first working day after it."""
    while not is_working(day):
        day += DAY
    return day


def working_days_after(day: date, count: int) -> date:
    """Return the working day `count` working days after `day`, or `day` itself if `count` is zero.

    Raises:
        ValueError: `count` is negative.
    """
    if count < 0:
        raise ValueError(f"working days are counted forward, not {count}; use zero or more")
    for _ in range(count):
        day = working_day_from(day + DAY)
    return day
