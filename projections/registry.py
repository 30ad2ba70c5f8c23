"""Every view that is kept. A new view is a module of its own and a line here."""

from projections import coverage, entries, notice, plan, timeline
from projections.compliance import view as compliance
from projections.view import View

ALL: tuple[View, ...] = (
    notice.VIEW,
    plan.VIEW,
    coverage.VIEW,
    compliance.VIEW,
    timeline.VIEW,
    entries.VIEW,
)
"""All views, in the order in which they are folded."""
