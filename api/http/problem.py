"""Refusals as RFC 9457 problems: one table from codes to statuses, for all routes. Imports starlette."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.http.metrics import REFUSALS
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
_MALFORMED = {"INVALID_JSON", "NOT_UTF8", "DUPLICATE_KEY", "INVALID_EVENT", "INVALID_ENCODING", "INVALID_HEADER"}
_CONFLICTS = {"AHEAD_OF_LEDGER", "KEY_REUSED", "EXPECTED_POSITION", "NOT_RECORDED"}
_STATUSES = {
    "INVALID_PARAMETER": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
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
    "ERASED": 410,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "MEDIA_TYPE_MISMATCH": 415,
    "RANGE_NOT_SATISFIABLE": 416,
    "BUSY": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "NOT_CAUGHT_UP": 503,
    "NO_CHECKPOINT": 503,
    "NO_PROOF": 503,
    "UNAVAILABLE": 503,
}
_FAILED = "the ledger failed; send it again, as nothing is recorded twice, and report it if it stays so"
_RETRY_SECONDS = {429: "1", 503: "5"}


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why a request, or one event of several, was not done."""

    type: str
    """A URI that names the kind of problem; it is the code in other words."""
    title: str
    """The status in words."""
    status: int
    detail: str
    """One sentence for people."""
    code: str
    """The stable word of the first error."""
    errors: tuple[Refusal, ...]
    line: int | None = None
    """The line of NDJSON that was refused, counted from 1."""
    id: str | None = None
    """The refused event's id, where it could be read."""
    source: str | None = None
    """The refused event's source, likewise."""


def status_of(code: str) -> int:
    """The HTTP status that a refusal's code is answered with; 422 for the rules and the fields."""
    if code in _MALFORMED:
        return 400
    if code in _CONFLICTS or code.startswith("ALREADY_"):
        return 409
    return _STATUSES.get(code, 422)


def problem(refusals: Iterable[Refusal], status: int | None = None, detail: str | None = None) -> Problem:
    """The problem of these refusals, the first of which decides unless `status` is given."""
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
    """A path, which may repeat a key as somebody sent it, in characters that UTF-8 has."""
    return path.encode(errors="backslashreplace").decode()


def problem_of(error: Refused | Busy | Unavailable) -> Problem:
    """The problem of what the ledger raised."""
    if isinstance(error, Refused):
        return problem(error.refusals)
    return problem([Refusal("BUSY" if isinstance(error, Busy) else "UNAVAILABLE", str(error))])


def respond(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The response that carries a problem."""
    extra = dict(headers or {})
    if found.status in _RETRY_SECONDS:
        extra["Retry-After"] = _RETRY_SECONDS[found.status]
    if found.status == 408:
        extra["Connection"] = "close"
    if found.code == "UNAUTHENTICATED":
        extra.setdefault("WWW-Authenticate", 'Bearer realm="improvement-ledger"')
    return Response(msgspec.json.encode(found), found.status, extra, MEDIA_TYPE)


async def on_ledger_error(_: Request, error: Exception) -> Response:
    """Starlette's handler for Refused, Busy and Unavailable."""
    if not isinstance(error, Refused | Busy | Unavailable):
        raise error
    return respond(problem_of(error))


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Starlette's handler for its own exceptions: an unknown address, a method that is not there."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    refusal = Refusal(status.name, status.description or status.phrase)
    return respond(problem([refusal], status), error.headers)


async def on_disconnect(_: Request, _error: Exception) -> Response:
    """Starlette's handler for a client that went away before it had sent its body; nobody reads the answer."""
    return respond(problem([Refusal("DISCONNECTED", "the body did not arrive")], 400))


async def on_failure(_: Request, _error: Exception) -> Response:
    """Starlette's handler for what nobody foresaw; the log says what it was."""
    return respond(problem([Refusal("INTERNAL", _FAILED)], 500))
