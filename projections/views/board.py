"""The boards: chairs and vacancies, members and interests, timetables, meetings, packs, decisions and actions."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

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
from ledger.domain.areas.meetings import (
    BoardActionAgreed,
    BoardActionDone,
    BoardPackCirculated,
    MeetingHeld,
    MinutesApproved,
)
from ledger.domain.entry import Entry
from ledger.domain.terms import lies_in_term
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ACTOR_ID, ID
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import IN_POST, ZONE, Relation, contains, flag, is_latest, of_table
from projections.views.fields import BoardName, NamedEvidence
from projections.views.gaps import Vacancy, gaps


class Board(Struct, frozen=True):
    """A board and its terms of reference."""

    position: int
    established_at: Annotated[datetime, Meta(description="Instant at which the board was established.")]
    terms_of_reference: Annotated[NarrativeRef, Meta(description="Terms of reference; null if erased.")]
    quorum: Annotated[
        int | None, Meta(description="Number of members needed for a decision; null if the terms name none.")
    ]
    board: BoardName


class Chair(Struct, frozen=True):
    """Period of one person as chair."""

    chair: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person.")]
    position: int
    first: Annotated[date, Meta(description="First day; the period includes both days.")]
    last: Annotated[date | None, Meta(description="Last day, inclusive; null if it continues.")]
    independence_basis: Annotated[
        NarrativeRef | None, Meta(description="Basis of the chair's independence; null if erased.")
    ]
    interests: Annotated[list[NarrativeRef], Meta(description="Interests declared on appointment.")]
    board: BoardName
    ended_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for the end; null if it continues or if erased.")
    ] = None


class Interest(Struct, frozen=True):
    """Interest declared by a member of a board."""

    actor: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person.")]
    position: int
    declared_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    interest: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class Member(Struct, frozen=True):
    """Membership of a board."""

    member: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person.")]
    position: int
    post: Annotated[str, Meta(description="Post on the board.")]
    first: Annotated[date, Meta(description="First day; the period includes both days.")]
    board: BoardName
    last: Annotated[date | None, Meta(description="Last day; null if the membership continues.")] = None
    left_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None


class Timetable(Struct, frozen=True):
    """Dates on which a board meets and its chair reports; the board's latest timetable is current."""

    position: int
    agreed_at: Annotated[datetime, Meta(description="Instant at which it was agreed.")]
    dates: Annotated[list[str], Meta(description="Dates (ISO 8601), in order.")]
    report_dates: Annotated[list[str], Meta(description="Dates (ISO 8601) by which the chair reports, in order.")]
    department_consent: Annotated[bool, Meta(description="True if the Department consented.")]
    board: BoardName


class Meeting(Struct, frozen=True):
    """A meeting of a board."""

    meeting: Annotated[str, ID, Meta(description="Id of the meeting.")]
    position: int
    held_at: Annotated[datetime, Meta(description="Instant at which it was held.")]
    attendance: Annotated[list[str], ACTOR_ID, Meta(description="Actor ids of the people present.")]
    apologies: Annotated[list[str], ACTOR_ID, Meta(description="Actor ids of the people who sent apologies.")]
    quorate: Annotated[bool, Meta(description="True if enough members were present.")]
    board: BoardName
    minutes_approved_at: Annotated[
        datetime | None, Meta(description="Instant at which the minutes were approved; null if they were not.")
    ] = None
    minutes_position: Annotated[
        int | None, Meta(description="Position of the entry that approved the minutes.")
    ] = None
    minutes_evidence: Annotated[
        list[str], ID, Meta(description="Ids of the minutes in the register of evidence.")
    ] = []


class Pack(Struct, frozen=True):
    """Papers circulated for a meeting."""

    meeting: Annotated[str, ID, Meta(description="Id of the meeting.")]
    position: int
    circulated_at: Annotated[datetime, Meta(description="Instant at which they were circulated.")]
    recipients: Annotated[list[str], ACTOR_ID, Meta(description="Actor ids of the recipients.")]
    evidence: NamedEvidence


class Decision(Struct, frozen=True):
    """A decision of a board, and its rescission if any."""

    decision: Annotated[str, ID, Meta(description="Id of the decision.")]
    position: int
    decided_at: Annotated[datetime, Meta(description="Instant at which it was taken.")]
    meeting: Annotated[str, ID, Meta(description="Id of the meeting that took the decision.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    outcome: Annotated[NarrativeRef, Meta(description="Outcome of the decision; null if erased.")]
    rationale: Annotated[NarrativeRef, Meta(description="Rationale; null if erased.")]
    options: Annotated[list[NarrativeRef], Meta(description="Options that the board considered.")]
    votes: dict[str, Any] | None
    """Votes for and against the decision, and abstentions; None if not recorded."""
    evidence: NamedEvidence
    relates_to: Annotated[list[str], ID, Meta(description="Ids of the things that it relates to.")]
    rescinded_position: Annotated[int | None, Meta(description="Position of the entry that rescinded it.")] = None
    rescinded_at: Annotated[
        datetime | None, Meta(description="Instant at which it was rescinded; null if it was not.")
    ] = None
    rescinded_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason why it was rescinded; null if erased.")
    ] = None
    replaced_by: Annotated[str | None, ID, Meta(description="Id of the decision that replaces it.")] = None


class BoardAction(Struct, frozen=True):
    """An action of the board's own log."""

    board_action: Annotated[str, ID, Meta(description="Id of the board action.")]
    position: int
    agreed_at: Annotated[datetime, Meta(description="Instant at which it was agreed.")]
    meeting: Annotated[str, ID, Meta(description="Id of the meeting that agreed it.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    due: Annotated[date | None, Meta(description="Last day to do it; null if none is set.")]
    done_on: Annotated[date | None, Meta(description="Day on which it was done; null if open.")] = None
    done_position: Annotated[int | None, Meta(description="Position of the entry that records this.")] = None
    result: Annotated[NarrativeRef | None, Meta(description="Result; null if it is open, or if erased.")] = None


class DecisionSubject(Struct, frozen=True):
    """A thing, such as an objective, that a board's decision relates to."""

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
BOARD_ACTIONS = Table("board_actions", BoardAction, ("board_action",))
CONCERNED = Table("decision_subjects", DecisionSubject, ("subject", "position"), in_memory=False)


VIEW = View(
    "board",
    5,
    (BOARDS, CHAIRS, INTERESTS, MEMBERS, TIMETABLES, MEETINGS, PACKS, DECISIONS, CONCERNED, BOARD_ACTIONS),
)
VIEW.puts(BoardEstablished, BOARDS)
VIEW.puts(InterestDeclared, INTERESTS)
VIEW.puts(ChairAppointed, CHAIRS)
VIEW.puts(MemberJoined, MEMBERS)
VIEW.puts(MeetingHeld, MEETINGS)
VIEW.puts(BoardPackCirculated, PACKS)
VIEW.puts(BoardActionAgreed, BOARD_ACTIONS)
VIEW.changes(MinutesApproved, MEETINGS, "minutes_approved_at", "minutes_position", "minutes_evidence")
VIEW.changes(BoardActionDone, BOARD_ACTIONS, "done_on", "done_position", "result")
VIEW.changes(DecisionRescinded, DECISIONS, "rescinded_position", "rescinded_at", "rescinded_reason", "replaced_by")


@VIEW.on(TimetableAgreed)
def _timetable_agreed(rows: Rows, entry: Entry, fact: TimetableAgreed) -> None:
    dates = [day.isoformat() for day in fact.dates]
    report_dates = [day.isoformat() for day in fact.report_dates]
    put_from_fact(rows, TIMETABLES, entry, dates=dates, report_dates=report_dates)


@VIEW.on(ChairEnded)
def _chair_ended(rows: Rows, entry: Entry, fact: ChairEnded) -> None:
    for tenure in rows.all(CHAIRS):
        is_theirs = (tenure.chair, tenure.board, tenure.ended_position) == (fact.chair, fact.board, None)
        if is_theirs and lies_in_term(fact.last, tenure.first, tenure.last):
            ended = {"last": fact.last, "ended_position": entry.position, "reason": rows.narrative("reason")}
            rows.change(CHAIRS, tenure.position, **ended)


@VIEW.on(MemberLeft)
def _member_left(rows: Rows, entry: Entry, fact: MemberLeft) -> None:
    for member in rows.all(MEMBERS):
        if (member.member, member.board, member.last) == (fact.member, fact.board, None):
            rows.change(MEMBERS, member.position, last=fact.last, left_position=entry.position)


@VIEW.on(BoardDecisionRecorded)
def _board_decision_recorded(rows: Rows, entry: Entry, fact: BoardDecisionRecorded) -> None:
    put_from_fact(rows, DECISIONS, entry)
    for subject in dict.fromkeys(fact.relates_to):
        rows.add(CONCERNED, DecisionSubject(subject, fact.decision, entry.position))


_IMPROVEMENT = {"improvement": "(t.board IS NULL) = :value"}
"""Filter that selects either the rows about the improvement board or the other rows."""
BOARD = of_table("board", BOARDS, conditions=_IMPROVEMENT)
CHAIR = of_table(
    "board",
    CHAIRS,
    computed={"in_post": flag("True if they chair the board on the day of `on`.", IN_POST)},
    conditions=_IMPROVEMENT,
    order=("first", "position"),
)
_VACANCIES = gaps(
    "(SELECT * FROM views.chairs c WHERE c.notice = :notice AND c.board IS NOT DISTINCT FROM o.board)",
    f"(o.established_at AT TIME ZONE {ZONE})::date",
)
VACANCY = Relation(
    "board",
    Vacancy,
    "(SELECT v.notice, o.board, v.first, v.last, o.position FROM views.boards o "
    f"CROSS JOIN LATERAL {_VACANCIES} v WHERE o.notice = :notice)",
    order=("position", "first"),
)
INTEREST = of_table("board", INTERESTS)
MEMBER = of_table(
    "board",
    MEMBERS,
    computed={"in_post": flag("True if they are a member on the day of `on`.", IN_POST)},
)
TIMETABLE = of_table(
    "board",
    TIMETABLES,
    conditions={"latest": is_latest("timetables", "agreed_at", "board"), **_IMPROVEMENT},
    order=("agreed_at", "position"),
)
MEETING = of_table(
    "board",
    MEETINGS,
    conditions={"attendee": ":value = ANY (t.attendance)", "absentee": ":value = ANY (t.apologies)"},
    order=("held_at", "position"),
)
PACK = of_table("board", PACKS, conditions={"recipient": ":value = ANY (t.recipients)"})
DECISION = of_table(
    "board",
    DECISIONS,
    conditions={
        "evidence": ":value = ANY (t.evidence)",
        "standing": "(t.rescinded_position IS NULL) = :value",
        "text": contains("title"),
    },
    positions={
        "relates_to": "SELECT s.position FROM views.decision_subjects s "
        "WHERE s.notice = :notice AND s.subject = :value"
    },
)
BOARD_ACTION = of_table(
    "board",
    BOARD_ACTIONS,
    computed={
        "overdue": flag(
            "True if it is open and its last day has passed on the day of `on`.",
            "t.done_on IS NULL AND coalesce(t.due < :today, false)",
        )
    },
    conditions={"open": "(t.done_on IS NULL) = :value", "text": contains("text")},
)
