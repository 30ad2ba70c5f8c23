"""The folded state of one notice: the values that rules need, without values that only readers need.

Areas may read each other's state, because a rule often spans areas. They import each other's state types for type
checking only, so the modules load in any order.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, get_type_hints

from msgspec import Struct, field

from ledger.domain import duties, lifecycle, rules
from ledger.domain.areas.access import AccessState
from ledger.domain.areas.actions import ActionsState
from ledger.domain.areas.adviser import AdviserState
from ledger.domain.areas.board import BoardState
from ledger.domain.areas.duties import DutiesState
from ledger.domain.areas.engagement import EngagementState
from ledger.domain.areas.escalation import EscalationState
from ledger.domain.areas.evidence import EvidenceState
from ledger.domain.areas.lineage import LineageState
from ledger.domain.areas.measures import MeasuresState
from ledger.domain.areas.meetings import MeetingsState
from ledger.domain.areas.notice import NoticeIssued, NoticeState
from ledger.domain.areas.partners import PartnersState
from ledger.domain.areas.people import PeopleState
from ledger.domain.areas.plan import PlanState
from ledger.domain.areas.recommendations import RecommendationsState
from ledger.domain.areas.records import RecordsState
from ledger.domain.areas.reports import AdviserReportIssued, ReportsState
from ledger.domain.areas.reviews import ReviewsState
from ledger.domain.areas.risks import RisksState
from ledger.domain.entry import occurred
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, When, Who
from ledger.domain.rules import report_content

if TYPE_CHECKING:
    from ledger.domain.entry import Entry


class State(Struct):
    """The state of a notice after the entry at `position`, with one field for each area in the areas' order."""

    position: int = 0
    recorded_at: datetime | None = None
    lifecycles: lifecycle.Lifecycles = {}
    notice: NoticeState = field(default_factory=NoticeState)
    lineage: LineageState = field(default_factory=LineageState)
    adviser: AdviserState = field(default_factory=AdviserState)
    plan: PlanState = field(default_factory=PlanState)
    actions: ActionsState = field(default_factory=ActionsState)
    risks: RisksState = field(default_factory=RisksState)
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
    duties: DutiesState = field(default_factory=DutiesState)
    people: PeopleState = field(default_factory=PeopleState)
    records: RecordsState = field(default_factory=RecordsState)


def _areas() -> Iterator[ModuleType]:
    """Yield the module of each area's state, in the order of the fields of `State`."""
    for hint in get_type_hints(State).values():
        module = sys.modules[getattr(hint, "__module__", __name__)]
        if module.__name__.startswith("ledger.domain.areas."):
            yield module


def _facts(area: ModuleType) -> Iterator[type[Fact]]:
    """Yield the facts that an area's module declares, in the order of declaration."""
    for each in vars(area).values():
        if isinstance(each, type) and issubclass(each, Fact) and each.__module__ == area.__name__:
            yield each


AREAS: tuple[ModuleType, ...] = tuple(_areas())
"""Modules of the areas, each with its facts, `admit` and `evolve`."""
_AREA = {fact: area for area in AREAS for fact in _facts(area)}
FACTS: tuple[type[Fact], ...] = tuple(_AREA)
"""Every fact, area by area."""
_DECLARATIONS = lifecycle.declarations(_AREA)


def admit(state: State, fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact, from the first group of rules that refuses the fact."""
    if state.notice.issued_on is None and not isinstance(fact, NoticeIssued):
        yield Refusal("NO_NOTICE", "this ledger has no notice yet; its first entry must be NoticeIssued")
        return
    closed = state.notice.closed_at
    if closed is not None and occurred(fact, when.occurred_at) >= closed and not fact.outlives:
        message = f"entry {state.notice.closed} closed the notice; give an earlier fact its own time"
        yield Refusal("NOTICE_CLOSED", message, "time")
        return
    declaration, in_set_up = _DECLARATIONS[type(fact)], duties.sets_up(state.people, who, when.recorded_at)
    yield from (
        [*lifecycle.judge(state.lifecycles, declaration, fact, state.people.roles, new_actors=in_set_up)]
        or [*_AREA[type(fact)].admit(state, fact, who, when)]
        or [*rules.admit(state.notice, state.lifecycles.get("area", ()), fact)]
        or (report_content.admit(state, fact) if isinstance(fact, AdviserReportIssued) else ())
    )


def evolve(state: State, entry: "Entry") -> None:
    """Fold one entry into the state. Entries come in order of position, each once."""
    # Before the fact is folded, so that a token cannot give away a source that another actor has used.
    state.people.record_use(entry)
    lifecycle.evolve(state.lifecycles, _DECLARATIONS[type(entry.fact)], entry)
    _AREA[type(entry.fact)].evolve(state, entry)
    state.position, state.recorded_at = entry.position, entry.recorded_at
