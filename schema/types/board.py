"""The improvement board: its chair and members, meetings, decisions and reports. Imports the views."""

from datetime import datetime

from ledger.domain.areas.reports import RecommendationOutcome
from projections.views import board, reports
from schema.derive.declaration import (
    ID,
    NAMED_EVIDENCE,
    PERIOD,
    POSITION,
    Filter,
    Recorded,
    RowObject,
    Section,
    many,
    one,
    section,
    shown,
    value,
    whole,
)
from schema.derive.node import Node
from schema.types.enums import Completeness, ReportPart
from schema.types.scalars import Json

_FIRST = "The first day; both days are included."
_IN_POST = {"in_post": Filter(bool, "Whether they are in post on the day of `on`.")}


@shown(board.BOARD)
class Terms(Recorded):
    """The board's establishment and its terms of reference."""

    established_at = value("When it was established.")
    terms_of_reference = value("Its terms of reference; null once they were erased.")
    quorum = value("How many must be there to decide; null: its terms do not say.")


@shown(board.CHAIR, filters=_IN_POST)
class Chair(Recorded):
    """A time in the chair."""

    chair = value("Who.")
    first = value(_FIRST)
    last = value("The last day; null: until it ends.")
    in_post = value("Whether they chair the board on the day of `on`.")
    independence_basis = value("On what their independence rests; null once it was erased.")
    interests = value("The interests that they declared when appointed.")
    reason = value("Why it ended; null while it lasts, and once it was erased.")
    ended_position = value("The position of the entry that ended it.")


@shown(board.VACANCY)
class Vacancy(RowObject):
    """Days on which nobody was in the post, or that no report covers; both days are included."""

    first = value(_FIRST)
    last = value("The last day; null: it goes on.")


@shown(board.MEMBER, filters=_IN_POST)
class Member(Recorded):
    """A membership of the board."""

    member = value("Who.")
    post = value("As what.")
    first = value(_FIRST)
    last = value("The last day; null: until they leave.")
    in_post = value("Whether they are a member on the day of `on`.")
    left_position = value("The position of the entry that ended it.")


@shown(board.INTEREST, filters={"actor": Filter(str, "Who declared it.")})
class Interest(Recorded):
    """An interest that somebody on the board declared."""

    actor = value("Who.")
    declared_at = value("When.")
    interest = value("What; null once it was erased.")


@shown(board.TIMETABLE)
class Timetable(Recorded):
    """The days on which the board meets and reports; the latest one is current."""

    agreed_at = value("When it was agreed.")
    dates = value("The days (ISO 8601), in order.")
    department_consent = value("Whether the Department consented.")


@shown(board.PACK)
class Pack(Recorded):
    """Papers sent out for a meeting."""

    meeting = value("The meeting.", ID)
    circulated_at = value("When they were sent out.")
    recipients = value("To whom.")
    evidence = NAMED_EVIDENCE


@shown(
    board.MEETING,
    node="meeting",
    filters={
        "held_from": Filter(datetime, "It was held at this instant or later."),
        "held_to": Filter(datetime, "It was held before this instant."),
        "quorate": Filter(bool, "Whether enough members were there."),
    },
)
class Meeting(Recorded, Node):
    """A meeting that was held."""

    meeting = value("Its id.", ID)
    held_at = value("When it was held.")
    attendance = value("Who was there.")
    apologies = value("Who excused themselves.")
    quorate = value("Whether enough members were there.")
    minutes_approved_at = value("When its minutes were approved; null: they were not yet.")
    minutes_position = value("The position of the entry that says so.")
    minutes_evidence = value("The ids of the minutes in the register of evidence.", ID)
    packs = whole("Pack", "The papers circulated for it.", by="meeting", key="meeting")
    decisions = whole("Decision", "What was decided at it.", by="meeting", key="meeting")
    reports = whole("BoardReport", "The reports submitted to it.", by="meeting", key="meeting")


@shown(
    board.DECISION,
    node="decision",
    filters={
        "ids": Filter(list[ID], "One of these decisions."),
        "relates_to": Filter(ID, "Something that it relates to: an objective, an area, a recommendation …"),
        "meeting": Filter(ID, "The meeting at which it was taken."),
        "standing": Filter(bool, "Whether it has not been rescinded."),
        "decided_from": Filter(datetime, "It was taken at this instant or later."),
        "decided_to": Filter(datetime, "It was taken before this instant."),
        "text": Filter(str, "Its title holds these words, in whatever case."),
    },
)
class Decision(Recorded, Node):
    """A decision of the board, what it rested on, and what became of it."""

    decision = value("Its id.", ID)
    meeting = value("The meeting at which it was taken.", ID)
    decided_at = value("When it was taken.")
    title = value("Its title; null once it was erased.")
    outcome = value("What was decided; null once it was erased.")
    rationale = value("Why; null once it was erased.")
    options = value("The options that were weighed.")
    votes = value("How many were for, against and abstained; null: it was not said.", Json)
    relates_to = value("What it relates to, by id.", ID)
    evidence = value("The ids of the evidence named with it.", ID)
    rescinded_at = value("When it was rescinded; null: it stands.")
    rescinded_position = value("The position of the entry that rescinded it.")
    rescinded_reason = value("Why it was rescinded; null once it was erased.")
    replaced_by = value("The decision that takes its place.", ID)
    rests_on = whole(
        "Basis", "The evidence that it rested on, as it stood when it was recorded.", by="subject", key="decision"
    )


@shown(reports.CHAIR_REPORT, filters=PERIOD)
class ChairReport(Recorded):
    """A report of the chair on a period."""

    report = value("Its id.", ID)
    delivered_at = value("When it was delivered.")
    first = value("The first day that it covers.")
    last = value("The last day that it covers.")
    objectives = whole("ObjectiveReport", "What it says of objectives.", by="report", key="report")


@shown(reports.OBJECTIVE_REPORT)
class ObjectiveReport(RowObject):
    """What the chair reported of an objective."""

    report = value("The report.", ID)
    objective = value("The objective.", ID)
    text = value("What it says; null once it was erased.")
    position = POSITION


@shown(
    reports.BOARD_REPORT,
    node="report",
    filters={
        "meeting": Filter(ID, "The meeting that it was submitted to."),
        "completeness": Filter(Completeness, "Whether it has all its parts."),
        "objective": Filter(ID, "An objective that it is about."),
        "submitted_from": Filter(datetime, "It was submitted at this instant or later."),
        "submitted_to": Filter(datetime, "It was submitted before this instant."),
    },
)
class BoardReport(Recorded, Node):
    """A report to the board, and which of the four parts it has (clause 5c)."""

    report = value("Its id.", ID)
    meeting = value("The meeting that it was submitted to.", ID)
    submitted_at = value("When it was submitted.")
    parts = value("The parts that it has.", ReportPart)
    missing = value("The parts that it lacks.", ReportPart)
    completeness = value("Whether it has all its parts; MISSING: it has none.", Completeness)
    data = value("The ids of the evidence that it sets out.", ID)
    analysis = value("Its analysis; null where it has none, and once it was erased.")
    objectives = value("The objectives that it is about.", ID)
    claims = whole("Claim", "What it says has changed for children.", by="report", key="report")
    recommendations = whole("ReportRecommendation", "What it asks the board for.", by="report", key="report")


@shown(reports.CLAIM, filters={"report": Filter(ID, "The report that makes it.")})
class Claim(Recorded):
    """What a report says has changed for children, and the evidence for it."""

    report = value("The report.", ID)
    number = value("Its place in the report, from 1.")
    claim = value("What it says; null once it was erased.")
    evidence = value("The ids of the evidence for it.", ID)
    documents = whole("Evidence", "The evidence for it, as the register has it.", by="evidence", key="evidence")


@shown(
    reports.REPORT_RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "Whether the board put it off, or has not decided on it."),
        "report": Filter(ID, "The report that asks for it."),
    },
)
class ReportRecommendation(Recorded):
    """What a report asked the board for, and what the board did with it."""

    report = value("The report.", ID)
    recommendation = value("Its id.", ID)
    text = value("What is asked for; null once it was erased.")
    outcome = value("What the board did; null: it has not decided.", RecommendationOutcome)
    decided_position = value("The position of the entry that says so.")
    reason = value("Why; null once it was erased.")
    decision = value("The board's decision on it.", ID)


@section("board")
class Board(Section):
    """The improvement board (clause 5b)."""

    terms = one("Terms", "Its establishment; null while there is no board.")
    chair = one("Chair", "Who chairs it on the day of `on`; null: nobody.", where={"in_post": True})
    chairs = whole("Chair", "Everybody's time in the chair, in order of their first days.")
    vacancies = whole("Vacancy", "The days since its establishment on which nobody chaired it, up to `on`.")
    members = many("Member", "Its members, in order of joining.")
    interests = many("Interest", "The interests declared by its members.")
    timetable = one("Timetable", "Its current timetable; null while none is agreed.", where={"latest": True})
    timetables = whole("Timetable", "Its timetables, in order of agreement.")
    meetings = many("Meeting", "Its meetings, in order of time.")
    decisions = many("Decision", "Its decisions, in order of recording.")
    reports = many("BoardReport", "The reports submitted to it.")
    chair_reports = many("ChairReport", "The chair's reports.")
    claims = many("Claim", "The claims of impact made to it, with their evidence.")
    report_recommendations = many("ReportRecommendation", "What reports asked it for.")
    updates = many("PartnerUpdate", "The updates that it asked partners for.")
