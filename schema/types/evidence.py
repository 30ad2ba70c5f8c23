"""Evidence and its uses; measures, their readings and charts. Imports strawberry and the views."""

from datetime import datetime

from ledger.domain.areas.evidence import Classification, Judgement
from ledger.domain.areas.measures import Direction, Unit
from projections.views import evidence, measures
from projections.views.spc import Signal
from schema.derive.declaration import (
    ID,
    PERIOD,
    Filter,
    Recorded,
    RowObject,
    entry,
    facet,
    many,
    object_type,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.enums import Assurance, EvidenceStatus
from schema.types.scalars import Count


@object_type(
    evidence.DOCUMENT,
    node="evidence",
    filters={
        "ids": Filter(list[ID], "Ids of the documents."),
        "status": Filter(EvidenceStatus, "Status of the document."),
        "classification": Filter(Classification, "Classification."),
        "supports": Filter(ID, "Id of something that it supports."),
        "judgement": Filter(Judgement, "Latest judgement on it."),
        "actor": Filter(str, "Actor id of its submitter."),
        "media_type": Filter(str, "Its media type, such as application/pdf."),
        "submitted_from": Filter(datetime, "Start of the period in which it was submitted, inclusive."),
        "submitted_to": Filter(datetime, "End of the period in which it was submitted, exclusive."),
        "text": Filter(str, "Words in its title, in any order; put a phrase in quotes."),
        **PERIOD,
    },
)
class Evidence(Recorded, Node):
    """Document in the register of evidence."""

    evidence = value("Id.", ID)
    title = value("Title; null if erased.")
    submitted_at = value("Instant at which it was submitted.")
    actor = value("Actor id of its submitter.")
    digest = value("SHA-256 over the file's salt and the file, in base64.")
    media_type = value("Its media type.")
    size = value("Its size in bytes.", Count)
    classification = value("Classification.", Classification)
    first = value("First day of its period.")
    last = value("Last day of its period.")
    supports = value("Ids of the things that it supports.", ID)
    status = value("Status of the document.", EvidenceStatus)
    ended_at = value("Instant at which its present status began; null if it is current.")
    ended_position = value("Position of the entry that changed the status.")
    reason = value("Reason for the status; null if erased.")
    superseded_by = value("Id of the document that replaces it.", ID)
    judgement = value("Latest judgement on it.", Judgement)
    assessed_at = value("Instant of the latest judgement.")
    assessed_position = value("Position of the entry that records it.")
    opened = value("Number of recorded openings; only for restricted documents.")
    opened_at = value("Instant of the last opening.")
    assessments = short_list("Assessment", "Judgements on it, in order.", by="evidence", key="evidence")
    resting = short_list(
        "Basis", "Statements that rest on it, and that its withdrawal would weaken.", by="evidence", key="evidence"
    )


@object_type(evidence.ASSESSMENT)
class Assessment(Recorded):
    """Judgement on a document."""

    evidence = value("Id of the document.", ID)
    assessed_at = value("Instant of the judgement.")
    assessor = value("Actor id of the person who did this.")
    judgement = value("Judgement.", Judgement)
    reason = value("Reason; null if erased.")


@object_type(
    evidence.BASIS,
    filters={
        "subject": Filter(ID, "Id of what rests on it, such as D1, or BRP3#1 for the first claim of a report."),
        "kind": Filter(str, "Kind of what rests on it, such as decision, claim or objective."),
        "evidence": Filter(ID, "Id of the document."),
    },
)
class Basis(RowObject):
    """Reliance of something on a document, with the document's status at the time of recording."""

    kind = value("Kind of what rests on it, such as decision, claim or objective.")
    subject = value(
        "Id of what rests on it: report#number for a claim, the entry's position for a fact without a subject.", ID
    )
    evidence = value("Id of the document.", ID)
    fact = value("Name of the fact that records this.")
    status_then = value("Status of the document at the time of recording.", EvidenceStatus)
    judgement_then = value("Latest judgement on the document at the time of recording.", Judgement)
    superseded_by_then = value("Id of the document that had replaced it by then.", ID)
    position = value("Position of the entry that records this.")
    entry = entry("position", "Entry that records this.")
    documents = short_list("Evidence", "The document, with its present status.", by="evidence", key="evidence")


@object_type(
    measures.MEASURE,
    node="measure",
    filters={
        "ids": Filter(list[ID], "Ids of the measures."),
        "assurance": Filter(Assurance, "Assurance that the target is met."),
        "signalling": Filter(bool, "True if one of its readings is a signal."),
        "part_of": Filter(ID, "Id of the measure that includes it."),
        "text": Filter(str, "Words in its title, in any order; put a phrase in quotes."),
    },
)
class Measure(RowObject, Node):
    """Measure, with its XmR chart. Figures of small counts are hidden from some roles."""

    measure = value("Id.", ID)
    title = value("Title; null if erased.")
    unit = value("Unit of its values.", Unit)
    direction = value("Direction of improvement.", Direction)
    target = value("Target, in the measure's unit.")
    baseline = value("Baseline, in the measure's unit.")
    per = value("Denominator of a rate, such as 10,000.")
    part_of = value("Id of the measure that includes it.", ID)
    reset_on = value("First day of its chart, after the last reset of the baseline.")
    readings_count = value("Number of readings.", name="readings")
    spc = facet("Spc", "Chart; null if it has no reading, or is hidden.", unless="mean")
    assurance = value("Assurance that the target is met; null if it cannot be determined.", Assurance)
    is_hidden = value("True if a reading is hidden from roles without full access.")
    position = value("Position of the entry that defined it.")
    entry = entry("position", "Entry that defined it.")
    readings = many("Reading", "Readings, by period.", by="measure", key="measure")
    resets = short_list("BaselineReset", "Resets of its baseline, with reasons.", by="measure", key="measure")


@object_type(measures.MEASURE)
class Spc(RowObject):
    """XmR chart (statistical process control) of a measure's readings since the last reset of its baseline."""

    mean = value("Mean, in the measure's unit.")
    lower = value("Lower natural process limit: the mean minus 2.66 times the mean moving range.")
    upper = value("Upper natural process limit: the mean plus 2.66 times the mean moving range.")
    provisional = value("True if it has fewer than 12 points.")
    signals = value("Number of the measure's readings that are signals.")
    points = many("Point", "Readings in the chart, by period.", by="charted", key="measure")


@object_type(measures.READING)
class Point(RowObject):
    """Point of a chart."""

    first = value("First day of its period.")
    last = value("Last day of its period.")
    signal = value("Signals that it belongs to; an empty list means natural variation.", Signal, name="signals")
    position = value("Position of the first entry that reported it.")
    value = value("Value, in the measure's unit.")


@object_type(measures.READING, filters=PERIOD)
class Reading(RowObject):
    """A measure's reading for a period, as last stated, with numerator and denominator."""

    measure = value("Id of the measure.", ID)
    first = value("First day of its period.")
    last = value("Last day of its period.")
    numerator = value("Numerator; null if hidden from this reader, or if it has none.")
    denominator = value("Denominator; null if hidden from this reader, or if it has none.")
    signals = value("Signals that it belongs to.", Signal)
    is_hidden = value("True if its counts are too small for all roles to see.")
    system = value("System that it was extracted from.")
    extracted_at = value("Instant of the extraction.")
    reported_at = value("Instant of the first report.")
    restated = value("Number of restatements.")
    restated_position = value("Position of the last entry that stated it.")
    reason = value("Reason for the restatement; null if erased.")
    position = value("Position of the first entry that reported it.")
    entry = entry("position", "First entry that reported it.")
    value = value("Value, in the measure's unit; null if hidden, or if the denominator is 0.")


@object_type(measures.RESET)
class BaselineReset(Recorded):
    """Reset of a measure's baseline: the limits are computed from this day on."""

    measure = value("Id of the measure.", ID)
    first = value("First day of the new limits.")
    baseline = value("New baseline, in the measure's unit.")
    reason = value("Reason; null if erased.")
