"""Contributions of partners, and the updates that the board requested."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("partners")


def write(writer: HistoryWriter) -> None:
    """Record the contributions and updates."""
    data: Data
    contributions = TABLES["contributions"]
    for number, (name, partner, what, owner, due, objective, received) in enumerate(contributions, 1):
        data = {
            "contribution": name,
            "partner": partner,
            "what": what,
            "owner": owner,
            "due": due,
            "objective": objective,
        }
        writer.record(
            f"contribution-{number}", "ContributionCommitted", owner, f"2022-08-0{number} 11:00", data, clauses="2"
        )
        if not received or received > due:
            missed = working_day_from(date.fromisoformat(due) + timedelta(days=2))
            reason = "The money is not there yet." if not received else "It took longer to choose somebody."
            data = {"contribution": name, "reason": reason}
            writer.record(
                f"contribution-{number}-missed",
                "ContributionMissed",
                "council-officer",
                f"{missed} 10:0{number}",
                data,
                clauses="2",
            )
        if received:
            data = {"contribution": name, "receivedOn": received}
            at = f"{working_day_from(date.fromisoformat(received) + timedelta(days=3))} 15:0{number}"
            writer.record(f"contribution-{number}-received", "ContributionReceived", owner, at, data, clauses="2")
    writer.record_all(TABLES["events"])
    for number, (partner, lead, requested, due, received, topic) in enumerate(TABLES["updates"], 1):
        chair = "chair" if requested < "2023-04" else "chair-2"
        data = {"update": f"U{number}", "partner": partner, "topic": topic, "due": due}
        writer.record(
            f"update-{number}", "PartnerUpdateCommissioned", chair, f"{requested} 16:40", data, clauses="5b"
        )
        if received:
            data = {
                "update": f"U{number}",
                "receivedOn": received,
                "summary": "What was asked for, with names of posts and dates.",
            }
            writer.record(
                f"update-{number}-came", "PartnerUpdateReceived", lead, f"{received} 16:00", data, clauses="5b"
            )
