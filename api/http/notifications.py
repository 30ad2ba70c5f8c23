"""Serve `GET /ledgers/{notice}/notifications`: the eventsourcing library's notification log of a notice.

The answers are those of the library's `NotificationLogJSONService`, for its `NotificationLogJSONClient`. A
notification's id is the entry's position. A reader who cannot read entries gets each position and leaf hash.
"""

import re
from base64 import b64encode
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.auth.identity import may_read, reader_in, viewer_of
from api.http.entries_feed import number
from api.http.openapi import Operation, Parameter, describes
from ledger.domain.errors import Refused
from ledger.eventsourcing.events import wire_id
from ledger.eventsourcing.mapper import WITHHELD_TOPIC, withheld_state
from projections.errors import InvalidText
from projections.query.reader import Reader
from projections.query.snapshot import Snapshot
from projections.views import entries
from projections.views.entries import EntryFilter, EntryRow

MAXIMUM_LIMIT = 1_000
SECTION_SIZE = 500
"""Maximum number of notifications in a section."""
_PAGE = 250
_SECTION = re.compile(r"([0-9]{1,10}),([0-9]{1,10})")
_LARGEST = 2**31 - 1


@describes(
    Operation(
        summary="Return notifications of the eventsourcing library: one for each entry, by position.",
        answers={200: "A JSON list; `state` is the entry's stored bytes in base64."},
        parameters=(
            Parameter("start", "query", "First position."),
            Parameter("limit", "query", "Largest number of notifications."),
            Parameter("topics", "query", "Types of entries, repeated; all without it."),
        ),
    )
)
async def get_notifications(request: Request) -> Response:
    """Return the notifications of the entries from a position on.

    Raises:
        Refused: The viewer has no access, or a parameter is wrong.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    start = number(request, "start", 1, _LARGEST)
    limit = number(request, "limit", SECTION_SIZE, MAXIMUM_LIMIT)
    try:
        return _json(await _select(request, start, limit, request.query_params.getlist("topics")))
    except InvalidText as error:
        raise Refused.because("INVALID_PARAMETER", str(error), "topics") from None


@describes(
    Operation(
        summary="Return a section of the notification log, such as `1,10`.",
        answers={200: "The section: its id, its items, and the id of the next section or null."},
    )
)
async def get_section(request: Request) -> Response:
    """Return a section of the notification log.

    Raises:
        Refused: The viewer has no access, or the section's id is not two numbers.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    match = _SECTION.fullmatch(request.path_params["section"])
    if match is None:
        raise Refused.because("INVALID_PARAMETER", "a section is two positions, such as 1,10", "section")
    start = max(1, int(match[1]))
    limit = min(max(0, int(match[2]) - start + 1), SECTION_SIZE)
    items = await _select(request, start, limit, [])
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    following = f"{last + 1},{last + limit}" if last is not None and len(items) == limit else None
    return _json({"id": f"{first},{last}" if items else None, "next_id": following, "items": items})


def _json(content: object) -> Response:
    return JSONResponse(content, headers={"Cache-Control": "private, no-cache"})


async def _select(request: Request, start: int, limit: int, topics: list[str]) -> list[dict[str, Any]]:
    viewer = await viewer_of(request)
    notice = request.path_params["notice"]
    roles = await reader_in(viewer, notice)
    full = may_read(roles, "entries")
    if not full and topics and WITHHELD_TOPIC not in topics:
        return []
    reader: Reader = request.app.state.ledger.reader
    async with reader.at(notice, views=()) as reading:
        rows = await _rows(reading, start - 1, limit, topics if full else [])
    return [_notification(notice, row, full=full) for row in rows]


async def _rows(reading: Snapshot, after: int, limit: int, topics: list[str]) -> list[EntryRow]:
    rows: list[EntryRow] = []
    entry_filter = EntryFilter(types=tuple(topics)) if topics else EntryFilter()
    while len(rows) < limit:
        first = min(_PAGE, limit - len(rows))
        page = await entries.page(reading, filter=entry_filter, first=first, after=after, content=False)
        rows += page
        if len(page) < first:
            break
        after = page[-1].position
    return rows


def _notification(notice: str, row: EntryRow, *, full: bool) -> dict[str, Any]:
    state = row.body if full else withheld_state(row.position, row.leaf_hash)
    return {
        "id": row.position,
        "originator_id": wire_id(notice).hex,
        "originator_version": row.position,
        "topic": row.type if full else WITHHELD_TOPIC,
        "state": b64encode(state).decode(),
    }
