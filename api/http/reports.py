"""`GET /ledgers/{notice}/reports/…`: the adviser's report in its four formats, issued or as a preview.

An issued one is made again at the position that it is pinned to, and is the same each time. Imports starlette,
`api.report` and its neighbours.
"""

import asyncio
import hashlib
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from api.auth.identity import may_read, part_in, viewer_of
from api.http.openapi import Operation, Parameter, describes
from api.report.formats import FORMATS
from api.report.html import policy
from api.report.reader import AdviserStatements, issued, read
from api.services import Ledger
from ledger.domain.errors import Refused
from schema.context import Context

_DAY = {"type": "string", "format": "date"}
_PRODUCES = {
    "text/html": {"type": "string"},
    "application/pdf": {"type": "string", "contentMediaType": "application/pdf"},
    "application/zip": {"type": "string", "contentMediaType": "application/zip"},
    "application/json": {"type": "object"},
}
_FORMAT = "The format is html, pdf (tagged, PDF/UA-1), csv (a zip of a table a section) or json."


@describes(
    Operation(
        summary=f"A report of the adviser, made again at the position that it is pinned to. {_FORMAT}",
        answers={200: "The report, for the reader's role; the same bytes each time, unless a text was erased."},
        produces=_PRODUCES,
    )
)
async def get_report(request: Request) -> Response:
    """The route's endpoint; raises Refused."""
    context = await _context(request)
    notice = request.path_params["notice"]
    said = await issued(context, notice, request.path_params["report"])
    return await written(context, notice, said, request.path_params["format"], said.report or "")


@describes(
    Operation(
        summary=f"What a report on a period would show, without the adviser's words. {_FORMAT}",
        answers={200: "The report, for the reader's role."},
        produces=_PRODUCES,
        parameters=(
            Parameter("from", "query", "The first day of the period.", _DAY),
            Parameter("to", "query", "The last day of the period.", _DAY),
            Parameter("position", "query", "The position at which its figures are read; the latest, if left out."),
        ),
    )
)
async def get_preview(request: Request) -> Response:
    """The route's endpoint; raises Refused."""
    context = await _context(request)
    first, last = _day(request, "from"), _day(request, "to")
    if last < first:
        raise Refused.because("INVALID_PARAMETER", f"the period ends on {last}, before it begins on {first}", "to")
    said = AdviserStatements(first=first, last=last, pinned=_position(request))
    notice, name = request.path_params["notice"], f"preview-{first}-{last}"
    return await written(context, notice, said, request.path_params["format"], name)


async def _context(request: Request) -> Context:
    """What the questions are asked with; raises Refused for whoever does not read the adviser's reports."""
    viewer = await viewer_of(request)
    roles = await part_in(viewer, request.path_params["notice"])
    if not may_read(roles, "adviser"):
        raise Refused.because("FORBIDDEN", "your roles in this notice do not read the adviser's reports")
    ledger: Ledger = request.app.state.ledger
    return Context(ledger.reader, ledger.writer.append, viewer, sign=ledger.log.checkpoint)


async def written(context: Context, notice: str, said: AdviserStatements, form: str, name: str) -> Response:
    """The report in a form, as a file whose name has `name` in it; raises Refused."""
    chosen = FORMATS.get(form)
    if chosen is None:
        known = ", ".join(FORMATS)
        raise Refused.because("INVALID_PARAMETER", f"a report is written as {known}; end the address so", "format")
    report = await read(context, notice, said)
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
    given = request.query_params.getlist(name)
    if len(given) > 1:
        raise Refused.because("INVALID_PARAMETER", "send it once", name)
    return given[0] if given else None


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(_one(request, name) or "")
    except ValueError:
        raise Refused.because("INVALID_PARAMETER", "send a day, such as 2022-09-30", name) from None


def _position(request: Request) -> int | None:
    given = _one(request, "position")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and 0 < int(given[:11]) < 2**31):
        raise Refused.because("INVALID_PARAMETER", "send the number of an entry", "position")
    return int(given)
