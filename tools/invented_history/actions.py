"""Actions and milestones: on time, late, moved and never completed."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.plan import OBJECTIVES

ACTIONS = (
    ("O1", "Move two posts into the duty team", "2022-10-31", "2022-10-24", "Both posts are filled"),
    (
        "O1",
        "List every child not seen for four weeks, each Monday",
        "2022-09-30",
        "2022-09-26",
        "The list is read in every team",
    ),
    (
        "O1",
        "Agree what a good visit is, and teach it",
        "2023-01-31",
        "2023-03-10",
        "Six teams were taught; the last in March",
    ),
    (
        "O2",
        "Write the self-assessment with every head of service",
        "2022-10-31",
        "2022-10-14",
        "Nine heads of service wrote their part",
    ),
    (
        "O2",
        "Test it with the leader and the lead member",
        "2022-11-30",
        "2022-11-18",
        "Both asked for plainer words, and have them",
    ),
    (
        "O3",
        "Name a lead in the police and in health",
        "2022-11-30",
        "2022-12-09",
        "Both are named, nine days late",
    ),
    (
        "O3",
        "Write down within a day what a meeting decided",
        "2023-01-31",
        "2023-01-20",
        "A form of one page does it",
    ),
    ("O4", "Book rooms and chairs a month ahead", "2022-12-31", "2023-01-13", "A shared calendar does it"),
    (
        "O4",
        "Ask parents early when they can come",
        "2023-03-31",
        "2023-03-24",
        "Parents came to eight conferences of ten in March",
    ),
    (
        "O5",
        "Offer permanent posts to agency staff who want them",
        "2023-03-31",
        "2023-04-28",
        "Eleven took the offer",
    ),
    (
        "O5",
        "Cap new workers at twelve children",
        "2022-12-31",
        "2022-12-16",
        "The cap holds in every team but one",
    ),
    ("O5", "Open a third cohort of newly qualified workers", "2023-05-31", "", ""),
    (
        "O6",
        "Train every manager in reflective supervision",
        "2023-02-28",
        "2023-03-31",
        "Forty-one of forty-three managers came",
    ),
    ("O6", "Sample twenty records a month", "2022-10-31", "2022-10-31", "The first sample is with the board"),
    ("O7", "Agree one front door with health and schools", "2023-03-31", "", ""),
    ("O7", "Open two family hubs", "2023-05-31", "2023-09-15", "Both are open, fifteen weeks late"),
    (
        "O8",
        "Write to every care leaver with what they are owed",
        "2022-12-31",
        "2022-12-12",
        "Every letter went out, and a third answered",
    ),
    (
        "O8",
        "Offer a tenancy to each who is ready",
        "2023-06-30",
        "2023-06-23",
        "Nineteen were ready, and have one",
    ),
    (
        "O9",
        "Have a third of audits checked by somebody outside",
        "2023-01-31",
        "2023-01-31",
        "Twelve of thirty-six were",
    ),
    (
        "O9",
        "Show each worker the audit of their own work",
        "2023-02-28",
        "2023-02-24",
        "A short talk follows every audit",
    ),
    ("O10", "Set up a forum of frontline staff", "2022-10-31", "2022-10-05", "It meets every second month"),
    (
        "O10",
        "Ask children in care each quarter",
        "2022-12-31",
        "2022-12-02",
        "A first survey had sixty-three answers",
    ),
)
MOVED = {
    3: ("2023-03-15", "The trainer was ill; the board agreed to six more weeks."),
    12: ("2023-10-31", "The university's intake is in autumn."),
    15: ("2023-09-30", "Two partners have yet to find the money."),
}
"""Date approved later, and the reason, by action number."""


def write(writer: HistoryWriter) -> None:
    """Record the actions and milestones."""
    data: Data
    for number, (objective, title, due, done, result) in enumerate(ACTIONS, 1):
        name = f"A{number}"
        owner = next(o[3] for o in OBJECTIVES if o[0] == objective)
        data = {"action": name, "objective": objective, "title": title + ".", "owner": owner, "due": due}
        if number == 6:
            data["partner"] = "P1"
        at = f"2022-07-{18 + number // 8} {9 + number % 8}:{(number * 7) % 60:02}"
        writer.record(f"action-{number}", "ActionAdded", "council-officer-2", at, data, clauses="4")
        if number in MOVED:
            to, reason = MOVED[number]
            at = f"{working_day_from(date.fromisoformat(due) - timedelta(days=16))} 14:20"
            moved = {"action": name, "from": due, "to": to, "reason": reason, "approver": "chair"}
            writer.record(
                f"action-{number}-moved", "ActionRebaselined", "council-officer", at, moved, clauses="5a 11"
            )
        if done:
            recorded = working_day_from(date.fromisoformat(done) + timedelta(days=3))
            finished = {"action": name, "completedOn": done, "result": result + "."}
            writer.record(
                f"action-{number}-done",
                "ActionCompleted",
                "council-officer-2",
                f"{recorded} 11:{number:02}",
                finished,
                clauses="4",
            )
    writer.record(
        "action-15-revised",
        "ActionRevised",
        "council-officer",
        "2023-06-06 09:40",
        {"action": "A15", "reason": "The director takes it on herself.", "owner": "director"},
        clauses="4",
    )
    milestones = (
        ("MS1", "O1", "Eight visits of ten in time", "2022-11-30", "2022-12-05"),
        ("MS2", "O3", "All partners at eight meetings of ten", "2023-01-31", "2023-03-15"),
        ("MS3", "O4", "Three conferences of four in time", "2023-02-28", "2023-02-27"),
        ("MS4", "O5", "Fewer than eighteen children to a worker", "2023-06-30", ""),
        ("MS5", "O8", "Every care leaver has an offer", "2023-03-31", "2023-04-03"),
    )
    for number, (name, objective, title, due, reached) in enumerate(milestones, 1):
        data = {"milestone": name, "objective": objective, "title": title + ".", "due": due}
        writer.record(
            f"milestone-{number}", "MilestoneSet", "council-officer", f"2022-07-21 10:{number}0", data, clauses="4"
        )
        if reached:
            at = f"{working_day_from(date.fromisoformat(reached))} 16:30"
            data = {"milestone": name, "reachedOn": reached}
            writer.record(
                f"milestone-{number}-reached", "MilestoneReached", "council-officer", at, data, clauses="4"
            )
