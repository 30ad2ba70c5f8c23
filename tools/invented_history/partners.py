"""Contributions of partners, and the updates that the board requested."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter


def write(writer: HistoryWriter) -> None:
    """Record the contributions and updates."""
    data: Data
    promised = (
        ("CB1", "P1", "A lead for strategy meetings.", "partner-health", "2022-11-30", "O3", "2022-12-09"),
        ("CB2", "P2", "A lead for strategy meetings.", "partner-police", "2022-11-30", "O3", "2022-11-24"),
        (
            "CB3",
            "P3",
            "A named teacher in every school for early help.",
            "partner-schools",
            "2023-02-28",
            "O7",
            "2023-02-20",
        ),
        ("CB4", "P1", "Two nurses in the family hubs.", "partner-health", "2023-05-31", "O7", ""),
        (
            "CB5",
            "P2",
            "Reports of missing children within a day.",
            "partner-police",
            "2023-03-31",
            "O1",
            "2023-04-03",
        ),
    )
    for number, (name, partner, what, owner, due, objective, received) in enumerate(promised, 1):
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
    writer.record(
        "contribution-not-theirs",
        "ContributionReceived",
        "partner-police",
        "2023-06-08 11:00",
        {"contribution": "CB4", "receivedOn": "2023-06-07"},
        clauses="2",
        refused="NOT_YOURS",
    )
    writer.record(
        "partner-concern-1",
        "ContributionConcernRaised",
        "chair-2",
        "2023-07-26 15:30",
        {"partner": "P1", "concern": "The nurses for the hubs have no date any more.", "contribution": "CB4"},
        clauses="5d",
    )
    for number, (partner, lead, requested, due, received, topic) in enumerate(
        (
            ("P1", "partner-health", "2022-09-28", "2022-10-26", "2022-10-24", "Who comes to strategy meetings."),
            ("P2", "partner-police", "2023-01-25", "2023-02-22", "2023-02-20", "Children who go missing."),
            ("P3", "partner-schools", "2023-02-22", "2023-03-29", "2023-04-17", "Early help in schools."),
            ("P1", "partner-health", "2023-10-25", "2023-11-29", "", "Nurses in the hubs."),
        ),
        1,
    ):
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
