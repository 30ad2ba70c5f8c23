"""The history told entry by entry, and what changed between two points of it: from the entries themselves.

It is what `ledger replay` tells, to those who read entries. A history is folded from its beginning each time, so a
very long one is left to the command line.
"""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.pages import query_documents, renderer
from api.pages.page_data import only
from api.pages.page_request import PageRequest, ask, visit_of
from api.pages.time_control import TimePoint, instant, point_of
from api.services import Ledger
from projections.errors import ReadingError
from projections.narrate.history import Change, History, Selection, Sentence, difference
from projections.narrate.loader import LoadedHistory, opened, tellings
from projections.narrate.sentence import natural

LONGEST = 20_000
"""Entries that a page folds at most."""
MINUTES = 25
"""Minutes on a page."""


async def get_entry(request: Request) -> Response:
    """`GET /notices/{notice}/entries/{at}`: what was recorded, what it changed, and what proves it."""
    visit = await visit_of(request)
    notice = await ask(request, visit, "entry", **visit.about)
    found = only(notice["entries"]["nodes"])
    given: dict[str, Any] = {"notice": notice, "found": found, "told": None, **await _proof(request, visit)}
    if visit.reads("entries") and found["position"] <= LONGEST:
        ledger: Ledger = request.app.state.ledger
        async with opened(ledger.url, visit.notice) as history:
            async for minute, _ in tellings(history, found["position"]):
                given["told"] = minute
    return renderer.page(request, "entry.html", given, visit=visit)


async def _proof(request: Request, visit: PageRequest) -> Mapping[str, str | None]:
    """What proves the entry; while the log cannot be signed, why nothing does."""
    try:
        notice = await ask(request, visit, "proof", **visit.about)
    except HTTPException as error:
        return {"proof": None, "unproved": error.detail}
    return {"proof": only(notice["entries"]["nodes"])["proof"], "unproved": None}


async def get_replay(request: Request) -> Response:
    """`GET /notices/{notice}/replay`: numbered minutes in plain words; `from` says where to begin."""
    visit = await visit_of(request)
    notice = await ask(request, visit, "replay")  # a notice that is not theirs looks like one that is not there
    _may_read(visit)
    to = notice["asOf"]["position"]
    begin = query_documents.whole_number("from", visit.params.get("from", "").strip() or "1")
    chosen = Selection(
        subject=_given(visit, "subject"),
        clause=_given(visit, "clause"),
        actor=_given(visit, "actor"),
        decisions=visit.params.get("decisions") == "yes",
    )
    minutes: list[Sentence] = []
    if to <= LONGEST:
        ledger: Ledger = request.app.state.ledger
        async with opened(ledger.url, visit.notice) as history:
            async for told, _ in tellings(history, to):
                if told.position >= begin and chosen.takes(told):
                    minutes.append(told)
                if len(minutes) > MINUTES:
                    break
    given = {
        "notice": notice,
        "minutes": minutes[:MINUTES],
        "next_from": minutes[MINUTES].position if len(minutes) > MINUTES else None,
        "begin": begin,
        "too_long": to > LONGEST,
    }
    return renderer.page(request, "replay.html", given, visit=visit)


async def get_changes(request: Request) -> Response:
    """`GET /notices/{notice}/changes?from=&to=`: what differs between two points, each a position or a day."""
    visit = await visit_of(request)
    begin, end = _point(visit, "from"), _point(visit, "to")
    now = await ask(request, visit, "frame-only")
    given: dict[str, Any] = {"notice": now, "compared": None, "changes": None, "moved": None}
    if begin.earlier:
        before, after = await _standing(request, visit, begin), await _standing(request, visit, end)
        if before["asOf"]["position"] > after["asOf"]["position"]:
            raise HTTPException(400, "the first point is later than the second; exchange them")
        given |= {"compared": (before, after), "moved": _moved(before, after)}
        if visit.reads("entries") and after["asOf"]["position"] <= LONGEST:
            positions = before["asOf"]["position"], after["asOf"]["position"]
            given["changes"] = await _changes(request, visit, *positions)
    return renderer.page(request, "changes.html", given, visit=visit)


def _may_read(visit: PageRequest) -> None:
    if not visit.reads("entries"):
        raise HTTPException(403, "your role does not read the entries of this notice")


def _given(visit: PageRequest, name: str) -> str | None:
    return visit.params.get(name, "").strip() or None


def _point(visit: PageRequest, name: str) -> TimePoint:
    """A point of a comparison: a position if it is a number, else a day or an instant; nothing: now."""
    said = visit.params.get(name, "").strip()
    if said and not said.isdigit():
        instant(name, said)
    return point_of({"position" if said.isdigit() else "knownAt": said} if said else {})


async def _standing(request: Request, visit: PageRequest, point: TimePoint) -> Mapping[str, Any]:
    return await ask(request, visit.at(point), "standing")


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The obligations whose status differs, before and after."""
    earlier = {line["clause"]: line for line in before.get("compliance", {}).get("nodes", ())}
    return [
        (earlier.get(line["clause"]), line)
        for line in sorted(after.get("compliance", {}).get("nodes", ()), key=lambda line: natural(line["clause"]))
        if line["status"] != earlier.get(line["clause"], {}).get("status")
    ]


async def _changes(request: Request, visit: PageRequest, begin: int, end: int) -> list[Change]:
    ledger: Ledger = request.app.state.ledger
    try:
        async with opened(ledger.url, visit.notice) as history:
            before = (await _held(history, begin)).now()
            return difference(before, (await _held(history, end)).now())
    except ReadingError as error:
        raise HTTPException(404, str(error)) from None


async def _held(history: LoadedHistory, to: int) -> History:
    story = History()
    async for _, so_far in tellings(history, to):
        story = so_far
    return story
