"""The kinds of rule, by the names that clauses give them; `ledger.domain.rules` says which parameters each has."""

from collections.abc import Mapping

from projections.views.compliance.rules.access import AccessOfKinds, AccessProvidedRule
from projections.views.compliance.rules.board import (
    AdviserReports,
    BoardAndChair,
    BoardReportComplete,
    PublishedRule,
)
from projections.views.compliance.rules.delivery import DeliveredBy, SlowObjectivesHighlighted
from projections.views.compliance.rules.measures import MeasuresImprove, TargetMet
from projections.views.compliance.rules.people import (
    AdviserInPost,
    Context,
    Escalation,
    PartnerActionsOwned,
    ViewsConsideredRule,
)
from projections.views.compliance.rules.plan import (
    PlanApproved,
    PlanCitesSelfAssessment,
    PlanCoverage,
    PlanKeptCurrent,
)
from projections.views.compliance.rules.reviews import (
    AssessmentBeforeReview,
    AssessmentContent,
    DiagnosticAgreed,
    ReviewInterval,
    ReviewTopics,
)
from projections.views.compliance.verdict import Rule

KINDS: Mapping[str, type[Rule]] = {
    "context": Context,
    "plan-cites-self-assessment": PlanCitesSelfAssessment,
    "measures-improve": MeasuresImprove,
    "partner-actions-owned": PartnerActionsOwned,
    "adviser-in-post": AdviserInPost,
    "plan-coverage": PlanCoverage,
    "plan-kept-current": PlanKeptCurrent,
    "board-and-chair": BoardAndChair,
    "board-report-complete": BoardReportComplete,
    "slow-objectives-highlighted": SlowObjectivesHighlighted,
    "views-considered": ViewsConsideredRule,
    "review-interval": ReviewInterval,
    "review-topics": ReviewTopics,
    "diagnostic-agreed": DiagnosticAgreed,
    "access-provided": AccessProvidedRule,
    "access-of-kinds": AccessOfKinds,
    "assessment-before-review": AssessmentBeforeReview,
    "assessment-content": AssessmentContent,
    "delivered-by": DeliveredBy,
    "adviser-reports": AdviserReports,
    "escalation": Escalation,
    "target-met": TargetMet,
    "plan-approved": PlanApproved,
    "published": PublishedRule,
}
"""Every rule of `ledger.domain.rules.RULES` → how it is judged; a clause that names another is not judged."""
