"""People and systems of a notice: actors, roles over time, role requests, tokens and integrations.

Everyone whom an entry names is an actor, registered or not. Names and addresses are never here: the directory has
them, outside the ledger.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.people import (
    ActorKind,
    ActorRegistered,
    IntegrationRegistered,
    IntegrationRevoked,
    RoleGranted,
    RoleRequested,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from projections.engine.fact_rows import RECORDED_AT, OfEntry, OfFact, put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.tables import Connection
from projections.engine.view import Handler, View
from projections.query.relation import flag, of_table
from projections.query.snapshot import Snapshot


class Actor(Struct, frozen=True):
    """A person, system or organisation that an entry names, registered or not."""

    actor: Annotated[str, ID, Meta(description="Actor id.")]
    enrolled: bool
    """True if a registration, a role, a role request, a token or an integration names the actor."""
    position: Annotated[
        int | None, Meta(description="Position of the entry that registered them; null if not registered.")
    ] = None
    kind: Annotated[
        str | None, words(ActorKind), Meta(description="Person, system or organisation; null if not registered.")
    ] = None
    post: Annotated[str | None, Meta(description="Post; null if not registered, or without one.")] = None


class Holding(Struct, frozen=True):
    """Role of an actor for a period."""

    actor: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of the holder.")]
    role: Annotated[str, words(Role), Meta(description="Role in the notice.")]
    position: int
    from_at: Annotated[datetime, Meta(description="Instant at which it begins.")]
    until_at: Annotated[
        datetime | None, Meta(description="Instant at which it ends; null if it lasts until revoked.")
    ]
    revoked_at: Annotated[datetime | None, Meta(description="Instant of the revocation.")] = None
    revoked_position: Annotated[int | None, Meta(description="Position of the entry that revoked it.")] = None
    revoked_reason: Annotated[NarrativeRef | None, Meta(description="Reason; null if erased.")] = None


class RoleRequest(Struct, frozen=True):
    """Request for a role whose grant needs two people, and the grant that followed."""

    position: int
    actor: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of the person who would have the role.")]
    role: Annotated[str, words(Role), Meta(description="Role in the notice.")]
    requested_at: Annotated[datetime, Meta(description="Instant of the request.")]
    requested_by: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of the requester.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]
    from_at: Annotated[
        datetime | None, Meta(description="Instant at which the role begins; null if with its grant.")
    ]
    until_at: Annotated[
        datetime | None, Meta(description="Instant at which the role ends; null if it lasts until revoked.")
    ]
    granted_position: Annotated[
        int | None, Meta(description="Position of the entry that granted it; null if open.")
    ] = None


class Token(Struct, frozen=True):
    """Public data of an API token; the token itself is not stored."""

    token: Annotated[str, ID, Meta(description="Public id of the token.")]
    position: int
    actor: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of its owner.")]
    role: Annotated[str, words(Role), Meta(description="Role of its owner when using it.")]
    issued_at: Annotated[datetime, Meta(description="Instant at which it was issued.")]
    source: Annotated[str | None, Meta(description="The only source that it may record from.")]
    facts: Annotated[list[str], Meta(description="Facts that it may record; if empty, all facts of its role.")]
    until_at: Annotated[datetime | None, Meta(description="Instant at which it expires.")]
    revoked_at: Annotated[datetime | None, Meta(description="Instant of the revocation.")] = None
    revoked_position: Annotated[int | None, Meta(description="Position of the entry that revoked it.")] = None


class Integration(Struct, frozen=True):
    """A partner's system, with the facts that it may record."""

    integration: Annotated[str, ID, Meta(description="Id of the integration.")]
    position: int
    actor: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of the system.")]
    source: Annotated[str, Meta(description="Source that it records from.")]
    facts: Annotated[list[str], Meta(description="Facts that it may record.")]
    revoked_at: Annotated[datetime | None, Meta(description="Instant of the revocation.")] = None
    revoked_position: Annotated[int | None, Meta(description="Position of the entry that revoked it.")] = None


ACTORS = Table("actors", Actor, ("actor",))
HOLDINGS = Table("holdings", Holding, ("actor", "role", "position"))
ROLE_REQUESTS = Table("role_requests", RoleRequest, ("position",))
TOKENS = Table("tokens", Token, ("token",))
INTEGRATIONS = Table("integrations", Integration, ("integration",))


VIEW = View("people", 3, (ACTORS, HOLDINGS, ROLE_REQUESTS, TOKENS, INTEGRATIONS))
VIEW.puts(
    ActorRegistered, ACTORS, enrolled=True, position=OfEntry("position"), kind=OfFact("kind"), post=OfFact("post")
)
VIEW.puts(IntegrationRegistered, INTEGRATIONS)
VIEW.puts(
    RoleRequested, ROLE_REQUESTS, requested_at=RECORDED_AT, from_at=OfFact("from_"), until_at=OfFact("until")
)
VIEW.puts(TokenIssued, TOKENS, issued_at=RECORDED_AT, until_at=OfFact("until"))
VIEW.changes(TokenRevoked, TOKENS, "revoked_position", revoked_at=RECORDED_AT)
VIEW.changes(IntegrationRevoked, INTEGRATIONS, "revoked_position", revoked_at=RECORDED_AT)


@VIEW.on(RoleGranted)
def _role_granted(rows: Rows, entry: Entry, fact: RoleGranted) -> None:
    put_from_fact(rows, HOLDINGS, entry, from_at=fact.from_ or entry.recorded_at, until_at=fact.until)
    if fact.request is not None:
        rows.change(ROLE_REQUESTS, fact.request, granted_position=entry.position)


@VIEW.on(RoleRevoked)
def _role_revoked(rows: Rows, entry: Entry, fact: RoleRevoked) -> None:
    for holding in rows.all(HOLDINGS):
        if (holding.actor, holding.role, holding.revoked_at) == (fact.actor, fact.role.value, None):
            ended = {
                "revoked_at": entry.recorded_at,
                "revoked_position": entry.position,
                "revoked_reason": rows.narrative("reason"),
            }
            rows.change(HOLDINGS, holding.actor, holding.role, holding.position, **ended)


@cache
def _actor_paths(fact: type[Fact]) -> tuple[FieldPath, ...]:
    """Return the paths of a fact's fields that contain actor ids."""
    return tuple(path for path in field_paths(fact) if path.kind == "actor")


def _named_in(fact: Fact) -> Iterator[str]:
    """Yield the actors that a fact names."""
    for path in _actor_paths(type(fact)):
        for actor, _ in values_in(fact, path):
            yield actor


def _fold_names(own: Handler[Fact] | None, rows: Rows, entry: Entry, fact: Fact) -> None:
    """Fold an entry by the view's own handler, if any, and add its recorder and the actors in its fact."""
    if own is not None:
        own(rows, entry, fact)
    if rows.get(ACTORS, entry.actor) is None:
        rows.put(ACTORS, Actor(entry.actor, enrolled=False))
    for actor in _named_in(fact):
        row = rows.get(ACTORS, actor)
        if row is None:
            rows.put(ACTORS, Actor(actor, enrolled=own is not None))
        elif own is not None and not row.enrolled:
            rows.change(ACTORS, actor, enrolled=True)


for _fact in KIND_OF:
    VIEW.handlers[_fact] = partial(_fold_names, VIEW.handlers.get(_fact))

_UNREVOKED = "(t.revoked_at IS NULL OR t.revoked_at > :on)"
ACTOR = of_table(
    "people",
    ACTORS,
    computed={"registered": flag("True if an entry registered them.", "t.position IS NOT NULL")},
    unseen={"entries": "enrolled"},
    order=("actor",),
)
HOLDING = of_table(
    "people",
    HOLDINGS,
    computed={
        "held": flag(
            "True if the actor has the role at the instant of `on`.",
            f"t.from_at <= :on AND (t.until_at IS NULL OR t.until_at > :on) AND {_UNREVOKED}",
        )
    },
)
ROLE_REQUEST = of_table("people", ROLE_REQUESTS, conditions={"open": "(t.granted_position IS NULL) = :value"})
TOKEN = of_table(
    "people",
    TOKENS,
    computed={
        "live": flag(
            "True if it is valid at the instant of `on`.",
            f"t.issued_at <= :on AND (t.until_at IS NULL OR t.until_at > :on) AND {_UNREVOKED}",
        )
    },
)
INTEGRATION = of_table("people", INTEGRATIONS)


async def notices_of(connection: Connection, actor: str) -> list[str]:
    """Return the notices in which the actor ever had a role.

    The connection needs the projector's database role, which sees all notices.
    """
    cursor = await connection.execute(
        "SELECT DISTINCT notice FROM views.holdings WHERE actor = %s ORDER BY notice", (actor,)
    )
    return [notice for (notice,) in await cursor.fetchall()]


async def actors_of(snapshot: Snapshot) -> list[str]:
    """Return all actors whom entries of a notice name, registered or not. Raise the errors of `Snapshot.fetch`."""
    query = "SELECT DISTINCT actor FROM views.actors WHERE notice = %s ORDER BY actor"
    return [actor for (actor,) in await snapshot.fetch(query, (snapshot.notice,))]
