"""People and systems: actors, partners, the adviser, integrations, and upkeep of the record."""

from tools.invented_history.history_writer import Data, HistoryWriter

ACTORS = (
    ("adviser", "PERSON", "improvement adviser"),
    ("adviser-before", "PERSON", "improvement adviser"),
    ("chair", "PERSON", "independent chair"),
    ("leader", "PERSON", "leader of the council"),
    ("lead-member", "PERSON", "lead member for children"),
    ("chief-executive", "PERSON", "chief executive"),
    ("director", "PERSON", "director of children's services"),
    ("council-officer", "PERSON", "head of improvement"),
    ("performance-system", "SYSTEM", None),
    ("trial-system", "SYSTEM", None),
    ("partner-health", "ORGANISATION", None),
    ("reviewer-2", "PERSON", "reviewer of the Department"),
    ("department-official-2", "PERSON", "case lead at the Department"),
)
"""Actors registered by the records officer; the operator's first grants make the others known."""
PARTNERS = (
    ("P1", "The integrated care board", "partner-health", True),
    ("P2", "The police force", "partner-police", True),
    ("P3", "The primary and secondary headteachers' forum", "partner-schools", False),
)


def write(writer: HistoryWriter) -> None:
    """Record the start of July 2022, and later changes."""
    data: Data
    for number, (actor, kind, post) in enumerate(ACTORS):
        data = {"actor": actor, "kind": kind} | ({"post": post.replace("'", "")} if post else {})
        writer.record(f"actor-{actor}", "ActorRegistered", "records-officer", f"2022-07-07 09:{10 + number}", data)
    writer.record(
        "adviser-1",
        "AdviserAppointed",
        "department-official",
        "2022-07-08 10:00",
        {
            "appointment": "AP1",
            "adviser": "adviser-before",
            "first": "2022-07-11",
            "terms": "Advise the council, attend the board, and report to ministers on each area.",
        },
        clauses="3",
    )
    writer.record(
        "adviser-1-replaced",
        "AdviserReplaced",
        "department-official",
        "2022-09-02 11:00",
        {
            "appointment": "AP1",
            "adviser": "adviser",
            "first": "2022-09-05",
            "reason": "The first adviser took up another post; there is no day between them.",
        },
        clauses="3",
    )
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
    writer.record(
        "integration-2-revoked",
        "IntegrationRevoked",
        "records-officer",
        "2022-11-21 16:00",
        {"integration": "I2", "reason": "The trial system was never connected."},
    )
    writer.record(
        "token-old",
        "TokenIssued",
        "records-officer",
        "2022-07-18 09:50",
        {
            "token": "T-trial",
            "actor": "council-officer",
            "role": "COUNCIL_OFFICER",
            "until": "2022-12-31T00:00:00Z",
        },
    )
    writer.record(
        "token-old-revoked",
        "TokenRevoked",
        "records-officer",
        "2022-08-01 08:50",
        {"token": "T-trial", "reason": "The trial has ended."},
    )
    writer.record(
        "key-1",
        "SigningKeyRotated",
        "service",
        "2022-07-18 10:00",
        {"key": "demo-2022", "publicKey": "G24WE45TLio73BSnx6rTOj9VAAA4Z1hVW3LHkE3WaW4="},
    )
