"""Recognise the sender of a request by `Authorization: Bearer`: an API token, or an issuer's access token.

A viewer's roles are read from the ledger, not from a token. This module also looks up ended sessions.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import psycopg
from cachetools import LRUCache
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from api.auth.oidc import Issuer, is_jwt
from api.auth.wrong_tokens import WrongTokens
from ledger.append.recalled_states import RecalledStates, Unconfirmed
from ledger.append.tokens import hash_of
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused, Unavailable
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State
from ledger.mutable import sessions as ended_sessions
from ledger.store.database import open_pool, pool
from projections.views.people import notices_of
from schema.context import Viewer
from schema.errors import NO_NOTICE

StateOf = Callable[[str], Awaitable[State]]
"""Function that returns a notice's committed state, which is empty for an unknown notice.

It raises Unavailable if the database cannot be reached, or Unconfirmed if it reads states in memory only.
"""
NoticesOf = Callable[[str], Awaitable[Sequence[str]]]
"""Function that returns the notices in which an actor has ever had a role.

It raises Unavailable if the database cannot be reached.
"""
_TOKEN = re.compile(r"ledger_[A-Za-z0-9_-]{43}")
_REMEMBERED = 10_000
_FRESH_SECONDS = 1.0
"""Seconds for which the state that identified a bearer may also supply the bearer's roles."""
CONNECTIONS = 4


class Bearer(Struct, frozen=True):
    """Viewer identified by an API token, which is for one notice and one role."""

    credential: Credential
    home: str
    """Notice to which the token gives access."""
    state_of: StateOf

    async def roles(self, notice: str) -> list[Role]:
        """Return the token's role in a notice.

        The list is empty for another notice, a token that is not live, or an actor without the role.
        """
        if notice != self.home or self.credential.token is None:
            return []
        people = (await self.state_of(notice)).people
        now = datetime.now(UTC)
        token = people.tokens.get(self.credential.token)
        if token is None or not token.live(now):
            return []
        return [role for role in people.roles_at(self.credential.actor, now) if role is token.role]

    async def allowed(self) -> Sequence[str]:
        """Return the token's notice in a list, which is empty if the token gives no role there."""
        return [self.home] if await self.roles(self.home) else []

    async def is_live(self) -> bool:
        """Return whether the token is neither expired nor revoked."""
        tokens = (await self.state_of(self.home)).people.tokens
        token = tokens.get(self.credential.token) if self.credential.token is not None else None
        return token is not None and token.live(datetime.now(UTC))


class _Recognised:
    """Source of the state of a bearer's notice.

    The first call returns the state in which the token was recognised, if that state is fresh. Later calls read
    the state again.
    """

    def __init__(self, state: State, state_of: StateOf) -> None:
        self._state: State | None = state
        self._until = time.monotonic() + _FRESH_SECONDS
        self._state_of = state_of

    async def __call__(self, notice: str) -> State:
        """Return the state of the bearer's notice; raise the errors of `StateOf`."""
        state, self._state = self._state, None
        if state is not None and time.monotonic() < self._until:
            return state
        return await self._state_of(notice)


class SignedIn(Struct, frozen=True):
    """Person identified by an issuer's access token or by a session, with roles where the person is registered."""

    credential: Credential
    state_of: StateOf
    notices_of: NoticesOf

    async def roles(self, notice: str) -> list[Role]:
        """Return the person's roles in a notice.

        The list is empty if the token or session has expired, or the person is not registered in the notice.
        """
        now = datetime.now(UTC)
        if self.credential.until is None or now >= self.credential.until:
            return []
        people = (await self.state_of(notice)).people
        return people.roles_at(self.credential.actor, now) if self.credential.actor in people.persons else []

    async def allowed(self) -> Sequence[str]:
        """Return the notices in which the person has a role."""
        return [notice for notice in await self.notices_of(self.credential.actor) if await self.roles(notice)]

    async def is_live(self) -> bool:
        """Return whether the access token or session has not expired."""
        return self.credential.until is not None and datetime.now(UTC) < self.credential.until


async def part_in(viewer: Viewer, notice: str) -> Sequence[Role]:
    """Return the viewer's roles in a notice.

    Raises:
        Refused: The viewer has no role there, or the notice does not exist; the refusal is the same.
        Unavailable: The database cannot be reached.
    """
    roles = await viewer.roles(notice)
    if not roles:
        raise Refused.because("UNKNOWN_NOTICE", NO_NOTICE)
    return roles


async def reader_in(viewer: Viewer, notice: str) -> Sequence[Role]:
    """Return the viewer's roles in a notice, at least one of which may read it.

    Raises:
        Refused: The viewer has no role there, or no role that may read the notice.
        Unavailable: The database cannot be reached.
    """
    roles = await part_in(viewer, notice)
    if not may_read(roles, "notice"):
        raise Refused.because("FORBIDDEN", f"{viewer.credential.actor} may record in this notice but not read it")
    return roles


def may_read(roles: Sequence[Role], view: str) -> bool:
    """Return whether one of the roles may read the named view."""
    return any(role in matrix().reads[view] for role in roles)


def counted_as(viewer: Viewer) -> str:
    """Return the name under which a process counts a viewer's connections and work.

    Tokens of two notices may name different people by the same id, such as `adviser`.
    """
    home = viewer.home if isinstance(viewer, Bearer) else ""
    return f"{home}/{viewer.credential.actor}"


class Identity:
    """Recogniser of credentials: the ledger's API tokens, and the issuer's access tokens if there is an issuer."""

    def __init__(
        self, url: str, state_of: StateOf, recalled: Callable[[], RecalledStates], issuer: Issuer | None = None
    ) -> None:
        self.issuer = issuer
        self._recalled = recalled
        self._pool = pool(url, "ledger_writer", CONNECTIONS)
        self._views = pool(url, "ledger_projector", CONNECTIONS)
        self._state_of = state_of
        self._known: LRUCache[bytes, tuple[str, str]] = LRUCache(_REMEMBERED)
        self.wrong_tokens = WrongTokens()
        """Limit on wrong tokens, and on wrong sign-in codes of the issuer."""

    async def open(self) -> None:
        """Connect to the database.

        Raises:
            Unavailable: The database cannot be reached.
            LedgerError: A connection lacks a setting.
        """
        await open_pool(self._pool)
        await self._views.open()

    async def close(self) -> None:
        """Close the connections to the database and the issuer."""
        await self._pool.close()
        await self._views.close()
        if self.issuer is not None:
            await self.issuer.close()

    async def viewer_of(self, headers: Headers, address: str) -> Viewer:
        """Return the viewer that a request's headers identify.

        Raises:
            Refused: The headers identify no viewer (UNAUTHENTICATED).
            Busy: The address sent too many wrong tokens.
            Unavailable: The database or the issuer cannot be reached.
        """
        scheme, secret = _authorization(headers)
        if not secret:
            raise _unauthenticated("no token; send one as Authorization: Bearer …")
        token_hash = hash_of(secret)
        self.wrong_tokens.check(address, token_hash)
        viewer = await self._holder_of(secret) if scheme == "bearer" else None
        if viewer is None:
            self.wrong_tokens.add_wrong(address)
            raise _unauthenticated("the token is unknown, expired or revoked; request another")
        self.wrong_tokens.add_right(token_hash)
        return viewer

    async def recall(self, headers: Headers) -> tuple[Viewer, RecalledStates] | None:
        """Return the bearer of an API token as known from states in memory, and those states.

        The caller must confirm the states before it relies on the bearer. Return None if the token or its notice
        is not in memory, or the token was not live. `viewer_of` then decides.
        """
        scheme, secret = _authorization(headers)
        known = self._known.get(hash_of(secret)) if scheme == "bearer" else None
        if known is None:
            return None
        states = self._recalled()
        try:
            bearer = _bearer(await states.current(known[0]), *known, states.current)
        except Unconfirmed:
            return None
        return None if bearer is None else (bearer, states)

    async def _holder_of(self, secret: str) -> Viewer | None:
        """Return the viewer identified by an API token or an access token, or None if the token is not valid.

        Raise Unavailable if the database or the issuer cannot be reached.
        """
        if _TOKEN.fullmatch(secret):
            token = await self._find(hash_of(secret))
            return None if token is None else await self.holder(*token)
        if self.issuer is None or not is_jwt(secret):
            return None
        person = await self.issuer.person(secret)
        return self.person(person.actor, person.until) if person is not None else None

    def person(self, actor: str, until: datetime) -> SignedIn:
        """Return the viewer for a person that the issuer has named, valid until `until`."""
        return SignedIn(Credential(actor, until=until), self._state_of, self._notices_of)

    async def end_session(self, session: str, expires_at: datetime) -> bool:
        """End a session for all processes.

        Returns:
            True, or False if the session had ended before.

        Raises:
            Unavailable: The database cannot be reached.
        """
        try:
            async with self._pool.connection() as connection:
                return await ended_sessions.end(connection, session, expires_at)
        except psycopg.OperationalError as error:
            raise Unavailable("the database cannot be reached; try again shortly") from error

    async def has_ended(self, session: str) -> bool:
        """Return whether a session has ended; raise Unavailable when the database cannot be reached."""
        try:
            async with self._pool.connection() as connection:
                return await ended_sessions.has_ended(connection, session)
        except psycopg.OperationalError as error:
            raise Unavailable("the database cannot be reached; try again shortly") from error

    async def holder(self, notice: str, name: str) -> Bearer | None:
        """Return the viewer identified by a token's public id in a notice, or None unless the token is live.

        Raises:
            Unavailable: The database cannot be reached.
        """
        state = await self._state_of(notice)
        return _bearer(state, notice, name, _Recognised(state, self._state_of))

    async def _notices_of(self, actor: str) -> list[str]:
        try:
            async with self._views.connection() as connection:
                return await notices_of(connection, actor)
        except psycopg.OperationalError as error:
            raise Unavailable("the database cannot be reached; try again shortly") from error

    async def _find(self, secret_hash: bytes) -> tuple[str, str] | None:
        """Return the notice and public id of the token with this hash, or None if no token has the hash.

        The lookup is by hash alone, so its timing discloses nothing. A token's row never changes, so memory keeps
        the rows of recent tokens.

        Raises:
            Unavailable: The database cannot be reached.
        """
        known = self._known.get(secret_hash)
        if known is not None:
            return known
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(
                    "SELECT notice, token FROM ledger.tokens WHERE secret_hash = %s", (secret_hash,)
                )
                row = await cursor.fetchone()
        except psycopg.OperationalError as error:
            raise Unavailable("the database cannot be reached; try again shortly") from error
        if row is None:
            return None
        self._known[secret_hash] = known = (row[0], row[1])
        return known


def _authorization(headers: Headers) -> tuple[str, str]:
    """Return the scheme in lower case and the secret of the `Authorization` header.

    Both are empty unless the request has exactly one such header.
    """
    sent = headers.getlist("authorization")
    scheme, _, secret = (sent[0] if len(sent) == 1 else "").partition(" ")
    return scheme.lower(), secret.strip()


def _bearer(state: State, notice: str, name: str, state_of: StateOf) -> Bearer | None:
    """Return the viewer identified by a token's public id, or None unless the token is live."""
    token = state.people.tokens.get(name)
    if token is None or not token.live(datetime.now(UTC)):
        return None
    return Bearer(Credential(token.actor, name), notice, state_of)


def _unauthenticated(message: str) -> Refused:
    return Refused.because("UNAUTHENTICATED", message)


async def viewer_of(request: HTTPConnection) -> Viewer:
    """Return the viewer of a request or WebSocket; raise the errors of `Identity.viewer_of`.

    A page that has already recognised its viewer puts the viewer into the request's state. Otherwise the headers
    decide.
    """
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    if viewer is not None:
        return viewer
    identity: Identity = request.app.state.ledger.identity
    return await identity.viewer_of(request.headers, address_of(request))


async def recalled_viewer_of(request: HTTPConnection) -> tuple[Viewer, RecalledStates] | None:
    """Return the viewer of a request and the states in memory that identify the viewer, as `Identity.recall` does.

    Return None if a page has already recognised the viewer.
    """
    identity: Identity = request.app.state.ledger.identity
    return await identity.recall(request.headers) if getattr(request.state, "viewer", None) is None else None


def address_of(request: HTTPConnection) -> str:
    """Return the address of a request's sender, as a trusted proxy states it if there is one; empty if unknown."""
    return request.client.host if request.client is not None else ""
