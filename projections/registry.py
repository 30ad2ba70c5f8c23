"""Every view that is kept. A new view is a module of its own and a line here."""

from projections import entries, notice, plan
from projections.view import View

ALL: tuple[View, ...] = (notice.VIEW, plan.VIEW, entries.VIEW)
"""All views, in the order in which they are folded."""
