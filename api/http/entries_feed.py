"""Serve `GET /ledgers/{notice}/entries`: the stored bytes of each entry.

A reader of the notice who cannot read its entries gets each position and leaf hash. Positions are dense and hashes
disclose nothing. Imports starlette, `schema`, `projections` and `ledger`.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth.identity import counted_as, may_read, reader_in, viewer_of
from api.http import feed
from api.http.openapi import Operation, Parameter, describes
from api.http.under_way import still
from api.services import Ledger
from ledger.domain.errors import Refused
from projections.query.reader import Reader
from projections.query.snapshot import AsOf
from projections.views import entries
from projections.views.entries import EntryRow
from schema.context import Viewer

DEFAULT_LIMIT = 1_000
MAXIMUM_LIMIT = 10_000
_PAGE = 250
_NUMBER = re.compile(r"[0-9]{1,10}")


@describes(
    Operation(
        summary="Return the stored entries, byte for byte: a page of NDJSON, or a feed of server-sent events.",
        answers={200: "One line or event for each entry; for a withheld entry its position and leaf hash."},
        produces={"application/x-ndjson": {"type": "string"}, feed.MEDIA_TYPE: {"type": "string"}},
        parameters=(
            Parameter("after", "query", "Position after which to begin."),
            Parameter(
                "limit",
                "query",
                "Largest number of entries.",
                {"type": "integer", "minimum": 0, "maximum": MAXIMUM_LIMIT},
            ),
            Parameter("Last-Event-ID", "header", "Position of the last event received, for a feed."),
        ),
    )
)
async def get_entries(request: Request) -> Response:
    """Return a page of entries, or the live feed for `Accept: text/event-stream`.

    Raises:
        Refused: The viewer has no access, or a parameter is wrong.
        Busy: Too many feeds are open, or the address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    viewer = await viewer_of(request)
    notice = request.path_params["notice"]
    await reader_in(viewer, notice)
    after = number(request, "after", 0, 2**31 - 1)
    limit = number(request, "limit", DEFAULT_LIMIT, MAXIMUM_LIMIT)
    reader: Reader = request.app.state.ledger.reader
    async with reader.at(notice, views=()) as reading:
        to = reading.position
    if feed.requested(request):
        return _feed(request, viewer, feed.last_seen(request, after), to)
    lines = _lines(reader, viewer, notice, after, min(to, after + limit))
    headers = {"Ledger-Position": str(to), "Cache-Control": "private, no-cache"}
    return StreamingResponse(lines, 200, headers, "application/x-ndjson")


def _feed(request: Request, viewer: Viewer, after: int, to: int) -> Response:
    if after > to:
        raise Refused.because(
            "AHEAD_OF_LEDGER",
            f"the ledger ends at position {to}, and you have received {after}: entries were lost; "
            "tell the operator, who runs ledger verify",
            "last-event-id",
        )
    ledger: Ledger = request.app.state.ledger
    ledger.feeds.check(counted_as(viewer))
    feed_request = feed.FeedRequest(
        request.path_params["notice"], after, viewer, lambda row: _withheld(row).rstrip()
    )
    return feed.Feed(ledger.reader, ledger.feed_pages, ledger.feeds, feed_request)


def number(request: Request, name: str, default: int, maximum: int) -> int:
    """Return a whole number from the query, or the default if the parameter is absent.

    Raises:
        Refused: The parameter is not one whole number up to `maximum` (INVALID_PARAMETER).
    """
    values = request.query_params.getlist(name)
    if not values:
        return default
    if len(values) > 1 or not _NUMBER.fullmatch(values[0]) or int(values[0]) > maximum:
        raise Refused.because("INVALID_PARAMETER", f"send one whole number from 0 to {maximum}", name)
    return int(values[0])


async def _lines(reader: Reader, viewer: Viewer, notice: str, after: int, to: int) -> AsyncIterator[bytes]:
    """Yield the lines of the entries after `after`, up to `to`, each page with the viewer's rights at that time.

    Each page has its own transaction, all at one position, so a slow reader keeps no transaction open.

    Raises:
        LedgerError: The viewer has no access any more, or a page cannot be read.
    """
    while after < to:
        async with reader.at(notice, as_of=AsOf(to), views=()) as reading:
            page = await entries.page(reading, first=min(_PAGE, to - after), after=after, content=False)
        if not page:
            return
        full = may_read(await still(reader_in(viewer, notice)), "entries")
        yield b"".join(row.body + b"\n" if full else _withheld(row) for row in page)
        after = page[-1].position


def _withheld(row: EntryRow) -> bytes:
    fields = {"position": row.position, "leafHash": b64encode(row.leaf_hash).decode(), "withheld": True}
    return msgspec.json.encode(fields) + b"\n"
