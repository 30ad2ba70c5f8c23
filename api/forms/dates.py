"""Parse and format dates and times typed into a form, in the notice's time zone. Pure."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DAY_PARTS = ("day", "month", "year")
INSTANT_PARTS = (*DAY_PARTS, "time")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class DateError(ValueError):
    """Error for a text that is not a date or a time; the message states the requirement without its subject."""


def day(parts: tuple[str, str, str]) -> date:
    """Return the date of a day, month and year.

    Raises:
        DateError: A part is missing, or the parts are not a real date.
    """
    of_month, month, year = (part.strip() for part in parts)
    named = month[:3].lower()
    if named in _MONTHS and month.isalpha():
        month = str(_MONTHS.index(named) + 1)
    missing = [name for name, part in zip(DAY_PARTS, parts, strict=True) if not part.strip()]
    if len(missing) == len(DAY_PARTS):
        raise DateError("must be a date, for example 27 3 2023")
    if missing:
        raise DateError(f"must include a {' and a '.join(missing)}")
    if all(_NUMBER.fullmatch(part) for part in (of_month, month, year)):
        try:
            return date(int(year), int(month), int(of_month))
        except ValueError:
            pass
    raise DateError("must be a real date, for example 27 3 2023")


def day_parts(value: date) -> tuple[str, str, str]:
    """Return the day, month and year of a date, as a person types them."""
    return str(value.day), str(value.month), str(value.year)


def instant(of_day: date, time: str, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a time on a date, in the zone unless the time has an offset.

    Raises:
        DateError: The time is malformed or, without an offset, never occurred or occurred twice.
    """
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise DateError("must include a time on the 24-hour clock, for example 14:30")
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
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DateError("must include a time on the 24-hour clock, for example 14:30") from None
    if offset is None:
        if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise DateError("must be a time that occurred; the clocks went forward over this one")
        if local.replace(fold=1).utcoffset() != local.utcoffset():
            earlier = local.strftime("%H:%M%z")
            raise DateError(f"must include an offset, for example {earlier}, as the clocks showed this time twice")
    return moment


def instant_parts(moment: datetime, zone: ZoneInfo) -> tuple[str, str, str, str]:
    """Return the day, month, year and time of an instant in the zone, the reverse of `instant`."""
    local = moment.astimezone(zone)
    time = local.strftime("%H:%M")
    if local.second or local.microsecond:
        time += local.strftime(":%S")
    if local.microsecond:
        time += f".{local.microsecond:06}"
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        time += local.strftime("%z")
    return *day_parts(local.date()), time
