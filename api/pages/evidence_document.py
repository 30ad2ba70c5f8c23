"""A document of the register of evidence."""

from starlette.requests import Request
from starlette.responses import Response

from api.http import evidence
from api.pages import renderer
from api.pages.page_data import only
from api.pages.page_request import ask, visit_of


async def get_document(request: Request) -> Response:
    """`GET /notices/{notice}/evidence/{evidence}`: what it is, how it was judged, and what rests on it."""
    visit = await visit_of(request)
    notice = await ask(request, visit, "document", **visit.about)
    found = only(notice["evidence"]["nodes"])
    refused = await evidence.withheld(
        request.app.state.ledger, visit.visitor.viewer, visit.notice, found["evidence"]
    )
    given = {"notice": notice, "document": found, "withheld": str(refused) if refused else None}
    return renderer.page(request, "document.html", given, visit=visit)
