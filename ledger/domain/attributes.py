"""Rules about the attributes of an event of any kind: its own time and the clauses that it names. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ledger.domain.errors import Refusal

if TYPE_CHECKING:
    from ledger.domain.areas.notice import NoticeState

AHEAD = timedelta(seconds=60)
"""Longest time by which a fact's own time may be ahead of the ledger's clock."""


def time_refusals(time: datetime | None, at: datetime) -> Iterator[Refusal]:
    """Yield a refusal if an event's own time is later than the instant of recording by more than `AHEAD`."""
    if time is not None and time > at + AHEAD:
        message = (
            f"the time is ahead of the ledger's clock, {at:%Y-%m-%dT%H:%M:%SZ}; "
            "record the event once it has happened"
        )
        yield Refusal("TIME_AHEAD", message, "time")


def clause_refusals(notice: "NoticeState", names: Iterable[str]) -> Iterator[Refusal]:
    """Yield a refusal for each named clause that the notice lacks; nothing if no clauses are registered."""
    for name in names:
        if notice.clauses and name not in notice.clauses:
            known = ", ".join(notice.clauses)
            yield Refusal("NOT_FOUND", f"the notice has no clause {name}; its clauses are {known}", "clauses")
