"""Receipt of a recorded fact: its position, leaf hash and links to what it changed."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import formatting
from api.forms.fields import fields_of
from api.forms.labels import label_of
from api.pages import renderer
from api.pages.form_request import kind_of, request_now
from api.pages.page_request import PageRequest, ask
from api.services import Ledger
from ledger.domain.registry import Kind, type_names
from schema.derive.connection import cursor

_DIGITS = 10
_PLACES = {
    "plan": "/plan",
    "actions": "/plan",
    "board": "/board",
    "meetings": "/board",
    "evidence": "/evidence",
    "measures": "/measures",
    "reviews": "/reviews",
    "access": "/reviews",
    "engagement": "/views",
    "partners": "/partners",
    "recommendations": "/coverage",
    "reports": "/reports",
    "adviser": "/reports",
}
"""Path of the section that shows a fact, by the fact's area."""
_SUBJECT_PAGES = {
    "objective": "/plan",
    "decision": "/board/decisions",
    "evidence": "/evidence",
    "measure": "/measures",
}
"""Path of the pages that show a fact's subject, by the subject's kind."""


async def get_receipt(request: Request) -> Response:
    """Answer `GET /notices/{notice}/record/{fact}/{position}` with the receipt of a recorded fact.

    Raises:
        HTTPException: 404 if no such fact is recorded at the position.
    """
    page_request = await request_now(request)
    kind, position = kind_of(request), _position(request.path_params["position"])
    ledger: Ledger = request.app.state.ledger
    last = (await ledger.writer.state(page_request.notice)).position
    if position > last:  # the views will not get there
        raise HTTPException(404, f"no entry {position}; the last one is {last}")
    after = cursor(f"entries/{page_request.notice}", [position - 1])
    notice = await ask(request, page_request, "receipt", atLeast=position, after=after)
    entry = next(iter(notice["entries"]["nodes"]), None)
    if entry is None or entry["position"] != position or entry["type"] not in (None, *type_names(kind)):
        raise HTTPException(
            404, f"entry {position} of this ledger has another type than {formatting.fact(kind.name)!r}"
        )
    about = (entry["data"] or {}).get(_about(kind))
    context = {"notice": notice, "this_entry": entry, "kind": kind, "links": _links(page_request, kind, about)}
    return renderer.page(request, "recorded.html", context, page_request=page_request)


def _about(kind: Kind) -> str:
    """Return the name of the field with an entry's subject; empty if the fact has no such field."""
    return next((field.key for field in fields_of(kind.struct) if field.about), "")


def _position(text: str) -> int:
    """Return the position in an address.

    Raises:
        HTTPException: 404 if the text is not a position.
    """
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS and int(text) > 0):
        raise HTTPException(404, f"no entry {text[:40]!r}; entries are numbered from 1")
    return int(text)


def _links(page_request: PageRequest, kind: Kind, about: str | None) -> list[tuple[str, str]]:
    """Return the pages that show what an entry changed: addresses and link texts."""
    links = []
    if about is not None and (page := _SUBJECT_PAGES.get(kind.struct.about)) is not None:
        links.append((page_request.address(f"{page}/{about}"), f"{label_of(kind.struct.about)} {about}"))
    if about is not None and page_request.reads("timeline"):
        links.append((page_request.address(f"/about/{about}"), f"All entries about {about}"))
    path = _PLACES.get(kind.area, "")
    return links + [
        (page_request.address(section.path), section.title)
        for section in renderer.SECTIONS
        if section.path == path and section.view is not None and page_request.reads(section.view)
    ]
