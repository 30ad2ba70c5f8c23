"""The folded state of one notice: what the rules need to know, and nothing that only a reader asks."""

from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ledger.errors import Refusal
from ledger.facts import access, board, evidence, notice, people, plan, records
from ledger.facts.access import AccessState
from ledger.facts.board import BoardState
from ledger.facts.evidence import EvidenceState
from ledger.facts.fact import Fact, When, Who
from ledger.facts.notice import NoticeIssued, NoticeState
from ledger.facts.people import PeopleState
from ledger.facts.plan import PlanState
from ledger.facts.records import RecordsState

if TYPE_CHECKING:
    from ledger.entry import Entry

AREAS: tuple[ModuleType, ...] = (notice, plan, board, evidence, access, people, records)
_AREA = {fact: area for area in AREAS for fact in area.FACTS}


class State(Struct):
    """Everything that `admit` may look at; `position` is that of the last entry folded in."""

    position: int = 0
    recorded_at: datetime | None = None
    notice: NoticeState = field(default_factory=NoticeState)
    plan: PlanState = field(default_factory=PlanState)
    board: BoardState = field(default_factory=BoardState)
    evidence: EvidenceState = field(default_factory=EvidenceState)
    access: AccessState = field(default_factory=AccessState)
    people: PeopleState = field(default_factory=PeopleState)
    records: RecordsState = field(default_factory=RecordsState)


def admit(state: State, fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Every reason why the fact may not be recorded now; none means that it may."""
    if state.notice.issued_on is None and not isinstance(fact, NoticeIssued):
        yield Refusal("NO_NOTICE", "this ledger has no notice yet; its first entry must be NoticeIssued")
        return
    yield from _AREA[type(fact)].admit(state, fact, who, when)


def evolve(state: State, entry: "Entry") -> None:
    """Folds one entry in; entries come in order of position, each once."""
    state.people.sources.setdefault(entry.source, entry.actor)  # before a token can give it to somebody else
    _AREA[type(entry.fact)].evolve(state, entry)
    state.position, state.recorded_at = entry.position, entry.recorded_at
