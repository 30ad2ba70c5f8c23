"""The improvement plan: objectives, actions, progress and coverage. Imports the views and `ledger`."""

from ledger.domain.areas.plan import ObjectiveOutcome
from projections.views import actions, coverage, plan, risks
from projections.views.word_lists import Answer
from schema.derive.declaration import (
    ID,
    NARRATIVE_WORDS,
    TITLE_WORDS,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    node,
    object_type,
    of_row,
    one,
    row_type,
    section,
    short_list,
)
from schema.derive.node import Node

_OPEN = "True if it is open."


@object_type(
    plan.OBJECTIVE,
    node="objective",
    filters={
        "area": Filter(ID, "Area that it serves, such as 1a."),
        **of_row("owner"),
        "open": Filter(bool, _OPEN),
        "outcome": Filter(ObjectiveOutcome, "Outcome of the objective."),
        **of_row("slow", "highlighted"),
        "activity_rating": Filter(str, "Code of its latest activity rating."),
        "impact_rating": Filter(str, "Code of its latest impact rating."),
        "measure": Filter(ID, "Id of a measure of its impact."),
        "text": TITLE_WORDS,
    },
)
class Objective(RowObject, Node):
    """Objective of the improvement plan, with its latest ratings."""

    entry = entry("position", "Entry that added it.")
    due_date_changes = short_list("DueDateChange", "Changes of its due date, in order.", by="objective")
    progress = many("Progress", "Progress, in order of recording.", by="objective")
    actions = many("Action", "Actions, in order of addition.", by="objective")
    milestones = short_list("Milestone", "Milestones.", by="objective")
    highlights = short_list("Highlight", "Reports of its slow progress to the board.", by="objective")
    evidence = many("Evidence", "Evidence that supports it.", by="supports", key="objective")
    decisions = many("Decision", "Decisions of the board that relate to it.", by="relates_to", key="objective")
    measured = short_list("Measure", "Measures of its impact.", by="measure", key="measures")


@object_type(plan.DUE_DATE_CHANGE)
class DueDateChange(Recorded):
    """Change of an objective's due date."""


@object_type(plan.PROGRESS_MADE, filters={**of_row("actor"), "action": Filter(ID, "Id of the action.")})
class Progress(Recorded):
    """Progress against an objective: the work done, and its impact."""


@object_type(plan.HIGHLIGHT, filters=of_row("objective"))
class Highlight(Recorded):
    """Report of an objective's slow progress to the board."""


@object_type(
    actions.ACTION,
    node="action",
    filters={
        **of_row("owner"),
        "partner": Filter(ID, "Id of the partner that carries it out."),
        **of_row("part_of", "objective"),
        "area": Filter(ID, "Id of an area that its objective serves."),
        "open": Filter(bool, _OPEN),
        **of_row("standing", "overdue", "late"),
        "activity_rating": Filter(str, "Code of its own latest activity rating."),
        "impact_rating": Filter(str, "Code of its own latest impact rating."),
        "text": TITLE_WORDS,
    },
)
class Action(RowObject, Node):
    """Action under an objective. Its fields include its original and its present due date."""

    entry = entry("position", "Entry that added it.")
    whole = node("Action", "action", "part_of")
    parts = short_list("Action", "Actions that are parts of it.", by="part_of", key="action")
    documents = short_list("Evidence", "Evidence named with its completion.", by="evidence")
    progress = many("Progress", "Progress, in order of recording.", by="action")
    rebaselines = short_list("Rebaseline", "Changes of its due date, in order.", by="action")


@object_type(actions.REBASELINE)
class Rebaseline(Recorded):
    """Change of an action's due date, with its approver."""


@object_type(
    actions.MILESTONE,
    filters={
        **of_row("objective"),
        "reached": Filter(bool, "True if it was reached."),
        "overdue": Filter(bool, "True if its due date has passed and it was not reached."),
    },
)
class Milestone(RowObject):
    """Milestone of an objective."""

    entry = entry("position", "Entry that set it.")


@object_type(coverage.COVERED, filters=of_row("kind", "covered"))
class Coverage(RowObject):
    """Line of the coverage matrix: a thing that the plan must address, and the live objectives that address it."""


@object_type(
    coverage.FINDING,
    filters={"area": Filter(ID, "Id of an area that it concerns."), **of_row("review"), "text": NARRATIVE_WORDS},
)
class Finding(Recorded):
    """Finding of an inspection, a review or a diagnostic."""

    recommendations = short_list("Recommendation", "Recommendations that answer it.", by="finding")


@object_type(
    coverage.RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "True if the council has not answered."),
        "decided": Filter(Answer, "The council's answer."),
        **of_row("by"),
        "finding": Filter(ID, "Id of a finding that it answers."),
        "text": NARRATIVE_WORDS,
    },
)
class Recommendation(Recorded):
    """Recommendation to the council, and the council's answer."""

    finding_nodes = short_list("Finding", "Findings that it answers.", by="finding", key="findings")


@object_type(
    risks.RISK,
    node="risk",
    filters={
        "open": Filter(bool, "True if it is not closed."),
        **of_row("owner"),
        "concerns": Filter(ID, "Id of a thing that it concerns."),
        "text": NARRATIVE_WORDS,
    },
)
class Risk(Recorded, Node):
    """Risk to the plan, with its latest rating."""

    ratings = short_list("RiskRating", "Ratings, in order of recording.", by="risk")


@object_type(
    risks.DEPENDENCY,
    node="dependency",
    filters={
        "open": Filter(bool, "True if it is neither met nor dropped."),
        **of_row("overdue", "owner", "objective", "action", "on_objective", "on_action", "on_body"),
        "text": NARRATIVE_WORDS,
    },
)
class Dependency(Recorded, Node):
    """Dependency of an objective or action on another objective or action, or on another body."""

    on_objective_node = node("Objective", "objective", "on_objective")
    on_action_node = node("Action", "action", "on_action")


row_type(plan.PLAN_VERSION, assessment_node=node("SelfAssessment", "assessment"))


@section("plan", "The improvement plan. FORBIDDEN to roles that do not read it.")
class Plan(Section):
    """The improvement plan."""

    objectives = many("Objective", "Objectives, in order of addition.")
    slow = many("Objective", "Open objectives whose due date has passed on the day of `on`.", where={"slow": True})
    actions = many("Action", "Actions, in order of addition.")
    milestones = many("Milestone", "Milestones, in order of addition.")
    risks = many("Risk", "Register of risks, in order of raising.")
    dependencies = many("Dependency", "Register of dependencies, in order of recording.")
    version = one("PlanVersion", "Current version; null if none is approved.", where={"latest": True})
    versions = short_list("PlanVersion", "Approved versions, in order of approval.")
    self_assessments = short_list("SelfAssessment", "Self-assessments of the council; the last one is current.")
    briefings = many("Briefing", "Briefings of leaders.")
    ratings = short_list("Rating", "Rating scales, each from its worst rating.")
    highlights = many("Highlight", "Reports of slow progress to the board.")
    coverage = many(
        "Coverage", "Coverage matrix: the things that the plan must address, and the objectives that do."
    )
    findings = many("Finding", "Findings that the plan must address.")
    recommendations = many("Recommendation", "Recommendations to the council.")
