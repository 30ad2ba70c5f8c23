"""Serve `GET /ledgers/{notice}/reports/…`: the adviser's report in four formats, issued or as a preview.

An issued report is generated again at its pinned position. The bytes are the same for the same role, unless a
narrative was erased. Imports starlette, `api.report`, `schema` and `ledger`.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.auth.identity import counted_as, may_read, part_in, viewer_of
from api.http.openapi import Operation, Parameter, describes
from api.report.formats import FORMATS
from api.report.html import policy
from api.report.reader import AdviserStatements, issued, read
from api.services import Ledger
from ledger.domain.errors import Refused
from schema.context import Context

_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_DAY = {"type": "string", "format": "date"}
_PRODUCES = {
    "text/html": {"type": "string"},
    "application/pdf": {"type": "string", "contentMediaType": "application/pdf"},
    "application/zip": {"type": "string", "contentMediaType": "application/zip"},
    "application/json": {"type": "object"},
}
_FORMAT = "The format is html, pdf (tagged, PDF/UA-1), csv (a zip with one table for each section) or json."


@describes(
    Operation(
        summary=f"Return an issued report, generated again at its pinned position. {_FORMAT}",
        answers={
            200: "The report, for the reader's role; the same bytes each time, unless a narrative was erased."
        },
        produces=_PRODUCES,
    )
)
async def get_report(request: Request) -> Response:
    """Return an issued report.

    Raises:
        Refused: The viewer may not read reports, or no report has the reference or the format.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
        ClientDisconnect: The client ended the connection.
    """
    return await _issued(request, request.path_params["report"], request.path_params["format"])


async def _issued(request: Request, report: str, format_name: str) -> Response:
    context = await _context(request)
    notice = request.path_params["notice"]
    async with turn(request, context):
        statements = await issued(context, notice, report)
        return await written(context, notice, statements, format_name, statements.report or "")


@describes(
    Operation(
        summary=f"Return a preview of the report on a period, without the adviser's statements. {_FORMAT}",
        answers={200: "The report, for the reader's role."},
        produces=_PRODUCES,
        parameters=(
            Parameter("from", "query", "First day of the period.", _DAY),
            Parameter("to", "query", "Last day of the period.", _DAY),
            Parameter("position", "query", "Position at which the figures are read; without it, the latest."),
        ),
    )
)
async def get_preview(request: Request) -> Response:
    """Return a preview of a report.

    An issued report whose id begins with “preview” has the same address, without a period.

    Raises:
        Refused: The viewer may not read reports, or a parameter is wrong.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
        ClientDisconnect: The client ended the connection.
    """
    more, dot, format_name = request.path_params["format"].rpartition(".")
    if dot or not {"from", "to"} & request.query_params.keys():
        try:
            return await _issued(request, f"preview{dot}{more}", format_name)
        except Refused as refused:
            if dot or refused.refusals[0].code != "UNKNOWN_REPORT":
                raise
    context = await _context(request)
    first, last = _day(request, "from"), _day(request, "to")
    if last < first:
        raise Refused.because(
            "INVALID_PARAMETER", f"the period ends on {last}, before its first day {first}; swap the days", "to"
        )
    statements = AdviserStatements(first=first, last=last, pinned=_position(request))
    notice, name = request.path_params["notice"], f"preview-{first}-{last}"
    async with turn(request, context):
        return await written(context, notice, statements, request.path_params["format"], name)


@asynccontextmanager
async def turn(request: Request, context: Context) -> AsyncIterator[None]:
    """Wait until the viewer has a turn to have a report made, and hold the turn until the context ends.

    Raises:
        ClientDisconnect: The client disconnected before the turn came.
    """
    ledger: Ledger = request.app.state.ledger
    async with ledger.turns.of(counted_as(context.viewer)):
        if await request.is_disconnected():
            raise ClientDisconnect
        yield


async def _context(request: Request) -> Context:
    """Return the context for reading reports.

    Raises:
        Refused: The viewer may not read the adviser's reports.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    viewer = await viewer_of(request)
    roles = await part_in(viewer, request.path_params["notice"])
    if not may_read(roles, "adviser"):
        raise Refused.because("FORBIDDEN", "your roles do not read the adviser's reports")
    ledger: Ledger = request.app.state.ledger
    return Context(ledger.reader, ledger.writer.append, viewer, sign=ledger.log.checkpoint)


async def written(
    context: Context, notice: str, statements: AdviserStatements, format_name: str, name: str
) -> Response:
    """Return the report in one format, with `name` in its file name.

    Raises:
        Refused: The format is unknown, the period or the position is out of range, or a query failed.
    """
    chosen = FORMATS.get(format_name)
    if chosen is None:
        known = ", ".join(FORMATS)
        raise Refused.because("INVALID_PARAMETER", f"no such format; use one of {known}", "format")
    report = await read(context, notice, statements)
    body = await asyncio.to_thread(chosen.write, report)
    plain = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)
    place = "inline" if chosen.suffix == "html" else "attachment"
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'{place}; filename="{report.notice.id}-{plain}.{chosen.suffix}"',
        "Content-Security-Policy": policy(),
        "ETag": f'"{hashlib.sha256(body).hexdigest()}"',
        "Ledger-Position": str(report.position),
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, 200, headers, chosen.media_type)


def _one(request: Request, name: str) -> str | None:
    value = request.query_params.getlist(name)
    if len(value) > 1:
        raise Refused.because("INVALID_PARAMETER", "send the parameter once", name)
    return value[0] if value else None


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(_one(request, name) or "")
    except ValueError:
        raise Refused.because("INVALID_PARAMETER", "send a date, for example 2022-09-30", name) from None


def _position(request: Request) -> int | None:
    value = _one(request, "position")
    if value is None:
        return None
    if not _POSITION.fullmatch(value) or int(value) >= 2**31:
        raise Refused.because("INVALID_PARAMETER", "send the position of an entry", "position")
    return int(value)
