"""Log to stderr, with one JSON object on each line, without tokens and without personal data.

A request is logged by its route, never by its address or headers. An unforeseen exception is logged by its kind
and place, never by its message, which may quote a client's input. Imports starlette.
"""

import fcntl
import json
import logging
import mmap
import os
import re
import select
import stat
import sys
import termios
import time
import traceback
from array import array
from datetime import UTC, datetime
from typing import Any, TextIO

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import REQUEST_SECONDS
from ledger.domain.errors import LedgerError

_NOTICE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FRAMES = 25
READER_SECONDS = 0.1
"""Seconds to wait for a reader of the log that is behind; then lines are dropped until it goes on."""
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


class LogOutput(logging.Handler):
    """Handler that drops lines while their reader hangs, because a full pipe would stop the whole process.

    The next line that is written comes after a line with the number of dropped lines. It costs a system call a
    line. A thread that writes would cost more at each request.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._dropped = 0
        self._poll = select.poll()
        try:
            self._file: int | None = stream.fileno()
            self._poll.register(self._file, select.POLLOUT)
        except OSError:  # a stream in memory, as in tests
            self._file = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it as dropped."""
        try:
            text = self.format(record) + "\n"
            if self._dropped:
                text = self.format(_dropped(self._dropped)) + "\n" + text
            if self._file is None or self._has_room(self._file, len(text.encode())):
                self._stream.write(text)
                self._stream.flush()
                self._dropped = 0
            else:
                self._dropped += 1
        except Exception:  # noqa: BLE001 (logging reports faults of the log itself)
            self.handleError(record)

    def _has_room(self, file: int, size: int) -> bool:
        """Return whether the reader leaves room for so many bytes; wait for a moment if no line was dropped."""
        if not self._poll.poll(0 if self._dropped else READER_SECONDS * 1_000):
            return False
        if size <= select.PIPE_BUF or not stat.S_ISFIFO(os.fstat(file).st_mode):
            return True
        unread = array("i", [0])
        fcntl.ioctl(file, termios.FIONREAD, unread)
        pages = 2 * unread[0] // mmap.PAGESIZE + size // mmap.PAGESIZE + 2  # at least half of each page is used
        return pages * mmap.PAGESIZE <= fcntl.fcntl(file, fcntl.F_GETPIPE_SZ)


def _dropped(number: int) -> logging.LogRecord:
    message = "lines of the log were dropped, because their reader was too slow"
    fields = {"dropped": number}
    level = {"levelno": logging.WARNING, "levelname": "WARNING"}
    return logging.makeLogRecord({"name": __name__, "msg": message, "fields": fields, **level})


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
    handler = LogOutput(sys.stderr)
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
