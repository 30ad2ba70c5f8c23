"""Access for reviewers: who asked for what, who decided, what was opened and used, what is live at an instant."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.access import (
    AccessExtended,
    AccessGranted,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
    AccessUseRefused,
)
from projections import notice
from projections.position import Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View


class Access(Struct, frozen=True):
    """A request for access, and the grant made on it."""

    request: str
    position: int
    requested_at: datetime
    requested_by: str
    grantee: str
    review: str | None
    diagnostic: str | None
    kind: str
    scope: Text
    purpose: Text
    from_at: datetime
    """As asked for and, once it was granted, as granted."""
    until_at: datetime
    """The instant at which it ends of itself."""
    decided: str | None = None
    """GRANTED or REFUSED; None: nobody has decided."""
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_position: int | None = None
    refused_reason: Text | None = None
    extended: int = 0
    """How many times it was given a later end."""
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_position: int | None = None
    revoked_reason: Text | None = None
    provided: int = 0
    """How many times something was opened under it."""
    uses: int = 0
    used_at: datetime | None = None
    """When it was used last."""
    refused_uses: int = 0

    def is_live(self, at: datetime) -> bool:
        """Whether it may be used at an instant; nothing recorded ends it but a revocation."""
        granted = self.decided == "GRANTED" and self.from_at <= at < self.until_at
        return granted and (self.revoked_at is None or at < self.revoked_at)


class Provision(Struct, frozen=True):
    """What the council opened under a grant."""

    request: str
    position: int
    kind: str
    what: Text
    on: date


class Use(Struct, frozen=True):
    """A use of a grant, or one that was refused."""

    request: str
    position: int
    used_at: datetime
    grantee: str
    document: str
    action: str | None
    """VIEWED, DOWNLOADED or DISCUSSED; None: it was refused."""
    why: str | None
    """Why it was refused."""


class Line(Struct, frozen=True):
    """A line of the checklist: of a review or a diagnostic and a clause, which kinds of access came how far."""

    of: str
    clause: str
    kinds: list[str]
    asked: list[str]
    granted: list[str]
    provided: list[str]
    used: list[str]


ACCESS = Table("access", Access, ("request",), lookups=(("until_at",), ("review",)), by_position=False)
PROVISIONS = Table("provisions", Provision, ("position",), recalled=False)
USES = Table("uses", Use, ("position",), recalled=False, lookups=(("request",),))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the access asked for, granted and used."""
    fact, position, at, actor = entry.fact, entry.position, entry.occurred_at, entry.actor
    match fact:
        case AccessRequested():
            asked = Access(
                request=fact.request,
                position=position,
                requested_at=at,
                requested_by=actor,
                grantee=fact.grantee,
                review=fact.review,
                diagnostic=fact.diagnostic,
                kind=fact.kind.value,
                scope=rows.text("scope"),
                purpose=rows.text("purpose"),
                from_at=fact.from_,
                until_at=fact.until,
            )
            rows.put(ACCESS, asked)
        case AccessGranted():
            decided = {"decided": "GRANTED", "decided_at": at, "decided_by": actor, "decided_position": position}
            rows.change(ACCESS, fact.request, from_at=fact.from_, until_at=fact.until, **decided)
        case AccessRefused():
            decided = {"decided": "REFUSED", "decided_at": at, "decided_by": actor, "decided_position": position}
            rows.change(ACCESS, fact.request, refused_reason=rows.text("reason"), **decided)
        case AccessExtended():
            known = rows.change(ACCESS, fact.request, until_at=fact.until)
            rows.change(ACCESS, fact.request, extended=known.extended + 1)
        case AccessRevoked():
            # A right ends when its end is recorded, whatever time the recorder gives.
            ended = {"revoked_at": entry.recorded_at, "revoked_by": actor, "revoked_position": position}
            rows.change(ACCESS, fact.request, revoked_reason=rows.text("reason"), **ended)
        case _:
            _use(rows, entry)


def _use(rows: Rows, entry: Entry) -> None:
    fact, position, at = entry.fact, entry.position, entry.occurred_at
    match fact:
        case AccessProvided():
            rows.put(PROVISIONS, Provision(fact.request, position, fact.kind.value, rows.text("what"), fact.on))
            known = rows.known(ACCESS, fact.request)
            rows.change(ACCESS, fact.request, provided=known.provided + 1)
        case AccessUsed():
            known = rows.known(ACCESS, fact.request)
            action = fact.action.value
            rows.put(USES, Use(fact.request, position, at, known.grantee, fact.document, action, None))
            latest = max(at, known.used_at) if known.used_at is not None else at
            rows.change(ACCESS, fact.request, uses=known.uses + 1, used_at=latest)
        case AccessUseRefused():
            known = rows.known(ACCESS, fact.request)
            why = fact.why.value
            rows.put(USES, Use(fact.request, position, at, known.grantee, fact.document, None, why))
            rows.change(ACCESS, fact.request, refused_uses=known.refused_uses + 1)


VIEW = View(
    "access",
    1,
    (ACCESS, PROVISIONS, USES),
    frozenset(
        {
            AccessRequested,
            AccessGranted,
            AccessRefused,
            AccessExtended,
            AccessRevoked,
            AccessProvided,
            AccessUsed,
            AccessUseRefused,
        }
    ),
    fold,
)


async def access(
    reading: Reading,
    *,
    live: bool = False,
    unused: bool = False,
    review: str | None = None,
    diagnostic: str | None = None,
    grantee: str | None = None,
) -> list[Access]:
    """Requests and grants in order of asking.

    `live`: those that may be used at the reading's instant; `unused`: granted, and not used so far.
    """
    on = reading.on
    return await reading.rows(
        ACCESS,
        "(NOT %s OR (t.decided = 'GRANTED' AND t.from_at <= %s AND t.until_at > %s "
        "AND (t.revoked_at IS NULL OR t.revoked_at > %s))) AND (NOT %s OR (t.decided = 'GRANTED' AND t.uses = 0)) "
        "AND (%s::text IS NULL OR t.review = %s) AND (%s::text IS NULL OR t.diagnostic = %s) "
        "AND (%s::text IS NULL OR t.grantee = %s)",
        (live, on, on, on, unused, review, review, diagnostic, diagnostic, grantee, grantee),
    )


async def provisions(reading: Reading, requests: Sequence[str] | None = None) -> list[Provision]:
    """What was opened under these grants, or all, in order."""
    wanted = None if requests is None else list(requests)
    return await reading.rows(PROVISIONS, "%s::text[] IS NULL OR t.request = ANY (%s::text[])", (wanted, wanted))


async def uses(
    reading: Reading, *, requests: Sequence[str] | None = None, refused: bool | None = None
) -> list[Use]:
    """What was done under these grants, or all, in order; `refused`: only refused uses, or only the others."""
    wanted = None if requests is None else list(requests)
    return await reading.rows(
        USES,
        "(%s::text[] IS NULL OR t.request = ANY (%s::text[])) "
        "AND (%s::boolean IS NULL OR (t.why IS NOT NULL) = %s::boolean)",
        (wanted, wanted, refused, refused),
    )


async def checklist(reading: Reading) -> list[Line]:
    """For each review and diagnostic for which access was asked: how far each kind of each clause's list came."""
    clauses = [clause for clause in await notice.clauses(reading) if clause.rule == "access-of-kinds"]
    asked: dict[str, list[Access]] = {}
    for each in await access(reading):
        asked.setdefault(each.review or each.diagnostic or "", []).append(each)
    return [
        _line(of, clause.number, clause.parameters.get("kinds"), found)
        for of, found in asked.items()
        for clause in clauses
    ]


def _line(of: str, clause: str, kinds: object, found: list[Access]) -> Line:
    listed = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []

    def those(chosen: list[Access]) -> list[str]:
        return [kind for kind in listed if any(access.kind == kind for access in chosen)]

    return Line(
        of,
        clause,
        listed,
        asked=those(found),
        granted=those([access for access in found if access.decided == "GRANTED"]),
        provided=those([access for access in found if access.provided]),
        used=those([access for access in found if access.uses]),
    )
