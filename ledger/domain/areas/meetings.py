"""The boards' meetings: papers, attendance, quorum, minutes and the actions of the board's own log."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.board import BoardName, board_unnamed
from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Narrative, Sentence, StatedDay, Upcast, When, Who, reference
from ledger.domain.shared_rules import board_refusals, duplicate_refusals, future_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

MeetingId = Annotated[str, reference("meeting", "A meeting of a board.")]


BoardActionId = Annotated[str, reference("board-action", "An action of the board's own log.")]
ApprovedAt = Annotated[str, reference("meeting", "The meeting that approved the minutes.", known=False)]


class BoardPackCirculated(Fact, frozen=True, kw_only=True):
    """The papers of a meeting were sent to their recipients."""

    act: ClassVar[str] = "circulateBoardPack"
    sentence: ClassVar[Sentence] = Sentence(
        "The papers of meeting {meeting} were circulated to {recipients}: {evidence}",
        (("meeting {meeting}", "papers", "circulated"),),
    )

    meeting: Annotated[
        str, reference("meeting", "The meeting concerned, usually one that is still to come.", known=False)
    ]
    recipients: Annotated[list[ActorId], Meta(min_length=1, description="The recipients.")]
    evidence: Annotated[list[EvidenceId], Meta(min_length=1, description="The documents of the pack.")]


class MeetingHeld(Fact, frozen=True, kw_only=True):
    """A board met; the time of the entry is the time of the meeting."""

    act: ClassVar[str] = "holdMeeting"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The board[ {board}] met ({meeting}, {quorate?quorate|not quorate}), attended by {attendance}[, with "
        "apologies from {apologies}]",
        (("meeting {meeting}", "state", "held"),),
    )

    meeting: MeetingId
    attendance: Annotated[list[ActorId], Meta(min_length=1, description="The actors who attended.")]
    apologies: Annotated[list[ActorId], Meta(description="The actors who sent apologies.")] = []
    quorate: Annotated[bool, Meta(description="True if enough members attended to decide.")]
    board: BoardName = None


class MinutesApproved(Fact, frozen=True, kw_only=True):
    """The minutes of a meeting were approved, usually at a later meeting."""

    act: ClassVar[str] = "approveMinutes"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The minutes of meeting {meeting} were approved[ at meeting {approved_at}]",
        (("meeting {meeting}", "minutes", "approved"),),
        decision=True,
    )

    meeting: MeetingId
    approved_at: ApprovedAt | None = None
    evidence: Annotated[list[EvidenceId], Meta(description="The document with the minutes.")] = []


class BoardActionAgreed(Fact, frozen=True, kw_only=True):
    """The board agreed an action for its own log, which is separate from the plan."""

    act: ClassVar[str] = "agreeBoardAction"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Meeting {meeting} agreed board action {board_action}[, due on {due}]: {text}. {owner} is responsible",
        (("board action {board_action}", "state", "open"), ("board action {board_action}", "due", "{due}")),
        decision=True,
    )

    board_action: BoardActionId
    meeting: Annotated[str, reference("meeting", "The meeting that agreed the action.", known=False)]
    text: Annotated[Narrative, Meta(description="The task.")]
    owner: Annotated[ActorId, Meta(description="The actor responsible for the action.")]
    due: Annotated[Day | None, Meta(description="The last day for the action, if one was agreed.")] = None


class BoardActionDone(Fact, frozen=True, kw_only=True):
    """An action of the board's own log was done."""

    act: ClassVar[str] = "doBoardAction"
    ends: ClassVar[str] = "done"
    stated_day: ClassVar[StatedDay | None] = StatedDay("done_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Board action {board_action} was done on {done_on}: {result}",
        (("board action {board_action}", "state", "done"),),
    )

    board_action: BoardActionId
    done_on: Day
    result: Annotated[Narrative, Meta(description="The result, as reported to the board.")]


class Meeting(Struct):
    """A meeting's quorum and attendance, and the position of its entry."""

    quorate: bool
    position: int
    attended: int
    """Number of actors who attended."""


class MeetingsState(Struct):
    """Meetings by id, and the boards that they belong to."""

    meetings: dict[str, Meeting] = {}
    boards: dict[str, str | None] = {}
    """Board of each meeting by the meeting's id; None for the improvement board.

    The meeting's own entry states the board, or an earlier report to the meeting does.
    """


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case MeetingHeld():
            yield from _admit_meeting(state, fact)
        case BoardActionDone():
            yield from future_refusals(fact.done_on, when.occurred_at, state.notice.zone, "data.doneOn")
        case MinutesApproved() if fact.approved_at == fact.meeting:
            message = "a meeting cannot approve its own minutes; name the later meeting"
            yield Refusal("SAME_THING", message, "data.approvedAt")


def meeting_refusals(state: "State", meeting: str, board: str | None) -> Iterator[Refusal]:
    """Yield a refusal if a board is unknown, or is not the board of the meeting."""
    yield from board_refusals(state.board.boards, board)
    boards = state.meetings.boards
    if meeting in boards and boards[meeting] != board:
        other = "the improvement board" if boards[meeting] is None else f"board {boards[meeting]}"
        message = f"meeting {meeting} belongs to {other}, by an earlier entry; correct the meeting or the board"
        yield Refusal("INVALID_FIELD", message, "data.board")


def _admit_meeting(state: "State", fact: MeetingHeld) -> Iterator[Refusal]:
    yield from meeting_refusals(state, fact.meeting, fact.board)
    yield from duplicate_refusals(fact.attendance, "data.attendance")
    for index, actor in enumerate(fact.attendance):
        if actor in fact.apologies:
            yield Refusal(
                "TWICE",
                f"{actor} is listed as present and absent; remove one of the two",
                f"data.attendance[{index}]",
            )
    votes = state.board.votes.get(fact.meeting, 0)
    if votes > len(fact.attendance):
        message = (
            f"{len(fact.attendance)} attended, but a decision of meeting {fact.meeting} has {votes} votes; "
            "list everyone who attended, or correct the decision"
        )
        yield Refusal("OUT_OF_RANGE", message, "data.attendance")
    quorum = state.board.of(fact.board).quorum
    if quorum is not None and fact.quorate and len(fact.attendance) < quorum:
        message = f"{len(fact.attendance)} attended, fewer than the quorum of {quorum}; correct one of the two"
        yield Refusal("NOT_QUORATE", message, "data.quorate")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact = entry.fact
    match fact:
        case MeetingHeld():
            state.meetings.meetings[fact.meeting] = Meeting(fact.quorate, entry.position, len(fact.attendance))
            state.meetings.boards[fact.meeting] = fact.board
