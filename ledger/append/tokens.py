"""API tokens: issued, found by their SHA-256, revoked. The token itself is never kept and never recorded.

What a token allows is in the entry that issued it; the table beside the entries only leads from the digest to
the notice and the token's id. The row comes first, so that an entry never names a token that cannot be found:
a row without its entry opens nothing.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.people import Credential, RoleGranted, TokenIssued, TokenRevoked
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from ledger.intake.parse import accept
from ledger.store.database import connect

PREFIX = "ledger_"
"""What every token begins with, so that one that leaked can be recognised."""
SOURCE = "operator"
"""The source of the entries recorded here."""


class TokenScope(Struct, frozen=True, kw_only=True):
    """What a token is for."""

    actor: str
    role: Role
    source: str | None = None
    """The one source that it may record from."""
    facts: Sequence[str] = ()
    """The fact types that it may record; none: all of its role's."""
    until: datetime | None = None


class IssuedToken(Struct, frozen=True, rename="camel"):
    """A token just issued: the only time that `secret` is seen."""

    token: str
    """Its public id."""
    secret: str
    actor: str
    role: str
    position: int
    """The entry that issued it."""
    role_granted: bool
    """Whether the actor was given the role on this occasion."""


def new_secret() -> str:
    """A new token: `ledger_` and 43 URL-safe base64 characters of 32 random bytes."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """The SHA-256 by which a token is found."""
    return hashlib.sha256(secret.encode()).digest()


async def find(url: str, secret: str) -> tuple[str, str] | None:
    """The notice and the id of a token; None when it was never issued."""
    async with await connect(url, "ledger_writer") as connection:
        cursor = await connection.execute(
            "SELECT notice, token FROM ledger.tokens WHERE secret_hash = %s", (hash_of(secret),)
        )
        return await cursor.fetchone()


async def credential_of(url: str, writer: Writer, notice: str, secret: str) -> Credential:
    """Whom a token speaks for in that notice; raises LedgerError when it opens nothing there."""
    found = await find(url, secret)
    people = (await writer.state(notice)).people
    token = people.tokens.get(found[1]) if found is not None and found[0] == notice else None
    if found is None or token is None:
        raise LedgerError(f"the token opens nothing in {notice}; ask for one: ledger token issue")
    return Credential(token.actor, found[1])


async def issue(
    url: str, writer: Writer, notice: str, bounds: TokenScope, operator: Credential, secret: str | None = None
) -> IssuedToken:
    """Issues a token, and gives the actor its role when they lack it; raises Refused.

    `secret` is a token made by `new_secret`, for whoever must keep it before it is recorded.
    """
    secret = secret or new_secret()
    name = hash_of(secret).hex()[:16]
    issued = TokenIssued(
        token=name,
        actor=bounds.actor,
        role=bounds.role,
        source=bounds.source,
        facts=list(bounds.facts),
        until=bounds.until,
    )
    await _keep(url, notice, name, secret)
    granted = False
    try:
        receipt = await _record(writer, notice, f"token:{name}", issued, operator)
    except Refused as refused:
        if [(r.code, r.path) for r in refused.refusals] != [("NOT_FOUND", "data.actor")]:
            raise
        role = RoleGranted(actor=bounds.actor, role=bounds.role)
        await _record(writer, notice, f"role-for:{name}", role, operator)
        granted = True
        receipt = await _record(writer, notice, f"token:{name}", issued, operator)
    return IssuedToken(name, secret, bounds.actor, bounds.role.value, receipt.position, granted)


async def revoke(writer: Writer, notice: str, token: str, reason: str, operator: Credential) -> Receipt:
    """Revokes a token, at once; raises Refused."""
    data = {"token": token, "reason": reason}
    return await _append(writer, notice, f"revoked:{token}", TokenRevoked, data, operator)


async def _keep(url: str, notice: str, name: str, secret: str) -> None:
    async with await connect(url, "ledger_writer") as connection:
        await connection.execute(
            "INSERT INTO ledger.tokens (secret_hash, notice, token) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (hash_of(secret), notice, name),
        )


async def _record(writer: Writer, notice: str, key: str, fact: Fact, operator: Credential) -> Receipt:
    return await _append(writer, notice, key, type(fact), msgspec.to_builtins(fact), operator)


async def _append(
    writer: Writer, notice: str, key: str, kind: type[Fact], data: object, operator: Credential
) -> Receipt:
    event = {"specversion": "1.0", "id": key, "source": SOURCE, "type": KIND_OF[kind].type, "data": data}
    return await writer.append(notice, accept(event), operator)
