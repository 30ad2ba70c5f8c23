"""People and systems: the roles they hold in this notice, and the tokens by which systems come in."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Fact, FactType, Id, Instant, Narrative, When, Who, WordList, reference
from ledger.domain.roles import Role, matrix

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ActorId = Annotated[str, reference("actor", "Somebody, or a system, that acts; never a name.", known=False)]
IntegrationId = Annotated[str, reference("integration", "The registration of a partner's system.")]
TokenId = Annotated[str, reference("token", "An API token's public id; the token itself is never recorded.")]


class ActorKind(WordList):
    """What an actor is."""

    PERSON = "PERSON"
    """Somebody, by an id that is no name."""
    SYSTEM = "SYSTEM"
    """A program that records by itself."""
    ORGANISATION = "ORGANISATION"
    """A body, such as a partner."""


class ActorRegistered(Fact, frozen=True, kw_only=True):
    """An actor is known to this notice by an id; names and addresses stand in the directory, outside the log."""

    act: ClassVar[str] = "registerActor"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "actor"
    begins: ClassVar[bool] = True

    actor: ActorId
    kind: ActorKind
    post: Annotated[Code | None, Meta(description="The post that they hold, such as head of service.")] = None


class RoleGranted(Fact, frozen=True, kw_only=True):
    """An actor was given a role in this notice, from an instant and, unless open, until another."""

    act: ClassVar[str] = "grantRole"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    actor: ActorId
    role: Role
    from_: Annotated[Instant | None, Meta(description="When it begins; absent: when it is recorded.")] = None
    until: Annotated[Instant | None, Meta(description="When it ends of itself.")] = None


class RoleRevoked(Fact, frozen=True, kw_only=True):
    """A role was taken away, at once."""

    act: ClassVar[str] = "revokeRole"
    clause: ClassVar[str] = "records"
    outlives: ClassVar[bool] = True

    actor: ActorId
    role: Role
    reason: Narrative


class TokenIssued(Fact, frozen=True, kw_only=True):
    """An API token was issued to an actor for one of their roles."""

    act: ClassVar[str] = "issueToken"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "token"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    token: TokenId
    actor: ActorId
    role: Role
    source: Annotated[Id | None, Meta(description="The one source it may record from.")] = None
    facts: Annotated[list[FactType], Meta(description="The fact types it may record; empty: its role's.")] = field(
        default_factory=list
    )
    until: Annotated[Instant | None, Meta(description="When it expires.")] = None


class TokenRevoked(Fact, frozen=True, kw_only=True):
    """An API token was revoked, at once."""

    act: ClassVar[str] = "revokeToken"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "token"
    outlives: ClassVar[bool] = True

    token: TokenId
    reason: Narrative


class IntegrationRegistered(Fact, frozen=True, kw_only=True):
    """A partner's system may record: the fact types named, from its own source, and nothing else."""

    act: ClassVar[str] = "registerIntegration"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "integration"
    begins: ClassVar[bool] = True

    integration: IntegrationId
    actor: Annotated[ActorId, Meta(description="The system, as which it records.")]
    source: Annotated[Id, Meta(description="The source of all its events.")]
    facts: Annotated[list[FactType], Meta(min_length=1, description="The fact types that it may record.")]


class IntegrationRevoked(Fact, frozen=True, kw_only=True):
    """A partner's system may record no more, at once."""

    act: ClassVar[str] = "revokeIntegration"
    clause: ClassVar[str] = "records"
    about: ClassVar[str] = "integration"
    ends: ClassVar[str] = "revoked"
    once: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    integration: IntegrationId
    reason: Narrative


FACTS = (
    ActorRegistered,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
    IntegrationRegistered,
    IntegrationRevoked,
)


SERVICE = "service"
"""The actor and the source as which the service itself records; nobody else may use that source."""


class RoleTenure(Struct):
    """A time for which an actor holds a role."""

    role: Role
    from_: datetime
    until: datetime | None

    def live(self, at: datetime) -> bool:
        """Whether it holds at that instant: from the first one on, the last one excluded."""
        return self.from_ <= at and (self.until is None or at < self.until)

    def overlaps(self, starts: datetime, ends: datetime | None) -> bool:
        """Whether it holds at any instant of a time; `ends` as `until`."""
        return (self.until is None or starts < self.until) and (ends is None or self.from_ < ends)


class Token(Struct):
    """What an API token allows."""

    actor: str
    role: Role
    source: str | None
    facts: list[str]
    until: datetime | None
    revoked: int | None = None

    def live(self, at: datetime) -> bool:
        """Whether it opens anything at that instant."""
        return self.revoked is None and (self.until is None or at < self.until)


class Integration(Struct):
    """What a registration allows."""

    actor: str
    source: str
    facts: list[str]


class PeopleState(Struct):
    """Roles, tokens and live registrations; `sources` says whose each source is (its first user's)."""

    roles: dict[str, list[RoleTenure]] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=lambda: {SERVICE: SERVICE})
    integrations: dict[str, Integration] = field(default_factory=dict)
    persons: set[str] = field(default_factory=set)
    """Actors that were registered as a person: those whom an issuer's access token may name."""
    systems: set[str] = field(default_factory=set)
    """Actors that were registered as an integration, ever: they record within a live registration only."""

    def registered(self, actor: str, source: str, fact_type: str) -> bool:
        """Whether a system may record that type from that source; one never registered has its token's bounds."""
        if actor not in self.systems:
            return True
        theirs = [found for found in self.integrations.values() if found.actor == actor]
        return any(source == found.source and fact_type in found.facts for found in theirs)

    def held(self, actor: str, at: datetime) -> list[Role]:
        """The roles that the actor holds at that instant."""
        return [tenure.role for tenure in self.roles.get(actor, ()) if tenure.live(at)]


class Credential(Struct, frozen=True):
    """Who a request comes from, as the interface found it; what it may do is judged under the head's lock."""

    actor: str
    token: str | None = None
    """The API token's id, when one was presented."""
    role: Role | None = None
    """OPERATOR or SERVICE, for the ledger's own programs; everybody else's roles are recorded facts."""
    until: datetime | None = None
    """The instant from which an issuer's access token opens nothing."""


def authorise(
    state: "State", credential: Credential, fact: str, fact_type: str, source: str, at: datetime
) -> Who | Refusal:
    """The role in which the credential may record that fact from that source at that instant, or why not."""
    people = state.people
    roles = [credential.role] if credential.role else people.held(credential.actor, at)
    if credential.until is not None and at >= credential.until:
        roles = []
    if credential.token is not None:
        token = people.tokens.get(credential.token)
        if token is None or token.actor != credential.actor or not token.live(at):
            return Refusal(
                "FORBIDDEN", f"the token {credential.token} is revoked, expired or unknown; ask for another"
            )
        outside = _outside(token, fact_type, source)
        if outside is not None:
            return outside
        roles = [role for role in roles if role is token.role]
    if people.sources.get(source, credential.actor) != credential.actor:
        return Refusal("FORBIDDEN", f"the source {source} is another actor's; use one of your own", "source")
    if Role.INTEGRATION in roles and not people.registered(credential.actor, source, fact_type):
        roles = [role for role in roles if role is not Role.INTEGRATION]
    for role in roles:
        if matrix().may_record(role, fact):
            return Who(credential.actor, role.value)
    held = ", ".join(role.meaning for role in roles) or "none"
    return Refusal("FORBIDDEN", f"{credential.actor} may not record {fact} (roles now: {held})", "type")


def _outside(token: Token, fact_type: str, source: str) -> Refusal | None:
    """Why a token does not cover a fact of that type from that source, if it does not."""
    if token.source is not None and token.source != source:
        return Refusal("FORBIDDEN", f"this token records from the source {token.source} only", "source")
    if token.facts and fact_type not in token.facts:
        return Refusal("FORBIDDEN", f"this token is not registered for {fact_type}", "type")
    return None


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case RoleGranted():
            yield from _admit_role(state.people, fact, when)
        case RoleRevoked():
            tenures = state.people.roles.get(fact.actor, ())
            if not any(t.role is fact.role and t.overlaps(when.recorded_at, None) for t in tenures):
                yield Refusal("NOT_FOUND", f"{fact.actor} is not {fact.role.meaning}, now or later", "data.actor")
        case TokenIssued():
            yield from _admit_token(state.people, fact, when)
        case IntegrationRegistered():
            if state.people.sources.get(fact.source, fact.actor) != fact.actor:
                yield Refusal("ALREADY_EXISTS", f"the source {fact.source} is another actor's", "data.source")
        case TokenRevoked():
            token = state.people.tokens[fact.token]
            if token.revoked is not None:
                yield Refusal(
                    "ALREADY_REVOKED", f"token {fact.token} was revoked in entry {token.revoked}", "data.token"
                )


def _admit_role(people: PeopleState, fact: RoleGranted, when: When) -> Iterator[Refusal]:
    starts = fact.from_ or when.recorded_at
    if fact.until is not None and fact.until <= starts:
        yield Refusal("OUT_OF_RANGE", "the role ends before it begins", "data.until")
    if fact.role in (Role.OPERATOR, Role.SERVICE, Role.PUBLIC):
        yield Refusal("NOT_GRANTABLE", f"nobody is given the role {fact.role.value}", "data.role")
    tenures = people.roles.get(fact.actor, ())
    if any(tenure.role is fact.role and tenure.overlaps(starts, fact.until) for tenure in tenures):
        yield Refusal(
            "ALREADY_EXISTS",
            f"{fact.actor} is {fact.role.meaning} already in some of that time; "
            "revoke that role first, or grant it for another time",
            "data.actor",
        )


def _admit_token(people: PeopleState, fact: TokenIssued, when: When) -> Iterator[Refusal]:
    if fact.role not in people.held(fact.actor, when.recorded_at):
        yield Refusal(
            "NOT_FOUND", f"{fact.actor} is not {fact.role.meaning} now; grant the role first", "data.actor"
        )
    if fact.source is not None and people.sources.get(fact.source, fact.actor) != fact.actor:
        yield Refusal("ALREADY_EXISTS", f"the source {fact.source} is another actor's", "data.source")
    if fact.until is not None and fact.until <= when.recorded_at:
        yield Refusal("OUT_OF_RANGE", "the token would have expired already", "data.until")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, people = entry.fact, state.people
    match fact:
        case ActorRegistered():
            if fact.kind is ActorKind.PERSON:
                people.persons.add(fact.actor)
        case RoleGranted():
            people.roles.setdefault(fact.actor, []).append(
                RoleTenure(fact.role, fact.from_ or entry.recorded_at, fact.until)
            )
        case RoleRevoked():
            _end(people, fact, entry.recorded_at)
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


def _end(people: PeopleState, revoked: RoleRevoked, at: datetime) -> None:
    """Ends the role's present tenure, and drops those to come."""
    kept = [t for t in people.roles[revoked.actor] if t.role is not revoked.role or t.from_ < at]
    for tenure in kept:
        if tenure.role is revoked.role and tenure.live(at):
            tenure.until = at
    people.roles[revoked.actor] = kept
