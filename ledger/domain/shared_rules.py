"""Rules that several areas share: order in time, repetition, self-reference, codes and boards. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.domain.errors import Refusal
from ledger.domain.fact import CODE_PATTERN
from ledger.domain.near_matches import similar

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
    """Yield a refusal at `path` if `key` was recorded less than an hour before `at`."""
    last = seen.get(key)
    if last is not None and at - last < HOUR:
        message = f"already recorded at {last:%H:%M} UTC; this is recorded once an hour at most"
        yield Refusal("ALREADY_RECORDED", message, path)


def itself_refusals(notice: str, other: str | None, path: str) -> Iterator[Refusal]:
    """Yield a refusal at `path` if a notice names itself as another notice."""
    if other == notice:
        yield Refusal("SAME_THING", f"{other} is this notice itself; name another notice", path)


def duplicate_refusals(values: Sequence[str], path: str, key: str = "") -> Iterator[Refusal]:
    """Yield a refusal for each repeated value of the list at `path`; `key` is the value's field in each item."""
    for index, value in enumerate(values):
        if value in values[:index]:
            place = f"{path}[{index}]" + (f".{key}" if key else "")
            yield Refusal("TWICE", f"{value} is listed twice; remove one of them", place)


def code_refusals(parameters: Mapping[str, object], path: str) -> Iterator[Refusal]:
    """Yield a refusal for each string of a clause's parameters that is not a code."""
    for name, value in parameters.items():
        for where, word in _words(value, f"{path}.{name}"):
            if not re.fullmatch(CODE_PATTERN, word):
                message = "expected a word of letters, digits, spaces and . : _ / + % -, at most 64"
                yield Refusal("INVALID_FIELD", message, where)


def _words(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield each string of a parameter with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _words(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _words(item, f"{path}[{index}]")


def board_refusals(boards: Collection[str], board: str | None) -> Iterator[Refusal]:
    """Yield a refusal if a fact names a board that was not established."""
    if board is not None and board not in boards:
        near = similar(board, boards)
        remedy = f"did you mean {' or '.join(near)}?" if near else "establish it first, or correct the id"
        yield Refusal("NOT_FOUND", f"there is no board {board}; {remedy}", "data.board")
