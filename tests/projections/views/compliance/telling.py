"""How these tests tell a rule what happened, and ask what it says on a day."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.areas.notice import Modality
from ledger.domain.fact import Fact, Narrative
from projections.views.compliance.rules import KINDS
from projections.views.compliance.timeline import ClauseTimeline
from projections.views.compliance.verdict import ClauseQuestion, Occurrence

LONDON = ZoneInfo("Europe/London")
WORDS = Narrative("A" * 43 + "=")
Told = tuple[str, Fact]
"""When, such as 2022-07-05 or 2022-07-05T14:30 in London (a bare day: at noon), and what."""


def instant(text: str) -> datetime:
    """An instant in London; a bare day is noon."""
    day = date.fromisoformat(text[:10])
    return datetime.combine(day, time.fromisoformat(text[11:]) if "T" in text else time(12), LONDON).astimezone(
        UTC
    )


def happenings(*told: Told, first: int = 100) -> list[Occurrence]:
    """Facts as entries 100, 101 and so on."""
    return [Occurrence(instant(at), first + index, fact) for index, (at, fact) in enumerate(told)]


def course(
    rule: str, *told: Told, since: str = "2022-07-05T00:00", modality: str = "MUST", **parameters: Any
) -> ClauseTimeline:
    """The course of a clause with that rule, registered by entry 1."""
    asked = ClauseQuestion("c", Modality(modality), parameters, 1, instant(since), LONDON)
    return ClauseTimeline(asked, KINDS[rule](), happenings(*told))


def statuses(of: ClauseTimeline, *days: str) -> list[str]:
    """Its status on each day."""
    found = [of.on(instant(day)) for day in days]
    return ["" if span is None else span.verdict.status.value for span in found]
