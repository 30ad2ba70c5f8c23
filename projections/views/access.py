"""Access for reviewers: requests, decisions, provisions, uses, and a checklist of the kinds that clauses list."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.access import (
    AccessAction,
    AccessExtended,
    AccessGranted,
    AccessKind,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
    AccessUseRefused,
    UseFault,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import RECORDED_AT, OfFact, put_from_fact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, Relation, of_table
from projections.views.word_lists import AccessDecision


class Access(Struct, frozen=True):
    """A request for access, and the decision on it."""

    request: Annotated[str, ID, Meta(description="Id of the request for access.")]
    position: int
    requested_at: Annotated[datetime, Meta(description="Instant of the request.")]
    requested_by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the requester.")]
    grantee: Annotated[str, ACTOR_ID, Meta(description="Actor id of the grantee.")]
    review: Annotated[str | None, ID, Meta(description="Id of its review.")]
    diagnostic: Annotated[str | None, ID, Meta(description="Id of its diagnostic.")]
    kind: Annotated[str, words(AccessKind), Meta(description="Kind of access.")]
    documents: Annotated[
        list[str], ID, Meta(description="Ids of the documents that it opens; if empty, any of its kind.")
    ]
    scope: Annotated[NarrativeRef, Meta(description="Scope; null if erased.")]
    purpose: Annotated[NarrativeRef, Meta(description="Purpose; null if erased.")]
    from_at: Annotated[
        datetime, Meta(description="Start of the access: as requested or, after a grant, as granted.")
    ]
    until_at: Annotated[datetime, Meta(description="End of the access, unless it is revoked earlier.")]
    decided: Annotated[str | None, words(AccessDecision), Meta(description="Decision; null if undecided.")] = None
    decided_at: Annotated[datetime | None, Meta(description="Instant of the decision.")] = None
    decided_by: Annotated[str | None, ACTOR_ID, Meta(description="Actor id of the person who did this.")] = None
    decided_position: Annotated[int | None, Meta(description="Position of the entry with the decision.")] = None
    refused_reason: Annotated[NarrativeRef | None, Meta(description="Reason for the refusal; null if erased.")] = (
        None
    )
    extended: int = 0
    """Number of extensions of the grant."""
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_position: int | None = None
    revoked_reason: NarrativeRef | None = None
    provided: int = 0
    """Number of times that the council provided access under the grant."""
    uses: int = 0
    used_at: datetime | None = None
    """Instant of the latest use of the grant; None if it was never used."""
    refused_uses: Annotated[int, Meta(description="Number of refused uses.")] = 0


class Provision(Struct, frozen=True):
    """Access that the council provided under a grant."""

    request: Annotated[str, ID, Meta(description="Id of the request behind the grant.")]
    position: int
    kind: Annotated[str, words(AccessKind), Meta(description="Kind of access.")]
    what: Annotated[NarrativeRef, Meta(description="Description; null if erased.")]
    on: Annotated[date, Meta(description="Date of the provision.")]


class Use(Struct, frozen=True):
    """A use of granted access, or an attempt that was refused."""

    request: Annotated[str, ID, Meta(description="Id of the request behind the grant.")]
    position: int
    used_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    grantee: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who did this.")]
    document: Annotated[str, ID, Meta(description="Id of the document.")]
    action: Annotated[
        str | None, words(AccessAction), Meta(description="Action on the document; null if refused.")
    ]
    why: Annotated[
        str | None, words(UseFault), Meta(description="Reason for the refusal; null if it was not refused.")
    ]


class ChecklistLine(Struct, frozen=True):
    """Kinds of access that a clause lists for one review or diagnostic, by their progress."""

    of: Annotated[str, ID, Meta(description="Id of the review or diagnostic.")]
    review: Annotated[str | None, ID, Meta(description="Id of the review; null if it is a diagnostic.")]
    diagnostic: Annotated[str | None, ID, Meta(description="Id of the diagnostic; null if it is a review.")]
    since: Annotated[int, Meta(description="Position of the first request for its access.")]
    clause: Annotated[str, Meta(description="Clause that lists the kinds.")]
    kinds: Annotated[list[str], words(AccessKind), Meta(description="Kinds that the clause lists.")]
    asked: Annotated[list[str], words(AccessKind), Meta(description="Kinds requested.")]
    granted: Annotated[list[str], words(AccessKind), Meta(description="Kinds granted.")]
    provided: Annotated[list[str], words(AccessKind), Meta(description="Kinds provided.")]
    used: Annotated[list[str], words(AccessKind), Meta(description="Kinds used.")]


ACCESS = Table("access", Access, ("request",), lookups=(("until_at",), ("review",)), by_position=False)
PROVISIONS = Table("provisions", Provision, ("position",), in_memory=False)
USES = Table("uses", Use, ("position",), in_memory=False, lookups=(("request",),))


VIEW = View("access", 2, (ACCESS, PROVISIONS, USES))
_DECIDED = ("decided_at", "decided_by", "decided_position")
VIEW.puts(AccessRequested, ACCESS, from_at=OfFact("from_"), until_at=OfFact("until"))
VIEW.changes(
    AccessGranted, ACCESS, *_DECIDED, decided="GRANTED", from_at=OfFact("from_"), until_at=OfFact("until")
)
VIEW.changes(AccessRefused, ACCESS, *_DECIDED, "refused_reason", decided="REFUSED")
# A right ends when its end is recorded, not at the time that the recorder states.
VIEW.changes(AccessRevoked, ACCESS, "revoked_by", "revoked_position", "revoked_reason", revoked_at=RECORDED_AT)


@VIEW.on(AccessExtended)
def _access_extended(rows: Rows, entry: Entry, fact: AccessExtended) -> None:
    access = rows.change(ACCESS, fact.request, until_at=fact.until)
    rows.change(ACCESS, fact.request, extended=access.extended + 1)


@VIEW.on(AccessProvided)
def _access_provided(rows: Rows, entry: Entry, fact: AccessProvided) -> None:
    put_from_fact(rows, PROVISIONS, entry)
    access = rows.require(ACCESS, fact.request)
    rows.change(ACCESS, fact.request, provided=access.provided + 1)


@VIEW.on(AccessUsed)
def _access_used(rows: Rows, entry: Entry, fact: AccessUsed) -> None:
    access = rows.require(ACCESS, fact.request)
    put_from_fact(rows, USES, entry, grantee=access.grantee, why=None)
    latest = max(entry.occurred_at, access.used_at) if access.used_at is not None else entry.occurred_at
    rows.change(ACCESS, fact.request, uses=access.uses + 1, used_at=latest)


@VIEW.on(AccessUseRefused)
def _access_use_refused(rows: Rows, entry: Entry, fact: AccessUseRefused) -> None:
    access = rows.require(ACCESS, fact.request)
    put_from_fact(rows, USES, entry, grantee=access.grantee, action=None)
    rows.change(ACCESS, fact.request, refused_uses=access.refused_uses + 1)


_LIVE = (
    "coalesce(t.decided = 'GRANTED' AND t.from_at <= :on AND t.until_at > :on "
    "AND (t.revoked_at IS NULL OR t.revoked_at > :on), FALSE)"
)
GRANT = of_table(
    "access",
    ACCESS,
    computed={
        "live": Computed(bool, _LIVE),
        "granted_at": Computed(datetime | None, "CASE WHEN t.decided = 'GRANTED' THEN t.decided_at END"),
        "unused": Computed(bool, "coalesce(t.decided = 'GRANTED' AND t.uses = 0, FALSE)"),
    },
    conditions={
        # The second test lets the index on `until_at` find the live grants.
        "live": f"{_LIVE} = :value AND (NOT :value OR t.until_at > :on)",
        "undecided": "(t.decided IS NULL) = :value",
        "document": ":value = ANY (t.documents)",
        "revoked": "(t.revoked_position IS NOT NULL) = :value",
    },
)
_BY_REQUEST = {"requests": "t.request = ANY (:value)"}
PROVISION = of_table("access", PROVISIONS, conditions=_BY_REQUEST)
USE = of_table("access", USES, conditions=_BY_REQUEST | {"refused": "(t.why IS NOT NULL) = :value"})
CHECK = Relation(
    "access",
    ChecklistLine,
    """(SELECT c.notice, o."of", o.review, o.diagnostic, c.number AS clause, o.since,
        array_agg(k.kind ORDER BY k.nth) AS kinds,
        coalesce(array_agg(k.kind ORDER BY k.nth) FILTER (WHERE a.asked), '{}') AS asked,
        coalesce(array_agg(k.kind ORDER BY k.nth) FILTER (WHERE a.granted), '{}') AS granted,
        coalesce(array_agg(k.kind ORDER BY k.nth) FILTER (WHERE a.provided), '{}') AS provided,
        coalesce(array_agg(k.kind ORDER BY k.nth) FILTER (WHERE a.used), '{}') AS used
        FROM views.clauses c
        CROSS JOIN LATERAL jsonb_array_elements_text(c.parameters -> 'kinds') WITH ORDINALITY k(kind, nth)
        CROSS JOIN (SELECT coalesce(review, diagnostic) AS "of", review, diagnostic, min(position) AS since
            FROM views.access WHERE notice = :notice GROUP BY review, diagnostic) o
        CROSS JOIN LATERAL (SELECT count(*) > 0 AS asked, bool_or(x.decided = 'GRANTED') AS granted,
            bool_or(x.provided > 0) AS provided, bool_or(x.uses > 0) AS used FROM views.access x
            WHERE x.notice = :notice AND x.review IS NOT DISTINCT FROM o.review
            AND x.diagnostic IS NOT DISTINCT FROM o.diagnostic AND x.kind = k.kind) a
        WHERE c.notice = :notice AND c.rule = 'access-of-kinds'
        GROUP BY c.notice, c.number, c.position, o."of", o.review, o.diagnostic, o.since)""",
    order=("of", "clause", "since"),
)
