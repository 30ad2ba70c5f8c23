"""Evidence and what rests on it; measures, their readings and charts. Imports strawberry and the views."""

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
    many,
    same,
    shown,
    value,
    whole,
)
from schema.derive.node import Node
from schema.types.enums import Assurance, EvidenceStatus
from schema.types.scalars import Count


@shown(
    evidence.DOCUMENT,
    node="evidence",
    filters={
        "ids": Filter(list[ID], "One of these documents."),
        "status": Filter(EvidenceStatus, "Whether it may be relied on."),
        "classification": Filter(Classification, "How it is classified."),
        "supports": Filter(ID, "Something that it speaks for."),
        "judgement": Filter(Judgement, "The latest judgement on it."),
        "actor": Filter(str, "Who submitted it."),
        "media_type": Filter(str, "Its media type, such as application/pdf."),
        "submitted_from": Filter(datetime, "It was submitted at this instant or later."),
        "submitted_to": Filter(datetime, "It was submitted before this instant."),
        "text": Filter(str, "Its title holds these words, in whatever case."),
        **PERIOD,
    },
)
class Evidence(Recorded, Node):
    """A document of the register of evidence."""

    evidence = value("Its id.", ID)
    title = value("Its title; null once it was erased.")
    submitted_at = value("When it was submitted.")
    actor = value("Who submitted it.")
    digest = value("SHA-256 over the file's salt and the file, in base64.")
    media_type = value("Its media type.")
    size = value("Its size in bytes.", Count)
    classification = value("How it is classified.", Classification)
    first = value("The first day that it covers.")
    last = value("The last day that it covers.")
    supports = value("What it speaks for, by id.", ID)
    status = value("Whether it may be relied on.", EvidenceStatus)
    ended_at = value("When its status became what it is; null while it is current.")
    ended_position = value("The position of the entry by which it did.")
    reason = value("Why; null once it was erased.")
    superseded_by = value("The document that takes its place.", ID)
    judgement = value("The latest judgement on it.", Judgement)
    assessed_at = value("When that was given.")
    assessed_position = value("The position of the entry that holds it.")
    opened = value("How often opening it was recorded; only for restricted material.")
    opened_at = value("When it was opened last.")
    assessments = whole("Assessment", "The judgements on it, in order.", by="evidence", key="evidence")
    resting = whole("Basis", "What rests on it: what its withdrawal would shake.", by="evidence", key="evidence")


@shown(evidence.ASSESSMENT)
class Assessment(Recorded):
    """A judgement on a document."""

    evidence = value("The document.", ID)
    assessed_at = value("When it was given.")
    assessor = value("By whom.")
    judgement = value("What was judged.", Judgement)
    reason = value("Why; null once it was erased.")


@shown(
    evidence.BASIS,
    filters={
        "subject": Filter(ID, "What rests on it, such as D1, or BRP3#1 for the first claim of a report."),
        "kind": Filter(str, "The kind of what rests on it, such as decision, claim or objective."),
        "evidence": Filter(ID, "The document."),
    },
)
class Basis(RowObject):
    """That something rests on a document, and how the document stood when that was recorded."""

    kind = value("The kind of what rests on it, such as decision, claim or objective.")
    subject = value("Its id; of a claim report#number; of a fact about nothing in particular its position.", ID)
    evidence = value("The document.", ID)
    fact = value("The fact that says so.")
    status_then = value("Whether the document could be relied on when it was recorded.", EvidenceStatus)
    judgement_then = value("The latest judgement on the document, when it was recorded.", Judgement)
    superseded_by_then = value("The document that had taken its place by then.", ID)
    position = value("The position of the entry that says so.")
    entry = entry("position", "The entry that says so.")
    documents = whole("Evidence", "The document as it stands now.", by="evidence", key="evidence")


@shown(
    measures.MEASURE,
    node="measure",
    filters={
        "ids": Filter(list[ID], "One of these measures."),
        "assurance": Filter(Assurance, "How sure it is that the target is met."),
        "signalling": Filter(bool, "Whether one of its readings is a signal."),
        "part_of": Filter(ID, "The measure that it is part of."),
        "text": Filter(str, "Its title holds these words, in whatever case."),
    },
)
class Measure(RowObject, Node):
    """A measure, and what its chart (XmR) says. Figures of small counts are hidden from some roles."""

    measure = value("Its id.", ID)
    title = value("Its title; null once it was erased.")
    unit = value("What its values are.", Unit)
    direction = value("Which way is better.", Direction)
    target = value("What it is to reach, in its unit.")
    baseline = value("Where it began, in its unit.")
    per = value("Of a rate: per how many.")
    part_of = value("The measure whose parts it is one of.", ID)
    reset_on = value("The first day that its chart counts, since its baseline was reset.")
    readings_count = value("How many readings it has.", name="readings")
    spc = same("Spc", "Its chart; null while it has no reading, and while it is hidden.", unless="mean")
    assurance = value("How sure it is that its target is met; null where that cannot be said.", Assurance)
    is_hidden = value("Whether a reading is hidden from roles without full sight.")
    position = value("The position of the entry that defined it.")
    entry = entry("position", "The entry that defined it.")
    readings = many("Reading", "Its readings in the order of their periods.", by="measure", key="measure")
    resets = whole("BaselineReset", "When its baseline was reset, and why.", by="measure", key="measure")


@shown(measures.MEASURE)
class Spc(RowObject):
    """A measure's XmR chart (statistical process control) over its readings since its baseline was last reset."""

    mean = value("The mean, in the measure's unit.")
    lower = value("The lower natural process limit: the mean less 2.66 times the mean moving range.")
    upper = value("The upper natural process limit: the mean and 2.66 times the mean moving range.")
    provisional = value("Whether it has fewer than 12 points.")
    signals = value("How many readings of the measure are signals.")
    points = many("Point", "The readings that it counts, by period.", by="charted", key="measure")


@shown(measures.READING)
class Point(RowObject):
    """A point of a chart."""

    first = value("The first day of its period.")
    last = value("The last day of its period.")
    signal = value("The signals that it is part of; none: it is natural variation.", Signal, name="signals")
    position = value("The position of the entry that reported it first.")
    value = value("Its value, in the measure's unit.")


@shown(measures.READING, filters=PERIOD)
class Reading(RowObject):
    """A measure's reading for a period, as it was stated last: always with numerator and denominator."""

    measure = value("The measure.", ID)
    first = value("The first day of its period.")
    last = value("The last day of its period.")
    numerator = value("What was counted; null: hidden from this reader, or there is none.")
    denominator = value("Of how many; null: hidden from this reader, or there is none.")
    signals = value("The signals that it is part of.", Signal)
    is_hidden = value("Whether its counts are too small to be shown to everybody.")
    system = value("The system that it was taken from.")
    extracted_at = value("When it was taken from there.")
    reported_at = value("When it was reported first.")
    restated = value("How often it was stated anew.")
    restated_position = value("The position of the entry that stated it last.")
    reason = value("Why it was stated anew; null once it was erased.")
    position = value("The position of the entry that reported it first.")
    entry = entry("position", "The entry that reported it first.")
    value = value("In the measure's unit; null: there was nothing to divide by, or it is hidden.")


@shown(measures.RESET)
class BaselineReset(Recorded):
    """From when on a measure's limits are computed anew, and why."""

    measure = value("The measure.", ID)
    first = value("The first day that counts.")
    baseline = value("Where it begins anew, in its unit.")
    reason = value("Why; null once it was erased.")
