"""The improvement plan: objectives, actions, progress, what it has to answer. Imports strawberry and the views."""

from datetime import date, datetime

from ledger.domain.areas.plan import Dimension, ObjectiveOutcome
from projections.views import actions, coverage, plan
from schema.derive.declaration import (
    ID,
    NAMED_EVIDENCE,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    one,
    section,
    shown,
    value,
    whole,
)
from schema.derive.node import Node
from schema.types.enums import Answer, CoverageKind

_TEXT = "Its title holds these words, in whatever case."
_OPEN = "Whether it is still open."
_DUE_BEFORE = "It is due before this day."
_OWNER = "The actor who answers for it."


@shown(
    plan.OBJECTIVE,
    node="objective",
    filters={
        "area": Filter(ID, "An area that it serves, such as 1a."),
        "owner": Filter(str, _OWNER),
        "ids": Filter(list[ID], "One of these objectives."),
        "open": Filter(bool, _OPEN),
        "outcome": Filter(ObjectiveOutcome, "How it ended."),
        "due_before": Filter(date, _DUE_BEFORE),
        "slow": Filter(bool, "Whether it is open and past its date."),
        "highlighted": Filter(bool, "Whether the board was told of its slow progress since its date was set."),
        "activity_rating": Filter(str, "Its latest rating of the work."),
        "impact_rating": Filter(str, "Its latest rating of the difference made."),
        "measure": Filter(ID, "A measure by which its impact is seen."),
        "text": Filter(str, _TEXT),
    },
)
class Objective(RowObject, Node):
    """An objective of the improvement plan, with its latest ratings."""

    objective = value("Its id in the plan.", ID)
    title = value("Its title; null once it was erased.")
    areas = value("The areas for priority action that it serves.", ID)
    owner = value(_OWNER)
    due = value("The day by which it is due.")
    first_due = value("The day by which it was due at first.")
    slippage_days = value("By how many days its date has moved since.")
    slow = value("Whether it is open and past its date, on the day of `on`.")
    highlighted = value("Whether the board was told of its slow progress since its date was set.")
    outcome = value("How it ended; null while it is open.", ObjectiveOutcome)
    closed_at = value("When it was closed.")
    measures = value("The measures by which its impact is seen, by id.", ID)
    activity_rating = value("How the work goes, by its latest progress, in the plan's own scale.")
    impact_rating = value("What difference it makes, by its latest progress, in the plan's own scale.")
    progress_at = value("When the latest progress happened.")
    progress_count = value("How often progress was recorded against it.")
    added_at = value("When it was added.")
    position = value("The position of the entry that added it.")
    entry = entry("position", "The entry that added it.")
    progress = many(
        "Progress", "The progress recorded against it, in the order of recording.", by="objective", key="objective"
    )
    actions = many("Action", "The actions under it, in the order of adding.", by="objective", key="objective")
    milestones = whole("Milestone", "The milestones on the way to it.", by="objective", key="objective")
    highlights = whole(
        "Highlight", "How its slow progress was pointed out to the board.", by="objective", key="objective"
    )
    evidence = many("Evidence", "The evidence that supports it.", by="supports", key="objective")
    decisions = many("Decision", "The board's decisions that relate to it.", by="relates_to", key="objective")
    measured = whole("Measure", "The measures by which its impact is seen.", by="measure", key="measures")


@shown(
    plan.PROGRESS_MADE,
    filters={
        "actor": Filter(str, "Who recorded it."),
        "action": Filter(ID, "The action that it was recorded against."),
        "occurred_from": Filter(datetime, "It happened at this instant or later."),
        "occurred_to": Filter(datetime, "It happened before this instant."),
    },
)
class Progress(Recorded):
    """Progress recorded against an objective: what was done, and what difference it made."""

    objective = value("The objective.", ID)
    action = value("The action that it was recorded against, if one.", ID)
    occurred_at = value("When it happened.")
    recorded_at = value("When it was recorded.")
    actor = value("Who recorded it.")
    activity_rating = value("How the work goes, in the plan's own scale.")
    impact_rating = value("What difference it makes, in the plan's own scale.")
    narrative = value("What was done; null once it was erased.")


@shown(plan.HIGHLIGHT, filters={"objective": Filter(ID, "The objective.")})
class Highlight(Recorded):
    """Slow progress against an objective, pointed out to the board (clause 5d)."""

    objective = value("The objective.", ID)
    highlighted_at = value("When the board was told.")
    actor = value("Who told it.")
    cause = value("Why progress is slow; null once it was erased.")
    remedy = value("What would help; null once it was erased.")


@shown(
    actions.ACTION,
    node="action",
    filters={
        "owner": Filter(str, _OWNER),
        "partner": Filter(ID, "The partner that carries it out."),
        "objective": Filter(ID, "The objective that it serves."),
        "area": Filter(ID, "An area that its objective serves."),
        "open": Filter(bool, _OPEN),
        "overdue": Filter(bool, "Whether it is open and past its date."),
        "late": Filter(bool, "Whether it was completed after its date, or is past it."),
        "due_before": Filter(date, _DUE_BEFORE),
        "text": Filter(str, _TEXT),
    },
)
class Action(RowObject, Node):
    """An action under an objective. The date first set for it is kept beside the one that holds."""

    action = value("Its id in the plan.", ID)
    objective = value("The objective that it serves.", ID)
    title = value("Its title; null once it was erased.")
    owner = value(_OWNER)
    partner = value("The partner that carries it out, if one does.", ID)
    due = value("The day by which it is due.")
    first_due = value("The day by which it was due at first.")
    slippage_days = value("By how many days its date has moved since.")
    rebaselined = value("How often another date was approved for it.")
    overdue = value("Whether it is open and past its date, on the day of `on`.")
    late = value("Whether it was completed after its date, or is past it.")
    completed_on = value("The day of its completion; null while it is open.")
    result = value("What came of it; null while it is open, and once it was erased.")
    evidence = NAMED_EVIDENCE
    added_at = value("When it was added.")
    position = value("The position of the entry that added it.")
    entry = entry("position", "The entry that added it.")
    completed_position = value("The position of the entry that completed it.")
    rebaselines = whole("Rebaseline", "How its date was moved, in order.", by="action", key="action")


@shown(actions.REBASELINE)
class Rebaseline(Recorded):
    """Another date for an action, and who approved it."""

    action = value("The action.", ID)
    rebaselined_at = value("When it happened.")
    due_before = value("The day by which it was due before.")
    due_after = value("The day by which it is due since.")
    reason = value("Why; null once it was erased.")
    approver = value("Who approved it.")


@shown(
    actions.MILESTONE,
    filters={
        "objective": Filter(ID, "The objective."),
        "reached": Filter(bool, "Whether it was reached."),
        "overdue": Filter(bool, "Whether it is past its date and was not reached."),
        "due_before": Filter(date, _DUE_BEFORE),
    },
)
class Milestone(RowObject):
    """A milestone on the way to an objective."""

    milestone = value("Its id in the plan.", ID)
    objective = value("The objective.", ID)
    title = value("Its title; null once it was erased.")
    due = value("The day by which it is due.")
    overdue = value("Whether it is past its date and was not reached, on the day of `on`.")
    reached_on = value("The day on which it was reached.")
    evidence = NAMED_EVIDENCE
    position = value("The position of the entry that set it.")
    entry = entry("position", "The entry that set it.")


@shown(plan.SELF_ASSESSMENT)
class SelfAssessment(Recorded):
    """A version of the council's self-assessment (clause 1a); the latest one is current."""

    assessment = value("Its id.", ID)
    edition = value("Its edition, as the council calls it.")
    published_at = value("When it was published.")
    strengths = value("What goes well.")
    weaknesses = value("What does not.")
    areas = value("The areas for priority action that it speaks of.", ID)
    evidence = NAMED_EVIDENCE


@shown(plan.PLAN_VERSION)
class PlanVersion(Recorded):
    """A version of the plan that a body approved; the latest one is current."""

    plan_version = value("Its id.", ID)
    approved_at = value("When it was approved.")
    body = value("The body that approved it.")
    assessment = value("The self-assessment that it answers.", ID)
    evidence = NAMED_EVIDENCE


@shown(plan.BRIEFING)
class Briefing(Recorded):
    """A briefing of the council's leaders (clause 1a)."""

    briefing = value("Its id.", ID)
    briefed_at = value("When it was given.")
    leaders = value("Who was briefed.")
    topic = value("On what; null once it was erased.")
    evidence = NAMED_EVIDENCE


@shown(plan.RATING)
class Rating(RowObject):
    """A rating of the plan's own scale."""

    dimension = value("What it rates: the activity, or its impact.", Dimension)
    code = value("Its code, as it stands in progress.")
    label = value("Its label.")
    meaning = value("What it means; null once it was erased.")
    order = value("Its place in the scale, from the worst (0) on.")
    position = value("The position of the entry that adopted the scale.")


@shown(
    coverage.COVERED,
    filters={
        "kind": Filter(CoverageKind, "What kind of thing it is."),
        "covered": Filter(bool, "Whether a live objective answers it, or nothing has to."),
    },
)
class Coverage(RowObject):
    """A line of the coverage matrix: something that the plan has to answer, and the live objectives that do."""

    kind = value("What kind of thing it is.", CoverageKind)
    subject = value("Its id.", ID)
    text = value("Its title or what it says; null once it was erased.")
    objectives = value("The live objectives that answer it, by id.", ID)
    is_asked = value("False: an area that ended, or a recommendation rejected with a reason.")
    covered = value("Whether a live objective answers it, or nothing has to.")
    position = value("The position of the entry that registered it.")


@shown(
    coverage.FINDING,
    filters={
        "area": Filter(ID, "An area that it concerns."),
        "review": Filter(ID, "The review that found it."),
        "text": Filter(str, "It holds these words, in whatever case."),
    },
)
class Finding(Recorded):
    """Something that an inspection, a review or a diagnostic found."""

    finding = value("Its id.", ID)
    registered_at = value("When it was registered.")
    origin = value("Where it comes from.")
    text = value("What was found; null once it was erased.")
    areas = value("The areas that it concerns.", ID)
    review = value("The review that found it.", ID)


@shown(
    coverage.RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "Whether the council still has to answer."),
        "decided": Filter(Answer, "What the council answered."),
        "by": Filter(str, "Who made it."),
        "finding": Filter(ID, "A finding that it answers."),
        "due_before": Filter(date, "It is to be followed before this day."),
        "text": Filter(str, "It holds these words, in whatever case."),
    },
)
class Recommendation(Recorded):
    """A recommendation made to the council, and what it answered."""

    recommendation = value("Its id.", ID)
    made_at = value("When it was made.")
    by = value("Who made it.")
    text = value("What is recommended; null once it was erased.")
    findings = value("The findings that it answers.", ID)
    due = value("The day by which it is to be followed.")
    decided = value("What the council answered; null: it has not.", Answer)
    decided_at = value("When the council answered.")
    decided_position = value("The position of the entry that holds the answer.")
    response = value("What the council said, or why it rejected; null once it was erased.")


@section("plan")
class Plan(Section):
    """The improvement plan (clause 4)."""

    objectives = many("Objective", "Its objectives, in the order in which they were added.")
    slow = many(
        "Objective", "Its objectives that are open and past their date on the day of `on`.", where={"slow": True}
    )
    actions = many("Action", "Its actions, in the order in which they were added.")
    milestones = many("Milestone", "Its milestones, in the order in which they were set.")
    version = one("PlanVersion", "Its current version; null while none is approved.", where={"latest": True})
    versions = whole("PlanVersion", "Its approved versions, in order of approval.")
    self_assessments = whole("SelfAssessment", "The council's self-assessments; the last is current.")
    briefings = many("Briefing", "The briefings of leaders.")
    ratings = whole("Rating", "The rating scales, each from its worst rating on.")
    highlights = many("Highlight", "The slow progress pointed out to the board.")
    coverage = many("Coverage", "What it has to answer, and which objectives do.")
    findings = many("Finding", "The findings that it has to answer.")
    recommendations = many("Recommendation", "The recommendations made to the council.")
