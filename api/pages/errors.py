"""What cannot be shown, as a page that says why and the way on; programs go on getting RFC 9457 problems."""

from http import HTTPStatus
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import problem
from api.pages import rendering
from api.pages.headers import secured
from api.pages.sessions import Sessions
from ledger.errors import Busy, Refused, Unavailable

_HEADINGS = {
    400: "This page cannot be shown as asked",
    403: "This page is not for your role",
    404: "There is no such page",
    405: "This cannot be done here",
    429: "The ledger is busy",
    503: "The ledger cannot be reached",
}
_WAYS = {
    400: "Correct the address, or go back and choose again.",
    403: "Whoever keeps the notice's records gives and takes roles.",
    404: "Check the address. A page may also be there for others and not for you.",
    405: "Go back, and follow the page's own links and buttons.",
    429: "Try again in a moment: nothing that you sent was recorded.",
    503: "Try again in a moment: what was recorded is safe.",
}
_FAILED = "The service failed in a way that it should not, and has noted it."
_FAILED_WAY = "Try again. If it stays so, tell whoever runs the service when it happened."
_UNKNOWN = "There is nothing at this address."


def explained(request: Request, status: int, detail: str) -> Response:
    """The page that says what is wrong."""
    notice = request.scope.get("path_params", {}).get("notice") if status != 404 else None
    sessions: Sessions = request.app.state.sessions()
    given = {
        "heading": _HEADINGS.get(status, "Something went wrong"),
        "detail": detail[:1].upper() + detail[1:] + ("" if detail.endswith((".", "…")) else "."),
        "way": _WAYS.get(status, _FAILED_WAY),
        "back": f"/notices/{notice}" if notice else "/",
        "back_words": "Back to the notice" if notice else "All notices",
    }
    return rendering.page(request, "error.html", given, session=sessions.of(request), status=status)


async def on_sign_in_needed(request: Request, _error: Exception) -> Response:
    """Somebody unknown asked for a page: they sign in, and come back to it."""
    wanted = f"{request.url.path}{'?' if request.url.query else ''}{request.url.query}"
    if request.method != "GET":
        wanted = "/"
    return secured(request, RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}", 303))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own exceptions, and those of asking."""
    if not isinstance(error, HTTPException):
        raise error
    if not _reads_pages(request):
        return await problem.on_http_exception(request, error)
    stated = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _UNKNOWN
    return explained(request, error.status_code, stated)


async def on_ledger_error(request: Request, error: Exception) -> Response:
    """What the ledger refused, or could not do."""
    if not isinstance(error, Refused | Busy | Unavailable):
        raise error
    found = problem.problem_of(error)
    return explained(request, found.status, found.detail)


async def on_failure(request: Request, _error: Exception) -> Response:
    """What nobody foresaw; the log says what it was."""
    return explained(request, 500, _FAILED)


def _reads_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
