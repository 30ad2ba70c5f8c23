"""People, systems and organisations: their registrations, roles in this notice, and API tokens."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain import duties
from ledger.domain.actors import SERVICE, Integration, RoleRequest, RoleTenure, Token
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Code,
    Fact,
    FactType,
    Id,
    Instant,
    Narrative,
    Position,
    Sentence,
    When,
    Who,
    WordList,
    reference,
    unversioned,
)
from ledger.domain.roles import Role

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ActorId = Annotated[str, reference("actor", "A person, system or organisation, by an id that is not a name.")]
IntegrationId = Annotated[str, reference("integration", "The registration of a partner's system.")]
TokenId = Annotated[str, reference("token", "The public id of an API token; the token itself is never recorded.")]


class ActorKind(WordList):
    """A person, a system or an organisation."""

    PERSON = "PERSON"
    """A person, by an id that is not a name."""
    SYSTEM = "SYSTEM"
    """A program that records without a person."""
    ORGANISATION = "ORGANISATION"
    """An organisation, such as a partner."""


class ActorRegistered(Fact, frozen=True, kw_only=True):
    """A person, system or organisation was registered by id; names are in the directory, outside the ledger."""

    act: ClassVar[str] = "registerActor"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{actor} was registered ({kind})[: {post}]", (("{actor}", "known as", "{kind}"),)
    )

    actor: ActorId
    kind: ActorKind
    post: Annotated[Code | None, Meta(description="The actor's post, such as head of service.")] = None


class RoleRequested(Fact, frozen=True, kw_only=True):
    """An actor requested a role in this notice for another actor; a third person may grant the role."""

    act: ClassVar[str] = "requestRole"
    about: ClassVar[str] = ""
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The role of {role} was requested for {actor}[, from {from_}][, until {until}]: {reason}",
        (("{actor}", "role of {role}", "requested"),),
    )

    actor: ActorId
    role: Role
    reason: Narrative
    from_: Annotated[
        Instant | None, Meta(description="The instant at which the role starts; absent: the instant of the grant.")
    ] = None
    until: Annotated[Instant | None, Meta(description="The instant at which the role ends.")] = None


class RoleGranted(Fact, frozen=True, kw_only=True):
    """An actor was granted a role in this notice from one instant, and optionally until another."""

    act: ClassVar[str] = "grantRole"
    about: ClassVar[str] = ""
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{actor} was given the role of {role}[, from {from_}][, until {until}]",
        (("{actor}", "role of {role}", "held[ until {until}]"),),
    )

    actor: ActorId
    role: Role
    from_: Annotated[
        Instant | None, Meta(description="The instant at which the role starts; absent: the instant of recording.")
    ] = None
    until: Annotated[Instant | None, Meta(description="The instant at which the role ends.")] = None
    request: Annotated[
        Position | None,
        Meta(description="The entry that requested the role; a role with special powers needs a request."),
    ] = None


class RoleRevoked(Fact, frozen=True, kw_only=True):
    """A role was revoked with immediate effect."""

    act: ClassVar[str] = "revokeRole"
    about: ClassVar[str] = ""
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "{actor} is no longer {role}", (("{actor}", "role of {role}", "ended"),), decision=True
    )

    actor: ActorId
    role: Role
    reason: Narrative


class TokenIssued(Fact, frozen=True, kw_only=True):
    """An API token was issued to an actor for one of the actor's roles."""

    act: ClassVar[str] = "issueToken"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Token {token} was issued to {actor} as {role}[, for source {source}][, for {facts}][, until {until}]",
        (("token {token}", "state", "open for {actor}"),),
    )

    token: TokenId
    actor: ActorId
    role: Role
    source: Annotated[
        Id | None, Meta(description="The only source from which the token may record, such as performance-system.")
    ] = None
    facts: Annotated[
        list[FactType],
        Meta(description="The fact types that the token may record; if empty, all those of the role."),
    ] = []
    until: Annotated[Instant | None, Meta(description="The instant at which the token expires.")] = None


class TokenRevoked(Fact, frozen=True, kw_only=True):
    """An API token was revoked with immediate effect."""

    act: ClassVar[str] = "revokeToken"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Token {token} was revoked at once", (("token {token}", "state", "revoked"),), decision=True
    )

    token: TokenId
    reason: Narrative


class IntegrationRegistered(Fact, frozen=True, kw_only=True):
    """A partner's system was registered to record the named fact types from its own source."""

    act: ClassVar[str] = "registerIntegration"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Integration {integration} was registered: {actor} may record {facts} from {source}",
        (("integration {integration}", "state", "live"),),
        decision=True,
    )

    integration: IntegrationId
    actor: Annotated[ActorId, Meta(description="The system, by its actor id.")]
    source: Annotated[Id, Meta(description="The source of all events of the system, such as performance-system.")]
    facts: Annotated[list[FactType], Meta(min_length=1, description="The fact types that the system may record.")]


class IntegrationRevoked(Fact, frozen=True, kw_only=True):
    """A partner's system lost its registration with immediate effect."""

    act: ClassVar[str] = "revokeIntegration"
    ends: ClassVar[str] = "revoked"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Integration {integration} was revoked at once: {reason}",
        (("integration {integration}", "state", "revoked"),),
        decision=True,
    )

    integration: IntegrationId
    reason: Narrative


class PeopleState(Struct):
    """Roles, requests for roles, tokens and registrations. `sources` maps each known source to its owner."""

    in_use: bool = False
    """True once an actor other than the operator and the service has recorded an entry."""
    roles: dict[str, list[RoleTenure]] = {}
    requests: dict[int, RoleRequest] = {}
    """Requests for roles by the position of the entry that made the request."""
    tokens: dict[str, Token] = {}
    sources: dict[str, str] = field(default_factory=lambda: {SERVICE: SERVICE})
    integrations: dict[str, Integration] = {}
    persons: set[str] = field(default_factory=set)
    """Actors registered as persons; an issuer's access token gives roles to these actors only."""
    systems: set[str] = field(default_factory=set)
    """Actors ever registered as integrations; as such, they record only facts that a live registration allows."""

    def registered(self, actor: str, source: str, fact_type: str) -> bool:
        """Return whether an actor's live registrations allow a fact type from a source.

        Returns:
            True also for an actor who was never registered as an integration.
        """
        if actor not in self.systems:
            return True
        own = [integration for integration in self.integrations.values() if integration.actor == actor]
        fact = unversioned(fact_type)
        return any(source == one.source and fact in map(unversioned, one.facts) for one in own)

    def holders(self, roles: frozenset[Role], at: datetime) -> list[str]:
        """Return the actors who hold at least one of the roles at an instant."""
        return [actor for actor in self.roles if not roles.isdisjoint(self.roles_at(actor, at))]

    def record_use(self, entry: "Entry") -> None:
        """Assign an entry's source to its actor if the source is unused, and update `in_use`."""
        self.sources.setdefault(entry.source, entry.actor)
        self.in_use = self.in_use or entry.actor_role not in (Role.OPERATOR.value, Role.SERVICE.value)

    def roles_at(self, actor: str, at: datetime) -> list[Role]:
        """Return the roles that an actor holds at an instant."""
        return [tenure.role for tenure in self.roles.get(actor, ()) if tenure.live(at)]


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case ActorRegistered():
            yield from duties.reserved_refusals(fact.actor)
        case RoleRequested():
            yield from duties.request_refusals(fact, who, when)
        case RoleGranted():
            yield from _admit_role(state.people, fact, who, when)
        case RoleRevoked():
            yield from _admit_revocation(state.people, fact, when)
        case TokenIssued():
            yield from duties.token_refusals(fact, who)
            yield from _admit_token(state.people, fact, when)
        case IntegrationRegistered():
            yield from duties.self_refusals(fact.actor, who, "data.actor", "register an integration for")
            yield from duties.source_refusals(fact.actor, fact.source)
            if state.people.sources.get(fact.source, fact.actor) != fact.actor:
                yield Refusal(
                    "ALREADY_EXISTS",
                    f"the source {fact.source} belongs to another actor; use another source",
                    "data.source",
                )
        case TokenRevoked():
            token = state.people.tokens[fact.token]
            if token.revoked is not None:
                yield Refusal(
                    "ALREADY_REVOKED",
                    f"token {fact.token} is already revoked, in entry {token.revoked}",
                    "data.token",
                )


def _admit_role(people: PeopleState, fact: RoleGranted, who: Who, when: When) -> Iterator[Refusal]:
    yield from duties.role_refusals(fact, when)
    yield from duties.grant_refusals(people, fact, who, when)
    starts = fact.from_ or when.recorded_at
    tenures = people.roles.get(fact.actor, ())
    if any(tenure.role is fact.role and tenure.overlaps(starts, fact.until) for tenure in tenures):
        yield Refusal(
            "ALREADY_EXISTS",
            f"{fact.actor} is already {fact.role.meaning} for part of that time; "
            "revoke that role first, or grant it for another time",
            "data.actor",
        )


def _admit_revocation(people: PeopleState, fact: RoleRevoked, when: When) -> Iterator[Refusal]:
    tenures = people.roles.get(fact.actor, ())
    if not any(tenure.role is fact.role and tenure.overlaps(when.recorded_at, None) for tenure in tenures):
        message = f"{fact.actor} is not {fact.role.meaning}, now or later; check the id and the role"
        yield Refusal("NOT_FOUND", message, "data.actor")


def _admit_token(people: PeopleState, fact: TokenIssued, when: When) -> Iterator[Refusal]:
    if fact.role not in people.roles_at(fact.actor, when.recorded_at):
        yield Refusal(
            "NOT_FOUND", f"{fact.actor} is not {fact.role.meaning} now; grant the role first", "data.actor"
        )
    yield from duties.source_refusals(fact.actor, fact.source or "")
    if fact.source is not None and people.sources.get(fact.source, fact.actor) != fact.actor:
        yield Refusal(
            "ALREADY_EXISTS",
            f"the source {fact.source} belongs to another actor; use another source",
            "data.source",
        )
    if fact.until is not None and fact.until <= when.recorded_at:
        yield Refusal("OUT_OF_RANGE", "the token expires in the past; enter a later instant", "data.until")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, people = entry.fact, state.people
    match fact:
        case ActorRegistered():
            if fact.kind is ActorKind.PERSON:
                people.persons.add(fact.actor)
        case RoleRequested() | RoleGranted() | RoleRevoked():
            _evolve_roles(people, entry)
        case TokenIssued():
            if fact.source is not None:
                people.sources.setdefault(fact.source, fact.actor)
            people.tokens[fact.token] = Token(fact.actor, fact.role, fact.source, list(fact.facts), fact.until)
        case TokenRevoked():
            people.tokens[fact.token].revoked = entry.position
        case IntegrationRegistered():
            people.sources.setdefault(fact.source, fact.actor)
            people.systems.add(fact.actor)
            people.integrations[fact.integration] = Integration(fact.actor, fact.source, list(fact.facts))
        case IntegrationRevoked():
            del people.integrations[fact.integration]


def _evolve_roles(people: PeopleState, entry: "Entry") -> None:
    fact, at = entry.fact, entry.recorded_at
    match fact:
        case RoleRequested():
            people.requests[entry.position] = RoleRequest(
                fact.actor, fact.role, fact.from_, fact.until, entry.actor
            )
        case RoleGranted():
            if fact.request in people.requests:
                people.requests[fact.request].granted = entry.position
            people.roles.setdefault(fact.actor, []).append(RoleTenure(fact.role, fact.from_ or at, fact.until))
        case RoleRevoked():
            _end(people, fact, at)


def _end(people: PeopleState, revoked: RoleRevoked, at: datetime) -> None:
    """End an actor's present tenure of a revoked role, and remove the future tenures of that role."""
    remaining = [t for t in people.roles[revoked.actor] if t.role is not revoked.role or t.from_ < at]
    for tenure in remaining:
        if tenure.role is revoked.role and tenure.live(at):
            tenure.until = at
    people.roles[revoked.actor] = remaining
