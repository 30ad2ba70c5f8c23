"""The improvement board and other boards: chairs, members, interests, timetables and decisions."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.duties import self_refusals
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Code,
    Count,
    Day,
    Fact,
    Id,
    Narrative,
    Sentence,
    StatedDay,
    Upcast,
    When,
    Who,
    reference,
)
from ledger.domain.shared_rules import board_refusals, order_refusals
from ledger.domain.terms import Term, end_refusals, term_on

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

DecisionId = Annotated[str, reference("decision", "A decision of a board.")]
BoardId = Annotated[str, reference("board", "A board other than the improvement board.", known=False)]
BoardName = Annotated[BoardId | None, Meta(description="The board; absent: the improvement board.")]


def board_unnamed(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: the fact concerns the improvement board."""
    return data


class BoardEstablished(Fact, frozen=True, kw_only=True):
    """The improvement board or another board was set up, with its terms of reference."""

    act: ClassVar[str] = "establishBoard"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    sentence: ClassVar[Sentence] = Sentence(
        "The board[ {board}] was established[, with a quorum of {quorum}]: {terms_of_reference}",
        (("the board[ {board}]", "state", "established"),),
        decision=True,
    )

    terms_of_reference: Narrative
    quorum: Annotated[Count | None, Meta(description="The number of members who must attend for a quorum.")] = None
    board: BoardName = None


class ChairAppointed(Fact, frozen=True, kw_only=True):
    """A chair of a board was appointed from a given day."""

    act: ClassVar[str] = "appointChair"
    about: ClassVar[str] = ""
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True, at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{chair} was appointed to chair the board[ {board}] from {first}[ to {last}][. Independent, because: "
        "{independence_basis}][. Interests: {interests}]",
        (("the board[ {board}]", "chair", "{chair}"),),
        decision=True,
    )

    chair: Annotated[ActorId, Meta(description="The actor who chairs.")]
    independence_basis: Annotated[
        Narrative | None,
        Meta(description="The reason why the chair is independent of the council; required if the notice asks."),
    ] = None
    interests: Annotated[list[Narrative], Meta(description="The interests that the chair declared.")] = []
    first: Annotated[Day, Meta(description="The first day.")]
    last: Annotated[Day | None, Meta(description="The last day; absent while the chair has no end date.")] = None
    board: BoardName = None


class ChairEnded(Fact, frozen=True, kw_only=True):
    """The chair of a board resigned or was removed."""

    act: ClassVar[str] = "endChair"
    about: ClassVar[str] = ""
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    stated_day: ClassVar[StatedDay | None] = StatedDay("last", at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{chair} left the chair[ of the board {board}], with {last} as the last day: {reason}",
        (("the board[ {board}]", "chair", "nobody"),),
    )

    chair: ActorId
    last: Annotated[Day, Meta(description="The chair's last day.")]
    reason: Narrative
    board: BoardName = None


class InterestDeclared(Fact, frozen=True, kw_only=True):
    """A person on the board declared an interest."""

    act: ClassVar[str] = "declareInterest"
    about: ClassVar[str] = ""
    sentence: ClassVar[Sentence] = Sentence(
        "{actor} declared an interest: {interest}", (("{actor}", "interest", "declared"),)
    )

    actor: ActorId
    interest: Narrative


class MemberJoined(Fact, frozen=True, kw_only=True):
    """A member joined a board."""

    act: ClassVar[str] = "joinBoard"
    about: ClassVar[str] = ""
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True, at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{member} joined the board[ {board}] on {first}, as {post}",
        (("{member}", "seat on the board[ {board}]", "{post}"),),
    )

    member: ActorId
    post: Annotated[Code, Meta(description="The member's post, such as director of public health or police.")]
    first: Annotated[Day, Meta(description="The first day.")]
    board: BoardName = None


class MemberLeft(Fact, frozen=True, kw_only=True):
    """A member left a board."""

    act: ClassVar[str] = "leaveBoard"
    about: ClassVar[str] = ""
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    stated_day: ClassVar[StatedDay | None] = StatedDay("last", at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{member} left the board[ {board}], with {last} as the last day",
        (("{member}", "seat on the board[ {board}]", "left"),),
    )

    member: ActorId
    last: Annotated[Day, Meta(description="The last day.")]
    board: BoardName = None


class TimetableAgreed(Fact, frozen=True, kw_only=True):
    """A board's meeting and reporting days were agreed; a later timetable replaces an earlier one."""

    act: ClassVar[str] = "agreeTimetable"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    sentence: ClassVar[Sentence] = Sentence(
        "The board[ {board}] agreed its timetable, {department_consent?with|without} the Department's consent: "
        "{dates}",
        (("the board[ {board}]", "timetable", "{dates}"),),
        decision=True,
    )

    dates: Annotated[list[Day], Meta(min_length=1, description="The days of the board's meetings, in order.")]
    department_consent: Annotated[bool, Meta(description="True if the Department agreed to the timetable.")]
    report_dates: Annotated[list[Day], Meta(description="The days by which the chair reports, in order.")] = []
    board: BoardName = None


class Votes(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The members' votes."""

    for_: Count
    against: Count
    abstained: Count = 0

    @property
    def total(self) -> int:
        """Number of members who voted or abstained."""
        return self.for_ + self.against + self.abstained


class BoardDecisionRecorded(Fact, frozen=True, kw_only=True):
    """A board made a decision, with its reasons, options and evidence."""

    act: ClassVar[str] = "recordBoardDecision"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The board took decision {decision} at meeting {meeting}: {title}[, with {votes.for_} for, "
        "{votes.against} against and {votes.abstained} abstaining][; it concerns {relates_to}]",
        (("decision {decision}", "state", "taken"),),
        decision=True,
    )

    decision: DecisionId
    meeting: Annotated[
        str,
        reference("meeting", "The meeting; its own entry is often recorded after the decision.", known=False),
    ]
    title: Narrative
    outcome: Annotated[Narrative, Meta(description="The course that the board chose.")]
    rationale: Narrative
    options: Annotated[list[Narrative], Meta(description="The options that the board weighed.")] = []
    votes: Votes | None = None
    evidence: Annotated[list[EvidenceId], Meta(description="The evidence before the board.")] = []
    relates_to: Annotated[
        list[Id], Meta(description="The objectives, areas or decisions that the decision concerns.")
    ] = []


class DecisionRescinded(Fact, frozen=True, kw_only=True):
    """A board rescinded a decision."""

    act: ClassVar[str] = "rescindDecision"
    ends: ClassVar[str] = "rescinded"
    sentence: ClassVar[Sentence] = Sentence(
        "Decision {decision} was rescinded at meeting {meeting}[ and replaced by {replaced_by}]: {reason}",
        (("decision {decision}", "state", "rescinded"),),
        decision=True,
    )

    decision: DecisionId
    meeting: Annotated[str, reference("meeting", "The meeting that rescinded it.", known=False)]
    reason: Narrative
    replaced_by: Annotated[
        DecisionId | None, Meta(description="The decision that replaces the rescinded one.")
    ] = None


class BoardRecord(Struct):
    """A board's establishment, quorum, chairs and members."""

    established: int | None = None
    """Position of the entry that established the board; None if no entry did."""
    quorum: int | None = None
    chairs: list[Term] = []
    members: dict[str, date] = {}
    """First day of each present member, by actor id."""


class BoardState(Struct):
    """The boards, and the votes on their decisions."""

    boards: dict[str, BoardRecord] = {}
    """Boards by id; the improvement board's key is empty."""
    votes: dict[str, int] = {}
    """Largest number of votes on any one decision of a meeting, by meeting id."""

    def of(self, board: str | None) -> BoardRecord:
        """Return a board's record, or an empty record if nothing is recorded. None means the improvement board."""
        return self.boards.get(board or "") or BoardRecord()


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case BoardEstablished():
            yield from _admit_board(state.board, fact)
            return
        case BoardDecisionRecorded() | DecisionRescinded():
            yield from _admit_decision(state, fact)
            return
    unknown = [*board_refusals(state.board.boards, getattr(fact, "board", None))]
    yield from unknown or _admit_post(state, fact, who)


def _admit_board(boards: BoardState, fact: BoardEstablished) -> Iterator[Refusal]:
    established = boards.of(fact.board).established
    if established is not None:
        name = "the board" if fact.board is None else f"board {fact.board}"
        message = f"{name} is already established, in entry {established}; correct that entry instead"
        yield Refusal("ALREADY_EXISTS", message)


def _admit_post(state: "State", fact: Fact, who: Who) -> Iterator[Refusal]:
    """Yield the refusals of a fact about a board's chair, members or timetable."""
    match fact:
        case ChairAppointed():
            yield from self_refusals(fact.chair, who, "data.chair", "appoint")
            yield from _admit_chair(state, fact)
        case ChairEnded():
            chairs = state.board.of(fact.board).chairs
            yield from end_refusals(chairs, fact.chair, fact.last, _not_in_post("chair", fact.chair))
        case MemberJoined():
            first = state.board.of(fact.board).members.get(fact.member)
            if first is not None:
                yield Refusal("ALREADY_EXISTS", f"{fact.member} is already a member, since {first}", "data.member")
        case MemberLeft():
            first = state.board.of(fact.board).members.get(fact.member)
            if first is None:
                yield _not_in_post("member", fact.member)
            else:
                yield from order_refusals(first, fact.last, "data.last")
        case TimetableAgreed():
            yield from _order_refusals(fact)


def _order_refusals(fact: TimetableAgreed) -> Iterator[Refusal]:
    for name, days in (("dates", fact.dates), ("reportDates", fact.report_dates)):
        if sorted(set(days)) != days:
            yield Refusal("OUT_OF_RANGE", "list each day once, in order", f"data.{name}")


def _not_in_post(post: str, actor: str) -> Refusal:
    return Refusal("NOT_FOUND", f"{actor} is not {post} of the board; check the id", f"data.{post}")


def _admit_decision(state: "State", fact: BoardDecisionRecorded | DecisionRescinded) -> Iterator[Refusal]:
    meeting = state.meetings.meetings.get(fact.meeting)
    if meeting is not None and not meeting.quorate:
        message = f"meeting {fact.meeting} was not quorate, by entry {meeting.position}, so it cannot decide"
        yield Refusal("NOT_QUORATE", message, "data.meeting")
    votes = fact.votes.total if isinstance(fact, BoardDecisionRecorded) and fact.votes is not None else 0
    if meeting is not None and votes > meeting.attended:
        message = f"{votes} votes, but {meeting.attended} attended meeting {fact.meeting}; correct the votes"
        yield Refusal("OUT_OF_RANGE", message, "data.votes")


def _admit_chair(state: "State", fact: ChairAppointed) -> Iterator[Refusal]:
    yield from order_refusals(fact.first, fact.last, "data.last")
    independent = any(
        clause.parameters.get("independent_chair") is True and clause.parameters.get("board") == fact.board
        for clause in state.notice.clauses.values()
    )
    if independent and fact.independence_basis is None:
        message = "this notice asks for an independent chair; state why this chair is independent"
        yield Refusal("MISSING_FIELD", message, "data.independenceBasis")
    for tenure in state.board.of(fact.board).chairs:
        begins_before = fact.last is None or tenure.first <= fact.last
        if begins_before and (tenure.last is None or fact.first <= tenure.last):
            message = f"{tenure.holder} chairs the board for part of that time, by entry {tenure.position}"
            yield Refusal("ALREADY_EXISTS", f"{message}; end that first", "data.first")
            return


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, votes = entry.fact, state.board.votes
    if isinstance(fact, BoardDecisionRecorded):
        if fact.votes is not None:
            votes[fact.meeting] = max(fact.votes.total, votes.get(fact.meeting, 0))
        return
    if not isinstance(fact, BoardEstablished | ChairAppointed | ChairEnded | MemberJoined | MemberLeft):
        return
    board = state.board.boards.setdefault(fact.board or "", BoardRecord())
    match fact:
        case BoardEstablished():
            board.established, board.quorum = entry.position, fact.quorum
        case ChairAppointed():
            board.chairs.append(Term(fact.chair, fact.first, fact.last, entry.position))
        case ChairEnded():
            term = term_on(board.chairs, fact.chair, fact.last)
            if term is not None:
                term.last, term.ended = fact.last, True
        case MemberJoined():
            board.members[fact.member] = fact.first
        case MemberLeft():
            del board.members[fact.member]
