"""Days and instants as people write them on a form, in the time zone of the notice. Pure."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DAY_PARTS = ("day", "month", "year")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Unreadable(ValueError):
    """What was written is no day or no time; the message is a sentence that says how it is written."""


def day(parts: tuple[str, str, str]) -> date:
    """The day of its day, month and year; raises Unreadable."""
    of_month, month, year = (part.strip() for part in parts)
    named = month[:3].lower()
    if named in _MONTHS and month.isalpha():
        month = str(_MONTHS.index(named) + 1)
    missing = [name for name, part in zip(DAY_PARTS, parts, strict=True) if not part.strip()]
    if len(missing) == len(DAY_PARTS):
        raise Unreadable("the date is missing; write day, month and year")
    if missing:
        raise Unreadable(f"the {' and the '.join(missing)} of this date is missing; write all three")
    if all(_NUMBER.fullmatch(part) for part in (of_month, month, year)):
        try:
            return date(int(year), int(month), int(of_month))
        except ValueError:
            pass
    raise Unreadable("this is no day of the calendar; write day, month and year in figures, such as 5 7 2022")


def day_parts(found: date) -> tuple[str, str, str]:
    """The day, the month and the year of a day, as they are written."""
    return str(found.day), str(found.month), str(found.year)


def instant(of_day: date, time: str, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks of the zone show that time on that day, in UTC; raises Unreadable."""
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise Unreadable("write the time of day on the 24-hour clock, such as 14:30")
    hour, minute, second, fraction, offset = match.groups()
    try:
        local = datetime(
            of_day.year,
            of_day.month,
            of_day.day,
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
            tzinfo=zone if offset is None else datetime.strptime(offset, "%z").tzinfo,
        )
        found = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("write the time of day on the 24-hour clock, such as 14:30") from None
    if offset is None:
        if found.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise Unreadable("the clocks went forward over this time that night; write one that there was")
        if local.replace(fold=1).utcoffset() != local.utcoffset():
            earlier = local.strftime("%H:%M%z")
            raise Unreadable(
                f"the clocks showed this time twice that night; write its offset too, such as {earlier}"
            )
    return found


def instant_parts(found: datetime, zone: ZoneInfo) -> tuple[str, str, str, str]:
    """The day, month, year and time of an instant on the clocks of the zone, so that `instant` finds it again."""
    local = found.astimezone(zone)
    shown = local.strftime("%H:%M")
    if local.second or local.microsecond:
        shown += local.strftime(":%S")
    if local.microsecond:
        shown += f".{local.microsecond:06}"
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        shown += local.strftime("%z")
    return *day_parts(local.date()), shown
