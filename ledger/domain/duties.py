"""Separation of duties: nobody decides for themselves, and powerful roles take two people. Pure.

One actor requests a powerful role for another, and a further actor grants it. While a notice is being set up, the
operator grants roles alone. Setting up ends once another actor has recorded an entry and two people in post can
request and grant roles. Until then, the operator's facts may also name actors who are not registered. Only the
operator issues a token of a powerful role. The issuer of a token sees it, and could act as both people.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.domain.actors import PROGRAMS, takes_pages_source
from ledger.domain.errors import Refusal
from ledger.domain.fact import When, Who
from ledger.domain.roles import Role, matrix

if TYPE_CHECKING:
    from ledger.domain.actors import RoleRequest
    from ledger.domain.areas.people import PeopleState, RoleGranted, RoleRequested, TokenIssued

UNGRANTABLE = frozenset({Role.OPERATOR, Role.SERVICE, Role.PUBLIC})
"""Roles that no recorded fact gives."""

_BREACHES = frozenset({"SAME_PERSON", "SECOND_PERSON", "NOT_GRANTED", "OUT_OF_SCOPE"})
"""Codes of refusals for breaches of separation of duties, and for opening documents without a right."""


def is_breach(area: str, refusal: Refusal) -> bool:
    """Return whether a refused fact breaches separation of duties, or opens a document without a right.

    Rights for an unregistered actor are a breach too.
    """
    return refusal.code in _BREACHES or (area == "people" and refusal.code == "UNKNOWN_ACTOR")


def takes_two(role: Role) -> bool:
    """Return whether the grant of a role requires another person's request once the notice is set up."""
    return role in matrix().second_person["RoleGranted"]


def self_refusals(actor: str, who: Who, path: str, deed: str) -> Iterator[Refusal]:
    """Yield a refusal if the recorder is the actor concerned; `deed` is a phrase such as `grant a role to`."""
    if actor == who.actor:
        yield Refusal("SAME_PERSON", f"{actor} cannot {deed} themselves; another person must do so", path)


class Authors(Struct):
    """The authors of a fact as it reads now: its recorder, and those who corrected it."""

    recorder: str
    correctors: list[str] = []

    def __contains__(self, actor: str) -> bool:
        return actor == self.recorder or actor in self.correctors

    def refusals(self, who: Who, path: str, recorded: str, corrected: str) -> Iterator[Refusal]:
        """Yield a refusal if the person who decides on the fact is one of its authors.

        Args:
            who: Recorder of the decision.
            path: Path of the field that names the fact; only the refusal of its recorder has it.
            recorded: Phrase for the decision of its recorder, such as `accept a deliverable that they submitted`.
            corrected: Phrase for the decision of a person who corrected it.
        """
        if who.actor == self.recorder:
            yield from self_refusals(who.actor, who, path, recorded)
        elif who.actor in self.correctors:
            yield from self_refusals(who.actor, who, "", corrected)


def token_refusals(fact: "TokenIssued", who: Who) -> Iterator[Refusal]:
    """Yield a refusal for each reason why the recorder, who could use the token, may not issue it."""
    yield from self_refusals(fact.actor, who, "data.actor", "issue a token to")
    if fact.actor != who.actor and takes_two(fact.role) and who.role != Role.OPERATOR.value:
        message = (
            f"{who.actor} could act as {fact.role.meaning} with this token; let the operator issue it "
            "(ledger token issue), or let the person sign in at their organisation"
        )
        yield Refusal("SECOND_PERSON", message, "data.role")


def reserved_refusals(actor: str) -> Iterator[Refusal]:
    """Yield a refusal if an actor id is reserved for a program of the ledger.

    A person with that id could use up the keys and the source of the program's facts.
    """
    if actor in PROGRAMS:
        yield Refusal("RESERVED", f"{actor} is a program of the ledger; choose another id", "data.actor")


def source_refusals(actor: str, source: str) -> Iterator[Refusal]:
    """Yield a refusal if a source is reserved for another actor's forms.

    An actor with that source could use up the keys of the owner's forms.
    """
    if takes_pages_source(actor, source):
        message = f"the source {source} belongs to another actor's forms; use another source"
        yield Refusal("RESERVED", message, "data.source")


def sets_up(people: "PeopleState", who: Who, at: datetime) -> bool:
    """Return whether the recorder is the operator and the notice is still being set up."""
    return who.role == Role.OPERATOR.value and in_set_up(people, at)


def in_set_up(people: "PeopleState", at: datetime) -> bool:
    """Return whether a notice is still being set up: unused, or without two people to request and grant roles."""
    if not people.in_use:
        return True
    officers = people.holders(frozenset({Role.RECORDS_OFFICER}), at)
    requesters = people.holders(matrix().records["RoleRequested"], at)
    return not any(officer != requester for officer in officers for requester in requesters)


def request_refusals(fact: "RoleRequested", who: Who, when: When) -> Iterator[Refusal]:
    """Yield a refusal for each reason why the recorder may not request a role."""
    yield from self_refusals(fact.actor, who, "data.actor", "request a role for")
    yield from role_refusals(fact, when)


def role_refusals(fact: "RoleRequested | RoleGranted", when: When) -> Iterator[Refusal]:
    """Yield refusals of reserved actor ids, of roles that no fact can grant, and of empty periods."""
    yield from reserved_refusals(fact.actor)
    if fact.role in UNGRANTABLE:
        message = f"the role {fact.role.value} cannot be granted; choose another"
        yield Refusal("NOT_GRANTABLE", message, "data.role")
    starts = fact.from_ or when.recorded_at
    if fact.until is not None and fact.until <= starts:
        yield Refusal("OUT_OF_RANGE", "the role ends before it begins; enter a later end", "data.until")


def grant_refusals(people: "PeopleState", fact: "RoleGranted", who: Who, when: When) -> Iterator[Refusal]:
    """Yield refusals if recorders grant roles to themselves, or without or beyond another person's request."""
    yield from self_refusals(fact.actor, who, "data.actor", "grant a role to")
    if fact.request is not None:
        yield from _second_person_refusals(people.requests.get(fact.request), fact, who)
    elif takes_two(fact.role) and not sets_up(people, who, when.recorded_at):
        message = f"the role {fact.role.meaning} takes two people; name the entry of another person's request"
        yield Refusal("SECOND_PERSON", message, "data.request")


def _second_person_refusals(request: "RoleRequest | None", fact: "RoleGranted", who: Who) -> Iterator[Refusal]:
    path = "data.request"
    if request is None or (request.actor, request.role) != (fact.actor, fact.role):
        message = f"entry {fact.request} does not request the role {fact.role.meaning} for {fact.actor}"
        yield Refusal("NOT_FOUND", message, path)
        return
    if request.granted is not None:
        message = f"the request of entry {fact.request} is already granted, in entry {request.granted}"
        yield Refusal("ALREADY_GRANTED", message, path)
    if request.requested_by == who.actor:
        message = f"{who.actor} requested this role; another person must grant it"
        yield Refusal("SAME_PERSON", message, path)
    if request.from_ is not None and (fact.from_ is None or fact.from_ < request.from_):
        yield Refusal(
            "OUT_OF_RANGE",
            f"the request begins at {request.from_.isoformat()}; grant the role from then or later",
            "data.from",
        )
    if request.until is not None and (fact.until is None or fact.until > request.until):
        yield Refusal(
            "OUT_OF_RANGE",
            f"the request ends at {request.until.isoformat()}; grant the role until then or earlier",
            "data.until",
        )
