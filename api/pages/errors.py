"""Error pages: the reason and the next step. For an HTTP error, programs get an RFC 9457 problem instead."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from api.auth.sessions import Sessions
from api.http import problem
from api.http.accept import quality
from api.pages import page_data, renderer
from api.pages.page_request import PageRequest, SignInNeeded, ask, own_names, page_request_of, visitor_of
from api.pages.security_headers import secured
from api.pages.time_control import NAMES, TimePoint
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.domain.roles import Role

Json = Mapping[str, Any]
_HEADINGS = {
    400: "Check the address",
    403: "You do not have access to this page",
    404: "Page not found",
    405: "This action is not available here",
    409: "This is a read-only copy",
    410: "This document was erased",
    421: "Use the service's own address",
    429: "The ledger is busy",
    503: "The ledger is not available",
}
_WAYS = {
    400: "Correct the address, or go back and choose again.",
    403: "Ask the notice's records officer for a role that has access.",
    404: "Check the address. You may also need a role that has access.",
    405: "Go back and use the links and buttons on the page.",
    409: "You can read the notice here. To add or update something, sign in at its source.",
    410: "Its entries remain. The page of the evidence says who approved the erasure.",
    421: "Check the beginning of the address. Tell the service's administrators if it is right.",
    429: "Try again in a moment. Nothing was recorded.",
    503: "Try again in a moment. Recorded entries are safe.",
}
_WAY_OF_RECORDS_OFFICERS = (
    "Ask another records officer for a role that has access. You cannot grant it to yourself."
)
_FAILED = "The service has a fault. It has been logged."
_FAILED_WAY = "Try again later. If it continues, tell the service's administrators when it happened."
_FAULT = "Something went wrong"
_REFUSED = ("This was refused", "Go back, correct what the reason names, and try again.")
_UNKNOWN = "No page exists at this address."


async def error_page(request: Request, status: int, detail: str) -> Response:
    """Return an error page.

    The page has a notice's frame if the address names a notice that the reader may read, and the status is below
    500.
    """
    sessions: Sessions = request.app.state.sessions()
    surroundings = await _surroundings(request) if status < 500 else None
    page_request, notice = surroundings or (None, None)
    first = (
        await _first(request, *surroundings)
        if surroundings is not None and detail == page_data.NOT_RECORDED
        else None
    )
    at_point = (
        page_request is None
        or page_request.point.earlier
        or not any(page_request.params.get(name) for name in NAMES)
    )
    heading, way = _heading_and_way(status)
    if first is not None:
        heading, way = "Not yet recorded at this point", ""
    elif status == 404 and not at_point:
        heading, way = "No such point", "Choose another date or entry."
    elif status == 403 and page_request is not None and Role.RECORDS_OFFICER in page_request.roles:
        way = _WAY_OF_RECORDS_OFFICERS
    context = {
        "heading": heading,
        "detail": _sentence(detail),
        "way": way,
        "first": first,
        "now": None
        if page_request is None or at_point
        else page_request.with_parameters(request.url.path, **dict.fromkeys(NAMES)),
        "back": page_request.address() if page_request is not None else "/",
        "back_text": "Back to the notice" if page_request is not None else "All notices",
        **({"notice": notice} if notice is not None else {}),
    }
    if page_request is None and status < 500:
        context |= renderer.naming(await _own_names(request))
    session = sessions.of(request)
    return renderer.page(request, "error.html", context, page_request=page_request, session=session, status=status)


def outside_answer(scope: Scope, refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that comes to no route: a page for a browser, a problem for programs."""
    request, content = Request(scope), problem.problem([refusal])
    if not _accepts_html(request):
        return problem.respond(content, headers)
    heading, way = _heading_and_way(content.status)
    context: dict[str, str | None] = {"heading": heading, "detail": _sentence(content.detail), "way": way}
    context |= dict.fromkeys(("first", "now", "back"))
    page = renderer.plain_page(request, "error.html", context, content.status)
    page.headers.update({**problem.status_headers(content.status), **(headers or {})})
    return page


def _heading_and_way(status: int) -> tuple[str, str]:
    default = _REFUSED if status < 500 else (_FAULT, _FAILED_WAY)
    return _HEADINGS.get(status, default[0]), _WAYS.get(status, default[1])


def _sentence(detail: str) -> str:
    return detail[:1].upper() + detail[1:] + ("" if detail.endswith((".", "…")) else ".")


async def _own_names(request: Request) -> Mapping[str, str]:
    """Return the name of the visitor's token, or no name where it cannot be read."""
    try:
        return await own_names(request, await visitor_of(request))
    except (SignInNeeded, Refused, Busy, Unavailable):
        return {}


async def _surroundings(request: Request) -> tuple[PageRequest, dict[str, Any]] | None:
    """Return the page request and its notice, at the requested point in time or else now.

    Return None outside a notice, or if the notice cannot be read.
    """
    if "notice" not in request.path_params:
        return None
    for point in (None, TimePoint()):
        try:
            page_request = await page_request_of(request, point)
            return page_request, await ask(request, page_request, "frame-only")
        except (SignInNeeded, Refused, Busy, Unavailable, HTTPException):
            continue
    return None


async def _first(request: Request, page_request: PageRequest, notice: Json) -> Json | None:
    """Return the entry that first recorded the page's subject.

    Return None if the reader may not read the entry, or if it is no later than `notice`.
    """
    subject = next(iter(page_request.about.values()), None)
    if subject is None or not (page_request.reads("timeline") and page_request.reads("entries")):
        return None
    now = page_request.at(TimePoint())
    if "at" in page_request.about:
        entries = (await ask(request, now, "entry", **page_request.about))["entries"]["nodes"]
    else:
        moments = (await ask(request, now, "first", subject=subject))["timeline"]["nodes"]
        entries = [moment["entry"] for moment in moments]
    return next((entry for entry in entries if entry["position"] > notice["asOf"]["position"]), None)


async def on_sign_in_needed(request: Request, _error: Exception) -> Response:
    """Redirect to the sign-in page, which leads back to the requested page, or to the first page after a POST."""
    target = f"{request.url.path}{'?' if request.url.query else ''}{request.url.query}"
    if request.method != "GET":
        target = "/"
    return secured(request, RedirectResponse(f"/sign-in?{urlencode({'next': target})}", 303))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer an HTTP error with a page, or with a problem for programs."""
    if not isinstance(error, HTTPException):
        raise error
    if not _accepts_html(request):
        return await problem.on_http_exception(request, error)
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _UNKNOWN
    page = await error_page(request, error.status_code, detail)
    page.headers.update(problem.headers_of(request, error))
    return page


async def on_ledger_error(request: Request, error: Exception) -> Response:
    """Answer a refusal or an outage of the ledger with an error page."""
    if not isinstance(error, Refused | Busy | Unavailable):
        raise error
    details = problem.problem_of(error)
    page = await error_page(request, details.status, details.detail)
    page.headers.update(problem.status_headers(details.status))
    return page


async def on_failure(request: Request, _error: Exception) -> Response:
    """Answer an unexpected failure with an error page; the log has the cause."""
    return await error_page(request, 500, _FAILED)


def _accepts_html(request: Request) -> bool:
    return quality(request, "text/html", named=True) > 0
