"""Turn refusals into RFC 9457 problems: one table of codes and statuses for all routes. Imports starlette."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from api.http.metrics import REFUSALS
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
_MALFORMED = {"INVALID_JSON", "NOT_UTF8", "DUPLICATE_KEY", "INVALID_EVENT", "INVALID_ENCODING", "INVALID_HEADER"}
_CONFLICTS = {"AHEAD_OF_LEDGER", "KEY_REUSED", "EXPECTED_POSITION", "NOT_RECORDED"}
_STATUSES = {
    "INVALID_PARAMETER": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "CROSS_ORIGIN": 403,
    "UNKNOWN_NOTICE": 404,
    "UNKNOWN_FACT": 404,
    "UNKNOWN_EVIDENCE": 404,
    "UNKNOWN_POSITION": 404,
    "UNKNOWN_TILE": 404,
    "UNKNOWN_REPORT": 404,
    "UNKNOWN_DRAFT": 404,
    "NOT_RECORDED_YET": 404,
    "FILE_NOT_HELD": 404,
    "TOO_SLOW": 408,
    "READ_ONLY_COPY": 409,
    "ERASED": 410,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "MEDIA_TYPE_MISMATCH": 415,
    "RANGE_NOT_SATISFIABLE": 416,
    "UNKNOWN_HOST": 421,
    "BUSY": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "NOT_CAUGHT_UP": 503,
    "NO_CHECKPOINT": 503,
    "NO_PROOF": 503,
    "UNAVAILABLE": 503,
}
_FAILED = "the ledger failed; send the request again (nothing is recorded twice), and report it if it fails again"
_RETRY_SECONDS = {429: "1", 503: "5"}


Answer = Callable[[Scope, Refusal, Mapping[str, str] | None], Response]
"""Function that answers a request which comes to no route, with a refusal and more headers."""


class Problem(Struct, frozen=True, omit_defaults=True):
    """Reason why a request, or one of its events, was refused."""

    type: str
    """URI of the kind of problem, derived from the code."""
    title: str
    """Reason phrase of the HTTP status."""
    status: int
    detail: str
    """Reason in one sentence, for people."""
    code: str
    """Stable code of the first error."""
    errors: tuple[Refusal, ...]
    line: int | None = None
    """Number of the refused NDJSON line, from 1."""
    id: str | None = None
    """Id of the refused event, where it can be read."""
    source: str | None = None
    """Source of the refused event, where it can be read."""


def status_of(code: str) -> int:
    """Return the HTTP status of a refusal's code; 422 for a broken rule or an invalid field."""
    if code in _MALFORMED:
        return 400
    if code in _CONFLICTS or code.startswith("ALREADY_"):
        return 409
    return _STATUSES.get(code, 422)


def problem(refusals: Iterable[Refusal], status: int | None = None, detail: str | None = None) -> Problem:
    """Return the problem of some refusals, and count the first refusal in the metrics.

    The first refusal gives the status unless `status` is set.
    """
    errors = tuple(Refusal(r.code, r.message, _printable(r.path)) for r in refusals)
    first = errors[0]
    REFUSALS.labels(first.code).inc()
    number = status or status_of(first.code)
    return Problem(
        f"urn:improvement-ledger:problem:{first.code.lower().replace('_', '-')}",
        HTTPStatus(number).phrase,
        number,
        detail or (f"{first.path}: {first.message}" if first.path else first.message),
        first.code,
        errors,
    )


def _printable(path: str) -> str:
    """Return a path with characters that UTF-8 cannot encode escaped; a path can repeat a client's key."""
    return path.encode(errors="backslashreplace").decode()


def problem_of(error: Refused | Busy | Unavailable) -> Problem:
    """Return the problem of an error that the ledger raised."""
    if isinstance(error, Refused):
        return problem(error.refusals)
    return problem([Refusal("BUSY" if isinstance(error, Busy) else "UNAVAILABLE", str(error))])


def status_headers(status: int) -> dict[str, str]:
    """Return the headers of every answer with a status: `Retry-After`, `Connection` or neither."""
    if status == 408:
        return {"Connection": "close"}
    return {"Retry-After": _RETRY_SECONDS[status]} if status in _RETRY_SECONDS else {}


def respond(content: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that carries a problem."""
    extra = {**status_headers(content.status), **(headers or {})}
    if content.code == "UNAUTHENTICATED":
        extra.setdefault("WWW-Authenticate", 'Bearer realm="improvement-ledger"')
    return Response(msgspec.json.encode(content), content.status, extra, MEDIA_TYPE)


async def on_ledger_error(_: Request, error: Exception) -> Response:
    """Answer a request that raised Refused, Busy or Unavailable (exception handler of Starlette)."""
    if not isinstance(error, Refused | Busy | Unavailable):
        raise error
    return respond(problem_of(error))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer a request that raised an exception of Starlette's, for example because the address is unknown."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    refusal = Refusal(status.name, status.description or status.phrase)
    return respond(problem([refusal], status), headers_of(request, error))


def headers_of(request: Request, error: HTTPException) -> dict[str, str]:
    """Return the headers of an exception; `Allow` names the methods of all routes of the address."""
    if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return dict(error.headers or {})
    routes = (route for route in request.app.routes if isinstance(route, Route))
    methods = {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return {"Allow": ", ".join(sorted(methods))}


async def on_disconnect(_: Request, _error: Exception) -> Response:
    """Answer a client that disconnected before its body was complete; nobody reads this answer."""
    return respond(problem([Refusal("DISCONNECTED", "the body did not arrive")], 400))


async def on_failure(_: Request, _error: Exception) -> Response:
    """Answer an unforeseen exception; the log has its details."""
    return respond(problem([Refusal("INTERNAL", _FAILED)], 500))
