"""Access to case files and people for reviewers (clause 9): asked for, decided by another, opened, used, ended."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.people import ActorId
from ledger.domain.areas.reviews import DiagnosticId, ReviewId
from ledger.domain.chronology import once_an_hour
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Instant, Narrative, When, Who, WordList, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

RequestId = Annotated[str, reference("access", "A request for access, and the grant made on it.")]
DocumentId = Annotated[
    str,
    reference("evidence", "What was used: evidence of the register, or an opaque name outside it.", known=False),
]
MAXIMUM_DAYS = 184
"""The longest access where the notice names no `maximum_days`: six months, the space between reviews."""


class AccessKind(WordList):
    """What access is asked for."""

    STAFF = "STAFF"
    """Staff, to be spoken with."""
    LEADERSHIP = "LEADERSHIP"
    """The council's leaders, to be spoken with."""
    DATA = "DATA"
    """Data about the service."""
    FACILITIES = "FACILITIES"
    """Rooms, systems and other facilities to work with."""
    CASE_FILES = "CASE_FILES"
    """The files of cases, which are no part of the ledger."""
    MINUTES = "MINUTES"
    """Minutes of meetings."""
    SUPERVISION_RECORDS = "SUPERVISION_RECORDS"
    """Records of the supervision of staff, which are no part of the ledger."""
    OTHER = "OTHER"
    """Something else, as its scope says."""

    @property
    def has_documents(self) -> bool:
        """Whether it opens documents, and not only people and places."""
        return self not in (AccessKind.STAFF, AccessKind.LEADERSHIP, AccessKind.FACILITIES)


class AccessRequested(Fact, frozen=True, kw_only=True):
    """Somebody asked for access for a review or a diagnostic, for a stated purpose and time."""

    act: ClassVar[str] = "requestAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"
    begins: ClassVar[bool] = True

    request: RequestId
    grantee: Annotated[ActorId, Meta(description="Who is to have the access.")]
    review: Annotated[ReviewId | None, Meta(description="The review it is for; this or a diagnostic.")] = None
    diagnostic: Annotated[DiagnosticId | None, Meta(description="The diagnostic it is for; this or a review.")] = (
        None
    )
    kind: AccessKind
    scope: Narrative
    purpose: Narrative
    from_: Annotated[Instant, Meta(description="The first instant of the access.")]
    until: Annotated[Instant, Meta(description="The instant at which it ends of itself.")]
    documents: Annotated[
        list[DocumentId],
        Meta(description="The documents that it is to open; none: any of its kind."),
    ] = field(default_factory=list)


class AccessGranted(Fact, frozen=True, kw_only=True):
    """Access was granted as asked, or for a shorter time, by somebody other than who asked."""

    act: ClassVar[str] = "grantAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"

    request: RequestId
    from_: Instant
    until: Instant


class AccessRevoked(Fact, frozen=True, kw_only=True):
    """A grant was withdrawn, at once."""

    act: ClassVar[str] = "revokeAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"
    outlives: ClassVar[bool] = True

    request: RequestId
    reason: Narrative


class AccessRefused(Fact, frozen=True, kw_only=True):
    """Access was refused, and it was said why."""

    act: ClassVar[str] = "refuseAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"
    ends: ClassVar[str] = "refused"

    request: RequestId
    reason: Narrative


class AccessProvided(Fact, frozen=True, kw_only=True):
    """The council opened what had been granted: a login, a room, people's time, files."""

    act: ClassVar[str] = "provideAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"

    request: RequestId
    kind: AccessKind
    what: Narrative
    on: Day


class AccessExtended(Fact, frozen=True, kw_only=True):
    """A grant was given a later end, by somebody other than who asked or benefits."""

    act: ClassVar[str] = "extendAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"

    request: RequestId
    until: Annotated[Instant, Meta(description="The instant at which it ends from now on.")]
    reason: Narrative


class AccessAction(WordList):
    """What was done with a document."""

    VIEWED = "VIEWED"
    """It was looked at."""
    DOWNLOADED = "DOWNLOADED"
    """A copy of it was taken."""
    DISCUSSED = "DISCUSSED"
    """It was talked about, without being handed over."""


class AccessUsed(Fact, frozen=True, kw_only=True):
    """A grant was used; recorded by the service, once for each document and hour."""

    act: ClassVar[str] = "useAccess"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"

    request: RequestId
    document: DocumentId
    action: AccessAction


class UseFault(WordList):
    """Why a use was refused."""

    EXPIRED = "EXPIRED"
    """The grant had ended."""
    NOT_YET = "NOT_YET"
    """The grant had not begun."""
    REVOKED = "REVOKED"
    """The grant had been revoked."""
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    """The grant does not reach that document."""


class AccessUseRefused(Fact, frozen=True, kw_only=True):
    """The holder of a grant tried to use it where it does not reach; recorded by the service."""

    act: ClassVar[str] = "refuseAccessUse"
    clause: ClassVar[str] = "9"
    about: ClassVar[str] = "request"
    outlives: ClassVar[bool] = True

    request: RequestId
    document: DocumentId
    why: UseFault


_OnRequest = (
    AccessGranted | AccessRefused | AccessProvided | AccessExtended | AccessRevoked | AccessUsed | AccessUseRefused
)
FACTS = (
    AccessRequested,
    AccessGranted,
    AccessRefused,
    AccessProvided,
    AccessExtended,
    AccessRevoked,
    AccessUsed,
    AccessUseRefused,
)


class Access(Struct):
    """What the rules need to know of a request and of the grant made on it."""

    requested_by: str
    grantee: str
    kind: AccessKind
    documents: list[str]
    from_: datetime
    until: datetime
    position: int
    granted: int | None = None
    revoked: int | None = None

    def fault(self, at: datetime) -> UseFault | None:
        """Why the grant does not reach an instant; None: it does."""
        if self.revoked is not None:
            return UseFault.REVOKED
        if at < self.from_:
            return UseFault.NOT_YET
        return UseFault.EXPIRED if at >= self.until else None

    def covers(self, document: str) -> bool:
        """Whether the document is of what the access was asked for."""
        return self.kind.has_documents and (not self.documents or document in self.documents)


class AccessState(Struct):
    """Requests by their id; request and document → when a use, or its refusal, was recorded last."""

    requests: dict[str, Access] = field(default_factory=dict)
    uses: dict[str, datetime] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    if isinstance(fact, AccessRequested):
        yield from _admit_request(state, fact)
        return
    if not isinstance(fact, _OnRequest):
        return
    access = state.access.requests[fact.request]
    match fact:
        case AccessGranted():
            yield from _admit_grant(state, fact, access, who)
        case AccessRefused():
            yield from _undecided(access, fact.request)
            yield from _another(access, who)
        case _ if access.granted is None:
            yield Refusal("NOT_GRANTED", f"{fact.request} was never granted", "data.request")
        case AccessUseRefused():
            yield from _once(state, fact, when)
        case _ if access.revoked is not None:
            message = f"{fact.request} was revoked already, in entry {access.revoked}"
            yield Refusal("ALREADY_REVOKED", message, "data.request")
        case AccessExtended():
            yield from _admit_extension(state, fact, access, who, when)
        case AccessUsed():
            yield from _admit_use(state, fact, access, when)


def _admit_use(state: "State", fact: AccessUsed, access: Access, when: When) -> Iterator[Refusal]:
    fault = access.fault(when.occurred_at)
    if fault is not None:
        message = f"{fact.request} does not reach this instant ({fault.meaning}); a refused use is recorded so"
        yield Refusal("OUTSIDE_WINDOW", message, "time")
    yield from _once(state, fact, when)


def _once(state: "State", fact: AccessUsed | AccessUseRefused, when: When) -> Iterator[Refusal]:
    yield from once_an_hour(state.access.uses, _use(fact), when.recorded_at, "data.document")


def _use(fact: AccessUsed | AccessUseRefused) -> str:
    return f"{type(fact).__name__} {fact.request} {fact.document}"


def _undecided(access: Access, request: str) -> Iterator[Refusal]:
    if access.granted is not None:
        yield Refusal(
            "ALREADY_GRANTED", f"{request} was granted already, in entry {access.granted}", "data.request"
        )


def _another(access: Access, who: Who) -> Iterator[Refusal]:
    if who.actor in (access.requested_by, access.grantee):
        message = f"{who.actor} asked for this access or would receive it; somebody else has to decide"
        yield Refusal("SAME_PERSON", message, "data.request")


def _window(state: "State", from_: datetime, until: datetime) -> Iterator[Refusal]:
    longest = state.notice.parameter("maximum_days", MAXIMUM_DAYS)
    if until <= from_:
        yield Refusal("OUT_OF_RANGE", "the access ends before it begins", "data.until")
    elif until - from_ > timedelta(days=min(longest, timedelta.max.days)):
        message = f"the access lasts longer than {longest} days, the longest this notice allows; ask again later"
        yield Refusal("OUT_OF_RANGE", message, "data.until")


def _admit_request(state: "State", fact: AccessRequested) -> Iterator[Refusal]:
    if (fact.review is None) == (fact.diagnostic is None):
        message = "name the review or the diagnostic that the access is for, one of them"
        yield Refusal("ONE_OF", message, "data.review")
    yield from _window(state, fact.from_, fact.until)


def _admit_grant(state: "State", fact: AccessGranted, access: Access, who: Who) -> Iterator[Refusal]:
    yield from _undecided(access, fact.request)
    yield from _another(access, who)
    if fact.from_ < access.from_ or fact.until > access.until:
        yield Refusal(
            "OUT_OF_RANGE",
            f"the grant reaches beyond what was asked, {access.from_.isoformat()} to {access.until.isoformat()}",
            "data.until" if fact.until > access.until else "data.from",
        )
    yield from _window(state, fact.from_, fact.until)


def _admit_extension(
    state: "State", fact: AccessExtended, access: Access, who: Who, when: When
) -> Iterator[Refusal]:
    yield from _another(access, who)
    if access.until <= when.recorded_at:
        message = f"{fact.request} ended at {access.until.isoformat()}; ask for access anew"
        yield Refusal("ALREADY_ENDED", message, "data.request")
    elif fact.until <= access.until:
        message = f"it lasts until {access.until.isoformat()} as it is; an extension is longer"
        yield Refusal("OUT_OF_RANGE", message, "data.until")
    else:
        yield from _window(state, access.from_, fact.until)


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, requests = entry.fact, state.access.requests
    match fact:
        case AccessRequested():
            requests[fact.request] = Access(
                entry.actor,
                fact.grantee,
                fact.kind,
                list(fact.documents),
                fact.from_,
                fact.until,
                entry.position,
            )
        case AccessGranted():
            access = requests[fact.request]
            access.from_, access.until, access.granted = fact.from_, fact.until, entry.position
        case AccessExtended():
            requests[fact.request].until = fact.until
        case AccessRevoked():
            requests[fact.request].revoked = entry.position
        case AccessUsed() | AccessUseRefused():
            state.access.uses[_use(fact)] = entry.recorded_at
