"""Overview of a notice, with links to related notices that the reader may open."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages import page_data, query_documents, renderer
from api.pages.page_request import PageRequest, ask, page_request_of

USUAL_FACTS = (
    *("ProgressRecorded", "ActionCompleted", "EvidenceSubmitted", "BoardDecisionRecorded", "MeetingHeld"),
    *("AdviserReportIssued", "ClauseAssessed", "AccessRequested", "AccessGranted", "MeasureReadingReported"),
    *("ContributionReceived", "RoleGranted", "NarrativeErased", "AuditFindingRecorded"),
)
"""Facts that people record most often, in the order of their links; readers get the first few of their roles."""
_MOST_LINKS = 4


async def get_overview(request: Request) -> Response:
    """Answer `GET /notices/{notice}` with the overview of the notice."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "overview")
    allowed = frozenset(await page_request.visitor.viewer.allowed())
    context = {
        "notice": notice,
        "allowed": allowed,
        "usual_facts": [fact for fact in USUAL_FACTS if page_request.records(fact)][:_MOST_LINKS],
        "linked_from": await _linked_from(request, page_request, allowed - {page_request.notice}),
        **page_data.overview(page_request, notice),
    }
    return renderer.page(request, "overview.html", context, page_request=page_request)


async def _linked_from(request: Request, page_request: PageRequest, others: frozenset[str]) -> list[str]:
    """Return the ids of readable notices that name this notice as parallel now.

    The list is empty for a page of the past: a position of this ledger has no meaning in another.
    """
    if not others or page_request.point.earlier:
        return []
    ledger, viewer = request.app.state.ledger, page_request.visitor.viewer
    data = await query_documents.ask(ledger, viewer, "parallel", {"notice": page_request.notice})
    return [node["id"] for node in data["notices"]["nodes"]]
