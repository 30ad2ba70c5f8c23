"""Who a request comes from: `Authorization: Bearer` with an API token of the ledger's own, or an access token.

Finding out is all that happens here; what somebody may do is judged by their recorded roles, at every use.
Imports starlette and `ledger`.
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
from ledger.append.tokens import hash_of
from ledger.domain.areas.people import Credential
from ledger.domain.errors import Refused, Unavailable
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State
from ledger.store.database import open_pool, pool
from projections.views.people import notices_of
from schema.context import Viewer
from schema.errors import NO_NOTICE

StateOf = Callable[[str], Awaitable[State]]
"""The committed state of a notice; an empty one for a notice that is not there."""
NoticesOf = Callable[[str], Awaitable[Sequence[str]]]
"""The notices in which an actor was ever given a role."""
_TOKEN = re.compile(r"ledger_[A-Za-z0-9_-]{43}")
_REMEMBERED = 10_000
_FRESH_SECONDS = 1.0
"""For how long the state by which somebody was recognised may also tell their roles: within one request."""
_CONNECTIONS = 4


class Bearer(Struct, frozen=True):
    """The viewer of an API token, which is for one notice and one role."""

    credential: Credential
    home: str
    """The one notice that the token opens; elsewhere its bearer has no part."""
    state_of: StateOf

    async def roles(self, notice: str) -> list[Role]:
        """The token's role, while the token is live and its actor holds the role."""
        if notice != self.home or self.credential.token is None:
            return []
        people = (await self.state_of(notice)).people
        now = datetime.now(UTC)
        token = people.tokens.get(self.credential.token)
        if token is None or not token.live(now):
            return []
        return [role for role in people.roles_at(self.credential.actor, now) if role is token.role]

    async def allowed(self) -> Sequence[str]:
        """The token's notice."""
        return [self.home] if await self.roles(self.home) else []


class _Recognised:
    """The state by which a bearer was recognised, for the question that follows; later ones are asked anew."""

    def __init__(self, state: State, state_of: StateOf) -> None:
        self._state: State | None = state
        self._until = time.monotonic() + _FRESH_SECONDS
        self._state_of = state_of

    async def __call__(self, notice: str) -> State:
        """The state of the bearer's notice."""
        state, self._state = self._state, None
        if state is not None and time.monotonic() < self._until:
            return state
        return await self._state_of(notice)


class SignedIn(Struct, frozen=True):
    """The viewer of an issuer's access token: whoever is registered as a person under that id, in any notice."""

    credential: Credential
    state_of: StateOf
    notices_of: NoticesOf

    async def roles(self, notice: str) -> list[Role]:
        """The roles that the person holds there, while the token is live."""
        now = datetime.now(UTC)
        if self.credential.until is None or now >= self.credential.until:
            return []
        people = (await self.state_of(notice)).people
        return people.roles_at(self.credential.actor, now) if self.credential.actor in people.persons else []

    async def allowed(self) -> Sequence[str]:
        """The notices in which they hold a role."""
        return [notice for notice in await self.notices_of(self.credential.actor) if await self.roles(notice)]


async def part_in(viewer: Viewer, notice: str) -> Sequence[Role]:
    """The viewer's roles there; raises Refused when there are none, alike for a notice that does not exist."""
    roles = await viewer.roles(notice)
    if not roles:
        raise Refused.because("UNKNOWN_NOTICE", NO_NOTICE)
    return roles


async def reader_in(viewer: Viewer, notice: str) -> Sequence[Role]:
    """The viewer's roles there, one of which reads the notice; raises Refused where none does."""
    roles = await part_in(viewer, notice)
    if not may_read(roles, "notice"):
        raise Refused.because(
            "FORBIDDEN", f"{viewer.credential.actor} records in this notice and does not read it"
        )
    return roles


def may_read(roles: Sequence[Role], view: str) -> bool:
    """Whether one of the roles reads the view of that name."""
    return any(role in matrix().reads[view] for role in roles)


class Identity:
    """Recognises credentials: its own tokens, and those of the issuer if there is one."""

    def __init__(self, url: str, state_of: StateOf, issuer: Issuer | None = None) -> None:
        self.issuer = issuer
        self._pool = pool(url, "ledger_writer", _CONNECTIONS)
        self._views = pool(url, "ledger_projector", _CONNECTIONS)
        self._state_of = state_of
        self._known: LRUCache[bytes, tuple[str, str]] = LRUCache(_REMEMBERED)

    async def open(self) -> None:
        """Connects; raises Unavailable when the database cannot be reached."""
        await open_pool(self._pool)
        await self._views.open()

    async def close(self) -> None:
        """Disconnects."""
        await self._pool.close()
        await self._views.close()
        if self.issuer is not None:
            await self.issuer.close()

    async def viewer_of(self, headers: Headers) -> Viewer:
        """Who sent these headers; raises Refused (UNAUTHENTICATED) when that cannot be told."""
        given = headers.getlist("authorization")
        scheme, _, secret = (given[0] if len(given) == 1 else "").partition(" ")
        secret = secret.strip()
        if not secret:
            raise _unauthenticated("this needs a token; send it as Authorization: Bearer …")
        viewer: Viewer | None = None
        if scheme.lower() == "bearer":
            if _TOKEN.fullmatch(secret):
                viewer = await self._bearer(secret)
            elif self.issuer is not None and is_jwt(secret):
                person = await self.issuer.person(secret)
                if person is not None:
                    viewer = self.person(person.actor, person.until)
        if viewer is None:
            raise _unauthenticated("the token is unknown, expired or revoked; ask for another")
        return viewer

    def person(self, actor: str, until: datetime) -> SignedIn:
        """The viewer of somebody whom the issuer has named, until that instant."""
        return SignedIn(Credential(actor, until=until), self._state_of, self._notices_of)

    async def _bearer(self, secret: str) -> Bearer | None:
        found = await self._find(hash_of(secret))
        if found is None:
            return None
        return await self.holder(*found)

    async def holder(self, notice: str, name: str) -> Bearer | None:
        """The viewer of the token of that public id in a notice; None unless it is live."""
        state = await self._state_of(notice)
        token = state.people.tokens.get(name)
        if token is None or not token.live(datetime.now(UTC)):
            return None
        return Bearer(Credential(token.actor, name), notice, _Recognised(state, self._state_of))

    async def _notices_of(self, actor: str) -> list[str]:
        try:
            async with self._views.connection() as connection:
                return await notices_of(connection, actor)
        except psycopg.OperationalError as error:
            raise Unavailable("the database cannot be reached; try again in a moment") from error

    async def _find(self, secret_hash: bytes) -> tuple[str, str] | None:
        """The notice and the id of the token of that hash.

        Found by the hash alone, so that timing tells nothing; a row never changes, so it is asked for once.
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
            raise Unavailable("the database cannot be reached; try again in a moment") from error
        if row is None:
            return None
        self._known[secret_hash] = known = (row[0], row[1])
        return known


def _unauthenticated(message: str) -> Refused:
    return Refused.because("UNAUTHENTICATED", message)


async def viewer_of(request: HTTPConnection) -> Viewer:
    """Who a request or a WebSocket comes from; raises Refused when that cannot be told.

    By its headers, unless a page has recognised them already and put the viewer into the request's state.
    """
    known: Viewer | None = getattr(request.state, "viewer", None)
    if known is not None:
        return known
    identity: Identity = request.app.state.ledger.identity
    return await identity.viewer_of(request.headers)
