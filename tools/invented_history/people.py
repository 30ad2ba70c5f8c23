"""People and systems: actors, partners, the adviser, integrations, and upkeep of the record."""

from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("people")

ACTORS = TABLES["actors"]
"""Actors registered by the records officer; the operator's first grants make the others known."""
PARTNERS = TABLES["partners"]


def write(writer: HistoryWriter) -> None:
    """Record the start of July 2022, and later changes."""
    data: Data
    for number, (actor, kind, post) in enumerate(ACTORS):
        data = {"actor": actor, "kind": kind} | ({"post": post.replace("'", "")} if post else {})
        writer.record(f"actor-{actor}", "ActorRegistered", "records-officer", f"2022-07-07 09:{10 + number}", data)
    writer.record_all(TABLES["events"])
    for number, (partner, name, lead, bound) in enumerate(PARTNERS):
        data = {"partner": partner, "organisation": name, "section11": bound, "lead": lead}
        at = f"2022-07-13 14:{10 + number}"
        writer.record(f"partner-{number + 1}", "PartnerRegistered", "council-officer", at, data, clauses="2")
    writer.record(
        "scale-activity",
        "RatingScaleAdopted",
        "council-officer",
        "2022-07-13 16:00",
        {"dimension": "ACTIVITY", "levels": _levels("delivered as planned", "behind, and recoverable", "stalled")},
        clauses="5a",
    )
    writer.record(
        "scale-impact",
        "RatingScaleAdopted",
        "council-officer",
        "2022-07-13 16:05",
        {"dimension": "IMPACT", "levels": _levels("children see the difference", "first signs", "none seen yet")},
        clauses="5a",
    )
    _systems(writer)
    _roles(writer)


def _roles(writer: HistoryWriter) -> None:
    """Record a hand-over at the Department, and an attempt by one person to do the same alone."""
    alone = {"actor": "records-officer", "role": "ADVISER"}
    writer.record("role-alone", "RoleGranted", "records-officer", "2022-07-20 11:30", alone, refused="SAME_PERSON")
    role = {"actor": "department-official-2", "role": "DEPARTMENT_OFFICIAL"}
    writer.record(
        "role-request-1",
        "RoleRequested",
        "department-official",
        "2022-10-03 10:00",
        role | {"reason": "A second case lead stands in during leave.", "until": "2023-03-31T23:59:00+01:00"},
    )
    writer.record(
        "role-request-1-granted",
        "RoleGranted",
        "records-officer",
        "2022-10-04 09:30",
        role | {"until": "2023-03-31T23:59:00+01:00"},
        refers={"request": "role-request-1"},
    )


def _levels(green: str, amber: str, red: str) -> list[dict[str, object]]:
    meanings = (("RED", red), ("AMBER", amber), ("GREEN", green))
    return [
        {"code": code, "label": code.title(), "meaning": f"{meaning.capitalize()}.", "order": order}
        for order, (code, meaning) in enumerate(meanings)
    ]


def _systems(writer: HistoryWriter) -> None:
    types = ["improvement-ledger.evidence.EvidenceSubmitted.v1"]
    types += [f"improvement-ledger.measures.MeasureReading{what}.v1" for what in ("Reported", "Restated")]
    writer.record(
        "integration-1",
        "IntegrationRegistered",
        "records-officer",
        "2022-07-18 09:30",
        {
            "integration": "I1",
            "actor": "performance-system",
            "source": "invented/performance-system",
            "facts": types,
        },
    )
    writer.record(
        "integration-2",
        "IntegrationRegistered",
        "records-officer",
        "2022-07-18 09:40",
        {"integration": "I2", "actor": "trial-system", "source": "invented/trial-system", "facts": types[:1]},
    )
    writer.record_all(TABLES["systems_events"])
