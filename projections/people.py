"""People and systems of a notice: who they are by id, the roles they hold and held, tokens and registrations.

Names and addresses are never here: they stand in the directory, outside the ledger.
"""

from datetime import datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.people import (
    ActorRegistered,
    IntegrationRegistered,
    IntegrationRevoked,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from projections.position import Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View


class Actor(Struct, frozen=True):
    """Somebody, or a system, that acts."""

    actor: str
    position: int
    kind: str
    post: str | None


class Holding(Struct, frozen=True):
    """A role held from an instant until another."""

    actor: str
    role: str
    position: int
    from_at: datetime
    until_at: datetime | None
    """None: until it is revoked."""
    revoked_at: datetime | None = None
    revoked_position: int | None = None
    revoked_reason: Text | None = None


class Token(Struct, frozen=True):
    """An API token's public facts."""

    token: str
    position: int
    actor: str
    role: str
    issued_at: datetime
    source: str | None
    facts: list[str]
    until_at: datetime | None
    revoked_at: datetime | None = None
    revoked_position: int | None = None


class Integration(Struct, frozen=True):
    """A partner's system and what it may record."""

    integration: str
    position: int
    actor: str
    source: str
    facts: list[str]
    revoked_at: datetime | None = None
    revoked_position: int | None = None


ACTORS = Table("actors", Actor, ("actor",), recalled=False)
HOLDINGS = Table("holdings", Holding, ("actor", "role", "position"))
TOKENS = Table("tokens", Token, ("token",))
INTEGRATIONS = Table("integrations", Integration, ("integration",))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the people; roles and tokens count from when they are recorded, like their rights."""
    fact, position, at = entry.fact, entry.position, entry.recorded_at
    match fact:
        case ActorRegistered():
            rows.put(ACTORS, Actor(fact.actor, position, fact.kind.value, fact.post))
        case RoleGranted():
            held = Holding(fact.actor, fact.role.value, position, fact.from_ or at, fact.until)
            rows.put(HOLDINGS, held)
        case RoleRevoked():
            for held in rows.all(HOLDINGS):
                if (held.actor, held.role, held.revoked_at) == (fact.actor, fact.role.value, None):
                    ended = {"revoked_at": at, "revoked_position": position, "revoked_reason": rows.text("reason")}
                    rows.change(HOLDINGS, held.actor, held.role, held.position, **ended)
        case TokenIssued():
            facts = list(fact.facts)
            issued = Token(fact.token, position, fact.actor, fact.role.value, at, fact.source, facts, fact.until)
            rows.put(TOKENS, issued)
        case TokenRevoked():
            rows.change(TOKENS, fact.token, revoked_at=at, revoked_position=position)
        case IntegrationRegistered():
            registered = Integration(fact.integration, position, fact.actor, fact.source, list(fact.facts))
            rows.put(INTEGRATIONS, registered)
        case IntegrationRevoked():
            rows.change(INTEGRATIONS, fact.integration, revoked_at=at, revoked_position=position)


VIEW = View(
    "people",
    1,
    (ACTORS, HOLDINGS, TOKENS, INTEGRATIONS),
    frozenset(
        {
            ActorRegistered,
            RoleGranted,
            RoleRevoked,
            TokenIssued,
            TokenRevoked,
            IntegrationRegistered,
            IntegrationRevoked,
        }
    ),
    fold,
)


async def actors(reading: Reading) -> list[Actor]:
    """Everybody registered, in order."""
    return await reading.rows(ACTORS)


async def roles(reading: Reading, *, actor: str | None = None, now: bool = False) -> list[Holding]:
    """The roles held, in order of granting; `now`: those held at the reading's instant."""
    on = reading.on
    return await reading.rows(
        HOLDINGS,
        "(%s::text IS NULL OR t.actor = %s) AND (NOT %s OR (t.from_at <= %s "
        "AND (t.until_at IS NULL OR t.until_at > %s) AND (t.revoked_at IS NULL OR t.revoked_at > %s)))",
        (actor, actor, now, on, on, on),
    )


async def tokens(reading: Reading, actor: str | None = None) -> list[Token]:
    """The tokens issued, in order."""
    return await reading.rows(TOKENS, "%s::text IS NULL OR t.actor = %s", (actor, actor))


async def integrations(reading: Reading) -> list[Integration]:
    """The systems registered, in order."""
    return await reading.rows(INTEGRATIONS)
