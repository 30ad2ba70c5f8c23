"""Actions and milestones of the sample history: on time, late, moved and never completed."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.plan import OBJECTIVES
from tools.invented_history.tables import tables_of

TABLES = tables_of("actions")

ACTIONS = TABLES["actions"]
MOVED = {int(number): rows for number, rows in TABLES["moved"].items()}
"""Later due date that was approved for an action, and the reason, by the action's number."""


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
    milestones = TABLES["milestones"]
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
