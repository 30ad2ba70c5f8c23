"""`GET /ledgers/{notice}/entries`: the stored bytes, entry by entry, for whoever may see them.

Who has a part in the notice but does not see its entries gets each one's position and leaf hash instead, since
positions are dense and hashes give nothing away. Imports starlette, `projections` and its neighbours.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth.identity import may_read, reader_in, viewer_of
from api.http import feed
from api.http.openapi import Operation, Parameter, describes
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
        summary="The stored entries, byte for byte: a page of NDJSON, or a live feed as server-sent events.",
        answers={200: "A line, or an event, an entry; of those not shown, position and leaf hash."},
        produces={"application/x-ndjson": {"type": "string"}, feed.MEDIA_TYPE: {"type": "string"}},
        parameters=(
            Parameter("after", "query", "The position after which to begin."),
            Parameter(
                "limit", "query", "How many at most.", {"type": "integer", "minimum": 0, "maximum": MAXIMUM_LIMIT}
            ),
            Parameter("Last-Event-ID", "header", "The position of the last event seen, in a feed."),
        ),
    )
)
async def get_entries(request: Request) -> Response:
    """The route's endpoint: a page, or with `Accept: text/event-stream` the feed; raises Refused and Busy."""
    viewer = await viewer_of(request)
    notice = request.path_params["notice"]
    roles = await reader_in(viewer, notice)
    after = number(request, "after", 0, 2**31 - 1)
    limit = number(request, "limit", DEFAULT_LIMIT, MAXIMUM_LIMIT)
    reader: Reader = request.app.state.ledger.reader
    async with reader.at(notice, views=()) as reading:
        to = reading.position
    if feed.wanted(request):
        return _feed(request, viewer, feed.last_seen(request, after), to)
    lines = _lines(reader, notice, after, min(to, after + limit), full=may_read(roles, "entries"))
    headers = {"Ledger-Position": str(to), "Cache-Control": "private, no-cache"}
    return StreamingResponse(lines, 200, headers, "application/x-ndjson")


def _feed(request: Request, viewer: Viewer, after: int, to: int) -> Response:
    if after > to:
        raise Refused.because(
            "AHEAD_OF_LEDGER",
            f"the ledger ends at position {to}, and you have seen {after}: entries were lost; run ledger verify",
            "last-event-id",
        )
    ledger: Ledger = request.app.state.ledger
    ledger.feeds.check(viewer.credential.actor)
    asked = feed.FeedRequest(request.path_params["notice"], after, viewer, lambda row: _withheld(row).rstrip())
    return feed.Feed(ledger.reader, ledger.feeds, asked)


def number(request: Request, name: str, default: int, maximum: int) -> int:
    """A whole number of the query; raises Refused (INVALID_PARAMETER)."""
    given = request.query_params.getlist(name)
    if not given:
        return default
    if len(given) > 1 or not _NUMBER.fullmatch(given[0]) or int(given[0]) > maximum:
        raise Refused.because("INVALID_PARAMETER", f"send one whole number from 0 to {maximum}", name)
    return int(given[0])


async def _lines(reader: Reader, notice: str, after: int, to: int, *, full: bool) -> AsyncIterator[bytes]:
    """The lines of the entries after `after` up to `to`.

    No transaction waits for a slow reader: each page has its own, all at one position.
    """
    while after < to:
        async with reader.at(notice, as_of=AsOf(to), views=()) as reading:
            page = await entries.page(reading, first=min(_PAGE, to - after), after=after, narratives=False)
        if not page:
            return
        yield b"".join(row.body + b"\n" if full else _withheld(row) for row in page)
        after = page[-1].position


def _withheld(row: EntryRow) -> bytes:
    shown = {"position": row.position, "leafHash": b64encode(row.leaf_hash).decode(), "withheld": True}
    return msgspec.json.encode(shown) + b"\n"
