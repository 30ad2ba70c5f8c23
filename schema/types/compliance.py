"""Compliance by clause: status, reason, start and entries behind each verdict."""

from datetime import datetime

from ledger.domain.areas.notice import Modality, Obligor
from projections.views.compliance import view
from projections.views.compliance.verdict import Status
from schema.derive.declaration import ID, Filter, RowObject, entry, object_type, short_list, value

_FILTERS = {
    "clause": Filter(ID, "Number of the clause.", "number"),
    "status": Filter(Status, "Status of the clause."),
}


@object_type(
    view.COMPLIANCE,
    filters=_FILTERS
    | {
        "obligor": Filter(Obligor, "Party responsible for the obligation."),
        "modality": Filter(Modality, "Modality of the obligation."),
        "since_from": Filter(datetime, "Earliest instant of the last change of status."),
        "changed_from": Filter(
            datetime, "Earliest instant at which its status changed, or at which the change was recorded."
        ),
    },
    part=True,
)
class Compliance(RowObject):
    """Verdict on an obligation at the instant of `on`, from the entries up to the position read."""

    clause = value("Number of the clause.", ID, name="number")
    obligor = value("Party responsible for the obligation.", Obligor)
    modality = value("Modality of the clause; a MAY is a power, used or unused.", Modality)
    rule = value("Name of the rule that judges it.")
    status = value("Status of the clause.", Status)
    since = value("Instant at which the status began.")
    since_position = value("Position of the entry that changed the status; null if a deadline did.")
    reason = value("Reason for the status: a sentence of ids, dates and counts.")
    entries = value("Positions of the entries behind it.")
    position = value("Position of the entry that registered the clause.")
    entry = entry("since_position", "Entry that changed the status; null if a deadline did.")
    course = short_list(
        "Standing", "Statuses over time; a future one assumes that nothing more is recorded.", by="number",
    )  # fmt: skip


@object_type(view.COURSE, part=True)
class Standing(RowObject):
    """A clause's status from one instant until the next status begins."""

    clause = value("Number of the clause.", ID, name="number")
    begins = value("Instant at which it begins.")
    status = value("Status of the clause.", Status)
    since = value("Instant at which the status began; the reason may have changed since.")
    since_position = value("Position of the entry that changed the status; null if a deadline does.")
    reason = value("Reason for the status: a sentence of ids, dates and counts.")
    entries = value("Positions of the entries behind it.")


@object_type(
    view.FALLING_DUE,
    filters=_FILTERS,
    part=True,
)
class Forecast(RowObject):
    """A clause's predicted status from an instant after `on`, without further entries."""

    clause = value("Number of the clause.", ID, name="number")
    begins = value("Instant at which it begins.")
    status = value("Status of the clause.", Status)
    reason = value("Reason for the status: a sentence of ids, dates and counts.")
    entries = value("Positions of the entries behind it.")
