"""The end of the notice: a later date, concerns, the ministers' decision, the closure and the direction."""

from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("closure")


def write(writer: HistoryWriter) -> None:
    """Record the end, from the missed date of June 2023 to March 2024."""
    data: Data
    official = "department-official"
    writer.record(
        "revised-1",
        "NoticeRevised",
        official,
        "2023-07-17 10:00",
        {
            "revisedOn": "2023-07-17",
            "reason": "Ministers allow until the end of the year for what the plan could not deliver by June.",
            "clauses": [{"number": "11", "parameters": {"target_date": "2023-12-31"}}],
        },
        clauses="11",
    )
    writer.record(
        "instruction-1",
        "ClauseRegistered",
        official,
        "2023-07-17 10:20",
        {
            "number": "5f",
            "obligor": "COUNCIL",
            "modality": "SHOULD",
            "rule": "published",
            "parameters": {"what": "caseloads", "every_months": 1},
            "text": "Publish caseloads each month.",
            "under": "5",
        },
        clauses="5",
    )
    for number, (at, text, areas) in enumerate(TABLES["concerns"], 1):
        data = {"concern": f"C{number}", "text": text, "areas": areas}
        writer.record(f"concern-{number}", "ConcernRaised", official, at, data, clauses="13")
    for number, (at, power, decision, concerns) in enumerate(TABLES["interventions"], 1):
        data = {"intervention": f"IV{number}", "power": power, "decision": decision, "concerns": concerns}
        writer.record(f"intervention-{number}", "InterventionDecided", official, at, data, clauses="13")
    writer.record(
        "intervention-1-ended",
        "InterventionEnded",
        official,
        "2024-03-12 10:10",
        {"intervention": "IV1", "reason": "The direction takes its place.", "becomes": "statutory direction"},
        clauses="13",
    )
    writer.record(
        "area-1a-closed-early",
        "AreaClosed",
        official,
        "2024-03-12 10:15",
        {
            "area": "1a",
            "closedOn": "2024-03-12",
            "reason": "Leaders' understanding is part of the direction's first area.",
        },
        clauses="1a",
    )
    writer.record(
        "area-1b-goes-on",
        "AreaCarriedOver",
        official,
        "2024-03-12 10:20",
        {"area": "1b", "successor": "tameside-2024", "successorArea": "1"},
        clauses="1b",
    )
    writer.record(
        "released-1",
        "AdviserReleased",
        official,
        "2024-03-14 15:00",
        {"appointment": "AP1", "last": "2024-03-18", "reason": "The commissioner takes over from the adviser."},
        clauses="3",
    )
    writer.record(
        "closed",
        "NoticeClosed",
        official,
        "2024-03-19 09:30",
        {
            "closedOn": "2024-03-18",
            "outcome": "ESCALATED",
            "reason": "The services did not improve enough in time; a statutory direction follows.",
            "successor": "tameside-2024",
        },
        clauses="13",
    )
    writer.record_all(TABLES["events"])
