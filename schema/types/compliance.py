"""Compliance, clause by clause: the status of each obligation, why, since when and on which entries."""

from datetime import datetime

from ledger.domain.areas.notice import Modality, Obligor
from projections.views.compliance import view
from projections.views.compliance.verdict import Status
from schema.derive.declaration import ID, Filter, RowObject, entry, shown, value, whole

_STATUS = {"status": Filter(Status, "The status.")}


@shown(
    view.COMPLIANCE,
    filters=_STATUS
    | {
        "obligor": Filter(Obligor, "Who owes it."),
        "modality": Filter(Modality, "How strongly it is asked."),
        "clauses": Filter(list[ID], "One of these clauses."),
        "since_from": Filter(datetime, "The status became what it is at this instant or later."),
    },
)
class Compliance(RowObject):
    """The status of an obligation at the instant of `on`, as far as had been recorded."""

    clause = value("The clause.", ID, name="number")
    obligor = value("Who owes it.", Obligor)
    modality = value("How strongly it is asked; a MAY is never breached.", Modality)
    rule = value("The kind of rule by which it is judged.")
    status = value("The status.", Status)
    since = value("When the status became what it is.")
    since_position = value("The position of the entry that brought it about; null: a deadline passed.")
    reason = value("Why, in a sentence of ids, days and counts.")
    entries = value("The positions of the entries that it rests on.")
    position = value("The position of the entry that registered the clause.")
    entry = entry("since_position", "The entry that brought the status about; null: a deadline passed.")
    course = whole(
        "Standing", "Its statuses over all time, with those to come if nothing more is recorded.", by="number",
        key="number",
    )  # fmt: skip


@shown(view.COURSE)
class Standing(RowObject):
    """A clause's status from an instant on, until its next one."""

    clause = value("The clause.", ID, name="number")
    begins = value("From when.")
    status = value("The status.", Status)
    since = value("When the status became what it is; the reason may have changed since.")
    since_position = value("The position of the entry that brought it about; null: a deadline passes.")
    reason = value("Why, in a sentence of ids, days and counts.")
    entries = value("The positions of the entries that it rests on.")


@shown(
    view.FALLING_DUE,
    filters=_STATUS | {"until": Filter(datetime, "What changes by then."), "number": Filter(ID, "The clause.")},
)
class Prospect(RowObject):
    """What a clause's status will be from an instant after `on`, if nothing more is recorded."""

    clause = value("The clause.", ID, name="number")
    begins = value("From when.")
    status = value("The status.", Status)
    reason = value("Why, in a sentence of ids, days and counts.")
    entries = value("The positions of the entries that it rests on.")
