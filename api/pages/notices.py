"""The first page: the notices in which the reader has a part."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages import query_documents, renderer
from api.pages.page_request import visitor_of


async def get_notices(request: Request) -> Response:
    """`GET /`."""
    visitor = await visitor_of(request)
    chosen = query_documents.chosen("notices", request.query_params, {})
    found = await query_documents.ask(request.app.state.ledger, visitor.viewer, "notices", chosen)
    parts = {part["notice"]: part["roles"] for part in found["me"]["parts"]}
    given = {"notices": found["notices"], "parts": parts}
    return renderer.page(request, "notices.html", given, session=visitor.session)
