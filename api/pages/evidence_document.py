"""Page of a document in the evidence register."""

from starlette.requests import Request
from starlette.responses import Response

from api.http import evidence
from api.pages import renderer
from api.pages.page_data import only
from api.pages.page_request import ask, page_request_of


async def get_document(request: Request) -> Response:
    """Answer `GET /notices/{notice}/evidence/{evidence}` with the page of a document."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "document", **page_request.about)
    document = only(notice["evidence"]["nodes"])
    refusal = await evidence.withheld(
        request.app.state.ledger, page_request.visitor.viewer, page_request.notice, document["evidence"]
    )
    context = {"notice": notice, "document": document, "withheld": str(refusal) if refusal else None}
    return renderer.page(request, "document.html", context, page_request=page_request)
