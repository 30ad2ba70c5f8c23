"""The judge of each rule that a clause may name; `ledger.domain.rules` declares the rules."""

from collections.abc import Mapping
from typing import Any

from ledger.domain.rules import duties as duty_rules
from ledger.domain.rules import oversight
from ledger.domain.rules import plan as plan_rules
from ledger.domain.rules.rule import Rule
from projections.views.compliance.rules import (
    access,
    board,
    delivery,
    duties,
    measures,
    people,
    plan,
    posts,
    reports,
    reviews,
    slow,
    targets,
)
from projections.views.compliance.verdict import Judge

JUDGES: Mapping[type[Rule], type[Judge[Any]]] = {
    oversight.Context: people.Context,
    plan_rules.PlanCitesSelfAssessment: plan.PlanCitesSelfAssessment,
    plan_rules.PlanCoverage: plan.PlanCoverage,
    plan_rules.PlanKeptCurrent: plan.PlanKeptCurrent,
    plan_rules.PlanApproved: plan.PlanApproved,
    plan_rules.DeliveredBy: delivery.DeliveredBy,
    plan_rules.SlowObjectivesHighlighted: slow.SlowObjectivesHighlighted,
    plan_rules.MeasuresImprove: measures.MeasuresImprove,
    plan_rules.TargetMet: targets.TargetMet,
    oversight.PartnerActionsOwned: people.PartnerActionsOwned,
    oversight.AdviserInPost: people.AdviserInPost,
    oversight.BoardAndChair: board.BoardAndChair,
    oversight.BoardReportComplete: reports.BoardReportComplete,
    oversight.ViewsTakenIntoAccount: people.ViewsTakenIntoAccount,
    oversight.ReviewInterval: reviews.ReviewInterval,
    oversight.ReviewTopics: reviews.ReviewTopics,
    oversight.GradeReached: reviews.GradeReached,
    oversight.DiagnosticAgreed: reviews.DiagnosticAgreed,
    oversight.AccessIsProvided: access.AccessIsProvided,
    oversight.AccessOfKinds: access.AccessOfKinds,
    oversight.AssessmentBeforeReview: reviews.AssessmentBeforeReview,
    oversight.AssessmentContent: reviews.AssessmentContent,
    oversight.AdviserReports: reports.AdviserReports,
    oversight.Escalation: people.Escalation,
    oversight.PublishedRegularly: reports.PublishedRegularly,
    duty_rules.Judged: duties.Judged,
    duty_rules.DoneBy: duties.DoneBy,
    duty_rules.InstructionsFollowed: duties.InstructionsFollowed,
    duty_rules.NotDone: duties.NotDone,
    duty_rules.InPost: posts.InPost,
    duty_rules.CooperatedWith: duties.CooperatedWith,
}
"""Rule → its judge."""
