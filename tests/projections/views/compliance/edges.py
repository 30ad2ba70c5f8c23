"""The edge cases of every rule."""

from tests.projections.views.compliance import edges_duties, edges_oversight, edges_plan, edges_reviews
from tests.projections.views.compliance.edge import Edges

EDGES: dict[str, Edges] = {
    **edges_plan.EDGES,
    **edges_oversight.EDGES,
    **edges_reviews.EDGES,
    **edges_duties.EDGES,
}
"""Rule → its cases."""
