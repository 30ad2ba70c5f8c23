"""Registry of all views. A new view is a module and a line here."""

from projections.engine.view import View
from projections.views import (
    access,
    actions,
    adviser,
    board,
    coverage,
    engagement,
    entries,
    escalation,
    evidence,
    measures,
    notice,
    partners,
    people,
    plan,
    records,
    reports,
    reviews,
    timeline,
)
from projections.views.compliance import view as compliance

ALL: tuple[View, ...] = (
    notice.VIEW,
    plan.VIEW,
    actions.VIEW,
    coverage.VIEW,
    board.VIEW,
    reports.VIEW,
    partners.VIEW,
    evidence.VIEW,
    measures.VIEW,
    reviews.VIEW,
    access.VIEW,
    engagement.VIEW,
    adviser.VIEW,
    escalation.VIEW,
    people.VIEW,
    records.VIEW,
    compliance.VIEW,
    timeline.VIEW,
    entries.VIEW,
)
"""All views, in the order in which they are folded."""
