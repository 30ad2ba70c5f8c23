"""Partner organisations: what each promised and delivered, late or not at all, and what the board asked of it."""

from datetime import date, datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.partners import (
    ContributionCommitted,
    ContributionConcernRaised,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)
from projections import notice
from projections.position import Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View


class Partner(Struct, frozen=True):
    """An organisation that takes part."""

    partner: str
    position: int
    organisation: Text
    section11: bool
    """Whether section 11 of the Children Act 2004 binds it."""
    lead: str


class Contribution(Struct, frozen=True):
    """Something that a partner promised."""

    contribution: str
    position: int
    partner: str
    committed_at: datetime
    what: Text
    owner: str
    due: date
    objective: str | None
    received_on: date | None = None
    received_position: int | None = None
    note: Text | None = None
    evidence: list[str] = []
    missed_position: int | None = None
    missed_reason: Text | None = None

    def standing(self, today: date) -> str:
        """DELIVERED, LATE (it came, after its date), MISSED, OVERDUE or AWAITED, on a day."""
        if self.received_on is not None:
            return "DELIVERED" if self.received_on <= self.due else "LATE"
        if self.missed_position is not None:
            return "MISSED"
        return "OVERDUE" if self.due < today else "AWAITED"


class ContributionConcern(Struct, frozen=True):
    """A concern about what a partner contributes."""

    partner: str
    position: int
    raised_at: datetime
    concern: Text
    contribution: str | None


class PartnerUpdate(Struct, frozen=True):
    """An update that the board asked a partner for."""

    update: str
    position: int
    partner: str
    commissioned_at: datetime
    topic: Text
    due: date
    received_on: date | None = None
    received_position: int | None = None
    summary: Text | None = None
    evidence: list[str] = []


class Standing(Struct, frozen=True):
    """How many of a partner's contributions came in time, came late, were missed, are overdue or awaited."""

    partner: str
    delivered: int = 0
    late: int = 0
    missed: int = 0
    overdue: int = 0
    awaited: int = 0


PARTNERS = Table("partners", Partner, ("partner",), recalled=False)
CONTRIBUTIONS = Table("contributions", Contribution, ("contribution",))
CONCERNS = Table("contribution_concerns", ContributionConcern, ("position",), recalled=False)
UPDATES = Table("partner_updates", PartnerUpdate, ("update",))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the partners."""
    fact, position, at = entry.fact, entry.position, entry.occurred_at
    match fact:
        case PartnerRegistered():
            organisation = rows.text("organisation")
            rows.put(PARTNERS, Partner(fact.partner, position, organisation, fact.section11, fact.lead))
        case ContributionCommitted():
            what, owner = rows.text("what"), fact.owner
            promised = Contribution(
                fact.contribution, position, fact.partner, at, what, owner, fact.due, fact.objective
            )
            rows.put(CONTRIBUTIONS, promised)
        case ContributionReceived():
            rows.change(
                CONTRIBUTIONS,
                fact.contribution,
                received_on=fact.received_on,
                received_position=position,
                note=rows.text_if(fact.note, "note"),
                evidence=list(fact.evidence),
            )
        case ContributionMissed():
            reason = rows.text("reason")
            rows.change(CONTRIBUTIONS, fact.contribution, missed_position=position, missed_reason=reason)
        case ContributionConcernRaised():
            concern = rows.text("concern")
            rows.put(CONCERNS, ContributionConcern(fact.partner, position, at, concern, fact.contribution))
        case PartnerUpdateCommissioned():
            topic = rows.text("topic")
            rows.put(UPDATES, PartnerUpdate(fact.update, position, fact.partner, at, topic, fact.due))
        case PartnerUpdateReceived():
            rows.change(
                UPDATES,
                fact.update,
                received_on=fact.received_on,
                received_position=position,
                summary=rows.text("summary"),
                evidence=list(fact.evidence),
            )


VIEW = View(
    "partners",
    1,
    (PARTNERS, CONTRIBUTIONS, CONCERNS, UPDATES),
    frozenset(
        {
            PartnerRegistered,
            ContributionCommitted,
            ContributionReceived,
            ContributionMissed,
            ContributionConcernRaised,
            PartnerUpdateCommissioned,
            PartnerUpdateReceived,
        }
    ),
    fold,
)


async def partners(reading: Reading) -> list[Partner]:
    """The partners in the order in which they were registered."""
    return await reading.rows(PARTNERS)


async def contributions(
    reading: Reading, *, partner: str | None = None, objective: str | None = None
) -> list[Contribution]:
    """What partners promised, in order of their dates."""
    return await reading.rows(
        CONTRIBUTIONS,
        "(%s::text IS NULL OR t.partner = %s) AND (%s::text IS NULL OR t.objective = %s)",
        (partner, partner, objective, objective),
        order="t.due, t.position",
    )


async def standings(reading: Reading) -> list[Standing]:
    """Which partner holds things up, on the day of the reading's instant; those that hold up most come first."""
    today = await notice.today(reading)
    counts: dict[str, dict[str, int]] = {partner.partner: {} for partner in await partners(reading)}
    for contribution in await contributions(reading):
        count, standing = counts.setdefault(contribution.partner, {}), contribution.standing(today).lower()
        count[standing] = count.get(standing, 0) + 1
    found = [Standing(partner, **count) for partner, count in counts.items()]
    return sorted(found, key=lambda each: (-(each.missed + each.overdue), -each.late, each.partner))


async def concerns(reading: Reading, partner: str | None = None) -> list[ContributionConcern]:
    """The concerns about partners' contributions, in order."""
    return await reading.rows(CONCERNS, "%s::text IS NULL OR t.partner = %s", (partner, partner))


async def updates(reading: Reading, *, partner: str | None = None, awaited: bool = False) -> list[PartnerUpdate]:
    """The updates that the board asked for, in order of their dates; `awaited`: those that have not come."""
    return await reading.rows(
        UPDATES,
        "(%s::text IS NULL OR t.partner = %s) AND (NOT %s OR t.received_on IS NULL)",
        (partner, partner, awaited),
        order="t.due, t.position",
    )
