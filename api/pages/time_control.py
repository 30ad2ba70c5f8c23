"""Point in time at which a page is read, from its address.

`position` or `knownAt` selects what had been recorded; `on` is the effective instant. An earlier point is judged
at its own time unless `on` differs; `on=now` is the present. In `knownAt` and `on`, a bare date means the end
of that day in England.
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
"""Names of the parameters that select a point in the notice's history."""
FIELD_LABELS = {
    "position": "“Entry number”",
    "knownAt": "“Recorded up to”",
    "on": "“Rules judged on”",
    "since": "“After entry”",
    "from": "“From”",
    "to": "“To”",
    "open": "“Status”",
    "slow": "“Pace”",
    "signalling": "“Signals”",
}
"""Labels of parameters that pages call by another name."""
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1


class TimePoint(Struct, frozen=True):
    """Point in a notice's history at which a page is read; the default is now."""

    position: int | None = None
    known_at: datetime | None = None
    on: datetime | None = None
    judged_now: bool = False
    """True if `on` is `now`, so that rules are judged now even at an earlier position."""
    parameters: Mapping[str, str] = {}
    """Parameters of the point in the address; empty for now. Links from `PageRequest.address` repeat them."""

    @property
    def earlier(self) -> bool:
        """True if the address selects another point in time than now."""
        return bool(self.parameters)

    @property
    def as_of(self) -> dict[str, Any] | None:
        """Variable `asOf` of a query; None for the present."""
        if self.position is not None:
            return {"position": self.position}
        return {"knownAt": self.known_at.isoformat()} if self.known_at is not None else None

    def judged(self, recorded_at: datetime | None) -> datetime | None:
        """Return the variable `on` of a query; None for the present.

        Args:
            recorded_at: Recording time of the entry at the point's position; None without a position.
        """
        if self.on is not None or self.judged_now:
            return self.on
        return self.known_at or recorded_at


def point_of(params: Mapping[str, str]) -> TimePoint:
    """Return the point in time that the parameters of an address select.

    Raises:
        HTTPException: 400 for an invalid parameter, which the message names.
    """
    parameters = {name: params[name].strip() for name in NAMES if params.get(name, "").strip()}
    if "position" in parameters and "knownAt" in parameters:
        raise HTTPException(
            400,
            f"{field_label('knownAt')} and {field_label('position')} exclude each other; enter one of them",
        )
    position = parameters.get("position")
    if position is not None and not (_POSITION.fullmatch(position) and int(position) <= _LARGEST):
        raise HTTPException(
            400, f"{field_label('position')} is {position[:40]!r}; enter the number of an entry, 1 or more"
        )
    on = parameters.get("on")
    return TimePoint(
        int(position) if position is not None else None,
        instant("knownAt", parameters["knownAt"]) if "knownAt" in parameters else None,
        None if on in (None, NOW) else instant("on", on or ""),
        on == NOW,
        {} if parameters == {"on": NOW} else parameters,
    )


def field_label(name: str) -> str:
    """Return the label of the field for a parameter of an address."""
    return FIELD_LABELS.get(name, f"“{name.capitalize()}”")


def instant(name: str, text: str, *, begins: bool = False) -> datetime:
    """Return the instant of a parameter's text.

    Args:
        name: Name of the parameter.
        text: Instant or date.
        begins: True for the beginning of a date's day in England; False for its end.

    Raises:
        HTTPException: 400 for any other text; the message names the parameter.
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            moment = calendar.start_of_day(day) if begins else calendar.end_of_day(day)
        else:
            local = datetime.fromisoformat(text.replace(" ", "+"))
            moment = (local if local.tzinfo else local.replace(tzinfo=calendar.ENGLAND)).astimezone(UTC)
        if moment.year in YEARS:
            return moment
    except (ValueError, OverflowError):
        pass
    advice = "enter a date such as 2023-01-31, or a time such as 2023-01-31T12:00:00Z"
    raise HTTPException(400, f"{field_label(name)} is {text[:40]!r}; {advice}")
