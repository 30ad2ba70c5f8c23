"""Overview of a notice, with links to the notices before and after it that the reader may open."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages import page_data, renderer
from api.pages.page_request import ask, page_request_of


async def get_overview(request: Request) -> Response:
    """Answer `GET /notices/{notice}`."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "overview")
    context = {
        "notice": notice,
        "allowed": frozenset(await page_request.visitor.viewer.allowed()),
        **page_data.overview(page_request, notice),
    }
    return renderer.page(request, "overview.html", context, page_request=page_request)
