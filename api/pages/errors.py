"""What cannot be shown, as a page that says why and the way on; programs go on getting RFC 9457 problems."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth.sessions import Sessions
from api.http import problem
from api.pages import page_data, renderer
from api.pages.page_request import PageRequest, SignInNeeded, ask, visit_of
from api.pages.security_headers import secured
from api.pages.time_control import NAMES, TimePoint
from ledger.domain.errors import Busy, Refused, Unavailable

Json = Mapping[str, Any]
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


async def explained(request: Request, status: int, detail: str) -> Response:
    """The page that says what is wrong; within the notice that it is of, where the reader has a part in it."""
    sessions: Sessions = request.app.state.sessions()
    around = await _around(request) if status < 500 else None
    visit, notice = around or (None, None)
    first = await _first(request, *around) if around is not None and detail == page_data.NOTHING else None
    reached = visit is None or visit.point.earlier or not any(visit.params.get(name) for name in NAMES)
    heading, way = _HEADINGS.get(status, "Something went wrong"), _WAYS.get(status, _FAILED_WAY)
    if first is not None:
        heading, way = "This had not been recorded by then", ""
    elif status == 404 and not reached:
        heading, way = "There is no such point", "Choose another time."
    given = {
        "heading": heading,
        "detail": detail[:1].upper() + detail[1:] + ("" if detail.endswith((".", "…")) else "."),
        "way": way,
        "first": first,
        "now": None if visit is None or reached else visit.again(request.url.path, **dict.fromkeys(NAMES)),
        "back": visit.address() if visit is not None else "/",
        "back_words": "Back to the notice" if visit is not None else "All notices",
        **({"notice": notice} if notice is not None else {}),
    }
    session = sessions.of(request)
    return renderer.page(request, "error.html", given, visit=visit, session=session, status=status)


async def _around(request: Request) -> tuple[PageRequest, dict[str, Any]] | None:
    """The visit with its notice, at the point that was asked for, else as of now; None where it cannot be had."""
    if "notice" not in request.path_params:
        return None
    for point in (None, TimePoint()):
        try:
            visit = await visit_of(request, point)
            return visit, await ask(request, visit, "frame-only")
        except (SignInNeeded, Refused, Busy, Unavailable, HTTPException):
            continue
    return None


async def _first(request: Request, visit: PageRequest, notice: Json) -> Json | None:
    """The entry by which what the page is about was first recorded, where that is after the point that is read."""
    of_it = next(iter(visit.about.values()), None)
    if of_it is None or not (visit.reads("timeline") and visit.reads("entries")):
        return None
    now = visit.at(TimePoint())
    if "at" in visit.about:
        found = (await ask(request, now, "entry", **visit.about))["entries"]["nodes"]
    else:
        moments = (await ask(request, now, "first", subject=of_it))["timeline"]["nodes"]
        found = [moment["entry"] for moment in moments]
    return next((each for each in found if each["position"] > notice["asOf"]["position"]), None)


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
    return await explained(request, error.status_code, stated)


async def on_ledger_error(request: Request, error: Exception) -> Response:
    """What the ledger refused, or could not do."""
    if not isinstance(error, Refused | Busy | Unavailable):
        raise error
    found = problem.problem_of(error)
    return await explained(request, found.status, found.detail)


async def on_failure(request: Request, _error: Exception) -> Response:
    """What nobody foresaw; the log says what it was."""
    return await explained(request, 500, _FAILED)


def _reads_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
