"""Page of reviews, diagnostics and access, which begins with the reader's own access."""

from starlette.requests import Request
from starlette.responses import Response

from api.pages import renderer
from api.pages.own_access import own_requests
from api.pages.page_request import ask, page_request_of


async def get_reviews(request: Request) -> Response:
    """Answer `GET /notices/{notice}/reviews` with the page of reviews, diagnostics and access."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "reviews")
    context = {"notice": notice, "own": await own_requests(request, page_request)}
    return renderer.page(request, "reviews.html", context, page_request=page_request)
