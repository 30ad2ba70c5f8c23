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
    object_type,
    one,
    section,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.enums import Completeness, ReportPart
from schema.types.scalars import Json

_FIRST = "First day; the period includes both days."
_IN_POST = {"in_post": Filter(bool, "True if they are in post on the day of `on`.")}


@object_type(board.BOARD)
class Terms(Recorded):
    """Establishment and terms of reference of the board."""

    established_at = value("Instant at which the board was established.")
    terms_of_reference = value("Terms of reference; null if erased.")
    quorum = value("Number of members needed for a decision; null if the terms name none.")


@object_type(board.CHAIR, filters=_IN_POST)
class Chair(Recorded):
    """Period of one person as chair."""

    chair = value("Actor id of the person.")
    first = value(_FIRST)
    last = value("Last day, inclusive; null if it continues.")
    in_post = value("True if they chair the board on the day of `on`.")
    independence_basis = value("Basis of the chair's independence; null if erased.")
    interests = value("Interests declared on appointment.")
    reason = value("Reason for the end; null if it continues or if erased.")
    ended_position = value("Position of the entry that ended it.")


@object_type(board.VACANCY)
class Vacancy(RowObject):
    """Period without a chair; it includes both days."""

    first = value(_FIRST)
    last = value("Last day; null if it continues.")


@object_type(board.MEMBER, filters=_IN_POST)
class Member(Recorded):
    """Membership of the board."""

    member = value("Actor id of the person.")
    post = value("Post on the board.")
    first = value(_FIRST)
    last = value("Last day; null if the membership continues.")
    in_post = value("True if they are a member on the day of `on`.")
    left_position = value("Position of the entry that ended it.")


@object_type(board.INTEREST, filters={"actor": Filter(str, "Actor id of the declarant.")})
class Interest(Recorded):
    """Interest declared by a member of the board."""

    actor = value("Actor id of the person.")
    declared_at = value("Instant at which it happened.")
    interest = value("Narrative; null if erased.")


@object_type(board.TIMETABLE)
class Timetable(Recorded):
    """Dates on which the board meets and reports; the latest timetable is current."""

    agreed_at = value("Instant at which it was agreed.")
    dates = value("Dates (ISO 8601), in order.")
    report_dates = value("Dates (ISO 8601) by which the chair reports, in order.")
    department_consent = value("True if the Department consented.")


@object_type(board.PACK)
class Pack(Recorded):
    """Papers circulated for a meeting."""

    meeting = value("Id of the meeting.", ID)
    circulated_at = value("Instant at which they were circulated.")
    recipients = value("Recipients.")
    evidence = NAMED_EVIDENCE


@object_type(
    board.MEETING,
    node="meeting",
    filters={
        "held_from": Filter(datetime, "Start of the period in which it was held, inclusive."),
        "held_to": Filter(datetime, "End of the period in which it was held, exclusive."),
        "quorate": Filter(bool, "True if enough members were present."),
    },
)
class Meeting(Recorded, Node):
    """Meeting of the board."""

    meeting = value("Id.", ID)
    held_at = value("Instant at which it was held.")
    attendance = value("Actor ids of the people present.")
    apologies = value("Actor ids of the people who sent apologies.")
    quorate = value("True if enough members were present.")
    minutes_approved_at = value("Instant at which the minutes were approved; null if they were not.")
    minutes_position = value("Position of the entry that approved the minutes.")
    minutes_evidence = value("Ids of the minutes in the register of evidence.", ID)
    packs = short_list("Pack", "Papers circulated for the meeting.", by="meeting", key="meeting")
    decisions = short_list("Decision", "Decisions of the meeting.", by="meeting", key="meeting")
    reports = short_list("BoardReport", "Reports submitted to it.", by="meeting", key="meeting")


@object_type(
    board.DECISION,
    node="decision",
    filters={
        "ids": Filter(list[ID], "Ids of the decisions."),
        "relates_to": Filter(ID, "Id of something that it relates to: an objective, an area, a recommendation …"),
        "meeting": Filter(ID, "Id of the meeting that took the decision."),
        "standing": Filter(bool, "True if it has not been rescinded."),
        "decided_from": Filter(datetime, "Start of the period in which it was taken, inclusive."),
        "decided_to": Filter(datetime, "End of the period in which it was taken, exclusive."),
        "text": Filter(str, "Words in its title, in any order; put a phrase in quotes."),
    },
)
class Decision(Recorded, Node):
    """Decision of the board, with its evidence and its later history."""

    decision = value("Id.", ID)
    meeting = value("Id of the meeting that took the decision.", ID)
    decided_at = value("Instant at which it was taken.")
    title = value("Title; null if erased.")
    outcome = value("Outcome of the decision; null if erased.")
    rationale = value("Rationale; null if erased.")
    options = value("Options that the board considered.")
    votes = value("Votes for, against and abstaining; null if not recorded.", Json)
    relates_to = value("Ids of the things that it relates to.", ID)
    evidence = value("Ids of the evidence named with it.", ID)
    rescinded_at = value("Instant at which it was rescinded; null if it was not.")
    rescinded_position = value("Position of the entry that rescinded it.")
    rescinded_reason = value("Reason why it was rescinded; null if erased.")
    replaced_by = value("Id of the decision that replaces it.", ID)
    rests_on = short_list(
        "Basis", "Evidence behind it, with the status at the time of recording.", by="subject", key="decision"
    )


@object_type(reports.CHAIR_REPORT, filters=PERIOD)
class ChairReport(Recorded):
    """The chair's report on a period."""

    report = value("Id.", ID)
    delivered_at = value("Instant at which it was delivered.")
    first = value("First day of its period.")
    last = value("Last day of its period.")
    objectives = short_list("ObjectiveReport", "Sections on objectives.", by="report", key="report")


@object_type(reports.OBJECTIVE_REPORT)
class ObjectiveReport(RowObject):
    """Section of the chair's report on an objective."""

    report = value("Id of the report.", ID)
    objective = value("Id of the objective.", ID)
    text = value("Narrative; null if erased.")
    position = POSITION


@object_type(
    reports.BOARD_REPORT,
    node="report",
    filters={
        "meeting": Filter(ID, "Id of the meeting to which it was submitted."),
        "completeness": Filter(Completeness, "Completeness of its parts."),
        "objective": Filter(ID, "Id of an objective that it concerns."),
        "submitted_from": Filter(datetime, "Start of the period in which it was submitted, inclusive."),
        "submitted_to": Filter(datetime, "End of the period in which it was submitted, exclusive."),
    },
)
class BoardReport(Recorded, Node):
    """Report to the board, with the parts present and missing (clause 5c)."""

    report = value("Id.", ID)
    meeting = value("Id of the meeting to which it was submitted.", ID)
    submitted_at = value("Instant at which it was submitted.")
    parts = value("Parts that it has.", ReportPart)
    missing = value("Parts that it lacks.", ReportPart)
    completeness = value("Completeness of its parts; MISSING if it has none.", Completeness)
    data = value("Ids of the evidence that it presents.", ID)
    analysis = value("Analysis; null if it has none, or if erased.")
    objectives = value("Ids of the objectives that it concerns.", ID)
    claims = short_list("Claim", "Claims of impact on children.", by="report", key="report")
    recommendations = short_list(
        "ReportRecommendation", "Recommendations to the board.", by="report", key="report"
    )


@object_type(reports.CLAIM, filters={"report": Filter(ID, "Id of the report that makes it.")})
class Claim(Recorded):
    """Claim of impact on children, with its evidence."""

    report = value("Id of the report.", ID)
    number = value("Number within the report, from 1.")
    claim = value("Narrative; null if erased.")
    evidence = value("Ids of its evidence.", ID)
    documents = short_list("Evidence", "Its evidence, with the present status.", by="evidence", key="evidence")


@object_type(
    reports.REPORT_RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "True if the board deferred it or has not decided."),
        "report": Filter(ID, "Id of the report that contains it."),
    },
)
class ReportRecommendation(Recorded):
    """Recommendation of a report to the board, and the board's response."""

    report = value("Id of the report.", ID)
    recommendation = value("Id.", ID)
    text = value("Recommendation; null if erased.")
    outcome = value("Outcome; null if the board has not decided.", RecommendationOutcome)
    decided_position = value("Position of the entry that records the outcome.")
    reason = value("Reason; null if erased.")
    decision = value("Id of the board's decision on it.", ID)


@section("board")
class Board(Section):
    """The improvement board (clause 5b)."""

    terms = one("Terms", "Establishment; null if there is no board.")
    chair = one("Chair", "Chair on the day of `on`; null if nobody.", where={"in_post": True})
    chairs = short_list("Chair", "All chairs, by first day.")
    vacancies = short_list("Vacancy", "Periods without a chair, from its establishment to `on`.")
    members = many("Member", "Members, in order of joining.")
    interests = many("Interest", "Interests declared by its members.")
    timetable = one("Timetable", "Current timetable; null if none is agreed.", where={"latest": True})
    timetables = short_list("Timetable", "Timetables, in order of agreement.")
    meetings = many("Meeting", "Meetings, in order of time.")
    decisions = many("Decision", "Decisions, in order of recording.")
    reports = many("BoardReport", "Reports submitted to it.")
    chair_reports = many("ChairReport", "Reports of the chair.")
    claims = many("Claim", "Claims of impact made to the board, with their evidence.")
    report_recommendations = many("ReportRecommendation", "Recommendations of reports to the board.")
    updates = many("PartnerUpdate", "Updates commissioned from partners.")
