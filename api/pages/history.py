"""Pages of an entry, of the history entry by entry, and of the changes between two points in time.

Sentences and changes are folded from the first entry on, so the pages leave a very long history to
`ledger replay`. That command prints the same entries and changes.
"""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.pages import query_documents, renderer
from api.pages.page_data import only
from api.pages.page_request import PageRequest, ask, page_request_of
from api.pages.time_control import TimePoint, instant, point_of
from api.services import Ledger
from ledger.domain.registry import STORED_TYPES, values_at
from projections.errors import ReadingError
from projections.narrate.changes import Change, difference
from projections.narrate.history import History, NarratedEntry, Selection
from projections.narrate.loader import LoadedHistory, narrate, open_history
from projections.narrate.sentence import natural_key

MAXIMUM_ENTRIES = 20_000
"""Maximum number of entries that a page folds."""
PAGE_SIZE = 25
"""Number of entries on a page of the history."""


async def get_entry(request: Request) -> Response:
    """Answer `GET /notices/{notice}/entries/{at}` with an entry, its changes and its proof."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "entry", **page_request.about)
    entry = only(notice["entries"]["nodes"])
    context: dict[str, Any] = {
        "notice": notice,
        "this_entry": entry,
        "sentence": None,
        "people": _people_in(entry),
        **await _proof(request, page_request),
    }
    if page_request.reads("entries") and entry["position"] <= MAXIMUM_ENTRIES:
        ledger: Ledger = request.app.state.ledger
        async with open_history(ledger.url, page_request.notice) as history:
            async for sentence, _ in narrate(history, entry["position"], page_request.names):
                context["sentence"] = sentence
    return renderer.page(request, "entry.html", context, page_request=page_request)


def _people_in(entry: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the actors that an entry refers to; empty for a withheld entry."""
    if entry["withheld"]:
        return frozenset()
    paths = [path for kind, path in STORED_TYPES[entry["type"]].kind.references if kind == "actor"]
    return frozenset(value for path in paths for _, value in values_at(entry["data"], path) if value)


async def _proof(request: Request, page_request: PageRequest) -> Mapping[str, str | None]:
    """Return the values `proof` and `no_proof_reason` of the entry's page, of which one is always None."""
    try:
        notice = await ask(request, page_request, "proof", **page_request.about)
    except HTTPException as error:
        return {"proof": None, "no_proof_reason": error.detail}
    return {"proof": only(notice["entries"]["nodes"])["proof"], "no_proof_reason": None}


async def get_replay(request: Request) -> Response:
    """Answer `GET /notices/{notice}/replay` with numbered sentences, from the entry `from`."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "replay")  # a notice without a role for the reader must look unknown
    _require_entries(page_request)
    to = notice["asOf"]["position"]
    begin = query_documents.whole_number("from", page_request.params.get("from", "").strip() or "1")
    filters = Selection(
        subject=_parameter(page_request, "subject"),
        clause=_parameter(page_request, "clause"),
        actor=_parameter(page_request, "actor"),
        decisions=page_request.params.get("decisions") == "yes",
    )
    sentences: list[NarratedEntry] = []
    if to <= MAXIMUM_ENTRIES:
        ledger: Ledger = request.app.state.ledger
        async with open_history(ledger.url, page_request.notice) as history:
            async for sentence, _ in narrate(history, to, page_request.names):
                if sentence.position >= begin and filters.matches(sentence):
                    sentences.append(sentence)
                if len(sentences) > PAGE_SIZE:
                    break
    context = {
        "notice": notice,
        "sentences": sentences[:PAGE_SIZE],
        "next_from": sentences[PAGE_SIZE].position if len(sentences) > PAGE_SIZE else None,
        "begin": begin,
        "too_long": to > MAXIMUM_ENTRIES,
    }
    return renderer.page(request, "replay.html", context, page_request=page_request)


async def get_changes(request: Request) -> Response:
    """Answer `GET /notices/{notice}/changes?from=&to=`; `from` and `to` are positions, dates or instants.

    Raises:
        HTTPException: 400 if a point in time is wrong, or `from` is later than `to`.
    """
    page_request = await page_request_of(request)
    begin, end = _point(page_request, "from"), _point(page_request, "to")
    now = await ask(request, page_request, "frame-only")
    context: dict[str, Any] = {"notice": now, "compared": None, "changes": None, "moved": None}
    if begin.earlier:
        before, after = (
            await _statuses_at(request, page_request, begin),
            await _statuses_at(request, page_request, end),
        )
        if before["asOf"]["position"] > after["asOf"]["position"]:
            raise HTTPException(400, "“From” is later than “To”; swap them")
        context |= {"compared": (before, after), "moved": _moved(before, after)}
        if page_request.reads("entries") and after["asOf"]["position"] <= MAXIMUM_ENTRIES:
            positions = before["asOf"]["position"], after["asOf"]["position"]
            context["changes"] = await _changes(request, page_request, *positions)
    return renderer.page(request, "changes.html", context, page_request=page_request)


def _require_entries(page_request: PageRequest) -> None:
    if not page_request.reads("entries"):
        raise HTTPException(403, page_request.cannot("read the entries of this notice"))


def _parameter(page_request: PageRequest, name: str) -> str | None:
    return page_request.params.get(name, "").strip() or None


def _point(page_request: PageRequest, name: str) -> TimePoint:
    """Return the point in time that a parameter names by a position, a date or an instant; empty means now."""
    text = page_request.params.get(name, "").strip()
    if text and not text.isdigit():
        instant(name, text)
    return point_of({"position" if text.isdigit() else "knownAt": text} if text else {})


async def _statuses_at(request: Request, page_request: PageRequest, point: TimePoint) -> Mapping[str, Any]:
    return await ask(request, page_request.at(point), "statuses")


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Return the verdicts before and after, as a pair for each obligation whose status differs.

    An obligation that did not exist before has None as its first verdict.
    """
    earlier = {line["clause"]: line for line in before.get("compliance", {}).get("nodes", ())}
    return [
        (earlier.get(line["clause"]), line)
        for line in sorted(
            after.get("compliance", {}).get("nodes", ()), key=lambda line: natural_key(line["clause"])
        )
        if line["status"] != earlier.get(line["clause"], {}).get("status")
    ]


async def _changes(request: Request, page_request: PageRequest, begin: int, end: int) -> list[Change]:
    ledger: Ledger = request.app.state.ledger
    try:
        async with open_history(ledger.url, page_request.notice) as history:
            before = (await _folded(history, begin, page_request.names)).values.current()
            return difference(before, (await _folded(history, end, page_request.names)).values.current())
    except ReadingError as error:
        raise HTTPException(404, str(error)) from None


async def _folded(history: LoadedHistory, to: int, names: Mapping[str, str]) -> History:
    state = History()
    async for _, folded in narrate(history, to, names):
        state = folded
    return state
