"""The time control: the point at which a page is read, as its address says it.

`position` or `knownAt` says what had been recorded; `on`, the instant at which rules are judged. An earlier point
is judged at its own time unless `on` says otherwise, and `on=now` says now. A bare day means its end, in England.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct
from starlette.exceptions import HTTPException

from ledger.domain import calendar
from ledger.domain.fact import YEARS

NOW = "now"
NAMES = ("position", "knownAt", "on")
"""The names by which an address says its point."""
CALLED = {
    "position": "“up to entry number”",
    "knownAt": "“As recorded by the end of”",
    "on": "“Rules judged on”",
    "since": "“After entry”",
    "from": "“From”",
    "to": "“To”",
    "open": "“Standing”",
    "slow": "“Pace”",
    "signalling": "“Signals”",
}
"""The names of an address that read otherwise on the pages → what their fields are called there."""
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1


class TimePoint(Struct, frozen=True):
    """A point of a notice's history; as a whole: now."""

    position: int | None = None
    known_at: datetime | None = None
    on: datetime | None = None
    judged_now: bool = False
    """Whether rules are judged now though what was recorded is of an earlier point."""
    said: Mapping[str, str] = {}
    """As the address says it: what every link within the notice goes on saying."""

    @property
    def earlier(self) -> bool:
        """Whether it is another point than now."""
        return bool(self.said)

    @property
    def as_of(self) -> dict[str, Any] | None:
        """The variable `asOf` of a query."""
        if self.position is not None:
            return {"position": self.position}
        return {"knownAt": self.known_at.isoformat()} if self.known_at is not None else None

    def judged(self, recorded_at: datetime | None) -> datetime | None:
        """The variable `on` of a query; `recorded_at`: when the entry at the position was recorded."""
        if self.on is not None or self.judged_now:
            return self.on
        return self.known_at or recorded_at


def point_of(params: Mapping[str, str]) -> TimePoint:
    """The point that an address says; raises HTTPException (400) naming what is wrong with it."""
    said = {name: params[name].strip() for name in NAMES if params.get(name, "").strip()}
    if "position" in said and "knownAt" in said:
        raise HTTPException(
            400, f"{called('knownAt')} and {called('position')} both say what had been recorded; give one of them"
        )
    position = said.get("position")
    if position is not None and not (_POSITION.fullmatch(position) and int(position) <= _LARGEST):
        raise HTTPException(
            400, f"{called('position')} is {position[:40]!r}; write the number of an entry, 1 or more"
        )
    on = said.get("on")
    return TimePoint(
        int(position) if position is not None else None,
        instant("knownAt", said["knownAt"]) if "knownAt" in said else None,
        None if on in (None, NOW) else instant("on", on or ""),
        on == NOW,
        {} if said == {"on": NOW} else said,
    )


def called(name: str) -> str:
    """What the field is called that gives a parameter of an address."""
    return CALLED.get(name, f"“{name.capitalize()}”")


def instant(name: str, text: str, *, begins: bool = False) -> datetime:
    """An instant, or the end of a day, or where it `begins`; raises HTTPException (400) naming the parameter."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            found = calendar.start_of_day(day) if begins else calendar.end_of_day(day)
        else:
            said = datetime.fromisoformat(text.replace(" ", "+"))
            found = (said if said.tzinfo else said.replace(tzinfo=calendar.ENGLAND)).astimezone(UTC)
        if found.year in YEARS:
            return found
    except (ValueError, OverflowError):
        pass
    words = "write a day such as 2023-01-31, or an instant such as 2023-01-31T12:00:00Z"
    raise HTTPException(400, f"{called(name)} is {text[:40]!r}; {words}")
