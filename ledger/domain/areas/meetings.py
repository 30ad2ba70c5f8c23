"""The board's meetings (clause 5b): what was circulated, who came, whether it was quorate, its minutes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

MeetingId = Annotated[str, reference("meeting", "A meeting of the improvement board.")]


ApprovedAt = Annotated[str, reference("meeting", "The meeting that approved them.", known=False)]


class BoardPackCirculated(Fact, frozen=True, kw_only=True):
    """The papers of a meeting were sent to those who should read them."""

    act: ClassVar[str] = "circulateBoardPack"
    clause: ClassVar[str] = "5b"

    meeting: Annotated[
        str, reference("meeting", "The meeting they are for, most often still to come.", known=False)
    ]
    recipients: Annotated[list[ActorId], Meta(min_length=1, description="Who received them.")]
    evidence: Annotated[list[EvidenceId], Meta(min_length=1, description="The papers.")]


class MeetingHeld(Fact, frozen=True, kw_only=True):
    """The board met; the entry's time is when it did."""

    act: ClassVar[str] = "holdMeeting"
    clause: ClassVar[str] = "5b"
    about: ClassVar[str] = "meeting"
    begins: ClassVar[bool] = True

    meeting: MeetingId
    attendance: Annotated[list[ActorId], Meta(min_length=1, description="Who attended.")]
    apologies: Annotated[list[ActorId], Meta(description="Who sent apologies.")] = field(default_factory=list)
    quorate: Annotated[bool, Meta(description="Whether enough members attended to decide.")]


class MinutesApproved(Fact, frozen=True, kw_only=True):
    """The minutes of a meeting were approved at a later one."""

    act: ClassVar[str] = "approveMinutes"
    clause: ClassVar[str] = "5b"
    about: ClassVar[str] = "meeting"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    meeting: MeetingId
    approved_at: ApprovedAt | None = None
    evidence: Annotated[list[EvidenceId], Meta(description="The minutes.")] = field(default_factory=list)


FACTS = (BoardPackCirculated, MeetingHeld, MinutesApproved)


class Meeting(Struct):
    """What the rules need to know of a meeting."""

    quorate: bool
    position: int


class MeetingsState(Struct):
    """Meetings held."""

    held: dict[str, Meeting] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case MeetingHeld():
            yield from _admit_meeting(state, fact)
        case MinutesApproved() if fact.approved_at == fact.meeting:
            message = "a meeting does not approve its own minutes; name the later one"
            yield Refusal("SAME_THING", message, "data.approvedAt")


def _admit_meeting(state: "State", fact: MeetingHeld) -> Iterator[Refusal]:
    for index, actor in enumerate(fact.attendance):
        if actor in fact.attendance[:index]:
            yield Refusal("TWICE", f"{actor} stands here twice", f"data.attendance[{index}]")
        if actor in fact.apologies:
            yield Refusal("TWICE", f"{actor} both attended and sent apologies", f"data.attendance[{index}]")
    quorum = state.board.quorum
    if quorum is not None and fact.quorate and len(fact.attendance) < quorum:
        message = f"{len(fact.attendance)} attended, and the board's quorum is {quorum}"
        yield Refusal("NOT_QUORATE", message, "data.quorate")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact = entry.fact
    match fact:
        case MeetingHeld():
            state.meetings.held[fact.meeting] = Meeting(fact.quorate, entry.position)
