"""Issue API tokens, look them up by their SHA-256, and revoke them. A secret is never stored or recorded.

The entry that issued a token holds its rights. A table maps the digest to the notice and the token's id. The
token's row is written before the entry, so a recorded token can always be looked up. A row without an entry gives
no rights.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.people import (
    ActorKind,
    ActorRegistered,
    RoleGranted,
    RoleRequested,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.authorisation import Credential
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.fact import Fact
from ledger.domain.near_matches import misspells
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from ledger.intake.parse import accept
from ledger.store.database import connect

PREFIX = "ledger_"
"""Prefix of every secret, so that a leaked secret can be recognised."""
SOURCE = "operator"
"""Source of the entries that issue and revoke tokens, and that prepare issuing."""


class TokenScope(Struct, frozen=True, kw_only=True):
    """The rights of a token."""

    actor: str
    role: Role
    source: str | None = None
    """The only source that the token may record from; None allows any."""
    facts: Sequence[str] = ()
    """Fact types that the token may record. Empty means every type that its role may record."""
    until: datetime | None = None
    register: bool = False
    """True to register a new actor even if its id resembles a known id."""


class IssuedToken(Struct, frozen=True, rename="camel"):
    """A token just issued, with its secret, which is shown only once."""

    token: str
    """The token's public id."""
    secret: str
    actor: str
    role: str
    position: int
    """Position of the entry that issued the token."""
    role_granted: bool
    """True when the actor was granted the role together with the token."""


class SecondPersonNeeded(LedgerError):
    """A second person must grant a token's role; the message names the request and what to do next."""


def new_secret() -> str:
    """Return a new secret: `ledger_` and 43 URL-safe base64 characters of 32 random bytes."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """Return the SHA-256 of a secret."""
    return hashlib.sha256(secret.encode()).digest()


async def find(url: str, secret: str) -> tuple[str, str] | None:
    """Return the notice and the id of the token with this secret, or None if there is no such token.

    Raises:
        Unavailable: The database cannot be reached.
    """
    async with await connect(url, "ledger_writer") as connection:
        cursor = await connection.execute(
            "SELECT notice, token FROM ledger.tokens WHERE secret_hash = %s", (hash_of(secret),)
        )
        return await cursor.fetchone()


async def credential_of(url: str, writer: Writer, notice: str, secret: str) -> Credential:
    """Return the credential of the token with this secret.

    Raises:
        LedgerError: No token with this secret was issued in the notice. Revoked tokens are refused later.
    """
    row = await find(url, secret)
    people = (await writer.state(notice)).people
    token = people.tokens.get(row[1]) if row is not None and row[0] == notice else None
    if row is None or token is None:
        raise LedgerError(f"the token has no rights in {notice}; issue one: ledger token issue")
    return Credential(token.actor, row[1])


async def issue(
    url: str, writer: Writer, notice: str, scope: TokenScope, operator: Credential, secret: str | None = None
) -> IssuedToken:
    """Issue a token, and grant its role to the actor if the actor lacks the role.

    Args:
        url: The database.
        writer: Writer that records the entries.
        notice: The notice that the token opens.
        scope: The token's rights.
        operator: Credential of the recorder.
        secret: A secret from `new_secret` that the caller has stored; None makes a new secret.

    Raises:
        SecondPersonNeeded: The role is requested, and another person must grant it.
        LedgerError: The actor is new, and its id is probably a misspelling of a known id.
        Refused: The operator may not issue this token.
    """
    secret = secret or new_secret()
    name = public_id(secret)
    issued = TokenIssued(
        token=name,
        actor=scope.actor,
        role=scope.role,
        source=scope.source,
        facts=list(scope.facts),
        until=scope.until,
    )
    await add_secret(url, notice, secret)
    granted = False
    try:
        receipt = await _record(writer, notice, f"token:{name}", issued, operator)
    except Refused as refused:
        codes = [refusal.code for refusal in refused.refusals if refusal.path == "data.actor"]
        if len(refused.refusals) > 1 or codes not in (["NOT_FOUND"], ["UNKNOWN_ACTOR"]):
            raise
        if codes == ["UNKNOWN_ACTOR"] and not scope.register:
            await _check_spelling(writer, notice, scope.actor)
        await _grant(writer, notice, name, scope, operator)
        granted = True
        receipt = await _record(writer, notice, f"token:{name}", issued, operator)
    return IssuedToken(name, secret, scope.actor, scope.role.value, receipt.position, granted)


async def _grant(writer: Writer, notice: str, name: str, scope: TokenScope, operator: Credential) -> None:
    """Grant the token's role to the actor, or request the role if a second person must grant it.

    An unknown actor is registered first.

    Raises:
        SecondPersonNeeded: The role is requested, and another person must grant it.
        Refused: The role may not be granted.
    """
    role = RoleGranted(actor=scope.actor, role=scope.role)
    try:
        await _record(writer, notice, f"role-for:{name}", role, operator)
    except Refused as refused:
        match [refusal.code for refusal in refused.refusals]:
            case ["UNKNOWN_ACTOR"]:
                kind = ActorKind.SYSTEM if scope.role is Role.INTEGRATION else ActorKind.PERSON
                actor = ActorRegistered(actor=scope.actor, kind=kind)
                await _record(writer, notice, f"actor-for:{name}", actor, operator)
                await _grant(writer, notice, name, scope, operator)
            case ["SECOND_PERSON"]:
                raise SecondPersonNeeded(await _request(writer, notice, name, scope, operator)) from None
            case _:
                raise


async def _check_spelling(writer: Writer, notice: str, actor: str) -> None:
    """Raise LedgerError if a new actor's id is probably a misspelling of a known id."""
    state = await writer.state(notice)
    known = {*state.people.roles, *state.lifecycles.get("actor", {})}
    near = [other for other in known if misspells(actor, other)]
    if near:
        raise LedgerError(
            f"no actor {actor} is registered; did you mean {' or '.join(sorted(near))}? "
            "Correct the id, or add --register for a new actor"
        )


async def _request(writer: Writer, notice: str, name: str, scope: TokenScope, operator: Credential) -> str:
    """Record a request for the role unless such a request is open, and return the message for the operator."""
    people = (await writer.state(notice)).people
    position = next(
        (
            position
            for position, request in people.requests.items()
            if (request.actor, request.role, request.granted) == (scope.actor, scope.role, None)
        ),
        None,
    )
    if position is None:
        data = {"actor": scope.actor, "role": scope.role.value, "reason": "A token is needed for this role."}
        receipt = await _append(writer, notice, f"role-requested:{name}", RoleRequested, data, operator)
        position = receipt.position
    return (
        f"the role {scope.role.meaning} takes two people; entry {position} requests it for {scope.actor}. "
        "Let a records officer grant it, then issue the token"
    )


async def revoke(writer: Writer, notice: str, token: str, reason: str, operator: Credential) -> Receipt:
    """Revoke a token with immediate effect, and return the receipt.

    Raises:
        Refused: The operator may not revoke the token.
    """
    data = {"token": token, "reason": reason}
    return await _append(writer, notice, f"revoked:{token}", TokenRevoked, data, operator)


def public_id(secret: str) -> str:
    """Return the public id of the token with this secret."""
    return hash_of(secret).hex()[:16]


async def add_secret(url: str, notice: str, secret: str) -> None:
    """Add a secret's hash to the table of tokens; the token has no rights before its entry is recorded.

    Raises:
        Unavailable: The database cannot be reached.
    """
    async with await connect(url, "ledger_writer") as connection:
        await connection.execute(
            "INSERT INTO ledger.tokens (secret_hash, notice, token) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (hash_of(secret), notice, public_id(secret)),
        )


async def _record(writer: Writer, notice: str, key: str, fact: Fact, operator: Credential) -> Receipt:
    return await _append(writer, notice, key, type(fact), msgspec.to_builtins(fact), operator)


async def _append(
    writer: Writer, notice: str, key: str, kind: type[Fact], data: object, operator: Credential
) -> Receipt:
    event = {"specversion": "1.0", "id": key, "source": SOURCE, "type": KIND_OF[kind].type, "data": data}
    return await writer.append(notice, accept(event), operator)
