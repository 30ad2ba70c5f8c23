"""Access for reviewers to files and people: requested, decided, provided, used and ended."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.people import ActorId
from ledger.domain.areas.reviews import DiagnosticId, ReviewId
from ledger.domain.duties import Authors, self_refusals
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Instant, Narrative, Sentence, StatedDay, When, Who, WordList, reference
from ledger.domain.shared_rules import repeat_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

RequestId = Annotated[str, reference("access", "A request for access, and the grant made on it.")]
DocumentId = Annotated[
    str,
    reference(
        "evidence",
        "The document used: evidence in the register, or a code for a document outside it.",
        known=False,
    ),
]
MAXIMUM_DAYS = 184
"""Days that access may last if the notice sets no `maximum_days`: six months, the interval between reviews."""


class AccessKind(WordList):
    """The kind of access requested."""

    STAFF = "STAFF"
    """Conversations with staff."""
    LEADERSHIP = "LEADERSHIP"
    """Conversations with the council's leaders."""
    DATA = "DATA"
    """Data about the service."""
    FACILITIES = "FACILITIES"
    """Rooms, systems and other facilities to work with."""
    CASE_FILES = "CASE_FILES"
    """Case files, which are not part of the ledger."""
    MINUTES = "MINUTES"
    """Minutes of meetings."""
    SUPERVISION_RECORDS = "SUPERVISION_RECORDS"
    """Records of staff supervision, which are not part of the ledger."""
    OTHER = "OTHER"
    """Another kind of access, described in the scope."""

    @property
    def has_documents(self) -> bool:
        """True if access of this kind includes documents, not only people and places."""
        return self not in (AccessKind.STAFF, AccessKind.LEADERSHIP, AccessKind.FACILITIES)


class AccessRequested(Fact, frozen=True, kw_only=True):
    """An actor requested access for a review or a diagnostic, for a stated purpose and time."""

    act: ClassVar[str] = "requestAccess"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was requested: {kind}, for {grantee}[, to do review {review}][, to do diagnostic "
        "{diagnostic}], from {from_} until {until}",
        (("access {request}", "state", "requested"),),
    )

    request: RequestId
    grantee: Annotated[ActorId, Meta(description="The actor who is to have the access.")]
    review: Annotated[
        ReviewId | None, Meta(description="The review that needs the access; give a review or a diagnostic.")
    ] = None
    diagnostic: Annotated[
        DiagnosticId | None,
        Meta(description="The diagnostic that needs the access; give a review or a diagnostic."),
    ] = None
    kind: AccessKind
    scope: Narrative
    purpose: Narrative
    from_: Annotated[Instant, Meta(description="The instant at which the access starts.")]
    until: Annotated[Instant, Meta(description="The instant at which the access ends.")]
    documents: Annotated[
        list[DocumentId],
        Meta(description="The documents to open; if empty, any document of this kind."),
    ] = []


class AccessGranted(Fact, frozen=True, kw_only=True):
    """Access was granted as requested, or for a shorter time, by neither requester nor the person who gets it."""

    act: ClassVar[str] = "grantAccess"
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was granted, from {from_} until {until}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    )

    request: RequestId
    from_: Instant
    until: Instant


class AccessRefused(Fact, frozen=True, kw_only=True):
    """A request for access was refused, with a reason."""

    act: ClassVar[str] = "refuseAccess"
    ends: ClassVar[str] = "refused"
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was refused: {reason}", (("access {request}", "state", "refused"),), decision=True
    )

    request: RequestId
    reason: Narrative


class AccessProvided(Fact, frozen=True, kw_only=True):
    """The council provided the access granted: a login, a room, people's time or files."""

    act: ClassVar[str] = "provideAccess"
    stated_day: ClassVar[StatedDay | None] = StatedDay("on")
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was provided on {on} ({kind}): {what}", (("access {request}", "provided", "on {on}"),)
    )

    request: RequestId
    kind: AccessKind
    what: Narrative
    on: Day


class AccessExtended(Fact, frozen=True, kw_only=True):
    """A grant was given a later end, by neither its requester nor the person who has the access."""

    act: ClassVar[str] = "extendAccess"
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was extended until {until}: {reason}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    )

    request: RequestId
    until: Annotated[Instant, Meta(description="The instant at which the access ends from now on.")]
    reason: Narrative


class AccessRevoked(Fact, frozen=True, kw_only=True):
    """A grant was revoked with immediate effect."""

    act: ClassVar[str] = "revokeAccess"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was withdrawn at once", (("access {request}", "state", "withdrawn"),), decision=True
    )

    request: RequestId
    reason: Narrative


class AccessAction(WordList):
    """The use made of a document."""

    VIEWED = "VIEWED"
    """The document was viewed."""
    DOWNLOADED = "DOWNLOADED"
    """A copy of the document was downloaded."""
    DISCUSSED = "DISCUSSED"
    """The document was discussed without being handed over."""


class AccessUsed(Fact, frozen=True, kw_only=True):
    """A grant was used; the service records this once for each document and hour."""

    act: ClassVar[str] = "useAccess"
    sentence: ClassVar[Sentence] = Sentence(
        "Access {request} was used: {document} was {action}", (("access {request}", "used", "{document}"),)
    )

    request: RequestId
    document: DocumentId
    action: AccessAction


class UseFault(WordList):
    """The reason why a use was refused."""

    EXPIRED = "EXPIRED"
    """The grant had ended, at its own end or with the closure of the notice."""
    NOT_YET = "NOT_YET"
    """The grant had not started."""
    REVOKED = "REVOKED"
    """The grant had been revoked."""
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    """The grant does not cover the document."""


class AccessUseRefused(Fact, frozen=True, kw_only=True):
    """The holder of a grant tried to use it outside its limits; the service records this."""

    act: ClassVar[str] = "refuseAccessUse"
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "A use of access {request} was refused, for {document}: {why}",
        (("access {request}", "use refused", "{document}, {why}"),),
    )

    request: RequestId
    document: DocumentId
    why: UseFault


_OnRequest = (
    AccessGranted | AccessRefused | AccessProvided | AccessExtended | AccessRevoked | AccessUsed | AccessUseRefused
)


class Access(Struct):
    """A request for access, and the grant made on it."""

    requested_by: Authors
    grantee: str
    kind: AccessKind
    documents: list[str]
    from_: datetime
    until: datetime
    position: int
    granted: int | None = None
    revoked: int | None = None

    def fault(self, at: datetime) -> UseFault | None:
        """Return the reason why the grant does not cover an instant, or None if the grant covers the instant."""
        if self.revoked is not None:
            return UseFault.REVOKED
        if at < self.from_:
            return UseFault.NOT_YET
        return UseFault.EXPIRED if at >= self.until else None

    def covers(self, document: str, *, registered: bool = True) -> bool:
        """Return whether the request covers a document.

        Args:
            document: Id of a document in the evidence register, or the name of a document outside it.
            registered: True if the document is in the evidence register.
        """
        opens = self.kind.has_documents or not registered
        return opens and (not self.documents or document in self.documents)


class AccessState(Struct):
    """Requests for access by id, and the instant of the latest use by fact type, request and document."""

    requests: dict[str, Access] = {}
    uses: dict[str, datetime] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
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
            yield from _decided_refusals(access, fact.request)
            yield from _same_person_refusals(access, who)
        case _ if access.granted is None:
            yield Refusal("NOT_GRANTED", f"{fact.request} was never granted; grant it first", "data.request")
        case AccessUseRefused():
            yield from _repeat_use_refusals(state, fact, when)
        case _ if access.revoked is not None:
            message = f"{fact.request} is already revoked, in entry {access.revoked}"
            yield Refusal("ALREADY_REVOKED", message, "data.request")
        case AccessExtended():
            yield from _admit_extension(state, fact, access, who, when)
        case AccessUsed():
            yield from _admit_use(state, fact, access, when)


def _admit_use(state: "State", fact: AccessUsed, access: Access, when: When) -> Iterator[Refusal]:
    fault = access.fault(when.occurred_at)
    if fault is not None:
        message = f"{fact.request} does not cover this instant ({fault.meaning}); record a refused use instead"
        yield Refusal("OUTSIDE_WINDOW", message, "time")
    elif not access.covers(fact.document, registered=fact.document in state.evidence.submitted):
        message = f"{fact.request} does not cover {fact.document}; record a refused use instead"
        yield Refusal("OUT_OF_SCOPE", message, "data.document")
    yield from _repeat_use_refusals(state, fact, when)


def _repeat_use_refusals(state: "State", fact: AccessUsed | AccessUseRefused, when: When) -> Iterator[Refusal]:
    yield from repeat_refusals(state.access.uses, _use_key(fact), when.recorded_at, "data.document")


def _use_key(fact: AccessUsed | AccessUseRefused) -> str:
    return f"{type(fact).__name__} {fact.request} {fact.document}"


def _decided_refusals(access: Access, request: str) -> Iterator[Refusal]:
    if access.granted is not None:
        yield Refusal(
            "ALREADY_GRANTED", f"{request} is already granted, in entry {access.granted}", "data.request"
        )


def _same_person_refusals(access: Access, who: Who) -> Iterator[Refusal]:
    if who.actor in (access.requested_by.recorder, access.grantee):
        message = f"{who.actor} requested this access or would receive it; another person must decide"
        yield Refusal("SAME_PERSON", message, "data.request")
    elif who.actor in access.requested_by:
        yield from self_refusals(who.actor, who, "", "decide on access whose request they corrected")


def _window_refusals(state: "State", from_: datetime, until: datetime) -> Iterator[Refusal]:
    longest = state.notice.parameter("maximum_days", MAXIMUM_DAYS)
    if until <= from_:
        yield Refusal("OUT_OF_RANGE", "the access ends before it begins; enter a later end", "data.until")
    elif until - from_ > timedelta(days=min(longest, timedelta.max.days)):
        message = f"the access is longer than {longest} days, the limit of this notice; choose an earlier end"
        yield Refusal("OUT_OF_RANGE", message, "data.until")


def _admit_request(state: "State", fact: AccessRequested) -> Iterator[Refusal]:
    if fact.review is None and fact.diagnostic is None:
        yield Refusal("ONE_OF", "choose a review or a diagnostic", "data.review")
    if fact.review is not None and fact.diagnostic is not None:
        yield Refusal("ONE_OF", "choose either a review or a diagnostic, not both", "data.review")
    yield from _window_refusals(state, fact.from_, fact.until)


def _admit_grant(state: "State", fact: AccessGranted, access: Access, who: Who) -> Iterator[Refusal]:
    yield from _decided_refusals(access, fact.request)
    yield from _same_person_refusals(access, who)
    if fact.from_ < access.from_ or fact.until > access.until:
        yield Refusal(
            "OUT_OF_RANGE",
            f"stay within the request, {access.from_.isoformat()} to {access.until.isoformat()}",
            "data.until" if fact.until > access.until else "data.from",
        )
    yield from _window_refusals(state, fact.from_, fact.until)


def _admit_extension(
    state: "State", fact: AccessExtended, access: Access, who: Who, when: When
) -> Iterator[Refusal]:
    yield from _same_person_refusals(access, who)
    if access.until <= when.recorded_at:
        message = f"{fact.request} ended at {access.until.isoformat()}; request access again"
        yield Refusal("ALREADY_ENDED", message, "data.request")
    elif fact.until <= access.until:
        message = f"access already lasts until {access.until.isoformat()}; enter a later end"
        yield Refusal("OUT_OF_RANGE", message, "data.until")
    else:
        yield from _window_refusals(state, access.from_, fact.until)


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, requests = entry.fact, state.access.requests
    match fact:
        case AccessRequested():
            requests[fact.request] = Access(
                state.records.authors(entry),
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
            state.access.uses[_use_key(fact)] = entry.recorded_at
