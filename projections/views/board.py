"""The improvement board: chairs and vacancies, members, timetable, meetings, packs and decisions."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct, to_builtins

from ledger.domain.areas.board import (
    BoardDecisionRecorded,
    BoardEstablished,
    ChairAppointed,
    ChairEnded,
    DecisionRescinded,
    InterestDeclared,
    MemberJoined,
    MemberLeft,
    TimetableAgreed,
)
from ledger.domain.areas.meetings import BoardPackCirculated, MeetingHeld, MinutesApproved
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import IN_POST, ZONE, Computed, Relation, contains, is_latest, of_table
from projections.views.gaps import Gap, gaps


class Board(Struct, frozen=True):
    """The board and its terms of reference."""

    position: int
    established_at: datetime
    terms_of_reference: NarrativeRef
    quorum: int | None


class Chair(Struct, frozen=True):
    """A tenure in the chair; both days included."""

    chair: str
    position: int
    first: date
    last: date | None
    """Last day; None until the chair ends."""
    independence_basis: NarrativeRef | None
    interests: list[NarrativeRef]
    ended_position: int | None = None
    reason: NarrativeRef | None = None
    """Reason for its end."""


class Interest(Struct, frozen=True):
    """A declared interest of a person on the board."""

    actor: str
    position: int
    declared_at: datetime
    interest: NarrativeRef


class Member(Struct, frozen=True):
    """A membership; both days included."""

    member: str
    position: int
    post: str
    first: date
    last: date | None = None
    left_position: int | None = None


class Timetable(Struct, frozen=True):
    """Days on which the board meets and reports; the latest timetable is current."""

    position: int
    agreed_at: datetime
    dates: list[str]
    """Days in ISO 8601, in order."""
    report_dates: list[str]
    """Days by which the chair reports, in ISO 8601, in order."""
    department_consent: bool


class Meeting(Struct, frozen=True):
    """A meeting that was held."""

    meeting: str
    position: int
    held_at: datetime
    attendance: list[str]
    apologies: list[str]
    quorate: bool
    minutes_approved_at: datetime | None = None
    minutes_position: int | None = None
    minutes_evidence: list[str] = []


class Pack(Struct, frozen=True):
    """Papers circulated for a meeting."""

    meeting: str
    position: int
    circulated_at: datetime
    recipients: list[str]
    evidence: list[str]


class Decision(Struct, frozen=True):
    """A decision of the board, and its rescission if any."""

    decision: str
    position: int
    decided_at: datetime
    meeting: str
    title: NarrativeRef
    outcome: NarrativeRef
    rationale: NarrativeRef
    options: list[NarrativeRef]
    votes: dict[str, Any] | None
    """Votes for, against and abstained; None if not recorded."""
    evidence: list[str]
    relates_to: list[str]
    rescinded_position: int | None = None
    rescinded_at: datetime | None = None
    rescinded_reason: NarrativeRef | None = None
    replaced_by: str | None = None


class DecisionSubject(Struct, frozen=True):
    """A subject of a decision."""

    subject: str
    decision: str
    position: int


BOARDS = Table("boards", Board, ("position",), in_memory=False)
CHAIRS = Table("chairs", Chair, ("position",))
INTERESTS = Table("interests", Interest, ("position",), in_memory=False)
MEMBERS = Table("members", Member, ("position",))
TIMETABLES = Table("timetables", Timetable, ("position",), in_memory=False)
MEETINGS = Table("meetings", Meeting, ("meeting",), lookups=(("held_at",),), by_position=False)
PACKS = Table("packs", Pack, ("position",), in_memory=False)
DECISIONS = Table("decisions", Decision, ("decision",), lookups=(("position",),), by_position=False)
CONCERNED = Table("decision_subjects", DecisionSubject, ("subject", "position"), in_memory=False)


VIEW = View("board", 3, (BOARDS, CHAIRS, INTERESTS, MEMBERS, TIMETABLES, MEETINGS, PACKS, DECISIONS, CONCERNED))


@VIEW.on(BoardEstablished)
def _board_established(rows: Rows, entry: Entry, fact: BoardEstablished) -> None:
    rows.put(BOARDS, Board(entry.position, entry.occurred_at, rows.narrative("termsOfReference"), fact.quorum))


@VIEW.on(InterestDeclared)
def _interest_declared(rows: Rows, entry: Entry, fact: InterestDeclared) -> None:
    rows.put(INTERESTS, Interest(fact.actor, entry.position, entry.occurred_at, rows.narrative("interest")))


@VIEW.on(TimetableAgreed)
def _timetable_agreed(rows: Rows, entry: Entry, fact: TimetableAgreed) -> None:
    dates = [day.isoformat() for day in fact.dates]
    reports = [day.isoformat() for day in fact.report_dates]
    rows.put(TIMETABLES, Timetable(entry.position, entry.occurred_at, dates, reports, fact.department_consent))


@VIEW.on(ChairAppointed)
def _chair_appointed(rows: Rows, entry: Entry, fact: ChairAppointed) -> None:
    basis = rows.optional_narrative(fact.independence_basis, "independenceBasis")
    interests = rows.narratives("interests", fact.interests)
    rows.put(CHAIRS, Chair(fact.chair, entry.position, fact.first, fact.last, basis, interests))


@VIEW.on(ChairEnded)
def _chair_ended(rows: Rows, entry: Entry, fact: ChairEnded) -> None:
    for tenure in rows.all(CHAIRS):
        if tenure.chair == fact.chair and tenure.last is None:
            ended = {"last": fact.last, "ended_position": entry.position, "reason": rows.narrative("reason")}
            rows.change(CHAIRS, tenure.position, **ended)


@VIEW.on(MemberJoined)
def _member_joined(rows: Rows, entry: Entry, fact: MemberJoined) -> None:
    rows.put(MEMBERS, Member(fact.member, entry.position, fact.post, fact.first))


@VIEW.on(MemberLeft)
def _member_left(rows: Rows, entry: Entry, fact: MemberLeft) -> None:
    for member in rows.all(MEMBERS):
        if member.member == fact.member and member.last is None:
            rows.change(MEMBERS, member.position, last=fact.last, left_position=entry.position)


@VIEW.on(MeetingHeld)
def _meeting_held(rows: Rows, entry: Entry, fact: MeetingHeld) -> None:
    meeting = Meeting(
        fact.meeting, entry.position, entry.occurred_at, list(fact.attendance), list(fact.apologies), fact.quorate
    )
    rows.put(MEETINGS, meeting)


@VIEW.on(MinutesApproved)
def _minutes_approved(rows: Rows, entry: Entry, fact: MinutesApproved) -> None:
    approved = {"minutes_approved_at": entry.occurred_at, "minutes_position": entry.position}
    rows.change(MEETINGS, fact.meeting, minutes_evidence=list(fact.evidence), **approved)


@VIEW.on(BoardPackCirculated)
def _board_pack_circulated(rows: Rows, entry: Entry, fact: BoardPackCirculated) -> None:
    rows.put(
        PACKS, Pack(fact.meeting, entry.position, entry.occurred_at, list(fact.recipients), list(fact.evidence))
    )


@VIEW.on(BoardDecisionRecorded)
def _board_decision_recorded(rows: Rows, entry: Entry, fact: BoardDecisionRecorded) -> None:
    decided = Decision(
        decision=fact.decision,
        position=entry.position,
        decided_at=entry.occurred_at,
        meeting=fact.meeting,
        title=rows.narrative("title"),
        outcome=rows.narrative("outcome"),
        rationale=rows.narrative("rationale"),
        options=rows.narratives("options", fact.options),
        votes=None if fact.votes is None else to_builtins(fact.votes),
        evidence=list(fact.evidence),
        relates_to=list(fact.relates_to),
    )
    rows.put(DECISIONS, decided)
    for subject in dict.fromkeys(fact.relates_to):
        rows.add(CONCERNED, DecisionSubject(subject, fact.decision, entry.position))


@VIEW.on(DecisionRescinded)
def _decision_rescinded(rows: Rows, entry: Entry, fact: DecisionRescinded) -> None:
    rows.change(
        DECISIONS,
        fact.decision,
        rescinded_position=entry.position,
        rescinded_at=entry.occurred_at,
        rescinded_reason=rows.narrative("reason"),
        replaced_by=fact.replaced_by,
    )


BOARD = of_table("board", BOARDS)
CHAIR = of_table("board", CHAIRS, computed={"in_post": Computed(bool, IN_POST)}, order=("first", "position"))
VACANCY = Relation(
    "board",
    Gap,
    gaps("views.chairs", f"(SELECT (b.established_at AT TIME ZONE {ZONE})::date FROM views.boards b)"),
    order=("first",),
)
INTEREST = of_table("board", INTERESTS)
MEMBER = of_table("board", MEMBERS, computed={"in_post": Computed(bool, IN_POST)})
TIMETABLE = of_table(
    "board",
    TIMETABLES,
    conditions={"latest": is_latest("timetables", "agreed_at")},
    order=("agreed_at", "position"),
)
MEETING = of_table(
    "board",
    MEETINGS,
    conditions={"held_from": "t.held_at >= :value", "held_to": "t.held_at < :value"},
    order=("held_at", "position"),
)
PACK = of_table("board", PACKS)
DECISION = of_table(
    "board",
    DECISIONS,
    conditions={
        "ids": "t.decision = ANY (:value)",
        "standing": "(t.rescinded_position IS NULL) = :value",
        "decided_from": "t.decided_at >= :value",
        "decided_to": "t.decided_at < :value",
        "text": contains("title"),
    },
    positions={
        "relates_to": "SELECT s.position FROM views.decision_subjects s "
        "WHERE s.notice = :notice AND s.subject = :value"
    },
)
