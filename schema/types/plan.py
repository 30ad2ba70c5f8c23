"""The improvement plan: objectives, actions, progress and coverage. Imports strawberry and the views."""

from ledger.domain.areas.plan import ObjectiveOutcome
from projections.views import actions, coverage, plan, risks
from schema.derive.declaration import (
    ID,
    Filter,
    Recorded,
    RowObject,
    Section,
    entry,
    many,
    node,
    object_type,
    one,
    section,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.enums import ActionStanding, Answer, CoverageKind

_TEXT = "Words in its title, in any order; put a phrase in quotes."
_OPEN = "True if it is open."
_OWNER = "Actor id of its owner."


@object_type(
    plan.OBJECTIVE,
    node="objective",
    filters={
        "area": Filter(ID, "Area that it serves, such as 1a."),
        "owner": Filter(str, _OWNER),
        "ids": Filter(list[ID], "Ids of the objectives."),
        "open": Filter(bool, _OPEN),
        "outcome": Filter(ObjectiveOutcome, "Outcome."),
        "slow": Filter(bool, "True if it is open and its due date has passed."),
        "highlighted": Filter(
            bool, "True if its slow progress was reported to the board since its due date was set."
        ),
        "activity_rating": Filter(str, "Code of its latest activity rating."),
        "impact_rating": Filter(str, "Code of its latest impact rating."),
        "measure": Filter(ID, "Id of a measure of its impact."),
        "text": Filter(str, _TEXT),
    },
)
class Objective(RowObject, Node):
    """Objective of the improvement plan, with its latest ratings."""

    entry = entry("position", "Entry that added it.")
    progress = many("Progress", "Progress, in order of recording.", by="objective", key="objective")
    actions = many("Action", "Actions, in order of addition.", by="objective", key="objective")
    milestones = short_list("Milestone", "Milestones.", by="objective", key="objective")
    highlights = short_list(
        "Highlight", "Reports of its slow progress to the board.", by="objective", key="objective"
    )
    evidence = many("Evidence", "Evidence that supports it.", by="supports", key="objective")
    decisions = many("Decision", "Decisions of the board that relate to it.", by="relates_to", key="objective")
    area_nodes = short_list("Area", "Areas that it serves.", by="area", key="areas")
    measured = short_list("Measure", "Measures of its impact.", by="measure", key="measures")


@object_type(
    plan.PROGRESS_MADE,
    filters={
        "actor": Filter(str, "Actor id of its recorder."),
        "action": Filter(ID, "Id of the action."),
    },
)
class Progress(Recorded):
    """Progress against an objective: the work done, and its impact."""

    objective_node = node("Objective", "objective")
    action_node = node("Action", "action")


@object_type(plan.HIGHLIGHT, filters={"objective": Filter(ID, "Id of the objective.")})
class Highlight(Recorded):
    """Report of an objective's slow progress to the board (clause 5d)."""

    objective_node = node("Objective", "objective")


@object_type(
    actions.ACTION,
    node="action",
    filters={
        "owner": Filter(str, _OWNER),
        "partner": Filter(ID, "Id of the partner that carries it out."),
        "objective": Filter(ID, "Id of the objective that it serves."),
        "area": Filter(ID, "Id of an area that its objective serves."),
        "open": Filter(bool, _OPEN),
        "standing": Filter(ActionStanding, "State."),
        "overdue": Filter(bool, "True if it is open and its due date has passed."),
        "late": Filter(bool, "True if it was completed late, or its due date has passed."),
        "activity_rating": Filter(str, "Code of its own latest activity rating."),
        "impact_rating": Filter(str, "Code of its own latest impact rating."),
        "text": Filter(str, _TEXT),
    },
)
class Action(RowObject, Node):
    """Action under an objective, with its original and its present due date."""

    entry = entry("position", "Entry that added it.")
    objective_node = node("Objective", "objective")
    partner_node = node("Partner", "partner")
    documents = short_list("Evidence", "Evidence named with its completion.", by="evidence", key="evidence")
    progress = many("Progress", "Progress, in order of recording.", by="action", key="action")
    rebaselines = short_list("Rebaseline", "Changes of its due date, in order.", by="action", key="action")


@object_type(actions.REBASELINE)
class Rebaseline(Recorded):
    """Change of an action's due date, with its approver."""

    action_node = node("Action", "action")


@object_type(
    actions.MILESTONE,
    filters={
        "objective": Filter(ID, "Id of the objective."),
        "reached": Filter(bool, "True if it was reached."),
        "overdue": Filter(bool, "True if its due date has passed and it was not reached."),
    },
)
class Milestone(RowObject):
    """Milestone of an objective."""

    entry = entry("position", "Entry that set it.")
    objective_node = node("Objective", "objective")


@object_type(plan.SELF_ASSESSMENT)
class SelfAssessment(Recorded):
    """Version of the council's self-assessment (clause 1a); the latest one is current."""


@object_type(plan.PLAN_VERSION)
class PlanVersion(Recorded):
    """Approved version of the plan; the latest one is current."""


@object_type(plan.BRIEFING)
class Briefing(Recorded):
    """Briefing of the council's leaders (clause 1a)."""


@object_type(plan.RATING)
class Rating(RowObject):
    """Rating of the plan's scale."""


@object_type(
    coverage.COVERED,
    filters={
        "kind": Filter(CoverageKind, "Kind."),
        "covered": Filter(bool, "True if a live objective addresses it, or none has to."),
    },
)
class Coverage(RowObject):
    """Line of the coverage matrix: something that the plan must address, and the live objectives that do."""

    required = value(name="is_asked")
    objective_nodes = short_list("Objective", "Live objectives.", by="objective", key="objectives")


@object_type(
    coverage.FINDING,
    filters={
        "area": Filter(ID, "Id of an area that it concerns."),
        "review": Filter(ID, "Id of the review behind it."),
        "text": Filter(str, "Words in its narrative, in any order; put a phrase in quotes."),
    },
)
class Finding(Recorded):
    """Finding of an inspection, a review or a diagnostic."""

    area_nodes = short_list("Area", "Areas that it concerns.", by="area", key="areas")
    review_node = node("Review", "review")
    recommendations = short_list("Recommendation", "Recommendations that answer it.", by="finding", key="finding")


@object_type(
    coverage.RECOMMENDATION,
    filters={
        "undecided": Filter(bool, "True if the council has not answered."),
        "decided": Filter(Answer, "The council's answer."),
        "by": Filter(str, "Body or person that made it."),
        "finding": Filter(ID, "Id of a finding that it answers."),
        "text": Filter(str, "Words in its narrative, in any order; put a phrase in quotes."),
    },
)
class Recommendation(Recorded):
    """Recommendation to the council, and its answer."""

    finding_nodes = short_list("Finding", "Findings that it answers.", by="finding", key="findings")


@object_type(
    risks.RISK,
    node="risk",
    filters={
        "open": Filter(bool, "True if it is not closed."),
        "owner": Filter(str, _OWNER),
        "concerns": Filter(ID, "Id of a thing that it concerns."),
        "text": Filter(str, "Words in its narrative, in any order; put a phrase in quotes."),
    },
)
class Risk(Recorded, Node):
    """Risk to the plan, with its latest rating."""

    ratings = short_list("RiskRating", "Ratings, in order of recording.", by="risk", key="risk")


@object_type(risks.RISK_RATING)
class RiskRating(Recorded):
    """Rating of a risk."""


@section("plan", "The improvement plan. FORBIDDEN to roles that do not read it.")
class Plan(Section):
    """The improvement plan (clause 4)."""

    objectives = many("Objective", "Objectives, in order of addition.")
    slow = many("Objective", "Open objectives whose due date has passed on the day of `on`.", where={"slow": True})
    actions = many("Action", "Actions, in order of addition.")
    milestones = many("Milestone", "Milestones, in order of addition.")
    risks = many("Risk", "Register of risks, in order of raising.")
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
