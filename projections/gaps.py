"""Days that nobody covers: in a post, or by a report. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

DAY = timedelta(days=1)


class Gap(Struct, frozen=True):
    """Days that nothing covers; both included. `last` None: it goes on."""

    first: date
    last: date | None


def gaps(held: Iterable[tuple[date, date | None]], first: date, today: date) -> list[Gap]:
    """The days from `first` to `today` that none of the times held covers (both days included; None: no end)."""
    found: list[Gap] = []
    free = first
    for begins, ends in sorted(held, key=lambda time: time[0]):
        if begins > today:
            break
        if begins > free:
            found.append(Gap(free, begins - DAY))
        if ends is None:
            return found
        free = max(free, ends + DAY)
    return [*found, Gap(free, None)] if free <= today else found
