"""One visit to a page of a notice: who visits, what they may read there, and at which point."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, structs
from starlette.datastructures import QueryParams
from starlette.requests import Request

from api.auth.identity import part_in
from api.auth.sessions import Session, Sessions, viewer_of
from api.pages import query_documents
from api.pages.time_control import TimePoint, point_of
from api.services import Ledger
from ledger.append.clock import now
from ledger.domain.roles import Role, matrix
from schema.context import Viewer, may

INVENTED = "invented/"
"""How the sources of a made-up history begin."""
_WEEK = timedelta(days=7)


class SignInNeeded(Exception):
    """Nobody has signed in here, or their session has ended."""


class Visitor(Struct, frozen=True):
    """Whoever asks for a page, signed in."""

    session: Session
    viewer: Viewer


class PageRequest(Struct, frozen=True):
    """A visit to a notice."""

    notice: str
    visitor: Visitor
    roles: Sequence[Role]
    point: TimePoint
    invented: bool
    """Whether part of the notice's history is made up."""
    params: QueryParams
    about: Mapping[str, str]
    """What the address names beside the notice: the page's subject."""

    def reads(self, view: str) -> bool:
        """Whether the visitor may read the view of that name."""
        return may(self.roles, view)

    def records(self, fact: str) -> bool:
        """Whether the visitor's roles record the fact of that name."""
        return any(matrix().may_record(role, fact) for role in self.roles)

    def address(self, path: str = "", **params: object) -> str:
        """An address within the notice, at the same point; a parameter of None is left out."""
        said = {**self.point.said, **{name: value for name, value in params.items() if value is not None}}
        return f"/notices/{self.notice}{path}{'?' if said else ''}{urlencode(said)}"

    def at(self, point: TimePoint) -> "PageRequest":
        """The same visit at another point."""
        return structs.replace(self, point=point)

    def again(self, request_path: str, **params: object) -> str:
        """The same page with other parameters; a parameter of None is left out."""
        said = {name: value for name, value in {**dict(self.params), **params}.items() if value not in (None, "")}
        return f"{request_path}{'?' if said else ''}{urlencode(said)}"


async def visitor_of(request: Request) -> Visitor:
    """Who asks; raises SignInNeeded."""
    ledger: Ledger = request.app.state.ledger
    sessions: Sessions = request.app.state.sessions()
    session = sessions.of(request)
    viewer = await viewer_of(ledger.identity, session) if session is not None else None
    if session is None or viewer is None:
        raise SignInNeeded
    return Visitor(session, viewer)


async def visit_of(request: Request, point: TimePoint | None = None) -> PageRequest:
    """The visit of a request to `/notices/{notice}/…`, at the point that its address says, or at `point`.

    Raises SignInNeeded, Refused (UNKNOWN_NOTICE) where the visitor has no part, and HTTPException (400) for a
    point that is none.
    """
    visitor = await visitor_of(request)
    ledger: Ledger = request.app.state.ledger
    notice = request.path_params["notice"]
    roles = await part_in(visitor.viewer, notice)
    sources = (await ledger.writer.state(notice)).people.sources
    invented = any(source.startswith(INVENTED) for source in sources)
    params = request.query_params
    about = {name: value for name, value in request.path_params.items() if name != "notice"}
    return PageRequest(notice, visitor, roles, point or point_of(params), invented, params, about)


async def ask(request: Request, visit: PageRequest, name: str, **variables: object) -> dict[str, Any]:
    """The notice as a page's query shows it, at the visit's point; raises HTTPException when it cannot be had."""
    ledger: Ledger = request.app.state.ledger
    on = visit.point.judged(await _recorded_at(ledger, visit))
    given: dict[str, object] = {
        "notice": visit.notice,
        "asOf": visit.point.as_of,
        "on": on.isoformat() if on is not None else None,
        "weekBefore": ((on or now()) - _WEEK).isoformat(),
        **_rights(visit),
        **variables,
    }
    answer = await query_documents.ask(
        ledger, visit.visitor.viewer, name, given | query_documents.chosen(name, visit.params, given)
    )
    found: dict[str, Any] = answer["notice"]
    return found


async def _recorded_at(ledger: Ledger, visit: PageRequest) -> datetime | None:
    """When the entry at the position that was asked for was recorded."""
    if visit.point.position is None or visit.point.on is not None or visit.point.judged_now:
        return None
    given = {"notice": visit.notice, "asOf": visit.point.as_of}
    answer = await query_documents.ask(ledger, visit.visitor.viewer, "recorded", given)
    return datetime.fromisoformat(answer["notice"]["asOf"]["recordedAt"])


def _rights(visit: PageRequest) -> Mapping[str, bool]:
    return {f"reads{view.capitalize()}": visit.reads(view) for view in matrix().reads}
