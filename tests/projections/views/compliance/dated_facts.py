"""Helpers of the rules' tests: occurrences from facts, and a clause's status on a day."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.areas.notice import Modality
from ledger.domain.entry import occurred
from ledger.domain.fact import Fact, Narrative
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import ClauseTimeline, judge_of
from projections.views.compliance.verdict import JudgedClause, Occurrence

LONDON = ZoneInfo("Europe/London")
WORDS = Narrative("A" * 43 + "=")
DatedFact = tuple[str, Fact]
"""An instant in London, such as 2022-07-05T14:30 or 2022-07-05 (noon), and a fact reported then."""


def instant(text: str) -> datetime:
    """Return an instant in London; a bare day is noon."""
    day = date.fromisoformat(text[:10])
    return datetime.combine(day, time.fromisoformat(text[11:]) if "T" in text else time(12), LONDON).astimezone(
        UTC
    )


def occurrences(*dated: DatedFact, first: int = 100, role: str = "ADVISER") -> list[Occurrence]:
    """Return the facts as entries 100, 101 and so on, each on the day that it states."""
    return [
        Occurrence(occurred(fact, instant(at)), first + index, fact, role)
        for index, (at, fact) in enumerate(dated)
    ]


def clause_of(rule: str, since: str, modality: str, parameters: dict[str, Any]) -> JudgedClause:
    """Return a clause with that rule, registered by entry 1."""
    return JudgedClause("c", Modality(modality), rule, parameters, 1, instant(since), LONDON)


def timeline(
    rule: str, *dated: DatedFact, since: str = "2022-07-05T00:00", modality: str = "MUST", **parameters: Any
) -> ClauseTimeline:
    """Return the timeline of a clause with that rule."""
    clause = clause_of(rule, since, modality, parameters)
    return ClauseTimeline(clause, judge_of(clause, JUDGES), occurrences(*dated))


def statuses(of: ClauseTimeline, *days: str) -> list[str]:
    """Return its status on each day."""
    spans = [of.on(instant(day)) for day in days]
    return ["" if span is None else span.verdict.status.value for span in spans]
