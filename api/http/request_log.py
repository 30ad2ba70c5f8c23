"""Log to stderr, with one JSON object on each line, without tokens and without personal data.

A request is logged by its route, never by its address or headers. An unforeseen exception is logged by its kind
and place, never by its message, which may quote a client's input. Imports starlette.
"""

import json
import logging
import re
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import REQUEST_SECONDS
from ledger.domain.errors import LedgerError

_NOTICE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FRAMES = 25
_encode = json.JSONEncoder(ensure_ascii=False).encode
_requests = logging.getLogger("api.requests")


class JsonFormatter(logging.Formatter):
    """Formatter that writes one line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a log record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _loggable(record.exc_info[1])
        return _encode(line)


def _loggable(error: BaseException) -> dict[str, Any]:
    """Return the parts of an exception that may be logged, with the SQLSTATE of a database error."""
    details: dict[str, Any] = {
        "kind": type(error).__name__,
        "at": [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-_FRAMES:]],
    }
    if isinstance(error, LedgerError):
        details["message"] = str(error)
    state = getattr(error, "sqlstate", None)
    if state is not None:
        details["sqlstate"] = state
    if error.__cause__ is not None:
        details["because"] = _loggable(error.__cause__)
    return details


def configure(level: str) -> None:
    """Send the logs of this process, from a level on, to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger("uvicorn.access").disabled = True  # its lines contain addresses; RequestLog writes routes


class RequestLog:
    """Middleware that logs each request after its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request and log it (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            seconds = time.perf_counter() - started
            fields = _fields(Request(scope), status, seconds)
            REQUEST_SECONDS.labels(fields["route"] or "none", status).observe(seconds)
            _requests.info("request", extra={"fields": fields})


def _fields(request: Request, status: int, seconds: float) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "method": request.method,
        "route": getattr(request.scope.get("route"), "path", None),
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    notice = request.scope.get("path_params", {}).get("notice")
    if notice is not None and status < 400 and _NOTICE.fullmatch(notice):
        fields["notice"] = notice
    return fields
