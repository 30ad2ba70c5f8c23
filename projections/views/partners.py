"""Partner organisations: their contributions on time, late or missed, and the updates they owe the board."""

from datetime import date, datetime

from msgspec import Struct

from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionConcernRaised,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, of_table


class Partner(Struct, frozen=True):
    """A partner organisation."""

    partner: str
    position: int
    organisation: NarrativeRef
    section11: bool
    """True if section 11 of the Children Act 2004 binds it."""
    lead: str


class Contribution(Struct, frozen=True):
    """A partner's contribution."""

    contribution: str
    position: int
    partner: str
    committed_at: datetime
    what: NarrativeRef
    owner: str
    due: date
    objective: str | None
    received_on: date | None = None
    received_position: int | None = None
    note: NarrativeRef | None = None
    evidence: list[str] = []
    missed_position: int | None = None
    missed_reason: NarrativeRef | None = None


class ContributionConcern(Struct, frozen=True):
    """A concern about a partner's contributions."""

    partner: str
    position: int
    raised_at: datetime
    concern: NarrativeRef
    contribution: str | None


class PartnerUpdate(Struct, frozen=True):
    """An update that the board commissioned from a partner."""

    update: str
    position: int
    partner: str
    commissioned_at: datetime
    topic: NarrativeRef
    due: date
    received_on: date | None = None
    received_position: int | None = None
    summary: NarrativeRef | None = None
    evidence: list[str] = []


PARTNERS = Table("partners", Partner, ("partner",), in_memory=False)
CONTRIBUTIONS = Table("contributions", Contribution, ("contribution",))
CONCERNS = Table("contribution_concerns", ContributionConcern, ("position",), in_memory=False)
UPDATES = Table("partner_updates", PartnerUpdate, ("update",))


VIEW = View("partners", 1, (PARTNERS, CONTRIBUTIONS, CONCERNS, UPDATES))


@VIEW.on(PartnerRegistered)
def _partner_registered(rows: Rows, entry: Entry, fact: PartnerRegistered) -> None:
    organisation = rows.narrative("organisation")
    rows.put(PARTNERS, Partner(fact.partner, entry.position, organisation, fact.section11, fact.lead))


@VIEW.on(ContributionCommitted)
def _contribution_committed(rows: Rows, entry: Entry, fact: ContributionCommitted) -> None:
    what, owner = rows.narrative("what"), fact.owner
    promised = Contribution(
        fact.contribution, entry.position, fact.partner, entry.occurred_at, what, owner, fact.due, fact.objective
    )
    rows.put(CONTRIBUTIONS, promised)


@VIEW.on(ContributionReceived)
def _contribution_received(rows: Rows, entry: Entry, fact: ContributionReceived) -> None:
    rows.change(
        CONTRIBUTIONS,
        fact.contribution,
        received_on=fact.received_on,
        received_position=entry.position,
        note=rows.optional_narrative(fact.note, "note"),
        evidence=list(fact.evidence),
    )


@VIEW.on(ContributionMissed)
def _contribution_missed(rows: Rows, entry: Entry, fact: ContributionMissed) -> None:
    reason = rows.narrative("reason")
    rows.change(CONTRIBUTIONS, fact.contribution, missed_position=entry.position, missed_reason=reason)


@VIEW.on(ContributionConcernRaised)
def _contribution_concern_raised(rows: Rows, entry: Entry, fact: ContributionConcernRaised) -> None:
    concern = rows.narrative("concern")
    rows.put(
        CONCERNS, ContributionConcern(fact.partner, entry.position, entry.occurred_at, concern, fact.contribution)
    )


@VIEW.on(PartnerUpdateCommissioned)
def _partner_update_commissioned(rows: Rows, entry: Entry, fact: PartnerUpdateCommissioned) -> None:
    topic = rows.narrative("topic")
    rows.put(UPDATES, PartnerUpdate(fact.update, entry.position, fact.partner, entry.occurred_at, topic, fact.due))


@VIEW.on(PartnerUpdateReceived)
def _partner_update_received(rows: Rows, entry: Entry, fact: PartnerUpdateReceived) -> None:
    rows.change(
        UPDATES,
        fact.update,
        received_on=fact.received_on,
        received_position=entry.position,
        summary=rows.narrative("summary"),
        evidence=list(fact.evidence),
    )


_COUNT = "(SELECT count(*) FROM views.contributions c WHERE c.notice = t.notice AND c.partner = t.partner AND {})"
_CAME = "c.received_on IS NOT NULL AND "
_OPEN = "c.received_on IS NULL AND "
PARTNER = of_table(
    "partners",
    PARTNERS,
    computed={
        "delivered": Computed(int, _COUNT.format(_CAME + "c.received_on <= c.due")),
        "late": Computed(int, _COUNT.format(_CAME + "c.received_on > c.due")),
        "missed": Computed(int, _COUNT.format(_OPEN + "c.missed_position IS NOT NULL")),
        "overdue": Computed(int, _COUNT.format(_OPEN + "c.missed_position IS NULL AND c.due < :today")),
        "awaited": Computed(int, _COUNT.format(_OPEN + "c.missed_position IS NULL AND c.due >= :today")),
    },
)
CONTRIBUTION = of_table(
    "partners",
    CONTRIBUTIONS,
    computed={
        "standing": Computed(
            str,
            "CASE WHEN t.received_on IS NOT NULL THEN CASE WHEN t.received_on <= t.due THEN 'DELIVERED' "
            "ELSE 'LATE' END WHEN t.missed_position IS NOT NULL THEN 'MISSED' "
            "WHEN t.due < :today THEN 'OVERDUE' ELSE 'AWAITED' END",
        )
    },
    conditions={"due_before": "t.due < :value"},
    order=("due", "position"),
)
CONTRIBUTION_CONCERN = of_table("partners", CONCERNS)
PARTNER_UPDATE = of_table(
    "partners",
    UPDATES,
    computed={"overdue": Computed(bool, "t.received_on IS NULL AND t.due < :today")},
    conditions={"awaited": "(t.received_on IS NULL) = :value", "due_before": "t.due < :value"},
    order=("due", "position"),
)
