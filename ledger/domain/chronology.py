"""Rules of time that several areas share: what comes before what, and how often. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.domain.errors import Refusal

HOUR = timedelta(hours=1)


def in_order(first: date, last: date | None, path: str) -> Iterator[Refusal]:
    """A refusal at `path`, where `last` stands, if it comes before `first`; days or instants, both of a kind."""
    if last is not None and last < first:
        yield Refusal("OUT_OF_RANGE", f"it begins on {first} and cannot end on {last}; put them in order", path)


def not_to_come(day: date, at: datetime, zone: str, path: str) -> Iterator[Refusal]:
    """A refusal at `path`, where `day` stands, if it is later than the day of `at` in that zone."""
    today = at.astimezone(ZoneInfo(zone)).date()
    if day > today:
        yield Refusal("OUT_OF_RANGE", f"{day} is still to come: this happened on {today}", path)


def once_an_hour(seen: Mapping[str, datetime], key: str, at: datetime, path: str) -> Iterator[Refusal]:
    """A refusal if the same was recorded less than an hour before `at`."""
    last = seen.get(key)
    if last is not None and at - last < HOUR:
        message = f"this was recorded at {last:%H:%M} UTC already; once an hour is enough"
        yield Refusal("ALREADY_RECORDED", message, path)
