"""Rules that several areas share: order in time, and repetition. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.domain.errors import Refusal

HOUR = timedelta(hours=1)


def order_refusals(first: date, last: date | None, path: str) -> Iterator[Refusal]:
    """Yield a refusal at `path` if `last` is before `first`; both are days, or both are instants."""
    if last is not None and last < first:
        yield Refusal("OUT_OF_RANGE", f"the end, {last}, is before the start, {first}; correct one of them", path)


def future_refusals(day: date, at: datetime, zone: str, path: str) -> Iterator[Refusal]:
    """Yield a refusal at `path` if `day` is after the local day of the instant `at`."""
    today = at.astimezone(ZoneInfo(zone)).date()
    if day > today:
        yield Refusal(
            "OUT_OF_RANGE", f"{day} is after {today}, the day on which this happened; enter an earlier day", path
        )


def repeat_refusals(seen: Mapping[str, datetime], key: str, at: datetime, path: str) -> Iterator[Refusal]:
    """Yield a refusal if the same was recorded less than an hour before `at`."""
    last = seen.get(key)
    if last is not None and at - last < HOUR:
        message = f"already recorded at {last:%H:%M} UTC; this is recorded once an hour at most"
        yield Refusal("ALREADY_RECORDED", message, path)


def duplicate_refusals(values: Sequence[str], path: str, key: str = "") -> Iterator[Refusal]:
    """Yield a refusal for each repeated value of the list at `path`; `key` names its field of an item."""
    for index, value in enumerate(values):
        if value in values[:index]:
            place = f"{path}[{index}]" + (f".{key}" if key else "")
            yield Refusal("TWICE", f"{value} is listed twice; remove one of them", place)
