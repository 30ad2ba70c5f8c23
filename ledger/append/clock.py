"""The clock that sets the time of recording."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time by the machine's clock."""
    return datetime.now(UTC)
