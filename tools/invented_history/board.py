"""The board in the sample history: its members, meetings, papers and decisions."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("board")

MEMBERS = TABLES["members"]
MEETINGS = TABLES["meetings"]
DECISIONS = {int(number): rows for number, rows in TABLES["decisions"].items()}
"""Decisions by the number of their meeting."""
VACANT = ("2023-04-26", "2023-05-24", "2023-06-28")
"""Days of the meetings in the quarter without a chair. The second chair records these meetings later."""


def write(writer: HistoryWriter) -> None:
    """Record the members, and each meeting up to the last one in February 2024."""
    _members(writer)
    for number, day in enumerate(MEETINGS, 1):
        _meeting(writer, number, day)


def _members(writer: HistoryWriter) -> None:
    data: Data
    for number, (member, post) in enumerate(MEMBERS):
        data = {"member": member, "post": post, "first": "2022-07-25"}
        writer.record(
            f"member-{number + 1}",
            "MemberJoined",
            "council-officer",
            f"2022-07-20 10:{10 + number}",
            data,
            clauses="5b",
        )


def _meeting(writer: HistoryWriter, number: int, day: str) -> None:
    data: Data
    meeting, met = f"B{number}", date.fromisoformat(day)
    chair = "chair" if met < date(2023, 4, 1) else "chair-2"
    members = [name for name, _ in MEMBERS if not (name == "partner-schools" and met > date(2023, 9, 28))]
    missing = [members[(number * 2) % len(members)]] if number % 3 else []
    quorate = day != "2023-04-26"
    if not quorate:
        missing = members[2:]
    papers = f"{working_day_from(met - timedelta(days=6))}"
    figures = writer.submit_evidence(
        f"Figures for the board's meeting on {met.day} {met:%B %Y}",
        f"{papers} 12:30",
        actor="performance-system",
        mediaType="text/csv",
        clauses="1b 5b",
    )
    pack = {"meeting": meeting, "recipients": [*members, "adviser"], "evidence": [figures]}
    writer.record(
        f"papers-{number}",
        "BoardPackCirculated",
        "council-officer",
        f"{papers} 15:{number:02}",
        pack,
        clauses="5b",
    )
    recorded = "2023-07-04" if day in VACANT else day
    minute = 10 * VACANT.index(day) if day in VACANT else 10
    attended = [name for name in members if name not in missing]
    minutes: Data = {
        "meeting": meeting,
        "attendance": attended if day in VACANT else [chair, *attended],
        "apologies": missing,
    }
    minutes["quorate"] = quorate
    writer.record(
        f"meeting-{number}",
        "MeetingHeld",
        chair,
        f"{recorded} 16:{minute:02}",
        minutes,
        time=f"{day} 14:00",
        clauses="5b",
    )
    for index, (title, outcome, rationale, about) in enumerate(DECISIONS.get(number, ()), 1):
        decision = f"D{sum(len(DECISIONS.get(n, ())) for n in range(1, number)) + index}"
        data = {
            "decision": decision,
            "meeting": meeting,
            "title": title + ".",
            "outcome": outcome,
            "rationale": rationale,
            "options": ["To leave it as it is.", outcome],
            "votes": {
                "for": len(attended) - 1 if number % 4 == 0 else len(attended),
                "against": 1 if number % 4 == 0 else 0,
            },
            "evidence": [figures],
            "relatesTo": about,
        }
        at = f"{recorded} 16:{minute + index * 3:02}"
        writer.record(
            f"decision-{decision[1:]}",
            "BoardDecisionRecorded",
            chair,
            at,
            data,
            time=f"{day} 15:{10 * index}",
            clauses="5b",
        )
    if number < len(MEETINGS) - 1:
        following = date.fromisoformat(MEETINGS[number])
        late = following.isoformat() in VACANT
        at = f"2023-07-04 17:{number:02}" if late else f"{following} 17:05"
        who = "chair" if following < date(2023, 4, 1) else "chair-2"
        data = {"meeting": meeting, "approvedAt": f"B{number + 1}"}
        writer.record(f"minutes-{number}", "MinutesApproved", who, at, data, clauses="5b")
