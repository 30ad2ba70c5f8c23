"""Authorisation: the role in which a credential may record a fact. Pure."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.domain.actors import PROGRAMS, pages_source, takes_pages_source
from ledger.domain.errors import Refusal
from ledger.domain.fact import Who, unversioned
from ledger.domain.roles import Role, matrix

if TYPE_CHECKING:
    from ledger.domain.actors import Token
    from ledger.domain.state import State


class Credential(Struct, frozen=True):
    """The caller of a request, as the interface identified the caller.

    The caller's rights are judged later, while the head of the notice is locked for recording.
    """

    actor: str
    token: str | None = None
    """Id of the API token that the caller presented; None without a token."""
    role: Role | None = None
    """OPERATOR or SERVICE for the ledger's own programs; None for actors whose roles are recorded facts."""
    until: datetime | None = None
    """Instant at which an issuer's access token expires; None without such a token."""


def authorise(
    state: "State", credential: Credential, fact: str, fact_type: str, source: str, at: datetime
) -> Who | Refusal:
    """Return the actor with a role that may record a fact from a source at an instant, or the refusal."""
    people = state.people
    roles = [credential.role] if credential.role else people.roles_at(credential.actor, at)
    if credential.until is not None and at >= credential.until:
        roles = []
    if credential.role is None and credential.actor in PROGRAMS:  # a person registered before ids were reserved
        roles = []
    if credential.token is not None:
        token = people.tokens.get(credential.token)
        if token is None or token.actor != credential.actor or not token.live(at):
            return Refusal(
                "FORBIDDEN", f"the token {credential.token} is revoked, expired or unknown; request another"
            )
        refusal = _token_refusal(token, fact_type, source)
        if refusal is not None:
            return refusal
        roles = [role for role in roles if role is token.role]
    is_taken = source != pages_source(credential.actor) and (
        people.sources.get(source, credential.actor) != credential.actor
    )
    if is_taken or (credential.role is None and takes_pages_source(credential.actor, source)):
        return Refusal("FORBIDDEN", f"the source {source} belongs to another actor; use one of your own", "source")
    if Role.INTEGRATION in roles and not people.registered(credential.actor, source, fact_type):
        roles = [role for role in roles if role is not Role.INTEGRATION]
    for role in roles:
        if matrix().may_record(role, fact):
            return Who(credential.actor, role.value)
    held_roles = ", ".join(role.meaning for role in roles) or "none"
    return Refusal("FORBIDDEN", f"{credential.actor} may not record {fact} (roles now: {held_roles})", "type")


def _token_refusal(token: "Token", fact_type: str, source: str) -> Refusal | None:
    """Return the refusal of a fact type or source outside a token's rights; None if both are within the rights."""
    if token.source is not None and token.source != source:
        return Refusal(
            "FORBIDDEN", f"this token records only from the source {token.source}; use that source", "source"
        )
    if token.facts and unversioned(fact_type) not in map(unversioned, token.facts):
        return Refusal("FORBIDDEN", f"this token is not registered for {fact_type}; use a token that is", "type")
    return None
