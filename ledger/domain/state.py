"""The folded state of one notice: what the rules need to know, and nothing that only a reader asks."""

from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ledger.domain.areas import (
    access,
    actions,
    adviser,
    board,
    engagement,
    escalation,
    evidence,
    measures,
    meetings,
    notice,
    partners,
    people,
    plan,
    recommendations,
    records,
    reports,
    reviews,
)
from ledger.domain.areas.access import AccessState
from ledger.domain.areas.actions import ActionsState
from ledger.domain.areas.adviser import AdviserState
from ledger.domain.areas.board import BoardState
from ledger.domain.areas.engagement import EngagementState
from ledger.domain.areas.escalation import EscalationState
from ledger.domain.areas.evidence import EvidenceState
from ledger.domain.areas.measures import MeasuresState
from ledger.domain.areas.meetings import MeetingsState
from ledger.domain.areas.notice import NoticeIssued, NoticeState
from ledger.domain.areas.partners import PartnersState
from ledger.domain.areas.people import PeopleState
from ledger.domain.areas.plan import PlanState
from ledger.domain.areas.recommendations import RecommendationsState
from ledger.domain.areas.records import RecordsState
from ledger.domain.areas.reports import ReportsState
from ledger.domain.areas.reviews import ReviewsState
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, When, Who
from ledger.domain.lifecycle import Lives, judge, live, parts

if TYPE_CHECKING:
    from ledger.domain.entry import Entry

AREAS: tuple[ModuleType, ...] = (
    notice,
    adviser,
    plan,
    actions,
    recommendations,
    partners,
    measures,
    board,
    meetings,
    reports,
    engagement,
    reviews,
    access,
    evidence,
    escalation,
    people,
    records,
)
_AREA = {fact: area for area in AREAS for fact in area.FACTS}
_PARTS = parts(_AREA)


class State(Struct):
    """Everything that `admit` may look at; `position` is that of the last entry folded in."""

    position: int = 0
    recorded_at: datetime | None = None
    lives: Lives = field(default_factory=dict)
    notice: NoticeState = field(default_factory=NoticeState)
    adviser: AdviserState = field(default_factory=AdviserState)
    plan: PlanState = field(default_factory=PlanState)
    actions: ActionsState = field(default_factory=ActionsState)
    recommendations: RecommendationsState = field(default_factory=RecommendationsState)
    partners: PartnersState = field(default_factory=PartnersState)
    measures: MeasuresState = field(default_factory=MeasuresState)
    board: BoardState = field(default_factory=BoardState)
    meetings: MeetingsState = field(default_factory=MeetingsState)
    reports: ReportsState = field(default_factory=ReportsState)
    engagement: EngagementState = field(default_factory=EngagementState)
    reviews: ReviewsState = field(default_factory=ReviewsState)
    access: AccessState = field(default_factory=AccessState)
    evidence: EvidenceState = field(default_factory=EvidenceState)
    escalation: EscalationState = field(default_factory=EscalationState)
    people: PeopleState = field(default_factory=PeopleState)
    records: RecordsState = field(default_factory=RecordsState)


def admit(state: State, fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Every reason why the fact may not be recorded now; none means that it may."""
    if state.notice.issued_on is None and not isinstance(fact, NoticeIssued):
        yield Refusal("NO_NOTICE", "this ledger has no notice yet; its first entry must be NoticeIssued")
        return
    closed = state.notice.closed_at
    if closed is not None and when.occurred_at >= closed and not fact.outlives:
        yield Refusal(
            "NOTICE_CLOSED",
            f"the notice was closed in entry {state.notice.closed}; what happened before may still be recorded "
            "with its own time",
            "time",
        )
        return
    refusals = list(judge(state.lives, _PARTS[type(fact)], fact))
    yield from refusals
    if not refusals:
        yield from _AREA[type(fact)].admit(state, fact, who, when)


def evolve(state: State, entry: "Entry") -> None:
    """Folds one entry in; entries come in order of position, each once."""
    state.people.sources.setdefault(entry.source, entry.actor)  # before a token can give it to somebody else
    live(state.lives, _PARTS[type(entry.fact)], entry)
    _AREA[type(entry.fact)].evolve(state, entry)
    state.position, state.recorded_at = entry.position, entry.recorded_at
