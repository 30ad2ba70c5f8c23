"""The rights of an actor at an instant: roles, documents that open, live grants and working tokens. Pure."""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.domain.areas.access import Access, UseFault
from ledger.domain.areas.evidence import opens_by_role
from ledger.domain.duties import UNGRANTABLE, takes_two
from ledger.domain.errors import Refusal
from ledger.domain.fact import Who
from ledger.domain.roles import Role

if TYPE_CHECKING:
    from ledger.domain.state import State


class Rights(Struct, frozen=True):
    """An actor's rights at an instant, as sets that can be compared."""

    roles: frozenset[Role]
    documents: frozenset[str]
    """Documents that the actor may open."""
    grants: frozenset[str]
    """Requests for access whose grants are live."""
    tokens: frozenset[str]

    def exceed(self, others: "Rights", documents: Container[str]) -> bool:
        """Return whether these rights include a right that `others` lack; ignore documents outside `documents`."""
        return not (
            self.roles <= others.roles
            and all(document in others.documents for document in self.documents if document in documents)
            and self.grants <= others.grants
            and self.tokens <= others.tokens
        )


def grants_of(state: "State", actor: str) -> Iterator[tuple[str, Access]]:
    """Yield the request's id and the access of each grant to an actor, live or ended, in order of request."""
    for request, access in state.access.requests.items():
        if access.grantee == actor and access.granted is not None:
            yield request, access


def grant_fault(state: "State", access: Access, at: datetime) -> UseFault | None:
    """Return the reason why a grant is not live at an instant; None if it is live.

    The closure of the notice ends all grants that were not revoked.
    """
    fault, closed = access.fault(at), state.notice.closed_at
    is_closed = closed is not None and at >= closed
    return UseFault.EXPIRED if is_closed and fault is not UseFault.REVOKED else fault


def rights(state: "State", actor: str, role: Role | None, at: datetime) -> Rights:
    """Return the rights of an actor at an instant.

    A role that no fact can grant, such as OPERATOR, replaces the recorded roles. Any other `role` is ignored.
    """
    roles = [role] if role in UNGRANTABLE else state.people.roles_at(actor, at)
    live = {
        request: access for request, access in grants_of(state, actor) if grant_fault(state, access, at) is None
    }
    documents = (
        document
        for document in state.evidence.submitted
        if opens_by_role(state, roles, document) or any(access.covers(document) for access in live.values())
    )
    tokens = (name for name, token in state.people.tokens.items() if token.actor == actor and token.live(at))
    return Rights(frozenset(roles), frozenset(documents), frozenset(live), frozenset(tokens))


def _turning_points(state: "State", actor: str, at: datetime) -> Iterator[datetime]:
    """Yield the instants from `at` on at which an actor's rights may change."""
    yield at
    tenures = state.people.roles.get(actor, [])
    windows = [(tenure.from_, tenure.until) for tenure in tenures]
    windows += [(access.from_, access.until) for _, access in grants_of(state, actor)]
    windows += [(at, token.until) for token in state.people.tokens.values() if token.actor == actor]
    windows.append((at, state.notice.closed_at))
    for window in windows:
        yield from (instant for instant in window if instant is not None and instant > at)


def raises_rights(before: "State", after: "State", actor: str, role: Role | None, at: datetime) -> bool:
    """Return whether an actor has a right in state `after` but not in `before`, at the instant or later."""
    instants = {*_turning_points(before, actor, at), *_turning_points(after, actor, at)}
    documents = before.evidence.submitted  # A document submitted since is no new right.
    return any(rights(after, actor, role, i).exceed(rights(before, actor, role, i), documents) for i in instants)


def correction_refusals(before: "State", after: "State", by: Who, at: datetime) -> Iterator[Refusal]:
    """Yield a refusal for each right that a correction must not give.

    No correction gives its recorder a right, or the acceptance of a deliverable that the recorder submitted. None
    gives anyone a role whose grant needs two people.
    """
    if raises_rights(before, after, by.actor, Role(by.role), at):
        message = f"the correction would give {by.actor} further rights; another person must make it"
        yield Refusal("SAME_PERSON", message, "data.position")
    for deliverable, authors in after.duties.submitted_by.items():
        if by.actor not in authors and by.actor in before.duties.submitted_by.get(deliverable, ()):
            message = f"the correction would let {by.actor} accept deliverable {deliverable}, which they submitted"
            yield Refusal("SAME_PERSON", f"{message}; another person must make it")
    for actor in after.people.roles:
        instants = {*_turning_points(before, actor, at), *_turning_points(after, actor, at)}
        if any(_powerful(after, actor, i) - _powerful(before, actor, i) for i in instants):
            message = f"the correction would give {actor} a role that takes two people; request and grant it"
            yield Refusal("SECOND_PERSON", message, "data.position")


def _powerful(state: "State", actor: str, at: datetime) -> set[Role]:
    return {role for role in state.people.roles_at(actor, at) if takes_two(role)}
