"""Partner organisations: their contributions, concerns, and the updates that partners owe the board."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionConcernRaised,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Table
from projections.engine.view import View
from projections.query.relation import Computed, flag, of_table
from projections.views.fields import NamedEvidence
from projections.views.word_lists import ContributionStanding


class Partner(Struct, frozen=True):
    """A partner organisation."""

    partner: Annotated[str, ID, Meta(description="Id of the partner.")]
    position: int
    organisation: Annotated[NarrativeRef, Meta(description="Name; null if erased.")]
    section11: Annotated[bool, Meta(description="True if section 11 of the Children Act 2004 binds it.")]
    lead: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who represents it.")]


class Contribution(Struct, frozen=True):
    """A partner's contribution."""

    contribution: Annotated[str, ID, Meta(description="Id of the contribution.")]
    position: int
    partner: Annotated[str, ID, Meta(description="Id of the partner.")]
    committed_at: Annotated[datetime, Meta(description="Instant at which it was promised.")]
    what: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    owner: Annotated[str, ACTOR_ID, Meta(description="Actor id of its owner.")]
    due: Annotated[date, Meta(description="Due date.")]
    objective: Annotated[str | None, ID, Meta(description="Id of the objective that it serves.")]
    received_on: Annotated[date | None, Meta(description="Date of delivery.")] = None
    received_position: Annotated[
        int | None, Meta(description="Position of the entry that records the delivery.")
    ] = None
    note: Annotated[NarrativeRef | None, Meta(description="Note on the delivery; null if erased.")] = None
    evidence: NamedEvidence = []
    missed_position: Annotated[
        int | None, Meta(description="Position of the entry that records it as missed.")
    ] = None
    missed_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason why it was missed; null if erased.")
    ] = None


class ContributionConcern(Struct, frozen=True):
    """A concern about a partner's contributions."""

    partner: Annotated[str, ID, Meta(description="Id of the partner.")]
    position: int
    raised_at: Annotated[datetime, Meta(description="Instant at which it was raised.")]
    concern: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    contribution: Annotated[str | None, ID, Meta(description="Id of the contribution.")]


class PartnerUpdate(Struct, frozen=True):
    """An update that the board commissioned from a partner."""

    update: Annotated[str, ID, Meta(description="Id of the update.")]
    position: int
    partner: Annotated[str, ID, Meta(description="Id of the partner.")]
    commissioned_at: Annotated[datetime, Meta(description="Instant of the request.")]
    topic: Annotated[NarrativeRef, Meta(description="Topic; null if erased.")]
    due: Annotated[date, Meta(description="Due date.")]
    received_on: Annotated[date | None, Meta(description="Date of delivery.")] = None
    received_position: Annotated[
        int | None, Meta(description="Position of the entry that records the delivery.")
    ] = None
    summary: Annotated[NarrativeRef | None, Meta(description="Summary; null if erased.")] = None
    evidence: NamedEvidence = []


PARTNERS = Table("partners", Partner, ("partner",), in_memory=False)
CONTRIBUTIONS = Table("contributions", Contribution, ("contribution",))
CONCERNS = Table("contribution_concerns", ContributionConcern, ("position",), in_memory=False)
UPDATES = Table("partner_updates", PartnerUpdate, ("update",))


VIEW = View("partners", 1, (PARTNERS, CONTRIBUTIONS, CONCERNS, UPDATES))
VIEW.puts(PartnerRegistered, PARTNERS)
VIEW.puts(ContributionCommitted, CONTRIBUTIONS)
VIEW.puts(ContributionConcernRaised, CONCERNS)
VIEW.puts(PartnerUpdateCommissioned, UPDATES)
VIEW.changes(ContributionReceived, CONTRIBUTIONS, "received_on", "received_position", "note", "evidence")
VIEW.changes(ContributionMissed, CONTRIBUTIONS, "missed_position", "missed_reason")
VIEW.changes(PartnerUpdateReceived, UPDATES, "received_on", "received_position", "summary", "evidence")


_COUNT = "(SELECT count(*) FROM views.contributions c WHERE c.notice = :notice AND c.partner = t.partner AND {})"
_CAME = "c.received_on IS NOT NULL AND "
_OPEN = "c.received_on IS NULL AND "
PARTNER = of_table(
    "partners",
    PARTNERS,
    computed={
        "delivered": Computed(
            Annotated[int, Meta(description="Number of contributions delivered in time.")],
            _COUNT.format(_CAME + "c.received_on <= c.due"),
        ),
        "late": Computed(
            Annotated[int, Meta(description="Number of contributions delivered late.")],
            _COUNT.format(_CAME + "c.received_on > c.due"),
        ),
        "missed": Computed(
            Annotated[int, Meta(description="Number of contributions recorded as missed.")],
            _COUNT.format(_OPEN + "c.missed_position IS NOT NULL"),
        ),
        "overdue": Computed(
            Annotated[int, Meta(description="Number of contributions overdue.")],
            _COUNT.format(_OPEN + "c.missed_position IS NULL AND c.due < :today"),
        ),
        "awaited": Computed(
            Annotated[int, Meta(description="Number of contributions awaited.")],
            _COUNT.format(_OPEN + "c.missed_position IS NULL AND c.due >= :today"),
        ),
    },
)
CONTRIBUTION = of_table(
    "partners",
    CONTRIBUTIONS,
    computed={
        "standing": Computed(
            Annotated[str, words(ContributionStanding), Meta(description="Status on the day of `on`.")],
            "CASE WHEN t.received_on IS NOT NULL THEN CASE WHEN t.received_on <= t.due THEN 'DELIVERED' "
            "ELSE 'LATE' END WHEN t.missed_position IS NOT NULL THEN 'MISSED' "
            "WHEN t.due < :today THEN 'OVERDUE' ELSE 'AWAITED' END",
        )
    },
    order=("due", "position"),
)
CONTRIBUTION_CONCERN = of_table("partners", CONCERNS)
PARTNER_UPDATE = of_table(
    "partners",
    UPDATES,
    computed={
        "overdue": flag(
            "True if it has not arrived and its due date has passed on the day of `on`.",
            "t.received_on IS NULL AND t.due < :today",
        )
    },
    conditions={"awaited": "(t.received_on IS NULL) = :value"},
    order=("due", "position"),
)
