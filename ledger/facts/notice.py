"""The notice itself: its issue, its clauses and the obligations they carry, its areas for priority action."""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.fact import (
    CODE_PATTERN,
    ClauseNumber,
    Code,
    CodeBesideList,
    Count,
    Day,
    Digest,
    Fact,
    Id,
    Narrative,
    OnsCode,
    When,
    Who,
    Words,
    reference,
)

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

AreaId = Annotated[str, reference("area", "An area for priority action of this notice, such as 1a.")]


class NoticeKind(Words):
    """The legal instrument."""

    IMPROVEMENT_NOTICE = "IMPROVEMENT_NOTICE"
    STATUTORY_DIRECTION = "STATUTORY_DIRECTION"


class Obligor(Words):
    """Who owes what a clause asks."""

    COUNCIL = "COUNCIL"
    DEPARTMENT = "DEPARTMENT"
    ADVISER = "ADVISER"
    MINISTERS = "MINISTERS"
    COMMISSIONER = "COMMISSIONER"
    REGULATOR = "REGULATOR"


class Modality(Words):
    """How strongly a clause asks; a MAY is never breached."""

    MUST = "MUST"
    WILL = "WILL"
    SHOULD = "SHOULD"
    MAY = "MAY"


Parameter = bool | Count | CodeBesideList | list[Code]


class NoticeIssued(Fact, frozen=True, kw_only=True):
    """A notice was issued to a council: the first entry of its ledger."""

    act: ClassVar[str] = "issueNotice"
    clause: ClassVar[str] = "head"

    kind: NoticeKind
    council: OnsCode
    issuer: Annotated[Code, Meta(description="Who issued it, such as DfE.")]
    issued_on: Day
    title: Narrative
    trigger: Annotated[Narrative, Meta(description="What led to it, such as an inspection report.")]
    zone: Annotated[Code, Meta(description="The IANA time zone in which its days are counted.")] = "Europe/London"
    predecessor: Annotated[Id | None, Meta(description="The notice that this one follows.")] = None
    pack_digest: Annotated[Digest, Meta(description="SHA-256 of the notice pack it was read from.")]


class ClauseRegistered(Fact, frozen=True, kw_only=True):
    """A clause of the notice, and the obligation that it carries."""

    act: ClassVar[str] = "registerClause"
    clause: ClassVar[str] = "head"

    number: ClauseNumber
    obligor: Obligor
    modality: Modality
    rule: Annotated[Code, Meta(description="The kind of rule by which compliance is judged.")]
    parameters: Annotated[
        dict[Code, Parameter], Meta(description="The rule's parameters, such as maximum_days: 92.")
    ] = field(default_factory=dict)
    text: Annotated[Narrative, Meta(description="What the clause asks, in the project's own words.")]


class AreaRegistered(Fact, frozen=True, kw_only=True):
    """An area for priority action, as the notice names it."""

    act: ClassVar[str] = "registerArea"
    clause: ClassVar[str] = "1"

    area: AreaId
    title: Narrative


FACTS = (NoticeIssued, ClauseRegistered, AreaRegistered)


class Clause(Struct):
    """What compliance needs to know of a clause."""

    obligor: Obligor
    modality: Modality
    rule: str
    parameters: dict[str, Parameter]
    position: int


class NoticeState(Struct):
    """What the rules need to know of the notice."""

    issued_on: date | None = None
    zone: str = "Europe/London"
    clauses: dict[str, Clause] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)

    def parameter(self, name: str, default: int) -> int:
        """The first whole-number parameter of that name among the clauses, else `default`."""
        for clause in self.clauses.values():
            value = clause.parameters.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return default


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    notice = state.notice
    match fact:
        case NoticeIssued():
            if notice.issued_on is not None:
                yield Refusal("ALREADY_EXISTS", "this ledger already holds its notice; use another ledger")
        case ClauseRegistered():
            if fact.number in notice.clauses:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"clause {fact.number} is registered already, in entry "
                    f"{notice.clauses[fact.number].position}; "
                    "a clause's text never changes, so correct that entry instead",
                    "data.number",
                )
            for name, value in fact.parameters.items():
                if isinstance(value, str) and not re.fullmatch(CODE_PATTERN, value):
                    yield Refusal(
                        "INVALID_FIELD",
                        "expected a word of letters, digits, spaces and . : _ / + % -, at most 64",
                        f"data.parameters.{name}",
                    )
        case AreaRegistered():
            if fact.area in notice.areas:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"area {fact.area} is registered already, in entry {notice.areas[fact.area]}",
                    "data.area",
                )


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, notice = entry.fact, state.notice
    match fact:
        case NoticeIssued():
            notice.issued_on, notice.zone = fact.issued_on, fact.zone
        case ClauseRegistered():
            notice.clauses[fact.number] = Clause(
                fact.obligor, fact.modality, fact.rule, dict(fact.parameters), entry.position
            )
        case AreaRegistered():
            notice.areas[fact.area] = entry.position
