"""Evidence and its uses; measures, their readings and charts. Imports the views."""

from projections.views import evidence, measures
from projections.views.spc import Signal
from projections.views.word_lists import Assurance
from schema.derive.declaration import (
    ID,
    PERIOD,
    TITLE_WORDS,
    Filter,
    Recorded,
    RowObject,
    entry,
    facet,
    many,
    node,
    object_type,
    of_row,
    short_list,
    value,
)
from schema.derive.node import Node


@object_type(
    evidence.DOCUMENT,
    node="evidence",
    filters={
        **of_row("status", "classification"),
        "supports": Filter(ID, "Id of something that it supports."),
        **of_row("judgement", "actor"),
        "media_type": Filter(str, "Its media type, such as application/pdf."),
        "text": TITLE_WORDS,
        **PERIOD,
    },
)
class Evidence(Recorded, Node):
    """Document in the register of evidence."""

    successor = node("Evidence", "evidence", "superseded_by")
    objectives = short_list("Objective", "Objectives that it supports.", by="objective", key="supports")
    decisions = many("Decision", "Decisions that rest on it.", by="evidence")
    claims = many("Claim", "Claims of impact that rest on it.", by="evidence")
    assessments = short_list("Assessment", "Judgements on it, in order.", by="evidence")
    resting = short_list(
        "Basis", "Statements that rest on it, and that its withdrawal would weaken.", by="evidence"
    )


@object_type(evidence.ASSESSMENT)
class Assessment(Recorded):
    """Judgement on a document."""


@object_type(
    evidence.BASIS,
    filters={
        "subject": Filter(ID, "Id of what rests on it, such as D1, or BRP3#1 for the first claim of a report."),
        **of_row("kind", "evidence"),
    },
)
class Basis(RowObject):
    """Reliance of a statement on a document, with the document's status at the time of recording."""

    entry = entry("position", "Entry that records this.")
    documents = short_list("Evidence", "The document, with its present status.", by="evidence")
    superseded_by_then_node = node("Evidence", "evidence", "superseded_by_then")


@object_type(
    measures.MEASURE,
    node="measure",
    filters={
        "assurance": Filter(Assurance, "Assurance that the target is met."),
        "signalling": Filter(bool, "True if one of its readings is a signal."),
        **of_row("part_of"),
        "text": TITLE_WORDS,
    },
)
class Measure(RowObject, Node):
    """Measure, with its XmR chart. Figures of small counts are hidden from some roles."""

    readings_count = value(name="readings")
    suppressed = value(name="is_hidden")
    spc = facet("Spc", "Chart; null if it has no reading, or is hidden.", unless="mean")
    entry = entry("position", "Entry that defined it.")
    whole = node("Measure", "measure", "part_of")
    parts = many("Measure", "Measures that are parts of it.", by="part_of", key="measure")
    objectives = many("Objective", "Objectives whose impact it measures.", by="measure")
    readings = many("Reading", "Readings, by period.", by="measure")
    resets = short_list("BaselineReset", "Resets of its baseline, with reasons.", by="measure")
    targets = short_list("TargetRevision", "Revisions of its target, with reasons.", by="measure")


@object_type(measures.MEASURE, part=True)
class Spc(RowObject):
    """XmR chart (statistical process control) of a measure's readings since the last reset of its baseline."""

    mean = value("Mean, in the measure's unit.")
    lower = value("Lower natural process limit: the mean minus 2.66 times the mean moving range.")
    upper = value("Upper natural process limit: the mean plus 2.66 times the mean moving range.")
    provisional = value("True if it has fewer than 12 points.")
    signals = value("Number of the measure's readings that are signals.")
    points = many("Point", "Readings in the chart, by period.", by="charted", key="measure")


@object_type(measures.READING, part=True)
class Point(RowObject):
    """Reading of a measure, as a point of the measure's chart."""

    first = value("First day of its period.")
    last = value("Last day of its period.")
    signal = value("Signals that it belongs to; an empty list means natural variation.", Signal, name="signals")
    position = value("Position of the first entry that reported it.")
    value = value("Value, in the measure's unit.")


@object_type(measures.READING, filters=PERIOD)
class Reading(RowObject):
    """A measure's reading for a period, as last stated, with numerator and denominator."""

    suppressed = value(name="is_hidden")
    entry = entry("position", "First entry that reported it.")


@object_type(measures.TARGET)
class TargetRevision(Recorded):
    """Revision of a measure's target, with the first day of the new target."""


@object_type(measures.RESET)
class BaselineReset(Recorded):
    """Reset of a measure's baseline, with the first day from which the limits are computed."""
