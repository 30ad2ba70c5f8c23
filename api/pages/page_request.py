"""Request for a page of a notice: its reader, the reader's rights, and the point in time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cachetools import TTLCache
from msgspec import Struct, structs
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import formatting
from api.auth.identity import reader_in
from api.auth.sessions import Session, Sessions, viewer_of
from api.pages import query_documents
from api.pages.time_control import NAMES, TimePoint, point_of
from api.schema_client import Forbidden
from api.services import Ledger
from ledger.append.clock import now
from ledger.domain.roles import Role, matrix
from schema.context import Viewer, may

INVENTED_PREFIX = "invented/"
"""Prefix of the sources of an invented history."""
_INSTANT = timedelta(microseconds=1)
_WEEK = timedelta(days=7)
_NAMES: TTLCache[tuple[str, str], Mapping[str, str]] = TTLCache(1_000, ttl=5)
"""Names of a notice's actors, by database and notice, for five seconds after they were read."""


class SignInNeeded(Exception):
    """Error because nobody is signed in, or the session has ended."""


class Visitor(Struct, frozen=True):
    """A signed-in person, or the signed-in holder of an API token."""

    session: Session
    viewer: Viewer


class PageRequest(Struct, frozen=True):
    """Request for a page of a notice."""

    notice: str
    visitor: Visitor
    roles: Sequence[Role]
    point: TimePoint
    invented: bool
    """True if part of the notice's history is invented."""
    names: Mapping[str, str]
    """Names in the notice's directory, by actor."""
    params: QueryParams
    about: Mapping[str, str]
    """Values in the address's path that name the page's subject, by parameter."""

    @property
    def filtered(self) -> bool:
        """True if the address filters a list."""
        return any(value for name, value in self.params.items() if name not in (*NAMES, "after"))

    def reads(self, view: str) -> bool:
        """Return whether the reader may read a view."""
        return may(self.roles, view)

    def records(self, fact: str) -> bool:
        """Return whether the reader's roles may record a fact."""
        return any(matrix().may_record(role, fact) for role in self.roles)

    def cannot(self, act: str) -> str:
        """Return the reason why the reader may not do an act, such as `read this page`."""
        roles = formatting.listed(role.meaning for role in self.roles)
        return f"your {'role' if len(self.roles) == 1 else 'roles'}, {roles}, cannot {act}"

    def address(self, path: str = "", **params: object) -> str:
        """Return an address within the notice, at the same point in time; None leaves a parameter out."""
        query = {**self.point.parameters, **{name: value for name, value in params.items() if value is not None}}
        return f"/notices/{self.notice}{path}{'?' if query else ''}{urlencode(query)}"

    def at(self, point: TimePoint) -> "PageRequest":
        """Return the request for the same notice at another point in time."""
        return structs.replace(self, point=point)

    def with_parameters(self, request_path: str, **params: object) -> str:
        """Return the page's address with other parameters; None removes a parameter."""
        query = {name: value for name, value in {**dict(self.params), **params}.items() if value not in (None, "")}
        return f"{request_path}{'?' if query else ''}{urlencode(query)}"


async def visitor_of(request: Request) -> Visitor:
    """Return the signed-in visitor.

    Raises:
        SignInNeeded: Nobody is signed in.
        Unavailable: The database cannot be reached.
    """
    ledger: Ledger = request.app.state.ledger
    sessions: Sessions = request.app.state.sessions()
    session = sessions.of(request)
    viewer = await viewer_of(ledger.identity, session) if session is not None else None
    if session is None or viewer is None:
        raise SignInNeeded
    return Visitor(session, viewer)


async def page_request_of(request: Request, point: TimePoint | None = None) -> PageRequest:
    """Return the page request of `/notices/{notice}/…`, at `point` or else at the point in time in its address.

    Raises:
        SignInNeeded: Nobody is signed in.
        Refused: UNKNOWN_NOTICE where the visitor has no role, FORBIDDEN where no role reads the notice.
        HTTPException: 400 for an invalid point in time.
        Unavailable: The database cannot be reached.
    """
    visitor = await visitor_of(request)
    ledger: Ledger = request.app.state.ledger
    notice = request.path_params["notice"]
    roles = await reader_in(visitor.viewer, notice)
    sources = (await ledger.writer.state(notice)).people.sources
    invented = any(source.startswith(INVENTED_PREFIX) for source in sources)
    params = request.query_params
    about = {name: value for name, value in request.path_params.items() if name != "notice"}
    names = await _names(ledger, notice)
    return PageRequest(notice, visitor, roles, point or point_of(params), invented, names, params, about)


async def own_names(request: Request, visitor: Visitor) -> Mapping[str, str]:
    """Return the directory's names for a visitor's token, by actor; empty without a token.

    Raises:
        Unavailable: The database cannot be reached.
    """
    session = visitor.session
    names = {} if session.notice is None else await _names(request.app.state.ledger, session.notice)
    return {actor: name for actor, name in names.items() if actor == session.actor}


async def _names(ledger: Ledger, notice: str) -> Mapping[str, str]:
    """Return the names in a notice's directory by actor, read at most five seconds ago."""
    names = _NAMES.get((ledger.url, notice))
    if names is None:
        async with ledger.reader.at(notice, views=()) as reading:
            rows = await reading.fetch("SELECT actor, name FROM ledger.people WHERE notice = %s", (notice,))
        names = _NAMES[ledger.url, notice] = dict(rows)
    return names


async def ask(request: Request, page_request: PageRequest, name: str, **variables: object) -> dict[str, Any]:
    """Return the notice as a page's query selects it, at the request's point in time.

    Raises:
        HTTPException: The reader's roles do not read the data, the query failed, or a parameter of the address has
            the wrong type.
    """
    ledger: Ledger = request.app.state.ledger
    on = page_request.point.judged(await _recorded_at(ledger, page_request))
    variables_: dict[str, object] = {
        "notice": page_request.notice,
        "asOf": page_request.point.as_of,
        "on": on.isoformat() if on is not None else None,
        "weekBefore": ((on or now()) - _WEEK).isoformat(),
        "weekEnd": None if on is None else (on + _INSTANT).isoformat(),
        **_rights(page_request),
        **variables,
    }
    from_address = query_documents.address_variables(name, page_request.params, variables_)
    try:
        data = await query_documents.ask(ledger, page_request.visitor.viewer, name, variables_ | from_address)
    except Forbidden:
        raise HTTPException(403, page_request.cannot("read this page")) from None
    notice: dict[str, Any] = data["notice"]
    return notice


async def _recorded_at(ledger: Ledger, page_request: PageRequest) -> datetime | None:
    """Return the recording time of the entry at the requested position.

    Return None without a position, or if the address sets the instant at which rules are judged.
    """
    if page_request.point.position is None or page_request.point.on is not None or page_request.point.judged_now:
        return None
    variables = {"notice": page_request.notice, "asOf": page_request.point.as_of}
    data = await query_documents.ask(ledger, page_request.visitor.viewer, "recorded", variables)
    return datetime.fromisoformat(data["notice"]["asOf"]["recordedAt"])


def _rights(page_request: PageRequest) -> Mapping[str, bool]:
    return {f"reads{view.capitalize()}": page_request.reads(view) for view in matrix().reads}
