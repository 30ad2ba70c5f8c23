"""The boards: their chairs and members, meetings, decisions and reports. Imports the views."""

from projections.views import board, reports
from projections.views.word_lists import Completeness
from schema.derive.declaration import (
    ID,
    NARRATIVE_WORDS,
    PERIOD,
    TITLE_WORDS,
    Filter,
    Recorded,
    RowObject,
    Section,
    many,
    node,
    object_type,
    of_row,
    one,
    row_type,
    section,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.scalars import Json

_IMPROVEMENT = {"improvement": True}
_FIRST = "First day; the period includes both days."
_BOARD = {"board": Filter(ID, "Id of the board.")}
_IN_POST = {"in_post": Filter(bool, "True if they are in post on the day of `on`."), **_BOARD}


@object_type(board.BOARD)
class Terms(Recorded):
    """Establishment and terms of reference of a board."""


row_type(board.CHAIR, filters=_IN_POST)


@object_type(board.VACANCY, part=True)
class Vacancy(RowObject):
    """Period without a chair of a board, its first and last day included."""

    board = value("Id of the board; null: the improvement board.", ID)
    first = value(_FIRST)
    last = value("Last day; null if it continues.")


row_type(board.MEMBER, filters=_IN_POST)
row_type(board.INTEREST, filters={"actor": Filter(str, "Actor id of the declarant.")})


@object_type(board.PACK)
class Pack(Recorded):
    """Papers circulated for a meeting."""

    documents = short_list("Evidence", "Papers in the register of evidence.", by="evidence")


@object_type(board.MEETING, node="meeting", filters=of_row("quorate", "board"))
class Meeting(Recorded, Node):
    """Meeting of a board."""

    minutes_evidence_nodes = short_list("Evidence", "Its minutes.", by="evidence", key="minutes_evidence")
    packs = short_list("Pack", "Papers circulated for the meeting.", by="meeting")
    decisions = short_list("Decision", "Decisions of the meeting.", by="meeting")
    reports = short_list("BoardReport", "Reports submitted to it.", by="meeting")


@object_type(
    board.DECISION,
    node="decision",
    filters={
        "relates_to": Filter(ID, "Id of something that it relates to: an objective, an area, a recommendation …"),
        **of_row("meeting"),
        "evidence": Filter(ID, "Id of a document behind it."),
        "standing": Filter(bool, "True if it has not been rescinded."),
        "text": TITLE_WORDS,
    },
)
class Decision(Recorded, Node):
    """Decision of a board, with its evidence and its later history."""

    replacement = node("Decision", "decision", "replaced_by")
    documents = short_list("Evidence", "Documents behind it.", by="evidence")
    objectives = short_list("Objective", "Objectives that it relates to.", by="objective", key="relates_to")
    areas = short_list("Area", "Areas that it relates to.", by="area", key="relates_to")
    votes = value("Votes for, against and abstaining; null if not recorded.", Json)
    rests_on = short_list(
        "Basis",
        "Evidence behind it, with the status at the time of recording.",
        by="subject",
        key="decision",
        where={"kind": "DECISION"},
    )


@object_type(
    board.BOARD_ACTION,
    filters={
        "open": Filter(bool, "True if it is not done."),
        **of_row("overdue", "owner", "meeting"),
        "text": NARRATIVE_WORDS,
    },
)
class BoardAction(Recorded):
    """Action of the board's own log."""


@object_type(reports.CHAIR_REPORT, filters={**PERIOD, **_BOARD})
class ChairReport(Recorded):
    """The chair's report on a period."""

    objectives = short_list("ObjectiveReport", "Sections on objectives.", by="report")


@object_type(reports.OBJECTIVE_REPORT)
class ObjectiveReport(RowObject):
    """Section of the chair's report on an objective."""

    report_node = node("ChairReport", "report")


@object_type(
    reports.BOARD_REPORT,
    node="report",
    filters={
        **of_row("meeting"),
        "completeness": Filter(Completeness, "Completeness of its parts."),
        "objective": Filter(ID, "Id of an objective that it concerns."),
        **_BOARD,
    },
)
class BoardReport(Recorded, Node):
    """Report to a board. Its fields list the parts present and the parts missing."""

    data_nodes = short_list("Evidence", "Documents that it presents.", by="evidence", key="data")
    claims = short_list("Claim", "Claims of impact on children.", by="report")
    recommendations = short_list("ReportRecommendation", "Recommendations to the board.", by="report")


@object_type(
    reports.CLAIM,
    filters={
        "report": Filter(ID, "Id of the report that makes it."),
        "evidence": Filter(ID, "Id of a document behind it."),
    },
)
class Claim(Recorded):
    """Claim of impact on children. Its fields lead to the evidence for the claim."""

    report_node = node("BoardReport", "report")
    documents = short_list("Evidence", "Its evidence, with the present status.", by="evidence")
    rests_on = short_list(
        "Basis", "Evidence behind it, with the status at the time of recording.", by="subject", key="basis"
    )


@object_type(
    reports.REPORT_RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "True if the board deferred it or has not decided."),
        "report": Filter(ID, "Id of the report that contains it."),
    },
)
class ReportRecommendation(Recorded):
    """Recommendation of a report to the board, and the board's response."""

    report_node = node("BoardReport", "report")


@section("board", "The boards. FORBIDDEN to roles that do not read them.")
class Board(Section):
    """The improvement board, and other boards."""

    terms = one("Terms", "Establishment of the improvement board; null if not established.", where=_IMPROVEMENT)
    boards = short_list("Terms", "Boards, in order of recording.")
    chair = one(
        "Chair",
        "Chair of the improvement board on the day of `on`; null if nobody.",
        where={"in_post": True, **_IMPROVEMENT},
    )
    chairs = short_list("Chair", "All chairs of every board, by first day.")
    vacancies = short_list("Vacancy", "Periods without a chair, from a board's establishment to `on`.")
    members = many("Member", "Members of every board, in order of joining.")
    interests = many("Interest", "Interests declared by their members.")
    timetable = one(
        "Timetable",
        "Current timetable of the improvement board; null if none is agreed.",
        where={"latest": True, **_IMPROVEMENT},
    )
    timetables = short_list("Timetable", "Timetables of every board, in order of agreement.")
    meetings = many("Meeting", "Meetings of every board, in order of time.")
    decisions = many("Decision", "Decisions, in order of recording.")
    action_log = many("BoardAction", "Actions of the board's own log, in order of recording.")
    reports = many("BoardReport", "Reports submitted to it.")
    chair_reports = many("ChairReport", "Reports of the chair.")
    claims = many("Claim", "Claims of impact made to the board, with their evidence.")
    report_recommendations = many("ReportRecommendation", "Recommendations of reports to the board.")
    updates = many("PartnerUpdate", "Updates commissioned from partners.")
