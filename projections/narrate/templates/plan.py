"""How the facts of `ledger.domain.areas.plan` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.plan import (
    LeadersBriefed,
    ObjectiveAdded,
    ObjectiveClosed,
    ObjectiveRevised,
    PlanVersionApproved,
    ProgressRecorded,
    RatingScaleAdopted,
    SelfAssessmentPublished,
    SlowProgressHighlighted,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ObjectiveAdded: SentenceTemplate(
        "Objective {objective} joined the plan: {title}. It serves {areas}, {owner} answers for it, "
        "and it is due on {due}[; its impact is seen by {measures}]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    ),
    ProgressRecorded: SentenceTemplate(
        "Progress on objective {objective}: activity is rated {activity_rating}, impact {impact_rating}",
        (
            ("objective {objective}", "activity", "{activity_rating}"),
            ("objective {objective}", "impact", "{impact_rating}"),
        ),
    ),
    LeadersBriefed: SentenceTemplate(
        "{leaders} were briefed ({briefing}): {topic}",
        (("briefing {briefing}", "state", "given"),),
    ),
    SelfAssessmentPublished: SentenceTemplate(
        "The council published its self-assessment {assessment}, version {edition}[, on {areas}]. "
        "Strengths: {strengths}. To do better: {weaknesses}",
        (("the self-assessment", "current", "{assessment}"),),
    ),
    PlanVersionApproved: SentenceTemplate(
        "The {body} approved version {plan_version} of the plan[, which answers the self-assessment {assessment}]",
        (("the plan", "approved version", "{plan_version}"),),
        decision=True,
    ),
    RatingScaleAdopted: SentenceTemplate(
        "The plan rates {dimension} on its own scale from now on",
        (("the plan", "scale of {dimension}", "adopted"),),
        decision=True,
    ),
    ObjectiveRevised: SentenceTemplate(
        "Objective {objective} was revised: {reason}[. It reads now: {title}][. It serves {areas}][. "
        "{owner} answers for it][. It is due on {due}][. Its impact is seen by {measures}]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    ),
    ObjectiveClosed: SentenceTemplate(
        "Objective {objective} was closed as {outcome}: {reason}",
        (("objective {objective}", "state", "closed, {outcome}"),),
        decision=True,
    ),
    SlowProgressHighlighted: SentenceTemplate(
        "Slow progress on objective {objective} was highlighted. Why: {cause}. What would help: {remedy}",
        (("objective {objective}", "slow progress", "highlighted"),),
    ),
}
