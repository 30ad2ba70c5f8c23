"""First page: the notices that the reader has a role in."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages import query_documents, renderer
from api.pages.page_request import own_names, visitor_of
from ledger.domain.roles import Role
from schema.context import may


async def get_notices(request: Request) -> Response:
    """Answer `GET /` with the page of the notices that the reader has a role in."""
    visitor = await visitor_of(request)
    variables = query_documents.address_variables("notices", request.query_params, {})
    data = await query_documents.ask(request.app.state.ledger, visitor.viewer, "notices", variables)
    parts = {part["notice"]: part["roles"] for part in data["me"]["parts"]}
    closed = [notice for notice, roles in parts.items() if not may([Role(role) for role in roles], "notice")]
    names = renderer.naming(await own_names(request, visitor))
    context = {"notices": data["notices"], "parts": parts, "closed": closed, **names}
    return renderer.page(request, "notices.html", context, session=visitor.session)
