"""Access to case files and people for reviewers (clause 9): asked for, decided by another person, revoked."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.errors import Refusal
from ledger.facts.fact import Fact, Id, Instant, Narrative, When, Who, Words, reference
from ledger.facts.people import ActorId

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

RequestId = Annotated[str, reference("access", "A request for access, and the grant made on it.")]
MAXIMUM_DAYS = 184
"""The longest access where the notice names no `maximum_days`: six months, the space between reviews."""


class AccessKind(Words):
    """What access is asked for."""

    STAFF = "STAFF"
    LEADERSHIP = "LEADERSHIP"
    DATA = "DATA"
    FACILITIES = "FACILITIES"
    CASE_FILES = "CASE_FILES"
    MINUTES = "MINUTES"
    SUPERVISION_RECORDS = "SUPERVISION_RECORDS"
    OTHER = "OTHER"


class AccessRequested(Fact, frozen=True, kw_only=True):
    """Somebody asked for access for a review or a diagnostic, for a stated purpose and time."""

    act: ClassVar[str] = "requestAccess"
    clause: ClassVar[str] = "9"

    request: RequestId
    grantee: Annotated[ActorId, Meta(description="Who is to have the access.")]
    review: Annotated[Id | None, Meta(description="The review it is for; this or a diagnostic.")] = None
    diagnostic: Annotated[Id | None, Meta(description="The diagnostic it is for; this or a review.")] = None
    kind: AccessKind
    scope: Narrative
    purpose: Narrative
    from_: Annotated[Instant, Meta(description="The first instant of the access.")]
    until: Annotated[Instant, Meta(description="The instant at which it ends of itself.")]


class AccessGranted(Fact, frozen=True, kw_only=True):
    """Access was granted as asked, or for a shorter time, by somebody other than who asked."""

    act: ClassVar[str] = "grantAccess"
    clause: ClassVar[str] = "9"

    request: RequestId
    from_: Instant
    until: Instant


class AccessRevoked(Fact, frozen=True, kw_only=True):
    """A grant was withdrawn, at once."""

    act: ClassVar[str] = "revokeAccess"
    clause: ClassVar[str] = "9"

    request: RequestId
    reason: Narrative


FACTS = (AccessRequested, AccessGranted, AccessRevoked)


class Access(Struct):
    """What the rules need to know of a request and of the grant made on it."""

    requested_by: str
    grantee: str
    from_: datetime
    until: datetime
    position: int
    granted: int | None = None
    revoked: int | None = None


class AccessState(Struct):
    """Requests by their id."""

    requests: dict[str, Access] = field(default_factory=dict)


def _window(state: "State", from_: datetime, until: datetime) -> Iterator[Refusal]:
    longest = state.notice.parameter("maximum_days", MAXIMUM_DAYS)
    if until <= from_:
        yield Refusal("OUT_OF_RANGE", "the access ends before it begins", "data.until")
    elif until - from_ > timedelta(days=min(longest, timedelta.max.days)):
        yield Refusal(
            "OUT_OF_RANGE",
            f"the access lasts longer than {longest} days, the longest this notice allows; ask again later",
            "data.until",
        )


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case AccessRequested():
            yield from _admit_request(state, fact)
        case AccessGranted() | AccessRevoked():
            access = state.access.requests.get(fact.request)
            if access is None:
                yield Refusal("NOT_FOUND", f"no access was requested as {fact.request}", "data.request")
            elif isinstance(fact, AccessGranted):
                yield from _admit_grant(state, fact, access, who)
            elif access.granted is None:
                yield Refusal("NOT_GRANTED", f"{fact.request} was never granted", "data.request")
            elif access.revoked is not None:
                yield Refusal(
                    "ALREADY_REVOKED",
                    f"{fact.request} was revoked already, in entry {access.revoked}",
                    "data.request",
                )


def _admit_request(state: "State", fact: AccessRequested) -> Iterator[Refusal]:
    known = state.access.requests.get(fact.request)
    if known is not None:
        yield Refusal(
            "ALREADY_EXISTS",
            f"{fact.request} was requested already, in entry {known.position}; choose another id",
            "data.request",
        )
    if (fact.review is None) == (fact.diagnostic is None):
        yield Refusal(
            "ONE_OF", "name the review or the diagnostic that the access is for, one of them", "data.review"
        )
    yield from _window(state, fact.from_, fact.until)


def _admit_grant(state: "State", fact: AccessGranted, access: Access, who: Who) -> Iterator[Refusal]:
    if access.granted is not None:
        yield Refusal(
            "ALREADY_GRANTED",
            f"{fact.request} was granted already, in entry {access.granted}",
            "data.request",
        )
    if who.actor in (access.requested_by, access.grantee):
        yield Refusal(
            "SAME_PERSON",
            f"{who.actor} asked for this access or would receive it; somebody else has to decide",
            "data.request",
        )
    if fact.from_ < access.from_ or fact.until > access.until:
        yield Refusal(
            "OUT_OF_RANGE",
            f"the grant reaches beyond what was asked, {access.from_.isoformat()} to {access.until.isoformat()}",
            "data.until" if fact.until > access.until else "data.from",
        )
    yield from _window(state, fact.from_, fact.until)


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, requests = entry.fact, state.access.requests
    match fact:
        case AccessRequested():
            requests[fact.request] = Access(entry.actor, fact.grantee, fact.from_, fact.until, entry.position)
        case AccessGranted():
            access = requests[fact.request]
            access.from_, access.until, access.granted = fact.from_, fact.until, entry.position
        case AccessRevoked():
            requests[fact.request].revoked = entry.position
