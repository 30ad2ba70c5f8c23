"""The notice: its issue, revision and end, its clauses and obligations, and its areas for priority action."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    ClauseNumber,
    Code,
    CodeBesideList,
    Count,
    Day,
    Digest,
    Fact,
    Figure,
    Id,
    Narrative,
    OnsCode,
    Sentence,
    StatedDay,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.shared_rules import code_refusals, duplicate_refusals, itself_refusals, order_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

InterpretationId = Annotated[
    str, reference("interpretation", "A decision on the meaning of a word of the notice.")
]
AreaId = Annotated[str, reference("area", "An area for priority action of this notice, such as 1a.")]


class NoticeKind(WordList):
    """The kind of legal instrument."""

    IMPROVEMENT_NOTICE = "IMPROVEMENT_NOTICE"
    """An improvement notice."""
    STATUTORY_DIRECTION = "STATUTORY_DIRECTION"
    """A direction that binds the council in law."""
    BEST_VALUE_NOTICE = "BEST_VALUE_NOTICE"
    """A best value notice."""
    WARNING_NOTICE = "WARNING_NOTICE"
    """A warning notice."""
    CAUSE_OF_CONCERN = "CAUSE_OF_CONCERN"
    """A cause of concern that an inspectorate raised."""
    OTHER = "OTHER"
    """Another instrument; its title names it."""


class Obligor(WordList):
    """The body that has to meet a clause."""

    COUNCIL = "COUNCIL"
    """The council that the notice is issued to."""
    DEPARTMENT = "DEPARTMENT"
    """The Department for Education."""
    ADVISER = "ADVISER"
    """The adviser whom the Department appoints."""
    MINISTERS = "MINISTERS"
    """The Secretary of State and the ministers."""
    COMMISSIONER = "COMMISSIONER"
    """A commissioner whom ministers appoint."""
    REGULATOR = "REGULATOR"
    """The inspectorate."""


class Modality(WordList):
    """The strength of a clause; a clause with “may” is never breached."""

    MUST = "MUST"
    """The clause states a requirement."""
    WILL = "WILL"
    """The clause announces something as certain."""
    SHOULD = "SHOULD"
    """The clause states an expectation."""
    MAY = "MAY"
    """The clause states a permission."""


class Outcome(WordList):
    """The way in which a notice ended."""

    FULFILLED = "FULFILLED"
    """The obligations were met."""
    STEPPED_DOWN = "STEPPED_DOWN"
    """A milder instrument follows."""
    ESCALATED = "ESCALATED"
    """A stronger instrument follows."""
    REPLACED = "REPLACED"
    """Another notice of the same kind follows."""
    WITHDRAWN = "WITHDRAWN"
    """The notice was withdrawn."""
    EXPIRED = "EXPIRED"
    """The term of the notice ended."""


Field = Count | Figure | CodeBesideList
Table = dict[Code, Field]
Parameter = bool | Count | Figure | CodeBesideList | list[CodeBesideList | Table] | Table
"""Value of a parameter of a clause's rule, as stored in entries. `ledger.domain.rules` declares its exact type."""


def _one_predecessor(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data as version 2 data: the predecessor, if any, becomes a list of one notice."""
    predecessor = data.get("predecessor")
    rest = {name: value for name, value in data.items() if name != "predecessor"}
    return rest if predecessor is None else {**rest, "predecessors": [predecessor]}


class NoticeIssued(Fact, frozen=True, kw_only=True):
    """A notice was issued to a public body; this is the first entry of the notice's ledger."""

    act: ClassVar[str] = "issueNotice"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_one_predecessor,)
    stated_day: ClassVar[StatedDay | None] = StatedDay("issued_on", from_start=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{issuer} issued this {kind}[ to the council of {council}][ to {body}][ ({body_code})] on {issued_on}: "
        "{title}[, following {predecessors}][; it expires on {expires_on}]",
        (("the notice", "state", "in force"),),
    )

    kind: NoticeKind
    council: Annotated[OnsCode | None, Meta(description="The council, if the notice was issued to one.")] = None
    issuer: Annotated[Code, Meta(description="The issuer, such as DfE.")]
    issued_on: Day
    title: Narrative
    trigger: Annotated[Narrative, Meta(description="The event behind the notice, such as an inspection report.")]
    zone: Annotated[Code, Meta(description="The IANA time zone of the notice's days.")] = "Europe/London"
    pack_digest: Annotated[Digest, Meta(description="SHA-256 of the notice pack from which the notice was read.")]
    predecessors: Annotated[list[Id], Meta(description="The notices that this one follows.")] = []
    body: Annotated[Code | None, Meta(description="The other public body, such as an NHS trust.")] = None
    body_code: Annotated[Code | None, Meta(description="The body's code, such as RMP for an NHS trust.")] = None
    expires_on: Annotated[Day | None, Meta(description="The last day of the notice's term, if any.")] = None


class ClauseRegistered(Fact, frozen=True, kw_only=True):
    """A clause of the notice was registered, with the obligation that it carries."""

    act: ClassVar[str] = "registerClause"
    sentence: ClassVar[Sentence] = Sentence(
        "Clause {number} was registered ({obligor} {modality}) with this rule: {rule}",
        (("clause {number}", "responsible", "{obligor} {modality}"), ("clause {number}", "rule", "{rule}")),
    )

    number: ClauseNumber
    obligor: Obligor
    modality: Modality
    rule: Annotated[Code, Meta(description="The kind of rule by which compliance is judged.")]
    parameters: Annotated[
        dict[Code, Parameter], Meta(description="The rule's parameters, such as maximum_days: 92.")
    ] = {}
    text: Annotated[Narrative, Meta(description="A summary of the clause; the notice itself is authoritative.")]
    under: Annotated[
        ClauseNumber | None,
        Meta(description="The clause under which this one was added; absent for the notice's own clauses."),
    ] = None


class AreaRegistered(Fact, frozen=True, kw_only=True):
    """An area for priority action was registered, as the notice names it."""

    act: ClassVar[str] = "registerArea"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Area {area} was registered for priority action: {title}",
        (("area {area}", "state", "for priority action"),),
    )

    area: AreaId
    title: Narrative


class AreaClosed(Fact, frozen=True, kw_only=True):
    """An area for priority action was closed; the notice's other areas stay as they are."""

    act: ClassVar[str] = "closeArea"
    ends: ClassVar[str] = "closed"
    stated_day: ClassVar[StatedDay | None] = StatedDay("closed_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Area {area} was closed on {closed_on}: {reason}", (("area {area}", "state", "closed"),), decision=True
    )

    area: AreaId
    closed_on: Day
    reason: Narrative


class AreaCarriedOver(Fact, frozen=True, kw_only=True):
    """An area continues under the notice that replaces this one."""

    act: ClassVar[str] = "carryOverArea"
    ends: ClassVar[str] = "carried over"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Area {area} was carried over to the notice {successor}[, as its area {successor_area}]",
        (("area {area}", "state", "carried over to {successor}"),),
        decision=True,
    )

    area: AreaId
    successor: Annotated[Id, Meta(description="The notice under which the area continues.")]
    successor_area: Annotated[Id | None, Meta(description="Its reference there; absent if the same.")] = None


class InterpretationAdopted(Fact, frozen=True, kw_only=True):
    """A body decided the meaning of a word that the notice leaves open; the meaning applies from then on."""

    act: ClassVar[str] = "adoptInterpretation"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The {adopted_by} decided ({interpretation}) what “{word}” means in clause {number}: {meaning}",
        (("clause {number}", "meaning of {word}", "{meaning}"),),
        decision=True,
    )

    interpretation: InterpretationId
    number: Annotated[ClauseNumber, Meta(description="The clause that contains the word.")]
    word: Annotated[Code, Meta(description="The word, such as regular.")]
    meaning: Narrative
    adopted_by: Annotated[Code, Meta(description="The body that adopted it, such as improvement board.")]
    parameters: Annotated[
        dict[Code, Parameter], Meta(description="The resulting parameters of the clause's rule.")
    ] = {}


class Revision(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The new parameters of a clause's rule; the clause's wording stays."""

    number: ClauseNumber
    parameters: dict[Code, Parameter]


class NoticeRevised(Fact, frozen=True, kw_only=True):
    """The issuer changed a requirement of the notice, such as its delivery date."""

    act: ClassVar[str] = "reviseNotice"
    stated_day: ClassVar[StatedDay | None] = StatedDay("revised_on", from_start=True)
    sentence: ClassVar[Sentence] = Sentence(
        "The notice was revised on {revised_on}, as to clause {clauses.number}: {reason}",
        (("the notice", "revised", "on {revised_on}"),),
        decision=True,
    )

    revised_on: Day
    reason: Narrative
    clauses: Annotated[list[Revision], Meta(min_length=1, description="The revised clauses.")]


class NoticeClosed(Fact, frozen=True, kw_only=True):
    """The notice ended: fulfilled, withdrawn, expired, or followed by a stronger, milder or similar instrument."""

    act: ClassVar[str] = "closeNotice"
    stated_day: ClassVar[StatedDay | None] = StatedDay("closed_on")
    sentence: ClassVar[Sentence] = Sentence(
        "The notice was closed on {closed_on} as {outcome}: {reason}[; {successor} follows it]",
        (("the notice", "state", "closed, {outcome}"),),
        decision=True,
    )

    closed_on: Day
    outcome: Outcome
    reason: Narrative
    successor: Annotated[Id | None, Meta(description="The notice that follows.")] = None


class ClauseState(Struct):
    """A clause's obligation, with the position of its entry."""

    obligor: Obligor
    modality: Modality
    rule: str
    parameters: dict[str, Parameter]
    position: int


class NoticeState(Struct):
    """The notice's id, dates, time zone and clauses."""

    notice: str = ""
    """Id of the notice; empty until it is issued."""
    issued_on: date | None = None
    zone: str = "Europe/London"
    clauses: dict[str, ClauseState] = {}
    closed: int | None = None
    """Position of the entry that closed the notice; None while the notice is open."""
    closed_at: datetime | None = None
    expires_on: date | None = None
    """Last day of the notice's term; None if the notice has no term."""

    def parameter(self, name: str, default: int) -> int:
        """Return the first whole number that a clause sets for this parameter, or `default` if no clause does."""
        for clause in self.clauses.values():
            value = clause.parameters.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return default


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    notice = state.notice
    match fact:
        case NoticeIssued():
            if notice.issued_on is not None:
                yield Refusal("ALREADY_EXISTS", "this ledger already has its notice; use another ledger")
            yield from _admit_notice(fact)
        case ClauseRegistered():
            yield from _admit_clause(notice, fact)
        case AreaCarriedOver():
            yield from itself_refusals(notice.notice, fact.successor, "data.successor")
        case InterpretationAdopted():
            yield from _clause_refusals(notice, fact.number, "data.number")
            yield from code_refusals(fact.parameters, "data.parameters")
        case NoticeRevised():
            for index, revision in enumerate(fact.clauses):
                yield from _clause_refusals(notice, revision.number, f"data.clauses[{index}].number")
                yield from code_refusals(revision.parameters, f"data.clauses[{index}].parameters")
        case NoticeClosed():
            yield from _closing_refusals(notice, fact)


def _closing_refusals(notice: NoticeState, fact: NoticeClosed) -> Iterator[Refusal]:
    yield from order_refusals(notice.issued_on or fact.closed_on, fact.closed_on, "data.closedOn")
    yield from itself_refusals(notice.notice, fact.successor, "data.successor")
    if fact.successor is None and fact.outcome in (Outcome.ESCALATED, Outcome.REPLACED):
        message = f"a notice that was {fact.outcome.meaning} has a successor; name it"
        yield Refusal("MISSING_FIELD", message, "data.successor")
    if fact.outcome is not Outcome.EXPIRED:
        return
    if notice.expires_on is None:
        message = "this notice has no term that could expire; choose another outcome"
        yield Refusal("OUT_OF_RANGE", message, "data.outcome")
    elif fact.closed_on < notice.expires_on:
        message = f"the term lasts until {notice.expires_on}; close it from that day on, or choose another outcome"
        yield Refusal("OUT_OF_RANGE", message, "data.outcome")


def _admit_notice(fact: NoticeIssued) -> Iterator[Refusal]:
    if (fact.council is None) == (fact.body is None):
        message = "a notice is issued to a council, by its code, or to another body, by its name; give one of them"
        yield Refusal("MISSING_FIELD", message, "data.council")
    if fact.body_code is not None and fact.body is None:
        yield Refusal("MISSING_FIELD", "the code is of another body than a council; name the body", "data.body")
    yield from duplicate_refusals(fact.predecessors, "data.predecessors")
    yield from order_refusals(fact.issued_on, fact.expires_on, "data.expiresOn")


def _admit_clause(notice: NoticeState, fact: ClauseRegistered) -> Iterator[Refusal]:
    known = notice.clauses.get(fact.number)
    if known is not None:
        message = f"clause {fact.number} is already registered, in entry {known.position}"
        remedy = "its wording cannot change, so correct that entry instead"
        yield Refusal("ALREADY_EXISTS", f"{message}; {remedy}", "data.number")
    if fact.under is not None:
        yield from _clause_refusals(notice, fact.under, "data.under")
    yield from code_refusals(fact.parameters, "data.parameters")


def _clause_refusals(notice: NoticeState, number: str, path: str) -> Iterator[Refusal]:
    if number not in notice.clauses:
        registered = ", ".join(notice.clauses) or "none yet"
        yield Refusal("NOT_FOUND", f"no clause {number} in this notice; its clauses are {registered}", path)


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, notice = entry.fact, state.notice
    match fact:
        case NoticeIssued():
            notice.notice, notice.zone = entry.notice, fact.zone
            notice.issued_on, notice.expires_on = fact.issued_on, fact.expires_on
        case NoticeClosed():
            notice.closed, notice.closed_at = entry.position, entry.occurred_at
        case _:
            evolve_clauses(notice.clauses, fact, entry.position)


def evolve_clauses(clauses: dict[str, ClauseState], fact: Fact, position: int) -> None:
    """Fold a fact about clauses into the states of the clauses."""
    match fact:
        case ClauseRegistered():
            clauses[fact.number] = ClauseState(
                fact.obligor, fact.modality, fact.rule, dict(fact.parameters), position
            )
        case InterpretationAdopted():
            clauses[fact.number].parameters.update(fact.parameters)
        case NoticeRevised():
            for revision in fact.clauses:
                clauses[revision.number].parameters.update(revision.parameters)
