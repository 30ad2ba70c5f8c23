"""Page of reviews, diagnostics and access, which begins with the reader's own access."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.pages import renderer
from api.pages.own_access import own_requests
from api.pages.page_request import ask, page_request_of


async def get_reviews(request: Request) -> Response:
    """Answer `GET /notices/{notice}/reviews` with the page of reviews, diagnostics and access.

    Raises:
        HTTPException: 403 if the reader may read neither reviews nor access, and has no access of their own.
    """
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "reviews")
    own = await own_requests(request, page_request)
    if not (own or page_request.reads("reviews") or page_request.reads("access")):
        raise HTTPException(403, page_request.cannot("read this page"))
    return renderer.page(request, "reviews.html", {"notice": notice, "own": own}, page_request=page_request)
