"""The clock that sets the time of recording, and its comparison with other clocks.

Times of recording only rise within a notice. So after one entry recorded far ahead, the notice's later entries
would be ahead too.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ledger.domain.errors import ClockWrong
from ledger.store.entries import CLOCK_BOUND_SECONDS

Clock = Callable[[], datetime]
BOUND = timedelta(seconds=CLOCK_BOUND_SECONDS)
"""Largest accepted difference between two clocks."""
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _wall() -> datetime:
    return datetime.now(UTC)


def _elapsed() -> float:
    """Return the seconds since the machine started, including sleep. Setting the clock does not change them."""
    return time.clock_gettime(_ELAPSED)


class MachineClock:
    """The machine's clock, compared with other clocks. Simulated clocks are functions, and are not compared."""

    def __init__(self, wall: Clock = _wall, elapsed: Callable[[], float] = _elapsed) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._start = (wall(), elapsed())

    def __call__(self) -> datetime:
        """Return the time by the machine's clock."""
        return self._wall()

    def check_elapsed(self) -> None:
        """Raise ClockWrong when the clock gained more than `BOUND` since this object was created."""
        started, elapsed = self._start
        gained = self._wall() - started - timedelta(seconds=self._elapsed() - elapsed)
        if gained > BOUND:
            raise ClockWrong(
                f"the machine's clock jumped ahead by {gained.total_seconds():,.0f} s; nothing is recorded. "
                "Set the clock, and restart the service if it is right"
            )

    def check_against(self, database: datetime) -> None:
        """Raise ClockWrong when the clock differs from the database's by more than `BOUND`."""
        ahead = self._wall() - database
        if abs(ahead) > BOUND:
            direction = "ahead of" if ahead > timedelta() else "behind"
            raise ClockWrong(
                f"the machine's clock is {abs(ahead).total_seconds():,.0f} s {direction} the database's; nothing "
                "is recorded. Set both clocks, then send it again"
            )


now = MachineClock()
"""Clock of every ledger that has no simulated clock."""


def check_last(notice: str, last: datetime | None, database: datetime) -> None:
    """Raise ClockWrong when a notice's last entry is more than `BOUND` ahead of the database's clock."""
    if last is not None and last - database > BOUND:
        raise ClockWrong(
            f"a wrong clock recorded the last entry of {notice} at {last:%Y-%m-%dT%H:%M:%SZ}, ahead of the "
            f"database's clock: nothing can be recorded before then. {notice} can be read; "
            f"ledger verify {notice} names the first such entry"
        )
