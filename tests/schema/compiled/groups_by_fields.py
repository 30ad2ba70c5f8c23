"""Groups of rows, evaluated in Python: the measure of those that the database computes."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.calendar import is_working
from schema.derive.columns import columns

ZONE = ZoneInfo("Europe/London")
Value = Callable[[Any, str], Any]
"""Value of a row in a field of its type."""


class Group:
    """Rows with the same keys."""

    def __init__(self, keys: Sequence[str | None], rows: Sequence[Any], value: Value) -> None:
        self.keys = keys
        self.rows = rows
        self.value = value


def grouped(rows: Sequence[Any], by: Sequence[Mapping[str, Any]], value: Value) -> list[Group]:
    """Return the groups in order of their keys; null comes last."""
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    if not by:
        groups[()] = []
    for row in rows:
        for keys in product(*(_values(value(row, each["field"]), each.get("period")) for each in by)):
            groups[keys].append(row)
    ordered = sorted(groups, key=lambda keys: [(key is None, "" if key is None else key) for key in keys])
    periods = [each.get("period") for each in by]
    return [
        Group([_text(k, p) for k, p in zip(keys, periods, strict=True)], groups[keys], value) for keys in ordered
    ]


def _values(value: Any, period: str | None) -> Sequence[Any]:
    if isinstance(value, list):
        return value or [None]
    if not isinstance(value, date):
        return [value]
    first = _day(value)
    match period:
        case "MONTH":
            first = first.replace(day=1)
        case "QUARTER":
            first = first.replace(month=(first.month - 1) // 3 * 3 + 1, day=1)
        case "YEAR":
            first = first.replace(month=1, day=1)
    return [first]


def _text(value: Any, period: str | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, date):
        quarter = f"{value.year}-Q{(value.month + 2) // 3}"
        return {"MONTH": f"{value:%Y-%m}", "QUARTER": quarter, "YEAR": f"{value:%Y}"}.get(period or "", str(value))
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")


def _day(value: date) -> date:
    return value.astimezone(ZONE).date() if isinstance(value, datetime) else value


def _numbers(values: Sequence[Any]) -> dict[str, Any]:
    present = [value for value in values if value is not None]
    if not present:
        return {"count": 0, "min": None, "max": None, "sum": None, "mean": None}
    total = float(sum(Decimal(f"{value:.15g}") for value in map(float, present)))
    ends = {"min": float(min(present)), "max": float(max(present))}
    return {"count": len(present), **ends, "sum": total, "mean": total / len(present)}


def _working_days_between(first: date, last: date) -> int:
    """Count the working days after `first`, up to and including `last`; 0 if `last` is not later."""
    days = range(1, (last - first).days + 1)
    return sum(is_working(first + timedelta(days=number)) for number in days)


def _days_between(group: Group, start: str, end: str, *, working: bool) -> dict[str, Any]:
    spans = []
    for row in group.rows:
        first, last = group.value(row, start), group.value(row, end)
        if first is not None and last is not None:
            first, last = _day(first), _day(last)
            count = (last - first).days
            if working:
                count = _working_days_between(first, last) - _working_days_between(last, first)
            spans.append(count)
    return _numbers(spans)


def _days(group: Group, of: str) -> dict[str, Any]:
    values = [_day(value) for row in group.rows if (value := group.value(row, of)) is not None]
    return {"count": len(values), "first": min(values, default=None), "last": max(values, default=None)}


MEMBERS: Mapping[str, Callable[..., Any]] = {
    "keys": lambda group, _: group.keys,
    "count": lambda group, _: len(group.rows),
    "numbers": lambda group, _, of: _numbers([group.value(row, of) for row in group.rows]),
    "days": lambda group, _, of: _days(group, of),
    "duration": lambda group, _, start, end: _days_between(group, start, end, working=False),
    "working_duration": lambda group, _, start, end: _days_between(group, start, end, working=True),
}
"""Members of a group."""


def value_of(name: str) -> Value:
    """Return the value of a type's rows in the field with a word of an enum."""
    return lambda row, word: row.value(columns(name)[word.lower()][0])
