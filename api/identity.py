"""Who a request comes from: an API token of the ledger's own, shown as `Authorization: Bearer`.

Finding out is all that happens here; what somebody may do is judged by their recorded roles, at every use.
Imports starlette and `ledger`.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import psycopg
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from ledger.database import pool
from ledger.errors import Refused, Unavailable
from ledger.facts.people import Credential
from ledger.facts.state import State
from ledger.roles import Role, matrix
from ledger.tokens import hash_of

StateOf = Callable[[str], Awaitable[State]]
"""The committed state of a notice; an empty one for a notice that is not there."""
_TOKEN = re.compile(r"ledger_[A-Za-z0-9_-]{43}")
_REMEMBERED = 10_000
_CONNECTIONS = 4


class Viewer(Struct, frozen=True):
    """Somebody who was recognised, and the notice that their token is for."""

    credential: Credential
    home: str
    """The one notice that an API token opens; elsewhere its bearer has no part."""
    state_of: StateOf

    @property
    def actor(self) -> str:
        """The actor's id."""
        return self.credential.actor

    async def roles(self, notice: str, at: datetime | None = None) -> list[Role]:
        """The roles in which they act in that notice at an instant (now): none where they have no part."""
        if notice != self.home or self.credential.token is None:
            return []
        people = (await self.state_of(notice)).people
        when = at or datetime.now(UTC)
        token = people.tokens.get(self.credential.token)
        if token is None or not token.live(when):
            return []
        return [role for role in people.held(self.actor, when) if role is token.role]

    async def part_in(self, notice: str) -> list[Role]:
        """The same roles; raises Refused when there are none, alike for a notice that does not exist."""
        roles = await self.roles(notice)
        if not roles:
            raise Refused.because(
                "UNKNOWN_NOTICE",
                "there is no such notice, or you have no part in it; check its name and your token",
            )
        return roles

    async def allowed(self) -> Sequence[str]:
        """The notices in which they have a part."""
        return [self.home] if await self.roles(self.home) else []


def may_read(roles: Sequence[Role], view: str) -> bool:
    """Whether one of the roles reads the view of that name."""
    return any(role in matrix().reads[view] for role in roles)


class Identity:
    """Recognises credentials. A new kind of credential is one more branch of `viewer_of`."""

    def __init__(self, url: str, state_of: StateOf) -> None:
        self._pool = pool(url, "ledger_writer", _CONNECTIONS)
        self._state_of = state_of
        self._known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()

    async def open(self) -> None:
        """Connects; raises Unavailable when the database cannot be reached."""
        try:
            await self._pool.open(wait=True, timeout=10)
        except psycopg.OperationalError as error:
            await self._pool.close()
            raise Unavailable("the database cannot be reached; check LEDGER_DATABASE_URL") from error

    async def close(self) -> None:
        """Disconnects."""
        await self._pool.close()

    async def viewer_of(self, headers: Headers) -> Viewer:
        """Who sent these headers; raises Refused (UNAUTHENTICATED) when that cannot be told."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if not secret:
            raise _unauthenticated("this needs a token; send it as Authorization: Bearer …")
        found = None
        if scheme.lower() == "bearer" and _TOKEN.fullmatch(secret.strip()):
            found = await self._find(hash_of(secret.strip()))
        if found is not None:
            notice, name = found
            token = (await self._state_of(notice)).people.tokens.get(name)
            if token is not None and token.live(datetime.now(UTC)):
                return Viewer(Credential(token.actor, name), notice, self._state_of)
        raise _unauthenticated("the token is unknown, expired or revoked; ask for another")

    async def _find(self, secret_hash: bytes) -> tuple[str, str] | None:
        """The notice and the id of the token of that hash.

        Found by the hash alone, so that timing tells nothing; a row never changes, so it is asked for once.
        """
        if secret_hash in self._known:
            self._known.move_to_end(secret_hash)
            return self._known[secret_hash]
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
        self._known[secret_hash] = (row[0], row[1])
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[secret_hash]


def _unauthenticated(message: str) -> Refused:
    return Refused.because("UNAUTHENTICATED", message)


async def viewer_of(request: HTTPConnection) -> Viewer:
    """Who a request or a WebSocket comes from; raises Refused when that cannot be told."""
    identity: Identity = request.app.state.ledger.identity
    return await identity.viewer_of(request.headers)
